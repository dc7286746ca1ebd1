//! What is to be done about one external user whom usher looks after.
//!
//! Responsible for: going through the table for the person's state, and turning what holds into steps, or into the reason
//! why there are none. Not responsible for: internal people, see [`super::rules`], nor for how many at once, see
//! [`super::plan`].

use super::carry::{Difference, differences, in_words, missing_groups, missing_sponsors};
use super::case::Case;
use super::conditions::Need;
use super::lifecycle::{State, When};
use super::person::{Sources, Standing};
use super::reason::Reason;
use crate::address::Address;
use crate::graph::model::UserType;
use crate::ids::{RunId, UserId};
use crate::journal::record::{ActionKind, Cause, Intent, StepId};
use crate::tri::Tri;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing to do to one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// What.
    pub kind: ActionKind,
    /// To whom.
    pub person: UserId,
    /// The address to invite; otherwise the one that people know the person by, where there is one.
    pub address: Option<Address>,
    /// `Member` or `Guest`: the type that the account has, which an invitation keeps.
    pub user_type: Option<UserType>,
    /// The group or the sponsor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
    /// Of a resend: the configured day that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u16>,
    /// Of what takes away: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Of an update: what is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Why.
    pub reason: ActionReason,
    /// What the person is.
    pub before: String,
    /// What they shall be.
    pub after: String,
}

/// Why something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActionReason {
    /// In scope, synced by Entra Connect, and never invited.
    SyncedNotInvited,
    /// A day has come on which the invitation is sent again.
    ResendDue,
    /// The address changed.
    AddressChanged,
    /// A value differs from the configuration.
    ValuesDiffer,
    /// A configured sponsor is missing.
    SponsorMissing,
    /// The invitation was redeemed, and the person is in a configured group not yet.
    GroupMissing,
    /// In scope again.
    BackInScope,
    /// Out of scope for the days of grace.
    LeftScope,
    /// No sign-in for too long.
    Inactive,
    /// The invitation was not redeemed in time.
    Expired,
    /// Somebody asked for it.
    Request,
}

impl ActionReason {
    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncedNotInvited => "synced-not-invited",
            Self::ResendDue => "resend-due",
            Self::AddressChanged => "address-changed",
            Self::ValuesDiffer => "values-differ",
            Self::SponsorMissing => "sponsor-missing",
            Self::GroupMissing => "group-missing",
            Self::BackInScope => "back-in-scope",
            Self::LeftScope => "left-scope",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Request => "request",
        }
    }
}

impl From<Cause> for ActionReason {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::LeftScope => Self::LeftScope,
            Cause::Inactive => Self::Inactive,
            Cause::Expired => Self::Expired,
            Cause::Request => Self::Request,
        }
    }
}

impl Action {
    /// A step with nothing more to it than who, what and why.
    pub fn new(kind: ActionKind, person: UserId, reason: ActionReason, before: State, after: State) -> Self {
        Self {
            kind,
            person,
            address: None,
            user_type: None,
            object: None,
            day: None,
            cause: None,
            differences: Vec::new(),
            reason,
            before: before.name().to_owned(),
            after: after.name().to_owned(),
        }
    }

    /// The step that it is.
    pub const fn step(&self) -> StepId {
        StepId { person: self.person, action: self.kind, object: self.object }
    }

    /// What stands in the journal before it is sent.
    pub fn intent(&self, run: RunId, partner: &str, at: Timestamp) -> Intent {
        Intent {
            run,
            partner: partner.to_owned(),
            action: self.kind,
            person: self.person,
            // Who is not invited by an address is known by the id.
            address: self.address.clone().filter(|_| self.kind.is_invitation()),
            object: self.object,
            day: self.day,
            cause: self.cause,
            by_request: self.reason == ActionReason::Request,
            reason: self.reason.name().to_owned(),
            before: self.before.clone(),
            after: self.after.clone(),
            at,
        }
    }

    /// What makes it the same as another: who, what, why it takes away, before and after. Whoever approved a disable because
    /// somebody left did not approve one because they are inactive.
    pub fn identity(&self) -> (ActionKind, UserId, Option<Uuid>, Option<Cause>, &str, &str) {
        (self.kind, self.person, self.object, self.cause, &self.before, &self.after)
    }
}

/// What is to be done about one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// What, in order.
    pub actions: Vec<Action>,
    /// Why not more, or nothing.
    pub reason: Option<Reason>,
    /// What has to be read before this is final. Then there are no actions.
    pub need: Option<Need>,
}

/// Decides about an external user whom usher looks after.
pub fn decide(case: &Case<'_>) -> Decision {
    let mut decision = Decision::default();
    match case.decide_into(&mut decision) {
        Ok(()) => decision,
        Err(need) => Decision { need: Some(need), ..Decision::default() },
    }
}

