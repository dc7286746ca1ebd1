//! A job: where it stands, whom it wrote, and what its last cycles came to.

use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A job.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) schedule: Schedule,
    /// As Graph shows it, `id` aside.
    pub(super) schema: Value,
    /// The next cycle looks at everybody.
    pub(super) full: bool,
    /// What the last cycle that looked at everybody went by.
    pub(super) syncs_all: bool,
    /// What the next cycle takes away is approved, however many they are.
    pub(super) deletes_approved: bool,
    pub(super) next: Option<Timestamp>,
    /// Whom it wrote: the id here, then the id there.
    pub(super) links: BTreeMap<Uuid, Uuid>,
    /// Whom it took away, by the id here.
    pub(super) removed: BTreeSet<Uuid>,
    /// What everybody looked like when they were last dealt with.
    pub(super) seen: BTreeMap<Uuid, String>,
    /// Who failed and is tried again.
    pub(super) escrows: BTreeSet<Uuid>,
    pub(super) quarantine: Option<Quarantine>,
    pub(super) last: Option<Execution>,
    pub(super) last_successful: Option<Execution>,
    pub(super) last_with_exports: Option<Execution>,
    pub(super) steady: Option<(Timestamp, Timestamp)>,
    pub(super) failures: u64,
    pub(super) cycles: u64,
}

impl Job {
    pub(super) fn new(id: String, schema: Value) -> Self {
        Self {
            id,
            schedule: Schedule::Disabled,
            schema,
            full: true,
            syncs_all: false,
            deletes_approved: false,
            next: None,
            links: BTreeMap::new(),
            removed: BTreeSet::new(),
            seen: BTreeMap::new(),
            escrows: BTreeSet::new(),
            quarantine: None,
            last: None,
            last_successful: None,
            last_with_exports: None,
            steady: None,
            failures: 0,
            cycles: 0,
        }
    }
}

/// What a job's schedule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Never started.
    Disabled,
    /// Runs.
    Active,
    /// Stopped.
    Paused,
}

/// Why and since when a job is in quarantine.
#[derive(Clone, Debug)]
pub(super) struct Quarantine {
    pub(super) reason: &'static str,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) series_began: Timestamp,
    pub(super) began: Timestamp,
    pub(super) count: u32,
}

/// One cycle.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) state: &'static str,
    pub(super) error: Option<(String, String)>,
    pub(super) entitled: usize,
    pub(super) imported: usize,
    pub(super) exported: usize,
    pub(super) escrowed: usize,
}
