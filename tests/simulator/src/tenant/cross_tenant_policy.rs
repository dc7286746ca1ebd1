//! `GET /policies/crossTenantAccessPolicy/default`, `/partners`, and a partner's identity synchronisation.
//!
//! What nothing here goes by is shown as it is in a tenant where nobody has touched it. What Graph answers for a partner
//! that is not there, or a synchronisation that was never made, is not documented; here it is 404.

use super::auth::Caller;
use super::cross_tenant_access::{IdentitySynchronization, PartnerConfiguration, UserConsent};
use super::error::GraphError;
use super::model::Directory;
use super::property::{Property, Resource, find_name, maybe, owned, render, text};
use super::query::{Page, Query, collection, entity, path_id};
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use uuid::Uuid;

const PERMISSIONS: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"];
const PARTNERS: &str = "policies/crossTenantAccessPolicy/partners";

/// In the schema of the commercial cloud only.
const COMMERCIAL_ONLY: &[&str] = &[
    "appServiceConnectInbound",
    "isInMultiTenantOrganization",
    "m365CollaborationInbound",
    "m365CollaborationOutbound",
    "tenantRestrictions",
];

/// `GET /policies/crossTenantAccessPolicy/default`
pub(super) fn default(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let (query, names) = read::<Standard>(state, caller, request)?;
    let object = render(&Standard(&state.directory), &names);
    Ok(entity(state, &query, "policies/crossTenantAccessPolicy/default", object))
}

/// `GET /policies/crossTenantAccessPolicy/partners`
pub(super) fn partners(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let (query, names) = read::<Partner>(state, caller, request)?;
    let partners = state.directory.cross_tenant_access.partners.iter();
    let items = partners.map(|(tenant, settings)| render(&Partner { tenant: *tenant, settings }, &names)).collect();
    Ok(collection(state, request, &query, PARTNERS, Page { items, next: None }, None))
}

/// `GET /policies/crossTenantAccessPolicy/partners/{tenant id}`
pub(super) fn partner(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let (query, names) = read::<Partner>(state, caller, request)?;
    let partner = find(&state.directory, key)?;
    Ok(entity(state, &query, PARTNERS, render(&partner, &names)))
}

/// `GET /policies/crossTenantAccessPolicy/partners/{tenant id}/identitySynchronization`
pub(super) fn synchronization(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let (query, names) = read::<Synchronization>(state, caller, request)?;
    let Partner { tenant, settings } = find(&state.directory, key)?;
    let settings = settings.synchronization.as_ref().ok_or_else(|| GraphError::not_found(key))?;
    let set = format!("{PARTNERS}('{tenant}')/identitySynchronization");
    Ok(entity(state, &query, &set, render(&Synchronization { tenant, settings }, &names)))
}

fn find<'a>(directory: &'a Directory, key: &str) -> Result<Partner<'a>, GraphError> {
    let tenant = path_id(key)?;
    let settings = directory.cross_tenant_access.partners.get(&tenant);
    settings.map(|settings| Partner { tenant, settings }).ok_or_else(|| GraphError::not_found(key))
}

/// Who may ask gets what is selected of what this cloud's schema knows.
fn read<R: Resource>(
    state: &State,
    caller: &Caller,
    request: &Request,
) -> Result<(Query, Vec<&'static str>), GraphError> {
    caller.require(PERMISSIONS)?;
    let query = Query::parse(request, &["$select"])?;
    let commercial = state.directory.cloud() == Cloud::Global;
    let in_schema = |names: &[&'static str]| -> Vec<&'static str> {
        names.iter().copied().filter(|name| commercial || !COMMERCIAL_ONLY.contains(name)).collect()
    };
    let names = match &query.select {
        None => in_schema(R::DEFAULT),
        Some(select) => {
            let known = in_schema(R::NAMES);
            select.iter().map(|name| find_name(&known, name, R::TYPE)).collect::<Result<_, _>>()?
        }
    };
    Ok((query, names))
}

/// The default settings as Graph shows them.
struct Standard<'a>(&'a Directory);

