//! Carrying out a plan: batch by batch, each journalled before it is sent.
//!
//! Responsible for: the order intent, request, outcome; the pace; who is left out because somebody else touched them, or
//! because a fresh look says otherwise before something is taken away; and whom a refusal stops. One person's failure never stops the others; a refusal that counts for a partner or for the tenant
//! opens the circuit breaker there. Not responsible for: deciding who; the plan is taken as it is. When it may write is the
//! [`Writer`]'s to say, what an answer means [`verdict`]'s.

mod request;
pub mod verdict;

use crate::config::{Config, Partner};
use crate::graph::catalogue::{
    self, FORBIDDEN_THROUGHOUT, PERMISSION_MISSING, REFUSED_THROUGHOUT, Refusal, Scope, UNEXPLAINED,
};
use crate::graph::{Client, DirectoryWriter, Kind};
use crate::ids::RunId;
use crate::inbox;
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, CircuitEvent, Job, Note, Outcome, Record, StepId};
use crate::people::case::{Case, View};
use crate::people::ceilings;
use crate::people::decide::{Action, decide};
use crate::people::guard;
use crate::people::observe::Observer;
use crate::people::snapshot::Snapshot;
use crate::report::ErrorReport;
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::Timestamp;
use request::request;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;
use verdict::{Applied, Verdict, judge};

/// A batch is not begun when less real time is left than it may take: a request times out after 30 seconds.
const TIME_FOR_A_BATCH: Duration = Duration::from_secs(40);
/// When Graph wants more patience than this, the rest waits for the next run.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many batches in a row refused for rate altogether: the rest waits for the next run too.
const MAX_FRUITLESS: usize = 10;
/// So many different people in a row refused, and nobody accepted: it is not the people.
const REFUSALS_THAT_ARE_NOT_THE_PEOPLES: usize = 3;

/// How a partner's actions came to an end.
#[derive(Debug, Default)]
pub struct Ended {
    /// What became of each action that was sent.
    pub applied: HashMap<StepId, Applied>,
    /// What was left out: somebody else was about to touch the person after they had been observed, an earlier step is not
    /// settled, or a fresh look says otherwise.
    pub skipped: HashSet<StepId>,
    /// Whether every action's turn came.
    pub finished: bool,
    /// What stopped the rest, if it was not the time.
    pub stopped: Option<Stopped>,
    /// What stopped the rest of one kind.
    pub trouble: Option<ErrorReport>,
}

/// Why a partner's actions were stopped.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// What happened, and what to do.
    pub error: ErrorReport,
    /// What opened the circuit breaker; `None` if it did not.
    pub circuit: Option<Refusal>,
}

/// Carries out plans of one run.
pub struct Applier<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The only way to change the directory.
    pub directory: &'a DirectoryWriter,
    /// What it sends through.
    pub client: &'a Client,
    /// The run.
    pub run: RunId,
    /// Where everything is written down before it is sent.
    pub writer: &'a mut Writer,
    /// How long.
    pub until: &'a mut Until,
    /// The job that the inbox asked for: what is asked there before it in the order goes first. `None` for an operator's.
    pub from_inbox: Option<Job>,
    /// What was observed, and read again before something is taken away.
    pub snapshot: &'a mut Snapshot,
    /// Reads it.
    pub observer: &'a Observer<'a>,
    /// What a person approved, so that no daily limit bounds it.
    pub approved: &'a HashSet<StepId>,
    /// Somebody asked for it: no wave bounds it, and refusals of those people say nothing about others.
    pub by_request: bool,
    /// How many people were observed in scope, for the ceilings that are a percentage.
    pub in_scope: usize,
}

