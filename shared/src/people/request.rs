//! What is to be done about somebody by request.
//!
//! Responsible for: what a request changes in what is remembered, and the decision that follows from it by the same table and
//! the same rules as a sweep's. Not responsible for: how many a day, see [`super::guard`], nor for answering whoever asked,
//! see [`crate::provision`].

use super::case::{Case, RETRY_AFTER_REFUSAL, View};
use super::conditions::Need;
use super::decide::{Action, ActionReason, Decision, decide};
use super::lifecycle::State;
use super::notice::{adoption, is_to_be_adopted};
use super::person::Standing;
use super::reason::Reason;
use super::rules::Rule;
use crate::address::Address;
use crate::config::{Partner, UserType};
use crate::graph::model::UserType as GraphUserType;
use crate::ids::UserId;
use crate::journal::memory::{Memory, SETTLES_WITHIN, StepState};

use crate::journal::record::{ActionKind, Cause, Note, StepId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody wants to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// The person shall be an external user here.
    #[default]
    Provision,
    /// The person shall not be one any more.
    Retire,
}

/// What the wish changes in what is remembered; nothing where it is remembered so already. Asked again after it was
/// remembered, because one thing can follow from another.
///
/// # Errors
/// What has to be read first.
pub fn notes(case: &Case<'_>, wish: Wish) -> Result<Vec<Note>, Need> {
    match wish {
        Wish::Provision if is_to_be_adopted(case) => Ok(adoption(case)?.map(|(_, note)| note).into_iter().collect()),
        Wish::Provision => {
            let renew = case.needs_renewal()?;
            let departs = case.is_retirement_requested()
                || case.departure().is_some_and(|one| !one.overruled.is_empty())
                || case.taken().is_some_and(|taken| !taken.causes.is_empty());
            let only_group_is_missing = !case.scope.group.is_yes() && case.requested().is_none();
            let is_news = only_group_is_missing || departs || renew && !case.is_to_be_renewed();
            let may = case.may_be_requested() && (case.is_looked_after() || !case.person.is_external().is_yes());
            Ok(if is_news && may { vec![Note::Requested { renew }] } else { Vec::new() })
        }
        Wish::Retire => {
            let is_retired = case.taken().is_some_and(|taken| taken.causes.contains_key(&Cause::Request));
            let may_come = case.person.standing == Standing::Internal && case.scope.domain.is_yes();
            let concerns = case.is_looked_after() || may_come && !case.is_not_shown_yet();
            Ok(match (concerns && !is_retired, case.is_retirement_requested()) {
                (true, false) => vec![Note::RetirementRequested],
                (true, true) if case.retires_while_disabled() => vec![Note::AlsoTaken { cause: Cause::Request }],
                _ => Vec::new(),
            })
        }
    }
}

/// Decides about somebody whom the directory shows, or shows as deleted, once the notes are remembered.
pub fn decide_requested(case: &Case<'_>, wish: Wish) -> Decision {
    let reason = |reason| Decision { reason: Some(reason), ..Decision::default() };
    let is_external = matches!(case.person.standing, Standing::Pending | Standing::Accepted);
    match wish {
        _ if case.deleted.is_some() && !case.is_looked_after() => reason(Reason::Deleted),
        _ if is_external && case.is_looked_after() => only_as_wished(case, wish, decide(case)),
        Wish::Retire => reason(case.unconfirmed().unwrap_or(Reason::NotLookedAfter)),
        Wish::Provision => {
            // A missing group is no obstacle; where it still counts, something else is the reason.
            let scope = [Rule::Domain, Rule::NotExcluded, Rule::OnePartner];
            let obstacle = case.first_obstacle(&scope).or_else(|| case.first_obstacle(Rule::FROM_SWEEP));
            if let Some(obstacle) = obstacle {
                return reason(obstacle);
            }
            if !case.was_looked_at() {
                return Decision { need: Some(Need::Look(ActionKind::Convert)), ..Decision::default() };
            }
            match case.first_obstacle(Rule::FROM_CLOSER_LOOK) {
                Some(obstacle) => reason(obstacle),
                None => Decision {
                    actions: case.conversion(ActionReason::Request).into_iter().collect(),
                    ..Decision::default()
                },
            }
        }
    }
}

