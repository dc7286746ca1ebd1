//! `GET /servicePrincipals`, one of them, and its deletion, which is for good here.

use super::graph::GRAPH_APP_ID;
use super::model::{AppRole, PrincipalKind, ServicePrincipal};
use super::routes::Named;
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::filter::Rules;
use crate::tenant::listing;
use crate::tenant::property::{Property, Resource, maybe, owned, projection, render, text};
use crate::tenant::query::{Query, context_url, entity};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const READ: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const DELETE: &[&str] = &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.ReadWrite.All"];

/// Microsoft's table for service principals, as far as it is used.
const RULES: Rules = &[
    ("accountEnabled", "DAA--D---"),
    ("appId", "DAA--D---"),
    ("applicationTemplateId", "DAA---A--"),
    ("displayName", "DAADDDD-A"),
    ("id", "DAA--D---"),
    ("servicePrincipalType", "DAA--D---"),
];

/// `GET /servicePrincipals`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ)?;
    let now = state.directory.clock().now();
    let all = state.directory.applications.principals.iter();
    let readable: BTreeMap<Uuid, &ServicePrincipal> =
        all.filter(|(_, principal)| principal.arrives <= now).map(|(id, principal)| (*id, principal)).collect();
    listing::list(state, request, "servicePrincipals", RULES, &readable)
}

/// `GET /servicePrincipals/{id}`, `GET /servicePrincipals(appId='…')`
pub(super) fn get(state: &State, caller: &Caller, request: &Request, named: Named<'_>) -> GraphResult {
    caller.require(READ)?;
    let query = Query::parse(request, &["$select"])?;
    let names = projection::<&ServicePrincipal>(query.select.as_deref())?;
    let id = named.require(&state.directory)?;
    let principal = state.directory.service_principal_of(id);
    let object = principal.map(|principal| render(&principal, &names)).unwrap_or_default();
    Ok(entity(state, &query, "servicePrincipals", object))
}

/// `DELETE /servicePrincipals/{id}`: what hangs on it goes along.
pub(super) fn delete(state: &mut State, caller: &Caller, request: &Request, named: Named<'_>) -> GraphResult {
    caller.require(DELETE)?;
    Query::parse(request, &[])?;
    let id = named.require(&state.directory)?;
    let directory = &mut state.directory;
    let is_own = id == directory.service_principal() || id == directory.graph_service_principal();
    if is_own {
        return Err(GraphError::directory("This service principal cannot be deleted."));
    }
    directory.applications.principals.remove(&id);
    directory.synchronizations.forget(id);
    directory.applications.assignments.retain(|_, assignment| assignment.resource != id && assignment.principal != id);
    Ok(Answer::empty(204))
}

/// A service principal with all that is shown by default.
pub(in crate::tenant) fn shown(principal: &ServicePrincipal) -> Map<String, Value> {
    render(&principal, <&ServicePrincipal>::DEFAULT)
}

/// The application behind a service principal that was made from a template.
pub(in crate::tenant) fn shown_application(state: &State, principal: &ServicePrincipal) -> Value {
    let directory = &state.directory;
    json!({
        "@odata.context": context_url(state, "applications/$entity"),
        "id": directory.derived_id(&format!("application/{}", principal.app_id)),
        "appId": principal.app_id,
        "applicationTemplateId": principal.template,
        "createdDateTime": principal.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "displayName": principal.display_name,
        "signInAudience": "AzureADMyOrg",
    })
}

impl Resource for &ServicePrincipal {
    const TYPE: &'static str = "servicePrincipal";

    const NAMES: &'static [&'static str] = &[
        "accountEnabled",
        "alternativeNames",
        "appDescription",
        "appDisplayName",
        "appId",
        "appOwnerOrganizationId",
        "appRoleAssignmentRequired",
        "appRoles",
        "applicationTemplateId",
        "deletedDateTime",
        "description",
        "displayName",
        "homepage",
        "id",
        "loginUrl",
        "notes",
        "preferredSingleSignOnMode",
        "replyUrls",
        "servicePrincipalNames",
        "servicePrincipalType",
        "signInAudience",
        "tags",
    ];

    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(self.id),
            "appId" => owned(self.app_id),
            "displayName" | "appDisplayName" => text(&self.display_name),
            "accountEnabled" => Property::Bool(true),
            "applicationTemplateId" => maybe(self.template, owned),
            "appRoleAssignmentRequired" => Property::Bool(self.template.is_some()),
            "appRoles" => Property::List(self.app_roles.iter().map(app_role).collect()),
            "servicePrincipalNames" => Property::List(vec![owned(self.app_id)]),
            "servicePrincipalType" => text(match self.kind {
                PrincipalKind::Application => "Application",
                PrincipalKind::ManagedIdentity => "ManagedIdentity",
            }),
            "signInAudience" if self.app_id == GRAPH_APP_ID => text("AzureADMultipleOrgs"),
            "signInAudience" if self.kind == PrincipalKind::Application => text("AzureADMyOrg"),
            "alternativeNames" | "replyUrls" | "tags" => Property::List(vec![]),
            _ => Property::Null,
        }
    }
}

fn app_role(role: &AppRole) -> Property<'_> {
    Property::Object(vec![
        ("allowedMemberTypes", Property::List(role.member_types.iter().map(|kind| text(kind)).collect())),
        ("description", text(&role.display_name)),
        ("displayName", text(&role.display_name)),
        ("id", owned(role.id)),
        ("isEnabled", Property::Bool(true)),
        ("origin", text("Application")),
        ("value", maybe(role.value.as_deref(), text)),
    ])
}
