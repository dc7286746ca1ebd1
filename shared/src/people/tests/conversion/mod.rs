//! Conversions: the rules in tables.
//!
//! - [`properties`]: what holds of any directory. [`told`]: every outcome with its reason, as `explain` tells it.

mod properties;
mod told;

use crate::address::Address;
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::journal::memory::waves::WaveStep;
use crate::journal::record::{ActionKind, Intent, Note, Outcome, Record, StepId};
use crate::people::fixtures::{EXCLUDE_GROUP, FREE, SCOPE_GROUP, World, config, id, now, plain, synced};
use crate::people::guard::{Birth, HeldReason};
use crate::people::plan::PartnerPlan;
use crate::people::reason::Reason;
use crate::people::snapshot::Evidence;
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::HashSet;

fn one(changes: Value) -> World {
    World::of(plain(), vec![synced(1, changes)])
}

fn remember(records: &[Record]) -> Memory {
    let mut memory = Memory::default();
    memory.learn(records);
    memory
}

fn intent(person: UserId, at: Timestamp) -> Record {
    Record::Intent(Intent {
        run: uuid::Uuid::nil().into(),
        partner: "fabrikam-gov".into(),
        action: ActionKind::Convert,
        person,
        address: Address::parse(&format!("person-{:04}@fabrikam.us", person.uuid().as_u128())).ok(),
        object: None,
        day: None,
        cause: None,
        by_request: false,
        reason: String::new(),
        before: "internal".into(),
        after: "pending".into(),
        at,
    })
}

fn conversion(person: UserId) -> StepId {
    StepId { person, action: ActionKind::Convert, object: None }
}

fn outcome(person: UserId, at: Timestamp, outcome: Outcome) -> Record {
    Record::Outcome { run: uuid::Uuid::nil().into(), step: conversion(person), at, outcome }
}

fn refused(person: UserId, at: Timestamp) -> Record {
    outcome(person, at, Outcome::Refused { code: "Request_BadRequest".into(), request_id: None })
}

