//! One run from observing to recording.
//!
//! Responsible for: the order of things, and that nothing is lost or done twice whenever it is cut short. What was sent
//! stands in the journal before it is sent; what is still to be done is found again by reading. Not responsible for: when
//! a run happens ([`crate::inbox`]), nor for any single decision ([`crate::people`]).

use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::execution::Execution;
use crate::graph::{Client, DirectoryWriter, WritePermit};
use crate::held;
use crate::ids::{RunId, TenantId};
use crate::inbox::{self, Request};
use crate::journal::record::Job;
use crate::journal::{Journal, JournalError};
use crate::people::guard::{Birth, HeldReason};
use crate::people::observe::{ObserveError, Track};
use crate::people::plan::PartnerPlan;
use crate::permissions;
use crate::provision::desk;
use crate::report::{PartnerReport, Report};
use crate::state::{Documents, StateError, Store, Versioned};
use crate::status;
use crate::sync::health;
use crate::telemetry::{spans, tally};
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Whoever observes and carries out jobs holds this lease the whole time, so that many wake-ups are one run. What is
/// written is guarded by the [`Writer`]'s own.
const RUNNER: &str = "runner";
/// A job of the inbox is not begun with less real time than this: reading alone takes as long in a large tenant.
const TIME_FOR_A_JOB: Duration = Duration::from_secs(120);
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
    Journal(JournalError),
    /// Somebody else is at work.
    #[error("another usher is at work for this tenant, or was ended less than a minute ago")]
    Busy,
    /// The time was over before the writer's turn came.
    #[error("the time was over before the writer's turn came")]
    NoTime,
    /// The state is another tenant's.
    #[error("USHER_STATE holds the state of tenant {found}, but the configuration is for {configured}")]
    ForeignState {
        /// The tenant in the birth document.
        found: TenantId,
        /// `tenant.id`.
        configured: TenantId,
    },
}

impl RunError {
    /// Its name, for whoever counts.
    const fn name(&self) -> &'static str {
        match self {
            Self::Observe(_) => "observe",
            Self::State(_) => "state",
            Self::Journal(_) => "journal",
            Self::Busy => "busy",
            Self::NoTime => "no-time",
            Self::ForeignState { .. } => "foreign-state",
        }
    }
}

impl From<SliceError> for RunError {
    fn from(error: SliceError) -> Self {
        match error {
            SliceError::NoTime => Self::NoTime,
            SliceError::Busy => Self::Busy,
            SliceError::Journal(error) => error.into(),
        }
    }
}

impl From<JournalError> for RunError {
    /// That the state could not be reached says nothing of the journal in it.
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::State(error) => Self::State(error),
            error => Self::Journal(error),
        }
    }
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
    /// Whether the inbox asked for it, and not an operator: then it lets go for what comes before it in the inbox.
    pub from_inbox: bool,
}

/// How far the inbox was served.
#[derive(Debug)]
pub enum Served {
    /// Nothing is asked any more.
    All,
    /// Somebody else is at work, and looks at the inbox again afterwards.
    LeftToAnother,
    /// The time ran short, or another writer was faster, in the middle of this job; it goes on when `work` is woken again.
    NotDone(Job),
    /// The directory could not be read for this job. It stays asked for, and the next tick tries again.
    Failed(Job, ObserveError),
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

impl Versioned for BirthDocument {
    const VERSION: u32 = 1;
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
        let observer = self.observer(&self.client);
        let (snapshot, _) = observer.sweep(self.clock.now(), Track::Nothing, journal.memory(), &page_read).await?;
        let (_, mut plans) =
            self.plan_with_evidence(snapshot, journal.memory(), birth, Job::Reconcile, now, &self.client).await?;
        self.name_held(&mut plans, now).await?;
        Ok(self.report(RunId::random(), Mode::Plan, &plans))
    }

    async fn name_held(&self, plans: &mut [PartnerPlan], now: Timestamp) -> Result<(), StateError> {
        for plan in plans {
            held::name(self.store.as_ref(), &self.config, plan, now).await?;
        }
        Ok(())
    }

    /// Carries out a job. In plan mode nothing is written to the directory. A run that was cut short before leaves nothing to
    /// be carried out: the journal knows what was sent, and the rest is planned anew.
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else is at work; otherwise when the directory, the state or the journal fails.
    pub async fn run(&self, order: Order, until: &mut Until, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let Some(alone) = self.store.try_lease(RUNNER).await? else { return Err(RunError::Busy) };
        let result = self.run_alone(order, until, progress).await;
        alone.release().await;
        result
    }

