//! What is sent for an invocation, and which reply is a success.

use super::support::Scripted;
use crate::host::InvocationOutcome;
use serde_json::{Value, json};

#[tokio::test]
async fn an_invocation_is_a_chunked_post_to_the_functions_name_with_the_hosts_headers() {
    let test = Scripted::new().await;
    let invocation = test.host.fire_timer("tick").await.unwrap();
    let got = test.only();
    assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/tick"));
    let header = |name: &str| got.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(header("transfer-encoding"), Some("chunked"));
    assert_eq!(header("content-length"), None);
    assert_eq!(header("user-agent"), Some("Azure-Functions-Host/4.1054.250"));
    assert_eq!(header("x-azure-functions-hostversion"), Some("4.1054.250"));
    let id = invocation.id.to_string();
    assert_eq!(header("x-azure-functions-invocationid"), Some(id.as_str()));
    let parent = header("traceparent").unwrap();
    assert_eq!(parent, invocation.traceparent);
    let lengths: Vec<usize> = parent.split('-').map(str::len).collect();
    assert_eq!(lengths, [2, 32, 16, 2]);
    assert!(parent.starts_with("00-") && parent.ends_with("-00"));
}

#[tokio::test]
async fn the_metadata_names_the_function_and_the_hosts_time() {
    let test = Scripted::new().await;
    test.host.fire_timer("tick").await.unwrap();
    let sys = test.only().body["Metadata"]["sys"].clone();
    assert_eq!(sys["MethodName"], "tick");
    assert_eq!(sys["UtcNow"], "2026-11-22T10:00:00.000000Z");
    assert_eq!(sys["RandGuid"].as_str().unwrap().len(), 36);
}

/// The outcome of one invocation that is answered so.
async fn outcome(status: u16, content_type: &str, body: &str) -> InvocationOutcome {
    let test = Scripted::new().await;
    test.reply(status, content_type, body);
    let invocation = test.host.fire_timer("tick").await.unwrap();
    assert_eq!(invocation.status, Some(status));
    assert_eq!(test.host.invocations().len(), 1);
    invocation.outcome
}

fn reason(outcome: InvocationOutcome) -> String {
    match outcome {
        InvocationOutcome::Failed(reason) => reason,
        other => panic!("{other:?} is not a failure"),
    }
}

#[tokio::test]
async fn any_2xx_with_a_json_object_is_a_success() {
    for (status, content_type, body) in [
        (200, "application/json", "{}"),
        (202, "application/json; charset=utf-8", r#"{"outputs":null}"#),
        (200, "text/json", r#"{"Outputs":{},"Logs":null,"ReturnValue":null}"#),
    ] {
        let outcome = outcome(status, content_type, body).await;
        assert_eq!(outcome, InvocationOutcome::Succeeded, "{body}");
    }
}

#[tokio::test]
async fn anything_else_with_a_body_is_a_failure() {
    for (status, content_type, body, part) in [
        (500, "application/json", "{}", "answered 500"),
        (404, "application/json", "{}", "answered 404"),
        (200, "text/plain", "{}", "media type"),
        (200, "application/problem+json", "{}", "media type"),
        (200, "application/json", "{", "not JSON"),
        (200, "application/json", "[]", "not a JSON object"),
        (200, "application/json", r#"{"Logs":"text"}"#, "Logs"),
        (200, "application/json", r#"{"Outputs":[]}"#, "Outputs"),
    ] {
        let reason = reason(outcome(status, content_type, body).await);
        assert!(reason.contains(part), "{body}: {reason}");
    }
}

#[tokio::test]
async fn an_empty_or_null_reply_lasts_until_function_timeout() {
    for (content_type, body) in [("application/json", ""), ("text/plain", ""), ("application/json", "null")] {
        let test = Scripted::new().await;
        test.reply(200, content_type, body);
        let invocation = test.host.fire_timer("tick").await.unwrap();
        assert_eq!(invocation.outcome, InvocationOutcome::TimedOut, "{body}");
        assert_eq!(test.clock.now().to_string(), "2026-11-22T10:10:00Z");
    }
}

#[tokio::test]
async fn logs_are_kept_of_a_success_and_lost_with_a_failure() {
    let test = Scripted::new().await;
    let body = json!({"Logs": ["one", "two"]});
    test.reply_json(&body);
    test.reply(500, "application/json", &body.to_string());
    let success = test.host.fire_timer("tick").await.unwrap();
    let failure = test.host.fire_timer("tick").await.unwrap();
    assert_eq!(success.logs, ["one", "two"]);
    assert!(failure.logs.is_empty());
}

#[tokio::test]
async fn outputs_of_a_failure_are_discarded() {
    let test = Scripted::new().await;
    test.reply(500, "application/json", r#"{"Outputs":{"wake":"x"}}"#);
    test.host.fire_timer("tick").await.unwrap();
    assert!(test.host.messages("jobs").await.unwrap().is_empty());
}

/// The texts of the messages that an output becomes.
async fn texts(output: Value) -> Vec<Option<String>> {
    let test = Scripted::new().await;
    test.reply_json(&json!({"Outputs": {"wake": output}}));
    let invocation = test.host.fire_timer("tick").await.unwrap();
    assert_eq!(invocation.outcome, InvocationOutcome::Succeeded);
    let messages = test.host.messages("jobs").await.unwrap().into_iter();
    messages.map(|message| message.text).collect()
}

#[tokio::test]
async fn an_array_becomes_one_message_per_element_even_as_text() {
    let some = |texts: &[&str]| -> Vec<_> { texts.iter().map(|t| Some((*t).to_owned())).collect() };
    assert_eq!(texts(json!("one text")).await, some(&["one text"]));
    assert_eq!(texts(json!(["a", "b"])).await, some(&["a", "b"]));
    assert_eq!(texts(json!(r#" ["a", 7]"#)).await, some(&["a", "7"]));
    assert_eq!(texts(json!([])).await, some(&[]));
    assert_eq!(texts(Value::Null).await, some(&[]));
}

#[tokio::test]
async fn an_object_is_one_message_which_the_host_writes_its_own_way() {
    let written = vec![Some("{\n  \"a\": 1\n}".to_owned())];
    assert_eq!(texts(json!({"a": 1})).await, written);
    assert_eq!(texts(json!(r#"{"a":1}"#)).await, written);
    assert_eq!(texts(json!([{"a": 1}])).await, written);
}

#[tokio::test]
async fn a_text_that_happens_to_be_base64_is_decoded() {
    let decoded = texts(json!("aGVsbG8=")).await;
    assert_eq!(decoded, [Some("hello".to_owned())]);
    // An element of an array is not.
    let element = texts(json!(["aGVsbG8="])).await;
    assert_eq!(element, [Some("aGVsbG8=".to_owned())]);
}

#[tokio::test]
async fn an_output_that_cannot_be_bound_fails_the_invocation() {
    for (output, part) in [(json!("{not json}"), "looks like JSON"), (json!("x".repeat(65_537)), "larger")] {
        let test = Scripted::new().await;
        test.reply_json(&json!({"Outputs": {"wake": output}}));
        let reason = reason(test.host.fire_timer("tick").await.unwrap().outcome);
        assert!(reason.contains(part), "{reason}");
    }
}

#[tokio::test]
async fn an_output_without_a_binding_is_ignored() {
    let test = Scripted::new().await;
    test.reply_json(&json!({"Outputs": {"Wake": "x", "nothing": "y"}}));
    assert!(test.host.fire_timer("tick").await.unwrap().succeeded());
    assert!(test.host.messages("jobs").await.unwrap().is_empty());
}
