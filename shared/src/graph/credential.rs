//! Where the token for Graph comes from.
//!
//! Responsible for: choosing between the managed identity and `az login`, and bounding how long that may take. Not
//! responsible for: what the token may do.

use super::error::{GraphError, Kind, Result};
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions};
use azure_identity::{AzureCliCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The SDK's own default would wait more than a minute; an invocation has better things to do.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Who the token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The managed identity of the machine; with a client id the user-assigned one of that id.
    Managed {
        /// `AZURE_CLIENT_ID`.
        client_id: Option<String>,
    },
    /// Whoever ran `az login` here.
    AzureCli,
}

/// A source of tokens for one resource, made when first used: a process that never calls Graph never sets up TLS for it.
pub struct Tokens {
    identity: Identity,
    scope: String,
    credential: OnceCell<Arc<dyn TokenCredential>>,
}

impl Tokens {
    /// Tokens for `resource`, such as `https://graph.microsoft.com`.
    pub fn new(identity: Identity, resource: &str) -> Self {
        Self { identity, scope: format!("{resource}/.default"), credential: OnceCell::new() }
    }

    /// A token that is good for some minutes at least. The SDK keeps it until then.
    ///
    /// # Errors
    /// When there is none within 30 seconds. The text says what to do and carries no secret.
    pub async fn get(&self) -> Result<String> {
        let failed = |reason: String| GraphError::new(Kind::Unauthenticated, "token", reason);
        let credential = self
            .credential
            .get_or_try_init(|| async { self.make() })
            .await
            .map_err(|error| failed(format!("no credential: {error}")))?;
        match tokio::time::timeout(TOKEN_TIMEOUT, credential.get_token(&[&self.scope], None)).await {
            Ok(Ok(token)) => Ok(token.token.secret().to_owned()),
            Ok(Err(error)) => {
                Err(failed(format!("no token from the {}: {error}. {}", self.identity, self.identity.advice())))
            }
            Err(_) => Err(failed(format!(
                "no token from the {} within 30 seconds. {}",
                self.identity,
                self.identity.advice()
            ))),
        }
    }

    fn make(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        Ok(match &self.identity {
            Identity::Managed { client_id } => {
                let retry = RetryOptions::exponential(ExponentialRetryOptions { max_retries: 3, ..Default::default() });
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options: ClientOptions { retry, ..Default::default() },
                }))?
            }
            Identity::AzureCli => AzureCliCredential::new(None)?,
        })
    }
}

impl Identity {
    const fn advice(&self) -> &'static str {
        match self {
            Self::Managed { .. } => {
                "Check that the identity is assigned to this app, and that AZURE_CLIENT_ID, if set, names it."
            }
            Self::AzureCli => "Run `az login` for this tenant (in a government cloud first `az cloud set`).",
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Managed { .. } => "managed identity",
            Self::AzureCli => "Azure CLI",
        })
    }
}
