//! HTTP triggers.

use super::support::Scripted;
use crate::host::FunctionKey;
use serde_json::{Value, json};

const KEY: (&str, &str) = ("x-functions-key", "host-key");

#[tokio::test]
async fn a_request_arrives_as_data() {
    let test = Scripted::new().await;
    let headers = [KEY, ("content-type", "text/plain"), ("X-Own", "1"), ("x-own", "2")];
    let target = "/api/people/a%20b+c?x=1&x=2&y=%2F";
    test.host.request("post", target, &headers, "hello").await;
    let got = test.only();
    assert_eq!(got.path, "/people");
    let request = &got.body["Data"]["req"];
    assert_eq!(request["Url"], format!("https://localhost{target}"));
    assert_eq!(request["Method"], "POST");
    assert_eq!(request["Query"], json!({"x": "1,2", "y": "/"}));
    assert_eq!(
        request["Headers"],
        json!({
            "Content-Length": ["5"], "Content-Type": ["text/plain"], "Host": ["localhost"],
            "X-Own": ["1", "2"], "x-functions-key": ["host-key"],
        })
    );
    assert_eq!(request["Params"], json!({"id": "a b+c"}));
    assert_eq!(request["Body"], "hello");
    assert_eq!(got.body["Metadata"]["Headers"]["X-Own"], "1,2");
    assert_eq!(got.body["Metadata"]["Query"]["y"], "/");
    assert_eq!(got.body["Metadata"]["sys"]["MethodName"], "people");
}

#[tokio::test]
async fn the_body_is_missing_when_there_is_none_or_its_length_is_not_said() {
    let test = Scripted::new().await;
    test.host.request("POST", "/api/people", &[KEY], "").await;
    let chunked = [KEY, ("Transfer-Encoding", "chunked")];
    test.host.request("POST", "/api/people", &chunked, "lost").await;
    for received in test.received() {
        assert!(received.body["Data"]["req"].get("Body").is_none());
    }
}

#[tokio::test]
async fn a_binary_body_arrives_as_base64() {
    let test = Scripted::new().await;
    let headers = [KEY, ("Content-Type", "application/octet-stream")];
    test.host.request("POST", "/api/people", &headers, [0, 255]).await;
    assert_eq!(test.only().body["Data"]["req"]["Body"], "AP8=");
}

