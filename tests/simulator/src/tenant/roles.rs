//! Directory roles: who has one, and who may activate one.

use super::auth::Caller;
use super::error::GraphError;
use super::filter::ROLE_RULES;
use super::listing::list;
use super::model::Directory;
use super::request::{GraphResult, Request};
use super::state::State;
use uuid::{Uuid, uuid};

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
