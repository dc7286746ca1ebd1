//! What is wrong with a configuration, for people and for programs.
//!
//! Responsible for: collecting findings with their places, and showing them. Not responsible for: finding anything.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigErrors {
    /// The file as it was named.
    pub file: String,
    /// What is wrong, in the order of the file. Never empty.
    pub errors: Vec<ConfigError>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// Where: `partner[0].scope.domains`, the name of an environment variable, or nothing for the file itself.
    pub key: String,
    /// The partner's name, where it is a partner's key and the name is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The line in the file, from 1; none for what is not in the file.
    pub line: Option<usize>,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it, in whole sentences.
    pub advice: String,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if let Some(line) = error.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": {error}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), &self.partner) {
            ("", _) => {}
            (key, None) => write!(f, "{key}: ")?,
            (key, Some(partner)) => write!(f, "{key} ({partner}): ")?,
        }
        write!(f, "{}. {}", self.message, self.advice)
    }
}

impl std::error::Error for ConfigErrors {}
impl std::error::Error for ConfigError {}

/// A text of the file for a message: in quotes, escaped and not endless.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
    }
}

/// What was found so far, and where each key of the file is.
#[derive(Default)]
pub(super) struct Findings {
    errors: Vec<ConfigError>,
    lines: BTreeMap<String, usize>,
    stand_ins: Vec<String>,
    broken: BTreeSet<usize>,
}

impl Findings {
    /// Remembers the line of a key.
    pub(super) fn locate(&mut self, path: &str, line: usize) {
        self.lines.insert(path.to_owned(), line);
    }

    /// The line of a key, or else of the nearest section around it that is written.
    pub(super) fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }

    /// Reports what is wrong with one key by itself. Whatever is judged after this sees a stand-in for its value. On a
    /// line that is no TOML the parser's guess is not judged.
    pub(super) fn key(&mut self, path: &str, message: impl Into<String>, advice: impl Into<String>) {
        self.stand_ins.push(path.to_owned());
        let line = self.line(path);
        if line.is_none_or(|line| !self.broken.contains(&line)) {
            self.push(path.to_owned(), line, message.into(), advice.into());
        }
    }

    /// Reports what is wrong with the first of the keys in view of the others. Nothing is said when the value of one of
    /// them is a stand-in: a finding about that would be made up.
    pub(super) fn contradiction(&mut self, paths: &[&str], message: impl Into<String>, advice: impl Into<String>) {
        if let Some(first) = paths.first()
            && !paths.iter().any(|path| self.has_stand_in(path))
        {
            self.push((*first).to_owned(), self.line(first), message.into(), advice.into());
        }
    }

    /// Reports what is wrong with an environment variable.
    pub(super) fn variable(&mut self, name: &str, message: impl Into<String>, advice: impl Into<String>) {
        self.push(name.to_owned(), None, message.into(), advice.into());
    }

    /// Reports what is wrong with the file as a whole.
    pub(super) fn file(&mut self, message: impl Into<String>, advice: impl Into<String>) {
        self.push(String::new(), None, message.into(), advice.into());
    }

    /// Reports a line that is no TOML. Only the first error of a line is said: the parser stumbles on from there.
    pub(super) fn syntax(&mut self, line: usize, message: String, advice: &str) {
        if self.broken.insert(line) {
            self.push(String::new(), Some(line), message, advice.to_owned());
        }
    }

    fn push(&mut self, key: String, line: Option<usize>, message: String, advice: String) {
        self.errors.push(ConfigError { key, partner: None, line, message, advice });
    }

    fn has_stand_in(&self, path: &str) -> bool {
        self.stand_ins.iter().any(|stand_in| is_within(stand_in, path) || is_within(path, stand_in))
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All findings in the order of the file; what has no line comes last. `name` tells a partner's name by its index.
    pub(super) fn into_errors(mut self, file: &str, name: impl Fn(usize) -> Option<String>) -> ConfigErrors {
        for error in &mut self.errors {
            let index = error.key.strip_prefix("partner[").and_then(|rest| rest.split(']').next());
            error.partner = index.and_then(|index| index.parse().ok()).and_then(&name);
        }
        self.errors.sort_by_key(|error| error.line.unwrap_or(usize::MAX));
        ConfigErrors { file: file.to_owned(), errors: self.errors }
    }
}

/// Whether `inner` is `outer` or something in it.
fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
