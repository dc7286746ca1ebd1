//! What one answer to an invitation means.
//!
//! Responsible for: done, refused, not sent or unknown, for the person concerned. Not responsible for: what the answers of a
//! batch say about everybody; see [`super`].

use crate::graph::catalogue::{self, REFUSED_THROUGHOUT, Refusal, SAME_OBJECT, Scope, UNEXPLAINED};
use crate::graph::model::Invitation;
use crate::graph::{GraphError, Kind};
use crate::ids::UserId;
use crate::journal::record::Outcome;
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
    pub(super) person: UserId,
    pub(super) applied: Applied,
    pub(super) refusal: Option<Refusal>,
    pub(super) kind: Option<Kind>,
}

impl Verdict {
    /// Whether what the person was answered stays theirs, when `refusal` stops everybody.
    pub(super) fn is_the_persons(&self, refusal: Refusal) -> bool {
        self.refusal
            .is_none_or(|own| own.scope == Scope::Person && (own.name != UNEXPLAINED || refusal == REFUSED_THROUGHOUT))
    }
}

/// What the answer to a conversion means.
pub(super) fn judge(person: UserId, answer: Result<Invitation, GraphError>) -> Verdict {
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
