//! What later runs need of the journal, summed up record by record.
//!
//! Responsible for: provenance, open and refused steps, what was sent within a day, waves and circuit breakers. Everything
//! here can be derived again from the journal, or from its newest checkpoint and what follows. It is small: of whoever is
//! settled it holds only where they came from. Not responsible for: deciding; the planner reads it.

mod provenance;
#[cfg(test)]
mod tests;
pub mod waves;

pub use provenance::Origin;

use super::Head;
use super::record::{CircuitEvent, Intent, Outcome, Record};
use crate::address::Address;
use crate::graph::catalogue::UNEXPLAINED;
use crate::ids::{RunId, UserId};
use crate::state::Versioned;
use jiff::{SignedDuration, Timestamp};
use provenance::Provenance;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use waves::{WaveCount, WaveMemory};

/// Daily limits count what was sent within this.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// An effect that can be read is taken for not having happened when two readings this far apart show none: longer than
/// the directory's replication usually takes.
pub const BETWEEN_READINGS: SignedDuration = SignedDuration::from_mins(10);
/// A step that is not settled after this needs a person.
pub const SETTLES_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// A refusal is told for so long: twice the time within which it is not tried again.
const REFUSALS_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Everything that the journal says, summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The segment up to which this is true.
    pub head: Head,
    /// The newest segment that is summed up in a checkpoint, and removed; 0 if none is.
    pruned: u64,
    brought_in: Provenance,
    /// Steps that are not simply done, by person.
    steps: BTreeMap<UserId, Step>,
    partners: BTreeMap<String, PartnerMemory>,
    /// The circuit breaker of the whole tenant, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit>,
}

impl Versioned for Memory {
    const VERSION: u32 = 1;
}

/// A step that is not simply done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The run that intended it: an outcome of another run is not its outcome.
    run: RunId,
    /// For which partner.
    pub partner: String,
    /// The address invited.
    pub address: Address,
    /// When it was intended.
    pub at: Timestamp,
    /// What became of it.
    pub state: StepState,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StepState {
    /// Sent, or about to be; no outcome is known.
    Open {
        /// The first reading that showed no effect.
        unchanged_since: Option<Timestamp>,
    },
    /// Refused for the person's own reason.
    Refused {
        /// When.
        at: Timestamp,
        /// Graph's code.
        code: String,
    },
}

/// What is remembered of a partner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartnerMemory {
    /// Invitations by the time of their intent, those of the last day.
    invitations: BTreeMap<Timestamp, u32>,
    /// Which wave is next, and out of how many people percentages are.
    pub waves: WaveMemory,
    /// The circuit breaker, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit>,
    /// How many different people in a row were refused without Graph saying why.
    #[serde(default)]
    pub refused_in_a_row: u32,
}

/// A circuit breaker that is open: Graph refuses for more than a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// The refusal's name.
    pub reason: String,
    /// When it opened.
    pub opened: Timestamp,
    /// When it was tried last.
    pub tried: Timestamp,
    /// Only a person closes it.
    pub until_a_person_says_so: bool,
}

impl Memory {
    /// Where somebody came from whom usher brought in, and since when.
    pub fn brought_in(&self, person: UserId) -> Option<(&Origin, Timestamp)> {
        self.brought_in.of(person)
    }

    /// The last step of a person, unless it was done.
    pub fn step(&self, person: UserId) -> Option<&Step> {
        self.steps.get(&person)
    }

    /// The domain of the address that `partner` invited somebody by, or was about to.
    pub fn invited_domain(&self, person: UserId, partner: &str) -> Option<&str> {
        let step = self.steps.get(&person).map(|step| (step.partner.as_str(), step.address.domain()));
        let origin = || self.brought_in(person).map(|(origin, _)| (origin.partner.as_str(), origin.domain.as_str()));
        let (of, domain) = step.or_else(origin)?;
        (of == partner).then_some(domain)
    }

    /// What is remembered of a partner.
    pub fn partner(&self, name: &str) -> Option<&PartnerMemory> {
        self.partners.get(name)
    }

    /// The first segment that was not removed.
    pub const fn kept_from(&self) -> u64 {
        self.pruned + 1
    }

    /// When invitations were intended last, for whatever partner.
    pub fn last_invitations(&self) -> Option<(Timestamp, u32)> {
        self.partners.values().filter_map(PartnerMemory::last_invitations).max()
    }

