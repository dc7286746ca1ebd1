//! What `status` shows: the last runs and what they left, without asking Graph.
//!
//! Responsible for: the document of the last runs. It is for people; no decision rests on it. Not responsible for: what
//! decisions rest on; that is the journal.

use crate::config::Config;
use crate::failures::{self, GaveUp};
use crate::held::{self, Approval, Drift, HeldPlan};
use crate::journal::Head;
use crate::journal::memory::{Circuit, Memory, SETTLES_WITHIN, Step};
use crate::journal::record::{Job, StepId};
use crate::outbox;
use crate::outbox::alarm::{self, Alarm};
use crate::people::guard::{BETWEEN_TRIES, Held};
use crate::people::observe::ObserveError;
use crate::people::plan::PlanName;
use crate::report::{ErrorReport, Report, RunSummary};
use crate::state::{Documents, StateError, Store, Versioned};
use crate::summary::sweeps;
use crate::teams::Delivery;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const RUNS: &str = "runs";
/// How many runs are kept for each partner: a bit more than an hour of quick ticks.
const KEPT: usize = 20;

/// The last runs by partner, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Runs(BTreeMap<String, Vec<RunSummary>>);

impl Versioned for Runs {
    const VERSION: u32 = 1;
}

/// What `status` shows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Status {
    /// usher's version.
    pub version: &'static str,
    /// The hash of the configuration in force.
    pub config_hash: String,
    /// Where the journal ends.
    pub journal_head: Head,
    /// Work that was given up after too many tries, newest first.
    pub failed: Vec<GaveUp>,
    /// What became of the last report, by receiver.
    pub receivers: Vec<Delivery>,
    /// One entry per configured partner.
    pub partners: Vec<PartnerStatus>,
}

/// How one partner stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartnerStatus {
    /// The partner's name.
    pub partner: String,
    /// The last runs, newest first.
    pub runs: Vec<RunSummary>,
    /// People who were still to be acted upon at the end of the last run.
    pub backlog: usize,
    /// Those of them who wait for their wave or their day.
    pub waiting: usize,
    /// People whose last step was sent and of whom nobody knows yet what became of it.
    pub unconfirmed: usize,
    /// Those of them who need a person, because that was not settled within a day.
    pub unsettled: usize,
    /// The guard that stopped the last run, or the plan that waits for approval.
    pub held: Option<Held>,
    /// The plan that waits for approval, or was approved and waits for the next sweep.
    pub held_plan: Option<HeldPlanStatus>,
    /// People whom the quick path missed, by the last sweep.
    pub missed: usize,
    /// Whether no run has gone through for longer than `report.no_good_run_after_hours`.
    pub overdue: bool,
    /// The circuit breaker that stops this partner, when one is open.
    pub circuit: Option<CircuitStatus>,
}

/// A plan that waits.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HeldPlanStatus {
    /// Its name.
    #[schemars(with = "PlanName")]
    pub plan: String,
    /// How many actions are in it.
    pub actions: usize,
    /// When it is over.
    pub expires: Timestamp,
    /// How far later sweeps would hold something else.
    pub drift: Option<Drift>,
    /// Who approved it.
    pub approved: Option<Approval>,
}

impl From<&HeldPlan> for HeldPlanStatus {
    fn from(held: &HeldPlan) -> Self {
        Self {
            plan: held.plan.clone(),
            actions: held.actions.len(),
            expires: held.expires,
            drift: held.drift,
            approved: held.approved,
        }
    }
}

/// An open circuit breaker.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CircuitStatus {
    /// The refusal that opened it.
    pub reason: String,
    /// When it opened.
    pub opened: Timestamp,
    /// When one invitation tries whether it is over; `None` if only a person closes it.
    pub next_try: Option<Timestamp>,
}

impl From<&Circuit> for CircuitStatus {
    fn from(circuit: &Circuit) -> Self {
        Self {
            reason: circuit.reason.clone(),
            opened: circuit.opened,
            next_try: (!circuit.until_a_person_says_so).then(|| circuit.tried + BETWEEN_TRIES),
        }
    }
}

/// Notes a run that ended.
///
/// # Errors
/// When the store fails.
pub async fn record(
    store: &dyn Store,
    report: &Report,
    job: Job,
    started: Timestamp,
    finished: Timestamp,
) -> Result<(), StateError> {
    let by_partner = report
        .partners
        .iter()
        .map(|partner| (partner.partner.clone(), partner.summary(report.run, job, report.mode, started, finished)));
    note(store, by_partner.collect()).await?;
    if job == Job::Reconcile {
        sweeps::record(store, report).await?;
    }
    alarm::raise(store, Alarm::of_report(report), finished).await
}

