//! The token endpoint: what has to be shown for a token.
//!
//! A person's device code or refresh token, or an application's certificate.

use super::auth;
use super::certificate::Assertion;
use super::login::{Form, Outcome, Refusal, client, field, is_permission, scopes};
use super::model::Directory;
use super::sign_ins::{Decision, Grant, INTERVAL};
use super::state::State;
use serde_json::json;
use uuid::Uuid;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// All that has been granted.
const ALL: &str = ".default";

/// `POST /{tenant}/oauth2/v2.0/token`; `audience` is its address.
pub(super) fn token(state: &mut State, form: &Form, audience: &str) -> Outcome {
    match field(form, "grant_type")? {
        DEVICE_CODE | "device_code" => by_device_code(state, form),
        "refresh_token" => by_refresh_token(state, form),
        "client_credentials" => by_certificate(state, form, audience),
        other => {
            let message = format!("The app requested an unsupported grant type '{other}'.");
            Err(Refusal::new(400, "unsupported_grant_type", 70003, message))
        }
    }
}

fn by_device_code(state: &mut State, form: &Form) -> Outcome {
    let client = public_client(state, form)?;
    let device_code = field(form, "device_code")?;
    let now = state.directory.clock().now();
    let pending = state.directory.sign_ins.codes.get_mut(device_code).filter(|pending| pending.client == client);
    let Some(pending) = pending else {
        return Err(Refusal::new(400, "bad_verification_code", 70018, "Invalid verification code."));
    };
    if now >= pending.expires {
        return Err(Refusal::new(400, "expired_token", 70020, "This device code has expired."));
    }
    let too_soon = pending.asked.is_some_and(|asked| now < asked + pending.interval);
    pending.asked = Some(now);
    if too_soon {
        // As the standard has it: from now on the client has to wait longer.
        pending.interval += INTERVAL;
        let message = "The client polls too often. Slow down.";
        return Err(Refusal::new(400, "slow_down", 70016, message));
    }
    match pending.decision {
        Decision::Open => {
            let message = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            Err(Refusal::new(400, "authorization_pending", 70016, message))
        }
        Decision::Declined => {
            let message = "The end-user denied the authorization request.";
            Err(Refusal::new(400, "authorization_declined", 70017, message))
        }
        Decision::Approved(person) => {
            let grant = Grant { client, person, scopes: pending.scopes.clone() };
            let answer = redeem(state, grant)?;
            state.directory.sign_ins.codes.remove(device_code);
            Ok(answer)
        }
    }
}

fn by_refresh_token(state: &mut State, form: &Form) -> Outcome {
    let client = public_client(state, form)?;
    let grant = state.directory.sign_ins.refresh_tokens.get(field(form, "refresh_token")?);
    let Some(grant) = grant.filter(|grant| grant.client == client) else {
        return Err(Refusal::new(400, "invalid_grant", 9_002_313, "The refresh token is malformed or invalid."));
    };
    let mut grant = grant.clone();
    if form.contains_key("scope") {
        grant.scopes = scopes(state, form)?;
    }
    redeem(state, grant)
}

/// Turns what a person gave into a token, if an administrator has consented to it.
fn redeem(state: &mut State, grant: Grant) -> Outcome {
    let directory = &mut state.directory;
    if !directory.user(grant.person).is_some_and(|user| user.account_enabled) {
        return Err(Refusal::new(400, "invalid_grant", 50057, "The user account is disabled."));
    }
    let granted = permissions(directory, &grant)?;
    let refresh_token = grant.scopes.iter().any(|name| name == "offline_access").then(|| {
        let token = directory.new_id().simple().to_string();
        directory.sign_ins.refresh_tokens.insert(token.clone(), grant.clone());
        token
    });
    let token = auth::issue_to_operator(directory, state.secret, grant.client, grant.person, &granted);
    let root = directory.cloud().graph_root();
    let shown: Vec<String> = granted.iter().map(|name| format!("{root}/{name}")).collect();
    let mut answer = json!({
        "access_token": token,
        "expires_in": auth::LIFETIME.as_secs(),
        "scope": shown.join(" "),
        "token_type": "Bearer",
    });
    if let Some(token) = refresh_token {
        answer["refresh_token"] = json!(token);
    }
    Ok(answer)
}

