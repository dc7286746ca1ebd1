//! The plan: a pure function of what was observed, what is remembered, the configuration and the moment.
//!
//! Responsible for: an action or a reason for everybody in view, in a fixed order. Not responsible for: reading evidence (it
//! says for whom it lacks some) or carrying anything out.

use super::case::{Case, View};
use super::ceilings::{attributes_changed, hold_back, is_of_attributes};
use super::conditions::{Need, RESTORABLE};
use super::decide::{Action, ActionReason, decide};
use super::guard::{Birth, Held, allowance, hold, room};
use super::lifecycle::State;
use super::notice::{Notice, adoption, is_to_be_adopted, notices};
use super::person::{Person, Standing};
use super::reason::Reason;
use super::rules::Rule;
use crate::config::Partner;
use crate::graph::batch::MAX_REQUESTS;
use crate::ids::{GroupId, UserId};
use crate::journal::memory::departures::Departure;
use crate::journal::record::{ActionKind, Budget, Cause, Job, Note};
use crate::tri::Tri;
use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What was deleted so long ago and is not there is gone for good: Entra keeps it for 30 days, and some more are to be sure.
const GONE_AFTER: SignedDuration = SignedDuration::from_hours(40 * 24);

/// Of those who need a person, so many are named by reason; `usher plan` counts all.
const NAMED_BY_REASON: usize = 10;

/// What shall be done for one partner, and why nothing else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartnerPlan {
    /// The partner's name.
    pub partner: String,
    /// Whether everything that the partner's decisions need could be read.
    pub complete: bool,
    /// What could not be read, so that nobody of the partner is touched.
    pub unreadable: Option<Unreadable>,
    /// How many people were observed in scope.
    pub observed: usize,
    /// How many people are in which state; only a sweep can tell.
    pub states: BTreeMap<State, usize>,
    /// The guard that stopped everything, or what a person has to approve.
    pub held: Option<Held>,
    /// What shall be done, kind by kind, and those first who have waited longest.
    pub actions: Vec<Action>,
    /// What a person has to approve first.
    pub held_actions: Vec<Action>,
    /// How many more would be invited, and wait for their wave or their day.
    pub waiting: usize,
    /// Who they are.
    #[serde(skip)]
    pub queued: Vec<UserId>,
    /// How many people wait for their day with other changes.
    pub changes_waiting: usize,
    /// People whom the quick path should have brought in before, and did not; only a sweep can tell.
    pub missed: Vec<UserId>,
    /// The wave that this is, unless the waves are over.
    pub wave: Option<usize>,
    /// How many people in view are left alone, by reason.
    pub untouched: BTreeMap<Reason, usize>,
    /// Some of those for whom a person has to decide something.
    #[serde(skip)]
    pub needs: BTreeMap<Reason, Vec<UserId>>,
    /// What is to be remembered of what was seen.
    #[serde(skip)]
    pub notices: Vec<Notice>,
    /// What of the dear evidence is missing, but for the closer look.
    pub lacks: Lacks,
    /// The people whose turn it is and of whom the closer look is missing. While there are any, the plan is not final.
    pub unread: Vec<UserId>,
    /// How many more could be acted upon in this run.
    pub room: usize,
    /// People to be looked at again although the directory may not change: whose turn is to come, or of whom something is
    /// not known yet.
    pub again: Vec<UserId>,
}

/// What could not be read, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// What of the dear evidence a plan lacks. While there is any, the plan is not final.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lacks {
    /// When people signed in last.
    pub sign_ins: bool,
    /// Cross-tenant access settings for the partner.
    pub cross_tenant: bool,
    /// Who disabled accounts.
    pub disabled_by: bool,
    /// Who is deleted softly.
    pub deleted: bool,
    /// People whose roles have to be asked for singly.
    pub roles: Vec<UserId>,
}

