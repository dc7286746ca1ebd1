//! The daily summary: what happened since the last one, what waits, and what needs a person.
//!
//! Responsible for: gathering that from the state, without asking Graph. Not responsible for: how it looks on a card, see
//! [`card`], nor for sending it, see [`crate::outbox`].
//!
//! - [`events`]: what the journal says since then. [`sweeps`]: what the last full sweeps left to people.
//! - [`card`]: the summary as a card. [`text`]: the same at a terminal.

pub mod card;
pub mod events;
pub mod sweeps;
pub mod text;

use crate::config::Mode;
use crate::failures::{self, GaveUp};
use crate::held::{self, HeldPlan};
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::journal::record::Job;
use crate::journal::{Head, Journal};
use crate::outbox::{self, About};
use crate::people::guard::Held;
use crate::people::reason::Reason;
use crate::run::{RunError, Usher};
use crate::state::{Documents, StateError, Store, Versioned};
use crate::status::{self, PartnerStatus};
use crate::sync::health::{self, Health};
use crate::ticks;
use events::{Digest, Events};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Up to where the last summary told.
const TOLD: &str = "summary";
/// The first summary tells of no more than these segments.
const FIRST_SEGMENTS: u64 = 2000;
/// From which days on a pending invitation is older.
pub const AGES: [i64; 3] = [7, 14, 30];

/// Up to where a summary told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    head: u64,
    at: Timestamp,
}

impl Versioned for Told {
    const VERSION: u32 = 1;
}

/// A summary. People are in it by object id only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// When the last one was made.
    pub since: Option<Timestamp>,
    /// When this one was.
    pub at: Timestamp,
    /// usher's version.
    pub version: String,
    /// Plan or apply.
    pub mode: Mode,
    /// Where the journal ends, so that a rewritten one can be noticed.
    pub journal_head: Head,
    /// Work that was given up since.
    pub failed: Vec<GaveUp>,
    /// When each timer will tick next.
    pub next: BTreeMap<Job, Timestamp>,
    /// One entry per configured partner.
    pub partners: Vec<PartnerSummary>,
}

/// The summary of one partner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerSummary {
    /// The partner's name.
    pub partner: String,
    /// What happened.
    pub events: Events,
    /// How far people got.
    pub funnel: Funnel,
    /// What a person has to decide, by reason.
    pub decisions: Vec<Decision>,
    /// What failed, worst first.
    pub errors: Vec<Digest>,
    /// The plan that waits for approval.
    pub held_plan: Option<HeldPlanSummary>,
    /// The guard that stopped the last run.
    pub held: Option<Held>,
    /// The refusal that opened the circuit breaker, if it is open.
    pub circuit: Option<String>,
    /// Whether no run has gone through for too long.
    pub overdue: bool,
    /// People who wait for their wave or their day.
    pub waiting: usize,
    /// People of whom nobody knows for more than a day what became of their last step.
    pub unsettled: usize,
    /// People whom the quick path had missed.
    pub missed: usize,
    /// How cross-tenant synchronization to the partner goes, where it is watched.
    #[serde(default)]
    pub sync: Option<Health>,
}

/// How far the people whom usher looks after got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// Those who redeemed.
    pub redeemed: usize,
    /// Those who have not, by how long they were invited: up to 7, 14 and 30 days, and longer.
    pub pending: [usize; 4],
    /// Those from whom something was taken away.
    pub taken_away: usize,
}

/// What a person has to decide about people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Why.
    pub reason: Reason,
    /// How many people.
    pub count: usize,
    /// Some of them.
    pub people: Vec<UserId>,
}

/// A plan that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPlanSummary {
    /// Its name.
    pub plan: String,
    /// What held it, by name.
    pub reason: String,
    /// How many actions are in it.
    pub actions: usize,
    /// When it is over.
    pub expires: Timestamp,
    /// Whether somebody approved it.
    pub approved: bool,
}

impl From<&HeldPlan> for HeldPlanSummary {
    fn from(plan: &HeldPlan) -> Self {
        Self {
            plan: plan.plan.clone(),
            reason: plan.held.reason.name().to_owned(),
            actions: plan.actions.len(),
            expires: plan.expires,
            approved: plan.approved.is_some(),
        }
    }
}

impl Funnel {
    /// Everybody who was invited or adopted.
    pub fn all(&self) -> usize {
        self.redeemed + self.pending.iter().sum::<usize>() + self.taken_away
    }

    fn of(memory: &Memory, partner: &str, now: Timestamp) -> Self {
        let mut funnel = Self::default();
        for (person, life) in memory.lives().filter(|(_, life)| life.origin.partner == partner) {
            let is_taken = memory.departure(person).is_some_and(|departure| departure.taken.is_some());
            let days = now.duration_since(life.since).as_hours() / 24;
            match (is_taken, life.redeemed) {
                (true, _) => funnel.taken_away += 1,
                (false, true) => funnel.redeemed += 1,
                (false, false) => funnel.pending[AGES.iter().filter(|age| days >= **age).count()] += 1,
            }
        }
        funnel
    }
}

