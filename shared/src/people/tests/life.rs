//! External users whom usher looks after: every outcome with its reason, told as `explain` tells it.

use crate::address::Address;
use crate::graph::directory::{Actor, CrossTenant};
use crate::ids::{GroupId, UserId};
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, Cause, Intent, Job, Note, Outcome, Record};
use crate::people::decide::decide;
use crate::people::explain::explain;
use crate::people::fixtures::{EXCLUDE_GROUP, FREE, SCOPE_GROUP, World, config, id, now, synced};
use crate::people::guard::Birth;
use crate::people::person::{Lens, Person};
use crate::people::plan::{PartnerPlan, plan};
use crate::people::rules::{Case, View};
use crate::people::snapshot::{Dear, Evidence};
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
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
    deleted: Option<Timestamp>,
    is_there: bool,
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
        reason: String::new(),
        before: String::new(),
        after: String::new(),
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
        records: vec![noted(days, Note::Adopted { domain: "fabrikam.us".into(), address, redeemed: false })],
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
        deleted: None,
        is_there: true,
    }
}

/// The same, not accepted yet.
fn pending(days: i64) -> Situation {
    accepted(days).user(json!({"externalUserState": "PendingAcceptance"}))
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
        let config = config("", self.scope, "", &rest);
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
        snapshot.sign_ins = self.sign_in.unwrap_or(Dear::Read(HashMap::new()));
        snapshot.disabled_by = Dear::Read(self.blocked_by.map(|actor| (id(PERSON), actor)).into_iter().collect());
        let mut memory = Memory::default();
        memory.learn(&self.records);
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
            let by = told.by.map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{}{by} -> {}: {}", told.state, told.decision, told.text)
        })
    }

    fn decides(self) -> Vec<ActionKind> {
        self.with(|case, _| decide(case).actions.iter().map(|action| action.kind).collect())
    }

    fn plan(self) -> PartnerPlan {
        self.with(|_, view| plan(view, &view.config.partners[0], Birth::Known, Job::Reconcile))
    }
}

