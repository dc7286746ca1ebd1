//! The handler as the host sees it, without a process: the routes against the folders and host.json, and the layers.

use crate::functions;
use crate::handler::invocation::{FUNCTION_TIMEOUT, MARGIN};
use crate::handler::server::{App, function, router};
use crate::handler::{Failure, Invocation, QueueMessage, Reply, TimerTick};
use crate::openapi::Operation;
use crate::start::StartError;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

/// The folder of package `usher`, which holds the functions' folders.
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

fn json_file(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Each folder with a `function.json`, with its bindings.
fn folders() -> Vec<(String, Vec<Value>)> {
    let entries = fs::read_dir(PACKAGE).unwrap().map(|entry| entry.unwrap().path());
    let functions = entries.filter(|path| path.join("function.json").exists());
    functions
        .map(|path| {
            let bindings = json_file(&path.join("function.json"))["bindings"].as_array().unwrap().clone();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), bindings)
        })
        .collect()
}

/// An app that cannot start, for functions that do not need it to.
fn no_app() -> App {
    App::new(|| Err(StartError::NoState))
}

async fn post(router: &Router, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::post(path).body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[test]
fn every_route_has_its_folder_and_every_folder_its_route() {
    let routes: BTreeSet<_> = functions::all().into_iter().map(|(name, _)| name.to_owned()).collect();
    let folders: BTreeSet<_> = folders().into_iter().map(|(name, _)| name).collect();
    assert_eq!(routes, folders);
}

#[test]
fn the_deployment_sets_every_setting_that_a_function_asks_for() {
    let infra = fs::read_to_string(Path::new(PACKAGE).join("../infra/main.bicep")).unwrap();
    let asked: BTreeSet<_> = folders()
        .into_iter()
        .flat_map(|(_, bindings)| bindings)
        .filter_map(|binding| Some(binding["schedule"].as_str()?.trim_matches('%').to_owned()))
        .collect();
    assert_eq!(asked.len(), 3);
    for setting in asked {
        assert!(infra.contains(&format!("      {setting}: ")), "{setting}");
    }
}

#[test]
fn every_function_has_one_trigger_and_wakes_the_queue_that_work_listens_to() {
    for (name, bindings) in folders() {
        let triggers: Vec<_> =
            bindings.iter().filter(|binding| binding["type"].as_str().unwrap().ends_with("Trigger")).collect();
        assert_eq!(triggers.len(), 1, "{name}");
        for queue in bindings.iter().filter(|binding| binding["type"] == "queue") {
            assert_eq!((&queue["queueName"], &queue["name"]), (&json!("usher-work"), &json!("wake")), "{name}");
        }
        if triggers[0]["type"] == "timerTrigger" {
            let setting = format!("%{}_SCHEDULE%", name.to_uppercase());
            assert_eq!(triggers[0]["schedule"], setting, "{name}");
        }
    }
}

#[test]
fn every_operation_is_of_an_http_function_and_every_route_and_method_of_one_has_its_operation() {
    let described: BTreeSet<_> = functions::operations().iter().map(Operation::name).collect();
    let mut served = BTreeSet::new();
    for (name, bindings) in folders() {
        for trigger in bindings.iter().filter(|binding| binding["type"] == "httpTrigger") {
            let route = trigger["route"].as_str().unwrap();
            let methods: Vec<_> =
                trigger["methods"].as_array().unwrap().iter().map(|method| method.as_str().unwrap()).collect();
            // An optional last parameter makes two paths, each of which may take some of the methods only.
            let paths = match route.strip_suffix("/{id?}") {
                Some(collection) => vec![format!("/api/{collection}"), format!("/api/{collection}/{{id}}")],
                None => vec![format!("/api/{route}")],
            };
            let names = |path: &str| methods.iter().map(|method| format!("{method} {path}")).collect::<BTreeSet<_>>();
            for path in &paths {
                assert!(!described.is_disjoint(&names(path)), "{name}: {path} is not described");
                served.extend(names(path));
            }
            for method in &methods {
                assert!(
                    paths.iter().any(|path| described.contains(&format!("{method} {path}"))),
                    "{name}: {method} is not described"
                );
            }
        }
    }
    assert!(described.is_subset(&served), "{described:?}, but these are served: {served:?}");
}

#[test]
fn host_json_says_what_the_code_assumes() {
    let host = json_file(&Path::new(PACKAGE).join("../host.json"));
    let seconds = |text: &Value| {
        let parts = text.as_str().unwrap().split(':').map(|part| part.parse::<u64>().unwrap());
        parts.fold(0, |total, part| total * 60 + part)
    };
    assert_eq!(seconds(&host["functionTimeout"]), FUNCTION_TIMEOUT.as_secs());
    assert!(MARGIN < FUNCTION_TIMEOUT / 2);
    let description = &host["customHandler"]["description"];
    assert_eq!(
        (&description["defaultExecutablePath"], &description["arguments"]),
        (&json!("usher"), &json!(["serve"]))
    );
    let custom_handler = host["customHandler"].as_object().unwrap();
    assert_eq!(custom_handler.len(), 1, "all functions stay in envelope mode: nothing forwards or proxies");
    assert_eq!(host["extensions"]["http"]["routePrefix"], "api", "an empty prefix would expose envelope paths");
    let queues = &host["extensions"]["queues"];
    assert_eq!((&queues["batchSize"], &queues["newBatchThreshold"]), (&json!(1), &json!(0)), "one message at a time");
    assert!(seconds(&queues["visibilityTimeout"]) > 0, "else five tries burn out in a second");
}

#[tokio::test]
async fn readiness_is_answered_before_anything_is_initialised() {
    let app = App::new(|| panic!("started"));
    let response = router(functions::all(), app).oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn success_is_a_json_object_with_the_outputs() {
    async fn handle(_: Arc<App>, invocation: Invocation<QueueMessage>) -> Result<Reply, Failure> {
        let message = [("text".to_owned(), Value::String(invocation.payload.text))].into_iter().collect();
        Ok(Reply::empty().message("wake", message))
    }
    let router = router(vec![("echo", function("message", handle))], no_app());
    let (status, body) = post(&router, "/echo", r#"{"Data":{"message":"\"hello\""}}"#).await;
    let expected = json!({"Outputs": {"wake": {"text": "hello"}}, "Logs": [], "ReturnValue": null});
    assert_eq!((status, body), (StatusCode::OK, expected));
}

#[tokio::test]
async fn a_failure_and_a_panic_each_fail_their_invocation_and_nothing_else() {
    async fn fail(_: Arc<App>, _: Invocation<TimerTick>) -> Result<Reply, Failure> {
        Err(Failure::new("on purpose"))
    }
    async fn panic(_: Arc<App>, _: Invocation<TimerTick>) -> Result<Reply, Failure> {
        panic!("on purpose")
    }
    async fn succeed(_: Arc<App>, _: Invocation<TimerTick>) -> Result<Reply, Failure> {
        Ok(Reply::empty())
    }
    let functions = vec![
        ("fail", function("timer", fail)),
        ("panic", function("timer", panic)),
        ("fine", function("timer", succeed)),
    ];
    let router = router(functions, no_app());
    for path in ["/fail", "/panic"] {
        let (status, body) = post(&router, path, "{}").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(body["error"].is_string(), "{path}: a JSON object all the same");
        assert_eq!(post(&router, "/fine", "{}").await.0, StatusCode::OK, "after {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_end_is_ended_before_the_host_ends_them_all() {
    async fn hang(_: Arc<App>, _: Invocation<TimerTick>) -> Result<Reply, Failure> {
        std::future::pending().await
    }
    let begun = tokio::time::Instant::now();
    let router = router(vec![("hang", function("timer", hang))], no_app());
    let (status, _) = post(&router, "/hang", "{}").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(begun.elapsed() < FUNCTION_TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_no_envelope_or_too_large_or_unknown_is_refused() {
    let router = router(functions::all(), no_app());
    for (path, body, expected) in [
        ("/work", "not json".to_owned(), StatusCode::BAD_REQUEST),
        ("/work", format!("\"{}\"", "x".repeat(2 << 20)), StatusCode::PAYLOAD_TOO_LARGE),
        ("/nothing", "{}".to_owned(), StatusCode::NOT_FOUND),
        ("/api/work", "{}".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let (status, body) = post(&router, path, body).await;
        assert_eq!(status, expected, "{path}");
        assert!(body["error"].is_string(), "{path}: a JSON object all the same");
    }
}

#[tokio::test]
async fn without_usher_a_function_fails_and_says_why() {
    let router = router(functions::all(), no_app());
    let (status, body) = post(&router, "/invite", "{}").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body["error"].as_str().unwrap().contains("USHER_STATE"), "{body}");
}
