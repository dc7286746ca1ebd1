//! Writing cross-tenant access settings: the policy itself, the default, partners.
//!
//! What a body says of a block takes its place; blocks that it does not name stay. [`BlockUpdate`] says what becomes of
//! values that it leaves out of a block.
//!
//! Not responsible for: a partner's identity synchronisation (`identity_synchronization`).

use super::access_settings::AccessBlocks;
use super::administrators::AdministratorRole;
use super::auth::Caller;
use super::cross_tenant_access::{BlockUpdate, CrossTenantAccess, PartnerConfiguration, UserConsent};
use super::cross_tenant_policy::{PARTNERS, partner_object, root, standard, synchronization_object};
use super::error::GraphError;
use super::model::Directory;
use super::plain::put;
use super::policy_audit::{ADD_PARTNER, DELETE_PARTNER, UPDATE_DEFAULT, UPDATE_PARTNER, UPDATE_POLICY};
use super::query::{Query, context_url, path_id};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const WRITE: &[&str] = &["Policy.ReadWrite.CrossTenantAccess"];
const ADMINISTRATORS: &[AdministratorRole] = &[AdministratorRole::Security, AdministratorRole::Global];
/// The whole policy is no larger.
const LARGEST: usize = 25 * 1024;
/// What Graph can write and the simulated tenant cannot: whoever tries has to have it simulated first.
const NOT_SIMULATED: &[&str] = &[
    "appServiceConnectInbound",
    "description",
    "displayName",
    "invitationRedemptionIdentityProviderConfiguration",
    "m365CollaborationInbound",
    "m365CollaborationOutbound",
];

/// `PATCH /policies/crossTenantAccessPolicy`
pub(super) fn update_policy(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    let body = write(caller, request)?;
    let before = root(&state.directory);
    let mut access = state.directory.cross_tenant_access.clone();
    for (name, value) in body {
        if name != "allowedCloudEndpoints" || before.get(name).is_none() {
            return Err(not_writable(&before, name));
        }
        let endpoints: Vec<String> = parsed(name, value)?;
        let clouds = [Cloud::Global, Cloud::UsGov, Cloud::China].map(Cloud::endpoint);
        if !endpoints.iter().all(|endpoint| clouds.contains(&endpoint.as_str())) {
            return Err(invalid(name));
        }
        access.allowed_cloud_endpoints = endpoints;
    }
    store(&mut state.directory, access)?;
    let after = root(&state.directory);
    let id = state.directory.derived_id("cross-tenant-access-policy");
    state.directory.record_policy(UPDATE_POLICY, id, &before, &after);
    Ok(Answer::empty(204))
}

/// `PATCH /policies/crossTenantAccessPolicy/default`
pub(super) fn update_default(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    let body = write(caller, request)?;
    let before = standard(&state.directory);
    let mut access = state.directory.cross_tenant_access.clone();
    let blocks = &mut access.default.blocks;
    for (name, value) in body {
        // Nothing is behind the default that it could inherit from.
        if value.is_null() {
            return Err(invalid(name));
        }
        set_block(blocks, &before, name, value, access.block_update)?;
    }
    blocks.check()?;
    access.default.is_service_default = false;
    store(&mut state.directory, access)?;
    let after = standard(&state.directory);
    let id = state.directory.derived_id("cross-tenant-access");
    state.directory.record_policy(UPDATE_DEFAULT, id, &before, &after);
    Ok(Answer::empty(204))
}

/// `POST /policies/crossTenantAccessPolicy/partners`
pub(super) fn add_partner(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    let mut body = write(caller, request)?.clone();
    let tenant = body.remove("tenantId").unwrap_or_default();
    let tenant: Uuid = parsed("tenantId", &tenant)?;
    let directory = &mut state.directory;
    if tenant == directory.tenant_id() {
        return Err(GraphError::bad_request("A tenant cannot be its own partner."));
    }
    let mut access = directory.cross_tenant_access.clone();
    if access.partners.contains_key(&tenant) {
        return Err(exists("tenantId"));
    }
    let mut partner = PartnerConfiguration::new(&[]);
    if let Some(known) = directory.known_tenants.get(&tenant) {
        partner.domains.clone_from(&known.domains);
        partner.cloud = Some(known.cloud);
    }
    let cloud = directory.cloud();
    change(&mut partner, cloud, tenant, &body, access.block_update)?;
    access.partners.insert(tenant, partner.clone());
    store(directory, access)?;
    let mut after = partner_object(cloud, tenant, &partner);
    directory.record_policy(ADD_PARTNER, tenant, &Value::Null, &after);
    put(&mut after, json!({"@odata.context": context_url(state, &format!("{PARTNERS}/$entity"))}));
    Ok(Answer::json(201, after))
}

/// `PATCH /policies/crossTenantAccessPolicy/partners/{tenant id}`
pub(super) fn update_partner(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let body = write(caller, request)?;
    let directory = &mut state.directory;
    let (tenant, mut partner) = found(directory, key)?;
    let cloud = directory.cloud();
    let before = partner_object(cloud, tenant, &partner);
    let mut access = directory.cross_tenant_access.clone();
    change(&mut partner, cloud, tenant, body, access.block_update)?;
    let after = partner_object(cloud, tenant, &partner);
    access.partners.insert(tenant, partner);
    store(directory, access)?;
    directory.record_policy(UPDATE_PARTNER, tenant, &before, &after);
    Ok(Answer::empty(204))
}

