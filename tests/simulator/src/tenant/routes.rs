//! Which handler a request to Graph belongs to.

use super::auth::Caller;
use super::error::GraphError;
use super::plain::no_such_segment;
use super::request::{GraphResult, Request};
use super::state::State;
use super::{
    applications, audits, authentication, authorization_policy, batch, conditional_access, cross_tenant_policy,
    cross_tenant_writes, deleted_items, delta, group_members, groups, identity_synchronization, invitations, licenses,
    membership, organization, registration_details, role_definitions, roles, sms_policy, sponsors, sync,
    tenant_relationships, user_update, users,
};

/// Carries out a request of an authenticated caller.
pub(super) fn dispatch(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["organization"]) => organization::list(state, caller, request),
        ("GET", ["users"]) => users::list(state, caller, request),
        ("GET", ["users", "delta"]) => delta::track(state, caller, request, delta::Kind::Users),
        ("GET", ["users", user]) => users::get(state, caller, request, user),
        ("DELETE", ["users", user]) => deleted_items::delete(state, caller, request, user),
        ("GET", ["directory", "deletedItems", "microsoft.graph.user"]) => deleted_items::list(state, caller, request),
        ("GET", ["directory", "deletedItems", id] | ["directory", "deletedItems", id, "microsoft.graph.user"]) => {
            deleted_items::get(state, caller, request, id)
        }
        ("POST", ["directory", "deletedItems", id, "restore"]) => deleted_items::restore(state, caller, request, id),
        ("PATCH", ["users", user]) => user_update::update(state, caller, request, user),
        ("GET", ["users", user, "sponsors"]) => sponsors::list(state, caller, request, user),
        ("POST", ["users", user, "sponsors", "$ref"]) => sponsors::add(state, caller, request, user),
        ("DELETE", ["users", user, "sponsors", sponsor, "$ref"]) => {
            sponsors::remove(state, caller, request, user, sponsor)
        }
        ("POST", ["users", user, "checkMemberGroups"]) => membership::check(state, caller, request, user),
        ("POST", ["users", user, "getMemberGroups"]) => membership::list(state, caller, request, user),
        ("GET", ["groups"]) => groups::list(state, caller, request),
        ("GET", ["groups", "delta"]) => delta::track(state, caller, request, delta::Kind::Groups),
        ("GET", ["groups", group]) => groups::get(state, caller, request, group),
        ("POST", ["groups", group, "members", "$ref"]) => group_members::add(state, caller, request, group),
        // Without the last segment it would be the member itself that is deleted: not simulated, so a violation.
        ("DELETE", ["groups", group, "members", member, "$ref"]) => {
            group_members::remove(state, caller, request, group, member)
        }
        ("GET", ["groups", group, "members", cast @ ..]) => {
            groups::members(state, caller, request, group, cast, groups::Depth::Direct)
        }
        ("GET", ["groups", group, "transitiveMembers", cast @ ..]) => {
            groups::members(state, caller, request, group, cast, groups::Depth::Transitive)
        }
        ("GET", ["roleManagement", "directory", "roleAssignments"]) => roles::assignments(state, caller, request),
        ("POST", ["roleManagement", "directory", "roleAssignments"]) => roles::assign(state, caller, request),
        ("DELETE", ["roleManagement", "directory", "roleAssignments", id]) => {
            roles::unassign(state, caller, request, id)
        }
        ("GET", ["roleManagement", "directory", "roleDefinitions"]) => role_definitions::list(state, caller, request),
        ("GET", ["roleManagement", "directory", "roleDefinitions", id]) => {
            role_definitions::get(state, caller, request, id)
        }
        ("GET", ["roleManagement", "directory", "roleEligibilityScheduleInstances"]) => {
            roles::eligibilities(state, caller, request)
        }
        ("GET", ["users", user, "authentication", "methods"]) => authentication::methods(state, caller, request, user),
        ("GET", ["users", user, "authentication", "phoneMethods"]) => {
            authentication::phones(state, caller, request, user)
        }
        (
            "POST",
            ["users", user, "authentication", "phoneMethods", phone, switch @ ("enableSmsSignIn" | "disableSmsSignIn")],
        ) => authentication::switch_sms(state, caller, request, (user, phone), *switch == "enableSmsSignIn"),
        ("GET", ["reports", "authenticationMethods", "userRegistrationDetails"]) => {
            registration_details::report(state, caller, request)
        }
        ("GET", ["policies", "authenticationMethodsPolicy", "authenticationMethodConfigurations", "sms" | "Sms"]) => {
            sms_policy::get(state, caller, request)
        }
        ("GET", ["policies", "authorizationPolicy"]) => authorization_policy::get(state, caller, request),
        ("PATCH", ["policies", "authorizationPolicy"]) => authorization_policy::update(state, caller, request),
        // Not in the schema of any cloud.
        (_, ["policies", name @ ("b2bManagementPolicies" | "externalIdentitiesPolicy")]) => Err(no_such_segment(name)),
        ("GET", ["identity", "conditionalAccess", "policies"]) => conditional_access::list(state, caller, request),
        ("GET", ["subscribedSkus"]) => licenses::list(state, caller, request),
        ("GET", ["tenantRelationships", "multiTenantOrganization"]) => {
            tenant_relationships::organization(state, caller, request)
        }
        (_, [set, below @ ..]) if applications::is_principals(set) => {
            applications::dispatch(state, caller, request, set, below)
        }
        ("GET", ["tenantRelationships", function]) => tenant_relationships::find(state, caller, request, function),
        (_, ["policies", "crossTenantAccessPolicy", rest @ ..]) => cross_tenant(state, caller, request, rest),
        ("POST", ["applicationTemplates", template, "instantiate"]) => {
            sync::instantiate(state, caller, request, template)
        }
        ("GET", ["auditLogs", "provisioning"]) => sync::provisioning(state, caller, request),
        ("GET", ["auditLogs", "directoryAudits"]) => audits::list(state, caller, request),
        ("POST", ["invitations"]) => invitations::create(state, caller, request),
        ("POST", ["$batch"]) => batch::run(state, caller, request),
        _ => Err(GraphError::unknown("this request is not simulated")),
    }
}

