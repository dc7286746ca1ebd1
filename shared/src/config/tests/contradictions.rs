//! What only several keys together can get wrong.

use super::{Case, assert_said};

#[test]
fn partners_are_other_tenants_each_once() {
    assert_said(&[
        Case {
            changes: &[(7, "tenant_id = \"11111111-1111-1111-1111-111111111111\"")],
            said: &[(7, "partner[0].tenant_id", "this tenant itself")],
        },
        Case { changes: &[(15, "name = \"contoso\"")], said: &[(15, "partner[1].name", "line 6 has the same name")] },
        Case {
            changes: &[(16, "tenant_id = \"22222222-2222-2222-2222-222222222222\"")],
            said: &[(16, "partner[1].tenant_id", "line 7 is the same tenant")],
        },
        Case { changes: &[(8, "cloud = \"china\"")], said: &[(8, "partner[0].cloud", "us-gov and in china")] },
        Case { changes: &[(3, "cloud = \"china\"")], said: &[] },
    ]);
}

#[test]
fn a_domain_is_in_one_list_of_one_partner() {
    assert_said(&[
        Case {
            changes: &[(20, "domains = [\"fabrikam.us\", \"CONTOSO.com\"]")],
            said: &[(
                20,
                "partner[1].scope.domains[1]",
                "contoso.com is already in domains of another partner on line 11",
            )],
        },
        Case {
            changes: &[(21, "previous_domains = [\"contoso.com\"]")],
            said: &[(21, "partner[1].scope.previous_domains[0]", "already in domains of another partner")],
        },
        Case {
            changes: &[(12, "previous_domains = [\"fabrikam.us\"]")],
            said: &[(20, "partner[1].scope.domains[0]", "already in previous_domains of another partner on line 12")],
        },
        Case {
            changes: &[(12, "previous_domains = [\"x.contoso.com\"]"), (21, "previous_domains = [\"x.contoso.com\"]")],
            said: &[(21, "partner[1].scope.previous_domains[0]", "already in previous_domains of another partner")],
        },
        Case {
            changes: &[(12, "previous_domains = [\"contoso.com\"]")],
            said: &[(12, "partner[0].scope.previous_domains[0]", "already in domains of this partner on line 11")],
        },
        Case { changes: &[(11, "domains = [\"contoso.com\", \"Contoso.com\"]")], said: &[] },
    ]);
}

#[test]
fn groups_do_not_defeat_each_other() {
    assert_said(&[
        Case {
            changes: &[(
                12,
                "groups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]\n\
                exclude_groups = [\"AAAAAAAA-0000-0000-0000-000000000001\"]",
            )],
            said: &[(13, "partner[0].scope.exclude_groups[0]", "scope.groups too on line 12")],
        },
        Case {
            changes: &[
                (4, "protected_group = \"aaaaaaaa-0000-0000-0000-000000000001\""),
                (12, "groups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]"),
            ],
            said: &[(12, "partner[0].scope.groups[0]", "protected group")],
        },
        Case {
            changes: &[
                (4, "protected_group = \"aaaaaaaa-0000-0000-0000-000000000001\""),
                (12, "exclude_groups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]"),
            ],
            said: &[],
        },
        Case {
            changes: &[
                (4, "protected_group = \"aaaaaaaa-0000-0000-0000-000000000001\""),
                (12, "[partner.invite]\ngroups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]"),
            ],
            said: &[(13, "partner[0].invite.groups[0]", "protected group")],
        },
        Case {
            // Another partner's exclusion counts too.
            changes: &[
                (12, "[partner.invite]\ngroups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]"),
                (21, "exclude_groups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]"),
            ],
            said: &[(13, "partner[0].invite.groups[0]", "partner[1].scope.exclude_groups[0] on line 22")],
        },
        Case {
            changes: &[(
                12,
                "groups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]\n\
                [partner.invite]\ngroups = [\"aaaaaaaa-0000-0000-0000-000000000001\"]",
            )],
            said: &[(14, "partner[0].invite.groups[0]", "decides who is in scope")],
        },
    ]);
}