/// `DELETE /policies/crossTenantAccessPolicy/partners/{tenant id}`
pub(super) fn delete_partner(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    require_write(caller, request)?;
    let directory = &mut state.directory;
    let (tenant, partner) = found(directory, key)?;
    if partner.synchronization.is_some() {
        // That it is refused is documented, status and words are not.
        return Err(GraphError::bad_request("The partner's identity synchronization must be deleted first."));
    }
    directory.cross_tenant_access.partners.remove(&tenant);
    let before = partner_object(directory.cloud(), tenant, &partner);
    directory.record_policy(DELETE_PARTNER, tenant, &before, &Value::Null);
    Ok(Answer::empty(204))
}

/// Changes what a body names of a partner.
fn change(
    partner: &mut PartnerConfiguration,
    cloud: Cloud,
    tenant: Uuid,
    body: &Map<String, Value>,
    update: BlockUpdate,
) -> Result<(), GraphError> {
    let before = partner_object(cloud, tenant, partner);
    for (name, value) in body {
        match name.as_str() {
            "automaticUserConsentSettings" => {
                let consent: Option<UserConsent> = parsed(name, &block(&before, name, value, update))?;
                partner.consent = consent;
            }
            "isServiceProvider" => partner.is_service_provider = parsed(name, value)?,
            _ => set_block(&mut partner.blocks, &before, name, value, update)?,
        }
    }
    partner.blocks.check()
}

/// Changes a block that this cloud's schema has: it is among those that are shown.
fn set_block(
    blocks: &mut AccessBlocks,
    shown: &Value,
    name: &str,
    value: &Value,
    update: BlockUpdate,
) -> Result<(), GraphError> {
    let mut all = json!(blocks);
    if shown.get(name).is_none() || all.get(name).is_none() {
        return Err(not_writable(shown, name));
    }
    all[name] = block(shown, name, value, update);
    *blocks = parsed(name, &all)?;
    Ok(())
}

/// What a block becomes.
fn block(shown: &Value, name: &str, value: &Value, update: BlockUpdate) -> Value {
    let mut block = if update == BlockUpdate::Merges { shown[name].clone() } else { Value::Null };
    match value {
        Value::Object(_) if block.is_object() => {
            put(&mut block, value.clone());
            block
        }
        _ => value.clone(),
    }
}

/// Who may write, and what.
pub(super) fn write<'a>(caller: &Caller, request: &'a Request) -> Result<&'a Map<String, Value>, GraphError> {
    require_write(caller, request)?;
    request.object()
}

/// The same without a body.
pub(super) fn require_write(caller: &Caller, request: &Request) -> Result<(), GraphError> {
    caller.require(WRITE)?;
    caller.require_administrator(ADMINISTRATORS)?;
    Query::parse(request, &[])?;
    Ok(())
}

/// A partner that is to be written.
pub(super) fn found(directory: &Directory, key: &str) -> Result<(Uuid, PartnerConfiguration), GraphError> {
    let tenant = path_id(key)?;
    let partner = directory.cross_tenant_access.partners.get(&tenant);
    partner.map(|partner| (tenant, partner.clone())).ok_or_else(not_there)
}

pub(super) fn not_there() -> GraphError {
    GraphError::new(404, "Directory_ObjectNotFound", "Unable to find the target object in the directory.")
}

/// Takes the settings over, unless they are too large.
pub(super) fn store(directory: &mut Directory, access: CrossTenantAccess) -> Result<(), GraphError> {
    let before = std::mem::replace(&mut directory.cross_tenant_access, access);
    let partners = directory.cross_tenant_access.partners.iter();
    let partners: Vec<Value> = partners
        .map(|(tenant, partner)| {
            let synchronization = partner.synchronization.as_ref();
            let synchronization = synchronization.map(|settings| synchronization_object(*tenant, settings));
            json!([partner_object(directory.cloud(), *tenant, partner), synchronization])
        })
        .collect();
    let size = json!([root(directory), standard(directory), partners]).to_string().len();
    if size > LARGEST {
        directory.cross_tenant_access = before;
        return Err(GraphError::bad_request(format!("The policy would have {size} bytes; {LARGEST} are allowed.")));
    }
    Ok(())
}

/// Reads a value of a body.
pub(super) fn parsed<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, GraphError> {
    serde_json::from_value(value.clone()).map_err(|_| invalid(name))
}

pub(super) fn invalid(name: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value specified for property '{name}'."))
}

/// A property that is not among those that are shown does not exist in this cloud.
pub(super) fn not_writable(shown: &Value, name: &str) -> GraphError {
    if shown.get(name).is_some() && NOT_SIMULATED.contains(&name) {
        return GraphError::unknown(format!("writing {name} is not simulated"));
    }
    GraphError::bad_request(format!("Property '{name}' is read-only or does not exist."))
}

pub(super) fn exists(property: &str) -> GraphError {
    let message = format!("Another object with the same value for property {property} already exists.");
    GraphError::new(409, "Request_MultipleObjectsWithSameKeyValue", message)
}
