//! Directory roles: who has one, who may activate one, and how one is given and taken away.

use super::administrators::AdministratorRole;
use super::audit::{ADD_ROLE, REMOVE_ROLE};
use super::auth::Caller;
use super::error::GraphError;
use super::filter::ROLE_RULES;
use super::listing::list;
use super::model::Directory;
use super::objects::RoleAssignment;
use super::property::{Resource, render};
use super::query::{Query, context_url, path_id};
use super::request::{Answer, GraphResult, Request};
use super::role_definitions;
use super::state::State;
use serde_json::Value;
use uuid::{Uuid, uuid};

const READ_ASSIGNMENTS: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

const WRITE_ASSIGNMENTS: &[&str] = &["RoleManagement.ReadWrite.Directory"];
const SET: &str = "roleManagement/directory/roleAssignments";

const READ_ELIGIBILITIES: &[&str] = &[
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
];

/// Privileged Authentication Administrator and Global Administrator: with one of these an application may do to other
/// administrators what is sensitive.
const ABOVE_ALL: [Uuid; 2] =
    [uuid!("7be44c8a-adaf-4e2a-84d6-ab2649e08a13"), uuid!("62e90394-69f5-4237-9190-012177145e10")];

impl Directory {
    /// Refuses what is sensitive to be done to somebody who has a directory role, active or through a group. Graph's
    /// table is finer: it knows which role may do it to which. To an application without a role it gives the same.
    pub(super) fn require_unprotected(&self, id: Uuid) -> Result<(), GraphError> {
        let app = self.service_principal();
        let mut own = self.role_assignments.values().filter(|role| role.principal == app);
        let above = own.any(|role| ABOVE_ALL.contains(&role.role));
        if above || !self.has_role(id) { Ok(()) } else { Err(GraphError::denied()) }
    }
}

/// `GET /roleManagement/directory/roleAssignments`
pub(super) fn assignments(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_ASSIGNMENTS)?;
    list(state, request, SET, ROLE_RULES, &state.directory.role_assignments)
}

/// `GET /roleManagement/directory/roleEligibilityScheduleInstances`
pub(super) fn eligibilities(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_ELIGIBILITIES)?;
    if !state.directory.options.p2 {
        return Err(GraphError::new(
            400,
            "AadPremiumLicenseRequired",
            "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
        ));
    }
    let set = "roleManagement/directory/roleEligibilityScheduleInstances";
    list(state, request, set, ROLE_RULES, &state.directory.role_eligibilities)
}

/// `POST /roleManagement/directory/roleAssignments`. For the whole directory only: administrative units are not
/// simulated.
pub(super) fn assign(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(WRITE_ASSIGNMENTS)?;
    caller.require_administrator(&[AdministratorRole::PrivilegedRole, AdministratorRole::Global])?;
    Query::parse(request, &[])?;
    let body = request.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let invalid = |name: &str| GraphError::directory(format!("Invalid value specified for property '{name}'."));
    let principal = text("principalId").parse().map_err(|_| invalid("principalId"))?;
    let role = text("roleDefinitionId").parse().map_err(|_| invalid("roleDefinitionId"))?;
    if text("directoryScopeId") != "/" {
        return Err(invalid("directoryScopeId"));
    }
    if !role_definitions::is_known(role) {
        return Err(GraphError::not_found(&role.to_string()));
    }
    let directory = &mut state.directory;
    directory.require_object(principal).map_err(|_| GraphError::not_found(&principal.to_string()))?;
    if directory.group(principal).is_some_and(|group| !group.is_assignable_to_role) {
        return Err(GraphError::directory("The group is not assignable to a role."));
    }
    let has = |had: &RoleAssignment| had.principal == principal && had.role == role;
    if directory.role_assignments.values().any(has) {
        // The page names no error for it; this is what is seen.
        return Err(GraphError::directory(
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ));
    }
    let id = directory.new_id();
    directory.record_on(ADD_ROLE, principal);
    let assignment = RoleAssignment { id, principal, role };
    let mut object = render(&assignment, RoleAssignment::DEFAULT);
    directory.role_assignments.insert(id, assignment);
    object.insert("@odata.context".into(), context_url(state, &format!("{SET}/$entity")).into());
    Ok(Answer::json(201, object.into()))
}

/// `DELETE /roleManagement/directory/roleAssignments/{id}`
pub(super) fn unassign(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(WRITE_ASSIGNMENTS)?;
    caller.require_administrator(&[AdministratorRole::PrivilegedRole, AdministratorRole::Global])?;
    Query::parse(request, &[])?;
    let directory = &mut state.directory;
    let removed = directory.role_assignments.remove(&path_id(key)?).ok_or_else(|| GraphError::not_found(key))?;
    directory.record_on(REMOVE_ROLE, removed.principal);
    Ok(Answer::empty(204))
}
