//! What pages have to name, held against the code: every guard, refusal, error, reason, permission and variable.

use super::text::{quoted, repository};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use usher_shared::config::{Config, Environment};
use usher_shared::graph::catalogue;
use usher_shared::people::guard::HeldReason;
use usher_shared::people::reason::Reason;
use usher_shared::permissions::{self, Duties};

const OPERATE: &str = include_str!("../../../docs/operate.md");
const REASONS: &str = include_str!("../../../docs/reasons.md");
const SECURITY: &str = include_str!("../../../docs/security.md");
const CONFIGURE: &str = include_str!("../../../docs/configure.md");

/// Texts in capitals with `_` in the code that name no variable of an operator's.
const NO_VARIABLES: &[(&str, &str)] = &[
    ("CARGO_MANIFEST_DIR", "of cargo"),
    ("CARGO_PKG_VERSION", "of cargo"),
    ("NOT_NAMED", "a name of a test"),
    ("NO_URL", "a name of a test"),
    ("UPDATE_OPENAPI", "of a test; CONTRIBUTING.md tells"),
    ("UPDATE_SCHEMA", "of a test; CONTRIBUTING.md tells"),
    ("USER_INBOUND_USER", "a word of Microsoft's synchronization"),
    ("WITH_USER", "the same"),
];

