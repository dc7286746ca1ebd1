//! function.json: the functions of the app and their bindings.
//!
//! Responsible for: reading one folder per function, and refusing a function whose binding the host would not index or
//! this stand-in does not simulate. As in the real host, one bad function does not stop the others.
//!
//! Not responsible for: running functions.

use super::IndexingError;
use super::config::HostConfig;
use super::ncrontab::Schedule;
use super::route::Template;
use super::text::expand;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::path::Path;

/// One function that the host serves.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) trigger: Trigger,
    pub(super) outputs: Vec<Output>,
}

/// What starts a function, and the name under which it finds its data.
#[derive(Clone, Debug)]
pub(super) enum Trigger {
    Timer(TimerTrigger),
    Queue { binding: String, queue: String },
    Http(HttpTrigger),
}

/// What starts a timer function.
#[derive(Clone, Debug)]
pub(super) struct TimerTrigger {
    pub(super) binding: String,
    pub(super) schedule: Schedule,
    /// Whether the host keeps a status of it.
    pub(super) monitored: bool,
}

/// What starts an HTTP function.
#[derive(Clone, Debug)]
pub(super) struct HttpTrigger {
    pub(super) binding: String,
    pub(super) route: Template,
    /// In upper case; empty means all.
    pub(super) methods: Vec<String>,
    pub(super) level: Level,
}

/// The key that a caller of an HTTP function must show.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Anonymous,
    #[default]
    Function,
    Admin,
}

/// Where a function's output goes, and the name under which it gives it.
#[derive(Clone, Debug)]
pub(super) enum Output {
    Queue { binding: String, queue: String },
    Http { binding: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FunctionJson {
    bindings: Vec<Binding>,
    #[serde(rename = "$schema")]
    _schema: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Binding {
    TimerTrigger {
        name: String,
        #[serde(rename = "direction")]
        _direction: In,
        schedule: String,
        #[serde(default = "yes")]
        use_monitor: bool,
        #[serde(default)]
        run_on_startup: bool,
    },
    QueueTrigger {
        name: String,
        #[serde(rename = "direction")]
        _direction: In,
        queue_name: String,
        #[serde(rename = "connection")]
        _connection: String,
    },
    HttpTrigger {
        name: String,
        #[serde(rename = "direction")]
        _direction: In,
        #[serde(default)]
        auth_level: Level,
        #[serde(default)]
        methods: Vec<String>,
        route: Option<String>,
    },
    Queue {
        name: String,
        #[serde(rename = "direction")]
        _direction: Out,
        queue_name: String,
        #[serde(rename = "connection")]
        _connection: String,
    },
    Http {
        name: String,
        #[serde(rename = "direction")]
        _direction: Out,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum In {
    In,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Out {
    Out,
}

fn yes() -> bool {
    true
}

/// Reads all functions below the app root, in the order of their names, with the app's settings.
pub(super) fn load(
    app_root: &Path,
    config: &HostConfig,
    settings: &BTreeMap<String, String>,
) -> Result<(Vec<Function>, Vec<IndexingError>)> {
    let mut folders = Vec::new();
    let entries = std::fs::read_dir(app_root).with_context(|| format!("reading {}", app_root.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.join("function.json").is_file() {
            folders.push(path);
        }
    }
    folders.sort();
    let mut functions = Vec::new();
    let mut errors = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        match read(&folder, &name, config, settings) {
            Ok(function) => functions.push(function),
            Err(error) => errors.push(IndexingError { function: name.into_owned(), message: format!("{error:#}") }),
        }
    }
    Ok((functions, errors))
}

fn read(folder: &Path, name: &str, config: &HostConfig, settings: &BTreeMap<String, String>) -> Result<Function> {
    check_name(name)?;
    let text = std::fs::read_to_string(folder.join("function.json"))?;
    let json: FunctionJson = serde_json::from_str(&text).context("function.json")?;
    let mut triggers = Vec::new();
    let mut outputs = Vec::new();
    for binding in json.bindings {
        match binding {
            Binding::TimerTrigger { name: binding, schedule, use_monitor, run_on_startup, .. } => {
                ensure!(!run_on_startup, "runOnStartup is not simulated: it is not for production");
                let schedule = Schedule::parse(&resolve(&schedule, settings)?)?;
                triggers.push(Trigger::Timer(TimerTrigger {
                    monitored: use_monitor && !schedule.is_below_a_minute(),
                    binding,
                    schedule,
                }));
            }
            Binding::QueueTrigger { name: binding, queue_name, .. } => {
                triggers.push(Trigger::Queue { queue: queue(&queue_name, config, settings)?, binding })
            }
            Binding::HttpTrigger { name: binding, auth_level, methods, route, .. } => {
                triggers.push(Trigger::Http(HttpTrigger {
                    binding,
                    route: Template::parse(route.as_deref().unwrap_or(name))?,
                    methods: methods.iter().map(|m| m.to_uppercase()).collect(),
                    level: auth_level,
                }))
            }
            Binding::Queue { name: binding, queue_name, .. } => {
                outputs.push(Output::Queue { queue: queue(&queue_name, config, settings)?, binding })
            }
            Binding::Http { name: binding, .. } => {
                ensure!(binding != "$return", "$return is not simulated");
                outputs.push(Output::Http { binding });
            }
        }
    }
    let trigger = triggers.pop().context("there is no trigger")?;
    ensure!(triggers.is_empty(), "there is more than one trigger");
    let answers = outputs.iter().filter(|output| matches!(output, Output::Http { .. })).count();
    ensure!(
        answers == usize::from(matches!(trigger, Trigger::Http(_))),
        "an HTTP trigger needs exactly one HTTP output, and only it can have one"
    );
    Ok(Function { name: name.to_owned(), trigger, outputs })
}

fn check_name(name: &str) -> Result<()> {
    let mut letters = name.chars();
    let valid = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && name.len() <= 128
        && !name.eq_ignore_ascii_case("host");
    ensure!(valid, "\"{name}\" is not a valid function name");
    Ok(())
}

/// Resolves `%SETTING%` as the host does; a setting that is missing stops the function from being indexed.
fn resolve(text: &str, settings: &BTreeMap<String, String>) -> Result<String> {
    let (text, missing) = expand(text, |name| settings.get(name).cloned());
    if let Some(name) = missing.first() {
        bail!("%{name}% does not resolve to a value");
    }
    Ok(text)
}

fn queue(name: &str, config: &HostConfig, settings: &BTreeMap<String, String>) -> Result<String> {
    ensure!(config.has_bundle, "queue bindings are not registered: host.json has no extensionBundle");
    let name = resolve(name, settings)?;
    let valid = (3..=63).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    ensure!(valid, "\"{name}\" is not a valid queue name");
    Ok(name)
}
