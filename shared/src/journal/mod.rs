//! The journal: what usher was about to do and what became of it, in one hash-chained sequence of immutable segments.
//!
//! Responsible for: appending so that only one writer can, reading back, and the memory that is derived from it. Whoever
//! fails to create the next segment sends nothing and stops: the journal is the fence that a lease alone is not. Not
//! responsible for: what is written into it; see [`crate::run`].
//!
//! A segment is the document `journal/<number>`; it carries the SHA-256 of the bytes of the one before, so a rewritten
//! past can be noticed.
//!
//! - [`record`]: what stands in it; [`action`]: what can be done to a person. `segment`: its form.
//! - [`memory`]: what later runs need of it, summed up.
//! - [`checkpoint`]: pruning what is older than it must be kept. [`verify`]: following the chain.

pub mod action;
pub mod checkpoint;
#[cfg(test)]
#[path = "../../../tests/fuzz/targets/journal.rs"]
mod fuzz;
pub mod memory;
pub mod record;
mod segment;
#[cfg(test)]
mod tests;
pub mod verify;

use crate::ids::UserId;
use crate::state::{Documents, ETag, StateError, Store};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use memory::Memory;
use record::Record;
use schemars::JsonSchema;
use segment::{Segment, hash_of};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// What the first segment carries as the hash of the one before.
const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Where the derived memory is kept, to spare reading the journal from its beginning.
const MEMORY: &str = "memory";
/// After so many segments the memory is saved again, so that whoever opens the journal after a crash has few to read.
const SEGMENTS_BETWEEN_SAVES: u64 = 100;
/// At the end of a run it is saved after fewer: reading some segments is less than writing what is known of everybody.
const SEGMENTS_LEFT_UNSAVED: u64 = 5;

/// How many segments are read at the same time.
const SEGMENTS_AT_ONCE: usize = 16;

