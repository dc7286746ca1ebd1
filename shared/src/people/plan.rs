//! The plan: a pure function of what was observed, what is remembered, the configuration and the moment.
//!
//! Responsible for: an action or a reason for everybody in view, in a fixed order. Not responsible for: reading evidence (it
//! says for whom it lacks some) or carrying anything out.

use super::guard::{Birth, Held, allowance, hold};
use super::reason::Reason;
use super::rules::{Case, Rule, View};
use crate::address::Address;
use crate::config::Partner;
use crate::graph::batch::MAX_REQUESTS;
use crate::graph::model::UserType;
use crate::ids::{GroupId, UserId};
use crate::journal::record::ActionKind;
use crate::tri::Tri;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What shall be done for one partner, and why nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartnerPlan {
    /// The partner's name.
    pub partner: String,
    /// Whether everything that the partner's decisions need could be read.
    pub complete: bool,
    /// What could not be read, so that nobody of the partner is touched.
    pub unreadable: Option<Unreadable>,
    /// How many people were observed in scope.
    pub observed: usize,
    /// The guard that stopped everything, if one did. Then there are no actions.
    pub held: Option<Held>,
    /// What shall be done, those who have waited longest first.
    pub actions: Vec<Action>,
    /// How many more would be acted upon, and wait for their wave or their day.
    pub waiting: usize,
    /// The wave that this is, unless the waves are over.
    pub wave: Option<usize>,
    /// How many people in view are left alone, by reason.
    pub untouched: BTreeMap<Reason, usize>,
    /// The people whose turn it is and of whom the closer look is missing. While there are any, the plan is not final.
    pub unread: Vec<UserId>,
    /// How many more could be acted upon in this run.
    pub room: usize,
    /// People to be looked at again although the directory may not change: whose turn is to come, or of whom something is
    /// not known yet.
    pub again: Vec<UserId>,
}

/// What could not be read, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Unreadable {
    /// A group that the scope names.
    Group {
        /// The group.
        group: GroupId,
        /// What Graph said.
        why: String,
    },
    /// Directory roles or the protected group.
    Protection {
        /// What Graph said.
        why: String,
    },
}

/// One thing to do to one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// What.
    pub kind: ActionKind,
    /// To whom.
    pub person: UserId,
    /// The address to invite.
    pub address: Address,
    /// `Member` or `Guest`: the type that the account has, which a conversion keeps.
    pub user_type: Option<UserType>,
    /// Why.
    pub reason: ActionReason,
    /// What the person is.
    pub before: String,
    /// What they shall be.
    pub after: String,
}

/// Why something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionReason {
    /// In scope, synced by Entra Connect, and never invited.
    SyncedNotInvited,
}

impl ActionReason {
    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncedNotInvited => "synced-not-invited",
        }
    }
}

/// Plans for one partner.
pub fn plan(view: View<'_>, partner: &Partner, birth: Birth) -> PartnerPlan {
    let mut plan = PartnerPlan {
        partner: partner.name.clone(),
        complete: view.snapshot.complete,
        unreadable: unreadable_group(view, partner),
        observed: 0,
        held: None,
        actions: Vec::new(),
        waiting: 0,
        wave: None,
        untouched: BTreeMap::new(),
        unread: Vec::new(),
        room: 0,
        again: Vec::new(),
    };
    plan.complete &= plan.unreadable.is_none();
    let mut candidates = Vec::new();
    for person in view.snapshot.people.values() {
        let case = Case::new(view, partner, person);
        if case.scope.domain == Tri::No {
            continue;
        }
        if case.scope.in_scope().is_yes() {
            plan.observed += 1;
        }
        match case.first_obstacle(Rule::FROM_SWEEP) {
            Some(reason) => plan.leave(reason, person.id),
            None => candidates.push(case),
        }
    }
    let beyond = |counts: &BTreeMap<String, usize>| counts.get(&partner.name).copied().unwrap_or_default();
    if let Some(last) = &view.snapshot.beyond {
        plan.observed = plan.observed.max(beyond(&last.observed));
        plan.waiting = beyond(&last.waiting);
    }
    plan.held = hold(view, partner, birth, plan.complete.then_some(plan.observed));
    if plan.held.is_some() || !plan.complete {
        plan.waiting += candidates.len();
        plan.again.extend(candidates.iter().map(|case| case.person.id));
        return plan;
    }
    if let Some(why) = view.snapshot.unreadable_protection() {
        // Nobody is known to be unprotected: looking closer at single people would not change that.
        plan.unreadable = (!candidates.is_empty()).then(|| Unreadable::Protection { why: why.to_owned() });
        for case in &candidates {
            plan.leave(Reason::ProtectionUnknown, case.person.id);
        }
        return plan;
    }
    // Ids are random, so without the date nobody would know whose turn comes when.
    candidates.sort_by_key(|case| (case.person.created, case.person.id));
    plan.choose(&candidates, view, partner);
    plan
}