    /// People whose last step has no outcome, with that step.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (UserId, &Step)> {
        self.steps.iter().filter(|(_, step)| step.is_open()).map(|(id, step)| (*id, step))
    }

    /// How far a partner's waves got.
    pub fn waves_of(&self, partner: &str) -> WaveMemory {
        self.partner(partner).map(|known| known.waves).unwrap_or_default()
    }

    /// The open circuit breaker that stops a partner, its own or the tenant's.
    pub fn circuit_of(&self, partner: &str) -> Option<&Circuit> {
        self.circuit.as_ref().or_else(|| self.partner(partner)?.circuit.as_ref())
    }

    /// Every open circuit breaker, by partner; `None` is the tenant's.
    pub fn circuits(&self) -> impl Iterator<Item = (Option<&str>, &Circuit)> {
        let partners =
            self.partners.iter().filter_map(|(name, known)| Some((Some(name.as_str()), known.circuit.as_ref()?)));
        self.circuit.iter().map(|circuit| (None, circuit)).chain(partners)
    }

    /// Adds what the records say.
    pub fn learn(&mut self, records: &[Record]) {
        for record in records {
            match record {
                Record::RunStarted { at, .. } => self.forget_old_refusals(*at),
                Record::Intent(intent) => self.intended(intent),
                Record::Outcome { run, person, at, outcome } => self.came_out(*run, *person, *at, outcome),
                Record::Reading { person, at, changed } => self.read(*person, *at, *changed),
                Record::Circuit { partner, at, event } => self.circuit_changed(partner.as_deref(), *at, event),
                Record::Wave { partner, step } => {
                    self.partners.entry(partner.clone()).or_default().waves.advance(*step);
                }
                Record::Checkpoint { number, .. } => self.pruned = *number,
            }
        }
    }

    fn forget_old_refusals(&mut self, now: Timestamp) {
        self.steps.retain(|_, step| match step.state {
            StepState::Refused { at, .. } => now.duration_since(at) < REFUSALS_KEPT,
            StepState::Open { .. } => true,
        });
    }

    fn intended(&mut self, intent: &Intent) {
        let partner = self.partners.entry(intent.partner.clone()).or_default();
        partner.invitations = partner.invitations.split_off(&(intent.at - DAY));
        *partner.invitations.entry(intent.at).or_default() += 1;
        if let Some(wave) = &mut partner.waves.under_way {
            wave.intended();
        }
        let step = Step {
            run: intent.run,
            partner: intent.partner.clone(),
            address: intent.address.clone(),
            at: intent.at,
            state: StepState::Open { unchanged_since: None },
        };
        self.steps.insert(intent.person, step);
    }

    fn came_out(&mut self, run: RunId, person: UserId, at: Timestamp, outcome: &Outcome) {
        let Some(step) = self.steps.get_mut(&person).filter(|step| step.run == run && step.is_open()) else { return };
        let intended = step.at;
        if let Some(partner) = self.partners.get_mut(&step.partner) {
            partner.came_out(intended, outcome);
        }
        match outcome {
            Outcome::Done => self.settle(person),
            Outcome::Refused { code, .. } => step.state = StepState::Refused { at, code: code.clone() },
            Outcome::NotSent => {
                self.steps.remove(&person);
            }
            Outcome::Unknown => {}
        }
    }

    fn read(&mut self, person: UserId, at: Timestamp, changed: bool) {
        // A reading from before the step says nothing about it, whenever it was journalled.
        let step = self.steps.get_mut(&person).filter(|step| step.at < at);
        let Some(Step { state: StepState::Open { unchanged_since }, .. }) = step else { return };
        match *unchanged_since {
            _ if changed => self.settle(person),
            None => *unchanged_since = Some(at),
            Some(first) if at.duration_since(first) >= BETWEEN_READINGS => {
                self.steps.remove(&person);
            }
            Some(_) => {}
        }
    }

    /// The step was done: what is left to remember is where the person came from.
    fn settle(&mut self, person: UserId) {
        if let Some(step) = self.steps.remove(&person) {
            self.brought_in.note(person, &step.partner, step.address.domain(), step.at);
        }
    }

    fn circuit_changed(&mut self, partner: Option<&str>, at: Timestamp, event: &CircuitEvent) {
        let circuit = match partner {
            None => &mut self.circuit,
            Some(name) => {
                let partner = self.partners.entry(name.to_owned()).or_default();
                partner.refused_in_a_row = 0;
                &mut partner.circuit
            }
        };
        *circuit = match event {
            CircuitEvent::Closed | CircuitEvent::ClosedByPerson => None,
            CircuitEvent::Opened { reason, until_a_person_says_so } => Some(Circuit {
                reason: reason.clone(),
                opened: circuit.as_ref().map_or(at, |open| open.opened),
                tried: at,
                until_a_person_says_so: *until_a_person_says_so,
            }),
        };
    }
}

impl Step {
    /// Whether it was sent, or about to be, and nobody knows what became of it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, StepState::Open { .. })
    }
}

impl PartnerMemory {
    /// When the last invitation was intended, and how many with it.
    pub fn last_invitations(&self) -> Option<(Timestamp, u32)> {
        self.invitations.last_key_value().map(|(at, count)| (*at, *count))
    }

    /// How many invitations were sent within the day before `now`.
    pub fn invitations_within_a_day(&self, now: Timestamp) -> u32 {
        self.invitations.range(now - DAY..).map(|(_, count)| count).sum()
    }

    /// Counts what became of an invitation intended at `intended`.
    fn came_out(&mut self, intended: Timestamp, outcome: &Outcome) {
        if let Some(wave) = &mut self.waves.under_way {
            WaveCount::came_out(wave, outcome);
        }
        // What was not sent, or refused, mailed nobody and does not count as sent.
        if matches!(outcome, Outcome::Refused { .. } | Outcome::NotSent)
            && let Some(count) = self.invitations.get_mut(&intended)
        {
            *count = count.saturating_sub(1);
        }
        // People whom Graph refused in a row without saying why; anybody accepted ends the row.
        match outcome {
            Outcome::Done => self.refused_in_a_row = 0,
            Outcome::Refused { code, .. } if code == UNEXPLAINED => self.refused_in_a_row += 1,
            _ => {}
        }
    }
}
