//! The provisioning log: what a job did about somebody, or why it did nothing.

use crate::tenant::model::Directory;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// One line of the provisioning log.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Of the entry.
    pub id: Uuid,
    /// When it was.
    pub at: Timestamp,
    /// When it can be read.
    pub arrives: Timestamp,
    /// The job.
    pub job: String,
    /// The cycle, or the request.
    pub cycle: Uuid,
    /// The configuration.
    pub service_principal: Uuid,
    /// What the configuration is called.
    pub configuration: String,
    /// The tenant that was written to.
    pub target_tenant: Option<Uuid>,
    /// What was done, or would have been.
    pub action: Action,
    /// What became of it.
    pub status: Status,
    /// Why it was skipped or failed.
    pub code: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Whom it was about, and what they are called.
    pub source: (Uuid, String),
    /// Who they are in the target, if they are there.
    pub target: Option<Uuid>,
    /// What changed: attribute, old value, new value.
    pub modified: Vec<(String, Option<String>, Option<String>)>,
    /// How it went.
    pub steps: Vec<ProvisioningStep>,
}

/// What a job does about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `create`
    Create,
    /// `update`
    Update,
    /// `disable`
    Disable,
    /// `delete`
    Delete,
    /// `stagedDelete`: held back, because too many would be taken away.
    StagedDelete,
    /// `other`
    Other,
}

impl Action {
    /// As Graph writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Disable => "disable",
            Self::Delete => "delete",
            Self::StagedDelete => "stagedDelete",
            Self::Other => "other",
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `success`
    Success,
    /// `failure`
    Failure,
    /// `skipped`
    Skipped,
}

impl Status {
    /// As Graph writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// One step on the way.
#[derive(Clone, Debug)]
pub struct ProvisioningStep {
    /// `EntryImport`, …
    pub name: &'static str,
    /// `import`, `scoping`, `matching`, `processing`, `referenceResolution`, `export`.
    pub kind: &'static str,
    /// How it went.
    pub status: Status,
    /// The same in words.
    pub description: String,
    /// Name and value.
    pub details: Vec<(String, String)>,
}

impl ProvisioningStep {
    pub(super) fn new(name: &'static str, kind: &'static str, status: Status, description: impl Into<String>) -> Self {
        Self { name, kind, status, description: description.into(), details: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.details.push((name.to_owned(), value.to_string()));
        self
    }

    /// As on-demand provisioning shows it, which writes other names than the log.
    pub(super) fn on_demand(&self, at: Timestamp) -> Value {
        let details: serde_json::Map<String, Value> =
            self.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "name": self.name,
            "type": capital(self.kind),
            "status": capital(self.status.name()),
            "description": self.description,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "details": details,
        })
    }
}

/// With a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Directory {
    /// Writes an entry down.
    pub(super) fn log_attempt(&mut self, mut attempt: Attempt) -> Uuid {
        let number = self.synchronizations.log.len();
        attempt.id = self.derived_id(&format!("provisioning/{number}"));
        attempt.arrives = attempt.at + self.sync.log_lag;
        let id = attempt.id;
        self.synchronizations.log.push(attempt);
        id
    }
}