    async fn run_alone(&self, order: Order, until: &mut Until, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
        let started = self.clock.now();
        let span = spans::run(order.job, self.config.tenant.mode);
        let result = self.run_as(&mut writer, order, started, until, progress).instrument(span.clone()).await;
        // Whatever happened, nobody has to wait until the lease has run out.
        writer.let_go().await;
        if let Err(RunError::Observe(error)) = &result {
            status::record_failure(self.store.as_ref(), &self.config, order.job, error, started, self.clock.now())
                .await?;
        }
        match &result {
            Ok(report) => spans::run_is(&span, report.run),
            Err(error) => spans::failed(&span, error.name()),
        }
        tally::run_ended(self, order.job, result.as_ref().ok()).instrument(span).await;
        result
    }

    async fn run_as(
        &self,
        writer: &mut Writer,
        order: Order,
        started: Timestamp,
        until: &mut Until,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        let client = self.client.until(until.deadline());
        let known = self.birth().await?;
        let birth = if order.adopt_state { Birth::Known } else { known };
        let (mut snapshot, mut plans) = self.make_plans(order.job, writer, until, birth, started, progress).await?;
        if order.job == Job::Reconcile {
            self.log_missing_permissions(&client).await;
        }
        // Only now is it certain that the credential is for this tenant.
        if known == Birth::Missing && plans.iter().all(|plan| !is_held_for_missing_state(plan)) {
            self.be_born().await?;
        }
        let report = match WritePermit::of(self.config.tenant.mode) {
            None => {
                self.name_held(&mut plans, started).await?;
                self.report(RunId::random(), Mode::Plan, &plans)
            }
            Some(permit) => {
                let directory = DirectoryWriter::new(client.clone(), permit);
                let mut approved = Vec::new();
                if order.job == Job::Reconcile {
                    for plan in &mut plans {
                        approved.push(held::compare(self.store.as_ref(), &self.config, plan, started).await?);
                    }
                }
                let mut report = self.report(RunId::random(), Mode::Apply, &plans);
                for (partner, approved) in report.partners.iter_mut().zip(&approved) {
                    partner.add_stale(&approved.stale);
                }
                let mut execution = Execution::new(self, &client, &directory, writer, until, order);
                let carried_out = execution.carry_out(started, &mut snapshot, &plans, &approved, report, progress);
                let report = carried_out.instrument(spans::apply()).await?;
                if order.job == Job::Reconcile && report.finished {
                    self.prune(writer, until).await?;
                }
                writer.finish(until).await?;
                report
            }
        };
        if order.job == Job::Reconcile {
            desk::forget_old(self.store.as_ref(), self.clock.now()).await?;
            health::look(&self.config, &client, self.store.as_ref()).await?;
        }
        status::record(self.store.as_ref(), &report, order.job, started, self.clock.now()).await?;
        Ok(report)
    }

    /// Tells the log in one line which permissions the app's token lacks, if it can be read; an alert waits for it. What Graph
    /// refuses for it may come days later. The one to invite is left out: a Guest Inviter needs none, and whoever may not
    /// invite is told at the first invitation.
    async fn log_missing_permissions(&self, client: &Client) {
        let Some(token) = client.permissions().await.filter(|token| token.person().is_none()) else { return };
        let missing = permissions::missing(&self.config, token.names());
        let names: Vec<_> = missing.iter().map(|one| one.name).filter(|name| *name != permissions::INVITE).collect();
        if !names.is_empty() {
            tracing::warn!(permissions = names.join(", "), "permission-missing: the configuration needs more");
        }
    }

    /// Removes what the journal need not keep any more.
    async fn prune(&self, writer: &mut Writer, until: &mut Until) -> Result<(), RunError> {
        let keep = SignedDuration::from_hours(24 * i64::from(self.config.state.keep_journal_days));
        if !writer.journal().has_older_than(self.clock.now() - keep).await? {
            return Ok(());
        }
        match writer.begin(until).await {
            // Another day will do.
            Err(SliceError::NoTime | SliceError::Busy) => Ok(()),
            Err(error) => Err(error.into()),
            // Everything that the run was for is done; what is left goes on the next time.
            Ok(_) => match writer.prune(keep).await {
                Err(error @ JournalError::Fenced(_)) => Err(error.into()),
                other => {
                    other.unwrap_or_else(|error| {
                        tracing::warn!("old segments of the journal were not removed: {error}")
                    });
                    Ok(())
                }
            },
        }
    }

