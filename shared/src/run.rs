//! One run from observing to recording.
//!
//! Responsible for: the order of things and what survives a crash between any two of them. A run's plan is frozen before
//! it is carried out; what of it is done stands in the journal, so a run that was cut short goes on from there. Not
//! responsible for: when a run happens ([`crate::inbox`]), nor for any single decision ([`crate::people`]).

use crate::apply::{Applied, Applier};
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::graph::{Client, Directory, DirectoryWriter, WritePermit};
use crate::ids::{RunId, UserId};
use crate::journal::memory::{Memory, StepState, WaveStep};
use crate::journal::record::{Job, Outcome, Record};
use crate::journal::{Journal, JournalError};
use crate::pace::Pace;
use crate::people::explain::{self, Explanation, Subject};
use crate::people::guard::{Birth, HeldReason};
use crate::people::observe::{ObserveError, Observer, Whom};
use crate::people::plan::{Action, PartnerPlan, plan};
use crate::people::rules::{Case, View};
use crate::people::snapshot::Snapshot;
use crate::report::{ErrorReport, OutcomeReport, PartnerReport, Report};
use crate::state::{Documents, ETag, StateError, Store};
use crate::status;
use crate::until::Until;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// The one writer of a tenant holds this lock.
const WRITER: &str = "writer";
/// What is known of the tenant whose state this is.
const BIRTH: &str = "birth";
/// A frozen plan older than this is not carried out: people change.
const PLAN_STAYS_FRESH: SignedDuration = SignedDuration::from_hours(1);

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
        found: crate::ids::TenantId,
        /// `tenant.id`.
        configured: crate::ids::TenantId,
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
    tenant: crate::ids::TenantId,
    born: Timestamp,
}

/// A plan as it was made, to be carried out even by another process.
#[derive(Serialize, Deserialize)]
struct Frozen {
    run: RunId,
    job: Job,
    config: String,
    taken: Timestamp,
    plans: Vec<PartnerPlan>,
}

