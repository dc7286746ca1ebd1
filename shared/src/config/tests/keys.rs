//! What one key can get wrong by itself.

use super::{Case, assert_said, changed, errors, parse};

#[test]
fn unknown_keys_are_named_with_what_was_meant() {
    let cases = [
        ("clod = \"us-gov\"", "Did you mean cloud?"),
        ("protected-group = \"\"", "Did you mean protected_group?"),
        ("approver_role = \"x\"", "It belongs in [access]."),
        ("resend_after_days = [7]", "It belongs in [partner.invite]."),
        ("teams_webhook_url = \"https://contoso.com\"", "TEAMS_WEBHOOK_URL"),
        ("zzz = 1", "Known here: cloud, id,"),
    ];
    for (line, advice) in cases {
        let errors = errors(&changed(&[(4, line)]));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].line, Some(4));
        assert!(errors[0].advice.contains(advice), "{line}: {}", errors[0].advice);
    }
}

#[test]
fn unknown_sections_are_named() {
    assert_said(&[
        Case { changes: &[(4, "[repport]\nx = 1")], said: &[(4, "repport", "unknown")] },
        Case { changes: &[(12, "[partner.limit]")], said: &[(12, "partner[0].limit", "unknown")] },
        Case { changes: &[(12, "[partner.trust]\nmfa = true")], said: &[(13, "partner[0].trust.mfa", "unknown")] },
    ]);
}

#[test]
fn wrong_types_are_said_in_words() {
    assert_said(&[
        Case {
            changes: &[(4, "quota_percent = \"50\"")],
            said: &[(4, "tenant.quota_percent", "expected a whole number, found a text")],
        },
        Case {
            changes: &[(4, "quota_percent = 50.5")],
            said: &[(4, "tenant.quota_percent", "a number with a fraction")],
        },
        Case { changes: &[(2, "id = 5")], said: &[(2, "tenant.id", "expected a text, found a whole number")] },
        Case { changes: &[(4, "mode = true")], said: &[(4, "tenant.mode", "expected a text, found true or false")] },
        Case { changes: &[(9, "pilot = \"x@contoso.com\"")], said: &[(9, "partner[0].pilot", "expected a list")] },
        Case {
            changes: &[(9, "pilot = [\n1979-05-27\n]")],
            said: &[(10, "partner[0].pilot[0]", "found a date or time")],
        },
        Case { changes: &[(9, "invite = 3")], said: &[(9, "partner[0].invite", "expected a section")] },
        Case {
            changes: &[(12, "[partner.leave]\nrestore = \"yes\"")],
            said: &[(13, "partner[0].leave.restore", "expected true or false")],
        },
        Case {
            changes: &[(12, "[partner.limits]\nwaves = [10]")],
            said: &[(13, "partner[0].limits.waves[0]", "expected a text")],
        },
    ]);
}

#[test]
fn brackets_that_are_single_or_double_by_mistake_are_said() {
    let single = "[tenant]\nid = \"11111111-1111-1111-1111-111111111111\"\n[partner]\nname = \"contoso\"";
    let said = errors(single);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((said[0].line, said[0].advice.as_str()), (Some(3), "Write [[partner]], with double brackets."));
    let double = errors(&changed(&[(1, "[[tenant]]")]));
    assert_eq!((double[0].line, double[0].advice.as_str()), (Some(1), "Write [tenant] once, with single brackets."));
}

#[test]
fn missing_keys_are_said_where_they_belong() {
    assert_said(&[
        Case { changes: &[(2, "")], said: &[(1, "tenant.id", "missing")] },
        Case { changes: &[(6, "")], said: &[(5, "partner[0].name", "missing")] },
        Case { changes: &[(7, "")], said: &[(5, "partner[0].tenant_id", "missing")] },
        Case { changes: &[(8, "")], said: &[(5, "partner[0].cloud", "missing")] },
        Case { changes: &[(11, "")], said: &[(10, "partner[0].scope.domains", "missing")] },
        Case { changes: &[(10, ""), (11, "")], said: &[(5, "partner[0].scope", "missing")] },
        Case { changes: &[(12, "[partner.sync]")], said: &[(12, "partner[0].sync.groups", "missing")] },
    ]);
    let empty = errors("");
    let keys: Vec<_> = empty.iter().map(|error| (error.key.as_str(), error.line)).collect();
    assert_eq!(keys, [("tenant", None), ("partner", None)]);
    assert!(empty[1].advice.contains("[[partner]]"), "{}", empty[1].advice);
}

#[test]
fn lists_that_are_empty_or_too_long_are_said() {
    assert_said(&[
        Case { changes: &[(11, "domains = []")], said: &[(11, "partner[0].scope.domains", "empty")] },
        Case {
            changes: &[(12, "[partner.sync]\ngroups = []\nflow = []")],
            said: &[(13, "partner[0].sync.groups", "empty"), (14, "partner[0].sync.flow", "empty")],
        },
        Case {
            changes: &[(
                12,
                r#"[partner.invite]
sponsors = [
  "aaaaaaaa-0000-0000-0000-000000000001",
  "aaaaaaaa-0000-0000-0000-000000000002",
  "aaaaaaaa-0000-0000-0000-000000000003",
  "aaaaaaaa-0000-0000-0000-000000000004",
  "aaaaaaaa-0000-0000-0000-000000000005",
  "aaaaaaaa-0000-0000-0000-000000000006",
]"#,
            )],
            said: &[(13, "partner[0].invite.sponsors", "6 entries")],
        },
    ]);
}

