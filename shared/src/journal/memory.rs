//! What later runs need of the journal, summed up record by record.
//!
//! Responsible for: provenance, open and refused steps, what was sent within a day, and waves. Everything here can be
//! derived again from the journal. Not responsible for: deciding; the planner reads it.

use super::Head;
use super::record::{CircuitEvent, Intent, Outcome, Record};
use crate::address::Address;
use crate::graph::catalogue::UNEXPLAINED;
use crate::ids::UserId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Daily limits count what was sent within this.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// An effect that can be read is taken for not having happened when two readings this far apart show none: longer than
/// the directory's replication usually takes.
pub const BETWEEN_READINGS: SignedDuration = SignedDuration::from_mins(10);

/// Everything that the journal says, summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The segment up to which this is true.
    pub head: Head,
    people: BTreeMap<UserId, PersonMemory>,
    partners: BTreeMap<String, PartnerMemory>,
    /// The circuit breaker of the whole tenant, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit>,
}

/// What is remembered of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonMemory {
    /// For which partner usher touched them last.
    pub partner: String,
    /// The address invited last.
    pub address: Address,
    /// Whether usher brought this person in.
    pub brought_in: bool,
    /// The last step, unless it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// A step that is not simply done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
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

/// How far a partner's waves got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveMemory {
    /// Index of the next wave, or of the one under way.
    pub next: usize,
    /// How many people waited when the first wave was planned.
    pub waiting_at_first: Option<u64>,
    /// What was sent in the wave under way, if one is.
    pub under_way: Option<WaveCount>,
}

/// What was sent in a wave, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveCount {
    /// Sent, and not given back.
    pub sent: u64,
    /// Refused for the person's own reason.
    pub refused: u64,
    /// Of nobody knows what became.
    pub open: u64,
}

impl WaveCount {
    /// A wave is clean when nothing is unconfirmed, and at most a tenth was refused for the person's own reason.
    pub const fn is_clean(self) -> bool {
        self.open == 0 && self.refused * 10 <= self.sent
    }
}

/// Where a wave begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum WaveStep {
    /// It begins.
    Begun {
        /// Index of the wave.
        wave: usize,
        /// How many people wait, those who will be in it included.
        waiting: u64,
    },
    /// It came to its end. One that is not clean is repeated.
    Ended {
        /// Whether it was clean.
        clean: bool,
    },
}

impl Memory {
    /// What is remembered of a person.
    pub fn person(&self, id: UserId) -> Option<&PersonMemory> {
        self.people.get(&id)
    }

    /// What is remembered of a partner.
    pub fn partner(&self, name: &str) -> Option<&PartnerMemory> {
        self.partners.get(name)
    }

    /// When invitations were intended last, for whatever partner.
    pub fn last_invitations(&self) -> Option<(Timestamp, u32)> {
        self.partners.values().filter_map(PartnerMemory::last_invitations).max()
    }

