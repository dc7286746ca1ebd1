//! The only place that reads the time.
//!
//! Responsible for: what time it is for this process, and waiting. Tests and demos start the clock elsewhere and let it run
//! faster (`USHER_NOW`, `USHER_SPEED`); waits and pace then shrink with it. Deadlines of the platform keep real time and use
//! [`tokio::time::Instant`], as this clock does, so that a runtime whose time stands still lets nothing pass by itself;
//! leases use [`uptime`].

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// A clock that starts at a moment and runs on, perhaps faster than real time.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
    speed: f64,
}

impl Clock {
    /// The real time.
    #[expect(clippy::disallowed_methods, reason = "this is the edge at which the time is read")]
    pub fn system() -> Self {
        Self::starting_at(Timestamp::now(), 1.0)
    }

    /// A clock that shows `start` now and runs `speed` times as fast as real time.
    pub fn starting_at(start: Timestamp, speed: f64) -> Self {
        Self { base: start, started: Instant::now(), speed }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.base + SignedDuration::from_secs_f64(self.started.elapsed().as_secs_f64() * self.speed)
    }

    /// How many times faster than real time it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// How long `duration` on this clock takes in real time.
    pub fn in_real_time(&self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// Waits for `duration` on this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(self.in_real_time(duration)).await;
    }
}

/// How long this machine has been up, in real time: unlike [`Instant`] it runs on while the machine is suspended, as the
/// platform's leases do.
pub fn uptime() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}
