//! The OpenAPI document as the judge of answers.
//!
//! Responsible for: calls over HTTP whose answers are held against `docs/openapi.json`, whatever else a test looks at. Not
//! responsible for: whether the document is current; a test of the functions is.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use usher_simulator::host::{Host, HttpAnswer};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("docs/openapi.json is JSON")
});
/// The validator of each answer, by the pointer to it.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
/// With these the host answers by itself too, and then with an empty body.
const OF_THE_HOST: [u16; 3] = [401, 500, 503];

/// Calls the app from outside, and holds the answer against the document.
pub(crate) async fn call(
    host: &Host,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) -> HttpAnswer {
    let answer = host.request(method, target, headers, body).await;
    check(method, target, &answer);
    answer
}

/// Holds an answer against the document.
#[track_caller]
fn check(method: &str, target: &str, answer: &HttpAnswer) {
    let Some(path) = described(&method.to_lowercase(), target) else {
        assert_eq!(answer.status, 404, "{method} {target} is not in the document: {answer:?}");
        return;
    };
    let path = path.replace('/', "~1");
    let pointer = format!("/paths/{path}/{}/responses/{}", method.to_lowercase(), answer.status);
    let described = DOCUMENT.pointer(&pointer).unwrap_or_else(|| panic!("{pointer} is missing: {answer:?}"));
    if answer.body.is_empty() && OF_THE_HOST.contains(&answer.status) {
        return;
    }
    let kind = answer.header("Content-Type").unwrap_or_default().split(';').next().unwrap_or_default();
    assert!(described["content"].get(kind).is_some(), "{pointer} knows no {kind}: {answer:?}");
    let body = answer.json().unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let schema = &described["content"][kind]["schema"];
    let faults: Vec<_> = validator(pointer, schema).iter_errors(&body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{method} {target}: {faults:#?}\n{body:#}");
}

/// The path of the document that a request is for.
fn described(method: &str, target: &str) -> Option<&'static str> {
    let called: Vec<_> = target.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |path: &str| {
        let segments: Vec<_> = path.split('/').collect();
        let fits = |(segment, called): (&&str, &&str)| segment.starts_with('{') || segment == called;
        segments.len() == called.len() && segments.iter().zip(&called).all(fits)
    };
    let mut paths = DOCUMENT["paths"].as_object().into_iter().flatten();
    paths.find(|(path, operations)| fits(path) && operations.get(method).is_some()).map(|(path, _)| path.as_str())
}

/// The validator of an answer by its schema, beside which stands what it refers to.
fn validator(pointer: String, schema: &Value) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = known.entry(pointer).or_insert_with_key(|pointer| {
        let mut schema = schema.clone();
        schema["components"] = DOCUMENT["components"].clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{pointer}: {error}")))
    });
    Arc::clone(made)
}
