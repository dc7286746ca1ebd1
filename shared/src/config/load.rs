//! From a file to a configuration, or to everything that is wrong with it.
//!
//! Responsible for: the order of the steps and what each failure stops. Not responsible for: any rule about a key.

use super::checks;
use super::environment::{Environment, TEAMS_WEBHOOK_URL};
use super::errors::{ConfigErrors, Findings};
use super::schema::json_schema;
use super::settings::Config;
use super::walk::{Lines, Walk};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;
use toml::de::DeTable;

/// Made once: making it takes longer than reading a file by it.
static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with the file and with the environment variables that belong to it.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigErrors> {
        let file = path.display().to_string();
        let unreadable = |message: String, advice: &str| {
            let mut findings = Findings::default();
            findings.file(message, advice);
            Err(findings.into_errors(&file, |_| None))
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                return unreadable(
                    format!("the file cannot be read: {error}"),
                    "Make it from usher.example.toml, or name another with --config or USHER_CONFIG.",
                );
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return unreadable(
                "the file is not UTF-8 text".to_owned(),
                "Save it as UTF-8; Windows PowerShell writes UTF-16 unless told otherwise.",
            );
        };
        let mut config = Self::parse(&text, &file, environment)?;
        config.source = Some(path.to_owned());
        Ok(config)
    }

    /// Reads the text of a file; `file` is how errors name it.
    ///
    /// # Errors
    /// Everything that is wrong with the text and with the environment variables that belong to it.
    pub fn parse(text: &str, file: &str, environment: &Environment) -> Result<Self, ConfigErrors> {
        let mut findings = Findings::default();
        let mut config = Self::from_text(text, &mut findings);
        if let Some(mode) = environment.mode(&mut findings) {
            config.iter_mut().for_each(|config| config.tenant.mode = mode);
        }
        let named = config.iter().flat_map(|config| &config.report.webhooks).map(String::as_str);
        let secrets = BTreeSet::from_iter(named.chain([TEAMS_WEBHOOK_URL]))
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), environment.secret(name, &mut findings)?)))
            .collect();
        match config {
            Some(mut config) if findings.is_empty() => {
                config.secrets = secrets;
                Ok(config)
            }
            config => Err(findings.into_errors(file, |index| {
                let name = &config.as_ref()?.partners.get(index)?.name;
                (!name.is_empty()).then(|| name.clone())
            })),
        }
    }

    /// What the text says, with stand-ins for what is wrong with it.
    fn from_text(text: &str, findings: &mut Findings) -> Option<Self> {
        let lines = Lines::new(text);
        let (table, syntax) = DeTable::parse_recoverable(text);
        let complete = syntax.is_empty();
        for error in &syntax {
            let line = lines.of(error.span().map_or(0, |span| span.start));
            let message = error.message().replace('\n', ", ");
            let advice = if message.contains("duplicate") {
                "Keep one of the two."
            } else {
                "Correct it first: contradictions show only once the whole file can be read."
            };
            findings.syntax(line, message, advice);
        }
        let tree = Walk { schema: &SCHEMA, lines: &lines, findings, complete }.file(table.get_ref());
        match serde_json::from_value(tree) {
            Ok(config) => {
                if complete {
                    checks::contradictions(&config, findings);
                }
                Some(config)
            }
            Err(error) => {
                findings.file(error.to_string(), "Compare the file with usher.example.toml.");
                None
            }
        }
    }
}
