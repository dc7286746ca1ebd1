//! What later runs need of the journal, summed up record by record.
//!
//! Responsible for: whom usher looks after and how far it got with them, open and refused steps, what was done within a day,
//! waves and circuit breakers. Everything here can be derived again from the journal, or from its newest checkpoint and
//! what follows. It is small: of whoever is settled it holds a few bytes. Not responsible for: deciding; the planner reads
//! it.

pub mod departures;
pub mod lives;
pub mod requests;
mod steps;
#[cfg(test)]
mod tests;
pub mod waves;

pub use steps::{Step, StepState};

use super::Head;
use super::record::{ActionKind, Budget, Cause, CircuitEvent, Intent, Note, Outcome, Owner, Record, Settings, StepId};
use crate::address::Address;
use crate::graph::catalogue::UNEXPLAINED;
use crate::ids::{RunId, UserId};
use crate::state::Versioned;
use departures::Departure;
use jiff::{SignedDuration, Timestamp};
use lives::{Fingerprint, Life, Lives, Origin};
use requests::{Requested, Requests};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use steps::Steps;
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
    lives: Lives,
    /// Those who are leaving, or who were taken something away.
    departures: BTreeMap<UserId, Departure>,
    requests: Requests,
    /// What was written to people, until the directory shows it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    written: BTreeMap<UserId, Written>,
    /// Steps that are not simply done.
    steps: Steps,
    /// Partners that were told to be configured no more.
    removed_partners: BTreeSet<String>,
    partners: BTreeMap<String, PartnerMemory>,
    /// The circuit breaker of the whole tenant, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit>,
}

impl Versioned for Memory {
    const VERSION: u32 = 1;
}

/// What is remembered of a partner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartnerMemory {
    /// What was intended, by daily limit and the time of the intent: that of the last day.
    spent: BTreeMap<Budget, BTreeMap<Timestamp, u32>>,
    /// The parts of the configuration that are in force without approval; `None` before the first sweep.
    pub in_force: Option<Settings>,
    /// The same as the last sweep found them, and since when they are so.
    pub seen: Option<(Settings, Timestamp)>,
    /// When the last sweep that was believed began.
    pub swept: Option<Timestamp>,
    /// Whose external users are, if a person said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Which wave is next, and out of how many people percentages are.
    pub waves: WaveMemory,
    /// The circuit breaker, when it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit>,
    /// How many different people in a row were refused without Graph saying why.
    #[serde(default)]
    pub refused_in_a_row: u32,
}