impl Usher {
    /// What would be done at `now`. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn plan(&self, now: Timestamp, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let birth = self.birth().await?;
        let (_, plans) = self.observe_and_plan(journal.memory(), birth, now, &self.client, progress).await?;
        Ok(self.report(RunId::random(), Mode::Plan, true, &plans))
    }

    /// Why one person is treated as they are. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn explain(&self, whom: &Whom, now: Timestamp) -> Result<Vec<Explanation>, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let observer = self.observer(&self.client);
        let (mut snapshot, matching) = observer.one(whom, now).await?;
        observer.look_closer(&mut snapshot, &matching).await;
        let view = View { config: &self.config, snapshot: &snapshot, memory: journal.memory(), now };
        let mut explanations = Vec::new();
        for id in matching {
            let Some(person) = snapshot.people.get(&id) else {
                continue;
            };
            let mut cases: Vec<_> =
                self.config.partners.iter().map(|partner| Case::new(view, partner, person)).collect();
            // The partner whose person this is comes first; one whose domain it is not says nothing.
            cases.sort_by_key(|case| (case.scope.in_scope(), case.scope.domain));
            explanations.extend(cases.first().map(explain::explain));
        }
        if explanations.is_empty() {
            explanations.push(explain::absent(match whom {
                Whom::Id(id) => Subject { id: Some(*id), address: None },
                Whom::Address(address) => Subject { id: None, address: Some(address.as_str().to_owned()) },
            }));
        }
        Ok(explanations)
    }

    /// Carries out a job as its one writer: goes on with a plan that was cut short, or makes a new one. In plan mode
    /// nothing is written to the directory.
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else writes; otherwise when the directory, the state or the journal fails.
    pub async fn run(&self, order: Order, until: &mut Until, progress: OnProgress<'_>) -> Result<Report, RunError> {
        let Some(_alone) = self.store.try_lock(WRITER).await? else {
            return Err(RunError::Busy);
        };
        let client = self.client.until(until.deadline());
        let mut journal = Journal::open(self.store.clone()).await?;
        let birth = self.birth().await?;
        let birth = if order.adopt_state { self.be_born(birth).await? } else { birth };
        let Some(permit) = WritePermit::of(self.config.tenant.mode) else {
            return self.plan_only(order.job, &journal, birth, &client, progress).await;
        };
        let writer = DirectoryWriter::new(client.clone(), permit);
        let (frozen, etag) = match self.frozen(order.job).await? {
            Some(found) => found,
            None => self.freeze(order.job, &mut journal, birth, &client, progress).await?,
        };
        let report = self.carry_out(&frozen, &mut journal, &writer, until, progress).await?;
        if report.finished {
            self.store.remove(&frozen_name(order.job), &etag).await?;
            let finished = self.clock.now();
            status::record(self.store.as_ref(), &report, order.job, frozen.taken, finished).await?;
        }
        journal.save().await?;
        Ok(report)
    }

    async fn plan_only(
        &self,
        job: Job,
        journal: &Journal,
        birth: Birth,
        client: &Client,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        let now = self.clock.now();
        let (_, plans) = self.observe_and_plan(journal.memory(), birth, now, client, progress).await?;
        let report = self.report(RunId::random(), Mode::Plan, true, &plans);
        status::record(self.store.as_ref(), &report, job, now, self.clock.now()).await?;
        Ok(report)
    }

    async fn observe_and_plan(
        &self,
        memory: &Memory,
        birth: Birth,
        now: Timestamp,
        client: &Client,
        progress: OnProgress<'_>,
    ) -> Result<(Snapshot, Vec<PartnerPlan>), RunError> {
        let snapshot = self.observer(client).sweep(now, &|read| progress(Progress::Read(read))).await?;
        self.plan_with_evidence(snapshot, memory, birth, now, client).await
    }

    /// Plans, reads the evidence that the plan lacks, and plans again, until it lacks none.
    async fn plan_with_evidence(
        &self,
        mut snapshot: Snapshot,
        memory: &Memory,
        birth: Birth,
        now: Timestamp,
        client: &Client,
    ) -> Result<(Snapshot, Vec<PartnerPlan>), RunError> {
        loop {
            let view = View { config: &self.config, snapshot: &snapshot, memory, now };
            let plans: Vec<_> = self.config.partners.iter().map(|partner| plan(view, partner, birth)).collect();
            let unread: Vec<UserId> = plans.iter().flat_map(|plan| plan.unread.iter().copied()).collect();
            if unread.is_empty() {
                return Ok((snapshot, plans));
            }
            self.observer(client).look_closer(&mut snapshot, &unread).await;
        }
    }

    fn observer(&self, client: &Client) -> Observer<'_> {
        Observer::new(&self.config, Directory::new(client.clone()))
    }

    /// The plan that an earlier run froze and did not finish, if it can still be carried out.
    async fn frozen(&self, job: Job) -> Result<Option<(Frozen, ETag)>, RunError> {
        let name = frozen_name(job);
        let Some((frozen, etag)) = Documents(self.store.as_ref()).get::<Frozen>(&name).await? else {
            return Ok(None);
        };
        let age = self.clock.now().duration_since(frozen.taken);
        if frozen.config == self.config.config_hash() && age < PLAN_STAYS_FRESH && age >= SignedDuration::ZERO {
            tracing::info!(run.id = %frozen.run, "going on with a run that was cut short");
            return Ok(Some((frozen, etag)));
        }
        tracing::info!(run.id = %frozen.run, "a run that was cut short is too old or for another configuration; planning anew");
        self.store.remove(&name, &etag).await?;
        Ok(None)
    }

    /// Observes, settles what earlier runs left open, plans, and freezes the plan.
    async fn freeze(
        &self,
        job: Job,
        journal: &mut Journal,
        birth: Birth,
        client: &Client,
        progress: OnProgress<'_>,
    ) -> Result<(Frozen, ETag), RunError> {
        let now = self.clock.now();
        let snapshot = self.observer(client).sweep(now, &|read| progress(Progress::Read(read))).await?;
        let readings = readings(journal.memory(), &snapshot);
        if !readings.is_empty() {
            journal.append(readings, now).await?;
        }
        let (_, plans) = self.plan_with_evidence(snapshot, journal.memory(), birth, now, client).await?;
        if birth == Birth::Missing && plans.iter().all(|plan| !is_held_for_missing_state(plan)) {
            self.be_born(birth).await?;
        }
        let frozen = Frozen { run: RunId::random(), job, config: self.config.config_hash(), taken: now, plans };
        let etag = Documents(self.store.as_ref()).put(&frozen_name(job), &frozen, None).await?;
        Ok((frozen, etag))
    }

    async fn carry_out(
        &self,
        frozen: &Frozen,
        journal: &mut Journal,
        writer: &DirectoryWriter,
        until: &mut Until,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        let mut report = self.report(frozen.run, Mode::Apply, true, &frozen.plans);
        progress(Progress::Planned(frozen.plans.iter().map(|plan| plan.actions.len()).sum()));
        let mut applier = Applier {
            config: &self.config,
            writer,
            run: frozen.run,
            journal,
            records: Vec::new(),
            clock: &self.clock,
            pace: Pace::new(self.clock.clone(), &self.config.tenant),
            until,
        };
        for (plan, partner_report) in frozen.plans.iter().zip(&mut report.partners) {
            let Some(partner) = self.config.partner(&plan.partner) else { continue };
            // Whoever was touched since the snapshot has had their turn in this run, or in somebody else's.
            let untouched = |action: &&Action| !touched_since(applier.journal.memory(), action.person, frozen.taken);
            let due: Vec<_> = plan.actions.iter().filter(untouched).collect();
            progress(Progress::Applied(plan.actions.len() - due.len()));
            if !due.is_empty() {
                applier.records.push(Record::RunStarted { run: frozen.run, job: frozen.job, at: frozen.taken });
                applier.records.extend(wave_record(plan, None));
            }
            let ended = applier.apply(partner, &due, &|done| progress(Progress::Applied(done))).await?;
            applier.write_down().await?;
            report.finished &= ended.finished || ended.stopped_by.is_some();
            if ended.stopped_by.is_some() {
                partner_report.error = ended.stopped_by;
            }
            tell_outcomes(partner_report, applier.journal.memory(), &ended.applied);
            if ended.finished && !plan.actions.is_empty() {
                applier.records.extend(wave_record(plan, Some(is_clean(partner_report))));
                applier.write_down().await?;
            }
        }
        Ok(report)
    }

    fn report(&self, run: RunId, mode: Mode, finished: bool, plans: &[PartnerPlan]) -> Report {
        let hash = self.config.config_hash();
        let partners = plans.iter().map(|plan| self.partner_report(plan, &hash)).collect();
        Report { run, mode, finished, partners }
    }

    fn partner_report(&self, plan: &PartnerPlan, hash: &str) -> PartnerReport {
        let mut report = PartnerReport::of(plan, hash);
        if !plan.complete {
            report.error = Some(ErrorReport {
                code: "group-unreadable".to_owned(),
                message: "A group that the partner's scope names could not be read.".to_owned(),
                advice:
                    "Check that the groups of scope.groups and scope.exclude_groups exist, and that usher may read \
                         them (GroupMember.Read.All)."
                        .to_owned(),
                transient: false,
            });
        }
        report
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

    async fn be_born(&self, birth: Birth) -> Result<Birth, RunError> {
        if birth == Birth::Missing {
            let document = BirthDocument { tenant: self.config.tenant.id, born: self.clock.now() };
            Documents(self.store.as_ref()).put(BIRTH, &document, None).await?;
        }
        Ok(Birth::Known)
    }
}

