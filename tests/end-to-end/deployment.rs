//! What stands on two sides of the deployment under one name: in `infra/`, and in the functions, the program or its pages.
//!
//! Bicep is read as text here, as far as names go. Not here: whether it is Bicep; `tests/infra` checks that.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use usher_shared::telemetry::metrics;

const MAIN: &str = include_str!("../../infra/main.bicep");
const APP: &str = include_str!("../../infra/modules/app.bicep");
const STORAGE: &str = include_str!("../../infra/modules/storage.bicep");
const ACCESS: &str = include_str!("../../infra/modules/access.bicep");
const ALERTS: &str = include_str!("../../infra/modules/alerts.bicep");
const AVAILABILITY: &str = include_str!("../../infra/availability.bicep");
const WORKBOOK: &str = include_str!("../../infra/workbook.json");
const SCRIPT: &str = include_str!("../../infra/deploy.sh");
const PAGE: &str = include_str!("../../docs/deploy.md");
const PIPELINES: [&str; 2] =
    [include_str!("../../.github/workflows/deploy.yml"), include_str!("../../azure-pipelines.yml")];

/// Settings that the platform reads, and nobody else.
const OF_THE_PLATFORM: &[&str] = &[
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "FUNCTIONS_WORKER_RUNTIME",
    "WEBSITE_RUN_FROM_PACKAGE",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Each function with its `function.json`.
fn functions() -> Result<BTreeMap<String, Value>> {
    let mut functions = BTreeMap::new();
    for entry in fs::read_dir(repository().join("functions"))? {
        let path = entry?.path();
        if let (Ok(text), Some(name)) = (fs::read_to_string(path.join("function.json")), path.file_name()) {
            functions.insert(name.to_string_lossy().into_owned(), serde_json::from_str(&text)?);
        }
    }
    ensure!(functions.len() > 10, "{functions:?}");
    Ok(functions)
}

/// What the bindings of all functions say under a key.
fn bound(functions: &BTreeMap<String, Value>, key: &str) -> BTreeSet<String> {
    let bindings = functions.values().filter_map(|function| function["bindings"].as_array()).flatten();
    bindings.filter_map(|binding| binding[key].as_str().map(str::to_owned)).collect()
}

/// The app settings that the Bicep makes: no parameter or property is called in capitals.
fn settings() -> BTreeSet<&'static str> {
    let is_setting = |name: &&str| {
        name.starts_with("AzureWebJobsStorage__")
            || name.contains('_') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let code = [MAIN, APP].into_iter().flat_map(str::lines).filter(|line| !line.starts_with("//"));
    let keys = code.flat_map(|line| line.split(": ")).filter_map(|before| before.split([' ', '{', '(']).next_back());
    keys.filter(is_setting).collect()
}

/// What stands between quotes on the line that begins so.
fn quoted(text: &'static str, begins: &str) -> Result<Vec<&'static str>> {
    let line = text.lines().find_map(|line| line.strip_prefix(begins)).with_context(|| begins.to_owned())?;
    Ok(line.split('\'').skip(1).step_by(2).collect())
}

/// Every file of the program in one text.
fn program() -> Result<String> {
    fn below(folder: &Path, text: &mut String) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("tests") {
                below(&path, text)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(fs::read_to_string(&path)?.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
            }
        }
        Ok(())
    }
    let mut text = String::new();
    for folder in ["shared/src", "functions"] {
        below(&repository().join(folder), &mut text)?;
    }
    Ok(text)
}

/// What stands behind each `before` in a text, up to `end`.
fn behind<'a>(text: &'a str, before: &'a str, end: &'a str) -> BTreeSet<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

#[test]
fn every_setting_that_a_function_names_is_set_and_no_timer_has_two_names() -> Result<()> {
    let (functions, settings) = (functions()?, settings());
    let texts: Vec<_> = functions.values().map(Value::to_string).collect();
    let named: BTreeSet<_> = texts.iter().flat_map(|text| text.split('%').skip(1).step_by(2)).collect();
    let set: BTreeSet<_> = settings.iter().copied().filter(|name| name.ends_with("_SCHEDULE")).collect();
    ensure!(named == set && named.len() == 3, "{named:?} and {set:?}");
    for connection in bound(&functions, "connection") {
        for what in ["queueServiceUri", "clientId", "credential"] {
            ensure!(settings.contains(format!("{connection}__{what}").as_str()), "{connection}: {settings:?}");
        }
    }
    Ok(())
}

#[test]
fn every_setting_that_is_set_is_read_by_the_program_or_the_platform() -> Result<()> {
    let (settings, program) = (settings(), program()?);
    for name in ["USHER_MODE", "USHER_STATE", "TEAMS_WEBHOOK_URL", "AZURE_CLIENT_ID"] {
        ensure!(settings.contains(name), "{name} is not set: {settings:?}");
    }
    for name in settings.iter().filter(|name| !name.starts_with("AzureWebJobsStorage__")) {
        let is_read = program.contains(&format!("\"{name}\"")) || OF_THE_PLATFORM.contains(name);
        ensure!(is_read, "nobody reads {name}");
    }
    for name in OF_THE_PLATFORM {
        ensure!(settings.contains(name), "{name} is not set any more");
    }
    Ok(())
}

