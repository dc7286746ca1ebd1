//! What can be done to a person, and why something is taken away.
//!
//! Responsible for: the names, and what kinds have in common. Not responsible for: deciding or doing it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be done to a person in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Take back a soft deletion.
    Restore,
    /// Allow signing in again.
    Enable,
    /// Invite somebody of whom there is no object yet.
    Invite,
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
        Self::Invite,
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
            Self::Invite => "invite",
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
            Self::Invite | Self::Convert | Self::Resend | Self::ResetRedemption => Budget::Invitations,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
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
