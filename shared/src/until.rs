//! How long a run may go on.
//!
//! Responsible for: the deadline of an invocation, in real time, and the wish to stop. Not responsible for: what stopping
//! means; a run ends between two batches and loses nothing.

use crate::clock::Clock;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What may end a run early.
#[derive(Clone, Debug)]
pub struct Until {
    deadline: Option<Instant>,
    stop: watch::Receiver<bool>,
}

/// Kept by whoever may ask a run to stop.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Asks the run to stop after the batch in flight.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }
}

impl Until {
    /// Until `deadline`, if there is one, or until [`Stop::ask`].
    pub fn new(deadline: Option<Instant>) -> (Self, Stop) {
        let (sender, stop) = watch::channel(false);
        (Self { deadline, stop }, Stop(sender))
    }

    /// When reads and waits must be over.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether there is no time left for something that takes `needed` of real time.
    pub fn is_over(&self, needed: Duration) -> bool {
        *self.stop.borrow() || self.deadline.is_some_and(|deadline| Instant::now() + needed > deadline)
    }

    /// Waits `duration` on `clock`; `false`, at once where that can be known, if the run would be over before.
    pub async fn sleep(&mut self, clock: &Clock, duration: Duration) -> bool {
        self.rest(clock.in_real_time(duration)).await
    }

    /// Waits `duration` of real time; `false`, at once where that can be known, if the run would be over before.
    pub async fn rest(&mut self, duration: Duration) -> bool {
        if self.is_over(duration) {
            return false;
        }
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(duration) => true,
            // When nobody is left who could ask, nobody asks.
            Ok(_) = stop.wait_for(|stop| *stop) => false,
        }
    }
}
