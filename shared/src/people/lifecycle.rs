//! What a person can be, and every way from one state into another.
//!
//! Responsible for: the table of [`WAYS`], by which the planner goes and which the documentation prints. Not responsible for:
//! telling whether a condition holds; see [`super::conditions`].

use crate::journal::record::ActionKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// What a person is, as far as usher is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Not in the directory.
    Absent,
    /// An account of this tenant, not an external user.
    Internal,
    /// An external user who has not redeemed the invitation.
    Pending,
    /// An external user who has.
    Accepted,
    /// An account that may not sign in.
    Disabled,
    /// Deleted softly: it can be restored for 30 days.
    Deleted,
    /// A step was sent, and nobody knows what became of it.
    Unconfirmed,
}

/// Who disabled or deleted an account, as far as evidence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// usher, by its own journal.
    Usher,
    /// Entra Connect.
    Sync,
    /// A person, by the audit log.
    Person,
    /// Another application, or nobody knows.
    Elsewhere,
}

/// What must hold for usher to do a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Somebody asked for a person of whom there is no object.
    InvitationRequested,
    /// Every rule of conversion holds.
    Convertible,
    /// Somebody asked for the person to be retired.
    RetirementRequested,
    /// Out of scope for the days of grace.
    GraceOver,
    /// No sign-in for too long.
    Inactive,
    /// The invitation was not redeemed in time.
    InvitationExpired,
    /// The address to invite is another one than was invited.
    AddressChanged,
    /// A day has come on which the invitation is sent again.
    ResendDue,
    /// A property has another value than is configured.
    ValuesDiffer,
    /// A configured sponsor was not set yet.
    SponsorMissing,
    /// The person is in a configured group not yet.
    GroupMissing,
    /// Only leaving the scope was the cause, and the person is in scope again.
    BackInScope,
    /// The person is in a group that usher put them into.
    StillInGroup,
    /// The days until the deletion are over.
    DeletionDue,
}

/// Who goes a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// usher, when the condition holds.
    Usher(When, ActionKind),
    /// Somebody else; usher sees it.
    Others(&'static str),
}

/// One way from a state into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Where it begins.
    pub from: State,
    /// Who goes it, and when.
    pub mover: Mover,
    /// Where it ends.
    pub to: State,
}

const fn usher(from: State, when: When, action: ActionKind, to: State) -> Way {
    Way { from, mover: Mover::Usher(when, action), to }
}

const fn others(from: State, what: &'static str, to: State) -> Way {
    Way { from, mover: Mover::Others(what), to }
}

const DISABLED_BY_OTHERS: &str = "an administrator, Entra Connect or another tool disables the account";
const DELETED_BY_OTHERS: &str = "somebody else deletes the account";
const ANSWER_LOST: &str = "the answer to a step of usher's is lost";

/// Every way. Of usher's ways from one state the first whose condition holds is gone; those that only carry changes over
/// are gone together.
pub const WAYS: &[Way] = &[
    others(State::Absent, "Entra Connect exports a new person", State::Internal),
    usher(State::Absent, When::InvitationRequested, ActionKind::Invite, State::Pending),
    others(State::Absent, "somebody else invites the person", State::Pending),
    usher(State::Internal, When::Convertible, ActionKind::Convert, State::Pending),
    others(State::Internal, "somebody else invites the person", State::Pending),
    others(State::Internal, DISABLED_BY_OTHERS, State::Disabled),
    others(State::Internal, DELETED_BY_OTHERS, State::Deleted),
    others(State::Internal, ANSWER_LOST, State::Unconfirmed),
    others(State::Pending, "the person redeems the invitation", State::Accepted),
    usher(State::Pending, When::RetirementRequested, ActionKind::Disable, State::Disabled),
    usher(State::Pending, When::GraceOver, ActionKind::Disable, State::Disabled),
    usher(State::Pending, When::InvitationExpired, ActionKind::Disable, State::Disabled),
    usher(State::Pending, When::AddressChanged, ActionKind::ResetRedemption, State::Pending),
    usher(State::Pending, When::ResendDue, ActionKind::Resend, State::Pending),
    usher(State::Pending, When::ValuesDiffer, ActionKind::Update, State::Pending),
    usher(State::Pending, When::SponsorMissing, ActionKind::SetSponsor, State::Pending),
    others(State::Pending, DISABLED_BY_OTHERS, State::Disabled),
    others(State::Pending, DELETED_BY_OTHERS, State::Deleted),
    others(State::Pending, ANSWER_LOST, State::Unconfirmed),
    usher(State::Accepted, When::RetirementRequested, ActionKind::Disable, State::Disabled),
    usher(State::Accepted, When::GraceOver, ActionKind::Disable, State::Disabled),
    usher(State::Accepted, When::Inactive, ActionKind::Disable, State::Disabled),
    usher(State::Accepted, When::AddressChanged, ActionKind::ResetRedemption, State::Pending),
    usher(State::Accepted, When::ValuesDiffer, ActionKind::Update, State::Accepted),
    usher(State::Accepted, When::SponsorMissing, ActionKind::SetSponsor, State::Accepted),
    usher(State::Accepted, When::GroupMissing, ActionKind::AddToGroup, State::Accepted),
    others(State::Accepted, "an administrator resets the redemption", State::Pending),
    others(State::Accepted, DISABLED_BY_OTHERS, State::Disabled),
    others(State::Accepted, DELETED_BY_OTHERS, State::Deleted),
    others(State::Accepted, ANSWER_LOST, State::Unconfirmed),
    usher(State::Disabled, When::BackInScope, ActionKind::Enable, State::Accepted),
    usher(State::Disabled, When::StillInGroup, ActionKind::RemoveFromGroup, State::Disabled),
    usher(State::Disabled, When::DeletionDue, ActionKind::Delete, State::Deleted),
    others(State::Disabled, "somebody enables the account", State::Accepted),
    others(State::Disabled, "the account is enabled, by usher or somebody else, before the redemption", State::Pending),
    others(State::Disabled, "the account is enabled, and was never invited", State::Internal),
    others(State::Disabled, DELETED_BY_OTHERS, State::Deleted),
    others(State::Disabled, ANSWER_LOST, State::Unconfirmed),
    usher(State::Deleted, When::BackInScope, ActionKind::Restore, State::Disabled),
    others(State::Deleted, "somebody else restores the account", State::Disabled),
    others(State::Deleted, "somebody else restores an account that was never disabled", State::Accepted),
    others(State::Deleted, "the same, before the redemption", State::Pending),
    others(State::Deleted, "the same, of somebody who was never invited", State::Internal),
    others(State::Deleted, ANSWER_LOST, State::Unconfirmed),
    others(State::Deleted, "30 days pass", State::Absent),
    others(
        State::Unconfirmed,
        "a reading shows the invitation; or the account is pending, and the step is settled",
        State::Pending,
    ),
    others(
        State::Unconfirmed,
        "the account is accepted, and a reading shows the effect, or two show none",
        State::Accepted,
    ),
    others(State::Unconfirmed, "the account is disabled, and the same", State::Disabled),
    others(State::Unconfirmed, "a reading shows the deletion, or two show the account deleted still", State::Deleted),
    others(State::Unconfirmed, "two readings 10 minutes apart show no invitation", State::Internal),
];

