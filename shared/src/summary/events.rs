//! What happened since a place in the journal, by partner.
//!
//! Responsible for: counting what was done and digesting what was refused. Not responsible for: what is so right now.

use crate::graph::catalogue;
use crate::ids::{RunId, UserId};
use crate::journal::record::{ActionKind, Note, Outcome, Record, StepId};
use crate::journal::{Journal, JournalError};
use crate::report::ErrorReport;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many people are named for one cause.
const NAMED: usize = 5;

/// What happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// What usher did, by kind.
    pub done: BTreeMap<ActionKind, usize>,
    /// People who redeemed.
    pub redeemed: usize,
    /// What was refused.
    pub failed: usize,
}

/// What failed for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Graph's code, or one of ours.
    pub code: String,
    /// How often.
    pub count: usize,
    /// What to do.
    pub advice: String,
    /// Whether it concerned the partner as a whole.
    pub of_partner: bool,
    /// Some of the people concerned.
    pub people: Vec<UserId>,
}

impl Events {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty() && self.redeemed == 0 && self.failed == 0
    }

    /// How often something of these kinds was done.
    pub fn done(&self, kinds: &[ActionKind]) -> usize {
        kinds.iter().filter_map(|kind| self.done.get(kind)).sum()
    }
}

/// What happened after segment `number`, by partner.
pub(super) async fn since(
    journal: &Journal,
    number: u64,
) -> Result<BTreeMap<String, (Events, Vec<Digest>)>, JournalError> {
    // An outcome stands in the segment after its intent's.
    let mut partners: HashMap<(RunId, StepId), String> = HashMap::new();
    let mut happened: BTreeMap<String, (Events, Vec<Digest>)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    journal
        .read_from(number.max(1), |segment, record| match record {
            Record::Intent(intent) => _ = partners.insert((intent.run, intent.step()), intent.partner.clone()),
            _ if segment <= number => {}
            Record::Outcome { run, step, outcome, .. } => {
                let known = || journal.memory().life(step.person).map(|life| life.origin.partner.clone());
                let Some(partner) = partners.remove(&(*run, *step)).or_else(known) else { return };
                let (events, errors) = happened.entry(partner).or_default();
                match outcome {
                    Outcome::Done => *events.done.entry(step.action).or_default() += 1,
                    Outcome::Refused { code, .. } => {
                        events.failed += 1;
                        add_refusal(errors, code, *step);
                    }
                    Outcome::NotSent | Outcome::Unknown => {}
                }
            }
            Record::Noted { person, partner, note: Note::Redeemed { since }, .. } if seen.insert((*person, *since)) => {
                happened.entry(partner.clone()).or_default().0.redeemed += 1;
            }
            _ => {}
        })
        .await?;
    Ok(happened)
}

fn add_refusal(errors: &mut Vec<Digest>, code: &str, step: StepId) {
    let advice = catalogue::advice_of(code).unwrap_or("`usher explain` tells what stands against the person.");
    let digest = digest_of(errors, code, advice, false);
    digest.count += 1;
    if digest.people.len() < NAMED && step.action != ActionKind::Invite && !digest.people.contains(&step.person) {
        digest.people.push(step.person);
    }
}

/// Adds what failed for a whole partner.
pub(super) fn add_failure(errors: &mut Vec<Digest>, error: &ErrorReport) {
    // Its message may name people.
    digest_of(errors, &error.code, &error.advice, true).count += 1;
}

fn digest_of<'a>(errors: &'a mut Vec<Digest>, code: &str, advice: &str, of_partner: bool) -> &'a mut Digest {
    let index = errors.iter().position(|digest| digest.code == code && digest.of_partner == of_partner);
    let index = index.unwrap_or_else(|| {
        errors.push(Digest {
            code: code.to_owned(),
            count: 0,
            advice: advice.to_owned(),
            of_partner,
            people: Vec::new(),
        });
        errors.len() - 1
    });
    &mut errors[index]
}

/// What concerns everybody comes first, then what happened most often.
pub(super) fn worst_first(errors: &mut [Digest]) {
    errors.sort_by(|one, other| {
        (other.of_partner, other.count, &one.code).cmp(&(one.of_partner, one.count, &other.code))
    });
}
