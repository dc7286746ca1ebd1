//! Who is put into a group, and who is taken out, through Graph.

use super::auth::Caller;
use super::error::GraphError;
use super::query::{Query, path_id};
use super::reference::{referenced, require_shown};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use uuid::Uuid;

const WRITE_MEMBERS: &[&str] = &["GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"];
/// Groups that hold roles need this as well.
const WRITE_ROLES: &[&str] = &["RoleManagement.ReadWrite.Directory"];

/// `POST /groups/{id}/members/$ref`
pub(super) fn add(state: &mut State, caller: &Caller, request: &Request, group: &str) -> GraphResult {
    let group = require_writable(state, caller, request, group)?;
    let member = referenced(state, request.object()?)?;
    require_shown(state, member)?;
    if state.directory.group(group).is_some_and(|group| group.members.contains(&member)) {
        return Err(GraphError::directory(
            "One or more added object references already exist for the following modified properties: 'members'.",
        ));
    }
    state.directory.add_member(group, member).map_err(|_| GraphError::not_found(&member.to_string()))?;
    Ok(Answer::empty(204))
}

/// `DELETE /groups/{id}/members/{id}/$ref`
pub(super) fn remove(state: &mut State, caller: &Caller, request: &Request, group: &str, member: &str) -> GraphResult {
    let group = require_writable(state, caller, request, group)?;
    let id = path_id(member)?;
    require_shown(state, id)?;
    if !state.directory.group(group).is_some_and(|group| group.members.contains(&id)) {
        return Err(GraphError::not_found(member));
    }
    state.directory.remove_member(group, id).map_err(|_| GraphError::not_found(member))?;
    Ok(Answer::empty(204))
}

/// The group, if the caller may change who is in it.
fn require_writable(state: &State, caller: &Caller, request: &Request, key: &str) -> Result<Uuid, GraphError> {
    caller.require(WRITE_MEMBERS)?;
    Query::parse(request, &[])?;
    let group = state.directory.group(path_id(key)?).ok_or_else(|| GraphError::not_found(key))?;
    if group.is_assignable_to_role {
        caller.require(WRITE_ROLES)?;
    }
    if group.on_premises_sync_enabled == Some(true) {
        return Err(GraphError::directory(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
        ));
    }
    if group.group_types.iter().any(|kind| kind == "DynamicMembership") {
        return Err(GraphError::directory("The members of a dynamic group follow its rule and cannot be changed."));
    }
    Ok(group.id)
}
