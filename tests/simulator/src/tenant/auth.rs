//! Access tokens: what an identity gets, and what Graph accepts.
//!
//! A token has the shape of a JWT but no signature worth the name: what stands in its place is known only to the tenant
//! that issued it.

use super::administrators::AdministratorRole;
use super::audit::Actor;
use super::error::GraphError;
use super::model::Directory;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Long enough for any test, however long it runs in real time.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What begins like this sets a tenant up.
const SETUP: &[&str] = &[
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.CrossTenantAccess",
    "Synchronization.",
    "UserAuthMethod-",
];

/// A new token for Graph, with the permissions that are granted now, and when it expires in seconds since the epoch.
pub(super) fn issue(directory: &Directory, secret: Uuid) -> (String, u64) {
    let claims = json!({
        "appid": directory.client_id(),
        "oid": directory.service_principal(),
        "idtyp": "app",
        "roles": directory.permissions,
    });
    sign(directory, secret, claims)
}

/// A new token for Graph as a person gets it who signs in to a tool: their own, with the tool's delegated permissions.
/// The tools that everybody has are never granted those that set a tenant up.
pub(super) fn issue_to_person(directory: &Directory, secret: Uuid, person: Uuid) -> (String, u64) {
    let scopes = directory.permissions.iter().map(String::as_str);
    let scopes: Vec<&str> = scopes.filter(|name| !SETUP.iter().any(|setup| name.starts_with(setup))).collect();
    sign(directory, secret, json!({ "oid": person, "idtyp": "user", "scp": scopes.join(" ") }))
}

/// A new token for Graph as a person gets it who signs in to a registered application.
pub(super) fn issue_to_operator(
    directory: &Directory,
    secret: Uuid,
    client: Uuid,
    person: Uuid,
    scopes: &[String],
) -> String {
    sign(directory, secret, json!({"appid": client, "oid": person, "idtyp": "user", "scp": scopes.join(" ")})).0
}

/// A new token for Graph as a registered application gets it for itself.
pub(super) fn issue_to_client(
    directory: &Directory,
    secret: Uuid,
    client: Uuid,
    permissions: &BTreeSet<String>,
) -> String {
    let principal = directory.derived_id(&client.to_string());
    sign(directory, secret, json!({"appid": client, "oid": principal, "idtyp": "app", "roles": permissions})).0
}

fn sign(directory: &Directory, secret: Uuid, mut claims: Value) -> (String, u64) {
    let expires = real_now() + LIFETIME.as_secs();
    claims["aud"] = json!(directory.cloud().graph_root());
    claims["tid"] = json!(directory.tenant_id());
    claims["revocations"] = json!(directory.revocations);
    claims["exp"] = json!(expires);
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"typ": "JWT", "alg": "none"});
    (format!("{}.{}.{}", encode(&header), encode(&claims), secret.simple()), expires)
}

/// A new token for Azure Storage, as its emulator takes it: the signature is not looked at, the rest is.
pub(super) fn issue_for_storage(directory: &Directory) -> (String, u64) {
    let now = real_now();
    let expires = now + LIFETIME.as_secs();
    let claims = json!({
        "aud": "https://storage.azure.com",
        "iss": format!("https://sts.windows.net/{}/", directory.tenant_id()),
        "tid": directory.tenant_id(),
        "oid": directory.service_principal(),
        "iat": now,
        "nbf": now,
        "exp": expires,
    });
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    (
        format!("{}.{}.{}", encode(&json!({"typ": "JWT", "alg": "RS256"})), encode(&claims), encode(&json!("none"))),
        expires,
    )
}

/// Who is calling.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    roles: BTreeSet<String>,
    /// The directory roles of the person who is signed in; `None` for an application.
    administrates: Option<BTreeSet<Uuid>>,
    /// What the audit log says of it.
    pub(super) actor: Actor,
}

impl Caller {
    /// Reads and checks the header `Authorization`.
    pub(super) fn authenticate(
        authorization: Option<&str>,
        directory: &Directory,
        secret: Uuid,
    ) -> Result<Self, GraphError> {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if token.is_empty() {
            return Err(GraphError::unauthenticated("Access token is empty."));
        }
        let claims = claims(token, secret)
            .ok_or_else(|| GraphError::unauthenticated("CompactToken parsing failed with error code: 80049217"))?;
        if claims["aud"] != directory.cloud().graph_root() {
            return Err(GraphError::unauthenticated("Access token validation failure. Invalid audience."));
        }
        if claims["tid"] != directory.tenant_id().to_string() {
            return Err(GraphError::unauthenticated("Access token validation failure. Invalid tenant."));
        }
        if claims["exp"].as_u64().is_none_or(|expires| expires <= real_now()) {
            return Err(GraphError::unauthenticated("Access token has expired or is not yet valid."));
        }
        if claims["revocations"] != directory.revocations {
            return Err(GraphError::unauthenticated(
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                 TokenIssuedBeforeRevocationTimestamp",
            ));
        }
        let roles = claims["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let scopes = claims["scp"].as_str().unwrap_or_default().split_whitespace();
        let id = |name: &str| claims[name].as_str().and_then(|id| id.parse::<Uuid>().ok());
        let person = id("oid").filter(|_| claims["idtyp"] == "user");
        // The tools that everybody has stand for the function app, whose commands they sign people in to.
        let client = id("appid").filter(|client| *client != directory.client_id());
        Ok(Self {
            roles: roles.chain(scopes).map(str::to_owned).collect(),
            administrates: person.map(|person| directory.roles_of(person)),
            actor: match (client, person) {
                (None, _) => Actor::ManagedIdentity,
                (Some(_), Some(person)) => Actor::Person(person),
                (Some(client), None) => Actor::Client(client),
            },
        })
    }

    /// Whether the token carries any of the permissions.
    pub(super) fn has_any(&self, permissions: &[&str]) -> bool {
        permissions.iter().any(|permission| self.roles.contains(*permission))
    }

    /// Refuses who has none of the permissions.
    pub(super) fn require(&self, permissions: &[&str]) -> Result<(), GraphError> {
        if self.has_any(permissions) { Ok(()) } else { Err(GraphError::denied()) }
    }

    /// Refuses a person who has none of the roles: with delegated permissions both are needed. An application needs its
    /// permissions only.
    pub(super) fn require_administrator(&self, roles: &[AdministratorRole]) -> Result<(), GraphError> {
        let has = |own: &BTreeSet<Uuid>| roles.iter().any(|role| own.contains(&role.id()));
        if self.administrates.as_ref().is_none_or(has) { Ok(()) } else { Err(GraphError::denied()) }
    }
}

/// The tenant that the header's token is of, whoever signed it.
pub(super) fn tenant_of(authorization: &str) -> Option<Uuid> {
    let payload = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims["tid"].as_str()?.parse().ok()
}

fn claims(token: &str, secret: Uuid) -> Option<Value> {
    let (rest, signature) = token.rsplit_once('.')?;
    let (_, payload) = rest.split_once('.')?;
    if signature != secret.simple().to_string() {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Real time, not the simulated one: whoever asks for a token compares its expiry with the system's clock.
#[expect(clippy::disallowed_methods, reason = "the official identity library goes by the system's clock")]
pub(super) fn real_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Permissions that let an application read users.
pub(super) const READ_USERS: &[&str] =
    &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// Permissions that let an application read groups and their members.
pub(super) const READ_MEMBERS: &[&str] = &[
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
