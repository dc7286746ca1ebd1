//! The sign-in endpoints of the cloud: who is asked for, and where a person types a device code.
//!
//! Errors have the form that is documented; where the numbers of `AADSTS` are not, they are as they were seen.
//!
//! Not responsible for: what a grant has to show to become a token (`grants`).

use super::grants;
use super::server::LOGIN_PATH;
use super::sign_ins::{CODE_LIFETIME, Decision, INTERVAL, Pending};
use super::state::State;
use crate::cloud::Cloud;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// What makes of a sign-in more than a token: these are no permissions of Graph.
const OPEN_ID: &[&str] = &["email", "offline_access", "openid", "profile"];

/// The fields of a form.
pub(super) type Form = HashMap<String, String>;

/// Status and body.
pub(super) type Outcome = Result<Value, Refusal>;

/// Why nobody is signed in.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    number: u32,
    message: String,
    /// What else there is to say to a machine.
    suberror: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: u16, error: &'static str, number: u32, message: impl Into<String>) -> Self {
        Self { status, error, number, message: message.into(), suberror: None }
    }

    /// With a word more about it.
    pub(super) fn because(self, suberror: &'static str) -> Self {
        Self { suberror: Some(suberror), ..self }
    }

    fn body(&self, state: &State) -> Value {
        let id = state.directory.derived_id(&format!("sign-in/{}", state.served));
        let date = state.directory.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut body = json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {id} Correlation ID: {id} Timestamp: {date}",
                self.number, self.message
            ),
            "error_codes": [self.number],
            "timestamp": date,
            "trace_id": id,
            "correlation_id": id,
            "error_uri": format!("{}/error?code={}", state.directory.cloud().login_root(), self.number),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = json!(suberror);
        }
        body
    }
}

/// Answers what was posted to a path below [`LOGIN_PATH`]: status and body. `None` if nothing is there.
pub(super) fn answer(state: &mut State, path: &str, body: &[u8]) -> Option<(u16, Value)> {
    let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
    let outcome = match path.trim_start_matches('/').split('/').collect::<Vec<_>>().as_slice() {
        [tenant, "oauth2", "v2.0", "devicecode"] => {
            require_tenant(state, tenant).and_then(|()| device_code(state, &form))
        }
        [tenant, "oauth2", "v2.0", "token"] => {
            let audience = format!("{}{LOGIN_PATH}{path}", state.root);
            require_tenant(state, tenant).and_then(|()| grants::token(state, &form, &audience))
        }
        _ => return None,
    };
    state.served += 1;
    Some(match outcome {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.status, refusal.body(state)),
    })
}

/// This tenant, by its id or one of its domains.
fn require_tenant(state: &State, tenant: &str) -> Result<(), Refusal> {
    let directory = &state.directory;
    if tenant.parse() == Ok(directory.tenant_id()) || directory.is_verified(tenant) {
        return Ok(());
    }
    Err(Refusal::new(400, "invalid_request", 90002, format!("Tenant '{tenant}' not found.")))
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`
fn device_code(state: &mut State, form: &Form) -> Outcome {
    let client = client(state, form)?;
    let scopes = scopes(state, form)?;
    let directory = &mut state.directory;
    let device_code = directory.new_id().simple().to_string();
    let typed = directory.new_id().simple().to_string().to_uppercase();
    let user_code: String = typed.chars().take(9).collect();
    let page = match directory.cloud() {
        Cloud::Global => "https://microsoft.com/devicelogin",
        Cloud::UsGov | Cloud::UsGovDod => "https://microsoft.com/deviceloginus",
        Cloud::China => "https://microsoft.com/deviceloginchina",
    };
    let pending = Pending {
        client,
        user_code: user_code.clone(),
        scopes,
        expires: directory.clock().now() + CODE_LIFETIME,
        asked: None,
        interval: INTERVAL,
        decision: Decision::Open,
    };
    directory.sign_ins.codes.insert(device_code.clone(), pending);
    Ok(json!({
        "device_code": device_code,
        "expires_in": CODE_LIFETIME.as_secs(),
        "interval": INTERVAL.as_secs(),
        "message": format!(
            "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
        ),
        "user_code": user_code,
        "verification_uri": page,
    }))
}

/// The application that a form names.
pub(super) fn client(state: &State, form: &Form) -> Result<Uuid, Refusal> {
    let named = field(form, "client_id")?;
    let sign_ins = &state.directory.sign_ins;
    let known = |id: &Uuid| sign_ins.public_clients.contains_key(id) || sign_ins.certificate_clients.contains_key(id);
    named.parse().ok().filter(known).ok_or_else(|| {
        let directory = &state.directory.options.display_name;
        let message = format!("Application with identifier '{named}' was not found in the directory '{directory}'.");
        Refusal::new(400, "unauthorized_client", 700_016, message)
    })
}

/// What a form asks for, without the resource, which can only be Graph: a name without a resource is Graph's too.
pub(super) fn scopes(state: &State, form: &Form) -> Result<Vec<String>, Refusal> {
    let graph = format!("{}/", state.directory.cloud().graph_root());
    let scope = |text: &str| {
        let name = text.strip_prefix(&graph).unwrap_or(text);
        if name.contains("://") {
            let message = format!("The resource principal named {text} was not found in the tenant.");
            return Err(Refusal::new(400, "invalid_resource", 500_011, message));
        }
        Ok(name.to_owned())
    };
    field(form, "scope")?.split_whitespace().map(scope).collect()
}

/// Whether the name is a permission of Graph.
pub(super) fn is_permission(name: &str) -> bool {
    !OPEN_ID.contains(&name)
}

/// A field that must be there.
pub(super) fn field<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        Refusal::new(400, "invalid_request", 900_144, message)
    })
}
