//! What a check found, as `doctor`, `trust verify` and `sync status` tell it.
//!
//! Responsible for: the five results, and what they come to together. Not responsible for: checking.

use crate::graph::{GraphError, Kind};
use crate::ids::UserId;
use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: `partner.sync-allowed`. Stays the same from release to release.
    pub id: &'static str,
    /// What came of it.
    pub result: CheckResult,
    /// Whose it is: a partner's name, an object id, the tenant.
    pub subject: String,
    /// What was seen.
    pub evidence: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
    /// The permission of Graph that looking needs; `None` where it needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<&'static str>,
    /// All people whom it is about, where it is about people; the evidence names some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<UserId>,
}

/// What came of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// It is as it should be.
    Pass,
    /// It is not, and something will not work.
    Fail,
    /// It works, and somebody should know this all the same.
    Warn,
    /// It could not be seen.
    Unknown,
    /// There is nothing to look at here.
    NotApplicable,
}

/// What all checks come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// None failed, and all could be made.
    Good,
    /// None failed, and some could not be made.
    Unknown,
    /// At least one failed.
    Failed,
}

impl Check {
    fn new(id: &'static str, result: CheckResult, subject: &str, evidence: impl Into<String>) -> Self {
        let (subject, evidence) = (subject.to_owned(), evidence.into());
        Self { id, result, subject, evidence, remedy: String::new(), permission: None, people: Vec::new() }
    }

    /// It is as it should be.
    pub fn pass(id: &'static str, subject: &str, evidence: impl Into<String>) -> Self {
        Self::new(id, CheckResult::Pass, subject, evidence)
    }

    /// Something will not work.
    pub fn fail(id: &'static str, subject: &str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..Self::new(id, CheckResult::Fail, subject, evidence) }
    }

    /// Somebody should know this.
    pub fn warn(id: &'static str, subject: &str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..Self::new(id, CheckResult::Warn, subject, evidence) }
    }

    /// It could not be seen.
    pub fn unknown(id: &'static str, subject: &str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..Self::new(id, CheckResult::Unknown, subject, evidence) }
    }

    /// There is nothing to look at.
    pub fn not_applicable(id: &'static str, subject: &str, why: impl Into<String>) -> Self {
        Self::new(id, CheckResult::NotApplicable, subject, why)
    }

    /// It could not be seen because Graph did not say, for which `permission` may be missing.
    pub fn unreadable(id: &'static str, subject: &str, error: &GraphError, permission: &'static str) -> Self {
        let remedy = match error.kind {
            // The synchronization service answers 401 where a permission is missing.
            Kind::Forbidden | Kind::Unauthenticated => format!("Looking needs {permission}; see docs/setup.md."),
            Kind::Throttled | Kind::Unavailable => "Try again.".to_owned(),
            _ => "Look at the request-id with Microsoft's support if this stays so.".to_owned(),
        };
        Self { permission: Some(permission), ..Self::unknown(id, subject, error.to_string(), remedy) }
    }

    /// The same check, which is about these people.
    #[must_use]
    pub fn about(self, people: Vec<UserId>) -> Self {
        Self { people, ..self }
    }

    /// The same check, which needs that permission.
    #[must_use]
    pub fn needing(self, permission: &'static str) -> Self {
        Self { permission: Some(permission), ..self }
    }
}

impl CheckResult {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// What these come to. A warning is nothing that fails.
pub fn verdict(checks: &[Check]) -> Verdict {
    let any = |result| checks.iter().any(|check| check.result == result);
    match (any(CheckResult::Fail), any(CheckResult::Unknown)) {
        (true, _) => Verdict::Failed,
        (false, true) => Verdict::Unknown,
        (false, false) => Verdict::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_a_failure_and_what_could_not_be_seen_is_never_good() {
        let pass = Check::pass("a", "x", "");
        let unknown = Check::unknown("b", "x", "", "");
        let fail = Check::fail("c", "x", "", "");
        let warn = Check::warn("d", "x", "", "");
        assert_eq!(verdict(&[pass.clone(), warn]), Verdict::Good);
        assert_eq!(verdict(&[pass.clone(), unknown.clone()]), Verdict::Unknown);
        assert_eq!(verdict(&[pass, unknown, fail]), Verdict::Failed);
    }
}
