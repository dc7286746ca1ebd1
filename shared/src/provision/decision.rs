//! What is to be done about everybody who was asked for.
//!
//! Responsible for: the evidence that the decisions need, and what bounds or holds the partner. Not responsible for: the
//! rules, see [`crate::people::request`], nor for carrying anything out.

use crate::config::{Config, Partner};
use crate::graph::Client;
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, Budget, Note, Record};
use crate::people::case::{Case, View};
use crate::people::ceilings::hold_back;
use crate::people::conditions::Need;
use crate::people::decide::Action;
use crate::people::guard::{Birth, Held, hold, left_today};
use crate::people::observe::{Found, Observer, Track, Whom};
use crate::people::person::Person;
use crate::people::reason::Reason;
use crate::people::request::{Wish, decide_requested, invite, invited_lately, is_as_wished, notes};
use crate::people::rules::Rule;
use crate::people::snapshot::{Dear, Snapshot};
use crate::planning::effect_of;
use crate::run::{RunError, Usher};
use crate::sight;
use crate::tri::Tri;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What was decided about everybody who was asked for.
pub(super) struct Decided {
    /// What was seen.
    pub(super) snapshot: Snapshot,
    /// One decision for each.
    pub(super) people: BTreeMap<Whom, PersonDecision>,
    /// What the requests change in what is remembered.
    notes: Vec<(UserId, Note)>,
    /// How many people the last sweep observed in scope.
    pub(super) observed: usize,
    /// The state had no birth document, and nobody is there whom usher could have invited.
    pub(super) is_first_run: bool,
}

/// What was found of one person, and what is to be done.
pub(super) struct PersonDecision {
    /// The object, where there is one.
    pub(super) id: Option<UserId>,
    /// An address to know the person by.
    pub(super) address: Option<String>,
    /// What the person is; `None` where it could not be read.
    pub(super) state: Option<&'static str>,
    /// Whether they are in the partner's scope, and why not.
    pub(super) in_scope: (Tri, Option<Reason>),
    /// They are by request.
    pub(super) by_request: bool,
    /// What is to be done.
    pub(super) decision: Decision,
}

/// What is to be done about one person.
pub(super) enum Decision {
    /// This.
    Act(Vec<Action>),
    /// Nothing: the person is as asked.
    AsWished(Option<Reason>),
    /// Nothing before an earlier step is settled.
    Wait(Reason),
    /// Nothing, because something stands against it.
    Stopped(Reason),
    /// Nothing, because a guard holds the partner.
    Held(Held),
}

impl Decision {
    /// What is to be done.
    pub(super) fn actions(&self) -> &[Action] {
        match self {
            Self::Act(actions) => actions,
            _ => &[],
        }
    }
}

impl Decided {
    /// What has to be remembered: not of those against whose request something stands, unless it waits for approval or until
    /// an earlier step is settled; then a sweep goes on with it.
    pub(super) fn notes_to_keep(&self) -> Vec<(UserId, Note)> {
        let kept = |person: &&PersonDecision| match &person.decision {
            Decision::Act(_) | Decision::AsWished(_) | Decision::Wait(_) => true,
            Decision::Held(held) => !held.reason.holds_everything(),
            Decision::Stopped(_) => false,
        };
        let people: BTreeSet<_> = self.people.values().filter(kept).filter_map(|person| person.id).collect();
        self.notes.iter().filter(|(person, _)| people.contains(person)).cloned().collect()
    }

    /// Whether the directory shows the effect of an action that was sent before.
    pub(super) fn shows(&self, config: &Config, partner: &Partner, action: &Action) -> Tri {
        match (action.kind, &action.address) {
            // Who sponsors somebody is not read.
            (ActionKind::SetSponsor, _) => Tri::Unknown,
            (ActionKind::Invite, Some(address)) => self.snapshot.holder_of(address).is_some().into(),
            _ => effect_of(config, &self.snapshot, &action.step(), &partner.name),
        }
    }
}