#[test]
fn the_pilot_is_within_the_domains() {
    assert_said(&[
        Case {
            changes: &[(9, "pilot = [\"person-0001@contoso.com\", \"person-0001@fabrikam.us\"]")],
            said: &[(9, "partner[0].pilot[1]", "none of the partner's domains")],
        },
        Case {
            changes: &[(9, "pilot = [\"P@old.contoso.com\"]"), (12, "previous_domains = [\"old.contoso.com\"]")],
            said: &[],
        },
        Case { changes: &[(9, "pilot = [\"person-0001@contoso.com\", \"Person-0001@Contoso.com\"]")], said: &[] },
    ]);
}

#[test]
fn reminders_ascend_and_come_before_the_end() {
    assert_said(&[
        Case {
            changes: &[(12, "[partner.invite]\nresend_after_days = [14, 7, 7]")],
            said: &[
                (13, "partner[0].invite.resend_after_days[1]", "7 does not come after 14"),
                (13, "partner[0].invite.resend_after_days[2]", "7 does not come after 7"),
            ],
        },
        Case {
            changes: &[(12, "[partner.invite]\nresend_after_days = [7, 30, 60]")],
            said: &[
                (13, "partner[0].invite.resend_after_days[1]", "day 30 is not before expire_after_days = 30"),
                (13, "partner[0].invite.resend_after_days[2]", "day 60"),
            ],
        },
        Case { changes: &[(12, "[partner.invite]\nresend_after_days = [7, 60]\nexpire_after_days = 0")], said: &[] },
        Case {
            // The default list, and an expiry before it: said at the key that is written.
            changes: &[(12, "[partner.invite]\nexpire_after_days = 10")],
            said: &[(12, "partner[0].invite.resend_after_days[1]", "day 14")],
        },
    ]);
}

#[test]
fn the_journal_outlives_the_clocks() {
    assert_said(&[
        Case {
            changes: &[(4, "[state]\nkeep_journal_days = 30")],
            said: &[
                (6, "partner[0].invite.expire_after_days", "30 days"),
                (6, "partner[0].leave.delete_after_days", "30 days"),
                (15, "partner[1].invite.expire_after_days", "30 days"),
                (15, "partner[1].leave.delete_after_days", "30 days"),
            ],
        },
        Case {
            changes: &[(12, "[partner.leave]\ndelete_after_days = 400")],
            said: &[(13, "partner[0].leave.delete_after_days", "kept 400 days")],
        },
        Case { changes: &[(4, "[state]\nkeep_journal_days = 31")], said: &[] },
    ]);
}

#[test]
fn mappings_that_the_synchronization_refuses_are_said() {
    assert_said(&[Case {
        changes: &[(
            12,
            r#"[partner.sync]
groups = ["44444444-4444-4444-4444-444444444444"]
[partner.sync.attributes]
department = "department"
proxyAddresses = "mail"
userType = "guest"
title = ""
city = "userType""#,
        )],
        said: &[
            (16, "partner[0].sync.attributes.proxyAddresses", "target"),
            (17, "partner[0].sync.attributes.userType", "user_type"),
            (18, "partner[0].sync.attributes.title", "empty"),
            (19, "partner[0].sync.attributes.city", "source"),
        ],
    }]);
}

#[test]
fn the_teams_webhook_is_not_a_plain_one() {
    assert_said(&[Case {
        changes: &[(4, "[report]\nwebhooks = [\"TEAMS_WEBHOOK_URL\"]")],
        said: &[(5, "report.webhooks[0]", "Teams card")],
    }]);
}

#[test]
fn what_is_wrong_by_itself_leads_to_no_made_up_contradiction() {
    assert_said(&[
        Case {
            changes: &[(7, "tenant_id = \"x\""), (16, "tenant_id = \"x\""), (2, "id = \"x\"")],
            said: &[(2, "tenant.id", ""), (7, "partner[0].tenant_id", ""), (16, "partner[1].tenant_id", "")],
        },
        Case {
            changes: &[(11, "domains = [\"*.contoso.com\"]"), (20, "domains = [\"*.fabrikam.us\"]")],
            said: &[(11, "partner[0].scope.domains[0]", ""), (20, "partner[1].scope.domains[0]", "")],
        },
        Case {
            changes: &[(12, "[partner.invite]\nresend_after_days = [40]\nexpire_after_days = \"60\"")],
            said: &[(14, "partner[0].invite.expire_after_days", "found a text")],
        },
        Case {
            changes: &[(9, "pilot = [\"person-0001@contoso.com\"]"), (11, "domains = \"contoso.com\"")],
            said: &[(11, "partner[0].scope.domains", "found a text")],
        },
    ]);
}
