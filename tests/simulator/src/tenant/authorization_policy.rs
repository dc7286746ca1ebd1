//! `GET` and `PATCH /policies/authorizationPolicy`: who may invite.
//!
//! What nothing here goes by is shown as it is in a tenant where nobody has touched it.

use super::administrators::AdministratorRole;
use super::auth::Caller;
use super::cross_tenant_writes::{invalid, parsed};
use super::error::GraphError;
use super::model::Directory;
use super::plain::show;
use super::policy_audit::UPDATE_AUTHORIZATION;
use super::query::Query;
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use serde_json::{Value, json};

const WRITE: &[&str] = &["Policy.ReadWrite.Authorization"];
const READ: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.Authorization"];

/// `GET /policies/authorizationPolicy`
pub(super) fn get(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ)?;
    let query = Query::parse(request, &["$select"])?;
    show(state, &query, "policies/authorizationPolicy", "authorizationPolicy", object(&state.directory))
}

/// `PATCH /policies/authorizationPolicy`
pub(super) fn update(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(WRITE)?;
    caller.require_administrator(&[AdministratorRole::PrivilegedRole, AdministratorRole::Global])?;
    Query::parse(request, &[])?;
    let directory = &mut state.directory;
    let before = object(directory);
    for (name, value) in request.object()? {
        match name.as_str() {
            "allowInvitesFrom" => directory.policy.allow_invites_from = parsed(name, value)?,
            "id" | "deletedDateTime" => return Err(invalid(name)),
            _ if before.get(name).is_some() => {
                return Err(GraphError::unknown(format!("writing {name} is not simulated")));
            }
            _ => return Err(invalid(name)),
        }
    }
    let after = object(directory);
    directory.record_policy(UPDATE_AUTHORIZATION, directory.derived_id("authorization-policy"), &before, &after);
    Ok(Answer::empty(204))
}

fn object(directory: &Directory) -> Value {
    json!({
        "id": "authorizationPolicy",
        "deletedDateTime": null,
        "description": "Used to manage authorization related settings across the company.",
        "displayName": "Authorization Policy",
        "allowEmailVerifiedUsersToJoinOrganization": false,
        "allowInvitesFrom": directory.policy.allow_invites_from,
        "allowUserConsentForRiskyApps": null,
        "allowedToSignUpEmailBasedSubscriptions": true,
        "allowedToUseSSPR": true,
        "blockMsolPowerShell": false,
        // What guests may do unless somebody has changed it.
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": true,
            "allowedToCreateSecurityGroups": true,
            "allowedToCreateTenants": true,
            "allowedToReadBitlockerKeysForOwnedDevice": true,
            "allowedToReadOtherUsers": true,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-low"],
        },
    })
}
