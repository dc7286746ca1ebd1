//! The journal: what usher was about to do and what became of it, in one hash-chained sequence of immutable segments.
//!
//! Responsible for: appending so that only one writer can, reading back, and the memory that is derived from it. Whoever
//! fails to create the next segment sends nothing and stops: the journal is the fence that a lock alone is not. Not
//! responsible for: what is written into it; see [`crate::run`].
//!
//! A segment is the document `journal/<number>`; it carries the SHA-256 of the bytes of the one before, so a rewritten
//! past can be noticed.

pub mod memory;
pub mod record;

use crate::state::{Documents, ETag, StateError, Store, to_json};
use jiff::Timestamp;
use memory::Memory;
use record::Record;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The version of segments that this usher writes, and the newest that it reads.
const VERSION: u32 = 1;
/// What the first segment carries as the hash of the one before.
const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Where the derived memory is kept, to spare reading the journal from its beginning.
const MEMORY: &str = "memory";

/// Where the journal ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

#[derive(Serialize, Deserialize)]
struct Segment {
    version: u32,
    number: u64,
    previous: String,
    written: Timestamp,
    records: Vec<Record>,
}

/// The journal, opened at its end, with the memory of everything in it.
pub struct Journal {
    store: Arc<dyn Store>,
    memory: Memory,
    saved: Option<ETag>,
}

impl Journal {
    /// Reads what was saved of the memory, and the segments written since.
    ///
    /// # Errors
    /// When the store fails, a segment does not follow the one before, or a newer usher wrote it.
    pub async fn open(store: Arc<dyn Store>) -> Result<Self, JournalError> {
        let (memory, saved) = match Documents(store.as_ref()).get::<Memory>(MEMORY).await {
            Ok(Some((memory, etag))) => (memory, Some(etag)),
            Ok(None) => (Memory::default(), None),
            // It is derived: what cannot be read, or is of another usher's making, is derived again.
            Err(StateError::Damaged { .. }) => {
                (Memory::default(), store.get(MEMORY).await?.map(|document| document.etag))
            }
            Err(error) => return Err(error.into()),
        };
        let mut journal = Self { store, memory, saved };
        while let Some((segment, hash)) = journal.read(journal.memory.head.number + 1).await? {
            follow(&segment, &journal.memory.head)?;
            journal.memory.head = Head { number: segment.number, hash };
            journal.memory.learn(&segment.records);
        }
        Ok(journal)
    }

    /// Everything that the journal says, summed up.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Appends one segment and learns from it.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another writer has appended meanwhile; then the caller sends nothing and stops.
    pub async fn append(&mut self, records: Vec<Record>, now: Timestamp) -> Result<(), JournalError> {
        let number = self.memory.head.number + 1;
        let segment =
            Segment { version: VERSION, number, previous: self.memory.head.hash.clone(), written: now, records };
        let name = segment_name(number);
        let bytes = to_json(&name, &segment)?;
        let hash = hash_of(&bytes);
        match self.store.create(&name, bytes).await {
            Ok(_) => {}
            Err(StateError::Exists(_)) => return Err(JournalError::Fenced(number)),
            Err(error) => return Err(error.into()),
        }
        self.memory.head = Head { number, hash };
        self.memory.learn(&segment.records);
        Ok(())
    }

