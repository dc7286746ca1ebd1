//! Carrying out a plan: batch by batch, each journalled before it is sent.
//!
//! Responsible for: the order intent, request, outcome; the pace; and whom a refusal stops. One person's failure never
//! stops the others; a refusal that counts for a partner or for the tenant opens the circuit breaker there. Not responsible
//! for: deciding who; the plan is taken as it is.

use crate::clock::Clock;
use crate::config::{Config, Partner};
use crate::graph::catalogue::{
    self, FORBIDDEN_THROUGHOUT, PERMISSION_MISSING, REFUSED_THROUGHOUT, Refusal, SAME_OBJECT, Scope, UNEXPLAINED,
};
use crate::graph::model::Invitation;
use crate::graph::writer::{InvitationRequest, InvitedUserId, MessageInfo};
use crate::graph::{Client, DirectoryWriter, GraphError, Kind};
use crate::ids::{RunId, UserId};
use crate::journal::record::{CircuitEvent, Intent, Outcome, Record};
use crate::journal::{Journal, JournalError};
use crate::people::plan::Action;
use crate::report::ErrorReport;
use crate::until::Until;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A batch is not begun when less real time is left than it may take: a request times out after 30 seconds.
const TIME_FOR_A_BATCH: Duration = Duration::from_secs(40);
/// When Graph wants more patience than this, the rest waits for the next run.
const PATIENCE: Duration = Duration::from_secs(120);
/// So many batches in a row refused for rate altogether: the rest waits for the next run too.
const MAX_FRUITLESS: usize = 10;
/// So many different people in a row refused, and nobody accepted: it is not the people.
const REFUSALS_THAT_ARE_NOT_THE_PEOPLES: usize = 3;

/// What became of one action.
#[derive(Clone, Debug)]
pub struct Applied {
    /// For the journal.
    pub outcome: Outcome,
    /// For the report, unless done.
    pub error: Option<ErrorReport>,
    /// Graph refused it for rate, and nothing else.
    pub throttled: bool,
}

/// How a partner's actions came to an end.
#[derive(Debug, Default)]
pub struct Ended {
    /// What became of each action that was sent.
    pub applied: HashMap<UserId, Applied>,
    /// Whether every action's turn came.
    pub finished: bool,
    /// What stopped the rest, if it was not the time.
    pub stopped: Option<Stopped>,
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
    pub writer: &'a DirectoryWriter,
    /// What the writer sends through.
    pub client: &'a Client,
    /// The run.
    pub run: RunId,
    /// Where everything is written down before it is sent.
    pub journal: &'a mut Journal,
    /// What goes into the journal with the next segment.
    pub records: Vec<Record>,
    /// How long.
    pub until: &'a mut Until,
}

/// What one answer amounts to.
struct Verdict {
    person: UserId,
    applied: Applied,
    refusal: Option<Refusal>,
    kind: Option<Kind>,
}