#[tokio::test]
async fn routes_methods_and_precedence_are_function_jsons() {
    let test = Scripted::new().await;
    for (method, target, status) in [
        ("GET", "/api/people", 200),
        ("GET", "/API/People/7", 200),
        ("DELETE", "/api/people/7", 404),
        ("GET", "/people/7", 404),
        ("GET", "/api/people/7/more", 404),
        ("GET", "/api/tick", 404),
        ("DELETE", "/api/people/next", 200),
    ] {
        let answer = test.host.request(method, target, &[KEY], "").await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
    let paths: Vec<_> = test.received().into_iter().map(|got| got.path).collect();
    assert_eq!(paths, ["/people", "/people", "/next"]);
    assert_eq!(test.received()[0].body["Data"]["req"]["Params"], json!({"id": null}));
}

#[tokio::test]
async fn without_the_right_key_the_handler_never_sees_the_request() {
    let test = Scripted::new().await;
    for (target, key, status) in [
        ("/api/people", None, 401),
        ("/api/people", Some("wrong"), 401),
        ("/api/people?code=wrong", Some("host-key"), 200),
        ("/api/people?code=host-key", None, 200),
        ("/api/people", Some("master-key"), 200),
        ("/api/keys/1/roll", Some("host-key"), 401),
        ("/api/keys/1/roll", Some("master-key"), 200),
        ("/api/people/next", None, 200),
    ] {
        let headers: Vec<_> = key.map(|key| ("X-Functions-Key", key)).into_iter().collect();
        let before = test.received().len();
        let answer = test.host.request("POST", target, &headers, "").await;
        assert_eq!(answer.status, status, "{target} {key:?}");
        assert_eq!(test.received().len() - before, usize::from(status == 200));
    }
}

#[tokio::test]
async fn a_function_key_opens_its_function_only() {
    let app = super::support::App::new();
    let mut options = app.options(super::support::clock());
    options.keys =
        vec![FunctionKey { name: "caller".to_owned(), value: "secret".to_owned(), function: Some("next".to_owned()) }];
    // Nobody listens on port 1, so a request that is let through fails with 500.
    let host = crate::host::Host::attach(options, 1).unwrap();
    let headers = [("x-functions-key", "secret")];
    assert_eq!(host.request("GET", "/api/people", &headers, "").await.status, 401);
    assert_eq!(host.request("GET", "/api/people/next", &headers, "").await.status, 500);
}

/// The claims of the only identity, by the last part of their types.
fn claims(request: &Value) -> Vec<(String, String)> {
    let claims = request["Identities"][0]["Claims"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let last = |kind: String| kind.rsplit('/').next().unwrap().to_owned();
    claims.iter().map(|claim| (last(text(&claim["Type"])), text(&claim["Value"]))).collect()
}

#[tokio::test]
async fn the_identity_names_the_key() {
    let test = Scripted::new().await;
    test.host.request("GET", "/api/people", &[KEY], "").await;
    test.host.request("GET", "/api/people/next", &[], "").await;
    let received = test.received();
    let with_key = &received[0].body["Data"]["req"];
    let expected = [("authlevel", "Function"), ("invoke", "true"), ("keyid", "default")];
    assert_eq!(claims(with_key), expected.map(|(kind, value)| (kind.to_owned(), value.to_owned())));
    assert_eq!(with_key["Identities"][0]["IsAuthenticated"], true);
    let without = &received[1].body["Data"]["req"];
    assert_eq!(claims(without), []);
    assert_eq!(without["Identities"][0]["IsAuthenticated"], false);
}

/// What the caller gets for these outputs.
async fn answer(outputs: Value) -> (u16, Option<String>, String) {
    let test = Scripted::new().await;
    test.reply_json(&json!({"Outputs": outputs}));
    let answer = test.host.request("GET", "/api/people/next", &[], "").await;
    (answer.status, answer.header("content-type").map(str::to_owned), answer.body_text())
}

#[tokio::test]
async fn the_output_res_becomes_the_answer() {
    let plain = Some("text/plain; charset=utf-8".to_owned());
    let json_type = Some("application/json".to_owned());
    for (outputs, expected) in [
        (json!({"res": {"statusCode": 201, "body": "a"}}), (201, plain.clone(), "a".into())),
        (json!({"res": {"StatusCode": "202", "Body": null}}), (202, plain.clone(), String::new())),
        (json!({"res": {"status": 201, "body": "a"}}), (200, plain.clone(), "a".into())),
        (
            json!({"res": {"body": {"a": 1}, "headers": {"content-type": "application/json"}}}),
            (200, json_type.clone(), "{\n  \"a\": 1\n}".into()),
        ),
        (json!({"res": r#"{"statusCode":"404","body":"{\"a\":1}"}"#}), (404, plain.clone(), r#"{"a":1}"#.into())),
        (json!({}), (200, plain.clone(), "{}".into())),
        (json!({"res": "no object"}), (500, None, String::new())),
        (json!({"res": {"body": "a", "headers": {"x": null}}}), (500, None, String::new())),
    ] {
        assert_eq!(answer(outputs.clone()).await, expected, "{outputs}");
    }
}

#[tokio::test]
async fn a_failed_invocation_is_a_500_without_a_body() {
    let test = Scripted::new().await;
    test.reply(503, "application/json", r#"{"Outputs":{"res":{"body":"secret"}}}"#);
    let answer = test.host.request("GET", "/api/people/next", &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (500, 0));
}

#[tokio::test]
async fn a_caller_outside_the_test_gets_the_same_answer_through_the_listener() {
    let test = Scripted::new().await;
    let address = test.host.listen().await.unwrap();
    let headers = json!({"X-Own": "1"});
    test.reply_json(&json!({"Outputs": {"res": {"statusCode": 201, "body": "{}", "headers": headers}}}));
    let url = format!("http://{address}/api/people/7?a=b");
    let client = reqwest::Client::new();
    let request = client.post(url).header("x-functions-key", "host-key").body("hello");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["x-own"], "1");
    assert_eq!(answer.text().await.unwrap(), "{}");
    let request = &test.only().body["Data"]["req"];
    assert_eq!(request["Url"], format!("https://{address}/api/people/7?a=b"));
    assert_eq!(request["Body"], "hello");
    assert_eq!(request["Headers"]["Content-Length"], json!(["5"]));
}
