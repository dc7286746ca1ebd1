//! Where a webhook may be.
//!
//! Responsible for: that what usher reports goes to a host that takes Teams Workflows messages of this tenant's cloud, or
//! to one that the configuration names, encrypted, and with the URL exactly as it was copied: its signature is over its
//! bytes. Not responsible for: whether anything listens there.

use super::webhook::Format;
use crate::clouds::Cloud;
use crate::config::{Config, Secret};
use crate::loopback::is_loopback;
use std::fmt;
use url::{Host, Url};

/// Where Power Automate has its webhooks. Of the government clouds only the platform's domains are published, not the
/// hosts below them.
const WORKFLOWS: [(Cloud, &str); 6] = [
    (Cloud::Global, ".environment.api.powerplatform.com"),
    (Cloud::Global, ".api.gov.powerplatform.microsoft.us"),
    (Cloud::UsGov, ".api.high.powerplatform.microsoft.us"),
    (Cloud::UsGov, ".logic.azure.us"),
    (Cloud::UsGovDod, ".api.appsplatform.us"),
    (Cloud::UsGovDod, ".logic.azure.us"),
];

/// Webhooks that Microsoft has ended: the connectors of Office 365, and the first hosts of Workflows.
const ENDED: [&str; 3] = [".webhook.office.com", "outlook.office.com", ".logic.azure.com"];

/// A webhook's URL. `Debug` is redacted: whoever has the URL can post.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address(Url);

/// Why a webhook's URL is not used. Never shows any part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// No URL at all.
    #[error("it holds no URL such as https://…")]
    NoUrl,
    /// Something in it has to be written in another way in a URL.
    #[error("the URL holds characters that cannot be sent as they are")]
    Altered,
    /// Neither https nor this machine.
    #[error("the URL is not an https one")]
    NotEncrypted,
    /// `name:password@` or `#…`.
    #[error("the URL holds a user, a password or a fragment, which no webhook has")]
    Surplus,
    /// A workflow that asks for a sign-in.
    #[error("the URL has no signature (sig=…): its workflow wants its callers to sign in")]
    NoSignature,
    /// A kind of webhook that Microsoft has switched off.
    #[error("the URL is of a kind of webhook that Microsoft has ended")]
    Ended,
    /// Teams, but of another cloud.
    #[error("the URL is of another cloud than tenant.cloud, and reports would leave this one")]
    OtherCloud,
    /// Some other host.
    #[error("the URL's host is none of Teams Workflows and none of report.webhook_hosts")]
    OtherHost,
}

impl AddressFault {
    /// What to do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NoUrl | Self::Altered | Self::Surplus => {
                "Copy the URL again from the webhook's trigger, whole and unchanged."
            }
            Self::NotEncrypted => "Use the https URL; plain http is for this machine only.",
            Self::NoSignature => "Let anyone trigger the workflow, and copy its URL again.",
            Self::Ended => {
                "In Teams, make a workflow from the template \"Send webhook alerts to a channel\" and use its URL. If it is \
                 an Azure Logic App of your own, name its domain in report.webhook_hosts."
            }
            Self::OtherCloud => {
                "Use a workflow of this tenant. If the other cloud is meant, name the host's domain in \
                 report.webhook_hosts."
            }
            Self::OtherHost => "If the host is meant, name its domain in report.webhook_hosts.",
        }
    }
}

impl Address {
    /// The address in a secret, if messages of that format may be sent there.
    pub(super) fn check(secret: &Secret, format: Format, config: &Config) -> Result<Self, AddressFault> {
        let text = secret.expose();
        let url = Url::parse(text).map_err(|_| AddressFault::NoUrl)?;
        let host = url.host().ok_or(AddressFault::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(AddressFault::Surplus);
        }
        match url.scheme() {
            "http" if is_loopback(&host) => {}
            "https" => {}
            _ => return Err(AddressFault::NotEncrypted),
        }
        if !ends_with_target_of(text, &url) {
            return Err(AddressFault::Altered);
        }
        let Host::Domain(name) = host else {
            return if is_loopback(&host) { Ok(Self(url)) } else { Err(AddressFault::OtherHost) };
        };
        if is_loopback(&host) || config.report.host_is_listed(name) {
            return Ok(Self(url));
        }
        judge(name, config.tenant.cloud)?;
        if format == Format::TeamsCard && !url.query_pairs().any(|(key, value)| key == "sig" && !value.is_empty()) {
            return Err(AddressFault::NoSignature);
        }
        Ok(Self(url))
    }

    /// The URL, for sending to it. It gets into no log and no error.
    pub(super) const fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// Whether path and query are sent byte for byte as they were written: parsing puts some characters in another form and
/// resolves dots.
fn ends_with_target_of(text: &str, url: &Url) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let target = rest.find(['/', '?', '\\']).map_or("", |start| &rest[start..]);
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    query == url.query() && (path == url.path() || (path.is_empty() && url.path() == "/"))
}

/// Whether a host that is not listed takes messages of a tenant in `cloud`.
fn judge(host: &str, cloud: Cloud) -> Result<(), AddressFault> {
    let mut known = WORKFLOWS.iter().filter(|(_, suffix)| is_below(host, suffix)).map(|(cloud, _)| *cloud).peekable();
    if known.peek().is_some() {
        return if known.any(|one| one == cloud) { Ok(()) } else { Err(AddressFault::OtherCloud) };
    }
    let has_ended = ENDED.iter().any(|ended| is_below(host, ended) || host == *ended);
    Err(if has_ended { AddressFault::Ended } else { AddressFault::OtherHost })
}

fn is_below(host: &str, suffix: &str) -> bool {
    suffix.starts_with('.') && host.strip_suffix(suffix).is_some_and(|rest| !rest.is_empty())
}
