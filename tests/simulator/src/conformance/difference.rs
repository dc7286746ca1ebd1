//! What differs between an exchange and the schema, and a report over many exchanges.
//!
//! Responsible for: saying it exactly, once per cause. Not responsible for: finding it.

use crate::cloud::Cloud;
use std::collections::HashMap;
use std::fmt;

/// The part of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The method with the path.
    Path,
    /// The query options.
    Query,
    /// The body that was sent.
    Request,
    /// The body that was answered.
    Response,
}

/// One place where an exchange is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The method.
    pub method: String,
    /// The path, with `{id}` in place of keys as far as it could be understood.
    pub path: String,
    /// Which part of the exchange.
    pub part: Part,
    /// Where in that part: a JSON path (`$.value[3].mail`), a query option (`$select`), or empty.
    pub at: String,
    /// What the schema says.
    pub says: String,
    /// What was there instead.
    pub found: String,
}

impl Difference {
    /// The place with `[]` for every index, the same for all items of a collection.
    pub fn place_without_indices(&self) -> String {
        let mut place = String::with_capacity(self.at.len());
        let mut inside = false;
        for c in self.at.chars() {
            match c {
                '[' => inside = true,
                ']' => inside = false,
                _ if inside => continue,
                _ => {}
            }
            place.push(c);
        }
        place
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Path => "path",
            Part::Query => "query",
            Part::Request => "request",
            Part::Response => "response",
        };
        write!(out, "{} {}: {part} {}", self.method, self.path, self.at)?;
        let gap = if self.at.is_empty() { "" } else { ": " };
        write!(out, "{gap}{}; found {}", self.says, self.found)
    }
}

/// A difference with the number of times that it occurred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose schema says otherwise.
    pub cloud: Cloud,
    /// The first occurrence.
    pub first: Difference,
    /// How often it occurred.
    pub times: usize,
}

/// What came out of holding many exchanges against a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many exchanges were checked.
    pub checked: usize,
    /// Why nothing was checked, if so.
    pub skipped: Option<String>,
    /// Why the schema could not be used although it is there, if so. That is a failure.
    pub unreadable: Option<String>,
    /// What differs, each cause once.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong; true as well where the check was skipped.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unreadable.is_none()
    }

    /// Panics with the whole report unless it is clean; says on stderr if the check was skipped.
    ///
    /// # Panics
    /// When an exchange differs from the schema, or the schema could not be read.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "{self}");
        if let Some(reason) = &self.skipped {
            eprintln!("{reason}");
        }
    }

    /// Adds differences, counting those that have the same cause as an earlier one.
    pub(super) fn of(differences: impl IntoIterator<Item = (Cloud, Difference)>, checked: usize) -> Self {
        let mut report = Self { checked, ..Self::default() };
        let mut seen: HashMap<(Cloud, String, String, Part, String, String), usize> = HashMap::new();
        for (cloud, difference) in differences {
            let key = (
                cloud,
                difference.method.clone(),
                difference.path.clone(),
                difference.part,
                difference.place_without_indices(),
                difference.says.clone(),
            );
            match seen.get(&key) {
                Some(&at) => report.findings[at].times += 1,
                None => {
                    seen.insert(key, report.findings.len());
                    report.findings.push(Finding { cloud, first: difference, times: 1 });
                }
            }
        }
        report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.skipped {
            return out.write_str(reason);
        }
        if let Some(reason) = &self.unreadable {
            return write!(out, "Graph's schema could not be read: {reason}");
        }
        if self.findings.is_empty() {
            return write!(out, "{} exchanges agree with Graph's schema", self.checked);
        }
        writeln!(out, "differences from Graph's schema, {} in {} exchanges:", self.findings.len(), self.checked)?;
        for finding in &self.findings {
            writeln!(out, "- {:?}: {} ({} times)", finding.cloud, finding.first, finding.times)?;
        }
        Ok(())
    }
}
