//! One run from observing to recording.
//!
//! Responsible for: the order of things, and that nothing is lost or done twice whenever it is cut short. What was sent
//! stands in the journal before it is sent; what is still to be done is found again by reading. Not responsible for: when
//! a run happens ([`crate::inbox`]), nor for any single decision ([`crate::people`]).

use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::execution::Execution;
use crate::graph::{Client, DirectoryWriter, WritePermit};
use crate::ids::{RunId, TenantId};
use crate::inbox::{self, Request};
use crate::journal::memory::Circuit;
use crate::journal::record::{CircuitEvent, Job, Record};
use crate::journal::{Journal, JournalError};
use crate::people::explain::{self, Explanation, Subject};
use crate::people::guard::{Birth, HeldReason, hold};
use crate::people::observe::{ObserveError, Track, Whom};
use crate::people::plan::PartnerPlan;
use crate::people::rules::{Case, View};
use crate::report::{PartnerReport, Report};
use crate::state::{Documents, StateError, Store};
use crate::status;
use crate::tri::Tri;
use crate::until::Until;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The one writer of a tenant holds this lock.
const WRITER: &str = "writer";
/// What is known of the tenant whose state this is.
const BIRTH: &str = "birth";

/// Why a run failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The directory could not be read.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Somebody else is writing.
    #[error("another usher is writing for this tenant; it takes over what was asked")]
    Busy,
    /// The state is another tenant's.
    #[error("USHER_STATE holds the state of tenant {found}, but the configuration is for {configured}")]
    ForeignState {
        /// The tenant in the birth document.
        found: TenantId,
        /// `tenant.id`.
        configured: TenantId,
    },
}

/// What happens during a run, for a progress bar.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// So many users were read so far.
    Read(usize),
    /// So many actions are to be carried out.
    Planned(usize),
    /// So many more came to an end.
    Applied(usize),
}

/// Receives [`Progress`].
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);

/// How a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Which job.
    pub job: Job,
    /// Whether a state without a birth document is taken for this tenant's, whoever is in the directory.
    pub adopt_state: bool,
}

/// How far the inbox was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Nothing is asked any more.
    All,
    /// Somebody else is writing, and looks at the inbox again afterwards.
    LeftToAnother,
    /// The time ran short in the middle of this job.
    NoTime(Job),
}

/// usher for one tenant: everything that a run needs.
pub struct Usher {
    /// The configuration.
    pub config: Config,
    /// The state.
    pub store: Arc<dyn Store>,
    /// Graph.
    pub client: Client,
    /// The time.
    pub clock: Clock,
}

/// The document that says whose state this is.
#[derive(Serialize, Deserialize)]
struct BirthDocument {
    tenant: TenantId,
    born: Timestamp,
}

