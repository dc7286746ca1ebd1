//! `validateCredentials`: whether a synchronisation would work. How a failure is answered is not documented but for the
//! code; here it is 400.

use super::between::with_target;
use super::jobs;
use super::policy::{self, Trouble};
use super::secrets;
use super::templates::TEMPLATE;
use crate::tenant::error::GraphError;
use crate::tenant::query::Query;
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::Value;
use uuid::Uuid;

/// `POST /servicePrincipals/{id}/synchronization/jobs/validateCredentials`, `…/jobs/{job}/validateCredentials`
pub(super) fn validate(state: &mut State, request: &Request, principal: Uuid, job: Option<&str>) -> GraphResult {
    Query::parse(request, &[])?;
    let body = request.object()?;
    match job {
        Some(job) => jobs::require(state, principal, job).map(|_| ())?,
        None if body.get("templateId").and_then(Value::as_str) == Some(TEMPLATE) => {}
        None => return Err(GraphError::bad_request("The templateId is missing or not known.")),
    }
    let credentials = if body.get("useSavedCredentials") == Some(&Value::Bool(true)) {
        let own = state.directory.synchronizations.all.get(&principal);
        own.map(|own| own.secrets.clone()).unwrap_or_default()
    } else {
        secrets::read(body.get("credentials").unwrap_or(&Value::Null))?
    };
    let value = |key: &str| credentials.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    if value("AuthenticationType") != Some("SyncPolicy") {
        return Err(GraphError::bad_request("AuthenticationType must be SyncPolicy."));
    }
    let company: Option<Uuid> = value("CompanyId").and_then(|id| id.parse().ok());
    with_target(state, company, |source, target| policy::check(source, target.as_deref(), company))
        .map(|()| Answer::empty(204))
        .map_err(refusal)
}

/// What both tenants have to allow is missing.
pub(super) fn refusal(trouble: Trouble) -> GraphError {
    GraphError::new(400, trouble.code, trouble.message)
}
