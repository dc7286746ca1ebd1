//! Who may sign in to which application, and the device codes that wait for a person.
//!
//! Not responsible for: the protocol (`login`), nor what a token carries (`auth`).

use super::certificate::Certificate;
use super::model::Directory;
use anyhow::{Context, ensure};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// So long a person has to type a code.
pub(super) const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// So long a client waits between two questions.
pub(super) const INTERVAL: SignedDuration = SignedDuration::from_secs(5);

/// The applications that people and certificates sign in to, and what is under way.
#[derive(Debug, Default)]
pub(super) struct SignIns {
    /// The delegated permissions that everybody may use, by client id.
    pub(super) public_clients: BTreeMap<Uuid, BTreeSet<String>>,
    pub(super) certificate_clients: BTreeMap<Uuid, CertificateClient>,
    /// By device code.
    pub(super) codes: BTreeMap<String, Pending>,
    pub(super) refresh_tokens: BTreeMap<String, Grant>,
}

/// An application that proves itself by a certificate.
#[derive(Debug)]
pub(super) struct CertificateClient {
    pub(super) certificate: Certificate,
    pub(super) permissions: BTreeSet<String>,
}

/// What a person is asked for, or has given.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client: Uuid,
    pub(super) person: Uuid,
    /// As they were asked for, without the resource.
    pub(super) scopes: Vec<String>,
}

/// A device code that has not become a token.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) client: Uuid,
    pub(super) user_code: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires: Timestamp,
    pub(super) asked: Option<Timestamp>,
    pub(super) interval: SignedDuration,
    pub(super) decision: Decision,
}

/// What the person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Open,
    Approved(Uuid),
    Declined,
}

/// A device code that a person has not decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// What the person types.
    pub user_code: String,
    /// The application that wants to act for the person.
    pub client_id: Uuid,
    /// What it wants, without the resource.
    pub scopes: Vec<String>,
}

impl Directory {
    /// An administrator registers an application that people sign in to with a device code, and consents to delegated
    /// permissions of Graph for everybody.
    pub fn register_public_client(&mut self, client_id: Uuid, consented: &[&str]) {
        self.sign_ins.public_clients.insert(client_id, consented.iter().map(|name| (*name).to_owned()).collect());
    }

    /// An administrator registers an application with an X.509 certificate (DER) and application permissions of Graph.
    ///
    /// # Errors
    /// That is no certificate.
    pub fn register_certificate_client(
        &mut self,
        client_id: Uuid,
        certificate: &[u8],
        permissions: &[&str],
    ) -> anyhow::Result<()> {
        let certificate = Certificate::read(certificate).context("this is no X.509 certificate")?;
        let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        self.sign_ins.certificate_clients.insert(client_id, CertificateClient { certificate, permissions });
        Ok(())
    }

    /// The device codes that wait for a person, oldest first.
    pub(super) fn device_codes(&self) -> Vec<DeviceCode> {
        let now = self.clock().now();
        let open = self.sign_ins.codes.values().filter(|code| code.decision == Decision::Open && now < code.expires);
        let mut open: Vec<&Pending> = open.collect();
        open.sort_by(|a, b| a.expires.cmp(&b.expires).then_with(|| a.user_code.cmp(&b.user_code)));
        let shown = |code: &Pending| DeviceCode {
            user_code: code.user_code.clone(),
            client_id: code.client,
            scopes: code.scopes.clone(),
        };
        open.into_iter().map(shown).collect()
    }

    /// Decides on a code.
    pub(super) fn decide(&mut self, user_code: &str, decision: Decision) -> anyhow::Result<()> {
        if let Decision::Approved(person) = decision {
            let user = self.user(person).with_context(|| format!("there is no user {person}"))?;
            ensure!(user.account_enabled, "user {person} is disabled");
        }
        let now = self.clock().now();
        let mut codes = self.sign_ins.codes.values_mut();
        let code = codes.find(|code| code.user_code == user_code && now < code.expires);
        let code = code.with_context(|| format!("the code {user_code} is not known, or has expired"))?;
        ensure!(code.decision == Decision::Open, "somebody has decided on {user_code} already");
        code.decision = decision;
        Ok(())
    }
}
