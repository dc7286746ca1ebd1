//! Carrying out a plan: batch by batch, each journalled before it is sent.
//!
//! Responsible for: the order intent, request, outcome; the pace; and what an answer means for the person. One person's
//! failure never stops the others. Not responsible for: deciding who; the plan is taken as it is.

use crate::clock::Clock;
use crate::config::{Config, Partner};
use crate::graph::batch::MAX_REQUESTS;
use crate::graph::model::Invitation;
use crate::graph::writer::{InvitationRequest, InvitedUserId, MessageInfo};
use crate::graph::{DirectoryWriter, GraphError, Kind};
use crate::ids::{RunId, UserId};
use crate::journal::record::{Intent, Outcome, Record};
use crate::journal::{Journal, JournalError};
use crate::pace::Pace;
use crate::people::plan::Action;
use crate::report::ErrorReport;
use crate::until::Until;
use std::time::Duration;

/// A batch is not begun when less real time is left than it may take: a request times out after 30 seconds.
const TIME_FOR_A_BATCH: Duration = Duration::from_secs(40);
/// So many different people refused in a row with 403, and nobody invited: it is not the people.
const REFUSALS_THAT_ARE_NOT_THE_PEOPLES: usize = 3;

/// What became of one action.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The person.
    pub person: UserId,
    /// For the journal.
    pub outcome: Outcome,
    /// For the report, unless done.
    pub error: Option<ErrorReport>,
    /// How Graph failed, if it did.
    failure: Option<Kind>,
}

/// How a partner's actions came to an end.
#[derive(Debug, Default)]
pub struct Ended {
    /// What became of each action that was sent.
    pub applied: Vec<Applied>,
    /// Whether every action's turn came.
    pub finished: bool,
    /// What stopped the rest, if it was not the time.
    pub stopped_by: Option<ErrorReport>,
}

/// Carries out plans of one run.
pub struct Applier<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The only way to change the directory.
    pub writer: &'a DirectoryWriter,
    /// The run.
    pub run: RunId,
    /// Where everything is written down before it is sent.
    pub journal: &'a mut Journal,
    /// What goes into the journal with the next segment.
    pub records: Vec<Record>,
    /// The time.
    pub clock: &'a Clock,
    /// How fast.
    pub pace: Pace,
    /// How long.
    pub until: &'a mut Until,
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
        let mut ended = Ended { finished: true, ..Ended::default() };
        for batch in actions.chunks(MAX_REQUESTS) {
            if self.until.is_over(TIME_FOR_A_BATCH) || !self.pace.pass(batch.len(), self.until).await {
                ended.finished = false;
                break;
            }
            let intents: Vec<_> = batch.iter().map(|action| Record::Intent(self.intent(partner, action))).collect();
            self.records.extend(intents);
            self.write_down().await?;
            let requests: Vec<_> = batch.iter().map(|action| self.request(partner, action)).collect();
            let answers = self.writer.invite(&requests).await;
            let mut results: Vec<_> =
                batch.iter().zip(answers).map(|(action, answer)| judge(action.person, answer)).collect();
            let stop = not_the_peoples(&mut results);
            let at = self.clock.now();
            self.records.extend(results.iter().map(|applied| Record::Outcome {
                person: applied.person,
                at,
                outcome: applied.outcome.clone(),
            }));
            done(results.len());
            ended.applied.extend(results);
            if stop.is_some() {
                ended.finished = false;
                ended.stopped_by = stop;
                break;
            }
        }
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
        self.journal.append(std::mem::take(&mut self.records), self.clock.now()).await
    }

    fn intent(&self, partner: &Partner, action: &Action) -> Intent {
        Intent {
            run: self.run,
            partner: partner.name.clone(),
            action: action.kind,
            person: action.person,
            address: action.address.clone(),
            reason: serde_json::to_value(action.reason)
                .ok()
                .and_then(|reason| reason.as_str().map(str::to_owned))
                .unwrap_or_default(),
            before: action.before.clone(),
            after: action.after.clone(),
            at: self.clock.now(),
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
            invited_user_type: action.user_type.as_deref().map(str::to_owned),
            invited_user: Some(InvitedUserId { id: action.person }),
        }
    }
}

/// What the answer to a conversion means.
fn judge(person: UserId, answer: Result<Invitation, GraphError>) -> Applied {
    let refused = |code: &str, message: &str, advice: &str| Applied {
        person,
        outcome: Outcome::Refused { code: code.to_owned(), request_id: None },
        error: Some(ErrorReport {
            code: code.to_owned(),
            message: message.to_owned(),
            advice: advice.to_owned(),
            transient: false,
        }),
        failure: None,
    };
    let error = match answer {
        Ok(Invitation { invited_user: Some(user) }) if user.id == person => {
            return Applied { person, outcome: Outcome::Done, error: None, failure: None };
        }
        Ok(Invitation { invited_user: Some(_) }) => {
            return refused(
                "another-object",
                "Graph invited another object with this address instead of converting the account.",
                "Two objects have the address. Delete the one left over, or remove the address from it.",
            );
        }
        Ok(Invitation { invited_user: None }) => {
            GraphError::new(Kind::OutcomeUnknown, "POST /invitations", "the answer names no user")
        }
        Err(error) => error,
    };
    let outcome = match &error.kind {
        // The request never reached Graph, or Graph says that it did nothing.
        Kind::Throttled { .. } | Kind::Unauthenticated | Kind::Unavailable => Outcome::NotSent,
        Kind::OutcomeUnknown => Outcome::Unknown,
        Kind::Forbidden | Kind::NotFound | Kind::Refused | Kind::Malformed => Outcome::Refused {
            code: error.code.clone().unwrap_or_else(|| format!("http-{}", error.status.unwrap_or_default())),
            request_id: error.request_id.clone(),
        },
    };
    Applied { person, outcome, error: Some(ErrorReport::from(&error)), failure: Some(error.kind) }
}

/// Refusals that concern usher and not the people: the token is not accepted, or nobody at all may be invited. Then nobody
/// counts as refused, and the rest is not tried.
fn not_the_peoples(results: &mut [Applied]) -> Option<ErrorReport> {
    let unauthenticated = results.iter().any(|applied| applied.failure == Some(Kind::Unauthenticated));
    let forbidden = results.len() >= REFUSALS_THAT_ARE_NOT_THE_PEOPLES
        && results.iter().all(|applied| applied.failure == Some(Kind::Forbidden));
    if !unauthenticated && !forbidden {
        return None;
    }
    for applied in results.iter_mut().filter(|applied| matches!(applied.outcome, Outcome::Refused { .. })) {
        applied.outcome = Outcome::NotSent;
    }
    results.iter().find_map(|applied| applied.error.clone())
}
