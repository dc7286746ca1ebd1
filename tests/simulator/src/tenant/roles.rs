//! Directory roles: who has one, and who may activate one.

use super::auth::Caller;
use super::error::GraphError;
use super::filter::ROLE_RULES;
use super::listing::list;
use super::request::{GraphResult, Request};
use super::state::State;

const READ_ASSIGNMENTS: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

const READ_ELIGIBILITIES: &[&str] = &[
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
];

/// `GET /roleManagement/directory/roleAssignments`
pub(super) fn assignments(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_ASSIGNMENTS)?;
    let set = "roleManagement/directory/roleAssignments";
    list(state, request, set, ROLE_RULES, &state.directory.role_assignments)
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
