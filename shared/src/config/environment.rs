//! The environment variables that belong to the configuration.
//!
//! Responsible for: a snapshot of them, handed in by whoever starts the process, and what is wrong with single ones.
//! Not responsible for: variables of other modules (state, credentials, simulated services).

use super::errors::{Findings, quoted};
use super::secret::Secret;
use super::settings::Mode;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;

/// The variable that overrides `tenant.mode`.
pub const MODE: &str = "USHER_MODE";

/// The variable that holds the URL of the Teams webhook.
pub const TEAMS_WEBHOOK_URL: &str = "TEAMS_WEBHOOK_URL";

/// A snapshot of the environment: `std::env::vars_os().collect()`, or pairs of texts in tests. What is not Unicode
/// counts as not set. `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl<K: AsRef<OsStr>, V: AsRef<OsStr>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let unicode = variables.into_iter().filter_map(|(name, value)| {
            Some((name.as_ref().to_str()?.to_owned(), value.as_ref().to_str()?.to_owned()))
        });
        Self(unicode.collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Environment {
    /// The value without surrounding white space; none when it is not set or empty, which an app setting cannot tell
    /// apart.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What `USHER_MODE` says.
    pub(super) fn mode(&self, findings: &mut Findings) -> Option<Mode> {
        match self.get(MODE)? {
            "plan" => Some(Mode::Plan),
            "apply" => Some(Mode::Apply),
            other => {
                let message = format!("the environment variable is {}, which is no mode", quoted(other));
                findings.variable(MODE, message, "Set it to plan or apply, or remove it to use tenant.mode.");
                None
            }
        }
    }

    /// The secret in the variable of that name.
    pub(super) fn secret(&self, name: &str, findings: &mut Findings) -> Option<Secret> {
        let value = self.get(name)?;
        // The platform resolves references before the process starts and leaves the text itself there when it could
        // not.
        const REFERENCE: &str = "@Microsoft.KeyVault(";
        if value.get(..REFERENCE.len()).is_some_and(|start| start.eq_ignore_ascii_case(REFERENCE)) {
            findings.variable(
                name,
                "the environment variable is a Key Vault reference that was not resolved",
                "The platform resolves it, not usher: see that keyVaultReferenceIdentity names the app's identity, \
                 that this identity has the role Key Vault Secrets User, that the secret exists and that the app's \
                 network reaches the vault; then restart the app.",
            );
            return None;
        }
        Some(Secret::new(value))
    }
}