/// What `explain` says in every situation that the table knows.
#[test]
fn every_outcome_has_its_reason_in_words_an_administrator_understands() {
    let off = json!({"accountEnabled": false});
    let expire = |mut situation: Situation| {
        situation.invite = "home_redeems_automatically = \"no\"\nresend_after_days = []";
        situation
    };
    let automatic = |known: Tri| Situation {
        invite: "",
        settings: CrossTenant { redeems_automatically: known, sync_allowed: Tri::No },
        ..pending(8)
    };
    let inactive =
        |situation: Situation| Situation { more: "[partner.inactive]\ndisable_after_days = 90", ..situation };
    let signed_in = |days: i64| Some(Dear::Read([(id(PERSON), ago(days))].into()));
    let situations = [
        ("pending", pending(3)),
        ("pending, a day has come", pending(8)),
        ("pending, that day was served", pending(8).did(ActionKind::Resend, 1, None)),
        ("pending, redeemed automatically", automatic(Tri::Yes)),
        ("pending, automatic or not", automatic(Tri::Unknown)),
        ("pending for too long", expire(pending(31))),
        ("converted, pending for too long", expire(converted(31, "PendingAcceptance"))),
        (
            "converted, not shown yet",
            Situation { user: json!({}), records: did(ActionKind::Convert, 0, None), ..accepted(0) },
        ),
        ("accepted", accepted(100).did(ActionKind::AddToGroup, 90, None)),
        ("another address", accepted(100).user(json!({"mail": "new-0001@fabrikam.us"}))),
        ("another value", Situation { more: "[partner.attributes]\ncompanyName = \"Contoso\"", ..accepted(9) }),
        (
            "another value, synced",
            Situation { more: "[partner.attributes]\ncompanyName = \"Contoso\"", ..converted(9, "Accepted") },
        ),
        (
            "another value, synchronization allowed",
            Situation {
                more: "[partner.attributes]\ncompanyName = \"Contoso\"",
                settings: CrossTenant { redeems_automatically: Tri::No, sync_allowed: Tri::Yes },
                ..accepted(9)
            },
        ),
        (
            "a group is missing",
            Situation { invite: "groups = [\"00000000-0000-0000-0000-0000000000a3\"]", ..accepted(9) },
        ),
        ("out of scope, first seen now", accepted(100).out()),
        ("out of scope for 3 days", accepted(100).out().note(3, Note::OutOfScope)),
        ("out of scope for 7 days", accepted(100).out().note(7, Note::OutOfScope)),
        ("the same, synced", Situation { ..converted(100, "Accepted").out().note(7, Note::OutOfScope) }),
        (
            "the same, with a role",
            Situation {
                evidence: Evidence { directory_role: Tri::Yes, ..FREE },
                ..accepted(100).out().note(7, Note::OutOfScope)
            },
        ),
        (
            "the same, in the protected group",
            Situation {
                evidence: Evidence { protected_group: Tri::Yes, ..FREE },
                ..accepted(100).out().note(7, Note::OutOfScope)
            },
        ),
        (
            "the same, whom others invited",
            Situation {
                scope: "groups = [\"00000000-0000-0000-0000-0000000000a1\"]\nadopt = \"follow\"",
                ..accepted(100).out().note(7, Note::OutOfScope)
            },
        ),
        ("disabled by usher", disabled_by_usher(5)),
        ("disabled by usher for 30 days", disabled_by_usher(30)),
        (
            "the same, licensed",
            Situation { evidence: Evidence { licensed: Tri::Yes, ..FREE }, ..disabled_by_usher(30) },
        ),
        ("disabled by usher, in scope again", Situation { in_group: true, ..disabled_by_usher(5) }),
        ("the same, restore is off", Situation { in_group: true, leave: "restore = false", ..disabled_by_usher(5) }),
        ("enabled by somebody after usher", {
            disabled_by_usher(5).note(4, Note::ShownDisabled).user(json!({"accountEnabled": true}))
        }),
        ("not shown disabled yet", disabled_by_usher(0).user(json!({"accountEnabled": true}))),
        ("restored by somebody after usher", {
            disabled_by_usher(40).did(ActionKind::Delete, 9, Some(Cause::LeftScope)).note(8, Note::ShownDeleted)
        }),
        (
            "deleted by usher",
            Situation {
                deleted: Some(ago(9)),
                ..disabled_by_usher(40).did(ActionKind::Delete, 9, Some(Cause::LeftScope))
            },
        ),
        (
            "deleted by usher, scope by domain",
            Situation {
                deleted: Some(ago(9)),
                scope: "adopt = \"full\"",
                ..disabled_by_usher(40).did(ActionKind::Delete, 9, Some(Cause::LeftScope))
            },
        ),
        ("deleted by others", Situation { deleted: Some(ago(9)), scope: "adopt = \"full\"", ..accepted(40) }),
        ("blocked by a person", Situation { blocked_by: Some(Actor::Person), ..accepted(100).user(off.clone()) }),
        ("disabled by another tool", Situation { blocked_by: Some(Actor::Other), ..accepted(100).user(off.clone()) }),
        ("disabled by Entra Connect", converted(100, "Accepted").user(off)),
        ("no sign-in for 100 days", Situation { sign_in: signed_in(100), ..inactive(accepted(200)) }),
        ("no sign-in data", inactive(accepted(200))),
        (
            "sign-in data unreadable",
            Situation { sign_in: Some(Dear::Unreadable("403".into())), ..inactive(accepted(200)) },
        ),
    ];
    let told: Vec<_> =
        situations.into_iter().map(|(name, situation)| format!("{name}: {}", situation.told())).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    pending: pending -> pending: The person was invited already and has not redeemed the invitation yet.
    pending, a day has come: pending -> resend: The invitation will be sent again.
    pending, that day was served: pending -> pending: The person was invited already and has not redeemed the invitation yet.
    pending, redeemed automatically: pending -> automatic: Invitations of this partner may be redeemed automatically, so pending says nothing: no mail is sent again, and nothing expires. Set invite.home_redeems_automatically to no if the home tenant does not redeem automatically.
    pending, automatic or not: pending -> automatic-unknown: It could not be read whether invitations are redeemed automatically, so no mail is sent again, and nothing expires. Grant Policy.Read.All, or set invite.home_redeems_automatically to no.
    pending for too long: pending -> disable: The account will be disabled, unless a ceiling holds that for approval.
    converted, pending for too long: pending -> expired-conversion: The person has not redeemed in time; Entra Connect masters the account, so it is not taken away, and no more mail is sent. Ask the person, or send the invitation again by `usher provision`.
    converted, not shown yet: unconfirmed -> unconfirmed: An earlier step was sent, and the directory does not show what became of it; nothing is done before two readings show that.
    accepted: accepted -> accepted: The person is an external user already and has redeemed the invitation.
    another address: accepted -> address-changed: The person's address is another one than was invited, and invite.reset_on_address_change is off. Set invite.reset_on_address_change, or reset the redemption by hand.
    another value: accepted -> update: Values will be written that differ from the configuration.
    another value, synced: accepted -> mastered-on-premises: A value differs from the configuration, but Entra Connect masters it. Change it at the account's master.
    another value, synchronization allowed: accepted -> synchronization-allowed: The partner may push people here by cross-tenant synchronization, which may own the person, so usher neither changes nor takes away. Set allow_sync_in = false in [partner.trust] if it is not used.
    a group is missing: accepted -> add-to-group: The person will be put into a group.
    out of scope, first seen now: accepted -> leaving: The person is out of scope, and the days of grace run. Nothing, or bring the person back into scope.
    out of scope for 3 days: accepted -> leaving: The person is out of scope, and the days of grace run. Nothing, or bring the person back into scope.
    out of scope for 7 days: accepted -> disable: The account will be disabled, unless a ceiling holds that for approval.
    the same, synced: accepted -> synced-left: The rules would disable the person, but Entra Connect masters the account and leave.synced is report. Remove the person at the master, or set leave.synced to disable.
    the same, with a role: accepted -> directory-role: The person holds a directory role, or could activate one.
    the same, in the protected group: accepted -> protected-group: The person is in the protected group.
    the same, whom others invited: accepted -> follow-only: Somebody else invited the person, and scope.adopt is not full, so the leave rules do not apply.
    disabled by usher: disabled by usher -> taken-away: usher disabled the account, and no further step is due.
    disabled by usher for 30 days: disabled by usher -> delete: The account will be deleted softly, unless a ceiling holds that for approval.
    the same, licensed: disabled by usher -> licensed: A licence is assigned, or may be, and licensed people are not deleted. Take the licence away.
    disabled by usher, in scope again: disabled by usher -> enable: The account will be enabled again: usher had disabled it, and the cause has ended.
    the same, restore is off: disabled by usher -> restore-off: The person is in scope again, but leave.restore is off. Enable the account by hand, or set leave.restore.
    enabled by somebody after usher: accepted -> reenabled-by-person: usher had disabled the account, and somebody enabled it again; that is left so. `usher release` forgets that decision, and the rules apply again.
    not shown disabled yet: accepted -> not-shown-yet: The directory does not show yet what usher did last.
    restored by somebody after usher: disabled by usher -> restored-by-person: usher had deleted the account, and somebody restored it; that is left so. `usher release` forgets that decision, and the rules apply again.
    deleted by usher: deleted by usher -> deleted-scope-unknown: The account is deleted softly, and groups of deleted accounts cannot be read, so it is not known whether the person is in scope. `usher provision` restores the person.
    deleted by usher, scope by domain: deleted by usher -> restore: The account will be restored: usher had deleted it, and the cause has ended.
    deleted by others: deleted by elsewhere -> deleted: The account is deleted softly, and is not to be restored by the rules. Restore it in the portal within 30 days if the person shall come back.
    blocked by a person: disabled by person -> blocked-by-person: A person disabled the account, by the audit log; that is left so, and the account is not deleted either. `usher release` forgets that decision, and the leave rules go on.
    disabled by another tool: disabled by elsewhere -> disabled-elsewhere: Somebody else disabled the account; usher gives back only what it took away itself.
    disabled by Entra Connect: disabled by sync -> disabled-by-sync: Entra Connect masters the account and has disabled it.
    no sign-in for 100 days: accepted -> disable: The account will be disabled, unless a ceiling holds that for approval.
    no sign-in data: accepted -> sign-in-unknown: There is no sign-in data of the person, so they count as active. Sign-in data needs Entra ID P1 and AuditLog.Read.All; people who never signed in have none.
    sign-in data unreadable: accepted -> sign-in-unknown: There is no sign-in data of the person, so they count as active. Sign-in data needs Entra ID P1 and AuditLog.Read.All; people who never signed in have none.
    "#);
}