    /// Does what the inbox asks, request by request, until nothing is asked or the time runs short. `ended` is told of each
    /// run. Whoever was at work calls this, because requests that came meanwhile were left to them.
    ///
    /// # Errors
    /// When the state or the journal fails. A directory that cannot be read is no error: what was asked for stays asked.
    pub async fn serve_inbox(
        &self,
        until: &mut Until,
        ended: &(dyn Fn(&Request, &Report) + Sync),
    ) -> Result<Served, RunError> {
        // Somebody waits for these; what disturbs them must not keep the jobs.
        match self.serve_requests(until).await {
            Ok(_) => {}
            Err(RunError::NoTime) => return Ok(Served::NotDone(Job::Provision)),
            Err(error) => tracing::warn!("what people asked for waits for the next run: {error}"),
        }
        // Who came while this one held the lease has left; so it looks again after letting go.
        while inbox::next(self.store.as_ref(), None).await?.is_some() {
            let Some(alone) = self.store.try_lease(RUNNER).await? else { return Ok(Served::LeftToAnother) };
            let served = self.serve_inbox_alone(until, ended).await;
            alone.release().await;
            match served? {
                Served::All => {}
                other => return Ok(other),
            }
        }
        Ok(Served::All)
    }

    async fn serve_inbox_alone(
        &self,
        until: &mut Until,
        ended: &(dyn Fn(&Request, &Report) + Sync),
    ) -> Result<Served, RunError> {
        let mut failed = None;
        while let Some((request, etag)) = inbox::next(self.store.as_ref(), failed.as_ref().map(|(job, _)| *job)).await?
        {
            let job = request.job;
            if until.is_over(TIME_FOR_A_JOB) {
                return Ok(Served::NotDone(job));
            }
            // A job that could not be read is asked for still, and must not stand in the others' way.
            let order = Order { job, adopt_state: false, from_inbox: failed.is_none() };
            match self.run_alone(order, until, &|_| {}).await {
                Ok(report) => {
                    ended(&request, &report);
                    if report.finished {
                        inbox::served(self.store.as_ref(), &request, &etag).await?;
                        continue;
                    }
                    if job == Job::Reconcile {
                        // Everybody was read, and whoever is still to be brought in stands in the backlog: the quick path goes
                        // on from there. What else is left, another sweep finds.
                        inbox::ask(self.store.as_ref(), &Request { job: Job::Invite, ..request.clone() }).await?;
                        if !report.needs_a_sweep {
                            inbox::served(self.store.as_ref(), &request, &etag).await?;
                        }
                    }
                    return Ok(Served::NotDone(Job::Invite));
                }
                // What keeps one job from reading need not keep the others.
                Err(RunError::Observe(error)) => failed = Some((job, error)),
                Err(RunError::NoTime | RunError::Busy | RunError::Journal(JournalError::Fenced(_))) => {
                    return Ok(Served::NotDone(job));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(failed.map_or(Served::All, |(job, error)| Served::Failed(job, error)))
    }

    fn report(&self, run: RunId, mode: Mode, plans: &[PartnerPlan]) -> Report {
        let hash = self.config.plan_hash();
        let partners = plans.iter().map(|plan| PartnerReport::of(plan, &hash)).collect();
        Report { run, mode, finished: true, needs_a_sweep: false, partners, removed_partners: Vec::new() }
    }

    pub(crate) async fn birth(&self) -> Result<Birth, RunError> {
        match Documents(self.store.as_ref()).get::<BirthDocument>(BIRTH).await? {
            None => Ok(Birth::Missing),
            Some((document, _)) if document.tenant == self.config.tenant.id => Ok(Birth::Known),
            Some((document, _)) => {
                Err(RunError::ForeignState { found: document.tenant, configured: self.config.tenant.id })
            }
        }
    }

    pub(crate) async fn be_born(&self) -> Result<(), RunError> {
        let document = BirthDocument { tenant: self.config.tenant.id, born: self.clock.now() };
        Documents(self.store.as_ref()).put(BIRTH, &document, None).await?;
        Ok(())
    }
}

fn is_held_for_missing_state(plan: &PartnerPlan) -> bool {
    plan.held.as_ref().is_some_and(|held| held.reason == HeldReason::StateMissing)
}