#[test]
fn a_synced_person_in_scope_is_converted() {
    let plan = one(json!({})).plan();
    insta::assert_json_snapshot!(plan, @r#"
    {
      "partner": "fabrikam-gov",
      "complete": true,
      "unreadable": null,
      "observed": 1,
      "states": {
        "internal": 1
      },
      "held": null,
      "actions": [
        {
          "kind": "convert",
          "person": "00000000-0000-0000-0000-000000000001",
          "address": "person-0001@fabrikam.us",
          "user_type": "Member",
          "reason": "synced-not-invited",
          "before": "internal",
          "after": "pending"
        }
      ],
      "held_actions": [],
      "waiting": 0,
      "changes_waiting": 0,
      "missed": [],
      "wave": null,
      "untouched": {},
      "lacks": {
        "sign_ins": false,
        "cross_tenant": false,
        "disabled_by": false,
        "deleted": false,
        "roles": []
      },
      "unread": [],
      "room": 499,
      "again": [
        "00000000-0000-0000-0000-000000000001"
      ]
    }
    "#);
}

#[test]
fn who_is_not_convertible_is_left_alone_by_name() {
    let outside = json!([{"signInType": "federated", "issuer": "ExternalAzureAD"}]);
    for (changes, reason) in [
        (json!({"onPremisesSyncEnabled": null}), "internal-not-synced"),
        (json!({"onPremisesSyncEnabled": false}), "internal-not-synced"),
        (json!({"accountEnabled": false}), "account-disabled"),
        (json!({"accountEnabled": null}), "enabled-unknown"),
        (json!({"creationType": "Invitation"}), "external-state-unknown"),
        (
            json!({"userPrincipalName": "person-0001_fabrikam.us#EXT#@contoso.onmicrosoft.com"}),
            "external-state-unknown",
        ),
        (json!({"identities": outside}), "external-state-unknown"),
        (json!({"mail": "a+b@fabrikam.us"}), "address-not-invitable"),
        (json!({"externalUserState": "PendingAcceptance"}), "invited-by-others"),
        (json!({"externalUserState": "Accepted"}), "invited-by-others"),
    ] {
        assert_eq!(one(changes.clone()).only_reason(), reason, "{changes}");
    }
}

#[test]
fn the_on_premises_name_that_graph_shows_decides_nothing() {
    for name in [Value::Null, json!("person-0001@fabrikam.us"), json!("person-0001@corp.example")] {
        assert_eq!(one(json!({"onPremisesUserPrincipalName": name})).plan().actions.len(), 1);
    }
}

#[test]
fn look_alike_domains_are_not_the_partners() {
    for mail in
        ["x@fabrikam.us.evil.example", "x@fabrikamxus.org", "x@evilfabrikam.us", "x@sub.fabrikam.us", "fabrikam.us"]
    {
        let mut world = one(json!({ "mail": mail }));
        world.users.push(synced(2, json!({})));
        world.evidence.insert(id(2), FREE);
        let plan = world.plan();
        assert_eq!(plan.actions.iter().map(|action| action.person).collect::<Vec<_>>(), [id(2)], "{mail}");
        assert_eq!(plan.observed, 1, "{mail}");
    }
    assert_eq!(one(json!({"mail": "Person-0001@FABRIKAM.US"})).plan().actions.len(), 1);
}

#[test]
fn the_address_to_invite_must_equal_mail() {
    let by_other_mails = || config("", "", "", "[partner.invite]\naddress = \"other-mails\"");
    let world = |changes| World::of(by_other_mails(), vec![synced(1, changes)]);
    let both = json!({"mail": "a@fabrikam.us", "otherMails": ["a@fabrikam.us"]});
    assert_eq!(world(both).plan().actions.len(), 1);
    for (changes, reason) in [
        (json!({"mail": "a@contoso.com", "otherMails": ["a@fabrikam.us"]}), "mail-is-not-address"),
        (json!({"mail": "a@fabrikam.us", "otherMails": []}), "no-address"),
        (json!({"mail": "a@fabrikam.us", "otherMails": ["a@fabrikam.us", "b@fabrikam.us"]}), "address-ambiguous"),
    ] {
        assert_eq!(world(changes.clone()).only_reason(), reason, "{changes}");
    }
}

#[test]
fn evidence_of_the_closer_look_stops_and_unknown_stops_too() {
    for (evidence, reason) in [
        (Evidence { directory_role: Tri::Yes, ..FREE }, "directory-role"),
        (Evidence { protected_group: Tri::Yes, ..FREE }, "protected-group"),
        (Evidence { exchange_plan: Tri::Yes, ..FREE }, "exchange-plan"),
        (Evidence { exists: Tri::No, ..FREE }, "gone"),
        (Evidence { directory_role: Tri::Unknown, ..FREE }, "protection-unknown"),
        (Evidence { protected_group: Tri::Unknown, ..FREE }, "protection-unknown"),
        (Evidence { exchange_plan: Tri::Unknown, ..FREE }, "exchange-unknown"),
        (Evidence::default(), "protection-unknown"),
    ] {
        let mut world = one(json!({}));
        world.evidence.insert(id(1), evidence);
        assert_eq!(world.only_reason(), reason, "{evidence:?}");
    }
}

#[test]
fn while_the_closer_look_is_missing_the_plan_asks_for_it_and_acts_on_nobody() {
    let mut world = one(json!({}));
    world.evidence.clear();
    let plan = world.plan();
    assert_eq!((plan.actions.len(), plan.unread.as_slice()), (0, [id(1)].as_slice()));
}

#[test]
fn groups_narrow_the_scope_and_exclusion_wins() {
    let grouped =
        || config("", &format!("groups = [\"{SCOPE_GROUP}\"]\nexclude_groups = [\"{EXCLUDE_GROUP}\"]"), "", "");
    let world = |group: Result<HashSet<UserId>, String>, exclude: Result<HashSet<UserId>, String>| {
        let mut world = World::of(grouped(), vec![synced(1, json!({}))]);
        world.groups = [(SCOPE_GROUP.into(), group), (EXCLUDE_GROUP.into(), exclude)].into_iter().collect();
        world.config.partners[0].limits.minimum_people = 0;
        world
    };
    let member = || Ok(HashSet::from([id(1)]));
    let nobody = || Ok(HashSet::new());
    let unreadable = || Err("404".to_owned());
    assert_eq!(world(member(), nobody()).plan().actions.len(), 1);
    assert_eq!(world(nobody(), nobody()).only_reason(), "not-in-group");
    assert_eq!(world(member(), member()).only_reason(), "excluded");
    assert_eq!(world(unreadable(), nobody()).only_reason(), "group-unknown");
    assert_eq!(world(member(), unreadable()).only_reason(), "exclusion-unknown");
    assert!(!world(member(), unreadable()).plan().complete);
}

#[test]
fn outside_the_pilot_nobody_is_touched() {
    let config = config("pilot = [\"Person-0002@fabrikam.us\"]", "", "", "");
    let plan = World::of(config, (1..=3).map(|n| synced(n, json!({}))).collect()).plan();
    assert_eq!(plan.actions.iter().map(|action| action.person).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(plan.untouched[&Reason::OutsidePilot], 2);
    assert_eq!(plan.observed, 3, "a pilot list is a guard, not scope");
}

#[test]
fn a_previous_domain_stays_in_scope_and_is_not_newly_invited() {
    let config = config("", "previous_domains = [\"old.example\"]", "", "");
    let world = World::of(config, vec![synced(1, json!({"mail": "x@old.example"}))]);
    assert_eq!(world.only_reason(), "previous-domain");
    assert_eq!(world.plan().observed, 1);
}

#[test]
fn an_address_that_another_object_has_too_is_a_twin() {
    for twin in [
        json!({"mail": "person-0001@fabrikam.us", "onPremisesSyncEnabled": null}),
        json!({"mail": "x@contoso.com", "proxyAddresses": ["smtp:PERSON-0001@fabrikam.us"]}),
        json!({"mail": null, "userPrincipalName": "person-0001_fabrikam.us#EXT#@contoso.onmicrosoft.com"}),
    ] {
        let world = World::of(plain(), vec![synced(1, json!({})), synced(2, twin.clone())]);
        let plan = world.plan();
        assert!(plan.actions.is_empty(), "{twin}");
        assert!(plan.untouched.contains_key(&Reason::Twin), "{twin}: {:?}", plan.untouched);
    }
}

#[test]
fn a_person_in_two_partners_scope_is_held_by_both() {
    let second = r#"
        [[partner]]
        name = "second"
        tenant_id = "33333333-3333-4333-8333-333333333333"
        cloud = "global"
        [partner.scope]
        domains = ["second.example"]
        [partner.invite]
        address = "other-mails"
        "#;
    let user = synced(1, json!({"otherMails": ["x@second.example"]}));
    let world = World::of(config("", "", "", second), vec![user]);
    for partner in [0, 1] {
        let plan = world.plan_of(partner);
        assert!(plan.actions.is_empty());
        assert_eq!(plan.untouched[&Reason::TwoPartners], 1);
    }
}

#[test]
fn who_was_refused_is_left_for_a_day_and_then_tried_again() {
    let mut world = one(json!({}));
    let at = now() - SignedDuration::from_hours(24);
    let just_within = at + SignedDuration::from_secs(1);
    world.memory = remember(&[intent(id(1), just_within), refused(id(1), just_within)]);
    assert_eq!(world.only_reason(), "refused-recently");
    world.memory = remember(&[intent(id(1), at), refused(id(1), at)]);
    assert_eq!(world.plan().actions.len(), 1);
}

#[test]
fn an_open_intent_is_not_repeated_and_after_a_day_needs_a_person() {
    let mut world = one(json!({}));
    for (hours, reason) in [(0, "unconfirmed"), (23, "unconfirmed"), (24, "unsettled"), (100, "unsettled")] {
        world.memory = remember(&[intent(id(1), now() - SignedDuration::from_hours(hours))]);
        assert_eq!(world.only_reason(), reason, "{hours} hours later");
    }
}

#[test]
fn an_invitation_that_graph_took_and_the_directory_does_not_show_yet_is_not_repeated() {
    let mut world = one(json!({}));
    for (hours, reason) in [(0, "unconfirmed"), (23, "unconfirmed"), (24, "unsettled"), (24 * 365, "unsettled")] {
        let at = now() - SignedDuration::from_hours(hours);
        world.memory = remember(&[intent(id(1), at), outcome(id(1), at, Outcome::Done)]);
        assert_eq!(world.only_reason(), reason, "{hours} hours later");
    }
}

#[test]
fn people_whom_usher_brought_in_are_told_by_their_state() {
    let mut world = one(json!({"externalUserState": "PendingAcceptance"}));
    world.memory = remember(&[intent(id(1), now()), outcome(id(1), now(), Outcome::Done)]);
    assert_eq!(world.only_reason(), "pending");
    world.users = vec![synced(1, json!({"externalUserState": "Accepted"}))];
    assert_eq!(world.only_reason(), "accepted");
}

#[test]
fn a_snapshot_with_fewer_people_than_believable_is_held() {
    let mut world =
        World::of(config("", "", "minimum_people = 3", ""), vec![synced(1, json!({})), synced(2, json!({}))]);
    let held = world.plan().held.unwrap();
    assert_eq!((held.reason, held.limit, held.observed), (HeldReason::MinimumPeople, Some(3), Some(2)));
    assert!(world.plan().actions.is_empty());
    world.users.push(synced(3, json!({})));
    assert!(world.plan().held.is_none());
}

#[test]
fn a_domain_that_is_this_tenants_own_holds_the_partner() {
    let config = config("", "previous_domains = [\"contoso.com\"]", "", "");
    let plan = World::of(config, vec![synced(1, json!({}))]).plan();
    assert_eq!(plan.held.unwrap().reason, HeldReason::VerifiedDomain);
    assert!(plan.actions.is_empty());
}

#[test]
fn a_state_without_birth_is_believed_only_where_nobody_could_have_been_invited() {
    let mut world = one(json!({}));
    world.birth = Birth::Missing;
    assert_eq!(world.plan().actions.len(), 1);
    world.users.push(synced(2, json!({"externalUserState": "Accepted"})));
    assert_eq!(world.plan().held.unwrap().reason, HeldReason::StateMissing);
    world.birth = Birth::Known;
    assert!(world.plan().held.is_none());
}

#[test]
fn an_incomplete_snapshot_leads_to_no_action() {
    let mut world = one(json!({}));
    world.complete = false;
    let plan = world.plan();
    assert!(plan.actions.is_empty() && !plan.complete);
    assert_eq!(plan.waiting, 1);
}

/// A world in which wave `next` is due, and 250 people waited when the first was planned.
fn in_wave(waves: &str, next: usize, people: u128) -> PartnerPlan {
    let mut world = World::of(config("", "", waves, ""), (1..=people).map(|n| synced(n, json!({}))).collect());
    let step = |step| Record::Wave { partner: "fabrikam-gov".into(), step };
    let clean = |wave| [step(WaveStep::Begun { wave, waiting: 250 }), step(WaveStep::Ended { clean: true })];
    world.memory = remember(&(0..next).flat_map(clean).collect::<Vec<_>>());
    world.plan()
}

#[test]
fn waves_bound_one_run_each_and_percentages_are_of_those_who_waited_first() {
    let waves = r#"waves = ["1", "10", "10%", "33%"]"#;
    for (next, people, expected, wave) in
        [(0, 250, 1, Some(0)), (1, 249, 10, Some(1)), (2, 239, 25, Some(2)), (3, 214, 83, Some(3)), (4, 131, 131, None)]
    {
        let plan = in_wave(waves, next, people);
        assert_eq!((plan.actions.len(), plan.wave), (expected, wave), "after {next} waves");
        assert_eq!(plan.waiting, usize::try_from(people).unwrap() - expected);
    }
    assert_eq!(in_wave("waves = [\"10%\"]", 0, 11).actions.len(), 2, "rounded up, of those who wait now");
}

#[test]
fn a_wave_that_was_cut_short_goes_on_with_what_is_left_of_it() {
    let mut world = World::of(config("", "", "waves = [\"10\"]", ""), (1..=30).map(|n| synced(n, json!({}))).collect());
    let begun = Record::Wave { partner: "fabrikam-gov".into(), step: WaveStep::Begun { wave: 0, waiting: 36 } };
    let sent = (0..6).map(|n| intent(id(100 + n), now() - SignedDuration::from_mins(5)));
    world.memory = remember(&std::iter::once(begun).chain(sent).collect::<Vec<_>>());
    assert_eq!(world.plan().actions.len(), 4);
}

#[test]
fn the_daily_ceiling_counts_what_was_sent_within_a_day() {
    let mut world = World::of(config("", "", "invitations = 5", ""), (1..=10).map(|n| synced(n, json!({}))).collect());
    let sent = |hours| move |n: u128| intent(id(100 + n), now() - SignedDuration::from_hours(hours));
    world.memory = remember(&(0..4).map(sent(23)).collect::<Vec<_>>());
    assert_eq!((world.plan().actions.len(), world.plan().waiting), (1, 9));
    world.memory = remember(&(0..4).map(sent(25)).collect::<Vec<_>>());
    assert_eq!(world.plan().actions.len(), 5);
}

#[test]
fn those_who_have_waited_longest_come_first() {
    let created = |n, date| synced(n, json!({ "createdDateTime": date }));
    let world = World::of(
        config("", "", "waves = [\"2\"]", ""),
        vec![
            created(1, "2026-02-03T00:00:00Z"),
            created(2, "2026-02-01T00:00:00Z"),
            created(3, "2026-02-02T00:00:00Z"),
        ],
    );
    assert_eq!(world.plan().actions.iter().map(|action| action.person).collect::<Vec<_>>(), [id(2), id(3)]);
}

#[test]
fn a_person_held_at_the_closer_look_gives_the_turn_to_the_next() {
    let mut world = World::of(config("", "", "waves = [\"1\"]", ""), (1..=3).map(|n| synced(n, json!({}))).collect());
    world.evidence.insert(id(1), Evidence { exchange_plan: Tri::Yes, ..FREE });
    let plan = world.plan();
    assert_eq!(plan.actions.iter().map(|action| action.person).collect::<Vec<_>>(), [id(2)]);
    assert_eq!((plan.untouched[&Reason::ExchangePlan], plan.waiting), (1, 1));
}

#[test]
fn the_plans_name_changes_with_what_it_would_do_and_with_the_configuration() {
    let plan = World::of(plain(), (1..=3).map(|n| synced(n, json!({}))).collect()).plan();
    let mut reordered = plan.clone();
    reordered.actions.reverse();
    assert_eq!(plan.id("c"), reordered.id("c"));
    assert_ne!(plan.id("c"), plan.id("d"));
    let mut shorter = plan.clone();
    shorter.actions.pop();
    assert_ne!(plan.id("c"), shorter.id("c"));
}
