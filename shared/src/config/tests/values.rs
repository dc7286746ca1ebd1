//! What single texts can get wrong, and what must not be refused.

use super::{Case, assert_said, changed, errors, parse};
use crate::config::{AddressSource, Wave};

#[test]
fn placeholders_are_named_as_such_with_where_to_find_the_value() {
    let places = [
        (2, "id = \"<tenant id>\"", "Overview"),
        (2, "id = \"00000000-0000-0000-0000-000000000000\"", "Overview"),
        (2, "id = \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"", "Overview"),
        (4, "protected_group = \"TODO\"", "group"),
        (4, "[setup]\nclient_id = \"<client id>\"", "Application (client) ID"),
        (7, "tenant_id = \"<tenant id>\"", "Overview"),
        (12, "[partner.invite]\nsponsors = [\"<object id>\"]", "user or group"),
        (12, "[partner.sync]\ngroups = [\"<object id>\"]", "group in this tenant"),
        (11, "domains = [\"<domain>\"]", "real value"),
    ];
    for (line, text, advice) in places {
        let errors = errors(&changed(&[(line, text)]));
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert_eq!(errors[0].message, "this is still a placeholder", "{text}");
        assert!(errors[0].advice.contains(advice), "{text}: {}", errors[0].advice);
    }
}

#[test]
fn ids_have_one_spelling() {
    assert_said(&[
        Case { changes: &[(2, "id = \"1111\"")], said: &[(2, "tenant.id", "no id")] },
        Case { changes: &[(2, "id = \"\"")], said: &[(2, "tenant.id", "no id")] },
        Case { changes: &[(2, "id = \"{11111111-1111-1111-1111-111111111111}\"")], said: &[(2, "tenant.id", "no id")] },
        Case { changes: &[(2, "id = \"11111111111111111111111111111111\"")], said: &[(2, "tenant.id", "no id")] },
        Case { changes: &[(4, "protected_group = \"admins\"")], said: &[(4, "tenant.protected_group", "no id")] },
    ]);
}

#[test]
fn domains_are_whole_domains_and_each_mistake_has_its_own_advice() {
    let mistakes = [
        ("*.contoso.com", "pattern", "List every"),
        ("^contoso\\\\.com$", "pattern", "List every"),
        (".contoso.com", "dot", "Leave the dot out"),
        ("@contoso.com", "@", "follows the @"),
        ("person-0001@contoso.com", "@", "pilot"),
        ("https://contoso.com", "URL", "domain alone"),
        ("contoso.com/", "URL", "domain alone"),
        ("contoso.com, fabrikam.us", "more than one", "quotes of its own"),
        ("contoso", "whole domain", "whole domain"),
        ("", "whole domain", "whole domain"),
    ];
    for (domain, message, advice) in mistakes {
        let errors = errors(&changed(&[(11, &format!("domains = [\"{domain}\"]"))]));
        assert_eq!(errors.len(), 1, "{domain}: {errors:?}");
        assert_eq!((errors[0].line, errors[0].key.as_str()), (Some(11), "partner[0].scope.domains[0]"));
        assert!(errors[0].message.contains(message), "{domain}: {}", errors[0].message);
        assert!(errors[0].advice.contains(advice), "{domain}: {}", errors[0].advice);
    }
    let config = parse(&changed(&[(11, "domains = [\"Contoso.onmicrosoft.com\", \"bücher.example\"]")])).unwrap();
    let partner = config.partner("contoso").unwrap();
    assert!(partner.domain_is_listed("contoso.onmicrosoft.com"));
    assert!(partner.domain_is_listed("xn--bcher-kva.example"));
}

#[test]
fn texts_of_other_formats_are_judged() {
    assert_said(&[
        Case { changes: &[(6, "name = \"Contoso Ltd\"")], said: &[(6, "partner[0].name", "URLs")] },
        Case { changes: &[(6, "name = \"\"")], said: &[(6, "partner[0].name", "URLs")] },
        Case {
            changes: &[(6, "name = \"a123456789-123456789-123456789-123456789-\"")],
            said: &[(6, "partner[0].name", "URLs")],
        },
        Case {
            changes: &[(4, "[access]\napprover_role = \"Usher approvers\"")],
            said: &[(5, "access.approver_role", "app role")],
        },
        Case {
            changes: &[(4, "[report]\ntime_zone = \"Mars/Olympus\"")],
            said: &[(5, "report.time_zone", "Mars/Olympus")],
        },
        Case {
            changes: &[(
                4,
                "[report]\nwebhook_hosts = [\"https://contoso.com\", \".contoso.com\", \"com\", \"contoso.com\"]",
            )],
            said: &[
                (5, "report.webhook_hosts[0]", "domain of a host"),
                (5, "report.webhook_hosts[1]", "domain of a host"),
                (5, "report.webhook_hosts[2]", "domain of a host"),
            ],
        },
        Case {
            changes: &[(4, "[report]\nwebhooks = [\"CHANGES_WEBHOOK_2\", \"changes\", \"2_HOOK\"]")],
            said: &[
                (5, "report.webhooks[1]", "environment variable"),
                (5, "report.webhooks[2]", "environment variable"),
            ],
        },
        Case {
            changes: &[(12, "[partner.invite]\nlanguage = \"english\"\nredirect_url = \"http://contoso.com\"")],
            said: &[
                (13, "partner[0].invite.language", "language tag"),
                (14, "partner[0].invite.redirect_url", "no https URL"),
            ],
        },
        Case {
            changes: &[(12, "[partner.limits]\nwaves = [\"0\", \"0%\", \"101%\", \"ten\", \"+1\", \"1 %\", \"100%\"]")],
            said: &[
                (13, "partner[0].limits.waves[0]", "nobody"),
                (13, "partner[0].limits.waves[1]", "nobody"),
                (13, "partner[0].limits.waves[2]", "100 %"),
                (13, "partner[0].limits.waves[3]", "number of people"),
                (13, "partner[0].limits.waves[4]", "number of people"),
                (13, "partner[0].limits.waves[5]", "number of people"),
            ],
        },
        Case {
            changes: &[(9, "pilot = [\"person-0001@contoso.com\", \"person-0002\", \"a@contoso.com,b@contoso.com\"]")],
            said: &[(9, "partner[0].pilot[1]", "one name, one @"), (9, "partner[0].pilot[2]", "more than one address")],
        },
    ]);
}

#[test]
fn attributes_are_writable_texts_that_one_value_makes_sense_for() {
    assert_said(&[
        Case {
            changes: &[(
                12,
                "[partner.attributes]\ncompanyName = \"\"\nusageLocation = \"US\"\nextensionAttribute15 = \"x\"",
            )],
            said: &[],
        },
        Case {
            changes: &[(12, "[partner.attributes]\ncompanyname = \"Contoso\"\nextensionAttribute16 = \"x\"")],
            said: &[
                (13, "partner[0].attributes.companyname", "unknown"),
                (14, "partner[0].attributes.extensionAttribute16", "unknown"),
            ],
        },
        Case {
            changes: &[(12, "[partner.attributes]\ndisplayName = \"x\"\nuserType = \"Member\"")],
            said: &[
                (13, "partner[0].attributes.displayName", "cannot be kept"),
                (14, "partner[0].attributes.userType", "cannot be kept"),
            ],
        },
        Case {
            changes: &[(12, "[partner.attributes]\nonPremisesExtensionAttributes.extensionAttribute1 = \"x\"")],
            said: &[(13, "partner[0].attributes.onPremisesExtensionAttributes", "cannot be kept")],
        },
        Case {
            changes: &[(12, "[partner.attributes]\nusageLocation = \"\"\npreferredLanguage = \"english\"\ncity = 5")],
            said: &[
                (13, "partner[0].attributes.usageLocation", "country code"),
                (14, "partner[0].attributes.preferredLanguage", "language tag"),
                (15, "partner[0].attributes.city", "expected a text"),
            ],
        },
    ]);
    let long = "x".repeat(65);
    let errors = errors(&changed(&[(12, &format!("[partner.attributes]\ncompanyName = \"{long}\""))]));
    assert_eq!(errors[0].message, "the text has 65 characters");
    let near = super::errors(&changed(&[(12, "[partner.attributes]\ncompanyname = \"Contoso\"")]));
    assert_eq!(near[0].advice, "Did you mean companyName?");
}

#[test]
fn what_might_be_personal_or_secret_is_not_repeated() {
    let text = changed(&[
        (
            4,
            "[report]\nwebhook_hosts = [\"https://contoso.com/?sig=hush\"]\n\
            webhooks = [\"https://contoso.com/?sig=hush\"]",
        ),
        (9, "pilot = [\"hush hush@contoso.com\", \"<hush@contoso.com>\"]"),
        (12, "[partner.invite]\nredirect_url = \"http://hush\""),
    ]);
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.errors.len(), 5, "{errors}");
    assert!(!errors.to_string().contains("hush"), "{errors}");
}