impl Usher {
    /// Decides about everybody who was found, by what is remembered and what the wish changes in it.
    ///
    /// # Errors
    /// When the state cannot be read, or of a state without birth document not everybody could be read.
    pub(super) async fn decide_requests(
        &self,
        client: &Client,
        partner: &Partner,
        wish: Wish,
        (mut snapshot, found): (Snapshot, BTreeMap<Whom, Found>),
        mut memory: Memory,
    ) -> Result<Decided, RunError> {
        let observer = self.observer(client);
        let now = self.clock.now();
        let birth = self.birth().await?;
        let mut remembered = Vec::new();
        loop {
            let mut needs = Vec::new();
            for found in found.values() {
                remember(&self.config, partner, wish, &snapshot, *found, now, &mut memory, &mut remembered, &mut needs);
            }
            let view = View { config: &self.config, snapshot: &snapshot, memory: &memory, now };
            let mut people = BTreeMap::new();
            for (whom, found) in &found {
                match decide_one(view, partner, wish, whom, *found) {
                    Ok(decision) => _ = people.insert(whom.clone(), decision),
                    Err(need) => needs.push(need),
                }
            }
            if needs.is_empty() {
                let held = self.held_altogether(&observer, view, partner, birth).await?;
                let is_first_run = birth == Birth::Missing && held.is_none();
                let sight = sight::read(self.store.as_ref()).await?.0;
                let observed = sight.and_then(|sight| sight.observed.get(&partner.name).copied()).unwrap_or(0);
                bound(view, partner, held, observed, &mut people);
                return Ok(Decided { snapshot, people, notes: remembered, observed, is_first_run });
            }
            read(&observer, &mut snapshot, partner, &needs).await;
        }
    }

    /// The guard that holds the whole partner. Of a state without birth document only a look at everybody tells whether it
    /// was lost.
    async fn held_altogether(
        &self,
        observer: &Observer<'_>,
        view: View<'_>,
        partner: &Partner,
        birth: Birth,
    ) -> Result<Option<Held>, RunError> {
        if birth == Birth::Known {
            return Ok(hold(view, partner, birth, None));
        }
        let (everybody, _) = observer.sweep(view.now, Track::Nothing, view.memory, &|_| {}).await?;
        Ok(hold(View { snapshot: &everybody, ..view }, partner, birth, None))
    }
}

/// Remembers what the wish changes about one person, for the decisions that follow.
#[expect(clippy::too_many_arguments, reason = "what is read and what is written, side by side")]
fn remember(
    config: &Config,
    partner: &Partner,
    wish: Wish,
    snapshot: &Snapshot,
    found: Found,
    now: Timestamp,
    memory: &mut Memory,
    remembered: &mut Vec<(UserId, Note)>,
    needs: &mut Vec<(UserId, Need)>,
) {
    loop {
        let view = View { config, snapshot, memory, now };
        let Some(case) = case_of(view, partner, found) else { return };
        let person = case.person.id;
        let news = match notes(&case, wish) {
            Ok(news) if news.is_empty() => return,
            Ok(news) => news,
            Err(need) => return needs.push((person, need)),
        };
        for note in news {
            let record = Record::Noted { person, partner: partner.name.clone(), at: now, note: note.clone() };
            memory.learn(&[record]);
            remembered.push((person, note));
        }
    }
}

/// Decides about one person.
///
/// # Errors
/// What has to be read first.
fn decide_one(
    view: View<'_>,
    partner: &Partner,
    wish: Wish,
    whom: &Whom,
    found: Found,
) -> Result<PersonDecision, (UserId, Need)> {
    let Some(case) = case_of(view, partner, found) else {
        return Ok(decide_missing(view, partner, wish, whom, found));
    };
    let decided = decide_requested(&case, wish);
    if let Some(need) = decided.need {
        return Err((case.person.id, need));
    }
    let reason = decided.reason;
    let decision = if !decided.actions.is_empty() {
        Decision::Act(decided.actions)
    } else if is_as_wished(&case, wish) {
        let not_shown = case.was_just_brought_in().then_some(Reason::NotShownYet);
        Decision::AsWished(not_shown.or(reason))
    } else if let Some(reason) = case.unconfirmed() {
        Decision::Wait(reason)
    } else {
        Decision::Stopped(reason.unwrap_or(Reason::OutOfScope))
    };
    let address = case.address().or_else(|| case.known_by());
    let scope_rules = [Rule::Domain, Rule::NotExcluded, Rule::OnePartner, Rule::Group];
    Ok(PersonDecision {
        id: Some(case.person.id),
        address: address.map(|address| address.as_str().to_owned()),
        state: Some(case.state().name()),
        in_scope: (case.scope.in_scope(), case.first_obstacle(&scope_rules)),
        by_request: case.requested().is_some(),
        decision,
    })
}

