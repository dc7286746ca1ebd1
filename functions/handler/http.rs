//! HTTP triggers: the request as the host describes it, and what a caller is answered.
//!
//! Responsible for: reading request and body strictly, answers in JSON, refusals as problem details (RFC 9457). Not
//! responsible for: keys, which the host checks before, nor for who a signed-in person is; see [`super::principal`].

use super::envelope::{Envelope, object, text};
use super::reply::{Failure, Reply};
use super::trigger::FromEnvelope;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use usher_shared::run::RunError;
use usher_shared::state::StateError;
use usher_shared::telemetry::spans::Trigger;

/// What [`HttpRequest::json`] refuses, by status and title.
pub(crate) const JSON_REFUSALS: &[(u16, &str)] = &[
    (400, "no-body"),
    (400, "no-json"),
    (400, "control-character"),
    (400, "wrong-form"),
    (411, "length-required"),
    (413, "too-large"),
    (415, "not-json"),
];
/// The output binding of every HTTP function.
const OUTPUT: &str = "res";
/// No body that usher takes is larger.
const LARGEST_BODY: usize = 64 * 1024;
/// The claim under which the host names the key that the caller showed.
const KEY_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";

/// A request from outside, as the host describes it. Its `Debug` shows no key and no body.
pub(crate) struct HttpRequest {
    method: String,
    parameters: Map<String, Value>,
    headers: Map<String, Value>,
    body: Option<String>,
    key: String,
}

impl FromEnvelope for HttpRequest {
    const TRIGGER: Trigger = Trigger::Http;

    fn from_envelope(envelope: &Envelope, binding: &str) -> Result<Self, Failure> {
        let request =
            envelope.data(binding).and_then(object).ok_or_else(|| Failure::new("the envelope holds no request"))?;
        let map = |name: &str| request.get(name).and_then(object).unwrap_or_default();
        Ok(Self {
            method: request.get("Method").and_then(text).unwrap_or_default().to_uppercase(),
            parameters: map("Params"),
            headers: map("Headers"),
            body: request.get("Body").and_then(Value::as_str).map(str::to_owned),
            key: key_of(&request).unwrap_or_else(|| "none".to_owned()),
        })
    }

    fn too_large() -> Option<Reply> {
        Some(Problem::too_large().into())
    }
}

/// The name of the key that the caller showed; never the key.
fn key_of(request: &Map<String, Value>) -> Option<String> {
    let identities = request.get("Identities")?.as_array()?;
    let claims = identities.iter().filter_map(|identity| identity.get("Claims")?.as_array()).flatten();
    let named = claims.filter(|claim| claim.get("Type").and_then(Value::as_str) == Some(KEY_CLAIM));
    named.filter_map(|claim| claim.get("Value")?.as_str()).map(str::to_owned).next()
}

impl HttpRequest {
    /// The method, in capitals.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// A parameter of the route.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)?.as_str().filter(|value| !value.is_empty())
    }

    /// The value of a header, whatever the case of its name. Where it is there several times, none counts.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next().filter(|_| values.next().is_none())?;
        match value {
            Value::String(value) => Some(value),
            Value::Array(values) => match values.as_slice() {
                [Value::String(value)] => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The name of the key that the caller showed.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The body, which must be JSON of this form.
    ///
    /// # Errors
    /// A clear refusal for each way in which it can be something else: [`JSON_REFUSALS`].
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let Some(body) = &self.body else {
            return Err(match self.header("Transfer-Encoding") {
                // The host drops a body whose length was not said.
                Some(_) => Problem::new(411, "length-required", "Send the body with Content-Length, not in chunks."),
                None => Problem::new(400, "no-body", "The request needs a JSON body."),
            });
        };
        let kind = self.header("Content-Type").unwrap_or_default();
        let media = kind.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(415, "not-json", "Send the body as application/json."));
        }
        if body.len() > LARGEST_BODY {
            return Err(Problem::too_large());
        }
        let value: Value = serde_json::from_str(body)
            .map_err(|error| Problem::new(400, "no-json", &format!("The body is no JSON at line {}.", error.line())))?;
        if has_control_character(&value) {
            return Err(Problem::new(400, "control-character", "A text in the body holds a control character."));
        }
        // serde's words name fields and types; they may also repeat a value, which only the caller sees.
        serde_json::from_value(value).map_err(|error| Problem::new(400, "wrong-form", &format!("The body: {error}.")))
    }
}

fn has_control_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().any(char::is_control),
        Value::Array(values) => values.iter().any(has_control_character),
        Value::Object(map) => {
            map.iter().any(|(key, value)| key.chars().any(char::is_control) || has_control_character(value))
        }
        _ => false,
    }
}

