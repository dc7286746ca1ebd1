//! `GET /tenantRelationships/…`: what there is to know of other tenants, and the multitenant organisation.
//!
//! What Graph answers for a tenant that is not there is not documented; here it is 404.

use super::auth::Caller;
use super::error::GraphError;
use super::plain::{no_such_segment, show};
use super::query::Query;
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

const READ_TENANTS: &[&str] = &["CrossTenantInformation.ReadBasic.All"];
const READ_ORGANIZATION: &[&str] = &[
    "MultiTenantOrganization.ReadBasic.All",
    "MultiTenantOrganization.Read.All",
    "MultiTenantOrganization.ReadWrite.All",
];

/// A multitenant organisation that this tenant is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiTenantOrganization {
    /// What it is called.
    pub display_name: String,
    /// When it was made.
    pub created: Timestamp,
    /// It has been made up to the end.
    pub active: bool,
}

/// `GET /tenantRelationships/findTenantInformationByTenantId(tenantId='{id}')`
pub(super) fn find(state: &State, caller: &Caller, request: &Request, function: &str) -> GraphResult {
    let argument = function.strip_prefix("findTenantInformationByTenantId(tenantId='");
    let Some(key) = argument.and_then(|rest| rest.strip_suffix("')")) else {
        return Err(GraphError::unknown("this request is not simulated"));
    };
    caller.require(READ_TENANTS)?;
    let query = Query::parse(request, &["$select"])?;
    let id: Uuid = key.parse().map_err(|_| GraphError::bad_request("Invalid tenant id."))?;
    let tenant = state.directory.known_tenants.get(&id).ok_or_else(|| GraphError::not_found(key))?;
    let object = json!({
        "tenantId": id,
        "displayName": tenant.display_name,
        "defaultDomainName": tenant.default_domain,
        "federationBrandName": tenant.federation_brand_name,
    });
    show(state, &query, "microsoft.graph.tenantInformation", "tenantInformation", object)
}

/// `GET /tenantRelationships/multiTenantOrganization`
pub(super) fn organization(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let name = "multiTenantOrganization";
    if state.directory.cloud() != Cloud::Global {
        return Err(no_such_segment(name));
    }
    caller.require(READ_ORGANIZATION)?;
    let query = Query::parse(request, &["$select"])?;
    let directory = &state.directory;
    let organization = directory.multi_tenant_organization.as_ref().ok_or_else(|| GraphError::not_found(name))?;
    let object = json!({
        "id": directory.derived_id(name),
        "createdDateTime": organization.created,
        "description": null,
        "displayName": organization.display_name,
        "state": if organization.active { "active" } else { "inactive" },
    });
    show(state, &query, "tenantRelationships/multiTenantOrganization", name, object)
}