impl Applier<'_> {
    /// Carries out a partner's actions in order; `done` is told how many more came to an end. The outcomes of the last
    /// batch are in [`Applier::records`] afterwards.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing more was sent.
    pub async fn apply(
        &mut self,
        partner: &Partner,
        actions: &[&Action],
        done: &(dyn Fn(usize) + Sync),
    ) -> Result<Ended, JournalError> {
        let mut ended = Ended::default();
        let mut fruitless = 0;
        let mut queue: VecDeque<&Action> = actions.iter().copied().collect();
        while !queue.is_empty() {
            let batch: Vec<_> = queue.drain(..queue.len().min(self.client.limits().batch_size())).collect();
            match self.ready(batch.len()).await {
                Ready::Yes => {}
                Ready::NoTime => return Ok(ended),
                Ready::TooLong => {
                    ended.stopped = Some(Stopped { error: throttled_for_long(), circuit: None });
                    return Ok(ended);
                }
            }
            let intents: Vec<_> = batch.iter().map(|action| Record::Intent(self.intent(partner, action))).collect();
            self.records.extend(intents);
            self.write_down().await?;
            let requests: Vec<_> = batch.iter().map(|action| self.request(partner, action)).collect();
            let answers = self.writer.invite(&requests).await;
            let mut verdicts: Vec<_> =
                batch.iter().zip(answers).map(|(action, answer)| judge(action.person, answer)).collect();
            let stop = self.stop(partner, &mut verdicts, &ended).await;
            let at = self.clock().now();
            for verdict in verdicts {
                let outcome = verdict.applied.outcome.clone();
                self.records.push(Record::Outcome { person: verdict.person, at, outcome });
                ended.applied.insert(verdict.person, verdict.applied);
            }
            self.note_circuit(partner, stop.as_ref(), &ended);
            if stop.is_some() {
                ended.stopped = stop;
                return Ok(ended);
            }
            // Refused for rate, nothing has happened yet: it goes again when its time comes, in its old order.
            let throttled =
                |action: &&&Action| ended.applied.get(&action.person).is_some_and(|applied| applied.throttled);
            let again: Vec<_> = batch.iter().filter(throttled).copied().collect();
            done(batch.len() - again.len());
            fruitless = if again.len() == batch.len() { fruitless + 1 } else { 0 };
            if fruitless == MAX_FRUITLESS {
                ended.stopped = Some(Stopped { error: throttled_for_long(), circuit: None });
                return Ok(ended);
            }
            for action in again.into_iter().rev() {
                queue.push_front(action);
            }
        }
        ended.finished = true;
        Ok(ended)
    }

    /// Appends what waits for the next segment of the journal, if anything does.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn write_down(&mut self) -> Result<(), JournalError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let now = self.clock().now();
        self.journal.append(std::mem::take(&mut self.records), now).await
    }

    fn clock(&self) -> &Clock {
        self.client.clock()
    }

    /// Waits until Graph's limits and the configured pace let so many invitations pass, and pays for them.
    async fn ready(&mut self, invitations: usize) -> Ready {
        let cost = DirectoryWriter::cost_of_invitations(invitations);
        loop {
            if self.until.is_over(TIME_FOR_A_BATCH) {
                return Ready::NoTime;
            }
            let wait = self.client.limits().take(cost);
            if wait.is_zero() {
                return Ready::Yes;
            }
            if self.client.limits().graph_wants_to_wait() > PATIENCE {
                return Ready::TooLong;
            }
            let clock = self.client.clock().clone();
            if !self.until.sleep(&clock, wait).await {
                return Ready::NoTime;
            }
        }
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
        if before.applied.values().chain(verdicts.iter().map(|verdict| &verdict.applied)).any(accepted) {
            return None;
        }
        // While the circuit breaker is open, this was the one that tried whether it is over.
        if let Some(circuit) = self.journal.memory().circuit_of(&partner.name)
            && refusals().next().is_some()
        {
            return catalogue::by_name(&circuit.reason);
        }
        let unexplained = refusals().filter(|refusal| refusal.name == UNEXPLAINED).count();
        if unexplained > 0 {
            if self.client.permissions().await.is_some_and(|held| !held.may_invite()) {
                return Some(PERMISSION_MISSING);
            }
            let earlier = self.journal.memory().partner(&partner.name).map_or(0, |known| known.refused_in_a_row);
            if earlier as usize + unexplained >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES {
                return Some(FORBIDDEN_THROUGHOUT);
            }
        }
        let refused = refusals().count();
        (refused == verdicts.len() && refused >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES).then_some(REFUSED_THROUGHOUT)
    }

    /// Journals that the circuit breaker opened, or that an open one closed because somebody was accepted.
    fn note_circuit(&mut self, partner: &Partner, stop: Option<&Stopped>, ended: &Ended) {
        let at = self.clock().now();
        if let Some(refusal) = stop.and_then(|stop| stop.circuit) {
            let event = CircuitEvent::Opened {
                reason: refusal.name.to_owned(),
                until_a_person_says_so: refusal.until_a_person_says_so,
            };
            let partner = (refusal.scope == Scope::Partner).then(|| partner.name.clone());
            self.records.push(Record::Circuit { partner, at, event });
            return;
        }
        if ended.applied.values().any(|applied| applied.outcome == Outcome::Done) {
            let concerned = |open: Option<&str>| open.is_none_or(|name| name == partner.name);
            let closed = self.journal.memory().circuits().filter(|(open, _)| concerned(*open));
            let records: Vec<_> = closed
                .map(|(open, _)| Record::Circuit { partner: open.map(str::to_owned), at, event: CircuitEvent::Closed })
                .collect();
            self.records.extend(records);
        }
    }

    fn intent(&self, partner: &Partner, action: &Action) -> Intent {
        Intent {
            run: self.run,
            partner: partner.name.clone(),
            action: action.kind,
            person: action.person,
            address: action.address.clone(),
            reason: action.reason.name().to_owned(),
            before: action.before.clone(),
            after: action.after.clone(),
            at: self.clock().now(),
        }
    }

    fn request(&self, partner: &Partner, action: &Action) -> InvitationRequest {
        let invite = &partner.invite;
        InvitationRequest {
            invited_user_email_address: action.address.clone(),
            invite_redirect_url: self.config.redirect_url(partner),
            send_invitation_message: invite.send_message,
            invited_user_message_info: invite
                .send_message
                .then(|| MessageInfo { message_language: invite.language.clone() }),
            invited_user_type: action.user_type,
            invited_user: Some(InvitedUserId { id: action.person }),
        }
    }
}