#[test]
fn waves_and_address_sources_are_printed_as_they_are_written() {
    for wave in [Wave::People(10), Wave::Percent(100)] {
        assert_eq!(wave.to_string().parse(), Ok(wave));
    }
    assert_eq!(AddressSource::all().count(), 18);
    for source in AddressSource::all() {
        assert_eq!(source.to_string().parse(), Ok(source));
    }
    assert_eq!("extension-attribute-7".parse(), Ok(AddressSource::ExtensionAttribute(7)));
}

#[test]
fn a_listed_host_covers_itself_and_what_is_below_it_only() {
    let config = parse(&changed(&[(4, "[report]\nwebhook_hosts = [\"contoso.com\"]")])).unwrap();
    assert!(config.report.host_is_listed("contoso.com"));
    assert!(config.report.host_is_listed("hooks.contoso.com"));
    assert!(!config.report.host_is_listed("evilcontoso.com"));
    assert!(!config.report.host_is_listed("contoso.com.fabrikam.us"));
}

#[test]
fn people_land_in_my_apps_of_this_tenant_unless_told_otherwise() {
    let config = parse(&changed(&[(12, "[partner.invite]\nredirect_url = \"https://contoso.com/welcome\"")])).unwrap();
    let urls: Vec<_> = config.partners.iter().map(|partner| config.redirect_url(partner)).collect();
    let my_apps = "https://myapps.microsoft.us/?tenantid=11111111-1111-1111-1111-111111111111";
    assert_eq!(urls, ["https://contoso.com/welcome", my_apps]);
}
