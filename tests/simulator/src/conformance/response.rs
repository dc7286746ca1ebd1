//! Holds the body of an answer against what its path gives, and errors against their shape.
//!
//! Responsible for: which type an answer has and what wraps it. Not responsible for: what stands in each object, see
//! [`body`](super::body).

use serde_json::{Map, Value};
use std::collections::HashSet;

use super::body::{At, Body, is_object, shown};
use super::model::{Model, TypeRef};
use super::path::Target;

/// What the schema lets one expect.
enum Expected {
    Nothing,
    /// Raw bytes.
    Anything,
    /// One entity or complex value.
    Object(String),
    /// Anything else, in `{"value": …}`.
    Wrapped(TypeRef),
    Links,
    Link,
    Count,
}

impl Expected {
    fn of(model: &Model, target: &Target<'_>, method: &str) -> Self {
        match (target, method) {
            (_, "DELETE") | (Target::References(_) | Target::Reference { .. }, "POST" | "PUT") => Self::Nothing,
            (Target::Collection { ty, .. }, "POST") | (Target::Entity { ty, .. }, _) => Self::Object(ty.clone()),
            (Target::Collection { ty, .. }, _) => Self::Wrapped(TypeRef::collection(ty)),
            (Target::Property(ty), _) => Self::value(model, ty),
            (Target::Operation(overloads), _) => overloads
                .iter()
                .find_map(|overload| overload.returns.as_ref())
                .map_or(Self::Nothing, |ty| Self::value(model, ty)),
            (Target::Count(_), _) => Self::Count,
            (Target::References(_), _) => Self::Links,
            (Target::Reference { .. }, _) => Self::Link,
            (Target::Value | Target::Batch, _) => Self::Anything,
        }
    }

    fn value(model: &Model, ty: &TypeRef) -> Self {
        if !ty.collection && is_object(model, &ty.name) {
            Self::Object(ty.name.clone())
        } else {
            Self::Wrapped(ty.clone())
        }
    }
}

/// Checks the answer to a request that succeeded. `selected` are the names that `$select` and `$expand` asked for.
pub(super) fn check(
    body: &mut Body<'_, '_>,
    target: &Target<'_>,
    method: &str,
    selected: Option<&HashSet<String>>,
    answer: &Value,
) {
    match (Expected::of(body.model, target, method), answer) {
        (Expected::Anything, _) => {}
        (Expected::Nothing, _) => body.add(At::Root, "an empty answer", shown(answer)),
        (Expected::Count, _) => body.value(&TypeRef::single("Edm.Int32"), false, answer, At::Root),
        (Expected::Object(ty), Value::Object(object)) => {
            body.object(&ty, object, At::Root);
            only_selected(body, selected, object, At::Root);
        }
        (Expected::Link, Value::Object(object)) => body.link(object, At::Root),
        (Expected::Links, Value::Object(object)) => {
            let at = At::Name(&At::Root, "value");
            for (index, link) in envelope(body, object).and_then(Value::as_array).into_iter().flatten().enumerate() {
                match link {
                    Value::Object(link) => body.link(link, At::Index(&at, index)),
                    _ => body.add(At::Index(&at, index), "an object", shown(link)),
                }
            }
        }
        (Expected::Wrapped(ty), Value::Object(object)) => {
            let at = At::Name(&At::Root, "value");
            let Some(value) = envelope(body, object) else {
                return;
            };
            body.value(&ty, true, value, at);
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                if let Value::Object(item) = item {
                    only_selected(body, selected, item, At::Index(&at, index));
                }
            }
        }
        (Expected::Object(_) | Expected::Link | Expected::Links | Expected::Wrapped(_), _) => {
            body.add(At::Root, "an object", shown(answer));
        }
    }
}

/// Checks what stands beside `value`, and gives it.
fn envelope<'v>(body: &mut Body<'_, '_>, object: &'v Map<String, Value>) -> Option<&'v Value> {
    for (name, value) in object {
        let at = At::Name(&At::Root, name);
        let ty = match name.as_str() {
            "value" => continue,
            "@odata.context" | "@odata.nextLink" => "Edm.String",
            "@odata.deltaLink" if body.delta => "Edm.String",
            "@odata.count" => "Edm.Int64",
            _ if name.starts_with("@microsoft.graph.") => continue,
            _ => {
                body.add(at, "nothing of that name beside `value`", shown(value));
                continue;
            }
        };
        body.value(&TypeRef::single(ty), false, value, at);
    }
    let value = object.get("value");
    if value.is_none() {
        body.add(At::Root, "the answer in `value`", "none");
    }
    value
}

/// Graph answers what was selected; the key may come along.
fn only_selected(body: &mut Body<'_, '_>, selected: Option<&HashSet<String>>, object: &Map<String, Value>, at: At<'_>) {
    let Some(selected) = selected else {
        return;
    };
    for (name, value) in object {
        if !name.contains('@') && name != "id" && !selected.contains(name) {
            body.add(At::Name(&at, name), "only what `$select` names", shown(value));
        }
    }
}

/// `{"error": {"code", "message", "innerError"?, "details"?, "target"?}}`.
pub(super) fn check_error(body: &mut Body<'_, '_>, answer: &Value) {
    let at = At::Name(&At::Root, "error");
    let Some(error) = answer.get("error").and_then(Value::as_object) else {
        return body.add(At::Root, "an object `error`", shown(answer));
    };
    for name in ["code", "message"] {
        if !error.contains_key(name) {
            body.add(At::Name(&at, name), "a string that is always there", "none");
        }
    }
    for (name, value) in error {
        let (fits, says) = match name.as_str() {
            "code" => (value.as_str().is_some_and(|code| !code.is_empty()), "a string that is not empty"),
            "message" | "target" => (value.is_string(), "a string"),
            // Graph itself writes it in both ways.
            "innerError" | "innererror" => (value.is_object(), "an object"),
            "details" => (value.is_array(), "an array"),
            _ => (false, "nothing of that name in an error"),
        };
        if !fits {
            body.add(At::Name(&at, name), says, shown(value));
        }
    }
    for (name, value) in answer.as_object().into_iter().flatten().filter(|(name, _)| *name != "error") {
        body.add(At::Name(&At::Root, name), "nothing beside `error`", shown(value));
    }
}
