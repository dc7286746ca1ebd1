//! Following the chain, as `usher status --verify` does.
//!
//! Responsible for: noticing a segment that is missing, damaged or rewritten, a checkpoint that is not the one which the
//! chain names, and a memory that knows of a different past. Not responsible for: a chain that somebody rewrote as a whole:
//! only a head that was noted elsewhere shows that.

use super::checkpoint::{self, Checkpoint};
use super::record::Record;
use super::segment::{SEGMENTS, Segment, hash_of, number_of};
use super::{Head, Journal, JournalError, SEGMENTS_AT_ONCE};
use crate::state::documents::from_json;
use futures::{StreamExt, stream};

impl Journal {
    /// Follows the whole chain: from its first segment, or from the checkpoint behind which older ones were pruned.
    ///
    /// # Errors
    /// When a segment is missing, damaged or changed, or the memory knows of a different chain.
    pub async fn verify(&self) -> Result<Head, JournalError> {
        let broken = |number, reason: &str| Err(JournalError::Broken { number, reason: reason.to_owned() });
        let store = self.store.as_ref();
        let kept_from = self.memory.kept_from();
        let names = store.list(SEGMENTS).await?;
        // Somebody may append while this reads on; whatever is listed must be there.
        let last = names.iter().filter_map(|name| number_of(name)).max().unwrap_or(0).max(kept_from - 1);
        let (mut head, base_hash) = match checkpoint::read(store, kept_from - 1).await? {
            Some(bytes) => {
                let base: Checkpoint = from_json(&checkpoint::name_of(kept_from - 1), &bytes)?;
                (base.memory.head, Some(hash_of(&bytes)))
            }
            None if kept_from == 1 => (Head::default(), None),
            None => return broken(kept_from - 1, "the checkpoint behind which older segments were pruned is missing"),
        };
        let mut base_is_named = base_hash.is_none();
        let mut passed = head == self.memory.head;
        let read = async |number| Segment::read(store, number).await;
        let mut segments =
            stream::iter(kept_from..=last).map(read).buffered(SEGMENTS_AT_ONCE).zip(stream::iter(kept_from..));
        while let Some((segment, number)) = segments.next().await {
            let Some((segment, hash)) = segment? else {
                return broken(number, "it is missing");
            };
            head = segment.follow(&head, hash)?;
            passed |= head == self.memory.head;
            base_is_named |= segment.records.iter().any(|record| match record {
                Record::Checkpoint { number, hash } => *number == kept_from - 1 && Some(hash) == base_hash.as_ref(),
                _ => false,
            });
        }
        if !base_is_named {
            return broken(kept_from - 1, "the chain names another checkpoint");
        }
        if !passed {
            return broken(self.memory.head.number, "the chain does not hold what is remembered of it");
        }
        Ok(head)
    }
}