impl PartnerPlan {
    /// Takes candidates in order until the allowance is used up; asks for the closer look where it is missing.
    fn choose(&mut self, candidates: &[Case<'_>], view: View<'_>, partner: &Partner) {
        let allowed = allowance(partner, view.memory, candidates.len() + self.waiting, view.now);
        self.wave = allowed.wave;
        for case in candidates {
            if self.actions.len() + self.unread.len() >= allowed.invitations {
                // Looks are batched: a few more cost nothing, and save rounds when some of these turn out to be held.
                let batch_has_room = !self.unread.len().is_multiple_of(MAX_REQUESTS);
                if batch_has_room && !case.was_looked_at() {
                    self.unread.push(case.person.id);
                }
                self.waiting += 1;
                self.again.push(case.person.id);
            } else if !case.was_looked_at() {
                self.unread.push(case.person.id);
            } else if let Some(reason) = case.first_obstacle(Rule::FROM_CLOSER_LOOK) {
                self.leave(reason, case.person.id);
            } else if let Some(address) = case.address() {
                self.again.push(case.person.id);
                self.actions.push(Action {
                    kind: ActionKind::Convert,
                    person: case.person.id,
                    address: address.clone(),
                    user_type: case.person.user_type,
                    reason: ActionReason::SyncedNotInvited,
                    before: "internal".to_owned(),
                    after: "pending".to_owned(),
                });
            }
        }
        self.room = allowed.invitations.saturating_sub(self.actions.len());
    }

    fn leave(&mut self, reason: Reason, person: UserId) {
        *self.untouched.entry(reason).or_default() += 1;
        if reason.may_pass_by_itself() {
            self.again.push(person);
        }
    }

    /// The plan's name: a hash of the partner, the configuration and the sorted actions, short enough to be typed.
    pub fn id(&self, config_hash: &str) -> String {
        let mut actions: Vec<_> = self
            .actions
            .iter()
            .map(|action| (action.kind, action.person, action.before.as_str(), action.after.as_str()))
            .collect();
        actions.sort_unstable();
        let mut hash = Sha256::new();
        for part in [self.partner.as_str(), config_hash] {
            hash.update(part);
            hash.update([0]);
        }
        for (kind, person, before, after) in actions {
            hash.update(format!("{kind} {person} {before} {after}\n"));
        }
        hex::encode(&hash.finalize()[..8])
    }
}

/// The first group of the partner's scope that could not be read.
fn unreadable_group(view: View<'_>, partner: &Partner) -> Option<Unreadable> {
    let mut groups = partner.scope.groups.iter().chain(&partner.scope.exclude_groups);
    groups.find_map(|group| match view.snapshot.groups.get(group) {
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(Unreadable::Group { group: *group, why: why.clone() }),
        // On the quick path: nobody was asked about, or the last sweep could not read everything.
        None if view.snapshot.beyond.as_ref().is_some_and(|last| last.observed.contains_key(&partner.name)) => None,
        None => Some(Unreadable::Group { group: *group, why: "it was not read".to_owned() }),
    })
}
