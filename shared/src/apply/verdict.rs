//! What one answer to a write means.
//!
//! Responsible for: done, refused, not sent or unknown, for the step concerned. Not responsible for: what the answers of a
//! batch say about everybody; see [`super`].

use crate::graph::catalogue::{self, REFUSED_THROUGHOUT, Refusal, SAME_OBJECT, Scope, UNEXPLAINED};
use crate::graph::model::Invitation;
use crate::graph::{GraphError, Kind};
use crate::ids::UserId;
use crate::journal::record::{ActionKind, Outcome, StepId};
use crate::report::ErrorReport;

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

/// What one answer amounts to.
pub(super) struct Verdict {
    pub(super) step: StepId,
    pub(super) applied: Applied,
    pub(super) refusal: Option<Refusal>,
    pub(super) kind: Option<Kind>,
    /// The object that an invitation of an address made.
    pub(super) invited: Option<UserId>,
}

impl Verdict {
    /// Whether what the person was answered stays theirs, when `refusal` stops everybody.
    pub(super) fn is_the_persons(&self, refusal: Refusal) -> bool {
        self.refusal
            .is_none_or(|own| own.scope == Scope::Person && (own.name != UNEXPLAINED || refusal == REFUSED_THROUGHOUT))
    }
}

/// What the answer to a write means.
pub(super) fn judge(step: StepId, answer: Result<Option<Invitation>, GraphError>) -> Verdict {
    let done = |refusal| Verdict {
        step,
        applied: Applied { outcome: Outcome::Done, error: None, throttled: false },
        refusal,
        kind: None,
        invited: None,
    };
    let error = match answer {
        Ok(_) if !step.action.is_invitation() => return done(None),
        Ok(Some(Invitation { invited_user: Some(user) })) if step.action == ActionKind::Invite => {
            return Verdict { invited: Some(user.id), ..done(None) };
        }
        Ok(Some(Invitation { invited_user: Some(user) })) if user.id == step.person => return done(None),
        Ok(Some(Invitation { invited_user: Some(_) })) => return invited_somebody_else(step),
        Ok(_) => GraphError::new(Kind::OutcomeUnknown, "POST /invitations", "the answer names no user"),
        Err(error) => error,
    };
    if is_so_already(step.action, &error) {
        return done(None);
    }
    let (outcome, refusal) = match &error.kind {
        // The person, group or sponsor is not there. It may have been deleted by somebody else, so it was not usher's doing,
        // and asking at every run would use up the day of others.
        Kind::NotFound if !step.action.is_invitation() => {
            (Outcome::Refused { code: "gone".to_owned(), request_id: error.request_id.clone() }, None)
        }
        // The request never reached Graph, or Graph says that it did nothing. Not found: the account is too new for the part
        // of Graph that was asked, and is tried again in a later run. 409: somebody else is changing it right now.
        Kind::Throttled | Kind::Unauthenticated | Kind::Unavailable | Kind::NotFound | Kind::Conflict => {
            (Outcome::NotSent, None)
        }
        Kind::OutcomeUnknown => (Outcome::Unknown, None),
        Kind::Forbidden | Kind::Refused | Kind::Malformed | Kind::ResyncNeeded if step.action.is_invitation() => {
            let refusal = catalogue::refusal(&error, step.person);
            if refusal == SAME_OBJECT && step.action == ActionKind::Convert {
                return done(Some(refusal));
            }
            let outcome = Outcome::Refused { code: refusal.name.to_owned(), request_id: error.request_id.clone() };
            (outcome, Some(refusal))
        }
        Kind::Forbidden | Kind::Refused | Kind::Malformed | Kind::ResyncNeeded => {
            let code = error.code.clone().unwrap_or_else(|| "refused".to_owned());
            (Outcome::Refused { code, request_id: error.request_id.clone() }, None)
        }
    };
    let throttled = error.kind == Kind::Throttled;
    let report = match refusal {
        Some(refusal) => ErrorReport::of(refusal, Some(&ErrorReport::from(&error))),
        None => ErrorReport::from(&error).for_action(step.action),
    };
    Verdict {
        step,
        applied: Applied { outcome, error: Some(report), throttled },
        refusal,
        kind: Some(error.kind),
        invited: None,
    }
}

/// Whether the refusal says that what was asked for is so: the person is in the group, is not, or has the sponsor.
fn is_so_already(action: ActionKind, error: &GraphError) -> bool {
    match action {
        ActionKind::AddToGroup | ActionKind::SetSponsor => {
            error.kind == Kind::Refused && error.message().to_lowercase().contains("already exist")
        }
        ActionKind::RemoveFromGroup => error.kind == Kind::NotFound,
        _ => false,
    }
}

/// Graph made or took another object for the address: a twin.
fn invited_somebody_else(step: StepId) -> Verdict {
    let error = ErrorReport {
        code: "another-object".to_owned(),
        message: "Graph invited another object with this address instead of converting the account.".to_owned(),
        advice: "Two objects have the address. Delete the one left over, or remove the address from it.".to_owned(),
        transient: false,
    };
    let outcome = Outcome::Refused { code: error.code.clone(), request_id: None };
    Verdict {
        step,
        applied: Applied { outcome, error: Some(error), throttled: false },
        refusal: None,
        kind: None,
        invited: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_not_there_waits_a_day_unless_it_is_an_account_too_new_to_be_invited() {
        let outcome = |action| {
            let step = StepId { person: Uuid::nil().into(), action, object: None };
            judge(step, Err(GraphError::new(Kind::NotFound, "x", "gone"))).applied.outcome
        };
        let refused = Outcome::Refused { code: "gone".to_owned(), request_id: None };
        assert_eq!(outcome(ActionKind::Convert), Outcome::NotSent);
        assert_eq!(outcome(ActionKind::RemoveFromGroup), Outcome::Done, "what was asked for is so");
        for action in [ActionKind::SetSponsor, ActionKind::AddToGroup, ActionKind::Delete, ActionKind::Restore] {
            assert_eq!(outcome(action), refused, "{action}");
        }
    }
}
