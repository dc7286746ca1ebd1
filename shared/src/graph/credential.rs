//! Where the token for Graph comes from.
//!
//! Responsible for: choosing between the managed identity and `az login`, and bounding how long that may take. Not
//! responsible for: what the token may do.

use super::error::{GraphError, Kind, Result};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_identity::{AzureCliCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// The SDK's own default would wait more than a minute; an invocation has better things to do.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than a code lasts that a person has to type.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(20 * 60);

/// Who the token is for.
#[derive(Clone, Debug)]
pub enum Identity {
    /// The managed identity of the machine; with a client id the user-assigned one of that id.
    Managed {
        /// `AZURE_CLIENT_ID`.
        client_id: Option<String>,
    },
    /// Whoever ran `az login` here.
    AzureCli,
    /// Whoever signs in to the application of `[setup] client_id`, or that application itself by its certificate.
    Setup(Arc<dyn TokenCredential>),
}

/// A source of tokens for one resource, made when first used: a process that never calls Graph never sets up TLS for it.
pub struct Tokens {
    identity: Identity,
    scope: String,
    credential: Mutex<Option<Arc<dyn TokenCredential>>>,
}

impl Tokens {
    /// Tokens for `resource`, such as `https://graph.microsoft.com`.
    pub fn new(identity: Identity, resource: &str) -> Self {
        Self { identity, scope: format!("{resource}/.default"), credential: Mutex::default() }
    }

    /// A token that is good for some minutes at least. The SDK keeps it until then.
    ///
    /// # Errors
    /// When there is none within 30 seconds, or 20 minutes where a person has to sign in. The text says what to do and carries no secret.
    pub async fn get(&self) -> Result<String> {
        let credential = self.credential().map_err(|error| self.failed(&format!(": {error}")))?;
        match tokio::time::timeout(self.identity.timeout(), credential.get_token(&[&self.scope], None)).await {
            Ok(Ok(token)) => Ok(token.token.secret().to_owned()),
            Ok(Err(error)) => Err(self.failed(&format!(": {error}"))),
            Err(_) => Err(self.failed(&format!(" within {} seconds", self.identity.timeout().as_secs()))),
        }
    }

    fn failed(&self, why: &str) -> GraphError {
        let why = why.trim_end_matches('.');
        let message = format!("no token from the {}{why}. {}", self.identity, self.identity.advice());
        let message = message.trim_end();
        GraphError::new(Kind::Unauthenticated, "sign-in", message)
    }

    /// Forgets the token that Graph did not accept: the SDK would keep it until it expires.
    pub(super) fn forget(&self) {
        *self.kept() = None;
    }

    fn credential(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let mut kept = self.kept();
        if let Some(credential) = kept.as_ref() {
            return Ok(Arc::clone(credential));
        }
        let made = self.identity.credential()?;
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<dyn TokenCredential>>> {
        self.credential.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    /// What gives tokens for it. The SDK keeps each until it is about to expire.
    ///
    /// # Errors
    /// When the identity is named in a way that the SDK does not take.
    pub(crate) fn credential(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        Ok(match self {
            Identity::Managed { client_id } => {
                let retry = RetryOptions::exponential(ExponentialRetryOptions { max_retries: 3, ..Default::default() });
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options: ClientOptions { retry, ..Default::default() },
                }))?
            }
            Identity::AzureCli => AzureCliCredential::new(None)?,
            Identity::Setup(credential) => Arc::clone(credential),
        })
    }

    const fn timeout(&self) -> Duration {
        match self {
            Self::Managed { .. } | Self::AzureCli => TOKEN_TIMEOUT,
            Self::Setup(_) => SIGN_IN_TIMEOUT,
        }
    }

    const fn advice(&self) -> &'static str {
        match self {
            Self::Managed { .. } => {
                "Check that the identity is assigned to this app, and that AZURE_CLIENT_ID, if set, names it."
            }
            Self::AzureCli => "Run `az login` for this tenant (in a government cloud first `az cloud set`).",
            // Its errors say it themselves.
            Self::Setup(_) => "",
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Managed { .. } => "managed identity",
            Self::AzureCli => "Azure CLI",
            Self::Setup(_) => "sign-in",
        })
    }
}

/// The permissions that a token carries, as far as it lets itself be read: application roles or delegated scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    scp: String,
    #[serde(default)]
    oid: Option<Uuid>,
    #[serde(default)]
    idtyp: Option<String>,
    #[serde(default)]
    tid: Option<Uuid>,
}

impl Permissions {
    /// Reads them from a token; `None` if it is none that can be read. Nothing rests on the token being genuine: Graph
    /// judges that.
    pub(super) fn of(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// The person who signed in, by object id; `None` where an application signed in by itself.
    pub fn person(&self) -> Option<Uuid> {
        let is_application = self.idtyp.as_deref() == Some("app") || self.scp.is_empty();
        self.oid.filter(|_| !is_application)
    }

    /// The tenant that gave the token.
    pub const fn tenant(&self) -> Option<Uuid> {
        self.tid
    }

    /// Whoever the token is for, by object id.
    pub const fn principal(&self) -> Option<Uuid> {
        self.oid
    }

    /// The names of the application permissions, or of the delegated ones.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str).chain(self.scp.split_whitespace())
    }

    /// Whether the token allows to invite.
    pub fn may_invite(&self) -> bool {
        const ANY_OF: [&str; 4] =
            ["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"];
        self.names().any(|held| ANY_OF.contains(&held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_somebody_who_signed_in_is_a_person() {
        let oid = Uuid::from_u128(7);
        for (claims, person) in [
            (format!(r#"{{"oid":"{oid}","scp":"User.Read.All","idtyp":"user"}}"#), Some(oid)),
            (format!(r#"{{"oid":"{oid}","scp":"User.Read.All"}}"#), Some(oid)),
            (format!(r#"{{"oid":"{oid}","roles":["User.Read.All"],"idtyp":"app"}}"#), None),
            (format!(r#"{{"oid":"{oid}","roles":["User.Read.All"]}}"#), None),
            (format!(r#"{{"oid":"{oid}","scp":"User.Read.All","idtyp":"app"}}"#), None),
            (r#"{"scp":"User.Read.All"}"#.to_owned(), None),
        ] {
            let token = format!("e30.{}.", BASE64_URL_SAFE_NO_PAD.encode(&claims));
            assert_eq!(Permissions::of(&token).unwrap().person(), person, "{claims}");
        }
    }

    #[test]
    fn permissions_are_read_from_roles_and_from_scopes_and_an_unreadable_token_says_nothing() {
        let token = |claims: &str| format!("e30.{}.", BASE64_URL_SAFE_NO_PAD.encode(claims));
        for (claims, may) in [
            (r#"{"roles":["User.Read.All","User.Invite.All"]}"#, true),
            (r#"{"scp":"openid User.ReadWrite.All"}"#, true),
            (r#"{"roles":["User.Read.All"]}"#, false),
            ("{}", false),
        ] {
            assert_eq!(Permissions::of(&token(claims)).map(|held| held.may_invite()), Some(may), "{claims}");
        }
        for token in ["", "opaque", "a.b.c", &token("no json")] {
            assert_eq!(Permissions::of(token), None, "{token}");
        }
    }
}