/// Values that usher wrote and the directory has not shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Which, as the plan shows them.
    pub values: Fingerprint,
    /// When.
    pub at: Timestamp,
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
    /// Somebody whom usher looks after.
    pub fn life(&self, person: UserId) -> Option<Life<'_>> {
        self.lives.of(person)
    }

    /// Everybody whom usher looks after, or has looked after.
    pub fn lives(&self) -> impl Iterator<Item = (UserId, Life<'_>)> {
        self.lives.iter()
    }

    /// What is remembered of somebody who is leaving, or who was taken something away.
    pub fn departure(&self, person: UserId) -> Option<&Departure> {
        self.departures.get(&person)
    }

    /// Everybody who is leaving, or who was taken something away.
    pub fn departures(&self) -> impl Iterator<Item = (UserId, &Departure)> {
        self.departures.iter().map(|(person, departure)| (*person, departure))
    }

    /// What usher wrote to somebody and the directory has not shown yet.
    pub fn written(&self, person: UserId) -> Option<Written> {
        self.written.get(&person).copied()
    }

    /// What was asked for about somebody who is in scope of `partner` by request.
    pub fn requested(&self, person: UserId, partner: &str) -> Option<&Requested> {
        self.requests.of(person).filter(|requested| requested.partner == partner)
    }

    /// Whom `partner` invited by these addresses, with when, found in one pass over everybody.
    pub fn invited_by<'a>(
        &self,
        addresses: &[&'a Address],
        partner: &str,
    ) -> BTreeMap<&'a Address, Vec<(UserId, Timestamp)>> {
        let wanted: Vec<_> = addresses.iter().map(|address| (Fingerprint::of(address), *address)).collect();
        let mut invited: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (person, life) in self.lives().filter(|(_, life)| life.origin.partner == partner) {
            for (_, address) in wanted.iter().filter(|(fingerprint, _)| life.address == Some(*fingerprint)) {
                invited.entry(*address).or_default().push((person, life.since));
            }
        }
        invited
    }

    /// A step, unless it was done.
    pub fn step(&self, step: &StepId) -> Option<&Step> {
        self.steps.get(step)
    }

    /// A person's steps that were not simply done.
    pub fn steps_of(&self, person: UserId) -> impl Iterator<Item = (&StepId, &Step)> {
        self.steps.of(person)
    }

    /// The domain of the address that `partner` invited somebody by, or was about to.
    pub fn invited_domain(&self, person: UserId, partner: &str) -> Option<&str> {
        let open = self.steps_of(person).find(|(id, _)| id.action == ActionKind::Convert);
        let step = open.and_then(|(_, step)| Some((step.partner.as_str(), step.address.as_ref()?.domain())));
        let life = || self.life(person).map(|life| (life.origin.partner.as_str(), life.origin.domain.as_str()));
        let (of, domain) = step.or_else(life)?;
        (of == partner).then_some(domain)
    }

    /// Whether it was told already that this partner is configured no more.
    pub fn is_told_removed(&self, partner: &str) -> bool {
        self.removed_partners.contains(partner)
    }

    /// What is remembered of a partner.
    pub fn partner(&self, name: &str) -> Option<&PartnerMemory> {
        self.partners.get(name)
    }

    /// The first segment that was not removed.
    pub const fn kept_from(&self) -> u64 {
        self.pruned.saturating_add(1)
    }

    /// When invitations were intended last, for whatever partner.
    pub fn last_invitations(&self) -> Option<(Timestamp, u32)> {
        self.partners.values().filter_map(PartnerMemory::last_invitations).max()
    }

    /// Steps without outcome.
    pub fn unconfirmed(&self) -> impl Iterator<Item = (&StepId, &Step)> {
        self.steps.iter().filter(|(_, step)| step.is_open())
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
                Record::RunStarted { at, .. } => self.steps.forget_refusals(before(*at, REFUSALS_KEPT)),
                Record::Intent(intent) => self.intended(intent),
                Record::Outcome { run, step, at, outcome } => self.came_out(*run, step, *at, outcome),
                Record::Reading { step, at, changed } => self.read(step, *at, *changed),
                Record::Noted { person, partner, at, note } => self.noted(*person, partner, *at, note),
                Record::InForce { partner, settings, .. } => {
                    self.removed_partners.remove(partner);
                    self.partners.entry(partner.clone()).or_default().in_force = Some(settings.clone());
                }
                Record::SettingsSeen { partner, at, settings } => {
                    self.partners.entry(partner.clone()).or_default().seen = Some((settings.clone(), *at));
                }
                Record::Swept { partner, at } => self.partners.entry(partner.clone()).or_default().swept = Some(*at),
                Record::PartnerRemoved { partner, .. } => _ = self.removed_partners.insert(partner.clone()),
                Record::Approved { .. } => {}
                Record::Owner { partner, owner, .. } => {
                    self.partners.entry(partner.clone()).or_default().owner = Some(*owner);
                }
                Record::Circuit { partner, at, event } => self.circuit_changed(partner.as_deref(), *at, event),
                Record::Wave { partner, step } => {
                    self.partners.entry(partner.clone()).or_default().waves.advance(*step);
                }
                Record::Checkpoint { number, .. } => self.pruned = *number,
            }
        }
    }

    fn intended(&mut self, intent: &Intent) {
        let partner = self.partners.entry(intent.partner.clone()).or_default();
        partner.spend(intent.action.budget(), intent.at);
        if counts_in_a_wave(intent.action, intent.by_request)
            && let Some(wave) = &mut partner.waves.under_way
        {
            wave.intended();
        }
        let mut step = Step::of(intent);
        if intent.action.leaves_no_trace() {
            // Whoever cannot look whether it was done must take it for done.
            step.state = StepState::Sent { before: self.lives.mark(intent.person) };
            self.done(&intent.step(), &step);
        }
        self.steps.insert(intent.step(), step);
    }

    fn came_out(&mut self, run: RunId, id: &StepId, at: Timestamp, outcome: &Outcome) {
        let Some(step) = self.steps.get(id).filter(|step| step.run == run && step.is_pending()).cloned() else {
            return;
        };
        if let Some(partner) = self.partners.get_mut(&step.partner) {
            partner.came_out(id.action, &step, outcome);
        }
        if let (Outcome::Refused { .. } | Outcome::NotSent, StepState::Sent { before: Some(before) }) =
            (outcome, &step.state)
        {
            self.lives.put_back(id.person, *before);
            if id.action == ActionKind::Resend && step.day.is_none() {
                self.requests.not_renewed(id.person);
            }
        }
        match (outcome, &step.state) {
            (Outcome::Done | Outcome::Unknown, StepState::Sent { .. }) | (Outcome::NotSent, _) => self.steps.remove(id),
            (Outcome::Done, _) => self.settle(id),
            (Outcome::Refused { code, .. }, _) => {
                self.steps.insert(*id, Step { state: StepState::Refused { at, code: code.clone() }, ..step });
            }
            (Outcome::Unknown, _) => {}
        }
    }

    fn read(&mut self, id: &StepId, at: Timestamp, changed: bool) {
        // A reading from before the step says nothing about it, whenever it was journalled.
        let step = self.steps.get_mut(id).filter(|step| step.at < at);
        let Some(Step { state: StepState::Open { unchanged_since }, .. }) = step else { return };
        match *unchanged_since {
            _ if changed => self.settle(id),
            None => *unchanged_since = Some(at),
            Some(first) if at.duration_since(first) >= BETWEEN_READINGS => self.steps.remove(id),
            Some(_) => {}
        }
    }

    /// The step was done: what is left of it is its effect.
    fn settle(&mut self, id: &StepId) {
        if let Some(step) = self.steps.take(id) {
            self.done(id, &step);
        }
    }

    fn done(&mut self, id: &StepId, step: &Step) {
        let person = id.person;
        let departure = self.departures.entry(person).or_default();
        match id.action {
            ActionKind::Convert => {
                let domain = step.address.as_ref().map_or_else(String::new, |address| address.domain().to_owned());
                let origin = Origin { partner: step.partner.clone(), domain, adopted: false };
                self.lives.begin(person, origin, step.address.as_ref(), step.at);
            }
            ActionKind::Resend => match step.day {
                Some(day) => self.lives.resent(person, day),
                // By request, after it had expired: all days begin anew.
                None => {
                    self.lives.pending_anew(person, step.at);
                    self.requests.renewed(person);
                }
            },
            ActionKind::ResetRedemption => {
                if let Some(address) = &step.address {
                    self.lives.reset(person, address, step.at);
                }
            }
            ActionKind::SetSponsor => id.object.into_iter().for_each(|sponsor| self.lives.sponsored(person, sponsor)),
            ActionKind::AddToGroup => id.object.into_iter().for_each(|group| self.lives.joined(person, group)),
            ActionKind::RemoveFromGroup => id.object.into_iter().for_each(|group| self.lives.left(person, group)),
            ActionKind::Disable => departure.disabled(step.cause.unwrap_or(Cause::Request), step.at),
            ActionKind::Enable => {
                departure.enabled();
                self.lives.may_sign_in_again(person, step.at);
            }
            ActionKind::Delete => departure.deleted(step.at),
            ActionKind::Restore => departure.restored(),
            // Whoever was invited is known by the id that the invitation made; see `Note::Invited`.
            ActionKind::Invite => self.steps.insert(*id, Step { state: StepState::Made, ..step.clone() }),
            ActionKind::Update => {
                if let Some(values) = step.values {
                    self.written.insert(person, Written { values, at: step.at });
                }
            }
        }
        self.forget_departure_if_over(person);
    }

    fn noted(&mut self, person: UserId, partner: &str, at: Timestamp, note: &Note) {
        let departure = self.departures.entry(person).or_default();
        match note {
            Note::Adopted { domain, address, redeemed } => {
                let origin = Origin { partner: partner.to_owned(), domain: domain.clone(), adopted: true };
                self.lives.begin(person, origin, address.as_ref(), at);
                if *redeemed {
                    self.lives.redeemed(person);
                }
            }
            Note::Invited { address, since } => {
                let domain = address.domain().to_owned();
                let origin = Origin { partner: partner.to_owned(), domain, adopted: false };
                self.lives.begin(person, origin, Some(address), *since);
                self.requests.insert(person, partner, false, at);
            }
            Note::Requested { renew } => {
                self.requests.insert(person, partner, *renew, at);
                departure.requested();
            }
            Note::RetirementRequested => {
                self.requests.remove(person);
                departure.retirement_requested(at);
            }
            Note::Redeemed { .. } => self.lives.redeemed(person),
            Note::PendingAnew { since } => self.lives.pending_anew(person, *since),
            Note::GivenBack => {
                departure.given_back();
                self.lives.may_sign_in_again(person, at);
            }
            Note::TakenOver => departure.taken_over(),
            Note::Blocked => departure.blocked = true,
            Note::Unblocked => {
                departure.blocked = false;
                self.lives.may_sign_in_again(person, at);
            }
            Note::NotWatched => departure.not_watched(),
            Note::ValuesShown => _ = self.written.remove(&person),
            Note::OutOfScope => departure.out_of_scope(at),
            Note::InScope => departure.in_scope(),
            Note::ShownDisabled => departure.shown_disabled(),
            Note::ShownDeleted => departure.shown_deleted(),
            Note::Gone => {
                self.lives.end(person);
                self.written.remove(&person);
                self.departures.remove(&person);
                self.requests.remove(person);
                self.steps.forget_open(person, |_| true);
            }
            Note::AlsoTaken { cause } => departure.also_taken(*cause, at),
            Note::Released { disabled } => {
                departure.released(*disabled, at);
                // What nobody can read is settled by whoever looked at it; of an invitation that could mean a second mail.
                self.steps.forget_open(person, |action| !action.is_invitation());
            }
        }
        self.forget_departure_if_over(person);
    }

    fn forget_departure_if_over(&mut self, person: UserId) {
        if self.departures.get(&person).is_some_and(Departure::is_over) {
            self.departures.remove(&person);
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

impl PartnerMemory {
    /// When the last invitation was intended, and how many with it.
    pub fn last_invitations(&self) -> Option<(Timestamp, u32)> {
        self.spent.get(&Budget::Invitations)?.last_key_value().map(|(at, count)| (*at, *count))
    }

    /// How much of a daily limit was used within the day before `now`.
    pub fn spent_within_a_day(&self, budget: Budget, now: Timestamp) -> u32 {
        self.spent.get(&budget).map_or(0, |spent| spent.range(now - DAY..).map(|(_, count)| count).sum())
    }

    fn spend(&mut self, budget: Budget, at: Timestamp) {
        let spent = self.spent.entry(budget).or_default();
        *spent = spent.split_off(&before(at, DAY));
        *spent.entry(at).or_default() += 1;
    }

    /// Counts what became of a step.
    fn came_out(&mut self, action: ActionKind, step: &Step, outcome: &Outcome) {
        // What was not sent, or refused, changed nothing and does not count.
        if matches!(outcome, Outcome::Refused { .. } | Outcome::NotSent)
            && let Some(count) = self.spent.get_mut(&action.budget()).and_then(|spent| spent.get_mut(&step.at))
        {
            *count = count.saturating_sub(1);
        }
        if counts_in_a_wave(action, step.by_request)
            && let Some(wave) = &mut self.waves.under_way
        {
            WaveCount::came_out(wave, outcome);
        }
        if !action.is_invitation() {
            return;
        }
        // People whom Graph refused in a row without saying why; anybody accepted ends the row.
        match outcome {
            Outcome::Done => self.refused_in_a_row = 0,
            Outcome::Refused { code, .. } if code == UNEXPLAINED => {
                self.refused_in_a_row = self.refused_in_a_row.saturating_add(1)
            }
            _ => {}
        }
    }
}

/// So long before; a damaged time must not end the process that reads it.
fn before(at: Timestamp, long: SignedDuration) -> Timestamp {
    at.checked_sub(long).unwrap_or(Timestamp::MIN)
}

/// Waves are of the people whom usher finds by itself.
fn counts_in_a_wave(action: ActionKind, by_request: bool) -> bool {
    action == ActionKind::Convert && !by_request
}
