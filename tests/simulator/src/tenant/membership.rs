//! In which groups a user is, directly or through other groups.

use super::auth::{Caller, READ_MEMBERS, READ_USERS};
use super::error::GraphError;
use super::query::{Query, context_url};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use super::users;
use serde_json::{Value, json};
use uuid::Uuid;

/// More group ids than this are refused at once.
const MOST_GROUPS: usize = 20;

/// `POST /users/{id}/checkMemberGroups`
pub(super) fn check(state: &State, caller: &Caller, request: &Request, user: &str) -> GraphResult {
    let id = require(state, caller, request, user)?;
    let asked = request.object()?.get("groupIds").and_then(Value::as_array);
    let asked = asked.ok_or_else(|| GraphError::bad_request("The parameter 'groupIds' is missing."))?;
    if asked.len() > MOST_GROUPS {
        return Err(GraphError::directory("More than 20 group ids were given."));
    }
    let groups = state.directory.shown_groups_of(id);
    let is_in = |asked: &&Value| asked.as_str().and_then(|id| id.parse().ok()).is_some_and(|id| groups.contains(&id));
    Ok(ids(state, asked.iter().filter(is_in).cloned().collect()))
}

/// `POST /users/{id}/getMemberGroups`
pub(super) fn list(state: &State, caller: &Caller, request: &Request, user: &str) -> GraphResult {
    let id = require(state, caller, request, user)?;
    let security_only = request.object()?.get("securityEnabledOnly").and_then(Value::as_bool);
    let security_only =
        security_only.ok_or_else(|| GraphError::bad_request("The parameter 'securityEnabledOnly' is missing."))?;
    let groups = state.directory.shown_groups_of(id);
    let wanted = |id: &&Uuid| !security_only || state.directory.group(**id).is_some_and(|group| group.security_enabled);
    Ok(ids(state, groups.iter().filter(wanted).map(|id| json!(id)).collect()))
}

fn require(state: &State, caller: &Caller, request: &Request, user: &str) -> Result<Uuid, GraphError> {
    caller.require(READ_USERS)?;
    caller.require(READ_MEMBERS)?;
    Query::parse(request, &[])?;
    Ok(users::find(&state.directory, user)?.id)
}

fn ids(state: &State, ids: Vec<Value>) -> Answer {
    Answer::ok(json!({"@odata.context": context_url(state, "Collection(Edm.String)"), "value": ids}))
}