impl Resource for Standard<'_> {
    const TYPE: &'static str = "crossTenantAccessPolicyConfigurationDefault";
    const NAMES: &'static [&'static str] = &[
        "id",
        "appServiceConnectInbound",
        "automaticUserConsentSettings",
        "b2bCollaborationInbound",
        "b2bCollaborationOutbound",
        "b2bDirectConnectInbound",
        "b2bDirectConnectOutbound",
        "inboundTrust",
        "invitationRedemptionIdentityProviderConfiguration",
        "isServiceDefault",
        "m365CollaborationInbound",
        "m365CollaborationOutbound",
        "tenantRestrictions",
    ];
    // The schema has an id, the documented answer has none.
    const DEFAULT: &'static [&'static str] = Self::NAMES.split_at(1).1;

    fn property(&self, name: &str) -> Property<'_> {
        let settings = &self.0.cross_tenant_access.default;
        match name {
            "id" => owned(self.0.derived_id("cross-tenant-access")),
            "automaticUserConsentSettings" => consent(settings.consent),
            "b2bCollaborationInbound" | "b2bCollaborationOutbound" => Property::Object(everybody("allowed")),
            "b2bDirectConnectInbound" | "b2bDirectConnectOutbound" => Property::Object(everybody("blocked")),
            "inboundTrust" => Property::Object(vec![
                ("isMfaAccepted", Property::Bool(false)),
                ("isCompliantDeviceAccepted", Property::Bool(false)),
                ("isHybridAzureADJoinedDeviceAccepted", Property::Bool(false)),
            ]),
            "invitationRedemptionIdentityProviderConfiguration" => {
                let order = ["azureActiveDirectory", "externalFederation", "socialIdentityProviders"];
                Property::Object(vec![
                    ("primaryIdentityProviderPrecedenceOrder", Property::List(order.map(text).into())),
                    ("fallbackIdentityProvider", text("defaultConfiguredIdp")),
                ])
            }
            "isServiceDefault" => Property::Bool(settings.is_service_default),
            "tenantRestrictions" => {
                let mut restrictions = everybody("blocked");
                restrictions.push(("devices", Property::Null));
                Property::Object(restrictions)
            }
            _ => Property::Null,
        }
    }
}

/// A partner's settings as Graph shows them.
struct Partner<'a> {
    tenant: Uuid,
    settings: &'a PartnerConfiguration,
}

impl Resource for Partner<'_> {
    const TYPE: &'static str = "crossTenantAccessPolicyConfigurationPartner";
    const NAMES: &'static [&'static str] = &[
        "appServiceConnectInbound",
        "automaticUserConsentSettings",
        "b2bCollaborationInbound",
        "b2bCollaborationOutbound",
        "b2bDirectConnectInbound",
        "b2bDirectConnectOutbound",
        "inboundTrust",
        "isInMultiTenantOrganization",
        "isServiceProvider",
        "m365CollaborationInbound",
        "m365CollaborationOutbound",
        "tenantId",
        "tenantRestrictions",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "tenantId" => owned(self.tenant),
            "automaticUserConsentSettings" => maybe(self.settings.consent, consent),
            "isInMultiTenantOrganization" => Property::Bool(false),
            _ => Property::Null,
        }
    }
}

/// A partner's identity synchronisation as Graph shows it.
struct Synchronization<'a> {
    tenant: Uuid,
    settings: &'a IdentitySynchronization,
}

impl Resource for Synchronization<'_> {
    const TYPE: &'static str = "crossTenantIdentitySyncPolicyPartner";
    const NAMES: &'static [&'static str] = &["displayName", "tenantId", "userSyncInbound"];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "tenantId" => owned(self.tenant),
            "displayName" => text(&self.settings.display_name),
            "userSyncInbound" => {
                Property::Object(vec![("isSyncAllowed", Property::Bool(self.settings.is_sync_allowed))])
            }
            _ => Property::Null,
        }
    }
}

fn consent(consent: UserConsent) -> Property<'static> {
    Property::Object(vec![
        ("inboundAllowed", maybe(consent.inbound, Property::Bool)),
        ("outboundAllowed", maybe(consent.outbound, Property::Bool)),
    ])
}

/// All users and all applications.
fn everybody(access: &'static str) -> Vec<(&'static str, Property<'static>)> {
    let part = |target: &'static str, kind: &'static str| {
        let target = Property::Object(vec![("target", text(target)), ("targetType", text(kind))]);
        Property::Object(vec![("accessType", text(access)), ("targets", Property::List(vec![target]))])
    };
    vec![("usersAndGroups", part("AllUsers", "user")), ("applications", part("AllApplications", "application"))]
}
