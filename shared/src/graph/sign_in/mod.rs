//! How an operator's command signs in to set a tenant up: a person by device code, or an application by its certificate.
//!
//! Responsible for: the two exchanges with Microsoft's sign-in service that give a token with that command's permissions and
//! no more. The Azure SDK has no device code for Rust, and its certificate needs OpenSSL. Tokens live in this process's
//! memory alone. Not responsible for: what the tokens are for, nor the identities that run every day; see
//! [`super::credential`].
//!
//! - `device`: a person, who types a code on a page. `certificate`: an application.

mod certificate;
mod device;

pub use certificate::{Certificate, CertificateError};
pub use device::{DeviceCode, Prompt, Show};

use crate::clock::Clock;
use crate::ids::TenantId;
use azure_core::credentials::AccessToken;
use azure_core::error::ErrorKind;
use azure_core::time::OffsetDateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(30);
/// A token is renewed when it has less than this left.
const EARLY: Duration = Duration::from_secs(300);

/// Where and as what to sign in.
#[derive(Clone, Debug)]
pub struct Application {
    /// The sign-in service, such as `https://login.microsoftonline.com`.
    pub authority: Url,
    /// The tenant to sign in to.
    pub tenant: TenantId,
    /// The application's (client) id.
    pub client_id: Uuid,
}

impl Application {
    /// An address of the sign-in service for this tenant.
    fn address(&self, what: &str) -> String {
        format!("{}/{}/oauth2/v2.0/{what}", self.authority.as_str().trim_end_matches('/'), self.tenant)
    }
}

/// What the sign-in service says when it gives a token.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds.
    expires_in: u64,
    #[serde(default)]
    refresh_token: Option<String>,
}

/// What it says when it does not.
#[derive(Debug, Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// How an exchange ended.
enum Answer<T> {
    Ok(T),
    Denied(Denied),
}

/// A token, and until when it is used.
#[derive(Clone)]
struct Kept {
    token: AccessToken,
    until: std::time::Instant,
    refresh_token: Option<String>,
}

impl Kept {
    fn of(granted: Granted) -> Self {
        let lifetime = Duration::from_secs(granted.expires_in);
        Self {
            token: AccessToken::new(granted.access_token, OffsetDateTime::now_utc() + lifetime),
            until: std::time::Instant::now() + lifetime.saturating_sub(EARLY),
            refresh_token: granted.refresh_token,
        }
    }

    fn is_good(&self) -> bool {
        std::time::Instant::now() < self.until
    }
}

/// Sends a form to the sign-in service.
async fn exchange<T: DeserializeOwned>(address: &str, form: &[(&str, &str)]) -> azure_core::Result<Answer<T>> {
    let failed = |what: &str| azure_core::Error::with_message(ErrorKind::Credential, what.to_owned());
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    // A redirect would carry what authenticates elsewhere.
    let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
    if address.starts_with("http://") {
        builder = builder.no_proxy();
    }
    let http = builder.build().map_err(|_| failed("no connection could be prepared"))?;
    let request = http.post(address).header("Content-Type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.map_err(|_| failed("the sign-in service could not be reached"))?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|_| failed("the sign-in service broke off its answer"))?;
    if status.is_success() {
        let answer = serde_json::from_slice(&body);
        return answer.map(Answer::Ok).map_err(|_| failed("the sign-in service gave an answer that cannot be read"));
    }
    let denied = serde_json::from_slice(&body);
    denied.map(Answer::Denied).map_err(|_| failed(&format!("the sign-in service answered {}", status.as_u16())))
}

impl Denied {
    /// What to tell the operator. The description begins with Microsoft's number of the error (`AADSTS…`); its first line is
    /// meant for people and holds no secret.
    fn error(&self, advice: &str) -> azure_core::Error {
        let said = self.error_description.lines().next().unwrap_or_default();
        let said = if said.is_empty() { self.error.as_str() } else { said };
        let advice = match () {
            () if self.is("AADSTS65001") || self.error == "consent_required" => {
                "Let an administrator consent to these permissions for the application of [setup] client_id."
            }
            () if self.is("AADSTS700016") => "Register [setup] client_id in this tenant, or correct it.",
            () if self.is("AADSTS7000218") => {
                "Allow public client flows for the application of [setup] client_id (Authentication > Settings)."
            }
            () if self.is("AADSTS700027") || self.is("AADSTS7000215") => {
                "Upload this certificate to the application, or name the right file."
            }
            () => advice,
        };
        azure_core::Error::with_message(ErrorKind::Credential, format!("{said} {advice}"))
    }

    fn is(&self, number: &str) -> bool {
        self.error_description
            .strip_prefix(number)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
    }
}

/// The time limit of one step, on the clock that waits are counted by.
pub(super) fn seconds(clock: &Clock, seconds: u64) -> jiff::Timestamp {
    clock.now() + jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX).min(86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_refusals_say_what_to_do() {
        let said = |description: &str| {
            let denied = Denied { error: "invalid_grant".into(), error_description: description.into() };
            denied.error("Try again.").to_string()
        };
        assert!(said("AADSTS65001: The user has not consented.\r\nTrace ID: 1").contains("consent to these"));
        assert!(!said("AADSTS65001: The user has not consented.\r\nTrace ID: 1").contains("Trace ID"));
        assert!(said("AADSTS7000218: …").contains("public client flows"));
        assert!(said("AADSTS70002: …").ends_with("Try again."), "not by the beginning of another number");
    }
}
