//! The handler's process: environment, readiness, exits, kills and time limits.

use super::support::{App, clock};
use crate::clock::SimClock;
use crate::host::{ConsoleLevel, Host, HostOptions, InvocationOutcome, ProcessEvent};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;

/// Not a test: the handler that the tests below start. It runs only under a host.
#[tokio::test]
#[ignore = "it is the process that other tests start"]
async fn handler() {
    let Ok(port) = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT") else {
        return;
    };
    if let Ok(code) = std::env::var("EXIT_AT_ONCE") {
        eprintln!("no good");
        std::process::exit(code.parse().unwrap());
    }
    let app = Router::new().route("/", get("up")).route("/{function}", post(invoked));
    let address = format!("127.0.0.1:{port}");
    let socket = tokio::net::TcpListener::bind(address).await.unwrap();
    axum::serve(socket, app).await.unwrap();
}

async fn invoked(Path(function): Path<String>) -> Response {
    match function.strip_prefix("exit-") {
        Some(code) => std::process::exit(code.parse().unwrap()),
        None if function == "empty" => ().into_response(),
        None if function.starts_with("hang") => {
            println!("hanging");
            std::future::pending().await
        }
        None => {
            println!("a line");
            eprintln!("a WARNing");
            eprintln!("trouble");
            let env = std::env::vars().map(|(name, value)| format!("{name}={value}"));
            Json(json!({"Logs": env.collect::<Vec<_>>()})).into_response()
        }
    }
}

/// The app whose handler is this test binary, with a timer for each thing that the handler can do.
fn app() -> App {
    let app = App::new();
    app.host_json(&json!({"customHandler": {"description": {
        "defaultExecutablePath": "%TEST_BINARY%",
        "arguments": ["--ignored --exact", "host::tests::life::handler", "--nocapture"],
    }}}));
    for name in ["env", "hang", "hang-too", "empty", "exit-0", "exit-1", "exit-200"] {
        app.function(
            name,
            &json!([{"type": "timerTrigger", "name": "t", "direction": "in", "schedule": "0 0 0 1 1 *"}]),
        );
    }
    app
}

fn options(app: &App, clock: SimClock) -> HostOptions {
    let mut options = app.options(clock);
    let binary = std::env::current_exe().unwrap();
    options.settings.push(("TEST_BINARY".to_owned(), binary.display().to_string()));
    options.settings.push(("OWN".to_owned(), "1".to_owned()));
    options.now_variable = Some("NOW".to_owned());
    options
}

/// The handler's environment.
async fn environment(host: &Host) -> Vec<(String, String)> {
    let invocation = host.fire_timer("env").await.unwrap();
    assert!(invocation.succeeded(), "{:?}", invocation.outcome);
    let logs = invocation.logs.iter();
    logs.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn value<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = environment.iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn the_handler_gets_the_settings_and_what_the_host_sets_and_nothing_else_of_the_tests() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    let environment = environment(&host).await;
    let value = |name: &str| value(&environment, name);
    let [ProcessEvent::Started { pid, port }, ProcessEvent::Ready { startup, .. }] = host.process_events()[..] else {
        panic!("{:?}", host.process_events());
    };
    assert_eq!(value("FUNCTIONS_CUSTOMHANDLER_PORT"), Some(port.to_string().as_str()));
    assert_eq!(value("FUNCTIONS_HTTPWORKER_PORT"), value("FUNCTIONS_CUSTOMHANDLER_PORT"));
    assert!(value("FUNCTIONS_CUSTOMHANDLER_WORKER_ID").is_some());
    assert_eq!(value("FUNCTIONS_HTTPWORKER_ID"), value("FUNCTIONS_CUSTOMHANDLER_WORKER_ID"));
    assert_eq!(value("FUNCTIONS_APP_ROOT_PATH"), app.path().to_str());
    assert_eq!(value("OWN"), Some("1"));
    assert_eq!(value("NOW"), Some(super::support::START));
    assert_eq!(value("CARGO_MANIFEST_DIR"), None);
    assert_eq!(host.pid(), Some(pid));
    assert_eq!(host.startup(), Some(startup));
}

#[tokio::test]
async fn console_lines_have_the_levels_of_the_real_host() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    environment(&host).await;
    for (text, level) in
        [("a line", ConsoleLevel::Information), ("a WARNing", ConsoleLevel::Warning), ("trouble", ConsoleLevel::Error)]
    {
        assert_eq!(host.console_line(text).await.unwrap().level, level, "{text}");
    }
}

#[tokio::test]
async fn an_exit_with_200_is_a_restart_that_does_not_count() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    for _ in 0..4 {
        let invocation = host.fire_timer("exit-200").await.unwrap();
        assert!(matches!(invocation.outcome, InvocationOutcome::HandlerLost(_)), "{:?}", invocation.outcome);
    }
    environment(&host).await;
}

#[tokio::test]
async fn an_exit_with_0_leaves_a_dead_app_until_the_platform_recycles_it() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    host.fire_timer("exit-0").await.unwrap();
    let refused = InvocationOutcome::HandlerLost("connection refused".to_owned());
    assert_eq!(host.fire_timer("env").await.unwrap().outcome, refused);
    host.enqueue("jobs", "a").await.unwrap();
    assert_eq!(host.deliver_next("jobs").await.unwrap().unwrap().outcome, refused);
    assert_eq!(host.request("GET", "/api/people/next", &[], "").await.status, 500);
    host.restart().await.unwrap();
    environment(&host).await;
}

