//! External users whom usher looks after, one in each situation.
//!
//! - [`told`]: every outcome with its reason, as `explain` tells it. [`rules`]: the rulings, one by one. [`decisions`]: what
//!   people decided by hand. [`anew`]: when days begin anew.

mod anew;
mod decisions;
mod rules;
mod told;

use crate::address::Address;
use crate::graph::directory::{Actor, CrossTenant, LastDisabled};
use crate::ids::{GroupId, UserId};
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, Cause, Intent, Job, Note, Outcome, Record};
use crate::people::case::{Case, View};
use crate::people::decide::decide;
use crate::people::explain::explain;
use crate::people::fixtures::{EXCLUDE_GROUP, FREE, SCOPE_GROUP, World, config, id, now, synced};
use crate::people::guard::Birth;
use crate::people::person::{Lens, Person};
use crate::people::plan::{PartnerPlan, plan};
use crate::people::snapshot::{Dear, Evidence};
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

const JOINED: Uuid = Uuid::from_u128(0xA3);
const PERSON: u128 = 1;
const COLLEAGUE: u128 = 2;

fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

/// One person in one situation.
#[derive(Clone)]
struct Situation {
    user: Value,
    records: Vec<Record>,
    pilot: &'static str,
    scope: &'static str,
    leave: &'static str,
    invite: &'static str,
    more: &'static str,
    in_group: bool,
    excluded: bool,
    evidence: Evidence,
    settings: CrossTenant,
    sign_in: Option<Dear<HashMap<UserId, Timestamp>>>,
    blocked_by: Option<Actor>,
    /// How many days ago that was.
    blocked: i64,
    deleted: Option<Timestamp>,
    is_there: bool,
    /// How many days ago everybody was read last.
    last_sweep: i64,
    limits: &'static str,
}

/// What usher did so many days ago.
fn did(action: ActionKind, days: i64, cause: Option<Cause>) -> Vec<Record> {
    let run = Uuid::from_u128(days.unsigned_abs().into()).into();
    let intent = Intent {
        run,
        partner: "fabrikam-gov".into(),
        action,
        person: id(PERSON),
        address: action.is_invitation().then(|| Address::parse("person-0001@fabrikam.us").unwrap()),
        object: (action == ActionKind::AddToGroup).then_some(JOINED),
        day: (action == ActionKind::Resend).then_some(7),
        cause,
        by_request: false,
        reason: String::new(),
        before: String::new(),
        after: if action == ActionKind::Update { "companyName=\"Contoso\"".into() } else { String::new() },
        at: ago(days),
    };
    let step = intent.step();
    vec![Record::Intent(intent), Record::Outcome { run, step, at: ago(days), outcome: Outcome::Done }]
}

fn noted(days: i64, note: Note) -> Record {
    Record::Noted { person: id(PERSON), partner: "fabrikam-gov".into(), at: ago(days), note }
}

/// A cloud guest whom somebody else invited and usher adopted so many days ago, and who has accepted.
fn accepted(days: i64) -> Situation {
    let address = Address::parse("person-0001@fabrikam.us").ok();
    Situation {
        user: json!({"externalUserState": "Accepted", "creationType": "Invitation", "onPremisesSyncEnabled": null,
            "externalUserStateChangeDateTime": ago(days), "companyName": "Fabrikam"}),
        records: vec![noted(days, Note::Adopted { domain: "fabrikam.us".into(), address, redeemed: true })],
        pilot: "",
        scope: "groups = [\"00000000-0000-0000-0000-0000000000a1\"]\nadopt = \"full\"",
        leave: "",
        invite: "home_redeems_automatically = \"no\"",
        more: "",
        in_group: true,
        excluded: false,
        evidence: FREE,
        settings: CrossTenant { redeems_automatically: Tri::No, sync_allowed: Tri::No },
        sign_in: None,
        blocked_by: None,
        blocked: 1,
        deleted: None,
        is_there: true,
        last_sweep: 1,
        limits: "",
    }
}

/// The same, not accepted yet.
fn pending(days: i64) -> Situation {
    let address = Address::parse("person-0001@fabrikam.us").ok();
    let adopted = Note::Adopted { domain: "fabrikam.us".into(), address, redeemed: false };
    let situation = accepted(days).user(json!({"externalUserState": "PendingAcceptance"}));
    Situation { records: vec![noted(days, adopted)], ..situation }
}