/// What of a decision follows from the wish: nobody is taken anything away because somebody asked for them, and nothing is
/// done to somebody who is to be retired but that. What else is due, sweeps do.
fn only_as_wished(case: &Case<'_>, wish: Wish, decision: Decision) -> Decision {
    let is_wanted = |action: &Action| action.kind.takes_away() == (wish == Wish::Retire);
    let (mut decision, due) = (Decision { actions: Vec::new(), ..decision.clone() }, decision.actions);
    let is_due = !due.is_empty();
    decision.actions = due.into_iter().filter(is_wanted).collect();
    if is_due && decision.actions.is_empty() {
        let scope = [Rule::Domain, Rule::NotExcluded, Rule::OnePartner, Rule::Group];
        let obstacle = case.first_obstacle(&scope).filter(|_| wish == Wish::Provision);
        decision.reason = obstacle.or(decision.reason);
    }
    decision
}

/// Whether the person is as they were asked to be, so that nothing needs to be done.
pub fn is_as_wished(case: &Case<'_>, wish: Wish) -> bool {
    match wish {
        Wish::Provision => {
            let state = matches!(case.state(), State::Pending | State::Accepted);
            let shown = state && case.is_looked_after() && case.scope.in_scope().is_yes();
            shown || case.was_just_brought_in()
        }
        Wish::Retire => {
            let is_taken = case.taken().is_some_and(|taken| taken.causes.contains_key(&Cause::Request));
            // Whoever was never brought in is not brought in any more.
            is_taken || case.person.standing == Standing::Internal && case.is_retirement_requested()
        }
    }
}

/// The invitation of an address that nobody in this directory has, and that was not invited lately.
///
/// # Errors
/// Why it is not invited.
pub fn invite(view: View<'_>, partner: &Partner, address: &Address) -> Result<Action, Reason> {
    let person = UserId::of_nobody(address);
    let others = view.config.partners.iter().filter(|other| other.name != partner.name);
    let refused = view
        .memory
        .step(&invitation_of(address))
        .is_some_and(|step| matches!(step.state, StepState::Refused { at, .. } if view.now < at + RETRY_AFTER_REFUSAL));
    if let Some(reason) = refused.then_some(Reason::RefusedRecently).or(invited_lately(view.memory, address, view.now))
    {
        return Err(reason);
    }
    let obstacle = match address.domain() {
        domain if !partner.domain_is_listed(domain) => Some(Reason::OutOfScope),
        domain if others.into_iter().any(|other| other.domain_is_listed(domain)) => Some(Reason::TwoPartners),
        domain if !partner.domain_is_invited(domain) => Some(Reason::PreviousDomain),
        _ if !address.is_invitable() => Some(Reason::AddressNotInvitable),
        _ if !partner.pilot_allows(address) => Some(Reason::OutsidePilot),
        _ => None,
    };
    match obstacle {
        Some(reason) => Err(reason),
        None => Ok(Action {
            address: Some(address.clone()),
            user_type: Some(match partner.invite.user_type {
                UserType::Guest => GraphUserType::Guest,
                UserType::Member => GraphUserType::Member,
            }),
            ..Action::new(ActionKind::Invite, person, ActionReason::Request, State::Absent, State::Pending)
        }),
    }
}

/// Why it is not certain that nobody has the address: an invitation may have made somebody whom the directory does not show
/// yet.
pub fn invited_lately(memory: &Memory, address: &Address, now: Timestamp) -> Option<Reason> {
    let known = memory.step(&invitation_of(address))?;
    let is_fresh = now.duration_since(known.at) < SETTLES_WITHIN;
    match known.state {
        StepState::Open { .. } => Some(if is_fresh { Reason::Unconfirmed } else { Reason::Unsettled }),
        StepState::Made if is_fresh => Some(Reason::NotShownYet),
        StepState::Made | StepState::Sent { .. } | StepState::Refused { .. } => None,
    }
}

/// The step that invites an address which nobody has.
fn invitation_of(address: &Address) -> StepId {
    StepId { person: UserId::of_nobody(address), action: ActionKind::Invite, object: None }
}

impl Case<'_> {
    /// Whether Graph took the invitation, and the directory has not had its time to show that.
    pub fn was_just_brought_in(&self) -> bool {
        let open = self.view.memory.steps_of(self.person.id).any(|(_, step)| step.is_open());
        self.is_not_shown_yet() && !open && self.unconfirmed() == Some(Reason::Unconfirmed)
    }

    /// Whether a request counts as scope: only the group may be missing. Exclusion wins where it can be read; of somebody
    /// deleted it cannot, and the request decides.
    fn may_be_requested(&self) -> bool {
        let excluded = self.scope.excluded.is_no() || self.deleted.is_some();
        self.scope.domain.is_yes() && excluded && self.in_another_scope().is_no()
    }
}