/// Every file of the program, with its text; tests are not in it.
fn sources() -> Result<Vec<(String, String)>> {
    fn below(folder: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    below(&path, found)?;
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("app_tests.rs") {
                let text = fs::read_to_string(&path)?;
                let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((path.display().to_string(), program));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    for folder in ["shared/src", "functions"] {
        below(&repository().join(folder), &mut found)?;
    }
    Ok(found)
}

/// The texts that stand right behind `before` in a source, blanks left out.
fn behind<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

fn is_kebab(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// The error codes of usher's own, as the sources have them.
fn error_codes() -> Result<BTreeSet<String>> {
    let mut codes = BTreeSet::new();
    for (path, text) in sources()? {
        // Microsoft's codes have a page and a test of their own.
        if path.ends_with("sync/known.rs") {
            continue;
        }
        let mut of_file: Vec<_> = behind(&text, "code: ").chain(behind(&text, "\"code\": ")).collect();
        if path.contains("functions/commands/") {
            of_file.extend(behind(&text, "error(global, ").chain(behind(&text, "tell(global, ")));
            of_file.extend(behind(&text, "error(\n            global,").chain(behind(&text, "failed(")));
            of_file.extend(behind(&text, "global,\n"));
        }
        if path.ends_with("commands/output.rs") || path.ends_with("shared/src/report.rs") {
            of_file.extend(behind(&text, "=> (").chain(behind(&text, "{ (")));
        }
        if path.ends_with("teams/webhook.rs") {
            of_file.extend(behind(&text, "=> "));
        }
        codes.extend(of_file.into_iter().filter(|code| is_kebab(code)).map(str::to_owned));
    }
    Ok(codes)
}

/// The names of refusals over HTTP, from the published contract.
fn titles() -> Result<BTreeSet<String>> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(names) = value.pointer("/title/enum").and_then(Value::as_array) {
            found.extend(names.iter().filter_map(|name| name.as_str().map(str::to_owned)));
        }
        match value {
            Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
            Value::Object(map) => map.values().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(&serde_json::from_str(include_str!("../../../docs/openapi.json"))?, &mut found);
    Ok(found)
}

#[test]
fn the_page_about_operating_names_every_guard_refusal_alarm_and_error() -> Result<()> {
    let named = quoted(OPERATE);
    let alarms: BTreeSet<_> = sources()?
        .iter()
        .filter(|(path, _)| path.ends_with("outbox/alarm.rs"))
        .flat_map(|(_, text)| {
            behind(text, "cause: ").chain(behind(text, "of_partner(")).map(str::to_owned).collect::<Vec<_>>()
        })
        .chain(["held".to_owned(), "circuit-open".to_owned()])
        .collect();
    let (codes, titles) = (error_codes()?, titles()?);
    ensure!(codes.len() > 20 && titles.len() > 20 && alarms.len() == 6, "{codes:?}\n{titles:?}\n{alarms:?}");
    let held = HeldReason::ALL.iter().map(|reason| reason.name().to_owned());
    let refusals = catalogue::all().map(|refusal| refusal.name.to_owned());
    let all = held.chain(refusals).chain(alarms).chain(codes).chain(titles);
    let missing: BTreeSet<_> = all.filter(|name| !named.contains(name)).collect();
    ensure!(missing.is_empty(), "docs/operate.md does not name {missing:?}");
    Ok(())
}

#[test]
fn whom_a_refusal_is_for_stands_as_it_is() -> Result<()> {
    for refusal in catalogue::all() {
        let scope = match refusal.scope {
            catalogue::Scope::Person => "person",
            catalogue::Scope::Partner => "partner",
            catalogue::Scope::Tenant => "everybody",
        };
        let row = format!("| `{}` | {scope} | ", refusal.name);
        ensure!(OPERATE.contains(&row), "docs/operate.md has to have a row {row}");
    }
    Ok(())
}

#[test]
fn every_reason_is_told_as_usher_tells_it() {
    let row = |reason: &Reason| {
        let needs = if reason.needs_a_person() { "yes" } else { "" };
        format!("| `{}` | {} | {needs} | {} |\n", reason.name(), reason.text(), reason.advice())
    };
    let table: String = Reason::ALL.iter().map(row).collect();
    assert!(REASONS.contains(&table), "docs/reasons.md has to show this table:\n{table}");
}

#[test]
fn every_permission_stands_with_its_reason_and_none_that_nothing_needs() -> Result<()> {
    let group = "33333333-1111-4111-8111-111111111111";
    let all = format!(
        "[tenant]\nid = \"{group}\"\n[[partner]]\nname = \"p\"\ntenant_id = \"22222222-1111-4111-8111-111111111111\"\n\
         cloud = \"us-gov\"\n[partner.scope]\ndomains = [\"fabrikam.us\"]\n[partner.invite]\ngroups = [\"{group}\"]\n\
         [partner.inactive]\ndisable_after_days = 90\n[partner.sync]\ngroups = [\"{group}\"]\n"
    );
    let config =
        Config::parse(&all, "usher.toml", &Environment::default()).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let needed = permissions::needed(&config, Duties::Lifecycle);
    for permission in &needed {
        let row = format!("| `{}` | {} | ", permission.name, permission.why);
        ensure!(SECURITY.contains(&row), "docs/security.md has to have a row {row}");
    }
    let (_, table) = SECURITY.split_once("| permission | for |").context("the table")?;
    let (table, _) = table.split_once("\n\n").context("its end")?;
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let surplus: Vec<_> = rows
        .filter(|name| !needed.iter().any(|one| one.name == *name) && !permissions::is_of_use(&config, name))
        .collect();
    ensure!(surplus.is_empty(), "nothing needs {surplus:?}");
    Ok(())
}

#[test]
fn every_variable_that_is_read_is_in_the_table() -> Result<()> {
    let mut variables = BTreeSet::new();
    for (_, text) in sources()? {
        let is_variable = |text: &&str| {
            text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        // Between every second pair of quotes there is a text; comments hold none of these.
        variables.extend(text.split('"').filter(is_variable).filter(|text| text.len() > 4).map(str::to_owned));
    }
    for (name, _) in NO_VARIABLES {
        variables.remove(*name);
    }
    ensure!(variables.len() > 15, "{variables:?}");
    let named = quoted(CONFIGURE);
    let missing: Vec<_> = variables.iter().filter(|name| !named.contains(*name)).collect();
    ensure!(missing.is_empty(), "docs/configure.md does not name {missing:?}");
    Ok(())
}

#[test]
fn every_key_of_the_configuration_is_named() -> Result<()> {
    fn keys(schema: &Value, section: &str, found: &mut BTreeSet<String>) {
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            let value = value.get("items").unwrap_or(value);
            // What may stand in `[partner.attributes]` is Graph's.
            match value["properties"].is_object() && key != "attributes" {
                true => keys(value, key, found),
                false => _ = found.insert(format!("{section}.{key}")),
            }
        }
    }
    let mut found = BTreeSet::new();
    keys(&serde_json::from_str(include_str!("../../../usher.schema.json"))?, "", &mut found);
    ensure!(found.len() > 60, "{found:?}");
    let named = quoted(CONFIGURE);
    let missing: Vec<_> = found.iter().filter(|key| !named.contains(*key)).collect();
    ensure!(missing.is_empty(), "docs/configure.md does not name {missing:?}");
    Ok(())
}