impl Applier<'_> {
    /// Carries out a partner's actions in order; `done` is told how many more came to an end. A slice may go on
    /// afterwards, with the outcomes of the last batch noted in it.
    ///
    /// # Errors
    /// When the journal cannot be written, or the lease is not to be had; then nothing more was sent.
    pub async fn apply(
        &mut self,
        partner: &Partner,
        actions: &[Action],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Ended, SliceError> {
        let mut ended = Ended::default();
        let mut fruitless = 0;
        let was_open = self.memory().circuit_of(&partner.name).is_some();
        let mut queue: VecDeque<&Action> = actions.iter().collect();
        while let Some(kind) = queue.front().map(|action| action.kind) {
            let size = self.next_batch(partner, &queue).len();
            if size == 0 {
                queue.retain(|action| action.kind != kind);
                continue;
            }
            match self.ready(size, kind).await? {
                Ready::Yes => {}
                Ready::NoTime => return Ok(ended),
                Ready::TooLong => return Ok(ended.stopped_by(throttled_for_long())),
            }
            match self.begin_slice().await {
                Err(SliceError::NoTime) => return Ok(ended),
                other => other?,
            }
            // Others may meanwhile have been shown that Graph refuses everybody.
            if let Some(circuit) = self.memory().circuit_of(&partner.name).filter(|_| !was_open) {
                let circuit = catalogue::by_name(&circuit.reason);
                ended.stopped = circuit.map(|refusal| Stopped { error: ErrorReport::of(refusal, None), circuit });
                return Ok(ended);
            }
            let left_out = self.leave_out_touched(&mut queue, &mut ended);
            done(left_out);
            // Others may also have used up the day's ceiling.
            let places: Vec<_> = self.next_batch(partner, &queue).into_iter().take(size).collect();
            let mut batch: Vec<&Action> = places.iter().rev().filter_map(|place| queue.remove(*place)).collect();
            batch.reverse();
            if kind.takes_away() {
                // What was just done to the same people counts in that look.
                self.writer.write().await?;
                done(self.look_again(partner, &mut batch, &mut ended).await);
            }
            if batch.is_empty() {
                continue;
            }
            let at = self.client.clock().now();
            let intents = batch.iter().map(|action| Record::Intent(action.intent(self.run, &partner.name, at)));
            self.writer.note(intents);
            self.writer.write().await?;
            if !self.writer.may_send() {
                self.take_back(&batch);
                return Ok(ended.stopped_by(state_too_slow()));
            }
            let writes: Vec<_> = batch.iter().map(|action| request(self.config, partner, action)).collect();
            let answers = self.directory.send(&writes).await;
            let mut verdicts: Vec<_> =
                batch.iter().zip(answers).map(|(action, answer)| judge(action.step(), answer)).collect();
            let stop = self.stop(partner, &mut verdicts, &ended).await;
            for verdict in verdicts {
                self.note_invited(partner, &batch, &verdict, at);
                let outcome = verdict.applied.outcome.clone();
                self.note_outcome(verdict.step, outcome);
                ended.applied.insert(verdict.step, verdict.applied);
            }
            if kind.is_invitation() {
                self.note_circuit(partner, stop.as_ref(), &ended);
            }
            if stop.is_some() {
                ended.stopped = stop;
                return Ok(ended);
            }
            if let Some(error) = forbidden_throughout(kind, &ended) {
                ended.trouble.get_or_insert(error);
                queue.retain(|action| action.kind != kind);
                continue;
            }
            // Refused for rate, nothing has happened yet: it goes again when its time comes, in its old order.
            let throttled = |action: &&Action| ended.applied.get(&action.step()).is_some_and(|one| one.throttled);
            let sent = batch.len();
            let again: Vec<_> = batch.into_iter().filter(throttled).collect();
            done(sent - again.len());
            fruitless = if again.len() == sent { fruitless + 1 } else { 0 };
            if fruitless == MAX_FRUITLESS {
                return Ok(ended.stopped_by(throttled_for_long()));
            }
            for action in again.into_iter().rev() {
                queue.push_front(action);
            }
        }
        ended.finished = true;
        Ok(ended)
    }

    fn memory(&self) -> &Memory {
        self.writer.journal().memory()
    }

    /// The places in the queue of what may be sent next: of one kind, each person once, as many as a batch holds and the
    /// day's limits leave now, over all paths.
    fn next_batch(&self, partner: &Partner, queue: &VecDeque<&Action>) -> Vec<usize> {
        let Some(kind) = queue.front().map(|action| action.kind) else { return Vec::new() };
        let now = self.client.clock().now();
        let mut room = match self.by_request {
            true => guard::left_today(partner, self.memory(), kind, now),
            false => guard::room(partner, self.memory(), kind, now),
        };
        if matches!(kind, ActionKind::Disable | ActionKind::Delete) {
            room = room.min(ceilings::left(partner, self.memory(), kind, self.in_scope, now));
        }
        let mut people = HashSet::new();
        let mut may = |action: &Action| {
            if self.approved.contains(&action.step()) {
                return people.insert(action.person);
            }
            let goes = room > 0 && people.insert(action.person);
            room -= usize::from(goes);
            goes
        };
        let of_kind = queue.iter().enumerate().take_while(|(_, action)| action.kind == kind);
        of_kind
            .filter(|(_, action)| may(action))
            .map(|(place, _)| place)
            .take(self.client.limits().batch_size())
            .collect()
    }

    /// Waits until Graph's limits and the configured pace let so many writes pass, and pays for them. A longer wait is not
    /// spent under the lease.
    async fn ready(&mut self, writes: usize, kind: ActionKind) -> Result<Ready, SliceError> {
        let cost = DirectoryWriter::cost(writes, kind.is_invitation());
        loop {
            if self.until.is_over(TIME_FOR_A_BATCH) {
                return Ok(Ready::NoTime);
            }
            let wait = self.client.limits().take(cost);
            if wait.is_zero() {
                return Ok(Ready::Yes);
            }
            if self.client.limits().graph_wants_to_wait() > PATIENCE {
                return Ok(Ready::TooLong);
            }
            if self.writer.is_over(wait) {
                self.writer.end().await?;
            }
            if !self.until.sleep(self.client.clock(), wait).await {
                return Ok(Ready::NoTime);
            }
        }
    }

    /// Begins a slice where none goes on. What others sent meanwhile counts against the same limits.
    ///
    /// # Errors
    /// As [`Writer::begin`]; also [`SliceError::NoTime`] when the inbox asks for something that goes first.
    async fn begin_slice(&mut self) -> Result<(), SliceError> {
        let goes_on = self.writer.has_begun();
        let others = self.writer.begin(self.until).await?;
        if let Some((at, count)) = self.memory().last_invitations().filter(|_| others) {
            self.client.limits().sent_before(at, count);
        }
        if let Some(job) = self.from_inbox.filter(|_| !goes_on)
            && inbox::is_more_urgent_asked(self.writer.store(), job).await?
        {
            return Err(SliceError::NoTime);
        }
        Ok(())
    }

    /// Removes people whom others were about to touch since they were observed, or of whom an earlier step of this run is
    /// open; how many actions that were.
    fn leave_out_touched(&self, queue: &mut VecDeque<&Action>, ended: &mut Ended) -> usize {
        let before = queue.len();
        queue.retain(|action| {
            // Outcomes of the last batch are noted, but not in the memory before they are journalled.
            let came_out = |id: &StepId| ended.applied.get(id).is_some_and(|one| one.outcome != Outcome::Unknown);
            let is_open = self.memory().steps_of(action.person).any(|(id, step)| step.is_open() && !came_out(id));
            let leave_out = self.writer.was_touched(action.person) || is_open;
            if leave_out {
                ended.skipped.insert(action.step());
            }
            !leave_out
        });
        before - queue.len()
    }

    /// Reads people again from whom something is to be taken away, and leaves out those for whom that is not due by what is
    /// there now; how many.
    async fn look_again(&mut self, partner: &Partner, batch: &mut Vec<&Action>, ended: &mut Ended) -> usize {
        let people: Vec<_> = batch.iter().map(|action| action.person).collect();
        self.observer.look_closer(self.snapshot, &people, true).await;
        self.observer.read_roles_of(self.snapshot, &people).await;
        let now = self.client.clock().now();
        let view = View { config: self.config, snapshot: self.snapshot, memory: self.writer.journal().memory(), now };
        let before = batch.len();
        batch.retain(|action| {
            let due = view.snapshot.people.get(&action.person).is_some_and(|person| {
                let decision = decide(&Case::new(view, partner, person));
                decision.actions.iter().any(|today| today.identity() == action.identity())
            });
            if !due {
                ended.skipped.insert(action.step());
            }
            due
        });
        before - batch.len()
    }

    /// Notes that a batch which stands in the journal was not sent.
    fn take_back(&mut self, batch: &[&Action]) {
        for action in batch {
            self.note_outcome(action.step(), Outcome::NotSent);
        }
    }

    /// Notes whom an invitation made, with its outcome.
    fn note_invited(&mut self, partner: &Partner, batch: &[&Action], verdict: &Verdict, sent: Timestamp) {
        let Some(person) = verdict.invited else { return };
        let action = batch.iter().find(|action| action.step() == verdict.step);
        let Some(address) = action.and_then(|action| action.address.clone()) else { return };
        let note = Note::Invited { address, since: sent };
        self.writer.note([Record::Noted { person, partner: partner.name.clone(), at: sent, note }]);
    }

    fn note_outcome(&mut self, step: StepId, outcome: Outcome) {
        let at = self.client.clock().now();
        self.writer.note([Record::Outcome { run: self.run, step, at, outcome }]);
    }

    /// Whether a batch's answers stop the partner, and if they open the circuit breaker, by which refusal. People who were
    /// refused for what is not their own reason do not count as refused.
    async fn stop(&self, partner: &Partner, verdicts: &mut [Verdict], before: &Ended) -> Option<Stopped> {
        let lost = verdicts.iter().find(|verdict| verdict.kind == Some(Kind::Unauthenticated));
        if let Some(error) = lost.and_then(|verdict| verdict.applied.error.clone()) {
            return Some(Stopped { error, circuit: None });
        }
        let refusal = self.refusal_for_all(partner, verdicts, before).await?;
        let own = |verdict: &&Verdict| verdict.refusal.is_some_and(|own| own.name == refusal.name);
        let example = verdicts.iter().find(own).or(verdicts.first()).and_then(|verdict| verdict.applied.error.clone());
        for verdict in verdicts.iter_mut().filter(|verdict| !verdict.is_the_persons(refusal)) {
            verdict.applied.outcome = Outcome::NotSent;
        }
        Some(Stopped { error: ErrorReport::of(refusal, example.as_ref()), circuit: Some(refusal) })
    }

    /// What, if anything, a batch's answers say about everybody.
    async fn refusal_for_all(&self, partner: &Partner, verdicts: &[Verdict], before: &Ended) -> Option<Refusal> {
        let refusals = || verdicts.iter().filter_map(|verdict| verdict.refusal);
        if let Some(refusal) = refusals().find(|refusal| refusal.scope != Scope::Person) {
            return Some(refusal);
        }
        let accepted = |applied: &Applied| matches!(applied.outcome, Outcome::Done | Outcome::Unknown);
        let invitations = before.applied.iter().filter(|(step, _)| step.action.is_invitation());
        if invitations.map(|(_, one)| one).chain(verdicts.iter().map(|verdict| &verdict.applied)).any(accepted) {
            return None;
        }
        // While the circuit breaker is open, this was the one that tried whether it is over.
        if let Some(circuit) = self.memory().circuit_of(&partner.name)
            && refusals().next().is_some()
        {
            return catalogue::by_name(&circuit.reason);
        }
        let unexplained = refusals().filter(|refusal| refusal.name == UNEXPLAINED).count();
        if unexplained > 0 {
            if self.client.permissions().await.is_some_and(|held| !held.may_invite()) {
                return Some(PERMISSION_MISSING);
            }
            let earlier = self.memory().partner(&partner.name).map_or(0, |known| known.refused_in_a_row);
            if earlier as usize + unexplained >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES {
                return Some(FORBIDDEN_THROUGHOUT);
            }
        }
        let refused = refusals().count();
        let throughout = refused == verdicts.len() && refused >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES;
        (throughout && !self.by_request).then_some(REFUSED_THROUGHOUT)
    }

    /// Journals that the circuit breaker opened, or that an open one closed because somebody was accepted.
    fn note_circuit(&mut self, partner: &Partner, stop: Option<&Stopped>, ended: &Ended) {
        let at = self.client.clock().now();
        if let Some(refusal) = stop.and_then(|stop| stop.circuit) {
            let event = CircuitEvent::Opened {
                reason: refusal.name.to_owned(),
                until_a_person_says_so: refusal.until_a_person_says_so,
            };
            let partner = (refusal.scope == Scope::Partner).then(|| partner.name.clone());
            self.writer.note([Record::Circuit { partner, at, event }]);
            return;
        }
        let accepted = |(step, one): (&StepId, &Applied)| step.action.is_invitation() && one.outcome == Outcome::Done;
        if ended.applied.iter().any(accepted) {
            let concerned = |open: Option<&str>| open.is_none_or(|name| name == partner.name);
            let closed = self.memory().circuits().filter(|(open, _)| concerned(*open));
            let records: Vec<_> = closed
                .map(|(open, _)| Record::Circuit { partner: open.map(str::to_owned), at, event: CircuitEvent::Closed })
                .collect();
            self.writer.note(records);
        }
    }
}

