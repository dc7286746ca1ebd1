//! The published example and schema, and that neither drifts from the code.

use super::{errors, parse};
use crate::config::formats::format;
use crate::config::{
    Access, Config, Inactive, Invite, Leave, Limits, Report, Setup, State, Trust, UserType, example, json_schema,
};
use serde_json::Value;
use std::path::PathBuf;

/// The example with its placeholders replaced.
fn filled() -> String {
    example()
        .replacen("<tenant id>", "11111111-1111-1111-1111-111111111111", 1)
        .replacen("<tenant id>", "22222222-2222-2222-2222-222222222222", 1)
        .replace("<object id>", "33333333-3333-3333-3333-333333333333")
}

/// With the settings switched on that the example has switched off.
fn switched_on(text: &str) -> String {
    let on = |line| match str::strip_prefix(line, '#') {
        Some(setting) if setting.starts_with(|c: char| c == '[' || c.is_ascii_alphabetic()) => setting,
        _ => line,
    };
    text.lines().map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_has_one_error_per_placeholder() {
    for (text, placeholders) in [(example().to_owned(), 2), (switched_on(example()), 3)] {
        let lines: Vec<_> = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.starts_with('#') && line.contains("\"<"))
            .map(|(number, _)| Some(number))
            .collect();
        assert_eq!(lines.len(), placeholders);
        let said: Vec<_> = errors(&text).iter().map(|error| error.line).collect();
        assert_eq!(said, lines);
    }
}

#[test]
fn the_example_says_the_defaults() {
    let config = parse(&filled()).unwrap();
    let least = r#"
        [tenant]
        id = "11111111-1111-1111-1111-111111111111"
        [[partner]]
        name = "fabrikam-gov"
        tenant_id = "22222222-2222-2222-2222-222222222222"
        cloud = "us-gov"
        scope.domains = ["fabrikam.us"]
    "#;
    assert_eq!(config.config_hash(), parse(least).unwrap().config_hash());
    assert_eq!(config.access, Access::default());
    assert_eq!(config.setup, Setup::default());
    assert_eq!(config.report, Report::default());
    assert_eq!(config.state, State::default());
    let partner = &config.partners[0];
    assert_eq!(partner.invite, Invite::default());
    assert_eq!(partner.leave, Leave::default());
    assert_eq!(partner.inactive, Inactive::default());
    assert_eq!(partner.limits, Limits::default());
    assert_eq!((&partner.trust, &partner.sync), (&None, &None));
}

#[test]
fn what_the_example_has_switched_off_is_right_too() {
    let config = parse(&switched_on(&filled())).unwrap();
    let partner = &config.partners[0];
    assert_eq!(partner.invite.show_in_address_list, Some(true));
    assert_eq!(partner.attributes.len(), 3);
    let on = Some(true);
    let all = Trust {
        inbound: on,
        outbound: on,
        trust_mfa: on,
        trust_compliant_device: on,
        trust_hybrid_joined_device: on,
        automatic_redemption: on,
        allow_sync_in: on,
    };
    assert_eq!(partner.trust, Some(all));
    let sync = partner.sync.as_ref().unwrap();
    assert_eq!((sync.user_type, sync.deletion_threshold, sync.watch), (UserType::Member, 500, true));
    // The same as with nothing but the groups.
    let least = filled() + "\n[partner.sync]\ngroups = [\"33333333-3333-3333-3333-333333333333\"]";
    assert_eq!(parse(&least).unwrap().partners[0].sync.as_ref(), Some(sync));
}

#[test]
fn the_example_has_every_key_but_single_attributes() {
    fn written(schema: &Value, tree: &Value, path: &str) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            let value = &tree[key];
            assert!(!value.is_null(), "{path} is not in the example");
            match (value, key.as_str()) {
                (_, "attributes") => {}
                (Value::Array(list), _) if property["items"]["type"] == "object" => {
                    written(&property["items"], &list[0], &path);
                }
                _ => written(property, value, &path),
            }
        }
    }
    let tree: Value = toml::from_str(&switched_on(example())).unwrap();
    written(&json_schema(), &tree, "");
}

#[test]
fn the_published_schema_is_the_generated_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../usher.schema.json");
    let schema = json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&schema).unwrap() + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let published: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        published == schema,
        "usher.schema.json is not what the types say. Write it anew: UPDATE_SCHEMA=1 cargo test -p usher-shared schema"
    );
}

#[test]
fn the_schema_uses_only_what_the_walk_reads_and_describes_every_key() {
    const READ: &[&str] = &[
        "$schema",
        "additionalProperties",
        "const",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minimum",
        "not",
        "oneOf",
        "properties",
        "required",
        "title",
        "type",
    ];
    fn check(schema: &Value, path: &str) {
        for keyword in schema.as_object().unwrap().keys() {
            assert!(READ.contains(&keyword.as_str()), "{path}: {keyword}");
        }
        if schema["type"] == "integer" {
            assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{path} has no range");
        } else if let Some(name) = schema["format"].as_str() {
            assert!(format(name).is_some(), "{path}: {name}");
        }
        if schema["items"].is_object() {
            check(&schema["items"], &format!("{path}[]"));
        }
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            let plain = path.starts_with(".partner[].attributes.");
            assert!(plain || property["description"].is_string(), "{path} has no description");
            check(property, &path);
        }
    }
    check(&json_schema(), "");
}

#[test]
fn what_is_loaded_can_be_written_and_read_again() {
    let config = parse(&switched_on(&filled())).unwrap();
    let again: Config = serde_json::from_value(serde_json::to_value(&config).unwrap()).unwrap();
    assert_eq!(again.config_hash(), config.config_hash());
}