#[test]
fn values_outside_of_an_enumeration_are_said_with_all_that_are_allowed() {
    assert_said(&[
        Case {
            changes: &[(3, "cloud = \"gcc-high\"")],
            said: &[(3, "tenant.cloud", "global, us-gov, us-gov-dod, china")],
        },
        Case { changes: &[(4, "mode = \"Apply\"")], said: &[(4, "tenant.mode", "plan, apply")] },
        Case {
            changes: &[(4, "[report]\npersonal_data = \"all\"")],
            said: &[(5, "report.personal_data", "none, names, addresses")],
        },
        Case {
            changes: &[(11, "domains = [\"contoso.com\"]\nadopt = \"yes\"")],
            said: &[(12, "partner[0].scope.adopt", "none, follow, full")],
        },
        Case {
            changes: &[(
                12,
                "[partner.invite]\naddress = \"extension-attribute-16\"\nuser_type = \"Guest\"\n\
                home_redeems_automatically = \"true\"",
            )],
            said: &[
                (13, "partner[0].invite.address", "mail, other-mails, on-premises-user-principal-name"),
                (14, "partner[0].invite.user_type", "guest, member"),
                (15, "partner[0].invite.home_redeems_automatically", "yes, no, unknown"),
            ],
        },
        Case {
            changes: &[(12, "[partner.leave]\nsynced = \"delete\"")],
            said: &[(13, "partner[0].leave.synced", "report, disable")],
        },
        Case {
            changes: &[(
                12,
                "[partner.sync]\ngroups = [\"44444444-4444-4444-4444-444444444444\"]\nflow = [\"add\", \"remove\"]",
            )],
            said: &[(14, "partner[0].sync.flow[1]", "add, update, delete")],
        },
    ]);
    let near = errors(&changed(&[(3, "cloud = \"us_gov\"")]));
    assert_eq!(near[0].advice, "Did you mean \"us-gov\"?");
}

#[test]
fn numbers_out_of_range_are_said() {
    assert_said(&[
        Case {
            changes: &[(4, "invitations_per_minute = 1201\nquota_percent = 0")],
            said: &[
                (4, "tenant.invitations_per_minute", "1201 is out of range"),
                (5, "tenant.quota_percent", "0 is out of range"),
            ],
        },
        Case {
            changes: &[(4, "quota_percent = 99999999999999999999999999")],
            said: &[(4, "tenant.quota_percent", "out of range")],
        },
        Case {
            changes: &[(4, "[report]\nno_good_run_after_hours = 0\n[state]\nkeep_journal_days = 29")],
            said: &[(5, "report.no_good_run_after_hours", "0"), (7, "state.keep_journal_days", "29")],
        },
        Case {
            changes: &[(12, "[partner.invite]\nresend_after_days = [0, 7]\nexpire_after_days = -1")],
            said: &[
                (13, "partner[0].invite.resend_after_days[0]", "0"),
                (14, "partner[0].invite.expire_after_days", "-1"),
            ],
        },
        Case {
            changes: &[(
                12,
                "[partner.leave]\ndisable_after_days = 0\ndelete_after_days = 3651\n\
                [partner.inactive]\ndisable_after_days = 0xFFFF",
            )],
            said: &[
                (13, "partner[0].leave.disable_after_days", "0"),
                (14, "partner[0].leave.delete_after_days", "3651"),
                (16, "partner[0].inactive.disable_after_days", "out of range"),
            ],
        },
        Case {
            changes: &[(12, "[partner.limits]\npercent = 101\nminimum_people = 0\ndeletes = -5")],
            said: &[
                (13, "partner[0].limits.percent", "101"),
                (14, "partner[0].limits.minimum_people", "0"),
                (15, "partner[0].limits.deletes", "-5"),
            ],
        },
        Case {
            changes: &[(
                12,
                "[partner.sync]\ngroups = [\"44444444-4444-4444-4444-444444444444\"]\ndeletion_threshold = -1",
            )],
            said: &[(14, "partner[0].sync.deletion_threshold", "-1")],
        },
    ]);
}

#[test]
fn syntax_errors_are_said_with_what_can_be_judged_besides() {
    assert_said(&[
        Case { changes: &[(3, "cloud = us-gov")], said: &[(3, "", "quoted")] },
        Case { changes: &[(3, "cloud = \"global\"\ncloud = \"china\"")], said: &[(4, "", "duplicate")] },
        Case {
            // Whether the key that is broken is missing cannot be known.
            changes: &[(6, "name = contoso"), (11, "domains = [\"*.contoso.com\"]")],
            said: &[(6, "", ""), (11, "partner[0].scope.domains[0]", "pattern")],
        },
    ]);
    assert!(parse("[tenant").is_err());
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_read_over() {
    let text = format!("\u{feff}{}", changed(&[(4, "quota_percent = 0")]).replace('\n', "\r\n"));
    let errors = errors(&text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].line, errors[0].key.as_str()), (Some(4), "tenant.quota_percent"));
}
