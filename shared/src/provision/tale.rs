//! How far it got with one person, as it is told to whoever asked.
//!
//! Responsible for: the words, step by step. Not responsible for: what happened.

use super::decision::{Decision, PersonDecision};
use super::{PersonAnswer, StepAnswer, StepName, StepResult};
use crate::apply::Ended;
use crate::ids::UserId;
use crate::journal::record::{ActionKind, Outcome};
use crate::people::decide::Action;
use crate::people::observe::Whom;
use crate::people::reason::Reason;
use crate::report::{ErrorReport, OutcomeReport};
use crate::tri::Tri;

/// What happened so far with one person.
pub(super) struct Tale {
    id: Option<UserId>,
    address: Option<String>,
    outcome: OutcomeReport,
    reason: String,
    text: String,
    stopped: bool,
    error: Option<ErrorReport>,
    found: StepAnswer,
    in_scope: StepAnswer,
    decision: StepAnswer,
    written: Vec<StepAnswer>,
    /// What was done, to be looked at in the next round.
    done: Vec<Action>,
    verified: Option<StepAnswer>,
}

impl Tale {
    /// Begins with the first decision.
    pub(super) fn begin(decided: &PersonDecision) -> Self {
        let (outcome, reason, text, stopped) = told(&decided.decision);
        Self {
            id: decided.id,
            address: decided.address.clone(),
            outcome,
            reason,
            text,
            stopped,
            error: None,
            found: found(decided),
            in_scope: in_scope(decided),
            decision: decision(&decided.decision),
            written: Vec::new(),
            done: Vec::new(),
            verified: None,
        }
    }

    /// Goes on with what a later round found: whether what was done shows, and, where nothing was done yet, another decision.
    pub(super) fn go_on(&mut self, decided: &PersonDecision, shows: impl Fn(&Action) -> Tri) {
        if self.written.is_empty() {
            *self = Self::begin(decided);
            return;
        }
        self.id = decided.id.or(self.id);
        // What stands against the rest has to be told, although something was done.
        if let Decision::Stopped(_) | Decision::Held(_) | Decision::Wait(_) = decided.decision {
            (_, self.reason, self.text, self.stopped) = told(&decided.decision);
        }
        let not_shown: Vec<_> =
            self.done.iter().filter(|action| shows(action).is_no()).map(|action| action.kind.name()).collect();
        let is_seen = self.done.iter().any(|action| shows(action).is_yes());
        self.verified = Some(match not_shown.as_slice() {
            [] if !is_seen => step(StepName::Verified, StepResult::Skipped, "nothing in the directory shows it"),
            [] => step(StepName::Verified, StepResult::Success, "the directory shows it"),
            kinds => {
                let detail = format!("the directory does not show it yet: {}", kinds.join(", "));
                step(StepName::Verified, StepResult::Warning, &detail)
            }
        });
    }

    /// Tells what became of actions; whether there is something to be looked at.
    pub(super) fn carried_out(&mut self, actions: &[Action], ended: &Ended) -> bool {
        let mut look_again = false;
        for action in actions {
            let name = action.kind.name();
            let written = |result, detail: &str| step(StepName::Written, result, detail);
            let Some(applied) = ended.applied.get(&action.step()) else {
                // Somebody else came first; another look tells what is left to be done.
                look_again |= ended.skipped.contains(&action.step());
                if ended.skipped.contains(&action.step()) {
                    continue;
                }
                self.written.push(written(StepResult::Skipped, &format!("{name}: not sent")));
                match &ended.stopped {
                    Some(stopped) => {
                        self.failed(OutcomeReport::Failed, Some(stopped.error.clone()));
                        self.stopped |= stopped.circuit.is_some();
                    }
                    None if ended.trouble.is_some() => self.failed(OutcomeReport::Failed, ended.trouble.clone()),
                    // Others used up the day meanwhile.
                    None => {
                        (self.outcome, self.reason, self.text, self.stopped) =
                            told(&Decision::Stopped(Reason::DailyLimit));
                    }
                }
                continue;
            };
            match &applied.outcome {
                Outcome::Done => {
                    self.written.push(written(StepResult::Success, name));
                    self.done.push(action.clone());
                    if self.outcome == OutcomeReport::Planned {
                        self.outcome = OutcomeReport::Done;
                        did(action.kind).clone_into(&mut self.text);
                    }
                    look_again = true;
                }
                Outcome::Refused { code, .. } => {
                    self.failed(OutcomeReport::Failed, applied.error.clone());
                    self.written.push(written(StepResult::Failure, &format!("{name}: refused ({code})")));
                }
                Outcome::Unknown => {
                    self.failed(OutcomeReport::Unconfirmed, applied.error.clone());
                    self.written.push(written(StepResult::Warning, &format!("{name}: nobody knows what became of it")));
                }
                Outcome::NotSent => {
                    self.failed(OutcomeReport::Failed, applied.error.clone());
                    self.written.push(written(StepResult::Skipped, &format!("{name}: not sent")));
                }
            }
        }
        look_again
    }

