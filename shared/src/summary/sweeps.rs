//! What the last full sweep left to people.
//!
//! Responsible for: one document with it, for reports. No decision rests on it.

use super::Decision;
use crate::ids::UserId;
use crate::people::reason::Reason;
use crate::report::Report;
use crate::state::{Documents, StateError, Store, Versioned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SWEEPS: &str = "sweeps";

/// What the last sweep left to people, by partner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sweeps(BTreeMap<String, BTreeMap<Reason, (usize, Vec<UserId>)>>);

impl Versioned for Sweeps {
    const VERSION: u32 = 1;
}

impl Sweeps {
    /// What is left to people, most frequent first.
    pub(super) fn decisions(&self, partner: &str) -> Vec<Decision> {
        let left = self.0.get(partner).into_iter().flatten();
        let mut decisions: Vec<_> = left
            .map(|(reason, (count, people))| Decision { reason: *reason, count: *count, people: people.clone() })
            .collect();
        decisions.sort_by_key(|decision| (std::cmp::Reverse(decision.count), decision.reason));
        decisions
    }
}

/// Notes what a sweep left to people.
///
/// # Errors
/// When the store fails.
pub async fn record(store: &dyn Store, report: &Report) -> Result<(), StateError> {
    let change = |sweeps: &mut Sweeps| {
        for partner in report.partners.iter().filter(|partner| partner.complete) {
            let count = |reason: &Reason| partner.untouched.get(reason).copied().unwrap_or(0);
            let needs = partner.needs.iter().map(|(reason, people)| (*reason, (count(reason), people.clone())));
            sweeps.0.insert(partner.partner.clone(), needs.collect());
        }
    };
    Documents(store).update(SWEEPS, change).await
}

pub(super) async fn read(store: &dyn Store) -> Result<Sweeps, StateError> {
    Ok(Documents(store).get::<Sweeps>(SWEEPS).await?.map(|(sweeps, _)| sweeps).unwrap_or_default())
}