/// Notes a run that failed as a whole, for every partner.
///
/// # Errors
/// When the store fails.
pub async fn record_failure(
    store: &dyn Store,
    config: &Config,
    job: Job,
    error: &ObserveError,
    started: Timestamp,
    finished: Timestamp,
) -> Result<(), StateError> {
    let error = ErrorReport::from(error);
    alarm::raise(store, vec![Alarm::run_failed(&error)], finished).await?;
    let summary = RunSummary::failed(job, config.tenant.mode, error, started, finished);
    note(store, config.partners.iter().map(|partner| (partner.name.clone(), summary.clone())).collect()).await
}

async fn note(store: &dyn Store, summaries: Vec<(String, RunSummary)>) -> Result<(), StateError> {
    let change = |runs: &mut Runs| {
        for (partner, summary) in &summaries {
            let kept = runs.0.entry(partner.clone()).or_default();
            kept.insert(0, summary.clone());
            kept.truncate(KEPT);
        }
    };
    Documents(store).update(RUNS, change).await
}

/// The partners of whom no run has gone through for longer than allowed; one that never had a run is new.
///
/// # Errors
/// When the store fails.
pub async fn overdue(store: &dyn Store, config: &Config, now: Timestamp) -> Result<Vec<String>, StateError> {
    let runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let is_overdue = |name: &String| runs.0.get(name).is_some_and(|runs| is_overdue(runs, config, now));
    Ok(config.partners.iter().map(|partner| partner.name.clone()).filter(is_overdue).collect())
}

fn is_overdue(runs: &[RunSummary], config: &Config, now: Timestamp) -> bool {
    let allowed = SignedDuration::from_hours(i64::from(config.report.no_good_run_after_hours));
    runs.iter().find(|run| run.is_good()).is_none_or(|run| now.duration_since(run.finished) > allowed)
}

/// When the last but one tick of the quick path began for a partner, if there were so many lately.
///
/// # Errors
/// When the store fails.
pub async fn last_but_one_tick(store: &dyn Store, partner: &str) -> Result<Option<Timestamp>, StateError> {
    let runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let ticks = runs.0.get(partner).into_iter().flatten().filter(|run| run.job == Job::Invite && run.is_good());
    Ok(ticks.map(|run| run.started).nth(1))
}

/// When each partner's last run ended that went through.
///
/// # Errors
/// When the store fails.
pub async fn last_good(store: &dyn Store) -> Result<BTreeMap<String, Timestamp>, StateError> {
    let runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let last = |runs: Vec<RunSummary>| runs.iter().find(|run| run.is_good()).map(|run| run.finished);
    Ok(runs.0.into_iter().filter_map(|(partner, runs)| Some((partner, last(runs)?))).collect())
}

/// Reads how everything stands.
///
/// # Errors
/// When the store fails.
pub async fn read(store: &dyn Store, config: &Config, memory: &Memory, now: Timestamp) -> Result<Status, StateError> {
    let mut runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let failed = failures::given_up(store).await?;
    let held = held::all(store, config, now).await?;
    let receivers = outbox::deliveries(store).await?;
    let people = |open: &[(&StepId, &Step)]| open.iter().map(|(id, _)| id.person).collect::<BTreeSet<_>>().len();
    let is_old = |at: Timestamp| now.duration_since(at) >= SETTLES_WITHIN;
    let partners = config.partners.iter().map(|partner| {
        let runs = runs.0.remove(&partner.name).unwrap_or_default();
        let last = runs.first();
        // A plan waits whatever the quick path did since.
        let kept = held.iter().find(|plan| plan.partner == partner.name);
        let plan = kept.filter(|plan| plan.approved.is_none());
        let stopped = last.and_then(|run| run.held.clone()).filter(|held| held.reason.holds_everything());
        let open: Vec<_> = memory.unconfirmed().filter(|(_, step)| step.partner == partner.name).collect();
        PartnerStatus {
            partner: partner.name.clone(),
            backlog: last.map_or(0, |run| run.planned - run.done + run.waiting),
            waiting: last.map_or(0, |run| run.waiting),
            unconfirmed: people(&open),
            unsettled: people(&open.iter().filter(|(_, step)| is_old(step.at)).copied().collect::<Vec<_>>()),
            held: stopped.or_else(|| plan.map(|plan| Held { plan: Some(plan.plan.clone()), ..plan.held.clone() })),
            held_plan: kept.map(HeldPlanStatus::from),
            missed: runs.iter().find(|run| run.job == Job::Reconcile).map_or(0, |run| run.missed),
            overdue: is_overdue(&runs, config, now),
            circuit: memory.circuit_of(&partner.name).map(CircuitStatus::from),
            runs,
        }
    });
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.config_hash(),
        journal_head: memory.head.clone(),
        failed,
        receivers: receivers.0.into_values().collect(),
        partners: partners.collect(),
    })
}
