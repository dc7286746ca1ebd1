//! The gallery template of a synchronisation across tenants: making a configuration from it, and the template of its
//! job.

use super::model::Synchronization;
use crate::tenant::applications::{AppRole, PrincipalKind, ServicePrincipal, shown, shown_application};
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

/// Cross-tenant synchronisation in the gallery, the same in every cloud.
const GALLERY: Uuid = uuid!("518e5f48-1fc8-4c48-9387-9fdf28b0dfe7");
/// Its job's template.
pub(super) const TEMPLATE: &str = "Azure2Azure";
/// What every application of the gallery offers.
const ROLES: [(&str, Uuid); 2] = [
    ("User", uuid!("18d14569-c3bd-439b-9a66-3a2aee01d14f")),
    ("msiam_access", uuid!("b9632174-c057-4f7e-951b-be3adc52bfe6")),
];
const INSTANTIATE: &[&str] = &["Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All"];

/// `POST /applicationTemplates/{id}/instantiate`
pub(in crate::tenant) fn instantiate(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(INSTANTIATE)?;
    Query::parse(request, &[])?;
    if key.parse() != Ok(GALLERY) {
        return Err(GraphError::not_found(key));
    }
    let name = request.object()?.get("displayName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(GraphError::bad_request("displayName is required."));
    }
    let directory = &mut state.directory;
    let id = directory.new_id();
    let now = directory.clock().now();
    let principal = ServicePrincipal {
        id,
        app_id: directory.derived_id(&format!("app/{id}")),
        display_name: name.to_owned(),
        kind: PrincipalKind::Application,
        template: Some(GALLERY),
        app_roles: ROLES.map(|(name, id)| AppRole::for_users(id, name)).into(),
        created: now,
        arrives: now + directory.lag.max(directory.sync.instantiation_lag),
    };
    directory.insert_service_principal(principal.clone());
    directory.synchronizations.all.insert(id, Synchronization::default());
    let mut body = json!({
        "@odata.context": context_url(state, "microsoft.graph.applicationServicePrincipal"),
        "application": shown_application(state, &principal),
        "servicePrincipal": shown(&principal),
    });
    if let Some(application) = body["application"].as_object_mut() {
        application.remove("@odata.context");
    }
    Ok(Answer::json(201, body))
}

/// `GET /servicePrincipals/{id}/synchronization/templates`
pub(super) fn list(state: &State, request: &Request, principal: Uuid) -> GraphResult {
    Query::parse(request, &[])?;
    let is_configuration = state.directory.synchronizations.all.contains_key(&principal);
    let application = state.directory.service_principal_of(principal).map(|own| own.app_id);
    let template = json!({
        "id": TEMPLATE,
        "applicationId": application,
        "default": true,
        "description": null,
        "discoverable": true,
        "factoryTag": TEMPLATE,
        "metadata": [],
    });
    let context = context_url(state, &format!("servicePrincipals('{principal}')/synchronization/templates"));
    let all: Vec<Value> = is_configuration.then_some(template).into_iter().collect();
    Ok(Answer::ok(json!({"@odata.context": context, "value": all})))
}
