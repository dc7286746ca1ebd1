//! An application signs in with its certificate: it shows that it has the private key.
//!
//! Protocol: client credentials with a signed assertion, as the Microsoft identity platform documents it.

use super::{Answer, Application, Granted, Kept, exchange};
use crate::clock::Clock;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;
use tokio::sync::Mutex;
use uuid::Uuid;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ADVICE: &str = "Check that the application has this certificate and these permissions in this tenant.";
/// Seconds that an assertion is good for.
const LIFETIME: i64 = 600;

/// A file that holds no certificate to sign in with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificateError(&'static str);

/// An application's certificate with its private key.
pub struct Certificate {
    key: EncodingKey,
    thumbprint: String,
}

impl Certificate {
    /// Reads a PEM file that holds the certificate and its RSA private key.
    ///
    /// # Errors
    /// When it does not. The error repeats nothing of the file.
    pub fn read(path: &Path) -> Result<Self, CertificateError> {
        let pem = std::fs::read(path).map_err(|_| CertificateError("the file cannot be read"))?;
        Self::parse(&pem)
    }

    fn parse(pem: &[u8]) -> Result<Self, CertificateError> {
        let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| {
            CertificateError(
                "the file holds no PEM certificate; a PFX file becomes one by \
                 `openssl pkcs12 -in FILE.pfx -nodes -out FILE.pem`",
            )
        })?;
        // The certificate comes first in some files, and the key in others.
        let text = std::str::from_utf8(pem).unwrap_or_default();
        let key = text.match_indices("-----BEGIN ").map(|(at, _)| &text[at..]).find(|block| {
            block.lines().next().is_some_and(|line| line.ends_with("PRIVATE KEY-----") && !line.contains("ENCRYPTED"))
        });
        let key = key.and_then(|block| EncodingKey::from_rsa_pem(block.as_bytes()).ok());
        let key = key.ok_or(CertificateError("the file holds no RSA private key that is not encrypted"))?;
        Ok(Self { key, thumbprint: BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)) })
    }

    /// Tokens for `resource`, such as `https://graph.microsoft.com`.
    pub fn sign_in(self, application: Application, resource: &str) -> impl TokenCredential + use<> {
        Credential { certificate: self, application, scope: format!("{resource}/.default"), kept: Mutex::default() }
    }

    fn assertion(&self, audience: &str, client: &str) -> Option<String> {
        // The sign-in service goes by real time, whatever the time is that usher is told.
        let now = Clock::system().now().as_second();
        let header = Header { x5t_s256: Some(self.thumbprint.clone()), ..Header::new(Algorithm::PS256) };
        let claims = json!({
            "aud": audience, "iss": client, "sub": client, "jti": Uuid::new_v4(), "nbf": now, "exp": now + LIFETIME,
        });
        jsonwebtoken::encode(&header, &claims, &self.key).ok()
    }
}

struct Credential {
    certificate: Certificate,
    application: Application,
    scope: String,
    kept: Mutex<Option<Kept>>,
}

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let mut kept = self.kept.lock().await;
        if let Some(good) = kept.as_ref().filter(|kept| kept.is_good()) {
            return Ok(good.token.clone());
        }
        let address = self.application.address("token");
        let client = self.application.client_id.to_string();
        let unsigned = || azure_core::Error::with_message(ErrorKind::Credential, "the key could not sign");
        let assertion = self.certificate.assertion(&address, &client).ok_or_else(unsigned)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client.as_str()),
            ("scope", self.scope.as_str()),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion.as_str()),
        ];
        match exchange::<Granted>(&address, &form).await? {
            Answer::Ok(granted) => {
                let new = Kept::of(granted);
                let token = new.token.clone();
                *kept = Some(new);
                Ok(token)
            }
            Answer::Denied(denied) => Err(denied.error(ADVICE)),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("application", &self.application).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificate_or_key_says_which() {
        assert!(Certificate::parse(b"").err().unwrap().to_string().contains("no PEM certificate"));
        let encoded = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(Certificate::parse(encoded.as_bytes()).err().unwrap().to_string().contains("RSA private key"));
        let encrypted =
            format!("{encoded}-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
        assert!(Certificate::parse(encrypted.as_bytes()).is_err());
    }
}
