//! A request to Graph and its answer, independent of whether they came alone or inside a `$batch`.

use super::error::GraphError;
use super::faults::Damage;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// A request to Graph.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Below the version, raw, with the leading slash.
    pub(super) path: String,
    /// Raw, without the question mark.
    pub(super) query: String,
    pub(super) body: Body,
    pub(super) authorization: Option<String>,
    /// `ConsistencyLevel: eventual` was sent.
    pub(super) eventual: bool,
    pub(super) priority: Option<String>,
    pub(super) client_request_id: Option<String>,
    /// `Prefer: return=minimal` was sent.
    pub(super) minimal: bool,
    pub(super) in_batch: bool,
}

/// What was sent as the body.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Empty,
    Json(Value),
    /// Not JSON, or not declared as such.
    Unreadable,
}

impl Request {
    /// The body's JSON object.
    pub(super) fn object(&self) -> Result<&serde_json::Map<String, Value>, GraphError> {
        match &self.body {
            Body::Json(Value::Object(object)) => Ok(object),
            Body::Json(_) | Body::Empty | Body::Unreadable => Err(GraphError::bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of \
                 valid JSON format.",
            )),
        }
    }

    /// The request without what its body says about types: clients that have types write it into every object. Whether it is
    /// true says the schema. A batch stays as it is.
    pub(super) fn without_types(&self) -> Cow<'_, Self> {
        match &self.body {
            Body::Json(body) if self.path != "/$batch" => {
                let mut body = body.clone();
                remove_types(&mut body);
                Cow::Owned(Self { body: Body::Json(body), ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// Whether it may change something; a batch may if one of its requests may.
    pub(super) fn is_write(&self) -> bool {
        match &self.body {
            Body::Json(batch) if self.path == "/$batch" => {
                let inner = batch["requests"].as_array().map(Vec::as_slice).unwrap_or_default();
                inner.iter().any(|request| {
                    let text = |name: &str| request[name].as_str().unwrap_or_default();
                    may_change(text("method"), text("url"))
                })
            }
            _ => may_change(&self.method, &self.path),
        }
    }

    /// The path's segments, percent-decoded and in one spelling.
    pub(super) fn segments(&self) -> Vec<String> {
        self.path.trim_start_matches('/').split('/').map(|segment| in_one_spelling(percent_decode(segment))).collect()
    }
}

fn remove_types(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("@odata.type");
            object.values_mut().for_each(remove_types);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_types),
        _ => {}
    }
}

/// Microsoft's generated clients write parentheses behind a function without parameters, as the standard has it, and a type by
/// the schema's alias for its namespace: `delta()`, `graph.user`.
fn in_one_spelling(segment: String) -> String {
    if let Some(function) = segment.strip_suffix("()") {
        return function.to_owned();
    }
    // Sign-in names may begin like this as well.
    let ty = segment.strip_prefix("graph.").filter(|ty| ty.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    ty.map_or_else(|| segment.clone(), |ty| format!("microsoft.graph.{ty}"))
}

/// What is posted to ask about memberships only reads.
fn may_change(method: &str, path: &str) -> bool {
    let asks = |end: &str| method == "POST" && path.ends_with(end);
    method != "GET" && !asks("/checkMemberGroups") && !asks("/getMemberGroups")
}

fn percent_decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = segment.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escape {
            Some(value) if byte == b'%' => {
                decoded.push(value);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Payload>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// What happens to it on the way.
    pub(super) damage: Option<Damage>,
}

/// The JSON of an answer.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Tree(Value),
    /// Written at once: what is large.
    Text(String),
}

impl Payload {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Tree(value) => value.to_string(),
            Self::Text(text) => text,
        }
    }

    pub(super) fn into_tree(self) -> Value {
        match self {
            Self::Tree(value) => value,
            Self::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
        }
    }
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { body: Some(Payload::Tree(body)), ..Self::empty(status) }
    }

    /// A success whose body is written without a tree in between.
    pub(super) fn written(body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).expect("text, numbers and named members can be written");
        Self { body: Some(Payload::Text(text)), ..Self::empty(200) }
    }

    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new(), damage: None }
    }

    /// No answer at all.
    pub(super) fn lost() -> Self {
        Self { damage: Some(Damage::Lost), ..Self::empty(0) }
    }
}

/// What serving a request comes to.
pub(super) type GraphResult = Result<Answer, GraphError>;

#[cfg(test)]
mod tests {
    use super::{in_one_spelling, percent_decode};

    #[test]
    fn a_segment_is_decoded_and_a_stray_percent_stays() {
        assert_eq!(percent_decode("a_b.c%23EXT%23@d"), "a_b.c#EXT#@d");
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%C3%A9"), "é");
    }

    #[test]
    fn a_function_and_a_type_have_one_spelling_and_a_sign_in_name_keeps_its_own() {
        for (written, read) in [
            ("delta()", "delta"),
            ("graph.user", "microsoft.graph.user"),
            ("microsoft.graph.user", "microsoft.graph.user"),
            ("graph.miller@contoso.com", "graph.miller@contoso.com"),
            ("find(text='a')", "find(text='a')"),
        ] {
            assert_eq!(in_one_spelling(written.to_owned()), read);
        }
    }
}
