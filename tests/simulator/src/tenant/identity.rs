//! The managed identity's endpoint, as App Service offers it to the function app. The header `metadata` is asked for by the
//! endpoint of virtual machines only.

use super::auth;
use super::state::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::collections::HashMap;

const API_VERSION: &str = "2019-08-01";
/// Azure Storage, in every cloud.
const STORAGE: &str = "https://storage.azure.com";

/// Answers a token request: status and body.
pub(super) fn token(state: &State, query: Option<&str>, headers: &HeaderMap) -> (u16, Value) {
    match answer(state, query.unwrap_or_default(), headers) {
        Ok(body) => (200, body),
        Err((status, message)) => (status, json!({"statusCode": status, "message": message})),
    }
}

fn answer(state: &State, query: &str, headers: &HeaderMap) -> Result<Value, (u16, &'static str)> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("x-identity-header") != Some(state.secret.simple().to_string().as_str()) {
        return Err((401, "The header x-identity-header is missing or wrong."));
    }
    let query: HashMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    if query.get("api-version").map(AsRef::as_ref) != Some(API_VERSION) {
        return Err((400, "The api-version is missing or not supported."));
    }
    let configured = state.directory.options.client_id.map(|id| id.to_string());
    if query.get("client_id").map(AsRef::as_ref) != configured.as_deref() || query.contains_key("object_id") {
        return Err((400, "No such identity is assigned to the app."));
    }
    let resource = query.get("resource").map(AsRef::as_ref).unwrap_or_default();
    let (token, expires) = match resource.trim_end_matches('/') {
        graph if graph == state.directory.cloud().graph_root() => auth::issue(&state.directory, state.secret),
        STORAGE => auth::issue_for_storage(&state.directory),
        _ => return Err((400, "The resource is unknown in this cloud.")),
    };
    Ok(json!({
        "access_token": token,
        // A string: the official library refuses a number here.
        "expires_on": expires.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
}