    fn failed(&mut self, outcome: OutcomeReport, error: Option<ErrorReport>) {
        self.outcome = outcome;
        if let Some(error) = error.filter(|_| self.error.is_none()) {
            self.reason.clone_from(&error.code);
            self.text = [error.message.as_str(), error.advice.as_str()].join(" ").trim_end().to_owned();
            self.error = Some(error);
        }
    }

    /// The answer.
    pub(super) fn tell(&self, whom: &Whom) -> PersonAnswer {
        let not_written = || step(StepName::Written, StepResult::Skipped, "nothing was sent");
        let not_verified = || step(StepName::Verified, StepResult::Skipped, "nothing to look at");
        let written = if self.written.is_empty() { vec![not_written()] } else { self.written.clone() };
        let mut steps = vec![self.found.clone(), self.in_scope.clone(), self.decision.clone()];
        steps.extend(written);
        steps.push(self.verified.clone().unwrap_or_else(not_verified));
        PersonAnswer {
            address: whom.address().map(|address| address.as_str().to_owned()).or_else(|| self.address.clone()),
            id: self.id,
            outcome: self.outcome,
            reason: self.reason.clone(),
            text: self.text.clone(),
            stopped: self.stopped,
            error: self.error.clone(),
            steps,
        }
    }
}

fn step(step: StepName, result: StepResult, detail: &str) -> StepAnswer {
    StepAnswer { step, result, detail: detail.to_owned() }
}

fn sentence(reason: Reason) -> String {
    [reason.text(), reason.advice()].join(" ").trim_end().to_owned()
}

/// Outcome, reason, text, and whether something stands against it, before anything is sent.
fn told(decision: &Decision) -> (OutcomeReport, String, String, bool) {
    let skipped = OutcomeReport::Skipped;
    match decision {
        Decision::Act(actions) => {
            let reason = actions.first().map_or_else(String::new, |action| action.reason.name().to_owned());
            (OutcomeReport::Planned, reason, format!("To be done: {}.", kinds(actions)), false)
        }
        Decision::AsWished(Some(reason)) => (skipped, reason.name().to_owned(), sentence(*reason), false),
        Decision::AsWished(None) => (skipped, "nothing".to_owned(), "Everything is as asked.".to_owned(), false),
        Decision::Wait(reason) => (OutcomeReport::Unconfirmed, reason.name().to_owned(), sentence(*reason), false),
        Decision::Stopped(reason) => (skipped, reason.name().to_owned(), sentence(*reason), true),
        Decision::Held(held) => (skipped, held.reason.name().to_owned(), held.reason.advice().to_owned(), true),
    }
}

fn found(decided: &PersonDecision) -> StepAnswer {
    match decided.state {
        None => step(StepName::Found, StepResult::Failure, Reason::NotReadable.text()),
        Some("absent") => step(StepName::Found, StepResult::Skipped, "nobody in this directory"),
        Some(state) => step(StepName::Found, StepResult::Success, state),
    }
}

fn in_scope(decided: &PersonDecision) -> StepAnswer {
    let of = |result, detail: &str| step(StepName::InScope, result, detail);
    let (in_scope, obstacle) = decided.in_scope;
    let why = obstacle.map_or("not known", Reason::text);
    match in_scope {
        Tri::Yes if decided.by_request => of(StepResult::Success, "in scope by request"),
        Tri::Yes => of(StepResult::Success, "in scope"),
        Tri::No => of(StepResult::Failure, why),
        Tri::Unknown => of(StepResult::Warning, why),
    }
}

fn decision(decision: &Decision) -> StepAnswer {
    let of = |result, detail: &str| step(StepName::Decision, result, detail);
    match decision {
        Decision::Act(actions) => of(StepResult::Success, &kinds(actions)),
        Decision::AsWished(reason) => of(StepResult::Skipped, reason.map_or("everything is as asked", Reason::text)),
        Decision::Wait(reason) => of(StepResult::Warning, reason.text()),
        Decision::Stopped(reason) => of(StepResult::Failure, reason.text()),
        Decision::Held(held) => of(StepResult::Failure, held.reason.advice()),
    }
}

fn kinds(actions: &[Action]) -> String {
    let mut kinds: Vec<_> = actions.iter().map(|action| action.kind.name()).collect();
    kinds.dedup();
    kinds.join(", ")
}

/// What was done, in a sentence.
const fn did(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Invite => "The person was invited.",
        ActionKind::Convert => "The account was converted: the person is an external user, and was invited.",
        ActionKind::Resend => "The invitation was sent again.",
        ActionKind::ResetRedemption => "The redemption was reset, so that the person redeems with the new address.",
        ActionKind::Update | ActionKind::SetSponsor | ActionKind::AddToGroup => "The person was brought up to date.",
        ActionKind::RemoveFromGroup => "The person was taken out of the groups that usher had put them into.",
        ActionKind::Disable => "The account was disabled; the rules for leaving decide about its deletion.",
        ActionKind::Delete => "The account was deleted softly; it can be restored for 30 days.",
        ActionKind::Enable => "The account was enabled again.",
        ActionKind::Restore => "The account was restored.",
    }
}