/// What stops the rest of a kind other than invitations: several people were forbidden, and nobody succeeded.
fn forbidden_throughout(kind: ActionKind, ended: &Ended) -> Option<ErrorReport> {
    let mut of_kind = ended.applied.iter().filter(|(step, _)| step.action == kind && !kind.is_invitation());
    let all_refused = of_kind.clone().all(|(_, one)| matches!(one.outcome, Outcome::Refused { .. }));
    let several = of_kind.clone().count() >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES;
    of_kind.next().filter(|_| all_refused && several).and_then(|(_, one)| one.error.clone())
}

/// Whether a batch may be sent.
enum Ready {
    Yes,
    /// The invocation's time is over, or somebody asked to stop.
    NoTime,
    /// Graph wants to be left alone for longer than a run waits.
    TooLong,
}

impl Ended {
    fn stopped_by(self, error: ErrorReport) -> Self {
        Self { stopped: Some(Stopped { error, circuit: None }), ..self }
    }
}

fn throttled_for_long() -> ErrorReport {
    ErrorReport {
        code: "throttled".to_owned(),
        message: "Graph asked to wait for longer than a run waits.".to_owned(),
        advice: "Nothing to do: the next run goes on. If it lasts, lower tenant.quota_percent.".to_owned(),
        transient: true,
    }
}

fn state_too_slow() -> ErrorReport {
    ErrorReport {
        code: "state-too-slow".to_owned(),
        message: "The state took so long to answer that the lease of the one writer was not certain any more."
            .to_owned(),
        advice: "Nothing was sent, and the next run goes on. If it lasts, look at the storage account.".to_owned(),
        transient: true,
    }
}
