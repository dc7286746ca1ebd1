//! What `status` shows: the last runs and what they left, without asking Graph.
//!
//! Responsible for: the document of the last runs. It is for people; no decision rests on it. Not responsible for: what
//! decisions rest on; that is the journal.

use crate::config::Config;
use crate::journal::Head;
use crate::journal::memory::{Circuit, Memory};
use crate::journal::record::Job;
use crate::people::guard::{BETWEEN_TRIES, Held};
use crate::report::{Report, RunSummary};
use crate::state::{Documents, StateError, Store};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const RUNS: &str = "runs";
/// How many runs are kept for each partner: a bit more than an hour of quick ticks.
const KEPT: usize = 20;

/// The last runs by partner, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Runs(BTreeMap<String, Vec<RunSummary>>);

/// What `status` shows.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// usher's version.
    pub version: &'static str,
    /// The hash of the configuration in force.
    pub config_hash: String,
    /// Where the journal ends.
    pub journal_head: Head,
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
    let documents = Documents(store);
    loop {
        let read = documents.get::<Runs>(RUNS).await?;
        let (mut runs, etag) = read.map_or((Runs::default(), None), |(runs, etag)| (runs, Some(etag)));
        for partner in &report.partners {
            let kept = runs.0.entry(partner.partner.clone()).or_default();
            kept.insert(0, partner.summary(report.run, job, report.mode, started, finished));
            kept.truncate(KEPT);
        }
        match documents.put(RUNS, &runs, etag.as_ref()).await {
            Ok(_) => return Ok(()),
            Err(StateError::Exists(_) | StateError::Changed(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads how everything stands.
///
/// # Errors
/// When the store fails.
pub async fn read(store: &dyn Store, config: &Config, memory: &Memory, now: Timestamp) -> Result<Status, StateError> {
    let mut runs = Documents(store).get::<Runs>(RUNS).await?.map(|(runs, _)| runs).unwrap_or_default();
    let allowed = SignedDuration::from_hours(i64::from(config.report.no_good_run_after_hours));
    let partners = config.partners.iter().map(|partner| {
        let runs = runs.0.remove(&partner.name).unwrap_or_default();
        let last = runs.first();
        PartnerStatus {
            partner: partner.name.clone(),
            backlog: last.map_or(0, |run| run.planned - run.done + run.waiting),
            waiting: last.map_or(0, |run| run.waiting),
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
        partners: partners.collect(),
    })
}