/// Cross-tenant access settings, by what comes after their name.
fn cross_tenant(state: &mut State, caller: &Caller, request: &Request, rest: &[&str]) -> GraphResult {
    match (request.method.as_str(), rest) {
        ("GET", []) => cross_tenant_policy::policy(state, caller, request),
        ("PATCH", []) => cross_tenant_writes::update_policy(state, caller, request),
        ("GET", ["default"]) => cross_tenant_policy::default(state, caller, request),
        ("PATCH", ["default"]) => cross_tenant_writes::update_default(state, caller, request),
        ("GET", ["partners"]) => cross_tenant_policy::partners(state, caller, request),
        ("POST", ["partners"]) => cross_tenant_writes::add_partner(state, caller, request),
        ("GET", ["partners", tenant]) => cross_tenant_policy::partner(state, caller, request, tenant),
        ("PATCH", ["partners", tenant]) => cross_tenant_writes::update_partner(state, caller, request, tenant),
        ("DELETE", ["partners", tenant]) => cross_tenant_writes::delete_partner(state, caller, request, tenant),
        (method, ["partners", tenant, "identitySynchronization"]) => match method {
            "GET" => cross_tenant_policy::synchronization(state, caller, request, tenant),
            "PUT" => identity_synchronization::create(state, caller, request, tenant),
            "PATCH" => identity_synchronization::update(state, caller, request, tenant),
            "DELETE" => identity_synchronization::delete(state, caller, request, tenant),
            _ => Err(GraphError::unknown("this request is not simulated")),
        },
        _ => Err(GraphError::unknown("this request is not simulated")),
    }
}
