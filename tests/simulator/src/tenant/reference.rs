//! References to objects in requests: `@odata.id`.

use super::error::GraphError;
use super::state::State;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What has not arrived everywhere cannot be referred to.
pub(super) fn require_shown(state: &State, id: Uuid) -> Result<(), GraphError> {
    let directory = &state.directory;
    let shown = directory.shown_user(id).is_some() || directory.user(id).is_none() && directory.exists(id);
    if shown { Ok(()) } else { Err(GraphError::not_found(&id.to_string())) }
}

/// The object that the body of a request refers to. Its address must be one of this cloud's Graph.
pub(super) fn referenced(state: &State, body: &Map<String, Value>) -> Result<Uuid, GraphError> {
    let wrong = || GraphError::directory("Invalid URL format specified in @odata.id payload.");
    let url = body.get("@odata.id").and_then(Value::as_str).ok_or_else(wrong)?;
    let roots = [state.directory.cloud().graph_root(), state.root.as_str()];
    let path = roots.iter().find_map(|root| url.strip_prefix(root)).ok_or_else(wrong)?;
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "v1.0", "directoryObjects" | "users" | "groups", id] => id.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
