//! What `work` gave up, and why.
//!
//! Responsible for: the document in which failed tries leave their cause and messages that were tried too often leave
//! themselves. Nothing is lost with such a message: what was asked for stays in the inbox, and the next tick wakes `work`
//! again. Not responsible for: telling people at once.

use crate::state::{Documents, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const FAILURES: &str = "failures";
/// How many are kept, the newest first.
const KEPT: usize = 20;
/// A cause that is older than this belongs to another message: five tries take some minutes, or as many time limits.
const CAUSE_LASTS: SignedDuration = SignedDuration::from_hours(1);
/// What is said of a try that left no cause.
const NO_CAUSE: &str =
    "the handler was ended before it could say why: killed, out of memory, or unable to reach the state";

/// What happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Failures {
    /// The cause of the last try that failed.
    last: Option<Cause>,
    gave_up: Vec<GaveUp>,
}

impl Versioned for Failures {
    const VERSION: u32 = 1;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cause {
    at: Timestamp,
    text: String,
}

/// A message that was tried too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GaveUp {
    /// When it was given up.
    pub at: Timestamp,
    /// Why its last try failed.
    pub cause: String,
}

/// Notes why a try failed, for the case that it was the last.
///
/// # Errors
/// When the store fails.
pub async fn note_cause(store: &dyn Store, text: &str, at: Timestamp) -> Result<(), StateError> {
    let cause = Cause { at, text: text.to_owned() };
    Documents(store).update::<Failures>(FAILURES, |failures| failures.last = Some(cause.clone())).await
}

/// Notes a message that was given up, with the cause that its last try left.
///
/// # Errors
/// When the store fails.
pub async fn note_given_up(store: &dyn Store, at: Timestamp) -> Result<(), StateError> {
    let change = |failures: &mut Failures| {
        let recent = failures.last.take().filter(|cause| at.duration_since(cause.at) < CAUSE_LASTS);
        let cause = recent.map_or_else(|| NO_CAUSE.to_owned(), |cause| cause.text);
        failures.gave_up.insert(0, GaveUp { at, cause });
        failures.gave_up.truncate(KEPT);
    };
    Documents(store).update(FAILURES, change).await
}

/// The messages given up last, newest first.
///
/// # Errors
/// When the store fails.
pub async fn given_up(store: &dyn Store) -> Result<Vec<GaveUp>, StateError> {
    Ok(Documents(store).get::<Failures>(FAILURES).await?.map(|(failures, _)| failures.gave_up).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    fn at(minutes: i64) -> Timestamp {
        "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    #[tokio::test]
    async fn a_message_that_is_given_up_keeps_the_cause_of_its_last_try_and_no_older_one() {
        let store = MemoryStore::default();
        note_cause(&store, "first", at(0)).await.unwrap();
        note_cause(&store, "second", at(1)).await.unwrap();
        note_given_up(&store, at(2)).await.unwrap();
        note_given_up(&store, at(3)).await.unwrap();
        note_cause(&store, "third", at(4)).await.unwrap();
        note_given_up(&store, at(90)).await.unwrap();
        let causes: Vec<_> = given_up(&store).await.unwrap().into_iter().map(|one| one.cause).collect();
        assert_eq!(causes, [NO_CAUSE, NO_CAUSE, "second"]);
    }

    #[tokio::test]
    async fn only_the_newest_are_kept() {
        let store = MemoryStore::default();
        for minute in 0..30 {
            note_given_up(&store, at(minute)).await.unwrap();
        }
        let kept = given_up(&store).await.unwrap();
        assert_eq!((kept.len(), kept[0].at), (KEPT, at(29)));
    }
}