#[test]
fn the_rules_of_somebody_who_left_are_told_with_their_evidence() {
    let rules = accepted(100).out().note(7, Note::OutOfScope).with(|case, _| {
        let told = explain(case, None);
        let line =
            |rule: &crate::people::explain::RuleResult| format!("{} {}: {}", rule.rule, rule.result, rule.evidence);
        told.rules.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    insta::assert_snapshot!(rules, @r#"
    domain yes: addresses: person-0001@fabrikam.us; domains of the partner: fabrikam.us
    group no: member of no scope group, nested groups included
    not-excluded yes: member of no exclusion group
    nothing-unconfirmed yes: the journal knows of no open step
    grace-over yes: out of scope since 2026-02-22 12:00 UTC; disabled after 7 days
    inactive no: inactive.disable_after_days is 0
    address-changed no: address now: person-0001@fabrikam.us
    values-differ no: nothing differs that usher would write
    sponsor-missing no: 0 of 0 sponsors to be set
    group-missing no: 0 of 0 groups to be joined
    one-partner yes: nothing stands against it
    in-pilot yes: nothing stands against it
    not-refused-lately yes: nothing stands against it
    not-synchronized yes: nothing stands against it
    scope-confirmed yes: nothing stands against it
    exists yes: nothing stands against it
    not-protected yes: nothing stands against it
    no-directory-role yes: nothing stands against it
    "#);
}

#[test]
fn whoever_missed_several_days_gets_one_mail_and_a_day_is_served_once() {
    for (days, served, expected) in [
        (6, None, vec![]),
        (7, None, vec![ActionKind::Resend]),
        (13, Some(7), vec![]),
        (14, Some(7), vec![ActionKind::Resend]),
        (20, None, vec![ActionKind::Resend]),
        (20, Some(7), vec![ActionKind::Resend]),
    ] {
        let situation = match served {
            None => pending(days),
            Some(day) => pending(days).did(ActionKind::Resend, days - day, None),
        };
        assert_eq!(situation.decides(), expected, "day {days}, served {served:?}");
    }
}

#[test]
fn a_resend_counts_as_sent_whatever_the_answer_unless_graph_says_that_it_did_nothing() {
    for (outcome, again) in [
        (None, false),
        (Some(Outcome::Unknown), false),
        (Some(Outcome::Done), false),
        (Some(Outcome::NotSent), true),
        (Some(Outcome::Refused { code: "x".into(), request_id: None }), true),
    ] {
        let mut situation = pending(9);
        let mut records = did(ActionKind::Resend, 1, None);
        let Record::Outcome { run, step, at, .. } = records.pop().unwrap() else { panic!("an outcome") };
        situation.records.extend(records);
        // A refusal is not tried again before a day.
        let at = at - SignedDuration::from_hours(1);
        situation.records.extend(outcome.clone().map(|outcome| Record::Outcome { run, step, at, outcome }));
        assert_eq!(!situation.decides().is_empty(), again, "{outcome:?}");
    }
}

#[test]
fn somebody_else_inviting_again_later_starts_the_days_anew() {
    let reset = |changed: i64| pending(200).user(json!({"externalUserStateChangeDateTime": ago(changed)}));
    assert_eq!(reset(3).decides(), [], "not expired, although usher's own invitation is long ago");
    assert_eq!(reset(31).decides(), [ActionKind::Disable]);
}

#[test]
fn the_address_that_changed_is_redeemed_anew_where_that_is_configured() {
    let changed = || Situation {
        invite: "reset_on_address_change = true",
        ..accepted(50).user(json!({"mail": "new-0001@fabrikam.us"}))
    };
    assert_eq!(changed().decides(), [ActionKind::ResetRedemption]);
    let role = Situation { evidence: Evidence { directory_role: Tri::Yes, ..FREE }, ..changed() };
    assert_eq!(role.decides(), [], "never of somebody with a role");
    let done = changed().did(ActionKind::ResetRedemption, 1, None);
    assert_eq!(done.decides(), [ActionKind::ResetRedemption], "that was for the old address");
}

#[test]
fn an_external_user_is_judged_by_every_address() {
    let other = json!({"mail": "x@elsewhere.example"});
    for (situation, scope) in [
        (accepted(50), Tri::Yes),
        // The journalled invitation says one thing, the mail another.
        (accepted(50).user(other.clone()), Tri::Unknown),
        (accepted(50).user(json!({"mail": null})), Tri::Yes),
        (accepted(50).user(json!({"mail": null, "otherMails": ["x@elsewhere.example"]})), Tri::Unknown),
    ] {
        let user = situation.user.clone();
        assert_eq!(situation.with(|case, _| case.scope.domain), scope, "{user}");
    }
    let long_out = accepted(50).user(other).note(40, Note::OutOfScope);
    assert_eq!(long_out.decides(), [], "unknown is not out of scope");
}

#[test]
fn a_deleted_persons_groups_are_not_known_so_nobody_is_restored_by_them() {
    let deleted = || Situation {
        deleted: Some(ago(9)),
        in_group: true,
        ..disabled_by_usher(40).did(ActionKind::Delete, 9, Some(Cause::LeftScope))
    };
    assert_eq!(deleted().decides(), []);
    assert_eq!(Situation { scope: "", ..deleted() }.decides(), [ActionKind::Restore]);
    let excluded = "exclude_groups = [\"00000000-0000-0000-0000-0000000000a2\"]";
    assert_eq!(Situation { scope: excluded, ..deleted() }.decides(), []);
    assert_eq!(Situation { scope: "", deleted: Some(ago(30)), ..deleted() }.decides(), [], "too late");
}

#[test]
fn of_somebody_who_is_gone_for_good_nothing_is_remembered() {
    let deleted = |days: i64| {
        let left = disabled_by_usher(days + 30).did(ActionKind::Delete, days, Some(Cause::LeftScope));
        Situation { is_there: false, ..left.note(days - 1, Note::ShownDeleted) }
    };
    assert!(deleted(39).plan().notices.is_empty());
    assert_eq!(deleted(40).plan().notices, [(id(PERSON), Note::Gone)]);
    let mut memory = Memory::default();
    memory.learn(&deleted(40).note(0, Note::Gone).records);
    assert!(memory.life(id(PERSON)).is_none() && memory.departure(id(PERSON)).is_none());
}

#[test]
fn a_second_cause_keeps_what_the_first_took_away() {
    let inactive =
        accepted(200).did(ActionKind::Disable, 50, Some(Cause::Inactive)).user(json!({"accountEnabled": false}));
    assert_eq!(inactive.clone().decides(), [], "in scope: neither deleted nor given back");
    let also_left =
        inactive.clone().out().note(40, Note::OutOfScope).note(33, Note::AlsoTaken { cause: Cause::LeftScope });
    assert_eq!(also_left.clone().decides(), [ActionKind::Delete]);
    let came_back = Situation { in_group: true, ..also_left };
    assert_eq!(came_back.decides(), [], "inactivity has not ended");
}

#[test]
fn synced_people_are_never_deleted_nor_restored() {
    let synced = json!({"onPremisesSyncEnabled": true});
    let disable = |situation: Situation| Situation { leave: "synced = \"disable\"", ..situation.user(synced.clone()) };
    assert_eq!(disable(accepted(100).out().note(7, Note::OutOfScope)).decides(), [ActionKind::Disable]);
    assert_eq!(disable(disabled_by_usher(300)).decides(), []);
    assert_eq!(disable(Situation { in_group: true, ..disabled_by_usher(5) }).decides(), [ActionKind::Enable]);
    let deleted = Situation { scope: "", deleted: Some(ago(3)), ..disabled_by_usher(40) };
    assert_eq!(disable(deleted.did(ActionKind::Delete, 3, Some(Cause::LeftScope))).decides(), []);
}

#[test]
fn what_is_released_is_taken_away_again_after_all_the_days() {
    let re_enabled = disabled_by_usher(20).note(19, Note::ShownDisabled).user(json!({"accountEnabled": true}));
    assert_eq!(re_enabled.clone().decides(), []);
    let released = |days: i64| re_enabled.clone().note(days, Note::Released { disabled: false });
    assert_eq!(released(6).decides(), []);
    assert_eq!(released(7).decides(), [ActionKind::Disable]);
}

#[test]
fn somebody_whom_others_disabled_leaves_all_the_same_unless_a_person_may_have_done_it() {
    let left = |by| Situation {
        blocked_by: by,
        ..accepted(100).out().note(10, Note::OutOfScope).user(json!({"accountEnabled": false}))
    };
    for (by, leave, goes_on) in [
        (Some(Actor::Other), "", true),
        (Some(Actor::Sync), "", true),
        (Some(Actor::Person), "", false),
        (None, "", false),
        (Some(Actor::Person), "respect_people = false", true),
    ] {
        let notes = Situation { leave, ..left(by) }.plan().notices;
        let goes = notes.iter().any(|(_, note)| *note == Note::AlsoTaken { cause: Cause::LeftScope });
        assert_eq!(goes, goes_on, "{by:?} {leave}");
    }
    let gone_on = left(Some(Actor::Other)).note(3, Note::AlsoTaken { cause: Cause::LeftScope });
    assert_eq!(Situation { leave: "delete_after_days = 3", ..gone_on }.decides(), [ActionKind::Delete]);
}

#[test]
fn more_recent_activity_never_makes_a_person_more_deletable() {
    let limit = |days: i64| Situation {
        more: "[partner.inactive]\ndisable_after_days = 90",
        sign_in: Some(Dear::Read([(id(PERSON), ago(days))].into())),
        ..accepted(400)
    };
    let disabled: Vec<_> = (0..200).map(|days| !limit(days).decides().is_empty()).collect();
    assert!(disabled.is_sorted(), "the longer ago, the sooner");
    assert_eq!(disabled.iter().position(|disabled| *disabled), Some(90));
}

#[test]
fn a_changed_scope_holds_what_takes_away_and_lets_everything_else_go() {
    let in_force = |scope: &str| Record::InForce {
        partner: "fabrikam-gov".into(),
        at: ago(50),
        settings: crate::journal::record::Settings { scope: scope.into(), attributes: String::new() },
    };
    let mut situation = accepted(100).out().note(7, Note::OutOfScope);
    situation.records.push(in_force("another"));
    let held = situation.plan();
    assert_eq!(held.held.map(|held| held.reason.name()), Some("changed-scope"));
    assert_eq!((held.actions.len(), held.held_actions.len()), (0, 1));
    let mut updating = Situation { more: "[partner.attributes]\ncompanyName = \"Contoso\"", ..accepted(9) };
    updating.records.push(in_force("another"));
    let held = updating.plan();
    assert_eq!(held.held.map(|held| held.reason.name()), Some("changed-attributes"));
    assert_eq!((held.actions.len(), held.held_actions.len()), (0, 1));
}