    /// People whose last step has no outcome, with when it was intended.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (UserId, &PersonMemory)> {
        self.people.iter().filter_map(|(id, person)| {
            let open = matches!(person.step, Some(Step { state: StepState::Open { .. }, .. }));
            open.then_some((*id, person))
        })
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
                Record::RunStarted { .. } => {}
                Record::Intent(intent) => self.intended(intent),
                Record::Outcome { person, at, outcome } => self.came_out(*person, *at, outcome),
                Record::Reading { person, at, changed } => self.read(*person, *at, *changed),
                Record::Circuit { partner, at, event } => self.circuit_changed(partner.as_deref(), *at, event),
                Record::Wave { partner, step } => {
                    self.partners.entry(partner.clone()).or_default().waves.advance(*step)
                }
            }
        }
    }

    fn intended(&mut self, intent: &Intent) {
        let sent = &mut self.partners.entry(intent.partner.clone()).or_default().invitations;
        *sent = sent.split_off(&(intent.at - DAY));
        *sent.entry(intent.at).or_default() += 1;
        if let Some(wave) = self.wave_under_way(&intent.partner) {
            wave.sent += 1;
            wave.open += 1;
        }
        let brought_in = self.people.get(&intent.person).is_some_and(|known| known.brought_in);
        self.people.insert(
            intent.person,
            PersonMemory {
                partner: intent.partner.clone(),
                address: intent.address.clone(),
                brought_in,
                step: Some(Step { at: intent.at, state: StepState::Open { unchanged_since: None } }),
            },
        );
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

    /// Counts people whom Graph refused in a row without saying why; anybody accepted ends the row.
    fn count_refusals(&mut self, person: UserId, outcome: &Outcome) {
        let partner = self.people.get(&person).and_then(|known| self.partners.get_mut(&known.partner));
        match (partner, outcome) {
            (Some(partner), Outcome::Done) => partner.refused_in_a_row = 0,
            (Some(partner), Outcome::Refused { code, .. }) if code == UNEXPLAINED => partner.refused_in_a_row += 1,
            _ => {}
        }
    }

    fn came_out(&mut self, person: UserId, at: Timestamp, outcome: &Outcome) {
        self.count_refusals(person, outcome);
        self.count_in_wave(person, outcome);
        let Some(known) = self.people.get_mut(&person) else { return };
        let Some(step) = known.step.as_mut() else { return };
        match outcome {
            Outcome::Done => {
                known.step = None;
                known.brought_in = true;
            }
            Outcome::Refused { code, .. } => {
                step.state = StepState::Refused { at, code: code.clone() };
                self.give_back(person);
            }
            Outcome::NotSent => {
                self.give_back(person);
                self.forget_step(person);
            }
            Outcome::Unknown => {}
        }
    }

    fn wave_under_way(&mut self, partner: &str) -> Option<&mut WaveCount> {
        self.partners.get_mut(partner)?.waves.under_way.as_mut()
    }

    fn count_in_wave(&mut self, person: UserId, outcome: &Outcome) {
        let Some(partner) = self.people.get(&person).map(|known| known.partner.clone()) else { return };
        let Some(wave) = self.wave_under_way(&partner) else { return };
        match outcome {
            Outcome::Unknown => return,
            Outcome::Done => {}
            Outcome::Refused { .. } => wave.refused += 1,
            Outcome::NotSent => wave.sent = wave.sent.saturating_sub(1),
        }
        wave.open = wave.open.saturating_sub(1);
    }

    fn read(&mut self, person: UserId, at: Timestamp, changed: bool) {
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        let Some(Step { state: StepState::Open { unchanged_since }, .. }) = known.step.as_mut() else {
            return;
        };
        match *unchanged_since {
            _ if changed => {
                known.step = None;
                known.brought_in = true;
            }
            None => *unchanged_since = Some(at),
            Some(first) if at.duration_since(first) >= BETWEEN_READINGS => self.forget_step(person),
            Some(_) => {}
        }
    }

    /// A person about whom nothing is left to remember is forgotten.
    fn forget_step(&mut self, person: UserId) {
        let Some(known) = self.people.get_mut(&person) else {
            return;
        };
        known.step = None;
        if !known.brought_in {
            self.people.remove(&person);
        }
    }

    /// What was not sent, or refused, mailed nobody and does not count as sent.
    fn give_back(&mut self, person: UserId) {
        let Some(known) = self.people.get(&person) else {
            return;
        };
        let (Some(step), Some(partner)) = (&known.step, self.partners.get_mut(&known.partner)) else {
            return;
        };
        if let Some(count) = partner.invitations.get_mut(&step.at) {
            *count = count.saturating_sub(1);
        }
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
}

impl WaveMemory {
    fn advance(&mut self, step: WaveStep) {
        match step {
            WaveStep::Begun { wave, waiting } => {
                self.next = wave;
                self.waiting_at_first.get_or_insert(waiting);
                self.under_way = Some(WaveCount::default());
            }
            WaveStep::Ended { clean } => {
                self.under_way = None;
                self.next += usize::from(clean);
            }
        }
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
