//! What Graph answers, whatever it is.

mod batch;
mod errors;
mod links;
mod pages;
mod retry_after;

use super::client::{Client, Endpoint};
use super::credential::{Identity, Tokens};
use super::error::GraphError;
use super::limits::Limits;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use std::sync::LazyLock;

/// What stands for personal data in the corpora: addresses in a domain that nothing of usher's own names.
const PERSONAL: &str = "@fabrikam";

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let text = "[tenant]\nid = \"11111111-1111-4111-8111-111111111111\"\n[[partner]]\nname = \"p\"\n\
                tenant_id = \"22222222-2222-4222-8222-222222222222\"\ncloud = \"us-gov\"\n[partner.scope]\n\
                domains = [\"example.com\"]\n";
    Config::parse(text, "usher.toml", &Environment::default()).unwrap()
});

/// Limits by a clock that stands.
fn limits() -> Limits {
    Limits::new(clock(), &CONFIG.tenant)
}

fn clock() -> Clock {
    Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap(), 1e-9)
}

/// A client that nobody lets send anything.
pub(super) fn client(root: &str) -> Client {
    let tokens = Tokens::new(Identity::AzureCli, root);
    Client::new(&Endpoint { root: root.parse().unwrap() }, tokens, limits(), clock())
}

/// What goes to the log is one short line without personal data.
fn is_fit_for_the_log(error: &GraphError) {
    let shown = error.to_string();
    assert!(!shown.contains(PERSONAL), "personal data is shown: {shown}");
    assert!(!shown.contains(char::is_control) && shown.len() < 1000, "{shown:?}");
}
