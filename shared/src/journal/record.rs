//! What stands in the journal.

use super::memory::waves::WaveStep;
use crate::address::Address;
use crate::ids::{RunId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be done to a person in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Invite an internal user in place.
    Convert,
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Convert => "convert",
        })
    }
}

/// A job, as the inbox and the journal name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// The quick path: people to be brought in.
    Invite,
    /// The full sweep.
    Reconcile,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invite => "invite",
            Self::Reconcile => "reconcile",
        })
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Record {
    /// A run that is about to write began.
    RunStarted {
        /// The run.
        run: RunId,
        /// Which job.
        job: Job,
        /// When its snapshot was begun.
        at: Timestamp,
    },
    /// Something is about to be sent.
    Intent(Intent),
    /// What became of it.
    Outcome {
        /// The run of the intent.
        run: RunId,
        /// The person of the intent.
        person: UserId,
        /// When the answer was in.
        at: Timestamp,
        /// The answer.
        outcome: Outcome,
    },
    /// The directory was read about a person whose intent has no outcome.
    Reading {
        /// The person.
        person: UserId,
        /// When.
        at: Timestamp,
        /// Whether the effect shows.
        changed: bool,
    },
    /// The circuit breaker opened, was tried, or closed.
    Circuit {
        /// The partner; `None` for the whole tenant.
        partner: Option<String>,
        /// When.
        at: Timestamp,
        /// What happened to it.
        event: CircuitEvent,
    },
    /// What a run did for a partner's waves.
    Wave {
        /// The partner.
        partner: String,
        /// The wave.
        step: WaveStep,
    },
    /// Segments were summed up in a checkpoint, behind which they are removed.
    Checkpoint {
        /// The number of the last of them.
        number: u64,
        /// The SHA-256 of the checkpoint's bytes, in hexadecimal.
        hash: String,
    },
}

/// Something that is about to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The run.
    pub run: RunId,
    /// For which partner.
    pub partner: String,
    /// What.
    pub action: ActionKind,
    /// To whom.
    pub person: UserId,
    /// The address that is invited.
    pub address: Address,
    /// Why.
    pub reason: String,
    /// What the person was before.
    pub before: String,
    /// What they are meant to be afterwards.
    pub after: String,
    /// When.
    pub at: Timestamp,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
pub enum Outcome {
    /// Graph did it.
    Done,
    /// Graph refused it for good, as it stands.
    Refused {
        /// Its error code, or a name of ours.
        code: String,
        /// For Microsoft's support.
        request_id: Option<String>,
    },
    /// It had no effect and may be sent again: refused for rate, or never sent.
    NotSent,
    /// Nobody knows.
    Unknown,
}

/// What happened to a circuit breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum CircuitEvent {
    /// Graph refused for more than a person. Open already, it stays so.
    Opened {
        /// The refusal's name.
        reason: String,
        /// Only a person closes it.
        until_a_person_says_so: bool,
    },
    /// Graph accepted again.
    Closed,
    /// A person closed it.
    ClosedByPerson,
}

impl Record {
    /// Whom it is about to touch.
    pub const fn touches(&self) -> Option<UserId> {
        match self {
            Self::Intent(intent) => Some(intent.person),
            _ => None,
        }
    }

    /// A reading about a person.
    pub const fn reading(person: UserId, at: Timestamp, changed: bool) -> Self {
        Self::Reading { person, at, changed }
    }
}