impl Case<'_> {
    fn decide_into(&self, decision: &mut Decision) -> Result<(), Need> {
        let state = self.state();
        if let Some(reason) = self.unconfirmed().filter(|_| state == State::Unconfirmed) {
            decision.reason = Some(reason);
            return Ok(());
        }
        if self.person.enabled == Tri::Unknown {
            decision.reason = Some(Reason::EnabledUnknown);
            return Ok(());
        }
        for (when, action, to) in state.ways() {
            let found = self.condition(when)?;
            if !found.holds.is_yes() {
                decision.reason = decision.reason.or(found.reason);
                continue;
            }
            for action in self.actions(when, action, to) {
                match self.obstacle(action.step(), action.cause)? {
                    Some(reason) => decision.reason = decision.reason.or(Some(reason)),
                    None => decision.actions.push(action),
                }
            }
            // What takes away or begins anew leaves nothing to be carried over.
            if !when.carries_over() {
                break;
            }
        }
        if decision.actions.is_empty() {
            decision.reason = decision.reason.or(self.why_nothing(state));
        }
        Ok(())
    }

    /// The reason why nothing is done where no condition has one of its own.
    fn why_nothing(&self, state: State) -> Option<Reason> {
        if !self.scope.in_scope().is_yes() && state != State::Deleted {
            return Some(if self.scope.in_scope().is_no() { Reason::OutOfScope } else { self.unknown_scope() });
        }
        Some(match state {
            State::Pending => Reason::Pending,
            State::Accepted => Reason::Accepted,
            State::Deleted => Reason::Deleted,
            _ => Reason::AccountDisabled,
        })
    }

    /// The steps for a condition that holds.
    fn actions(&self, when: When, kind: ActionKind, to: State) -> Vec<Action> {
        let state = self.state();
        let one = |reason: ActionReason| Action {
            address: self.address().or_else(|| self.known_by()).cloned(),
            user_type: self.person.user_type,
            ..Action::new(kind, self.person.id, reason, state, to)
        };
        let taken = |cause: Cause| Action { cause: Some(cause), ..one(cause.into()) };
        let with = |objects: Vec<Uuid>, reason: ActionReason, before: &str, after: &str| {
            let each = |object| Action {
                object: Some(object),
                before: before.to_owned(),
                after: after.to_owned(),
                ..one(reason)
            };
            objects.into_iter().map(each).collect()
        };
        match when {
            When::InvitationRequested | When::Convertible => Vec::new(),
            When::RetirementRequested => vec![taken(Cause::Request)],
            When::GraceOver => vec![taken(Cause::LeftScope)],
            When::Inactive => vec![taken(Cause::Inactive)],
            When::InvitationExpired => vec![taken(Cause::Expired)],
            When::AddressChanged => vec![one(ActionReason::AddressChanged)],
            When::ResendDue if self.is_to_be_renewed() => {
                vec![Action { after: "pending, sent again by request".to_owned(), ..one(ActionReason::Request) }]
            }
            When::ResendDue => {
                let day = self.resend_day();
                vec![Action {
                    day,
                    after: format!("pending, sent again on day {}", day.unwrap_or_default()),
                    ..one(ActionReason::ResendDue)
                }]
            }
            When::ValuesDiffer => {
                let differences = differences(self.config(), self.partner, self.person).to_write;
                let (before, after) = in_words(&differences);
                vec![Action { before, after, differences, ..one(ActionReason::ValuesDiffer) }]
            }
            When::SponsorMissing => {
                with(missing_sponsors(self), ActionReason::SponsorMissing, "not a sponsor", "sponsor")
            }
            When::GroupMissing => {
                let groups = missing_groups(self).0.into_iter().map(|group| group.uuid()).collect();
                with(groups, ActionReason::GroupMissing, "not a member", "member")
            }
            When::BackInScope => {
                vec![Action { after: self.after_giving_back(kind).to_owned(), ..one(ActionReason::BackInScope) }]
            }
            When::StillInGroup => {
                let Ok(Some(cause)) = self.cause_that_holds(|_| true) else { return Vec::new() };
                let groups = self.groups_to_leave().into_iter().map(|group| group.uuid()).collect();
                let leave = |action: Action| Action { cause: Some(cause), ..action };
                let actions: Vec<Action> = with(groups, cause.into(), "member", "not a member");
                actions.into_iter().map(leave).collect()
            }
            When::DeletionDue => self.cause_of_deletion().ok().flatten().map(taken).into_iter().collect(),
        }
    }

    /// The step that converts an internal person, where there is exactly one address to invite.
    pub fn conversion(&self, reason: ActionReason) -> Option<Action> {
        Some(Action {
            address: Some(self.address()?.clone()),
            user_type: self.person.user_type,
            ..Action::new(ActionKind::Convert, self.person.id, reason, State::Internal, State::Pending)
        })
    }

    fn after_giving_back(&self, kind: ActionKind) -> &'static str {
        match (kind, self.person.standing) {
            (ActionKind::Enable, Standing::Pending) => State::Pending.name(),
            (ActionKind::Enable, _) => State::Accepted.name(),
            _ => State::Disabled.name(),
        }
    }

    /// An address to show the person by.
    pub fn known_by(&self) -> Option<&Address> {
        let mail = self.person.addresses_in(Sources::MAIL).next();
        mail.or_else(|| self.person.addresses.first().map(|known| &known.address))
    }
}
