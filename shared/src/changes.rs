//! What `trust`, `sync` and `grant` would change and changed: one row for each setting.
//!
//! Responsible for: how a change is told, what its outcome is, and what all of them come to. Not responsible for: which
//! changes there are.

use crate::graph::{GraphError, Kind};
use crate::report::{ErrorReport, OutcomeReport};
use serde::Serialize;

/// One setting that is to be another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which: the key of the configuration, where there is one.
    pub key: String,
    /// What is in effect now, in words.
    pub before: String,
    /// What shall be.
    pub after: String,
    /// What became of it.
    pub outcome: OutcomeReport,
    /// Why it waits for a person's word; `None` where it does not.
    pub held: Option<HeldChange>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
}

/// Why a change waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldChange {
    /// Why.
    pub reason: String,
    /// What to do if it is meant.
    pub advice: String,
}

/// What all changes come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Nothing is left to do.
    Done,
    /// Something waits, and nothing failed.
    Held,
    /// Some were done, and some were not.
    Partly,
    /// At least one failed, and none was done.
    Failed,
}

impl Change {
    /// A change that is planned.
    pub fn new(key: impl Into<String>, before: impl Into<String>, after: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            before: before.into(),
            after: after.into(),
            outcome: OutcomeReport::Planned,
            held: None,
            error: None,
        }
    }

    /// The same, which waits.
    #[must_use]
    pub fn held(self, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { held: Some(HeldChange { reason: reason.into(), advice: advice.into() }), ..self }
    }

    /// Notes what became of it.
    pub fn became(&mut self, result: &Result<(), GraphError>) {
        match result {
            Ok(()) => self.outcome = OutcomeReport::Done,
            Err(error) => {
                let lost = error.kind == Kind::OutcomeUnknown;
                self.outcome = if lost { OutcomeReport::Unconfirmed } else { OutcomeReport::Failed };
                self.error = Some(explained(error));
            }
        }
    }
}

/// An error of setting up. What Graph says of settings holds no address, and says more than its codes.
pub fn explained(error: &GraphError) -> ErrorReport {
    let report = ErrorReport::from(error);
    if error.kind == Kind::Unauthenticated && error.status.is_none() {
        // No token was to be had, and the message says why and what to do.
        let (code, message) = ("no-token".to_owned(), error.message().to_owned());
        return ErrorReport { code, message, advice: String::new(), transient: false };
    }
    let said = if error.status.is_some() && !error.message().is_empty() {
        format!("{error}: {}", error.message())
    } else {
        error.to_string()
    };
    let advice = match error.kind {
        Kind::Forbidden | Kind::Unauthenticated if error.status.is_some() => {
            "The signed-in account lacks the permission or the directory role for it; docs/setup.md names both."
        }
        Kind::OutcomeUnknown => "The answer was lost. Run the command again: it looks first.",
        _ => report.advice.as_str(),
    };
    ErrorReport { message: said, advice: advice.to_owned(), ..report }
}

/// What these come to.
pub fn total<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Total {
    let (mut done, mut open, mut failed) = (0, 0, 0);
    for change in changes {
        match change.outcome {
            OutcomeReport::Done => done += 1,
            OutcomeReport::Planned | OutcomeReport::Skipped => open += 1,
            OutcomeReport::Failed | OutcomeReport::Unconfirmed => failed += 1,
        }
    }
    match (done, open, failed) {
        (_, 0, 0) => Total::Done,
        (0, _, 0) => Total::Held,
        (0, _, _) => Total::Failed,
        _ => Total::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(outcomes: &[OutcomeReport]) -> Total {
        let changes: Vec<_> =
            outcomes.iter().map(|outcome| Change { outcome: *outcome, ..Change::new("key", "", "") }).collect();
        total(&changes)
    }

    #[test]
    fn all_changes_come_to_one_word() {
        use OutcomeReport::{Done, Failed, Planned, Unconfirmed};
        for (outcomes, expected) in [
            (&[][..], Total::Done),
            (&[Done, Done], Total::Done),
            (&[Planned], Total::Held),
            (&[Done, Planned], Total::Partly),
            (&[Done, Failed], Total::Partly),
            (&[Planned, Failed], Total::Failed),
            (&[Unconfirmed], Total::Failed),
        ] {
            assert_eq!(with(outcomes), expected, "{outcomes:?}");
        }
    }
}
