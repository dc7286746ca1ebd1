//! Timer triggers.
//!
//! Responsible for: when timers are due by the host's clock, their schedule status, and that a timer never overlaps
//! itself. Nothing fires by itself: a test moves the clock and asks.
//!
//! Not responsible for: reading expressions (`ncrontab`).

use super::envelope::{self, ScheduleStatus};
use super::function::TimerTrigger;
use super::invoke::Invocation;
use super::{Host, Inner};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;
use tokio::sync::Mutex;

/// A run that is so much later than its due time is past due. The real host finds that out only when it starts; a clock
/// that jumps is like a host that was away.
const PAST_DUE: SignedDuration = SignedDuration::from_mins(1);

/// One timer and what the host remembers of it. Whoever fires it holds the lock until the run is over.
#[derive(Debug)]
pub(super) struct Timer {
    trigger: TimerTrigger,
    status: Mutex<ScheduleStatus>,
}

impl Timer {
    /// A timer that has never run.
    pub(super) fn new(trigger: TimerTrigger, now: Timestamp) -> Self {
        let status = ScheduleStatus {
            last: None,
            next: trigger.schedule.next_after(now).unwrap_or(Timestamp::MAX),
            last_updated: now,
        };
        Self { trigger, status: Mutex::new(status) }
    }
}

impl Host {
    /// Fires a timer now, whatever its schedule says, as if it were due at this second.
    pub async fn fire_timer(&self, function: &str) -> Result<Invocation> {
        let due = Timestamp::from_second(self.0.clock.now().as_second())?;
        self.fire_timer_as(function, due, false).await
    }

    /// Fires a timer now with a nominal due time of the test's choice: twice the same for a run that the host repeats,
    /// an earlier one with `past_due` for a run that it missed.
    pub async fn fire_timer_as(&self, function: &str, due: Timestamp, past_due: bool) -> Result<Invocation> {
        let timer = self.0.timers.get(function);
        let timer = timer.with_context(|| format!("{function} is no function with a timer"))?;
        let mut status = timer.status.lock().await;
        self.0.fire(function, &timer.trigger, &mut status, due, past_due).await
    }

    /// Fires, once each, the timers whose due time has come; several missed ones are one run, as in the real host.
    pub async fn fire_due_timers(&self) -> Result<Vec<Invocation>> {
        let mut invocations = Vec::new();
        for (function, timer) in &self.0.timers {
            let mut status = timer.status.lock().await;
            let due = status.next;
            let late = self.0.clock.now().duration_since(due);
            if !late.is_negative() {
                let past_due = late >= PAST_DUE;
                let run = self.0.fire(function, &timer.trigger, &mut status, due, past_due);
                invocations.push(run.await?);
            }
        }
        Ok(invocations)
    }

    /// When the next timer is due, and the functions for which it is: where a test moves the clock to.
    pub async fn next_due(&self) -> Option<(Timestamp, Vec<String>)> {
        let mut next: Option<(Timestamp, Vec<String>)> = None;
        for (function, timer) in &self.0.timers {
            let due = timer.status.lock().await.next;
            match &mut next {
                Some((earliest, _)) if *earliest < due => {}
                Some((earliest, names)) if *earliest == due => names.push(function.clone()),
                _ => next = Some((due, vec![function.clone()])),
            }
        }
        next
    }
}

impl Inner {
    async fn fire(
        &self,
        name: &str,
        trigger: &TimerTrigger,
        status: &mut ScheduleStatus,
        due: Timestamp,
        past_due: bool,
    ) -> Result<Invocation> {
        self.ensure_running()?;
        let function = self.function(name)?;
        let now = self.clock.now();
        let shown = ScheduleStatus { next: due, ..*status };
        let data = envelope::timer(trigger.monitored.then_some(shown), past_due);
        let envelope = envelope::envelope(name, now, &trigger.binding, data, Map::new());
        let (invocation, _) = self.invoke(function, &envelope).await;
        // Written after the run, whether it failed or not.
        *status = ScheduleStatus {
            last: Some(now),
            next: trigger.schedule.next_after(now.max(due)).unwrap_or(Timestamp::MAX),
            last_updated: self.clock.now(),
        };
        Ok(invocation)
    }
}
