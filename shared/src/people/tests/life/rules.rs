//! The rulings on external users, one by one.

use super::*;

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
fn after_a_long_time_without_a_sweep_the_days_of_grace_begin_anew() {
    let mut left = accepted(100).out().note(60, Note::OutOfScope);
    assert_eq!(left.clone().decides(), [ActionKind::Disable]);
    left.last_sweep = 46;
    assert_eq!(left.clone().decides(), []);
    assert_eq!(left.plan().notices, [(id(PERSON), Note::OutOfScope)]);
}

#[test]
fn pending_again_after_a_redemption_the_days_begin_anew() {
    let reset = |changed: i64| {
        let redeemed = pending(200).did(ActionKind::Resend, 190, None).note(180, Note::Redeemed { since: None });
        redeemed.user(json!({"externalUserStateChangeDateTime": ago(changed)}))
    };
    let anew = Note::PendingAnew { since: ago(8) };
    assert_eq!(reset(8).plan().notices, [(id(PERSON), anew.clone())]);
    assert_eq!(reset(8).note(0, anew).decides(), [ActionKind::Resend]);
}

#[test]
fn an_old_state_that_shows_after_the_redemption_sends_no_mail_and_takes_nothing_away() {
    let stale = |days: i64| {
        let redeemed = pending(days).note(2, Note::Redeemed { since: None });
        redeemed.user(json!({"externalUserStateChangeDateTime": ago(days)}))
    };
    for days in [8, 15, 31] {
        assert_eq!(stale(days).decides(), [], "{days} days after the invitation");
        assert!(stale(days).plan().notices.is_empty());
    }
}

#[test]
fn a_value_that_graph_takes_and_does_not_show_is_not_written_again_and_again() {
    let attributes = "[partner.attributes]\ncompanyName = \"Contoso\"";
    let written = |days: i64| Situation { more: attributes, ..accepted(90).did(ActionKind::Update, days, None) };
    let told = |days: i64| written(days).told();
    assert!(told(0).contains("not-shown-yet"), "{}", told(0));
    assert!(told(1).contains("value-not-kept"), "{}", told(1));
    assert_eq!(written(29).decides(), []);
    assert_eq!(written(30).decides(), [ActionKind::Update]);
    let another = Situation { more: "[partner.attributes]\ncompanyName = \"Other\"", ..written(1) };
    assert_eq!(another.decides(), [ActionKind::Update], "that was another value");
    let shown = written(5).user(json!({"companyName": "Contoso"}));
    assert_eq!(shown.plan().notices, [(id(PERSON), Note::ValuesShown)]);
    assert_eq!(written(5).note(4, Note::ValuesShown).decides(), [ActionKind::Update], "changed by somebody since");
}

#[test]
fn a_deletion_names_the_cause_whose_days_are_over() {
    let expired = pending(100).did(ActionKind::Disable, 60, Some(Cause::Expired)).out().note(20, Note::OutOfScope);
    let also_left = expired.note(13, Note::AlsoTaken { cause: Cause::LeftScope });
    let off = json!({"accountEnabled": false, "externalUserStateChangeDateTime": ago(100)});
    let plan = also_left.user(off).plan();
    let deletion = plan.actions.iter().chain(&plan.held_actions).next().expect("a deletion");
    assert_eq!((deletion.kind, deletion.cause), (ActionKind::Delete, Some(Cause::Expired)));
}

#[test]
fn what_expired_is_not_deleted_where_it_is_not_known_whether_it_still_is() {
    let expired = || {
        let taken = pending(100).did(ActionKind::Disable, 60, Some(Cause::Expired));
        taken.user(json!({"accountEnabled": false, "externalUserStateChangeDateTime": ago(100)}))
    };
    assert_eq!(expired().decides(), [ActionKind::Delete]);
    for (what, situation) in [
        (
            "redeemed automatically",
            Situation {
                invite: "",
                settings: CrossTenant { redeems_automatically: Tri::Yes, sync_allowed: Tri::No },
                ..expired()
            },
        ),
        (
            "not readable",
            Situation {
                invite: "",
                settings: CrossTenant { redeems_automatically: Tri::Unknown, sync_allowed: Tri::No },
                ..expired()
            },
        ),
        (
            "expiry is off",
            Situation { invite: "home_redeems_automatically = \"no\"\nexpire_after_days = 0", ..expired() },
        ),
    ] {
        assert_eq!(situation.decides(), [], "{what}");
    }
}

#[test]
fn roles_are_asked_for_singly_before_a_redemption_is_reset() {
    let changed = Situation {
        invite: "reset_on_address_change = true",
        ..accepted(50).user(json!({"mail": "new-0001@fabrikam.us"}))
    };
    let held = changed.with(|case, view| {
        let mut snapshot = view.snapshot.clone();
        snapshot.roles_of = [(id(PERSON), Tri::Yes)].into();
        let view = View { snapshot: &snapshot, ..view };
        decide(&Case::new(view, case.partner, case.person)).actions.len()
    });
    assert_eq!(held, 0, "though the lists of roles do not name the person");
}

