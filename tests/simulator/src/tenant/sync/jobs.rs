//! `/servicePrincipals/{id}/synchronization/jobs`: making, starting, stopping and restarting jobs.

use super::job::{Job, Schedule};
use super::status::shown;
use super::templates::TEMPLATE;
use super::{engine, schema};
use crate::tenant::error::GraphError;
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, Body, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a restart may forget.
const SCOPES: &[&str] =
    &["None", "ConnectorDataStore", "Escrows", "Watermark", "QuarantineState", "Full", "ForceDeletes"];

/// The job of this id.
pub(super) fn require<'a>(state: &'a mut State, principal: Uuid, key: &str) -> Result<&'a mut Job, GraphError> {
    let own = state.directory.synchronizations.all.get_mut(&principal);
    own.and_then(|own| own.jobs.get_mut(key)).ok_or_else(|| GraphError::not_found(key))
}

/// `GET /servicePrincipals/{id}/synchronization/jobs`
pub(super) fn list(state: &State, request: &Request, principal: Uuid) -> GraphResult {
    Query::parse(request, &[])?;
    let own = state.directory.synchronizations.all.get(&principal);
    let all: Vec<Value> = own.into_iter().flat_map(|own| own.jobs.values()).map(shown).collect();
    let context = context_url(state, &format!("servicePrincipals('{principal}')/synchronization/jobs"));
    Ok(Answer::ok(json!({"@odata.context": context, "value": all})))
}

/// `GET /servicePrincipals/{id}/synchronization/jobs/{job}`
pub(super) fn get(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let job = shown(require(state, principal, key)?);
    Ok(Answer::ok(with_context(state, principal, job)))
}

/// `POST /servicePrincipals/{id}/synchronization/jobs`
pub(super) fn create(state: &mut State, request: &Request, principal: Uuid) -> GraphResult {
    Query::parse(request, &[])?;
    if request.object()?.get("templateId").and_then(Value::as_str) != Some(TEMPLATE) {
        return Err(GraphError::bad_request("The templateId is missing or not known."));
    }
    let directory = &mut state.directory;
    let number = directory.new_id();
    let id = format!("{TEMPLATE}.{}.{number}", directory.tenant_id().simple());
    let job = Job::new(id.clone(), schema::default(number, directory.sync.external_filter));
    let answer = shown(&job);
    let own = directory.synchronizations.all.get_mut(&principal);
    let own = own.ok_or_else(|| GraphError::bad_request("The application has no such template."))?;
    own.jobs.insert(id, job);
    Ok(Answer::json(201, with_context(state, principal, answer)))
}

/// `PATCH /servicePrincipals/{id}/synchronization/jobs/{job}`: nothing of it that is used here can be written.
pub(super) fn update(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let body = request.object()?;
    require(state, principal, key)?;
    if body.keys().any(|name| name != "synchronizationJobSettings") {
        return Err(GraphError::unknown("only synchronizationJobSettings is written here"));
    }
    Ok(Answer::empty(204))
}

/// `DELETE /servicePrincipals/{id}/synchronization/jobs/{job}`: whom it wrote stay.
pub(super) fn delete(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    require(state, principal, key)?;
    if let Some(own) = state.directory.synchronizations.all.get_mut(&principal) {
        own.jobs.remove(key);
    }
    Ok(Answer::empty(204))
}

/// `POST …/jobs/{job}/start`: goes on where it stopped.
pub(super) fn start(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let now = state.directory.clock().now();
    let job = require(state, principal, key)?;
    if job.schedule != Schedule::Active {
        job.schedule = Schedule::Active;
        job.next = Some(now);
    }
    Ok(Answer::empty(204))
}

/// `POST …/jobs/{job}/pause`
pub(super) fn pause(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let job = require(state, principal, key)?;
    job.schedule = Schedule::Paused;
    job.next = None;
    Ok(Answer::empty(204))
}

/// `POST …/jobs/{job}/restart`: forgets what the criteria say, and starts.
pub(super) fn restart(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let criteria = match &request.body {
        Body::Empty => None,
        _ => request.object()?.get("criteria").and_then(|criteria| criteria["resetScope"].as_str()),
    };
    // Nothing is what the portal's button does.
    let criteria = criteria.filter(|text| !text.trim().is_empty()).unwrap_or("Watermark,Escrows,QuarantineState");
    let scopes: Vec<&str> = criteria.split(',').map(str::trim).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !SCOPES.contains(scope)) {
        return Err(GraphError::bad_request(format!("'{unknown}' is not a scope of a restart.")));
    }
    let has = |scope: &str| scopes.contains(&scope) || scope != "ForceDeletes" && scopes.contains(&"Full");
    let now = state.directory.clock().now();
    let job = require(state, principal, key)?;
    if has("Watermark") {
        job.full = true;
    }
    if has("Escrows") {
        job.escrows.clear();
    }
    if has("QuarantineState") {
        job.quarantine = None;
    }
    if has("ConnectorDataStore") {
        job.links.clear();
        job.removed.clear();
        job.seen.clear();
    }
    if has("ForceDeletes") {
        job.deletes_approved = true;
    }
    job.schedule = Schedule::Active;
    job.next = if job.quarantine.is_some() { job.next.or(Some(now + engine::INTERVAL)) } else { Some(now) };
    Ok(Answer::empty(204))
}

fn with_context(state: &State, principal: Uuid, mut job: Value) -> Value {
    let set = format!("servicePrincipals('{principal}')/synchronization/jobs/$entity");
    job["@odata.context"] = context_url(state, &set).into();
    job
}