impl Usher {
    /// What would be done at `now`. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn plan(&self, now: Timestamp, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let birth = self.birth().await?;
        let page_read = |read| progress(Progress::Read(read));
        let (snapshot, _) = self.observer(&self.client).sweep(now, Track::Nothing, &page_read).await?;
        let (_, plans) = self.plan_with_evidence(snapshot, journal.memory(), birth, now, &self.client).await?;
        Ok(self.report(RunId::random(), Mode::Plan, &plans))
    }

    /// Why one person is treated as they are. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn explain(&self, whom: &Whom, now: Timestamp) -> Result<Vec<Explanation>, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let birth = self.birth().await?;
        let observer = self.observer(&self.client);
        let (mut snapshot, matching) = observer.one(whom, now).await?;
        observer.look_closer(&mut snapshot, &matching).await;
        observer.find_twins(&mut snapshot, &matching).await;
        let view = View { config: &self.config, snapshot: &snapshot, memory: journal.memory(), now };
        let mut explanations = Vec::new();
        for person in matching.iter().filter_map(|id| snapshot.people.get(id)) {
            let cases = self.config.partners.iter().map(|partner| Case::new(view, partner, person));
            // The partner whose person this is comes first; one whose domain it is not says nothing.
            let rank = |known: Tri| [Tri::Yes, Tri::Unknown, Tri::No].iter().position(|value| *value == known);
            let first = cases.min_by_key(|case| (rank(case.scope.domain), rank(case.scope.in_scope())));
            explanations.extend(first.as_ref().map(|case| {
                let held = hold(view, case.partner, birth, None);
                explain::explain(case, held.as_ref())
            }));
        }
        if explanations.is_empty() {
            explanations.push(explain::absent(match whom {
                Whom::Id(id) => Subject { id: Some(*id), address: None },
                Whom::Address(address) => Subject { id: None, address: Some(address.as_str().to_owned()) },
            }));
        }
        Ok(explanations)
    }

    /// Carries out a job as the tenant's one writer. In plan mode nothing is written to the directory. A run that was cut
    /// short before leaves nothing to be carried out: the journal knows what was sent, and the rest is planned anew.
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else writes; otherwise when the directory, the state or the journal fails.
    pub async fn run(&self, order: Order, until: &mut Until, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let Some(_alone) = self.store.try_lock(WRITER).await? else { return Err(RunError::Busy) };
        let client = self.client.until(until.deadline());
        let mut journal = Journal::open(self.store.clone()).await?;
        let known = self.birth().await?;
        let birth = if order.adopt_state { Birth::Known } else { known };
        let started = self.clock.now();
        let plans = self.make_plans(order.job, &mut journal, birth, started, &client, progress).await?;
        // Only now is it certain that the credential is for this tenant.
        if known == Birth::Missing && plans.iter().all(|plan| !is_held_for_missing_state(plan)) {
            self.be_born().await?;
        }
        let report = match WritePermit::of(self.config.tenant.mode) {
            None => self.report(RunId::random(), Mode::Plan, &plans),
            Some(permit) => {
                let writer = DirectoryWriter::new(client.clone(), permit);
                let report = self.report(RunId::random(), Mode::Apply, &plans);
                let mut execution = Execution::new(self, &client, &writer, &mut journal, until);
                execution.carry_out(order.job, started, &plans, report, progress).await?
            }
        };
        status::record(self.store.as_ref(), &report, order.job, started, self.clock.now()).await?;
        journal.save().await?;
        Ok(report)
    }

    /// Does what the inbox asks, request by request, until nothing is asked or the time runs short. `ended` is told of each
    /// run. Whoever held the lock calls this, because requests that came meanwhile were left to them.
    ///
    /// # Errors
    /// As [`Usher::run`]; somebody else writing is no error, for they serve what is asked.
    pub async fn serve_inbox(
        &self,
        until: &mut Until,
        ended: &(dyn Fn(&Request, &Report) + Sync),
    ) -> Result<Served, RunError> {
        while let Some((request, etag)) = inbox::next(self.store.as_ref()).await? {
            let order = Order { job: request.job, adopt_state: false };
            match self.run(order, until, &|_| {}).await {
                Ok(report) => {
                    ended(&request, &report);
                    if !report.finished {
                        return Ok(Served::NoTime(request.job));
                    }
                    inbox::served(self.store.as_ref(), &request, &etag).await?;
                }
                Err(RunError::Busy) => return Ok(Served::LeftToAnother),
                Err(error) => return Err(error),
            }
        }
        Ok(Served::All)
    }

    /// Closes every open circuit breaker, as a person wishes; what was closed, by partner (`None`: the tenant's).
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else writes; otherwise when the state or the journal fails.
    pub async fn close_circuits(&self) -> Result<Vec<(Option<String>, Circuit)>, RunError> {
        let Some(_alone) = self.store.try_lock(WRITER).await? else { return Err(RunError::Busy) };
        let mut journal = Journal::open(self.store.clone()).await?;
        let open: Vec<_> =
            journal.memory().circuits().map(|(name, circuit)| (name.map(str::to_owned), circuit.clone())).collect();
        let at = self.clock.now();
        let closed = open.iter().map(|(partner, _)| Record::Circuit {
            partner: partner.clone(),
            at,
            event: CircuitEvent::ClosedByPerson,
        });
        let records: Vec<_> = closed.collect();
        if !records.is_empty() {
            journal.append(records, at).await?;
            journal.save().await?;
        }
        Ok(open)
    }

    fn report(&self, run: RunId, mode: Mode, plans: &[PartnerPlan]) -> Report {
        let hash = self.config.config_hash();
        let partners = plans.iter().map(|plan| PartnerReport::of(plan, &hash)).collect();
        Report { run, mode, finished: true, partners }
    }

    async fn birth(&self) -> Result<Birth, RunError> {
        match Documents(self.store.as_ref()).get::<BirthDocument>(BIRTH).await? {
            None => Ok(Birth::Missing),
            Some((document, _)) if document.tenant == self.config.tenant.id => Ok(Birth::Known),
            Some((document, _)) => {
                Err(RunError::ForeignState { found: document.tenant, configured: self.config.tenant.id })
            }
        }
    }

    async fn be_born(&self) -> Result<(), RunError> {
        let document = BirthDocument { tenant: self.config.tenant.id, born: self.clock.now() };
        Documents(self.store.as_ref()).put(BIRTH, &document, None).await?;
        Ok(())
    }
}

fn is_held_for_missing_state(plan: &PartnerPlan) -> bool {
    plan.held.as_ref().is_some_and(|held| held.reason == HeldReason::StateMissing)
}