/// Somebody whom Entra Connect synced and usher converted so many days ago.
fn converted(days: i64, state: &str) -> Situation {
    let mut situation = accepted(days).user(json!({"externalUserState": state, "onPremisesSyncEnabled": true}));
    situation.records = did(ActionKind::Convert, days, None);
    situation
}

/// Disabled by usher so many days ago, because the person had left.
fn disabled_by_usher(days: i64) -> Situation {
    let left = accepted(100).out().note(days + 8, Note::OutOfScope);
    left.did(ActionKind::Disable, days, Some(Cause::LeftScope)).user(json!({"accountEnabled": false}))
}

impl Situation {
    fn user(mut self, changes: Value) -> Self {
        self.user.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self
    }

    fn out(self) -> Self {
        Self { in_group: false, ..self }
    }

    fn note(mut self, days: i64, note: Note) -> Self {
        self.records.push(noted(days, note));
        self
    }

    fn did(mut self, action: ActionKind, days: i64, cause: Option<Cause>) -> Self {
        self.records.extend(did(action, days, cause));
        self
    }

    fn with<T>(self, judge: impl FnOnce(&Case<'_>, View<'_>) -> T) -> T {
        let rest = format!("[partner.invite]\n{}\n[partner.leave]\n{}\n{}", self.invite, self.leave, self.more);
        let config = config(self.pilot, self.scope, self.limits, &rest);
        let user = synced(PERSON, self.user.clone());
        // Somebody else is in scope, so that the snapshot is believed.
        let colleague = synced(COLLEAGUE, json!({"onPremisesSyncEnabled": null}));
        let there = self.is_there.then(|| user.clone());
        let world = World::of(config, there.into_iter().chain([colleague]).collect());
        let mut snapshot = world.snapshot();
        let members = |yes: bool| yes.then(|| id(PERSON)).into_iter().collect::<HashSet<_>>();
        let in_scope = members(self.in_group).into_iter().chain([id(COLLEAGUE)]).collect();
        let groups: [(Uuid, Result<HashSet<UserId>, String>); 3] =
            [(SCOPE_GROUP, Ok(in_scope)), (EXCLUDE_GROUP, Ok(members(self.excluded))), (JOINED, Ok(members(false)))];
        snapshot.groups = groups.into_iter().map(|(group, members)| (GroupId::from(group), members)).collect();
        snapshot.evidence = [(id(PERSON), self.evidence)].into();
        snapshot.roles_of = [(id(PERSON), Tri::No)].into();
        snapshot.cross_tenant = [("fabrikam-gov".to_owned(), self.settings)].into();
        snapshot.deleted = Dear::Read(BTreeMap::new());
        snapshot.sign_ins = self.sign_in.unwrap_or(Dear::Read(HashMap::new()));
        let blocked = self.blocked_by.map(|by| (id(PERSON), LastDisabled { at: ago(self.blocked), by }));
        snapshot.disabled_by = Dear::Read(blocked.into_iter().collect());
        let mut memory = Memory::default();
        memory.learn(&self.records);
        memory.learn(&[Record::Swept { partner: "fabrikam-gov".into(), at: ago(self.last_sweep) }]);
        let person = match snapshot.people.get(&id(PERSON)) {
            Some(person) => person.clone(),
            None => {
                let verified_domains = snapshot.verified_domains.clone();
                Person::observe_anyhow(&user, &Lens { verified_domains, ..Lens::default() })
            }
        };
        let view = View { config: &world.config, snapshot: &snapshot, memory: &memory, now: now() };
        let partner = &world.config.partners[0];
        let case = match self.deleted {
            None => Case::new(view, partner, &person),
            Some(since) => Case::deleted(view, partner, &person, Some(since)),
        };
        judge(&case, view)
    }

    /// State, by whom, decision and text, in one line.
    fn told(self) -> String {
        self.with(|case, _| {
            let told = explain(case, None);
            let by = told.by.map(|by| format!(" by {}", by.name())).unwrap_or_default();
            format!("{}{by} -> {}: {}", told.state.name(), told.decision, told.text)
        })
    }

    fn decides(self) -> Vec<ActionKind> {
        self.with(|case, _| decide(case).actions.iter().map(|action| action.kind).collect())
    }

    fn plan(self) -> PartnerPlan {
        self.with(|_, view| plan(view, &view.config.partners[0], Birth::Known, Job::Reconcile))
    }
}
