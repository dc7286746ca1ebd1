//! `GET` and `PUT /servicePrincipals/{id}/synchronization/secrets`. Putting replaces them all.
//!
//! Which of them come back masked is not documented but for those that are secret; whether `CompanyId` does is an option.

use super::model::Synchronization;
use crate::cloud::Cloud;
use crate::tenant::error::GraphError;
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a synchronisation across tenants goes by; the other keys of the schema belong to other applications.
const KEYS: &[&str] = &["AuthenticationType", "CompanyId", "SyncAll", "SyncNotificationSettings"];
/// All of them together may be so long in US Government.
const GOVERNMENT_BYTES: usize = 1024;

/// `GET /servicePrincipals/{id}/synchronization/secrets`
pub(super) fn list(state: &State, request: &Request, principal: Uuid) -> GraphResult {
    Query::parse(request, &[])?;
    let directory = &state.directory;
    let masked = |key: &str| key == "CompanyId" && directory.sync.masks_company_id;
    let secrets = directory.synchronizations.all.get(&principal).map(|own| own.secrets.as_slice());
    let shown = secrets.unwrap_or_default().iter().map(|(key, value)| {
        let value = if masked(key) { "*" } else { value };
        json!({"key": key, "value": value})
    });
    let shown: Vec<Value> = shown.collect();
    let context = context_url(state, &format!("servicePrincipals('{principal}')/synchronization/secrets"));
    Ok(Answer::ok(json!({"@odata.context": context, "value": shown})))
}

/// `PUT /servicePrincipals/{id}/synchronization/secrets`
pub(super) fn replace(state: &mut State, request: &Request, principal: Uuid) -> GraphResult {
    Query::parse(request, &[])?;
    let secrets = read(request.object()?.get("value").unwrap_or(&Value::Null))?;
    let bytes: usize = secrets.iter().map(|(key, value)| key.len() + value.len()).sum();
    let government = matches!(state.directory.cloud(), Cloud::UsGov | Cloud::UsGovDod);
    if government && bytes > GOVERNMENT_BYTES {
        return Err(GraphError::bad_request("The credentials and the notification address together exceed 1 KB."));
    }
    let own: &mut Synchronization = state.directory.synchronizations.all.entry(principal).or_default();
    own.secrets = secrets;
    Ok(Answer::empty(204))
}

/// Keys with their values.
pub(super) fn read(list: &Value) -> Result<Vec<(String, String)>, GraphError> {
    let invalid = || GraphError::bad_request("The credentials must be a list of keys and values.");
    let pair = |item: &Value| -> Result<(String, String), GraphError> {
        let key = item["key"].as_str().ok_or_else(invalid)?;
        if !KEYS.contains(&key) {
            return Err(GraphError::bad_request(format!("The key '{key}' is not known here.")));
        }
        Ok((key.to_owned(), item["value"].as_str().unwrap_or_default().to_owned()))
    };
    list.as_array().ok_or_else(invalid)?.iter().map(pair).collect()
}
