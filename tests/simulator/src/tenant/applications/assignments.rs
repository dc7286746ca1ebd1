//! Who has which role of an application, from both sides: `appRoleAssignments` of a principal, `appRoleAssignedTo` of
//! the application.

use super::model::AppRoleAssignment;
use super::routes::Named;
use crate::tenant::administrators::AdministratorRole;
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::filter::Rules;
use crate::tenant::listing;
use crate::tenant::model::Directory;
use crate::tenant::property::{Property, Resource, maybe, owned, render};
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

const READ: &[&str] = &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", WRITE[0]];
const WRITE: &[&str] = &["AppRoleAssignment.ReadWrite.All"];
/// Whoever assigns has to read as well.
const READ_APPLICATIONS: &[&str] =
    &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// Nothing but the id is filtered by.
const RULES: Rules = &[("id", "D--------")];

/// `GET /servicePrincipals/{id}/appRoleAssignments`, `…/appRoleAssignedTo`
pub(super) fn list(state: &State, caller: &Caller, request: &Request, named: Named<'_>, side: &str) -> GraphResult {
    caller.require(READ)?;
    let id = named.require(&state.directory)?;
    let directory = &state.directory;
    let all = directory.app_role_assignments().into_iter().filter(|assignment| of(assignment, side) == id);
    let shown = all.filter_map(|assignment| Some((assignment.id, Shown::find(directory, assignment)?)));
    let shown: BTreeMap<Uuid, Shown> = shown.collect();
    listing::list(state, request, &format!("servicePrincipals('{id}')/{side}"), RULES, &shown)
}

/// Whoever signs in to assign somebody to an application needs less than who gives an application permissions.
fn administrators(side: &str) -> &'static [AdministratorRole] {
    const ASSIGN: &[AdministratorRole] = &[
        AdministratorRole::CloudApplication,
        AdministratorRole::Application,
        AdministratorRole::PrivilegedRole,
        AdministratorRole::Global,
    ];
    const CONSENT: &[AdministratorRole] = &[AdministratorRole::PrivilegedRole, AdministratorRole::Global];
    if side == "appRoleAssignedTo" { ASSIGN } else { CONSENT }
}

/// `POST /servicePrincipals/{id}/appRoleAssignments`, `…/appRoleAssignedTo`
pub(super) fn create(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    named: Named<'_>,
    side: &str,
) -> GraphResult {
    caller.require(WRITE)?;
    caller.require(READ_APPLICATIONS)?;
    caller.require_administrator(administrators(side))?;
    Query::parse(request, &[])?;
    let own = named.require(&state.directory)?;
    let body = request.object()?;
    let (principal, resource, role) = (id(body, "principalId")?, id(body, "resourceId")?, id(body, "appRoleId")?);
    let named = if side == "appRoleAssignments" { principal } else { resource };
    if named != own {
        return Err(GraphError::directory("The ids in the body and in the path do not belong together."));
    }
    let directory = &mut state.directory;
    Named::Id(&resource.to_string()).require(directory)?;
    if kind(directory, principal).is_none() {
        return Err(GraphError::not_found(&principal.to_string()));
    }
    let offers = directory.service_principal_of(resource).map(|resource| resource.app_roles.clone());
    let offers = offers.unwrap_or_default();
    // An application without roles of its own is assigned by the id of nothing.
    let offered = offers.iter().any(|offered| offered.id == role) || offers.is_empty() && role.is_nil();
    if !offered {
        return Err(GraphError::directory("Permission being assigned was not found on application"));
    }
    let assignment = directory
        .assign_app_role(principal, resource, role)
        .map_err(|_| GraphError::directory("Permission being assigned already exists on the object"))?;
    let made = directory.app_role_assignments().into_iter().find(|made| made.id == assignment);
    let shown = made.and_then(|made| Shown::find(&state.directory, made));
    let mut object = shown.map(|shown| render(&shown, Shown::DEFAULT)).unwrap_or_default();
    let context = context_url(state, &format!("servicePrincipals('{own}')/{side}/$entity"));
    object.insert("@odata.context".into(), context.into());
    Ok(Answer::json(201, object.into()))
}

/// `DELETE /servicePrincipals/{id}/appRoleAssignments/{assignment}`, `…/appRoleAssignedTo/{assignment}`
pub(super) fn delete(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    named: Named<'_>,
    side: &str,
    key: &str,
) -> GraphResult {
    caller.require(WRITE)?;
    caller.require_administrator(administrators(side))?;
    Query::parse(request, &[])?;
    let own = named.require(&state.directory)?;
    let directory = &mut state.directory;
    let mut all = directory.app_role_assignments().into_iter();
    let found = all.find(|assignment| encoded(assignment.id) == key && of(assignment, side) == own);
    let found = found.ok_or_else(|| GraphError::not_found(key))?;
    directory.remove_app_role(found.id).map_err(|_| GraphError::not_found(key))?;
    Ok(Answer::empty(204))
}

/// Whose assignment it is, seen from the side.
fn of(assignment: &AppRoleAssignment, side: &str) -> Uuid {
    if side == "appRoleAssignments" { assignment.principal } else { assignment.resource }
}

fn id(body: &Map<String, Value>, name: &str) -> Result<Uuid, GraphError> {
    let value = body.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    value.ok_or_else(|| GraphError::directory(format!("Invalid value specified for property '{name}'.")))
}

/// Graph's ids of assignments are no GUIDs.
fn encoded(id: Uuid) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id)
}

/// What a principal is, and what it is called.
fn kind(directory: &Directory, id: Uuid) -> Option<(&'static str, String)> {
    let user = directory.shown_user(id).map(|user| ("User", user.display_name.clone()));
    let group = || directory.group(id).map(|group| ("Group", group.display_name.clone()));
    let service = || directory.service_principal_of(id).map(|own| ("ServicePrincipal", own.display_name.clone()));
    user.or_else(group).or_else(service)
}

/// An assignment with what its two ends are called. One whose principal is deleted is not shown.
struct Shown {
    assignment: AppRoleAssignment,
    kind: &'static str,
    principal: String,
    resource: Option<String>,
}

impl Shown {
    fn find(directory: &Directory, assignment: AppRoleAssignment) -> Option<Self> {
        let (kind, principal) = kind(directory, assignment.principal)?;
        let resource = directory.service_principal_of(assignment.resource);
        Some(Self { assignment, kind, principal, resource: resource.map(|resource| resource.display_name.clone()) })
    }
}

impl Resource for Shown {
    const TYPE: &'static str = "appRoleAssignment";
    const NAMES: &'static [&'static str] = &[
        "appRoleId",
        "createdDateTime",
        "deletedDateTime",
        "id",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(encoded(self.assignment.id)),
            "appRoleId" => owned(self.assignment.role),
            "createdDateTime" => Property::Time(self.assignment.created),
            "principalDisplayName" => owned(&self.principal),
            "principalId" => owned(self.assignment.principal),
            "principalType" => owned(self.kind),
            "resourceDisplayName" => maybe(self.resource.as_deref(), owned),
            "resourceId" => owned(self.assignment.resource),
            _ => Property::Null,
        }
    }
}
