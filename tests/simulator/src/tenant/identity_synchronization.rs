//! Writing a partner's identity synchronisation: whether it may synchronise people into this tenant.

use super::auth::Caller;
use super::cross_tenant_access::{IdentitySynchronization, PartnerConfiguration};
use super::cross_tenant_policy::synchronization_object;
use super::cross_tenant_writes::{exists, found, invalid, not_there, not_writable, require_write, store, write};
use super::error::GraphError;
use super::policy_audit::{ADD_SYNCHRONIZATION, DELETE_SYNCHRONIZATION, UPDATE_SYNCHRONIZATION};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use serde_json::{Map, Value};
use uuid::Uuid;

/// `PUT /policies/crossTenantAccessPolicy/partners/{tenant id}/identitySynchronization`
pub(super) fn create(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let body = write(caller, request)?;
    let (tenant, partner) = found(&state.directory, key)?;
    if partner.synchronization.is_some() {
        return Err(exists("tenantId"));
    }
    let none = IdentitySynchronization { display_name: String::new(), is_sync_allowed: false };
    keep(state, tenant, partner, Some(changed(none, body)?))
}

/// `PATCH /policies/crossTenantAccessPolicy/partners/{tenant id}/identitySynchronization`
pub(super) fn update(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let body = write(caller, request)?;
    let (tenant, partner, settings) = existing(state, key)?;
    keep(state, tenant, partner, Some(changed(settings, body)?))
}

/// `DELETE /policies/crossTenantAccessPolicy/partners/{tenant id}/identitySynchronization`
pub(super) fn delete(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    require_write(caller, request)?;
    let (tenant, partner, _) = existing(state, key)?;
    keep(state, tenant, partner, None)
}

fn existing(state: &State, key: &str) -> Result<(Uuid, PartnerConfiguration, IdentitySynchronization), GraphError> {
    let (tenant, partner) = found(&state.directory, key)?;
    let settings = partner.synchronization.clone().ok_or_else(not_there)?;
    Ok((tenant, partner, settings))
}

fn changed(
    mut settings: IdentitySynchronization,
    body: &Map<String, Value>,
) -> Result<IdentitySynchronization, GraphError> {
    for (name, value) in body {
        match name.as_str() {
            "displayName" => settings.display_name = value.as_str().ok_or_else(|| invalid(name))?.to_owned(),
            "userSyncInbound" => {
                let fields = value.as_object().filter(|fields| fields.len() == 1);
                let allowed = fields.and_then(|fields| fields.get("isSyncAllowed")?.as_bool());
                settings.is_sync_allowed = allowed.ok_or_else(|| invalid(name))?;
            }
            _ => return Err(not_writable(&Value::Null, name)),
        }
    }
    Ok(settings)
}

/// Takes the settings over, and writes it down.
fn keep(
    state: &mut State,
    tenant: Uuid,
    mut partner: PartnerConfiguration,
    settings: Option<IdentitySynchronization>,
) -> GraphResult {
    let shown = |settings: &IdentitySynchronization| synchronization_object(tenant, settings);
    let after = settings.as_ref().map_or(Value::Null, shown);
    let before = std::mem::replace(&mut partner.synchronization, settings);
    let before = before.as_ref().map_or(Value::Null, shown);
    let directory = &mut state.directory;
    let mut access = directory.cross_tenant_access.clone();
    access.partners.insert(tenant, partner);
    store(directory, access)?;
    let activity = match (&before, &after) {
        (Value::Null, _) => ADD_SYNCHRONIZATION,
        (_, Value::Null) => DELETE_SYNCHRONIZATION,
        _ => UPDATE_SYNCHRONIZATION,
    };
    directory.record_policy(activity, tenant, &before, &after);
    Ok(Answer::empty(204))
}