#[tokio::test]
async fn the_third_error_stops_the_host() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    host.fire_timer("exit-1").await.unwrap();
    host.running().await.unwrap();
    host.kill().await.unwrap();
    host.running().await.unwrap();
    host.kill().await.unwrap();
    assert!(host.running().await.is_err());
    assert!(matches!(host.process_events().last(), Some(ProcessEvent::HostStopped { .. })));
    host.enqueue("jobs", "a").await.unwrap();
    assert!(host.fire_timer("env").await.is_err());
    assert!(host.deliver_next("jobs").await.is_err());
    assert_eq!(host.messages("jobs").await.unwrap()[0].dequeue_count, 0);
    assert_eq!(host.request("GET", "/api/people/next", &[], "").await.status, 503);
    host.restart().await.unwrap();
    environment(&host).await;
}

#[tokio::test]
async fn errors_more_than_30_minutes_apart_are_forgotten() {
    let app = app();
    let clock = clock();
    let host = Host::start(options(&app, clock.clone())).await.unwrap();
    for _ in 0..4 {
        host.kill().await.unwrap();
        host.running().await.unwrap();
        clock.advance(SignedDuration::from_mins(31));
    }
    environment(&host).await;
}

#[tokio::test]
async fn a_handler_that_never_comes_up_fails_the_start_with_what_it_printed() {
    let app = app();
    let mut options = options(&app, clock());
    options.settings.push(("EXIT_AT_ONCE".to_owned(), "7".to_owned()));
    let error = Host::start(options).await.err().unwrap().to_string();
    assert!(error.contains("exited with 7") && error.contains("no good"), "{error}");
}

#[tokio::test]
async fn a_handler_that_does_not_exist_fails_the_start() {
    let app = app();
    let mut options = options(&app, clock());
    options.settings.push(("TEST_BINARY".to_owned(), "no-such-handler".to_owned()));
    let error = Host::start(options).await.err().unwrap().to_string();
    assert!(error.contains("no-such-handler"), "{error}");
}

#[tokio::test]
async fn at_function_timeout_the_process_is_killed_and_started_again_without_an_error() {
    let app = app();
    let mut options = options(&app, clock());
    options.function_timeout = Some(Duration::from_millis(200));
    let host = Host::start(options).await.unwrap();
    for _ in 0..4 {
        let killed = host.pid();
        let invocation = host.fire_timer("hang").await.unwrap();
        assert_eq!(invocation.outcome, InvocationOutcome::TimedOut);
        host.running().await.unwrap();
        assert_ne!(host.pid(), killed);
    }
}

#[tokio::test]
async fn two_invocations_that_time_out_together_cost_one_process() {
    let app = app();
    let mut options = options(&app, clock());
    options.function_timeout = Some(Duration::from_millis(200));
    let host = Host::start(options).await.unwrap();
    let (first, second) = tokio::join!(host.fire_timer("hang"), host.fire_timer("hang-too"));
    assert!(!first.unwrap().succeeded() && !second.unwrap().succeeded());
    environment(&host).await;
    let events = host.process_events();
    let started = events.iter().filter(|event| matches!(event, ProcessEvent::Started { .. }));
    assert_eq!(started.count(), 2);
}

#[tokio::test]
async fn the_process_takes_everything_in_flight_with_it() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    let (hanging, empty) = tokio::join!(host.fire_timer("hang"), async {
        host.console_line("hanging").await.unwrap();
        host.fire_timer("empty").await
    });
    assert_eq!(empty.unwrap().outcome, InvocationOutcome::TimedOut);
    let outcome = hanging.unwrap().outcome;
    assert!(matches!(outcome, InvocationOutcome::HandlerLost(_)), "{outcome:?}");
    environment(&host).await;
}

#[tokio::test]
async fn a_kill_fails_what_is_in_flight_and_the_next_process_takes_over() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    let (hanging, ()) = tokio::join!(host.fire_timer("hang"), async {
        host.console_line("hanging").await.unwrap();
        host.kill().await.unwrap();
    });
    let outcome = hanging.unwrap().outcome;
    assert!(matches!(outcome, InvocationOutcome::HandlerLost(_)), "{outcome:?}");
    environment(&host).await;
}

#[tokio::test]
async fn a_restart_shows_the_clocks_new_time_and_changed_settings() {
    let app = app();
    let clock = clock();
    let host = Host::start(options(&app, clock.clone())).await.unwrap();
    clock.advance(SignedDuration::from_hours(1));
    host.restart_with_env(&[("OWN", "2")]).await.unwrap();
    let environment = environment(&host).await;
    assert_eq!(value(&environment, "NOW"), Some("2026-11-22T11:00:00Z"));
    assert_eq!(value(&environment, "OWN"), Some("2"));
}

#[tokio::test]
async fn the_process_ends_with_the_host() {
    let app = app();
    let host = Host::start(options(&app, clock())).await.unwrap();
    let ProcessEvent::Started { port, .. } = host.process_events()[0] else {
        panic!("{:?}", host.process_events());
    };
    drop(host);
    // The port can be bound again once the process that held it is dead.
    let free = async {
        while std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), free).await.unwrap();
}