/// Why a request is refused: problem details by RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Problem {
    /// `about:blank`: the title says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The refusal's name, for programs.
    #[serde(rename = "title")]
    code: &'static str,
    /// The status of the answer.
    status: u16,
    /// The reason, for people.
    detail: String,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, detail: &str) -> Self {
        Self { kind: "about:blank", code, status, detail: detail.to_owned(), retry_after: None }
    }

    /// Its name.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    /// The body is larger than any that usher takes.
    fn too_large() -> Self {
        Self::new(413, "too-large", "The body is larger than 64 KiB.")
    }

    /// Too many requests with one key.
    pub(crate) fn too_many(seconds: u64) -> Self {
        let detail = "Too many requests with this key; wait and send it again.";
        Self { retry_after: Some(seconds), ..Self::new(429, "too-many-requests", detail) }
    }

    /// Nobody is signed in; nothing more is given away.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Sign in as a person of this tenant.")
    }

    /// Somebody is, and may not; nothing more is given away.
    pub(crate) fn forbidden() -> Self {
        Self::new(403, "forbidden", "This takes a person of this tenant with the approver's role.")
    }

    /// There is no such thing, or it is called in another way.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "not-found", "There is nothing of that name.")
    }

    /// usher itself failed; the cause stands in the log.
    pub(crate) fn internal() -> Self {
        Self::new(500, "internal", "It failed; the cause stands in the app's log.")
    }

    /// The state or Graph could not be reached; the cause stands in the log.
    pub(crate) fn unavailable() -> Self {
        let detail = "It cannot be read right now; the cause stands in the app's log.";
        Self { retry_after: Some(30), ..Self::new(503, "unavailable", detail) }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        tracing::error!("a request failed: {failure}");
        Self::unavailable()
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Failure::new(error).into()
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        Failure::new(error).into()
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let mut headers = vec![("Content-Type", "application/problem+json".to_owned())];
        headers.extend(problem.retry_after.map(|seconds| ("Retry-After", seconds.to_string())));
        answer(problem.status, json!(problem).to_string(), headers)
    }
}

/// Answers with JSON.
pub(crate) fn json_answer(status: u16, body: &impl Serialize) -> Reply {
    json_answer_with(status, body, Vec::new())
}

/// Answers with JSON and further headers.
pub(crate) fn json_answer_with(status: u16, body: &impl Serialize, mut headers: Vec<(&str, String)>) -> Reply {
    headers.push(("Content-Type", "application/json; charset=utf-8".to_owned()));
    match serde_json::to_string(body) {
        Ok(body) => answer(status, body, headers),
        Err(error) => {
            tracing::error!("an answer could not be written: {error}");
            Problem::internal().into()
        }
    }
}

/// The body goes as text: an object would be written anew by the host.
fn answer(status: u16, body: String, headers: Vec<(&str, String)>) -> Reply {
    let fixed = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")];
    let headers: Map<String, Value> = headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .chain(fixed.map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))))
        .collect();
    Reply::empty().output(OUTPUT, json!({ "statusCode": status.to_string(), "headers": headers, "body": body }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        address: String,
    }

    fn request(data: Value) -> HttpRequest {
        let envelope = serde_json::from_value(json!({ "Data": { "req": data } })).unwrap();
        HttpRequest::from_envelope(&envelope, "req").unwrap()
    }

    #[test]
    fn every_way_in_which_a_body_can_be_wrong_has_its_refusal() {
        let json = json!({"Content-Type": ["application/json; charset=utf-8"]});
        let body = |headers: &Value, body: Option<&str>| {
            request(json!({ "Headers": headers, "Body": body }))
                .json::<Body>()
                .map_err(|problem| (problem.status, problem.code))
        };
        assert_eq!(body(&json, Some(r#"{"address":"a@b.example"}"#)), Ok(Body { address: "a@b.example".into() }));
        let large = format!("{{\"address\":\"{}\"}}", "x".repeat(LARGEST_BODY));
        for (headers, text, expected) in [
            (json!({}), None, (400, "no-body")),
            (json!({"Transfer-Encoding": ["chunked"]}), None, (411, "length-required")),
            (json!({}), Some("{}"), (415, "not-json")),
            (json!({"Content-Type": ["text/plain"]}), Some("{}"), (415, "not-json")),
            (json!({"Content-Type": ["application/json", "text/plain"]}), Some("{}"), (415, "not-json")),
            (json.clone(), Some("{"), (400, "no-json")),
            (json.clone(), Some("[]"), (400, "wrong-form")),
            (json.clone(), Some("{}"), (400, "wrong-form")),
            (json.clone(), Some(r#"{"address":7}"#), (400, "wrong-form")),
            (json.clone(), Some(r#"{"address":"a","more":1}"#), (400, "wrong-form")),
            (json.clone(), Some(r#"{"address":"a\u0000b"}"#), (400, "control-character")),
            (json.clone(), Some(large.as_str()), (413, "too-large")),
        ] {
            assert_eq!(body(&headers, text), Err(expected), "{headers} {:?}", text.map(str::len));
        }
    }

    #[test]
    fn a_header_that_is_there_twice_counts_as_none() {
        let headers = json!({"X-One": ["a"], "X-Two": ["a", "b"], "X-Three": "a", "x-three": "a"});
        let request = request(json!({ "Headers": headers }));
        assert_eq!(
            ["x-one", "x-two", "x-three", "x-four"].map(|name| request.header(name)),
            [Some("a"), None, None, None]
        );
    }

    #[test]
    fn the_key_is_known_by_its_name_only() {
        let claims = json!([{"Claims": [{"Type": KEY_CLAIM, "Value": "itsm"}]}]);
        assert_eq!(request(json!({"Identities": claims})).key(), "itsm");
        assert_eq!(request(json!({})).key(), "none");
    }
}