impl State {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Absent,
        Self::Internal,
        Self::Pending,
        Self::Accepted,
        Self::Disabled,
        Self::Deleted,
        Self::Unconfirmed,
    ];

    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Internal => "internal",
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// usher's ways from this state, in order.
    pub fn ways(self) -> impl Iterator<Item = (When, ActionKind, Self)> {
        WAYS.iter().filter(move |way| way.from == self).filter_map(|way| match way.mover {
            Mover::Usher(when, action) => Some((when, action, way.to)),
            Mover::Others(_) => None,
        })
    }
}

impl When {
    /// The name, as `explain` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvitationRequested => "invitation-requested",
            Self::Convertible => "convertible",
            Self::RetirementRequested => "retirement-requested",
            Self::GraceOver => "grace-over",
            Self::Inactive => "inactive",
            Self::InvitationExpired => "invitation-expired",
            Self::AddressChanged => "address-changed",
            Self::ResendDue => "resend-due",
            Self::ValuesDiffer => "values-differ",
            Self::SponsorMissing => "sponsor-missing",
            Self::GroupMissing => "group-missing",
            Self::BackInScope => "back-in-scope",
            Self::StillInGroup => "still-in-group",
            Self::DeletionDue => "deletion-due",
        }
    }

    /// The condition in a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvitationRequested => {
                "somebody asked for an address in one of the partner's domains that nobody has"
            }
            Self::Convertible => "in scope, synced, and every rule of conversion holds",
            Self::RetirementRequested => "somebody asked for it",
            Self::GraceOver => "out of scope for `leave.disable_after_days`",
            Self::Inactive => "no sign-in for `inactive.disable_after_days`",
            Self::InvitationExpired => "not redeemed within `invite.expire_after_days`, and not converted",
            Self::AddressChanged => "the address changed, and `invite.reset_on_address_change` is set",
            Self::ResendDue => {
                "a day of `invite.resend_after_days` has come, once each; or somebody asked for the person after the invitation expired"
            }
            Self::ValuesDiffer => "a value differs from `[partner.attributes]`, the address list or the enforced type",
            Self::SponsorMissing => "a sponsor of `invite.sponsors` was not set yet",
            Self::GroupMissing => "in a group of `invite.groups` not yet",
            Self::BackInScope => {
                "in scope again, `leave.restore` is set, and leaving the scope was the only cause; or somebody asked for the person"
            }
            Self::StillInGroup => "in a group that usher put the person into",
            Self::DeletionDue => "disabled for `leave.delete_after_days`, not synced, without a licence",
        }
    }

    /// Whether it only carries a change over, so that others may be carried over with it.
    pub const fn carries_over(self) -> bool {
        matches!(self, Self::ValuesDiffer | Self::SponsorMissing | Self::GroupMissing | Self::StillInGroup)
    }
}

impl By {
    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usher => "usher",
            Self::Sync => "sync",
            Self::Person => "person",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// The table of [`WAYS`] in Markdown, as `docs/lifecycle.md` holds it.
pub fn table() -> String {
    let mut table = "| from | when | who | does | to |\n|---|---|---|---|---|\n".to_owned();
    for Way { from, mover, to } in WAYS {
        let (when, who, does) = match mover {
            Mover::Usher(when, action) => (when.text(), "usher", format!("`{action}`")),
            Mover::Others(what) => (*what, "others", String::new()),
        };
        // Writing into a String cannot fail.
        _ = writeln!(table, "| {} | {when} | {who} | {does} | {} |", from.name(), to.name());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_holds_the_table_that_the_planner_goes_by() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lifecycle.md");
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(&table()), "docs/lifecycle.md should hold:\n\n{}", table());
    }

    #[test]
    fn every_state_and_every_action_is_in_the_table() {
        for state in State::ALL {
            assert!(WAYS.iter().any(|way| way.from == *state || way.to == *state), "{state:?}");
        }
        for action in ActionKind::ALL {
            let goes = |way: &Way| matches!(way.mover, Mover::Usher(_, does) if does == *action);
            assert!(WAYS.iter().any(goes), "{action}");
        }
    }
}
