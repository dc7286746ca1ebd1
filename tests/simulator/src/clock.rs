//! The time that simulated tenants and tests share.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// A clock that stands still or runs at a chosen speed, and that a test can move. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    base: Timestamp,
    since: Instant,
    speed: f64,
}

impl SimClock {
    /// A clock that starts at `start` and runs `speed` times as fast as real time; 0 stands still.
    pub fn new(start: Timestamp, speed: f64) -> Self {
        Self(Arc::new(Mutex::new(State { base: start, since: Instant::now(), speed })))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let state = self.lock();
        let elapsed = state.since.elapsed().as_secs_f64() * state.speed;
        state.base + SignedDuration::from_secs_f64(elapsed)
    }

    /// Moves the clock to `now`, from where it runs on at its speed.
    pub fn set(&self, now: Timestamp) {
        let mut state = self.lock();
        state.base = now;
        state.since = Instant::now();
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }

    /// Lets the clock run at another speed from now on.
    pub fn set_speed(&self, speed: f64) {
        let now = self.now();
        let mut state = self.lock();
        *state = State { base: now, since: Instant::now(), speed };
    }

    /// How many times faster than real time it runs.
    pub fn speed(&self) -> f64 {
        self.lock().speed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