/// Decides about somebody whom the directory does not show.
fn decide_missing(view: View<'_>, partner: &Partner, wish: Wish, whom: &Whom, found: Found) -> PersonDecision {
    let of = |state, in_scope, decision| PersonDecision {
        id: None,
        address: whom.address().map(|address| address.as_str().to_owned()),
        state,
        in_scope,
        by_request: true,
        decision,
    };
    let (unknown, yes) = ((Tri::Unknown, None), (Tri::Yes, None));
    let lately = whom.address().and_then(|address| invited_lately(view.memory, address, view.now));
    match (wish, whom, lately) {
        // It was invited a moment ago.
        (Wish::Provision, _, Some(reason @ Reason::NotShownYet)) => {
            of(Some("pending"), yes, Decision::AsWished(Some(reason)))
        }
        (_, _, Some(reason)) => of(Some("unconfirmed"), unknown, Decision::Wait(reason)),
        _ if found != Found::Nobody => of(None, unknown, Decision::Stopped(Reason::NotReadable)),
        (Wish::Retire, ..) | (_, Whom::Id(_), _) => of(Some("absent"), unknown, Decision::Stopped(Reason::Absent)),
        (Wish::Provision, Whom::Address(address), None) => match invite(view, partner, address) {
            Ok(action) => of(Some("absent"), yes, Decision::Act(vec![action])),
            Err(reason @ (Reason::OutOfScope | Reason::TwoPartners)) => {
                of(Some("absent"), (Tri::No, Some(reason)), Decision::Stopped(reason))
            }
            Err(reason) => of(Some("absent"), yes, Decision::Stopped(reason)),
        },
    }
}

/// Lets the guards of the whole partner have their say: whatever holds everything, what a person has to approve first, and
/// the day's limits.
fn bound(
    view: View<'_>,
    partner: &Partner,
    held: Option<Held>,
    observed: usize,
    people: &mut BTreeMap<Whom, PersonDecision>,
) {
    // Somebody can be named twice, by id and by address.
    let mut counted = HashSet::new();
    let mut actions: Vec<_> = people.values().flat_map(|person| person.decision.actions()).cloned().collect();
    actions.retain(|action| counted.insert(action.step()));
    counted.clear();
    let (held_back, for_approval) = hold_back(view, partner, &mut actions, observed);
    let mut left: BTreeMap<Budget, usize> = [ActionKind::Invite, ActionKind::Update]
        .map(|kind| (kind.budget(), left_today(partner, view.memory, kind, view.now)))
        .into();
    // While the circuit breaker is open, one invitation tries whether it is over.
    if let Some(invitations) =
        left.get_mut(&Budget::Invitations).filter(|_| view.memory.circuit_of(&partner.name).is_some())
    {
        *invitations = (*invitations).min(1);
    }
    for person in people.values_mut() {
        let Decision::Act(actions) = &mut person.decision else { continue };
        if let Some(held) = &held {
            person.decision = Decision::Held(held.clone());
            continue;
        }
        actions.retain(|action| !held_back.contains(action));
        if let (true, Some(held)) = (actions.is_empty(), &for_approval) {
            person.decision = Decision::Held(held.clone());
            continue;
        }
        actions.retain(|action| {
            let Some(left) = left.get_mut(&action.kind.budget()).filter(|_| counted.insert(action.step())) else {
                return true;
            };
            let has_room = *left > 0;
            *left = left.saturating_sub(1);
            has_room
        });
        if actions.is_empty() {
            person.decision = Decision::Stopped(Reason::DailyLimit);
        }
    }
}

/// Reads what decisions about single people need.
async fn read(observer: &Observer<'_>, snapshot: &mut Snapshot, partner: &Partner, needs: &[(UserId, Need)]) {
    let of = |wanted: fn(Need) -> bool| -> Vec<UserId> {
        let people: BTreeSet<_> = needs.iter().filter(|(_, need)| wanted(*need)).map(|(person, _)| *person).collect();
        people.into_iter().collect()
    };
    if needs.iter().any(|(_, need)| *need == Need::CrossTenant) {
        observer.read_cross_tenant(snapshot, &partner.name).await;
    }
    let roles = of(|need| need == Need::Roles);
    if !roles.is_empty() {
        observer.read_roles_of(snapshot, &roles).await;
    }
    let unread = of(|need| matches!(need, Need::Look(_)));
    if !unread.is_empty() {
        observer.look_closer(snapshot, &unread, true).await;
    }
    if needs.iter().any(|(_, need)| *need == Need::DisabledBy) {
        // Of everybody at once: what was read of one counts as read.
        let disabled = snapshot.people.values().filter(|person| person.enabled.is_no());
        let disabled: Vec<_> = disabled.map(|person| person.id).collect();
        observer.read_who_disabled(snapshot, &disabled).await;
    }
    // That list is of everybody, and nothing that somebody asks for rests on it.
    if needs.iter().any(|(_, need)| *need == Need::SignIns) {
        snapshot.sign_ins = Dear::Unreadable("not read for single people".to_owned());
    }
}

fn case_of<'a>(view: View<'a>, partner: &'a Partner, found: Found) -> Option<Case<'a>> {
    let deleted = |id: &UserId| view.snapshot.deleted.read()?.get(id);
    match found {
        Found::Here(id) => view.snapshot.people.get(&id).map(|person| Case::new(view, partner, person)),
        Found::Deleted(id) => {
            deleted(&id).map(|(person, since): &(Person, _)| Case::deleted(view, partner, person, *since))
        }
        Found::Nobody | Found::Unknown => None,
    }
}