impl PartnerSummary {
    /// Whether a person has to do something.
    pub fn needs_a_person(&self) -> bool {
        let plan = self.held_plan.as_ref().is_some_and(|plan| !plan.approved);
        plan || self.held.is_some() || self.unsettled > 0 || !self.decisions.is_empty()
    }

    /// Whether something is wrong.
    pub fn is_in_trouble(&self) -> bool {
        let sync = self.sync.as_ref().is_some_and(Health::is_wrong);
        self.overdue || self.circuit.is_some() || self.missed > 0 || !self.errors.is_empty() || sync
    }

    /// Whether there is nothing to tell.
    pub fn is_quiet(&self) -> bool {
        self.events.is_empty() && !self.needs_a_person() && !self.is_in_trouble() && self.waiting == 0
    }
}

impl Summary {
    /// Whether there is nothing to tell.
    pub fn is_quiet(&self) -> bool {
        self.failed.is_empty() && self.partners.iter().all(PartnerSummary::is_quiet)
    }

    /// Everybody who is named.
    pub fn people(&self) -> impl Iterator<Item = UserId> {
        let of_partner = |partner: &PartnerSummary| {
            let decisions = partner.decisions.iter().flat_map(|decision| decision.people.clone());
            decisions.chain(partner.errors.iter().flat_map(|digest| digest.people.clone())).collect::<Vec<_>>()
        };
        self.partners.iter().flat_map(of_partner)
    }
}

impl Usher {
    /// Makes a summary of what happened since the last one that was told.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn summarize(&self) -> Result<Summary, RunError> {
        let store = self.store.as_ref();
        let now = self.clock.now();
        let journal = Journal::open(self.store.clone()).await?;
        let memory = journal.memory();
        let told = Documents(store).get::<Told>(TOLD).await?.map(|(told, _)| told);
        let first = memory.head.number.saturating_sub(FIRST_SEGMENTS);
        let from = told.as_ref().map_or(first, |told| told.head);
        let since = told.map(|told| told.at);
        let mut happened = events::since(&journal, from).await?;
        let status = status::read(store, &self.config, memory, now).await?;
        let plans = held::all(store, &self.config, now).await?;
        let sweeps = sweeps::read(store).await?;
        let health = health::read(store).await?;
        let is_new = |at: Timestamp| since.is_none_or(|since| at > since);
        let partners = status.partners.into_iter().map(|status| {
            let PartnerStatus { partner, runs, waiting, unsettled, missed, held, overdue, circuit, .. } = status;
            let (events, mut errors) = happened.remove(&partner).unwrap_or_default();
            let failures = runs.iter().filter(|run| is_new(run.finished)).filter_map(|run| run.error.as_ref());
            failures.for_each(|error| events::add_failure(&mut errors, error));
            events::worst_first(&mut errors);
            PartnerSummary {
                funnel: Funnel::of(memory, &partner, now),
                decisions: sweeps.decisions(&partner),
                sync: health.of(&partner).cloned(),
                held_plan: plans.iter().find(|plan| plan.partner == partner).map(HeldPlanSummary::from),
                held: held.filter(|held| held.reason.holds_everything()),
                circuit: circuit.map(|circuit| circuit.reason),
                partner,
                events,
                errors,
                overdue,
                waiting,
                unsettled,
                missed,
            }
        });
        Ok(Summary {
            since,
            at: now,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: self.config.tenant.mode,
            journal_head: memory.head.clone(),
            partners: partners.collect(),
            failed: failures::given_up(store).await?.into_iter().filter(|gave_up| is_new(gave_up.at)).collect(),
            next: ticks::next(store).await?,
        })
    }
}

impl Usher {
    /// Makes a summary, to be sent to whoever is to get reports. `occasion` is the same whenever it is made for the same tick,
    /// so that a tick which comes twice is told once.
    ///
    /// # Errors
    /// When the state cannot be read or written.
    pub async fn write_summary(&self, occasion: Timestamp) -> Result<(), RunError> {
        let store = self.store.as_ref();
        let summary = self.summarize().await?;
        let name = format!("summary-{}", occasion.as_second());
        outbox::put(store, &name, About::Summary(Box::new(summary.clone())), summary.at).await?;
        Ok(told(store, &summary).await?)
    }
}

/// Notes that everything in a summary was told.
///
/// # Errors
/// When the store fails.
pub async fn told(store: &dyn Store, summary: &Summary) -> Result<(), StateError> {
    let told = Told { head: summary.journal_head.number, at: summary.at };
    let known = Documents(store).get::<Told>(TOLD).await?;
    if known.as_ref().is_some_and(|(known, _)| known.head > told.head) {
        return Ok(());
    }
    match Documents(store).put(TOLD, &told, known.as_ref().map(|(_, version)| version)).await {
        // Somebody else told at the same moment.
        Ok(_) | Err(StateError::Exists(_) | StateError::Changed(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
