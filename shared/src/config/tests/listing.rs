//! How a list of errors reads, and that any text leads to one that helps.

use super::{changed, parse};
use crate::config::{Config, Environment, MODE, example};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// About ten mistakes of different kinds in one file.
fn spoilt() -> String {
    changed(&[
        (2, "id = \"<tenant id>\""),
        (3, "clod = \"us-gov\""),
        (4, "quota_percent = 500"),
        (9, "pilot = [\"person-0001 at contoso.com\"]"),
        (11, "domains = [\"contoso.com\", \"*.contoso.com\"]"),
        (12, "[partner.invite]\naddress = \"email\"\nresend_after_days = [14, 7]\nlanguage = \"english\""),
        (15, "name = \"contoso\""),
        (17, ""),
        (21, "previous_domains = [\"contoso.com\"]"),
    ])
}

#[test]
fn the_list_reads_well() {
    let environment: Environment = [(MODE, "aply")].into_iter().collect();
    let errors = Config::parse(&spoilt(), "usher.toml", &environment).unwrap_err();
    insta::assert_snapshot!(errors, @r#"
    usher.toml:2: tenant.id: this is still a placeholder. Write the tenant id that the Entra admin centre of that tenant shows under Overview.
    usher.toml:3: tenant.clod: this key is unknown. Did you mean cloud?
    usher.toml:4: tenant.quota_percent: 500 is out of range. Write a whole number from 1 to 100.
    usher.toml:9: partner[0].pilot[0] (contoso): an address is one name, one @ and one domain. Write one whole address, such as person-0001@fabrikam.us.
    usher.toml:11: partner[0].scope.domains[1] (contoso): "*.contoso.com" is a pattern, and domains are compared whole. List every domain and sub-domain by itself.
    usher.toml:13: partner[0].invite.address (contoso): "email" is none of mail, other-mails, on-premises-user-principal-name, extension-attribute-1, …, extension-attribute-15. Did you mean "mail"?
    usher.toml:14: partner[0].invite.resend_after_days[1] (contoso): 7 does not come after 14. Write the days in ascending order, each once.
    usher.toml:15: partner[0].invite.language (contoso): "english" is no language tag. Write one such as en-US, de-DE or fr.
    usher.toml:17: partner[1].cloud (contoso): this key is missing. Add cloud = "…" with one of global, us-gov, us-gov-dod, china. The cloud of the partner's tenant.
    usher.toml:18: partner[1].name (contoso): the partner on line 6 has the same name. Give each partner a name of its own; URLs and the journal know it by that.
    usher.toml:24: partner[1].scope.previous_domains[0] (contoso): contoso.com is already in domains of another partner on line 11. Keep it in one list of one partner: domains invites its people, previous_domains only keeps them.
    usher.toml: USHER_MODE: the environment variable is "aply", which is no mode. Set it to plan or apply, or remove it to use tenant.mode.
    "#);
}

#[test]
fn programs_get_the_same_list_as_json() {
    let errors = parse(&changed(&[(4, "quota_percent = 0"), (15, "name = \"contoso\"")])).unwrap_err();
    insta::assert_json_snapshot!(errors, @r#"
    {
      "file": "usher.toml",
      "errors": [
        {
          "key": "tenant.quota_percent",
          "line": 4,
          "message": "0 is out of range",
          "advice": "Write a whole number from 1 to 100."
        },
        {
          "key": "partner[1].name",
          "partner": "contoso",
          "line": 15,
          "message": "the partner on line 6 has the same name",
          "advice": "Give each partner a name of its own; URLs and the journal know it by that."
        }
      ]
    }
    "#);
}

fn assert_helpful(text: &str) {
    let Err(errors) = parse(text) else { return };
    assert!(!errors.errors.is_empty());
    for error in &errors.errors {
        assert!(!error.message.is_empty(), "{error:?}");
        assert!(error.advice.len() > 5, "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error:?}");
        // Types and schema never disagree: what is not about a key is about a line.
        let missing_section = ["tenant", "partner"].contains(&error.key.as_str());
        assert!(error.line.is_some() || missing_section, "{error:?}");
        assert!(error.line.is_none_or(|line| line <= text.matches('\n').count() + 1), "{error:?}");
    }
}

/// The same cases every time, and no files about failures.
fn always_the_same() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(20_261_122), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(always_the_same())]

    #[test]
    fn any_text_leads_to_helpful_errors(text in "(?s).{0,200}") {
        assert_helpful(&text);
    }

    #[test]
    fn any_mix_of_lines_leads_to_helpful_errors(lines in prop::collection::vec(line(), 0..12)) {
        assert_helpful(&lines.join("\n"));
    }

    #[test]
    fn any_slip_in_the_example_leads_to_helpful_errors(
        at in 0usize..200,
        slip in line(),
        instead in any::<bool>(),
    ) {
        let on = |line: &'static str| line.strip_prefix('#').unwrap_or(line);
        let mut lines: Vec<&str> = example().lines().map(on).collect();
        let at = at % lines.len();
        if instead {
            lines[at] = &slip;
        } else {
            lines.insert(at, &slip);
        }
        assert_helpful(&lines.join("\n"));
    }
}

/// A line of TOML that may be fine, of the wrong type, in the wrong place or broken.
fn line() -> impl Strategy<Value = String> {
    let header = prop::sample::select(vec![
        "[tenant]",
        "[[tenant]]",
        "[partner]",
        "[[partner]]",
        "[partner.scope]",
        "[partner.invite]",
        "[partner.sync]",
        "[[partner.sync]]",
        "[partner.attributes]",
    ]);
    let key = prop::sample::select(vec![
        "id",
        "name",
        "cloud",
        "domains",
        "groups",
        "waves",
        "partner",
        "invite",
        "pilot",
        "a.b.c",
        "\"\"",
        "resend_after_days",
        "attributes",
        "tenant_id",
        "quota_percent",
        "delete_after_days",
        "percent",
        "restore",
        "mode",
        "time_zone",
    ]);
    let value = prop::sample::select(vec![
        "\"\"",
        "\"x\"",
        "\"<x>\"",
        "\"*.contoso.com\"",
        "-1",
        "9999999999999999999999",
        "0xFF",
        "1.5",
        "true",
        "1979-05-27",
        "[]",
        "[1, \"x\", [\"y\"]]",
        "[\"a.com\", 5, \"*\"]",
        "{ id = 1 }",
        "[{ name = 1 }, 2]",
        "x",
        "'''",
        "\u{0}",
        "",
    ]);
    prop_oneof![
        header.prop_map(str::to_owned),
        (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        prop::sample::select(vec!["", "=", "[", "\"", "x"]).prop_map(str::to_owned),
    ]
}