    /// Saves the memory, so that the next opening is quick. Losing it loses nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn save(&mut self) -> Result<(), JournalError> {
        match Documents(self.store.as_ref()).put(MEMORY, &self.memory, self.saved.as_ref()).await {
            Ok(etag) => {
                self.saved = Some(etag);
                Ok(())
            }
            // Somebody else saved a memory of the same journal.
            Err(StateError::Exists(_) | StateError::Changed(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Follows the whole chain from its first segment.
    ///
    /// # Errors
    /// When a segment is missing, damaged or changed, or the memory knows of a different end.
    pub async fn verify(&self) -> Result<Head, JournalError> {
        let mut head = Head::default();
        let mut passed = head == self.memory.head;
        while let Some((segment, hash)) = self.read(head.number + 1).await? {
            follow(&segment, &head)?;
            head = Head { number: segment.number, hash };
            // Somebody may append while this reads on; what was remembered must stand where it stood.
            passed |= head == self.memory.head;
        }
        if passed {
            return Ok(head);
        }
        let reason = "the chain does not hold what is remembered of it".to_owned();
        Err(JournalError::Broken { number: self.memory.head.number, reason })
    }

    async fn read(&self, number: u64) -> Result<Option<(Segment, String)>, JournalError> {
        let name = segment_name(number);
        let Some(document) = self.store.get(&name).await? else {
            return Ok(None);
        };
        let damaged = |reason: String| StateError::Damaged { name: name.clone(), reason };
        // The version is read first: a newer segment may not be of this shape at all.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } =
            serde_json::from_slice(&document.bytes).map_err(|error| damaged(error.to_string()))?;
        if version > VERSION {
            let reason = format!("a newer usher wrote it (version {version}, this one reads up to {VERSION})");
            return Err(JournalError::Broken { number, reason });
        }
        let segment = serde_json::from_slice(&document.bytes).map_err(|error| damaged(error.to_string()))?;
        Ok(Some((segment, hash_of(&document.bytes))))
    }
}

fn follow(segment: &Segment, head: &Head) -> Result<(), JournalError> {
    if segment.number == head.number + 1 && segment.previous == head.hash {
        return Ok(());
    }
    let reason = "its hash of the segment before is another".to_owned();
    Err(JournalError::Broken { number: segment.number, reason })
}

fn segment_name(number: u64) -> String {
    format!("journal/{number:010}")
}

fn hash_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    async fn journal_of(segments: usize) -> (MemoryStore, Journal) {
        let store = MemoryStore::default();
        let mut journal = Journal::open(Arc::new(store.clone())).await.unwrap();
        for _ in 0..segments {
            journal.append(vec![Record::reading(uuid::Uuid::nil().into(), now(), false)], now()).await.unwrap();
        }
        (store, journal)
    }

    #[tokio::test]
    async fn of_two_writers_the_slower_is_fenced_off() {
        let (store, mut first) = journal_of(1).await;
        let mut second = Journal::open(Arc::new(store)).await.unwrap();
        first.append(Vec::new(), now()).await.unwrap();
        assert!(matches!(second.append(Vec::new(), now()).await, Err(JournalError::Fenced(2))));
    }

    #[tokio::test]
    async fn memory_saved_or_not_the_journal_opens_the_same() {
        let (store, mut journal) = journal_of(3).await;
        let unsaved = Journal::open(Arc::new(store.clone())).await.unwrap();
        journal.save().await.unwrap();
        let saved = Journal::open(Arc::new(store)).await.unwrap();
        assert_eq!(unsaved.memory(), journal.memory());
        assert_eq!(saved.memory(), journal.memory());
    }

    #[tokio::test]
    async fn a_rewritten_or_missing_segment_breaks_the_chain() {
        let (store, journal) = journal_of(3).await;
        assert_eq!(journal.verify().await.unwrap().number, 3);
        let document = store.get("journal/0000000002").await.unwrap().unwrap();
        let changed = String::from_utf8(document.bytes).unwrap().replace("false", "true");
        store.replace("journal/0000000002", changed.into_bytes(), &document.etag).await.unwrap();
        assert!(matches!(journal.verify().await, Err(JournalError::Broken { number: 3, .. })));
        let etag = store.get("journal/0000000003").await.unwrap().unwrap().etag;
        store.remove("journal/0000000003", &etag).await.unwrap();
        assert!(matches!(journal.verify().await, Err(JournalError::Broken { number: 3, .. })));
    }

    #[tokio::test]
    async fn a_segment_of_a_newer_usher_is_refused_clearly() {
        let (store, _) = journal_of(1).await;
        store.create("journal/0000000002", br#"{"version":99,"what":"ever"}"#.to_vec()).await.unwrap();
        let Err(error) = Journal::open(Arc::new(store)).await else { panic!("opened") };
        assert!(error.to_string().contains("newer usher"), "{error}");
    }
}