/// Plans a job for one partner.
pub fn plan(view: View<'_>, partner: &Partner, birth: Birth, job: Job) -> PartnerPlan {
    let mut plan = PartnerPlan {
        partner: partner.name.clone(),
        complete: view.snapshot.complete,
        unreadable: unreadable_group(view, partner),
        observed: 0,
        states: BTreeMap::new(),
        held: None,
        actions: Vec::new(),
        held_actions: Vec::new(),
        waiting: 0,
        queued: Vec::new(),
        changes_waiting: 0,
        missed: Vec::new(),
        wave: None,
        untouched: BTreeMap::new(),
        needs: BTreeMap::new(),
        notices: Vec::new(),
        unread: Vec::new(),
        lacks: Lacks::default(),
        room: 0,
        again: Vec::new(),
    };
    plan.complete &= plan.unreadable.is_none();
    // The quick path brings people in and leaves everything else to the sweep, even where it has to read everybody.
    let is_sweep = job == Job::Reconcile;
    let (mut candidates, mut lives, mut adopted) = (Vec::new(), Vec::new(), Vec::new());
    for person in view.snapshot.people.values() {
        let case = Case::new(view, partner, person);
        let is_external = matches!(person.standing, Standing::Pending | Standing::Accepted);
        let is_life = is_sweep && is_external && case.is_looked_after();
        if case.scope.domain == Tri::No && !is_life {
            continue;
        }
        if case.scope.in_scope().is_yes() {
            plan.observed += 1;
        }
        if is_sweep {
            *plan.states.entry(case.state()).or_default() += 1;
        }
        if is_life {
            lives.push(person);
        } else if is_sweep && is_to_be_adopted(&case) {
            adopted.push(case);
        } else {
            match case.first_obstacle(Rule::FROM_SWEEP) {
                Some(reason) => plan.leave(reason, person.id),
                None => candidates.push(case),
            }
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
        // A snapshot that is not believed, or not complete, says nothing about anybody.
        return plan;
    }
    // Ids are random, so without the date nobody would know whose turn comes when.
    candidates.sort_by_key(|case| (case.person.created, case.person.id));
    // Who is to be given something back comes before who is only brought up to date.
    lives.sort_by_key(|person| (!person.enabled.is_no(), person.created, person.id));
    if is_sweep {
        plan.adopt(&adopted);
        plan.look_after(&lives, view, partner);
        plan.look_after_deleted(view, partner);
        plan.look_after_absent(view, partner);
    }
    if let Some(why) = view.snapshot.unreadable_protection() {
        // Nobody is known to be unprotected: looking closer at single people would not change that.
        let somebody = !candidates.is_empty() || plan.untouched.contains_key(&Reason::ProtectionUnknown);
        plan.unreadable = somebody.then(|| Unreadable::Protection { why: why.to_owned() });
        for case in &candidates {
            plan.leave(Reason::ProtectionUnknown, case.person.id);
        }
        return plan;
    }
    plan.choose(&candidates, view, partner);
    plan.hold_back(view, partner);
    plan.actions.sort_by_key(|action| action.kind);
    plan
}

impl PartnerPlan {
    /// Takes candidates in order until the allowance is used up; asks for the closer look where it is missing.
    fn choose(&mut self, candidates: &[Case<'_>], view: View<'_>, partner: &Partner) {
        let mut allowed = allowance(partner, view.memory, candidates.len() + self.waiting, view.now);
        self.wave = allowed.wave;
        // What is sent again counts for the same day.
        let again = self.actions.iter().filter(|action| action.kind.is_invitation()).count();
        let left = room(partner, view.memory, ActionKind::Resend, view.now).saturating_sub(again);
        allowed.invitations = allowed.invitations.min(left);
        let others = self.actions.len() + self.unread.len();
        for case in candidates {
            if self.actions.len() + self.unread.len() - others >= allowed.invitations {
                // Looks are batched: a few more cost nothing, and save rounds when some of these turn out to be held.
                let batch_has_room = !self.unread.len().is_multiple_of(MAX_REQUESTS);
                if batch_has_room && !case.was_looked_at() {
                    self.unread.push(case.person.id);
                }
                self.waiting += 1;
                self.queued.push(case.person.id);
                self.again.push(case.person.id);
            } else if !case.was_looked_at() {
                self.unread.push(case.person.id);
            } else if let Some(reason) = case.first_obstacle(Rule::FROM_CLOSER_LOOK) {
                self.leave(reason, case.person.id);
            } else if let Some(action) = case.conversion(ActionReason::SyncedNotInvited) {
                self.again.push(case.person.id);
                self.actions.push(action);
            }
        }
        self.room = allowed.invitations.saturating_sub(self.conversions().count());
    }

    /// Adopts people whom others invited, once it is certain that they are in scope.
    fn adopt(&mut self, people: &[Case<'_>]) {
        for case in people {
            match adoption(case) {
                Ok(notice) => self.notices.extend(notice),
                Err(need) => self.lack(need, case.person.id),
            }
            self.count(Reason::Adopted, case.person.id);
        }
    }

    /// Decides about everybody whom usher looks after. What adds is bounded here; the rest waits its turn.
    fn look_after(&mut self, lives: &[&Person], view: View<'_>, partner: &Partner) {
        let probing = view.memory.circuit_of(&partner.name).is_some();
        let mut left: BTreeMap<Budget, usize> =
            [(Budget::Invitations, ActionKind::Resend), (Budget::Updates, ActionKind::Update)]
                .map(|(budget, kind)| (budget, room(partner, view.memory, kind, view.now)))
                .into();
        if let Some(invitations) = left.get_mut(&Budget::Invitations).filter(|_| probing) {
            *invitations = (*invitations).min(1);
        }
        let mut looks = left.clone();
        let attributes_are_held = attributes_changed(view, partner);
        for person in lives {
            let case = &Case::new(view, partner, person);
            match notices(case) {
                Ok(notes) => self.notices.extend(notes),
                Err(need) => self.lack(need, case.person.id),
            }
            let decision = decide(case);
            if let Some(need) = decision.need {
                // Nobody is looked at whose turn does not come today.
                match need {
                    Need::Look(kind) if !(has_one(&left, kind) && take_one(&mut looks, kind)) => {
                        self.changes_waiting += 1
                    }
                    need => self.lack(need, case.person.id),
                }
                continue;
            }
            if let Some(reason) = decision.reason.filter(|_| decision.actions.is_empty()) {
                self.count(reason, case.person.id);
            }
            let mut waits = false;
            for action in decision.actions {
                // What will wait for approval must not use up the day of what goes on.
                if attributes_are_held && is_of_attributes(partner, &action) || take_one(&mut left, action.kind) {
                    self.actions.push(action);
                } else {
                    waits = true;
                }
            }
            self.changes_waiting += usize::from(waits);
        }
    }

    /// Those whom usher deleted: whether the directory shows that, and whether they come back.
    fn look_after_deleted(&mut self, view: View<'_>, partner: &Partner) {
        for (person, departure) in view.memory.departures() {
            let of_partner = view.memory.life(person).is_some_and(|life| life.origin.partner == partner.name);
            let Some(taken) = departure.taken.as_ref().filter(|taken| of_partner && taken.deleted.is_some()) else {
                continue;
            };
            if view.snapshot.people.contains_key(&person) {
                continue;
            }
            if !taken.shown_deleted {
                self.notices.push((person, Note::ShownDeleted));
            }
            let is_older = |than| taken.deleted.is_some_and(|at| view.now.duration_since(at) >= than);
            let is_gone = is_older(GONE_AFTER) && taken.shown_deleted;
            let by_request = taken.causes.is_empty() && view.memory.requested(person, &partner.name).is_some();
            if !is_gone && (is_older(RESTORABLE) || !partner.leave.restore && !by_request) {
                continue;
            }
            if view.snapshot.deleted.is_not_read() {
                self.lacks.deleted = true;
                continue;
            }
            if is_gone {
                // A list that ended too early must not make anybody forgotten, so the person is asked for too.
                let kept = view.snapshot.deleted.read().is_none_or(|deleted| deleted.contains_key(&person));
                match view.snapshot.evidence.get(&person) {
                    _ if kept => {}
                    None => self.unread.push(person),
                    Some(evidence) if evidence.exists.is_no() => self.notices.push((person, Note::Gone)),
                    Some(_) => {}
                }
                continue;
            }
            let Some((person, since)) = view.snapshot.deleted.read().and_then(|deleted| deleted.get(&person)) else {
                continue;
            };
            let case = Case::deleted(view, partner, person, *since);
            *self.states.entry(case.state()).or_default() += 1;
            let decision = decide(&case);
            if let Some(reason) = decision.reason.filter(|_| decision.actions.is_empty()) {
                self.count(reason, person.id);
            }
            self.actions.extend(decision.actions);
        }
    }

    /// Those who are leaving and whom somebody else deleted: should they come back, their days of grace begin then.
    fn look_after_absent(&mut self, view: View<'_>, partner: &Partner) {
        let is_leaving = |(person, departure): &(UserId, &Departure)| {
            let of_partner = view.memory.life(*person).is_some_and(|life| life.origin.partner == partner.name);
            of_partner && departure.is_only_leaving() && !view.snapshot.people.contains_key(person)
        };
        let absent = view.memory.departures().filter(is_leaving);
        self.notices.extend(absent.map(|(person, _)| (person, Note::NotWatched)));
    }

    fn lack(&mut self, need: Need, person: UserId) {
        match need {
            Need::SignIns => self.lacks.sign_ins = true,
            Need::CrossTenant => self.lacks.cross_tenant = true,
            Need::DisabledBy => self.lacks.disabled_by = true,
            Need::Roles => self.lacks.roles.push(person),
            Need::Look(_) => self.unread.push(person),
        }
    }

    /// Whether evidence is missing that can be read.
    pub fn lacks_something(&self) -> bool {
        !self.unread.is_empty() || self.lacks != Lacks::default()
    }

    /// Keeps back what a person has to approve first.
    fn hold_back(&mut self, view: View<'_>, partner: &Partner) {
        let (held_actions, held) = hold_back(view, partner, &mut self.actions, self.observed);
        let plan = (!held_actions.is_empty()).then(|| plan_id(&self.partner, &view.config.plan_hash(), &held_actions));
        self.held = held.map(|held| Held { plan, ..held });
        self.held_actions = held_actions;
    }

    /// Counts somebody who is left alone; of those who need a person, some are named.
    fn count(&mut self, reason: Reason, person: UserId) {
        *self.untouched.entry(reason).or_default() += 1;
        if reason.needs_a_person() {
            let named = self.needs.entry(reason).or_default();
            if named.len() < NAMED_BY_REASON {
                named.push(person);
            }
        }
    }

    fn leave(&mut self, reason: Reason, person: UserId) {
        self.count(reason, person);
        if reason.may_pass_by_itself() {
            self.again.push(person);
        }
    }

    /// Whether a guard holds everything of the partner.
    pub fn is_stopped(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.reason.holds_everything())
    }

    /// The people to be converted.
    pub fn conversions(&self) -> impl Iterator<Item = UserId> {
        self.actions.iter().filter(|action| action.kind == ActionKind::Convert).map(|action| action.person)
    }

    /// The plan's name; what is held has one of its own.
    pub fn id(&self, config_hash: &str) -> String {
        plan_id(&self.partner, config_hash, &self.actions)
    }
}

/// Takes one from what is left of the action's budget; `true` where the budget does not bound, or there was one.
fn take_one(left: &mut BTreeMap<Budget, usize>, kind: ActionKind) -> bool {
    let Some(left) = left.get_mut(&kind.budget()) else { return true };
    let has_room = *left > 0;
    *left = left.saturating_sub(1);
    has_room
}

fn has_one(left: &BTreeMap<Budget, usize>, kind: ActionKind) -> bool {
    left.get(&kind.budget()).is_none_or(|left| *left > 0)
}

/// Stands for the name of a plan, as [`plan_id`] gives it, in schemas.
pub enum PlanName {}

impl JsonSchema for PlanName {
    fn schema_name() -> Cow<'static, str> {
        "PlanName".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$" })
    }
}

/// The name of a plan: a hash of the partner, the configuration and the sorted actions, short enough to be typed.
pub fn plan_id(partner: &str, config_hash: &str, actions: &[Action]) -> String {
    let mut actions: Vec<_> = actions.iter().map(Action::identity).collect();
    actions.sort_unstable();
    let mut hash = Sha256::new();
    for part in [partner, config_hash] {
        hash.update(part);
        hash.update([0]);
    }
    for (kind, person, object, cause, before, after) in actions {
        let object = object.map(|object| object.to_string()).unwrap_or_default();
        let cause = cause.map_or("", Cause::name);
        hash.update(format!("{kind} {person} {object} {cause} {before} {after}\n"));
    }
    hex::encode(&hash.finalize()[..8])
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