#[test]
fn the_queues_and_containers_that_are_used_are_made_and_no_others() -> Result<()> {
    let made: BTreeSet<_> = quoted(STORAGE, "var queueNames = ")?.into_iter().map(str::to_owned).collect();
    ensure!(made == bound(&functions()?, "queueName") && made.len() == 2, "{made:?}");
    let containers: BTreeSet<_> = quoted(STORAGE, "var containerNames = ")?.into_iter().collect();
    let behind_endpoint = |text| behind(text, "primaryEndpoints.blob}", "'");
    let mut used = behind_endpoint(STORAGE);
    ensure!(used.len() == 1 && MAIN.contains("USHER_STATE: storage.outputs.stateUrl"), "{used:?}");
    used.extend(behind_endpoint(APP));
    used.extend(behind(SCRIPT, "--container-name ", " "));
    ensure!(used == containers, "{used:?} and {containers:?}");
    let of_deployer = behind(ACCESS, "resource releases 'containers' existing = {\n      name: '", "'");
    ensure!(of_deployer == behind(SCRIPT, "--container-name ", " "), "{of_deployer:?}");
    Ok(())
}

#[test]
fn the_workbook_shows_metrics_and_fields_that_usher_has_and_reads_the_log_as_alerts_do() -> Result<()> {
    let workbook: Value = serde_json::from_str(WORKBOOK)?;
    let items = workbook["items"].as_array().context("items")?;
    let queries: Vec<_> = items.iter().filter_map(|item| item["content"]["query"].as_str()).collect();
    let log = quoted(ALERTS, "var log = ")?.join("");
    ensure!(log.contains("AppTraces") && log.contains("FunctionAppLogs"), "{log}");
    let ended = fs::read_to_string(repository().join("functions/work/mod.rs"))?;
    let (mut shown, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for query in &queries {
        let names = behind(query, "Name == \"", "\"");
        ensure!(
            names.len() == 1 && query.starts_with("AppMetrics ") || query.starts_with(&format!("{log} | where ")),
            "{query}"
        );
        for attribute in behind(query, "Properties[\"", "\"") {
            let known = metrics::ALL.iter().any(|metric| metric.attributes.contains(&attribute));
            ensure!(known, "no metric has {attribute}");
        }
        shown.extend(names);
        fields.extend(behind(query, "extract(@\"", "="));
    }
    let unknown: Vec<_> =
        shown.iter().filter(|name| !metrics::ALL.iter().any(|metric| metric.name == **name)).collect();
    ensure!(unknown.is_empty() && shown.len() > 10, "usher has no {unknown:?}");
    for field in &fields {
        ensure!(ended.contains(&format!("{field} = ")), "no line that ends a run has {field}");
    }
    ensure!(fields.len() == 6, "{fields:?}");
    Ok(())
}

#[test]
fn what_is_called_from_outside_is_there() -> Result<()> {
    let functions = functions()?;
    let routes = bound(&functions, "route");
    for (text, end) in [(AVAILABILITY, "'"), (SCRIPT, "\"")] {
        let called = behind(text, "/api/", end);
        ensure!(called.len() == 1 && called.iter().all(|route| routes.contains(*route)), "{called:?} of {routes:?}");
    }
    let keyed = behind(SCRIPT, "--function-name ", " ");
    ensure!(keyed.len() == 1 && keyed.iter().all(|name| functions.contains_key(*name)), "{keyed:?}");
    ensure!(keyed == behind(AVAILABILITY, "/api/", "'"), "the key opens what is called");
    let (_, body) = AVAILABILITY.split_once("base64('").context("a body")?;
    let body: Value = serde_json::from_str(body.split('\'').next().unwrap_or_default())?;
    let api: Value = serde_json::from_str(include_str!("../../docs/openapi.json"))?;
    let schema = &api["paths"]["/api/run"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let jobs = schema["properties"]["job"]["oneOf"].as_array().context("jobs")?;
    ensure!(jobs.iter().any(|job| job["const"] == body["job"]), "{body} is none of {jobs:?}");
    Ok(())
}

#[test]
fn each_cloud_reads_the_same_variables_which_page_script_and_pipelines_name() -> Result<()> {
    let mut of_clouds = BTreeMap::new();
    for entry in fs::read_dir(repository().join("infra/env"))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let read: BTreeSet<_> =
            behind(&text, "readEnvironmentVariable('", "'").into_iter().map(str::to_owned).collect();
        // Whatever takes only Entra tokens gets nothing where these are not taken.
        ensure!(text.contains("entraOnlyIngestion = true") == (name == "global"), "{name}");
        ensure!(behind(SCRIPT, "    ", ")").iter().any(|clouds| clouds.split(" | ").any(|one| one == name)), "{name}");
        of_clouds.insert(name, read);
    }
    let all = of_clouds.get("global").context("global")?;
    ensure!(of_clouds.len() == 4 && of_clouds.values().all(|read| read == all), "{of_clouds:?}");
    for name in all {
        if name == "USHER_DEPLOY_MODE" {
            ensure!(SCRIPT.contains(&format!("export {name}=")), "{name}");
            continue;
        }
        ensure!(PAGE.contains(&format!("| `{name}` |")), "docs/deploy.md does not name {name}");
        // A secret does not go through pipelines.
        let everywhere = PIPELINES.iter().all(|pipeline| pipeline.contains(name));
        ensure!(everywhere != (name == "USHER_WEBHOOK_URL"), "{name}");
    }
    Ok(())
}

#[test]
fn both_sides_of_application_insights_hang_on_one_switch_and_nothing_of_the_app_is_only_made_sometimes() {
    assert!(include_str!("../../infra/modules/monitoring.bicep").contains("DisableLocalAuth: entraOnlyIngestion\n"));
    assert!(APP.contains("entraOnlyIngestion ? { APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "));
    // What a deployment does not name stays as it is, so a sign-in could not be switched off.
    assert!(!APP.contains(" = if "), "every resource is named by every deployment");
    let windows = |text: &'static str| {
        let (before, _) = text.split_once("param noGoodRunHours").expect("the parameter");
        before.lines().last().expect("its windows")
    };
    assert_eq!(windows(MAIN), windows(ALERTS));
}
