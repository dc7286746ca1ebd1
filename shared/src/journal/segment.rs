//! One segment of the journal: the document `journal/<number>`.
//!
//! Responsible for: its form, its place in the chain, and reading it. Not responsible for: what it says; see
//! [`super::record`].

use super::record::Record;
use super::{Head, JournalError};
use crate::state::documents::{from_json, to_json};
use crate::state::{StateError, Store, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Below this are the segments.
pub(super) const SEGMENTS: &str = "journal/";

/// Some records, with the hash of the segment before them.
#[derive(Serialize, Deserialize)]
pub(super) struct Segment {
    /// From 1, without gaps.
    pub(super) number: u64,
    /// The SHA-256 of the bytes of the segment before, in hexadecimal.
    pub(super) previous: String,
    /// Who wrote it, a new id for each opened journal: two writers never write the same bytes.
    pub(super) writer: Uuid,
    /// When.
    pub(super) written: Timestamp,
    pub(super) records: Vec<Record>,
}

impl Versioned for Segment {
    const VERSION: u32 = 1;
}

impl Segment {
    /// Its name and its bytes.
    pub(super) fn encode(&self) -> Result<(String, Vec<u8>), StateError> {
        let name = name_of(self.number);
        let bytes = to_json(&name, self)?;
        Ok((name, bytes))
    }

    /// Reads a segment with the hash of its bytes; `None` if there is none of that number.
    pub(super) async fn read(store: &dyn Store, number: u64) -> Result<Option<(Self, String)>, JournalError> {
        let name = name_of(number);
        let Some(document) = store.get(&name).await? else {
            return Ok(None);
        };
        Ok(Some((from_json(&name, &document.bytes)?, hash_of(&document.bytes))))
    }

    /// Checks that it comes next after `head`, and gives the head behind it; `hash` is that of its own bytes.
    pub(super) fn follow(&self, head: &Head, hash: String) -> Result<Head, JournalError> {
        if self.number == head.number + 1 && self.previous == head.hash {
            return Ok(Head { number: self.number, hash });
        }
        let reason = "its hash of the segment before is another".to_owned();
        Err(JournalError::Broken { number: self.number, reason })
    }
}

/// The name of a segment's document. Names sort as numbers do.
pub(super) fn name_of(number: u64) -> String {
    format!("{SEGMENTS}{number:010}")
}

/// The number in a segment's name.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix(SEGMENTS)?.parse().ok()
}

/// The SHA-256 of a document's bytes, in hexadecimal.
pub(super) fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
