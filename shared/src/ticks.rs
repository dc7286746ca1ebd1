//! When each timer ticked last: timers have been seen to stop while HTTP went on.
//!
//! Responsible for: telling once what a timer that is silent for too long has missed. Not responsible for: schedules, which
//! are the host's; how often a timer ticks is learnt from its ticks.

use crate::journal::record::Job;
use crate::state::{Documents, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TICKS: &str = "ticks";
/// A tick may come this late, on top of a whole interval.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

/// The timers by job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Ticks(BTreeMap<Job, Tick>);

impl Versioned for Ticks {
    const VERSION: u32 = 1;
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Tick {
    /// When the last tick was due.
    last: Timestamp,
    /// The longest time between two ticks that was seen lately, in seconds; `None` before the second.
    interval: Option<i64>,
}

impl Tick {
    /// The longest interval counts: schedules that pause at night are not overdue in the morning.
    fn then(self, due: Timestamp) -> Self {
        let passed = due.duration_since(self.last).as_secs();
        match self.interval {
            _ if passed <= 0 => self,
            // A gap much longer than any before was a timer that had stopped.
            Some(known) if passed > 3 * known => Self { last: due, ..self },
            known => Self { last: due, interval: Some(known.unwrap_or(0).max(passed)) },
        }
    }

    fn is_overdue(self, now: Timestamp) -> bool {
        let interval = self.interval.map(SignedDuration::from_secs);
        interval.is_some_and(|interval| now.duration_since(self.last) > interval * 2 + TOLERANCE)
    }
}

/// Notes a tick that was due then.
///
/// # Errors
/// When the store fails.
pub async fn note(store: &dyn Store, job: Job, due: Timestamp) -> Result<(), StateError> {
    let change = |ticks: &mut Ticks| {
        let tick = ticks.0.get(&job).map_or(Tick { last: due, interval: None }, |tick| tick.then(due));
        ticks.0.insert(job, tick);
    };
    Documents(store).update(TICKS, change).await
}

/// When each timer will tick next, by how it ticked so far; in the past where it is late.
///
/// # Errors
/// When the store fails.
pub async fn next(store: &dyn Store) -> Result<BTreeMap<Job, Timestamp>, StateError> {
    let ticks = Documents(store).get::<Ticks>(TICKS).await?.map(|(ticks, _)| ticks).unwrap_or_default();
    let next = |tick: &Tick| Some(tick.last + SignedDuration::from_secs(tick.interval?));
    Ok(ticks.0.iter().filter_map(|(job, tick)| Some((*job, next(tick)?))).collect())
}

/// The jobs whose timers have been silent for longer than two of their intervals; each is given once, until its timer
/// ticks again or as much time has passed once more.
///
/// # Errors
/// When the store fails.
pub async fn take_overdue(store: &dyn Store, now: Timestamp) -> Result<Vec<Job>, StateError> {
    let mut overdue = Vec::new();
    let change = |ticks: &mut Ticks| {
        overdue.clear();
        for (job, tick) in ticks.0.iter_mut().filter(|(_, tick)| tick.is_overdue(now)) {
            tick.last = now;
            overdue.push(*job);
        }
    };
    Documents(store).update(TICKS, change).await?;
    Ok(overdue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    fn at(minutes: i64) -> Timestamp {
        "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    #[tokio::test]
    async fn what_a_silent_timer_missed_is_told_once() {
        let store = MemoryStore::default();
        for minutes in [0, 5, 10] {
            note(&store, Job::Invite, at(minutes)).await.unwrap();
        }
        note(&store, Job::Reconcile, at(0)).await.unwrap();
        assert_eq!(take_overdue(&store, at(21)).await.unwrap(), []);
        assert_eq!(take_overdue(&store, at(22)).await.unwrap(), [Job::Invite]);
        assert_eq!(take_overdue(&store, at(23)).await.unwrap(), []);
        assert_eq!(take_overdue(&store, at(34)).await.unwrap(), [Job::Invite], "it is still silent");
        note(&store, Job::Invite, at(35)).await.unwrap();
        assert_eq!(take_overdue(&store, at(45)).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_schedule_that_pauses_is_not_overdue_and_a_gap_teaches_nothing() {
        let store = MemoryStore::default();
        for minutes in [0, 5, 15, 20] {
            note(&store, Job::Invite, at(minutes)).await.unwrap();
        }
        assert_eq!(take_overdue(&store, at(40)).await.unwrap(), []);
        note(&store, Job::Invite, at(600)).await.unwrap();
        assert_eq!(take_overdue(&store, at(622)).await.unwrap(), [Job::Invite], "ten minutes is still the longest");
    }
}
