//! A person signs in by typing a code on a page of Microsoft's, on any device.
//!
//! Protocol: OAuth 2.0 device authorization grant (RFC 8628), as the Microsoft identity platform documents it.

use super::{Answer, Application, Granted, Kept, exchange, seconds};
use crate::clock::Clock;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where the service names no interval: RFC 8628.
const INTERVAL: u64 = 5;
const ADVICE: &str = "Run the command again and sign in with an account that may do this.";

/// What the person has to be told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Prompt {
    /// The page.
    pub verification_uri: String,
    /// What to type there.
    pub user_code: String,
    /// Seconds until the code is worth nothing any more.
    pub expires_in: u64,
}

/// Tells the person.
pub type Show = Arc<dyn Fn(&Prompt) + Send + Sync>;

/// Tokens of a person for some delegated permissions. The person is asked once; later tokens are renewed.
pub struct DeviceCode {
    application: Application,
    /// With `offline_access`, so that a long command need not ask again.
    scope: String,
    clock: Clock,
    show: Show,
    kept: Mutex<Option<Kept>>,
}

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    interval: Option<u64>,
    #[serde(flatten)]
    prompt: Prompt,
}

impl DeviceCode {
    /// Tokens for `resource`, such as `https://graph.microsoft.com`, with these permissions.
    pub fn new(application: Application, resource: &str, permissions: &[&str], clock: Clock, show: Show) -> Self {
        let scopes = permissions.iter().map(|permission| format!("{resource}/{permission}"));
        let scope: Vec<String> = scopes.chain(["offline_access".to_owned()]).collect();
        Self { application, scope: scope.join(" "), clock, show, kept: Mutex::default() }
    }

    async fn renewed(&self, refresh_token: &str) -> Option<Kept> {
        let client = self.application.client_id.to_string();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client.as_str()),
            ("refresh_token", refresh_token),
            ("scope", self.scope.as_str()),
        ];
        match exchange::<Granted>(&self.application.address("token"), &form).await {
            Ok(Answer::Ok(granted)) => Some(Kept::of(granted)),
            // Whatever is wrong with it, the person can sign in again.
            Ok(Answer::Denied(_)) | Err(_) => None,
        }
    }

    async fn asked(&self) -> azure_core::Result<Kept> {
        let client = self.application.client_id.to_string();
        let form = [("client_id", client.as_str()), ("scope", self.scope.as_str())];
        let begun: Begun = match exchange(&self.application.address("devicecode"), &form).await? {
            Answer::Ok(begun) => begun,
            Answer::Denied(denied) => return Err(denied.error(ADVICE)),
        };
        (self.show)(&begun.prompt);
        let mut interval = begun.interval.unwrap_or(INTERVAL);
        let until = seconds(&self.clock, begun.prompt.expires_in);
        let form = [("grant_type", GRANT), ("client_id", client.as_str()), ("device_code", begun.device_code.as_str())];
        while self.clock.now() < until {
            self.clock.sleep(Duration::from_secs(interval)).await;
            match exchange::<Granted>(&self.application.address("token"), &form).await? {
                Answer::Ok(granted) => return Ok(Kept::of(granted)),
                Answer::Denied(denied) => match denied.error.as_str() {
                    "authorization_pending" => {}
                    "slow_down" => interval += INTERVAL,
                    "authorization_declined" | "access_denied" => {
                        return Err(failed("the sign-in was declined. Run the command again to be asked anew."));
                    }
                    "expired_token" => break,
                    _ => return Err(denied.error(ADVICE)),
                },
            }
        }
        Err(failed("nobody signed in before the code was over. Run the command again for a new code."))
    }
}

fn failed(what: &str) -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::Credential, what.to_owned())
}

#[async_trait]
impl TokenCredential for DeviceCode {
    /// What `scopes` says is not looked at: the permissions are the ones that this was made for.
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        // Whoever comes meanwhile waits for the same person.
        let mut kept = self.kept.lock().await;
        if let Some(good) = kept.as_ref().filter(|kept| kept.is_good()) {
            return Ok(good.token.clone());
        }
        let renewed = match kept.as_ref().and_then(|kept| kept.refresh_token.clone()) {
            Some(refresh_token) => self.renewed(&refresh_token).await,
            None => None,
        };
        let new = match renewed {
            Some(renewed) => renewed,
            None => self.asked().await?,
        };
        let token = new.token.clone();
        *kept = Some(new);
        Ok(token)
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode").field("application", &self.application).finish_non_exhaustive()
    }
}