/// Where the journal ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The number of the last segment; 0 before the first.
    pub number: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { number: 0, hash: NO_PREVIOUS.to_owned() }
    }
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another writer was faster. Nothing may be sent.
    #[error("another usher has written journal segment {0} meanwhile; this one stops and sends nothing")]
    Fenced(u64),
    /// The chain is broken.
    #[error("journal segment {number} does not follow the one before: {reason}")]
    Broken {
        /// The segment.
        number: u64,
        /// What does not fit.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The journal, opened at its end, with the memory of everything in it.
pub struct Journal {
    store: Arc<dyn Store>,
    memory: Memory,
    writer: Uuid,
    saved: Option<ETag>,
    saved_at: u64,
}

impl Journal {
    /// Reads what was saved of the memory, and the segments written since.
    ///
    /// # Errors
    /// When the store fails, the chain is broken, or a newer usher wrote a part of it.
    pub async fn open(store: Arc<dyn Store>) -> Result<Self, JournalError> {
        let (remembered, saved) = match Documents(store.as_ref()).get::<Memory>(MEMORY).await {
            Ok(Some((memory, etag))) => (Some(memory), Some(etag)),
            Ok(None) => (None, None),
            Err(StateError::Damaged { reason, .. }) => {
                tracing::warn!("the saved memory is damaged ({reason}); it is made anew from the journal");
                (None, store.get(MEMORY).await?.map(|document| document.etag))
            }
            Err(error) => return Err(error.into()),
        };
        // A memory from before the newest checkpoint was put back by somebody: the segments behind it may be gone.
        let newest = checkpoint::newest(store.as_ref()).await?;
        let trusted = remembered.filter(|memory| memory.head.number >= newest);
        let is_trusted = trusted.is_some();
        let memory = match trusted {
            Some(memory) => memory,
            None => checkpoint::memory_at(store.as_ref(), newest).await?,
        };
        let saved_at = if is_trusted { memory.head.number } else { 0 };
        let mut journal = Self { store, memory, writer: Uuid::new_v4(), saved, saved_at };
        journal.catch_up().await?;
        if !is_trusted {
            journal.reaches_the_end().await?;
        }
        Ok(journal)
    }

    /// Makes sure that no segment stands behind a gap, which would be forgotten and written over.
    async fn reaches_the_end(&self) -> Result<(), JournalError> {
        let names = self.store.list(segment::SEGMENTS).await?;
        let last = names.iter().filter_map(|name| segment::number_of(name)).max().unwrap_or(0);
        let number = self.memory.head.number + 1;
        if last < number {
            return Ok(());
        }
        Err(JournalError::Broken { number, reason: "it is missing, and later ones are there".to_owned() })
    }

    /// Everything that the journal says, summed up.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Reads what others have appended since, and gives whom they were about to touch; `None` if nobody did.
    ///
    /// # Errors
    /// When the store fails or the chain is broken.
    pub async fn catch_up(&mut self) -> Result<Option<HashSet<UserId>>, JournalError> {
        let mut touched = None;
        while let Some((segment, hash)) = Segment::read(self.store.as_ref(), self.memory.head.number + 1).await? {
            self.memory.head = segment.follow(&self.memory.head, hash)?;
            self.memory.learn(&segment.records);
            touched.get_or_insert_with(HashSet::new).extend(segment.records.iter().filter_map(Record::touches));
        }
        Ok(touched)
    }

    /// Hands the records of the segments from `number` on to `each`, with their segments' numbers, up to what is remembered. Segments that were removed are
    /// left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_from(&self, number: u64, mut each: impl FnMut(u64, &Record)) -> Result<(), JournalError> {
        let store = self.store.as_ref();
        let numbers = number.max(self.memory.kept_from())..=self.memory.head.number;
        let mut segments = stream::iter(numbers).map(|number| Segment::read(store, number)).buffered(SEGMENTS_AT_ONCE);
        while let Some(segment) = segments.next().await {
            if let Some((segment, _)) = segment? {
                segment.records.iter().for_each(|record| each(segment.number, record));
            }
        }
        Ok(())
    }

    /// Appends one segment and learns from it.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another writer has appended meanwhile; then the caller sends nothing and stops. After
    /// any error it is not known whether the segment stands there, and this journal appends nothing more.
    pub async fn append(&mut self, records: Vec<Record>, now: Timestamp) -> Result<(), JournalError> {
        let Head { number, hash } = self.memory.head.clone();
        let segment = Segment { number: number + 1, previous: hash, writer: self.writer, written: now, records };
        let (name, bytes) = segment.encode()?;
        let hash = hash_of(&bytes);
        match self.store.create(&name, bytes).await {
            Ok(_) => {}
            Err(StateError::Exists(_)) => return Err(JournalError::Fenced(segment.number)),
            Err(error) => return Err(error.into()),
        }
        self.memory.head = Head { number: segment.number, hash };
        self.memory.learn(&segment.records);
        Ok(())
    }

    /// Saves the memory, so that the next opening is quick. Losing it loses nothing. One that somebody saved at a later head
    /// stays; an earlier one is replaced, whoever saved it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn save(&mut self) -> Result<(), JournalError> {
        let documents = Documents(self.store.as_ref());
        while self.saved_at < self.memory.head.number {
            match documents.put(MEMORY, &self.memory, self.saved.as_ref()).await {
                Ok(etag) => {
                    self.saved = Some(etag);
                    self.saved_at = self.memory.head.number;
                }
                Err(StateError::Exists(_) | StateError::Changed(_)) => {
                    let found = documents.get::<Memory>(MEMORY).await?;
                    self.saved_at = found.as_ref().map_or(0, |(memory, _)| memory.head.number);
                    self.saved = found.map(|(_, etag)| etag);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Saves the memory once it has grown by a hundred segments.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn save_now_and_then(&mut self) -> Result<(), JournalError> {
        self.save_if_grown_by(SEGMENTS_BETWEEN_SAVES).await
    }

    /// Saves the memory at the end of a run, unless it has hardly grown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn save_at_the_end(&mut self) -> Result<(), JournalError> {
        self.save_if_grown_by(SEGMENTS_LEFT_UNSAVED).await
    }

    async fn save_if_grown_by(&mut self, segments: u64) -> Result<(), JournalError> {
        if self.memory.head.number < self.saved_at + segments {
            return Ok(());
        }
        self.save().await
    }
}
