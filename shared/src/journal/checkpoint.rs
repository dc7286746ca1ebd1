//! Pruning: segments that are older than they must be kept are summed up in a checkpoint and removed.
//!
//! Responsible for: that nothing is removed before what it taught stands elsewhere, and that the chain stays verifiable:
//! the checkpoint holds the head and the memory at its place, and a record in the chain names it with its hash. A prune that
//! is cut short goes on the next time. Not responsible for: when; a full sweep calls it.

use super::memory::Memory;
use super::record::Record;
use super::segment::{SEGMENTS, Segment, hash_of, name_of as segment_name, number_of};
use super::{Journal, JournalError};
use crate::state::documents::{from_json, to_json};
use crate::state::{StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const CHECKPOINTS: &str = "checkpoint/";
/// At most so many segments go at a time, so that it takes no longer than a slice; the rest goes the next time.
const AT_MOST: u64 = 100;

/// The memory of everything up to a segment that was removed.
#[derive(Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) memory: Memory,
}

impl Versioned for Checkpoint {
    const VERSION: u32 = 1;
}

impl Journal {
    /// Whether there is something to prune: a segment written before `cutoff`, or what an interrupted prune left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_older_than(&self, cutoff: Timestamp) -> Result<bool, JournalError> {
        let store = self.store.as_ref();
        let kept_from = self.memory.kept_from();
        let left = kept_from > 1 && store.get(&segment_name(kept_from - 1)).await?.is_some();
        let oldest = match kept_from < self.memory.head.number {
            true => Segment::read(store, kept_from).await?,
            false => None,
        };
        Ok(left || oldest.is_some_and(|(segment, _)| segment.written < cutoff))
    }

    /// Removes segments written more than `keep` before `now`; the newest always stays. Only the writer may call it.
    ///
    /// # Errors
    /// When the store fails or the chain is broken. Nothing is lost then.
    pub async fn prune(&mut self, keep: SignedDuration, now: Timestamp) -> Result<(), JournalError> {
        let kept_from = self.memory.kept_from();
        self.remove_before(kept_from).await?;
        let Some(bytes) = self.summed_up(kept_from, now - keep).await? else { return Ok(()) };
        let checkpoint: Checkpoint = from_json(CHECKPOINTS, &bytes)?;
        let number = checkpoint.memory.head.number;
        let hash = hash_of(&bytes);
        let name = name_of(number);
        match self.store.get(&name).await? {
            None => self.store.create(&name, bytes).await?,
            // An interrupted prune left it, perhaps of another version; the chain does not name it yet.
            Some(left) => self.store.replace(&name, bytes, &left.etag).await?,
        };
        self.append(vec![Record::Checkpoint { number, hash }], now).await?;
        // The memory that is saved must know of the checkpoint before the segments that it replaces are gone.
        self.save().await?;
        self.remove_before(self.memory.kept_from()).await
    }

    /// The checkpoint of all segments from `first` on that were written before `cutoff`; `None` if there are none.
    async fn summed_up(&self, first: u64, cutoff: Timestamp) -> Result<Option<Vec<u8>>, JournalError> {
        let mut memory = None;
        for number in first..self.memory.head.number.min(first + AT_MOST) {
            let Some((segment, hash)) = Segment::read(self.store.as_ref(), number).await? else {
                return Err(JournalError::Broken { number, reason: "it is missing".to_owned() });
            };
            if segment.written >= cutoff {
                break;
            }
            let summed: &mut Memory = match &mut memory {
                Some(memory) => memory,
                none => none.insert(memory_at(self.store.as_ref(), first - 1).await?),
            };
            summed.head = segment.follow(&summed.head, hash)?;
            summed.learn(&segment.records);
        }
        let Some(memory) = memory else { return Ok(None) };
        Ok(Some(to_json(CHECKPOINTS, &Checkpoint { memory })?))
    }

    /// Removes the segments and checkpoints that a newer checkpoint replaces. The oldest goes first, so that what was left
    /// by an interruption is seen by whether the newest of them is still there.
    async fn remove_before(&self, kept_from: u64) -> Result<(), JournalError> {
        let store = self.store.as_ref();
        if kept_from == 1 || store.get(&segment_name(kept_from - 1)).await?.is_none() {
            return Ok(());
        }
        let checkpoints = store.list(CHECKPOINTS).await?;
        let segments = store.list(SEGMENTS).await?;
        let replaced = checkpoints.iter().filter(|name| checkpoint_number(name).is_some_and(|n| n < kept_from - 1));
        let older = segments.iter().filter(|name| number_of(name).is_some_and(|n| n < kept_from));
        for name in replaced.chain(older) {
            let Some(document) = store.get(name).await? else { continue };
            match store.remove(name, &document.etag).await {
                Ok(()) | Err(StateError::Changed(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The number of the newest checkpoint; 0 if there is none. One that was written just before an interruption may not be named
/// in the chain yet; it is as true.
pub(super) async fn newest(store: &dyn Store) -> Result<u64, StateError> {
    let checkpoints = store.list(CHECKPOINTS).await?;
    Ok(checkpoints.iter().filter_map(|name| checkpoint_number(name)).max().unwrap_or(0))
}

/// The memory at a checkpoint; the empty one before the first segment.
pub(super) async fn memory_at(store: &dyn Store, number: u64) -> Result<Memory, JournalError> {
    match read(store, number).await? {
        Some(bytes) => Ok(from_json::<Checkpoint>(&name_of(number), &bytes)?.memory),
        None if number == 0 => Ok(Memory::default()),
        None => Err(JournalError::Broken { number, reason: "its checkpoint is missing".to_owned() }),
    }
}

/// The bytes of a checkpoint, if there is one of that number.
pub(super) async fn read(store: &dyn Store, number: u64) -> Result<Option<Vec<u8>>, StateError> {
    if number == 0 {
        return Ok(None);
    }
    Ok(store.get(&name_of(number)).await?.map(|document| document.bytes))
}

/// The name of a checkpoint's document.
pub(super) fn name_of(number: u64) -> String {
    format!("{CHECKPOINTS}{number:010}")
}

fn checkpoint_number(name: &str) -> Option<u64> {
    name.strip_prefix(CHECKPOINTS)?.parse().ok()
}
