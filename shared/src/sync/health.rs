//! What a sweep remembers of how cross-tenant synchronization goes, for the summary.
//!
//! Responsible for: looking after each full sweep where `sync.watch` is on, and one document with what was found. Whatever
//! fails here holds no run up. Not responsible for: what is looked at; see [`super::status`].

use super::status::status;
use crate::checks::{Check, CheckResult};
use crate::config::Config;
use crate::graph::Client;
use crate::graph::setup::SetupReader;
use crate::state::{Documents, StateError, Store, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HEALTH: &str = "sync-health";

/// How the synchronizations of this tenant went when they were last looked at, by partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllHealth(BTreeMap<String, Health>);

impl Versioned for AllHealth {
    const VERSION: u32 = 1;
}

/// How one went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// When it was looked at.
    pub at: Timestamp,
    /// What is wrong, could not be seen, or should be known.
    pub findings: Vec<Finding>,
}

/// Something that somebody should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether it is wrong, and not merely worth knowing or not to be seen.
    pub wrong: bool,
    /// What was seen. People are in it by object id only.
    pub evidence: String,
    /// What helps.
    pub remedy: String,
}

impl Health {
    fn of(checks: Vec<Check>, at: Timestamp) -> Self {
        let told = |check: &Check| !matches!(check.result, CheckResult::Pass | CheckResult::NotApplicable);
        let findings = checks.into_iter().filter(told).map(|check| Finding {
            wrong: check.result == CheckResult::Fail,
            evidence: check.evidence,
            remedy: check.remedy,
        });
        Self { at, findings: findings.collect() }
    }

    /// Whether something is wrong.
    pub fn is_wrong(&self) -> bool {
        self.findings.iter().any(|finding| finding.wrong)
    }
}

impl AllHealth {
    /// What was seen for a partner.
    pub fn of(&self, partner: &str) -> Option<&Health> {
        self.0.get(partner)
    }
}

/// Looks at the synchronizations that are to be watched, and remembers what was seen.
///
/// # Errors
/// When the state fails.
pub(crate) async fn look(config: &Config, client: &Client, store: &dyn Store) -> Result<(), StateError> {
    let watched = config.partners.iter().filter_map(|partner| Some((partner, partner.sync.as_ref()?)));
    let watched: Vec<_> = watched.filter(|(_, sync)| sync.watch).collect();
    if watched.is_empty() {
        return Ok(());
    }
    let reader = SetupReader::new(client.clone());
    let now = client.clock().now();
    let mut all = BTreeMap::new();
    for (partner, sync) in watched {
        all.insert(partner.name.clone(), Health::of(status(&reader, partner, sync, now).await, now));
    }
    Documents(store).update(HEALTH, |known: &mut AllHealth| known.0.clone_from(&all)).await
}

/// What was seen last.
///
/// # Errors
/// When the state fails.
pub(crate) async fn read(store: &dyn Store) -> Result<AllHealth, StateError> {
    Ok(Documents(store).get::<AllHealth>(HEALTH).await?.map(|(health, _)| health).unwrap_or_default())
}
