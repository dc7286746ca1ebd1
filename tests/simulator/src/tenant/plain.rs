//! Small objects that are made whole as JSON, of which `$select` leaves a part: policies and what hangs on a user.
//!
//! Not responsible for: objects of the directory, which can be filtered and come by the thousand (`property`).

use super::error::GraphError;
use super::property::no_such_property;
use super::query::{Page, Query, collection, entity};
use super::request::{GraphResult, Request};
use super::state::State;
use serde_json::{Map, Value};

/// Answers with one object of a type.
pub(super) fn show(state: &State, query: &Query, set: &str, kind: &str, object: Value) -> GraphResult {
    Ok(entity(state, query, set, selected(query, kind, object)?))
}

/// Answers with all objects of a collection in one page.
pub(super) fn show_all(
    state: &State,
    request: &Request,
    query: &Query,
    set: &str,
    kind: &str,
    objects: impl IntoIterator<Item = Value>,
) -> GraphResult {
    let items = objects.into_iter().map(|object| selected(query, kind, object)).collect::<Result<Vec<_>, _>>()?;
    Ok(collection(state, request, query, set, Page { items, next: None }, None))
}

/// What is selected of an object.
pub(super) fn selected(query: &Query, kind: &str, object: Value) -> Result<Map<String, Value>, GraphError> {
    let Value::Object(mut object) = object else {
        return Ok(Map::new());
    };
    match &query.select {
        None => Ok(object),
        Some(names) => {
            let one = |name: &String| object.remove_entry(name).ok_or_else(|| no_such_property(name, kind));
            names.iter().map(one).collect()
        }
    }
}

/// Leaves out what this cloud's schema does not have.
pub(super) fn without(mut object: Value, names: &[&str]) -> Value {
    if let Value::Object(object) = &mut object {
        object.retain(|name, _| !names.contains(&name.as_str()));
    }
    object
}

/// A path that this cloud's schema does not have.
pub(super) fn no_such_segment(segment: &str) -> GraphError {
    GraphError::bad_request(format!("Resource not found for the segment '{segment}'."))
}

/// Puts what is in `more` into an object.
pub(super) fn put(object: &mut Value, more: Value) {
    let more: Map<String, Value> = serde_json::from_value(more).unwrap_or_default();
    if let Value::Object(object) = object {
        object.extend(more);
    }
}
