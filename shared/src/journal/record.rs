//! What stands in the journal.

pub use super::action::{ActionKind, Budget, Cause};

use super::memory::waves::WaveStep;
use crate::address::Address;
use crate::ids::{RunId, UserId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A job, as the inbox and the journal name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// The quick path: people to be brought in.
    Invite,
    /// The full sweep.
    Reconcile,
    /// Single people, by request.
    Provision,
    /// The daily summary.
    Summary,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invite => "invite",
            Self::Reconcile => "reconcile",
            Self::Provision => "provision",
            Self::Summary => "summary",
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
        /// The step that was intended.
        step: StepId,
        /// When the answer was in.
        at: Timestamp,
        /// The answer.
        outcome: Outcome,
    },
    /// The directory was read about a person whose intent has no outcome.
    Reading {
        /// The step that was intended.
        step: StepId,
        /// When.
        at: Timestamp,
        /// Whether the effect shows.
        changed: bool,
    },
    /// Something about a person that later runs must know was observed, or said by a person.
    Noted {
        /// The person.
        person: UserId,
        /// For which partner.
        partner: String,
        /// When.
        at: Timestamp,
        /// What.
        note: Note,
    },
    /// The parts of the configuration that are in force for a partner without approval: the first ones, and those approved
    /// since.
    InForce {
        /// The partner.
        partner: String,
        /// When.
        at: Timestamp,
        /// Hashes of them.
        settings: Settings,
    },
    /// The parts of the configuration that a sweep found, where they are others than the last one's.
    SettingsSeen {
        /// The partner.
        partner: String,
        /// When.
        at: Timestamp,
        /// Hashes of them.
        settings: Settings,
    },
    /// A sweep of everybody that was believed.
    Swept {
        /// The partner.
        partner: String,
        /// When it began.
        at: Timestamp,
    },
    /// A partner whose people usher looked after is not configured any more.
    PartnerRemoved {
        /// The partner.
        partner: String,
        /// When that was seen.
        at: Timestamp,
        /// How many people are left to themselves.
        people: usize,
    },
    /// A person approved a held plan.
    Approved {
        /// The plan.
        plan: String,
        /// The partner.
        partner: String,
        /// When.
        at: Timestamp,
        /// The approver's object id.
        by: Uuid,
    },
    /// A person said whose a partner's external users are whom Entra Connect does not master.
    Owner {
        /// The partner.
        partner: String,
        /// When.
        at: Timestamp,
        /// Whose they are.
        owner: Owner,
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

/// Whose external users are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// usher's, also where the partner may push people here.
    Usher,
    /// Microsoft's cross-tenant synchronization's: usher neither changes nor takes away.
    Synchronization,
}

/// What was observed or said about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Note {
    /// usher looks after an external user from now on whom somebody else invited. All clocks start.
    Adopted {
        /// The domain of the address, in ASCII.
        domain: String,
        /// The address, if there is exactly one.
        address: Option<Address>,
        /// Whether the invitation was redeemed.
        redeemed: bool,
    },
    /// The invitation was redeemed.
    Redeemed {
        /// When, as the directory says.
        since: Option<Timestamp>,
    },
    /// Pending again after a redemption: somebody else reset it. The days begin anew.
    PendingAnew {
        /// Since when, as the directory says.
        since: Timestamp,
    },
    /// Out of scope: the days of grace begin.
    OutOfScope,
    /// In scope.
    InScope,
    /// Nobody can tell whether the person stays out of scope, because they were not there, or outside the pilot: the days of
    /// grace begin anew.
    NotWatched,
    /// What usher disabled shows as disabled.
    ShownDisabled,
    /// What usher deleted shows as deleted.
    ShownDeleted,
    /// What usher took away shows as given back by others.
    GivenBack,
    /// Somebody else disabled the account again after usher had: it is not usher's to enable any more.
    TakenOver,
    /// Somebody other than usher has disabled the account.
    Blocked,
    /// It is enabled again: the days in which the person could not sign in do not count.
    Unblocked,
    /// The directory shows the values that usher wrote.
    ValuesShown,
    /// What usher deleted is still not there after Entra has let go of it: it never comes back.
    Gone,
    /// A cause for taking away holds for somebody who is disabled already, by usher or by others.
    AlsoTaken {
        /// The cause.
        cause: Cause,
    },
    /// An invitation made the person, of whom there was no object before. They are in scope by request.
    Invited {
        /// The address that was invited.
        address: Address,
        /// When it was sent.
        since: Timestamp,
    },
    /// Somebody asked for the person to be brought in, or kept. From now on they are in scope by request, and whatever usher
    /// took away is to be given back.
    Requested {
        /// The invitation had expired, so that it is to be sent again.
        renew: bool,
    },
    /// Somebody asked for the person to be retired.
    RetirementRequested,
    /// A person wants to have a human decision forgotten.
    Released {
        /// Whether the account was disabled then.
        disabled: bool,
    },
}

impl Note {
    /// Whether somebody asked for it, so that whatever was planned before has to look again.
    pub const fn is_by_request(&self) -> bool {
        matches!(
            self,
            Self::Requested { .. }
                | Self::RetirementRequested
                | Self::AlsoTaken { cause: Cause::Request }
                | Self::Released { .. }
        )
    }
}

/// One thing that is done to one person: who, what, and with which group or sponsor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId {
    /// To whom.
    pub person: UserId,
    /// What.
    pub action: ActionKind,
    /// The group or the sponsor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
}

/// Hashes of parts of a partner's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Of what decides who is in scope.
    pub scope: String,
    /// Of `[partner.attributes]`.
    pub attributes: String,
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
    /// The address that is invited, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The group or the sponsor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
    /// Of a resend: the configured day that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u16>,
    /// Of what takes away: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Somebody asked for it, so that no wave counts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_request: bool,
    /// Why.
    pub reason: String,
    /// What the person was before.
    pub before: String,
    /// What they are meant to be afterwards.
    pub after: String,
    /// When.
    pub at: Timestamp,
}

impl Intent {
    /// The step.
    pub const fn step(&self) -> StepId {
        StepId { person: self.person, action: self.action, object: self.object }
    }
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
            Self::Noted { person, note, .. } if note.is_by_request() => Some(*person),
            _ => None,
        }
    }

    /// Whom it says something about that was merely noticed.
    pub const fn notices(&self) -> Option<UserId> {
        match self {
            Self::Noted { note: Note::Invited { .. }, .. } => None,
            Self::Noted { person, note, .. } if !note.is_by_request() => Some(*person),
            _ => None,
        }
    }

    /// A reading about a step.
    pub const fn reading(step: StepId, at: Timestamp, changed: bool) -> Self {
        Self::Reading { step, at, changed }
    }
}