#[test]
fn whom_usher_invited_for_a_partner_that_was_renamed_can_be_adopted_by_the_new_one() {
    let renamed = |scope| {
        let address = Address::parse("person-0001@fabrikam.us").ok();
        let mut situation = Situation { scope, ..accepted(50) };
        let note = Note::Adopted { domain: "fabrikam.us".into(), address, redeemed: true };
        situation.records = vec![Record::Noted { person: id(PERSON), partner: "old".into(), at: ago(50), note }];
        situation
    };
    let adopted = renamed("adopt = \"full\"").plan().notices;
    assert!(matches!(&adopted[..], [(_, Note::Adopted { .. })]), "{adopted:?}");
    assert!(renamed("").told().contains("former-partner"), "{}", renamed("").told());
}

#[test]
fn whoever_approved_a_disable_for_one_cause_did_not_approve_it_for_another() {
    let left = accepted(200).out().note(7, Note::OutOfScope).plan();
    let sign_in = Some(Dear::Read([(id(PERSON), ago(150))].into()));
    let inactive = Situation { more: "[partner.inactive]\ndisable_after_days = 90", sign_in, ..accepted(200) }.plan();
    let [left, inactive] = [&left, &inactive].map(|plan| plan.actions.iter().chain(&plan.held_actions).next().unwrap());
    assert_eq!((left.kind, &left.before, &left.after), (inactive.kind, &inactive.before, &inactive.after));
    assert_ne!(left.identity(), inactive.identity());
}

#[test]
fn what_waits_for_approval_does_not_use_up_the_day_of_what_goes_on() {
    let mut situation = Situation {
        more: "[partner.attributes]\ncompanyName = \"Contoso\"\n",
        invite: "groups = [\"00000000-0000-0000-0000-0000000000a3\"]",
        limits: "updates = 1",
        ..accepted(9)
    };
    let settings = crate::journal::record::Settings { scope: "x".into(), attributes: "another".into() };
    situation.records.push(Record::InForce { partner: "fabrikam-gov".into(), at: ago(50), settings });
    let plan = situation.plan();
    assert_eq!(plan.actions.iter().map(|action| action.kind).collect::<Vec<_>>(), [ActionKind::AddToGroup]);
    assert_eq!((plan.held_actions.len(), plan.changes_waiting), (1, 0));
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
fn above_the_ceiling_of_a_day_nothing_is_taken_away_without_approval() {
    let leaver = |limits| Situation { limits, ..accepted(100).out().note(7, Note::OutOfScope) };
    let counts = |situation: Situation| {
        let plan = situation.plan();
        (plan.actions.len(), plan.held_actions.len(), plan.held.map(|held| held.reason.name()))
    };
    assert_eq!(counts(leaver("disables = 1")), (1, 0, None));
    assert_eq!(counts(leaver("disables = 0")), (0, 1, Some("disables-ceiling")));
    let deletable = Situation { limits: "deletes = 0", ..disabled_by_usher(300) };
    assert_eq!(counts(deletable), (0, 1, Some("deletes-ceiling")));
    for (hours, expected) in [(23, (0, 1, Some("disables-ceiling"))), (25, (1, 0, None))] {
        let mut another = did(ActionKind::Disable, 0, Some(Cause::LeftScope));
        for record in &mut another {
            match record {
                Record::Intent(intent) => {
                    (intent.person, intent.at) = (id(COLLEAGUE), now() - SignedDuration::from_hours(hours))
                }
                Record::Outcome { step, .. } => step.person = id(COLLEAGUE),
                _ => {}
            }
        }
        let mut situation = leaver("disables = 1");
        situation.records.extend(another);
        assert_eq!(counts(situation), expected, "another's, {hours} hours ago, counts for a day");
    }
}

/// Each kind of step, with somebody for whom it is due.
fn due() -> [(ActionKind, Situation); 6] {
    let attributes = "[partner.attributes]\ncompanyName = \"Contoso\"";
    let joins = "groups = [\"00000000-0000-0000-0000-0000000000a3\"]";
    [
        (ActionKind::Resend, pending(8)),
        (ActionKind::Update, Situation { more: attributes, ..accepted(9) }),
        (ActionKind::AddToGroup, Situation { invite: joins, ..accepted(9) }),
        (ActionKind::Enable, Situation { in_group: true, ..disabled_by_usher(5) }),
        (ActionKind::Disable, accepted(100).out().note(7, Note::OutOfScope)),
        (ActionKind::Delete, disabled_by_usher(300)),
    ]
}

#[test]
fn what_could_not_be_read_of_a_person_stops_every_step() {
    for (step, situation) in due() {
        assert_eq!(situation.clone().decides(), [step]);
        for (what, evidence) in [
            ("whether the person is there", Evidence { exists: Tri::Unknown, ..FREE }),
            ("protected groups", Evidence { protected_group: Tri::Unknown, ..FREE }),
            ("directory roles", Evidence { directory_role: Tri::Unknown, ..FREE }),
        ] {
            assert_eq!(Situation { evidence, ..situation.clone() }.decides(), [], "{step:?} without {what}");
        }
    }
    let unread = Evidence { licensed: Tri::Unknown, ..FREE };
    assert_eq!(Situation { evidence: unread, ..disabled_by_usher(300) }.decides(), [], "licences");
}

#[test]
fn outside_the_pilot_no_step_is_taken() {
    for (step, situation) in due() {
        for (pilot, expected) in
            [("pilot = [\"person-0001@fabrikam.us\"]", vec![step]), ("pilot = [\"person-0009@fabrikam.us\"]", vec![])]
        {
            assert_eq!(Situation { pilot, ..situation.clone() }.decides(), expected, "{step:?} with {pilot}");
        }
    }
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
