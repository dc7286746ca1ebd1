//! Which handler a request below `/servicePrincipals/{id}/synchronization` belongs to.

use super::access::{Wish, require};
use super::{jobs, on_demand, schemas, secrets, templates, validation};
use crate::tenant::applications::Named;
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::request::{GraphResult, Request};
use crate::tenant::state::State;

/// Carries out a request to the synchronisation of a service principal.
pub(in crate::tenant) fn dispatch(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    named: Named<'_>,
    below: &[&str],
) -> GraphResult {
    let method = request.method.as_str();
    let wish = match (method, below) {
        ("GET", [.., "filterOperators"]) => Wish::Write,
        ("GET", _) => Wish::Read,
        ("PATCH", ["jobs", _]) => Wish::Mighty,
        (_, ["jobs", _, "restart"]) if !state.directory.sync.owners_restart => Wish::Mighty,
        _ => Wish::Write,
    };
    require(caller, wish)?;
    let principal = named.require(&state.directory)?;
    match (method, below) {
        ("GET", ["templates"]) => templates::list(state, request, principal),
        ("GET", ["secrets"]) => secrets::list(state, request, principal),
        ("PUT", ["secrets"]) => secrets::replace(state, request, principal),
        ("GET", ["jobs"]) => jobs::list(state, request, principal),
        ("POST", ["jobs"]) => jobs::create(state, request, principal),
        ("POST", ["jobs", "validateCredentials"]) => validation::validate(state, request, principal, None),
        ("GET", ["jobs", job]) => jobs::get(state, request, principal, job),
        ("PATCH", ["jobs", job]) => jobs::update(state, request, principal, job),
        ("DELETE", ["jobs", job]) => jobs::delete(state, request, principal, job),
        ("POST", ["jobs", job, "validateCredentials"]) => validation::validate(state, request, principal, Some(job)),
        ("POST", ["jobs", job, "start"]) => jobs::start(state, request, principal, job),
        ("POST", ["jobs", job, "pause"]) => jobs::pause(state, request, principal, job),
        ("POST", ["jobs", job, "restart"]) => jobs::restart(state, request, principal, job),
        ("POST", ["jobs", job, "provisionOnDemand"]) => on_demand::provision(state, request, principal, job),
        ("GET", ["jobs", job, "schema"]) => schemas::get(state, request, principal, job),
        ("PUT", ["jobs", job, "schema"]) => schemas::replace(state, request, principal, job),
        ("GET", ["jobs", job, "schema", "filterOperators"]) => schemas::operators(state, request, principal, job),
        ("POST", ["jobs", job, "schema", "parseExpression"]) => schemas::parse(state, request, principal, job),
        _ => Err(GraphError::unknown("this request is not simulated")),
    }
}
