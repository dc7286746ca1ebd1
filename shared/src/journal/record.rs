//! What stands in the journal.

use super::memory::waves::WaveStep;
use crate::address::Address;
use crate::ids::{RunId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What can be done to a person in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Take back a soft deletion.
    Restore,
    /// Allow signing in again.
    Enable,
    /// Invite an internal user in place.
    Convert,
    /// Send a pending invitation again.
    Resend,
    /// Let the person redeem again, with another address.
    ResetRedemption,
    /// Write properties.
    Update,
    /// Make a sponsor.
    SetSponsor,
    /// Put into a group.
    AddToGroup,
    /// Take out of a group.
    RemoveFromGroup,
    /// Forbid signing in.
    Disable,
    /// Delete softly.
    Delete,
}

/// What is counted against the same daily limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Whatever may send a mail.
    Invitations,
    /// Whatever else adds or gives back, and leaving a group.
    Updates,
    /// Disables.
    Disables,
    /// Deletions.
    Deletes,
}

impl ActionKind {
    /// Every kind, in the order in which a run carries them out.
    pub const ALL: &[Self] = &[
        Self::Restore,
        Self::Enable,
        Self::Convert,
        Self::Resend,
        Self::ResetRedemption,
        Self::Update,
        Self::SetSponsor,
        Self::AddToGroup,
        Self::RemoveFromGroup,
        Self::Disable,
        Self::Delete,
    ];

    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Enable => "enable",
            Self::Convert => "convert",
            Self::Resend => "resend",
            Self::ResetRedemption => "reset-redemption",
            Self::Update => "update",
            Self::SetSponsor => "set-sponsor",
            Self::AddToGroup => "add-to-group",
            Self::RemoveFromGroup => "remove-from-group",
            Self::Disable => "disable",
            Self::Delete => "delete",
        }
    }

    /// Which daily limit it counts against.
    pub const fn budget(self) -> Budget {
        match self {
            Self::Convert | Self::Resend | Self::ResetRedemption => Budget::Invitations,
            Self::Disable => Budget::Disables,
            Self::Delete => Budget::Deletes,
            _ => Budget::Updates,
        }
    }

    /// Whether it goes through `POST /invitations`.
    pub const fn is_invitation(self) -> bool {
        matches!(self.budget(), Budget::Invitations)
    }

    /// Whether it takes something away from the person.
    pub const fn takes_away(self) -> bool {
        matches!(self, Self::RemoveFromGroup | Self::Disable | Self::Delete)
    }

    /// Whether nothing in the directory tells afterwards that it was done, so that its intent counts as done.
    pub const fn leaves_no_trace(self) -> bool {
        matches!(self, Self::Resend | Self::ResetRedemption)
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something is taken away from a person. Only the end of the same cause gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Out of scope for the days of grace. It ends when the person is in scope again.
    LeftScope,
    /// No sign-in for too long.
    Inactive,
    /// The invitation was not redeemed in time.
    Expired,
    /// Somebody asked for it.
    Request,
}

impl Cause {
    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftScope => "left-scope",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Request => "request",
        }
    }

    /// Whether the account is deleted some time after the disable. Somebody inactive may just be away.
    pub const fn leads_to_deletion(self) -> bool {
        !matches!(self, Self::Inactive)
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
    /// Out of scope: the days of grace begin, unless they run already.
    OutOfScope,
    /// In scope.
    InScope,
    /// What usher disabled shows as disabled.
    ShownDisabled,
    /// What usher deleted shows as deleted.
    ShownDeleted,
    /// What usher deleted is still not there after Entra has let go of it: it never comes back.
    Gone,
    /// A cause for taking away holds for somebody who is disabled already, by usher or by others.
    AlsoTaken {
        /// The cause.
        cause: Cause,
    },
    /// A person wants to have a human decision forgotten.
    Released {
        /// Whether the account was disabled then.
        disabled: bool,
    },
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
            _ => None,
        }
    }

    /// A reading about a step.
    pub const fn reading(step: StepId, at: Timestamp, changed: bool) -> Self {
        Self::Reading { step, at, changed }
    }
}
