//! `GET /policies/crossTenantAccessPolicy`, its default and partners, and a partner's identity synchronisation.
//!
//! What nothing here goes by is shown as it is in a tenant where nobody has touched it. What Graph answers for a partner
//! that is not there, or a synchronisation that was never made, is not documented; here it is 404.
//!
//! Not responsible for: writing them (`cross_tenant_writes`, `identity_synchronization`).

use super::auth::Caller;
use super::cross_tenant_access::{IdentitySynchronization, PartnerConfiguration};
use super::error::GraphError;
use super::model::Directory;
use super::plain::{put, selected, show, show_all, without};
use super::query::{Query, entity, path_id};
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use serde_json::{Value, json};
use uuid::Uuid;

const PERMISSIONS: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"];
const POLICY: &str = "policies/crossTenantAccessPolicy";
pub(super) const PARTNERS: &str = "policies/crossTenantAccessPolicy/partners";
pub(super) const PARTNER: &str = "crossTenantAccessPolicyConfigurationPartner";

/// In the schema of the commercial cloud only.
const COMMERCIAL_ONLY: &[&str] = &[
    "allowedCloudEndpoints",
    "appServiceConnectInbound",
    "isInMultiTenantOrganization",
    "m365CollaborationInbound",
    "m365CollaborationOutbound",
    "tenantRestrictions",
];

/// `GET /policies/crossTenantAccessPolicy`
pub(super) fn policy(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let query = read(caller, request)?;
    show(state, &query, POLICY, "crossTenantAccessPolicy", root(&state.directory))
}

/// `GET /policies/crossTenantAccessPolicy/default`
pub(super) fn default(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let query = read(caller, request)?;
    let mut object = selected(&query, "crossTenantAccessPolicyConfigurationDefault", standard(&state.directory))?;
    if query.select.is_none() {
        // The schema has an id, the documented answer has none.
        object.remove("id");
    }
    Ok(entity(state, &query, "policies/crossTenantAccessPolicy/default", object))
}

/// `GET /policies/crossTenantAccessPolicy/partners`
pub(super) fn partners(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let query = read(caller, request)?;
    let directory = &state.directory;
    let all = directory.cross_tenant_access.partners.iter();
    let all = all.map(|(tenant, settings)| partner_object(directory.cloud(), *tenant, settings));
    show_all(state, request, &query, PARTNERS, PARTNER, all)
}

/// `GET /policies/crossTenantAccessPolicy/partners/{tenant id}`
pub(super) fn partner(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let query = read(caller, request)?;
    let (tenant, settings) = find(&state.directory, key)?;
    show(state, &query, PARTNERS, PARTNER, partner_object(state.directory.cloud(), tenant, settings))
}

/// `GET /policies/crossTenantAccessPolicy/partners/{tenant id}/identitySynchronization`
pub(super) fn synchronization(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let query = read(caller, request)?;
    let (tenant, settings) = find(&state.directory, key)?;
    let settings = settings.synchronization.as_ref().ok_or_else(|| GraphError::not_found(key))?;
    let set = format!("{PARTNERS}('{tenant}')/identitySynchronization");
    let object = synchronization_object(tenant, settings);
    show(state, &query, &set, "crossTenantIdentitySyncPolicyPartner", object)
}

fn find<'a>(directory: &'a Directory, key: &str) -> Result<(Uuid, &'a PartnerConfiguration), GraphError> {
    let tenant = path_id(key)?;
    let settings = directory.cross_tenant_access.partners.get(&tenant);
    settings.map(|settings| (tenant, settings)).ok_or_else(|| GraphError::not_found(key))
}

fn read(caller: &Caller, request: &Request) -> Result<Query, GraphError> {
    caller.require(PERMISSIONS)?;
    Query::parse(request, &["$select"])
}

fn in_schema(cloud: Cloud, object: Value) -> Value {
    if cloud == Cloud::Global { object } else { without(object, COMMERCIAL_ONLY) }
}

/// The policy itself.
pub(super) fn root(directory: &Directory) -> Value {
    let object = json!({
        "id": directory.derived_id("cross-tenant-access-policy"),
        "deletedDateTime": null,
        "description": null,
        "displayName": "CrossTenantAccessPolicy",
        "allowedCloudEndpoints": directory.cross_tenant_access.allowed_cloud_endpoints,
    });
    in_schema(directory.cloud(), object)
}

/// The default settings.
pub(super) fn standard(directory: &Directory) -> Value {
    let settings = &directory.cross_tenant_access.default;
    let mut object = json!({
        "id": directory.derived_id("cross-tenant-access"),
        "appServiceConnectInbound": null,
        "automaticUserConsentSettings": settings.consent,
        "invitationRedemptionIdentityProviderConfiguration": {
            "primaryIdentityProviderPrecedenceOrder":
                ["azureActiveDirectory", "externalFederation", "socialIdentityProviders"],
            "fallbackIdentityProvider": "defaultConfiguredIdp",
        },
        "isServiceDefault": settings.is_service_default,
        "m365CollaborationInbound": null,
        "m365CollaborationOutbound": null,
    });
    put(&mut object, json!(settings.blocks));
    in_schema(directory.cloud(), object)
}

/// A partner.
pub(super) fn partner_object(cloud: Cloud, tenant: Uuid, settings: &PartnerConfiguration) -> Value {
    let mut object = json!({
        "appServiceConnectInbound": null,
        "automaticUserConsentSettings": settings.consent,
        "isInMultiTenantOrganization": false,
        "isServiceProvider": settings.is_service_provider,
        "m365CollaborationInbound": null,
        "m365CollaborationOutbound": null,
        "tenantId": tenant,
    });
    put(&mut object, json!(settings.blocks));
    in_schema(cloud, object)
}

/// A partner's identity synchronisation.
pub(super) fn synchronization_object(tenant: Uuid, settings: &IdentitySynchronization) -> Value {
    json!({
        "displayName": settings.display_name,
        "tenantId": tenant,
        "userSyncInbound": {"isSyncAllowed": settings.is_sync_allowed},
    })
}
