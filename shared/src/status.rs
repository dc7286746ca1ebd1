//! What `status` shows: the last runs and what they left, without asking Graph.
//!
//! Responsible for: the document of the last runs. It is for people; no decision rests on it. Not responsible for: what
//! decisions rest on; that is the journal.

use crate::config::Config;
use crate::failures::{self, GaveUp};
use crate::journal::Head;
use crate::journal::memory::{Circuit, Memory, SETTLES_WITHIN};
use crate::journal::record::Job;
use crate::people::guard::{BETWEEN_TRIES, Held};
use crate::people::observe::ObserveError;
use crate::report::{ErrorReport, Report, RunSummary};
use crate::state::{Documents, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// usher's version.
    pub version: &'static str,
    /// The hash of the configuration in force.
    pub config_hash: String,
    /// Where the journal ends.
    pub journal_head: Head,
    /// Work that was given up after too many tries, newest first.
    pub failed: Vec<GaveUp>,
    /// One entry per configured partner.
    pub partners: Vec<PartnerStatus>,
}

/// How one partner stands.
#[derive(Clone, Debug, Serialize)]
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
    /// The guard that stopped the last run.
    pub held: Option<Held>,
    /// Whether no run has gone through for longer than `report.no_good_run_after_hours`.
    pub overdue: bool,
    /// The circuit breaker that stops this partner, when one is open.
    pub circuit: Option<CircuitStatus>,
}

/// An open circuit breaker.
#[derive(Clone, Debug, Serialize)]
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
    note(store, by_partner.collect()).await
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
    let summary = RunSummary::failed(job, config.tenant.mode, ErrorReport::from(error), started, finished);
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

/// Reads how everything stands.
///
/// # Errors
/// When the store fails.
pub async fn read(store: &dyn Store, config: &Config, memory: &Memory, now: Timestamp) -> Result<Status, StateError> {
    let mut runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let failed = failures::given_up(store).await?;
    let allowed = SignedDuration::from_hours(i64::from(config.report.no_good_run_after_hours));
    let partners = config.partners.iter().map(|partner| {
        let runs = runs.0.remove(&partner.name).unwrap_or_default();
        let last = runs.first();
        let open: Vec<_> = memory.unconfirmed().filter(|(_, step)| step.partner == partner.name).collect();
        PartnerStatus {
            partner: partner.name.clone(),
            backlog: last.map_or(0, |run| run.planned - run.done + run.waiting),
            waiting: last.map_or(0, |run| run.waiting),
            unconfirmed: open.len(),
            unsettled: open.iter().filter(|(_, step)| now.duration_since(step.at) >= SETTLES_WITHIN).count(),
            held: last.and_then(|run| run.held.clone()),
            overdue: runs.iter().find(|run| run.is_good()).is_none_or(|run| now.duration_since(run.finished) > allowed),
            circuit: memory.circuit_of(&partner.name).map(CircuitStatus::from),
            runs,
        }
    });
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.config_hash(),
        journal_head: memory.head.clone(),
        failed,
        partners: partners.collect(),
    })
}