/// Whether a batch may be sent.
enum Ready {
    Yes,
    /// The invocation's time is over, or somebody asked to stop.
    NoTime,
    /// Graph wants to be left alone for longer than a run waits.
    TooLong,
}

impl Verdict {
    /// Whether what the person was answered stays theirs, when `refusal` stops everybody.
    fn is_the_persons(&self, refusal: Refusal) -> bool {
        self.refusal
            .is_none_or(|own| own.scope == Scope::Person && (own.name != UNEXPLAINED || refusal == REFUSED_THROUGHOUT))
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

/// What the answer to a conversion means.
fn judge(person: UserId, answer: Result<Invitation, GraphError>) -> Verdict {
    let done = |refusal| Verdict {
        person,
        applied: Applied { outcome: Outcome::Done, error: None, throttled: false },
        refusal,
        kind: None,
    };
    let error = match answer {
        Ok(Invitation { invited_user: Some(user) }) if user.id == person => return done(None),
        Ok(Invitation { invited_user: Some(_) }) => return invited_somebody_else(person),
        Ok(Invitation { invited_user: None }) => {
            GraphError::new(Kind::OutcomeUnknown, "POST /invitations", "the answer names no user")
        }
        Err(error) => error,
    };
    let (outcome, refusal) = match &error.kind {
        // The request never reached Graph, or Graph says that it did nothing. Not found: the account is too new for the part
        // of Graph that was asked, and is tried again in a later run. 409: somebody else is changing it right now.
        Kind::Throttled | Kind::Unauthenticated | Kind::Unavailable | Kind::NotFound | Kind::Conflict => {
            (Outcome::NotSent, None)
        }
        Kind::OutcomeUnknown => (Outcome::Unknown, None),
        Kind::Forbidden | Kind::Refused | Kind::Malformed | Kind::ResyncNeeded => {
            let refusal = catalogue::refusal(&error, person);
            if refusal == SAME_OBJECT {
                return done(Some(refusal));
            }
            let outcome = Outcome::Refused { code: refusal.name.to_owned(), request_id: error.request_id.clone() };
            (outcome, Some(refusal))
        }
    };
    let throttled = error.kind == Kind::Throttled;
    let report = match refusal {
        Some(refusal) => ErrorReport::of(refusal, Some(&ErrorReport::from(&error))),
        None => ErrorReport::from(&error),
    };
    Verdict { person, applied: Applied { outcome, error: Some(report), throttled }, refusal, kind: Some(error.kind) }
}

/// Graph made or took another object for the address: a twin.
fn invited_somebody_else(person: UserId) -> Verdict {
    let error = ErrorReport {
        code: "another-object".to_owned(),
        message: "Graph invited another object with this address instead of converting the account.".to_owned(),
        advice: "Two objects have the address. Delete the one left over, or remove the address from it.".to_owned(),
        transient: false,
    };
    let outcome = Outcome::Refused { code: error.code.clone(), request_id: None };
    Verdict { person, applied: Applied { outcome, error: Some(error), throttled: false }, refusal: None, kind: None }
}