fn is_held_for_missing_state(plan: &PartnerPlan) -> bool {
    plan.held.as_ref().is_some_and(|held| held.reason == HeldReason::StateMissing)
}

fn frozen_name(job: Job) -> String {
    format!("frozen/{job}")
}

/// What the snapshot says about people whose last step has no outcome. Whom it does not show is not judged.
fn readings(memory: &Memory, snapshot: &Snapshot) -> Vec<Record> {
    memory
        .unconfirmed()
        .filter_map(|(id, _)| {
            let person = snapshot.people.get(&id)?;
            match person.is_external() {
                crate::tri::Tri::Unknown => None,
                external => Some(Record::reading(id, snapshot.taken, external.is_yes())),
            }
        })
        .collect()
}

fn touched_since(memory: &Memory, person: UserId, taken: Timestamp) -> bool {
    memory.person(person).is_some_and(|known| match &known.step {
        Some(step) => step.at >= taken,
        None => known.brought_in,
    })
}

fn wave_record(plan: &PartnerPlan, clean: Option<bool>) -> Option<Record> {
    let wave = plan.wave?;
    let waiting = (plan.actions.len() + plan.waiting) as u64;
    Some(Record::Wave { partner: plan.partner.clone(), step: WaveStep { wave, waiting, clean } })
}

/// A wave is clean when nothing is unconfirmed, nothing was refused for more than the person, and at most a tenth for the
/// person's own reason.
fn is_clean(report: &PartnerReport) -> bool {
    report.error.is_none()
        && report.count(OutcomeReport::Unconfirmed) == 0
        && report.count(OutcomeReport::Planned) == 0
        && report.count(OutcomeReport::Failed) * 10 <= report.actions.len()
}

/// Fills in what became of each action: from this process's answers, and for what an earlier one sent, from the journal.
fn tell_outcomes(report: &mut PartnerReport, memory: &Memory, applied: &[Applied]) {
    let answers: HashMap<_, _> = applied.iter().map(|applied| (applied.person, applied)).collect();
    for action in &mut report.actions {
        let answer = answers.get(&action.person.id);
        action.error = answer.and_then(|answer| answer.error.clone());
        action.outcome = match answer.map(|answer| &answer.outcome) {
            Some(Outcome::Done) => OutcomeReport::Done,
            Some(Outcome::Refused { .. }) => OutcomeReport::Failed,
            Some(Outcome::Unknown) => OutcomeReport::Unconfirmed,
            Some(Outcome::NotSent) => OutcomeReport::Planned,
            None => match memory.person(action.person.id) {
                None => OutcomeReport::Planned,
                Some(known) => match known.step.as_ref().map(|step| &step.state) {
                    None => OutcomeReport::Done,
                    Some(StepState::Open { .. }) => OutcomeReport::Unconfirmed,
                    Some(StepState::Refused { .. }) => OutcomeReport::Failed,
                },
            },
        };
    }
}
