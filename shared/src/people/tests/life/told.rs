//! Every outcome with its reason, in words an administrator understands.

use super::*;

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
        ("disabled by usher and then by a person", {
            Situation { blocked_by: Some(Actor::Person), blocked: 3, in_group: true, ..disabled_by_usher(5) }
        }),
        (
            "the same, and its block is noted",
            Situation { blocked_by: Some(Actor::Person), ..disabled_by_usher(5).note(1, Note::TakenOver) },
        ),
        ("out of scope outside the pilot", {
            Situation { pilot: "pilot = [\"person-0009@fabrikam.us\"]", ..accepted(100).out() }
        }),
        ("a value was written today", {
            Situation {
                more: "[partner.attributes]\ncompanyName = \"Contoso\"",
                ..accepted(9).did(ActionKind::Update, 0, None)
            }
        }),
        ("a value was written and is not shown", {
            Situation {
                more: "[partner.attributes]\ncompanyName = \"Contoso\"",
                ..accepted(9).did(ActionKind::Update, 2, None)
            }
        }),
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
    pending for too long: pending -> disable: The account will be disabled; above a ceiling, or after a change of the scope, once somebody approves that.
    converted, pending for too long: pending -> expired-conversion: The person has not redeemed in time; Entra Connect masters the account, so it is not taken away, and no more mail is sent. Ask the person, or send the invitation again by `usher provision`.
    converted, not shown yet: unconfirmed -> unconfirmed: An earlier step was sent, and the directory does not show what became of it; nothing is done before two readings show that.
    accepted: accepted -> accepted: The person is an external user already and has redeemed the invitation.
    another address: accepted -> address-changed: The person's address is another one than was invited, and invite.reset_on_address_change is off. Set invite.reset_on_address_change, or reset the redemption by hand.
    another value: accepted -> update: Values will be written that differ from the configuration.
    another value, synced: accepted -> mastered-on-premises: A value differs from the configuration, but Entra Connect masters it. Change it at the account's master.
    another value, synchronization allowed: accepted -> synchronization-allowed: The partner may push people here by cross-tenant synchronization, which may own the person, so usher neither changes nor takes away. Say whose such people are: `usher sync readiness --owner usher`, or `--owner synchronization`. Or set allow_sync_in = false in [partner.trust] if it is not used.
    a group is missing: accepted -> add-to-group: The person will be put into a group.
    out of scope, first seen now: accepted -> leaving: The person is out of scope, and the days of grace run. Nothing, or bring the person back into scope.
    out of scope for 3 days: accepted -> leaving: The person is out of scope, and the days of grace run. Nothing, or bring the person back into scope.
    out of scope for 7 days: accepted -> disable: The account will be disabled; above a ceiling, or after a change of the scope, once somebody approves that.
    the same, synced: accepted -> synced-left: The rules would disable the person, but Entra Connect masters the account and leave.synced is report. Remove the person at the master, or set leave.synced to disable.
    the same, with a role: accepted -> directory-role: The person holds a directory role, or could activate one.
    the same, in the protected group: accepted -> protected-group: The person is in the protected group.
    the same, whom others invited: accepted -> follow-only: Somebody else invited the person, and scope.adopt is not full, so the leave rules do not apply.
    disabled by usher: disabled by usher -> taken-away: usher disabled the account, and no further step is due.
    disabled by usher for 30 days: disabled by usher -> delete: The account will be deleted softly; above a ceiling, or after a change of the scope, once somebody approves that.
    the same, licensed: disabled by usher -> licensed: A licence is assigned, or may be, and licensed people are not deleted. Take the licence away.
    disabled by usher, in scope again: disabled by usher -> enable: The account will be enabled again: usher had disabled it, and the cause has ended.
    the same, restore is off: disabled by usher -> restore-off: The person is in scope again, but leave.restore is off. Enable the account by hand, or set leave.restore.
    enabled by somebody after usher: accepted -> reenabled-by-person: usher had disabled the account, or kept to it that it was disabled, and somebody enabled it; that is left so. `usher release` forgets that decision, and the rules apply again.
    not shown disabled yet: accepted -> not-shown-yet: The directory does not show yet what usher did last.
    restored by somebody after usher: disabled by usher -> restored-by-person: usher had taken the account away, and somebody gave it back; that is left so, although it is disabled now. `usher release` forgets that decision, and the rules apply again.
    deleted by usher: deleted by usher -> deleted-scope-unknown: The account is deleted softly, and groups of deleted accounts cannot be read, so it is not known whether the person is in scope. `usher provision` restores the person.
    deleted by usher, scope by domain: deleted by usher -> restore: The account will be restored: usher had deleted it, and the cause has ended.
    deleted by others: deleted by elsewhere -> deleted: The account is deleted softly, and is not to be restored by the rules. Restore it in the portal within 30 days if the person shall come back.
    disabled by usher and then by a person: disabled by person -> blocked-by-person: A person disabled the account, by the audit log; that is left so, and the account is not deleted either. `usher release` forgets that decision, and the leave rules go on.
    the same, and its block is noted: disabled by person -> blocked-by-person: A person disabled the account, by the audit log; that is left so, and the account is not deleted either. `usher release` forgets that decision, and the leave rules go on.
    out of scope outside the pilot: accepted -> outside-pilot: A pilot list is set and the person is not on it. Add the person to pilot, or empty the list.
    a value was written today: accepted -> not-shown-yet: The directory does not show yet what usher did last.
    a value was written and is not shown: accepted -> value-not-kept: usher wrote the configured values, and the directory still shows others; they are written again after 30 days. Graph takes some values and does not keep or show them, such as showInAddressList; or somebody changes them back. Leave the key out of the configuration, or correct the account.
    blocked by a person: disabled by person -> blocked-by-person: A person disabled the account, by the audit log; that is left so, and the account is not deleted either. `usher release` forgets that decision, and the leave rules go on.
    disabled by another tool: disabled by elsewhere -> disabled-elsewhere: Somebody else disabled the account; usher gives back only what it took away itself.
    disabled by Entra Connect: disabled by sync -> disabled-by-sync: Entra Connect masters the account and has disabled it.
    no sign-in for 100 days: accepted -> disable: The account will be disabled; above a ceiling, or after a change of the scope, once somebody approves that.
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
    retirement-requested no: nobody asked for it
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
