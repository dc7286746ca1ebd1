//! Segments and checkpoints: what is read is written again in the same bytes, and what it teaches can be saved.

use super::checkpoint::Checkpoint;
use super::memory::Memory;
use super::segment::Segment;
use crate::state::StateError;
use crate::state::Versioned;
use crate::state::documents::{from_json, to_json};

#[test]
fn journal() {
    usher_fuzz::check("journal", |input| {
        if let Some(segment) = stable::<Segment>(input) {
            assert!(!input.is_empty());
            let mut memory = Memory::default();
            memory.learn(&segment.records);
            let saved = to_json("memory", &memory).unwrap();
            assert_eq!(from_json::<Memory>("memory", &saved).unwrap(), memory);
        }
        if let Some(Checkpoint { mut memory }) = stable::<Checkpoint>(input) {
            memory.learn(&[]);
            assert!(memory.lives().count() < input.len() && memory.kept_from() > 0);
        }
    });
}

/// Reads a document, and makes sure that written and read again it stays as it is.
fn stable<T: Versioned>(bytes: &[u8]) -> Option<T> {
    match from_json::<T>("x", bytes) {
        Ok(read) => {
            let once = to_json("x", &read).unwrap();
            let twice = to_json("x", &from_json::<T>("x", &once).unwrap()).unwrap();
            assert_eq!(once.escape_ascii().to_string(), twice.escape_ascii().to_string());
            Some(read)
        }
        Err(error) => {
            assert!(matches!(error, StateError::Damaged { .. } | StateError::Newer { .. }));
            let shown = error.to_string();
            assert!(!shown.contains("fabrikam") && !shown.contains(char::is_control), "{shown:?}");
            None
        }
    }
}