/// The permissions that are asked for; who asks for all gets what was consented to.
fn permissions(directory: &Directory, grant: &Grant) -> Result<Vec<String>, Refusal> {
    let consented = directory.sign_ins.public_clients.get(&grant.client).into_iter().flatten();
    let consented: Vec<&String> = consented.collect();
    let asked: Vec<&String> = grant.scopes.iter().filter(|name| is_permission(name)).collect();
    if asked.iter().any(|name| *name == ALL) {
        return Ok(consented.into_iter().cloned().collect());
    }
    if asked.iter().all(|name| consented.contains(name)) {
        return Ok(asked.into_iter().cloned().collect());
    }
    let message = format!(
        "The user or administrator has not consented to use the application with ID '{}'. \
         Send an interactive authorization request for this user and resource.",
        grant.client
    );
    Err(Refusal::new(400, "invalid_grant", 65001, message).because("consent_required"))
}

fn by_certificate(state: &State, form: &Form, audience: &str) -> Outcome {
    let id = client(state, form)?;
    if scopes(state, form)? != [ALL] {
        let message = "The provided value for scope is not valid. Client credential flows must have a scope value \
                       with /.default suffixed to the resource identifier.";
        return Err(Refusal::new(400, "invalid_scope", 1_002_012, message));
    }
    if form.get("client_assertion_type").is_none_or(|kind| kind != JWT_BEARER) {
        return Err(secret_missing());
    }
    let refused = |number, message: &str| Refusal::new(401, "invalid_client", number, message);
    let assertion = form.get("client_assertion").ok_or_else(secret_missing)?;
    let assertion = Assertion::read(assertion).ok_or_else(|| refused(50027, "JWT token is invalid or malformed."))?;
    let client = state.directory.sign_ins.certificate_clients.get(&id);
    let client = client.filter(|client| client.certificate.is_named_by(&assertion.header)).ok_or_else(|| {
        refused(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )
    })?;
    if !client.certificate.has_signed(&assertion) {
        return Err(refused(700_027, "Client assertion failed signature validation."));
    }
    let claims = &assertion.claims;
    let own = |name: &str| claims[name].as_str().and_then(|text| text.parse().ok()) == Some(id);
    if !own("iss") || !own("sub") {
        let message = "Client assertion contains an invalid signature or its issuer or subject is not the client.";
        return Err(refused(700_021, message));
    }
    if claims["aud"] != audience {
        return Err(refused(700_023, "Client assertion audience claim does not match Realm issuer."));
    }
    // Whoever signs may go by the tests' clock or by the system's: only what is over for both has expired.
    let now = state.directory.clock().now().as_second().min(i64::try_from(auth::real_now()).unwrap_or(i64::MAX));
    if claims["exp"].as_i64().is_none_or(|expires| expires <= now) {
        return Err(refused(700_024, "Client assertion is not within its valid time range."));
    }
    Ok(json!({
        "access_token": auth::issue_to_client(&state.directory, state.secret, id, &client.permissions),
        "expires_in": auth::LIFETIME.as_secs(),
        "token_type": "Bearer",
    }))
}

/// The application of a person, which has no secret.
fn public_client(state: &State, form: &Form) -> Result<Uuid, Refusal> {
    let client = client(state, form)?;
    if state.directory.sign_ins.public_clients.contains_key(&client) { Ok(client) } else { Err(secret_missing()) }
}

fn secret_missing() -> Refusal {
    let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    Refusal::new(401, "invalid_client", 7_000_218, message)
}
