//! Graph's limits, kept before Graph has to refuse.
//!
//! Responsible for: three budgets from Microsoft's published numbers (resource units by the tenant's size, writes,
//! invitations) in the configured share, and obedience: when Graph says wait, nothing goes to that budget before its time,
//! while the others go on. One writer keeps them for a tenant; Graph counts per application and tenant. Not responsible
//! for: how many invitations a day; see [`crate::people::guard`].
//!
//! Numbers: "Microsoft Graph service-specific throttling limits", identity and access; invitations: 150 in 5 seconds.

use super::batch::MAX_REQUESTS;
use crate::clock::Clock;
use crate::config::Tenant;
use crate::telemetry::metrics;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Writes per second of an application in a tenant: 3,000 in 150 seconds.
const WRITES: f64 = 20.0;
/// Invitations per second of all applications in a tenant: 150 in 5 seconds.
const INVITATIONS: f64 = 30.0;
/// Resource units per second of an application in a small, medium and large tenant.
const UNITS: [f64; 3] = [350.0, 500.0, 800.0];
/// From how many users a tenant counts as medium and as large.
const SIZES: [usize; 2] = [50, 500];
/// How many seconds' worth may go at once after a pause: less than the windows of the limits, because a process that just
/// started does not know what the one before it used.
const BURST_SECONDS: f64 = 5.0;
/// From this part of a limit on Graph warns, and usher goes at half its pace for a while.
const WARNING: f64 = 0.8;
const SLOW_FOR: SignedDuration = SignedDuration::from_secs(10);
/// When Graph refuses for rate without saying how long.
const UNSAID_WAIT: Duration = Duration::from_secs(10);

/// What a request costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Resource units.
    pub units: u32,
    /// Writes.
    pub writes: u32,
    /// Invitations.
    pub invitations: u32,
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            units: self.units + other.units,
            writes: self.writes + other.writes,
            invitations: self.invitations + other.invitations,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), std::ops::Add::add)
    }
}

/// What Graph said about its limits in an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// Which part of a limit is used up; sent from 0.8 on.
    pub(super) limit_percentage: Option<f64>,
    /// Which limit was hit: `WriteLimitExceeded`, `ResourceUnitLimitExceeded`, `CPULimitExceeded`.
    pub(super) information: Option<String>,
}

/// The budgets of one tenant.
#[derive(Debug)]
pub struct Limits {
    clock: Clock,
    share: f64,
    budgets: Mutex<Budgets>,
}

#[derive(Debug)]
struct Budgets {
    units: Bucket,
    writes: Bucket,
    invitations: Bucket,
    slow_until: Timestamp,
}

/// A token bucket that may go into debt: whoever takes more than is there waits until the debt is paid.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    level: f64,
    at: Timestamp,
    closed_until: Timestamp,
}

impl Bucket {
    fn new(per_second: f64, now: Timestamp) -> Self {
        let mut bucket = Self { per_second, level: 0.0, at: now, closed_until: now };
        bucket.level = bucket.capacity();
        bucket
    }

    fn capacity(&self) -> f64 {
        (self.per_second * BURST_SECONDS).max(1.0)
    }

    fn sent_before(&mut self, at: Timestamp, count: u32) {
        let refilled = self.at.duration_since(at).as_secs_f64().max(0.0) * self.per_second;
        self.level = self.level.min(self.capacity() - f64::from(count) + refilled);
    }

    fn refill(&mut self, now: Timestamp, slow: bool) {
        let elapsed = now.duration_since(self.at).as_secs_f64().max(0.0);
        let pace = if slow { self.per_second / 2.0 } else { self.per_second };
        self.level = (self.level + elapsed * pace).min(self.capacity());
        self.at = now;
    }

    /// How long until `cost` may go.
    fn wait(&self, cost: u32, now: Timestamp) -> Duration {
        if cost == 0 {
            return Duration::ZERO;
        }
        let missing = (f64::from(cost).min(self.capacity()) - self.level).max(0.0);
        let closed = Duration::try_from(self.closed_until.duration_since(now)).unwrap_or_default();
        Duration::from_secs_f64(missing / self.per_second).max(closed)
    }

    fn close(&mut self, now: Timestamp, wait: Duration) {
        let until = now.saturating_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX));
        self.closed_until = self.closed_until.max(until.unwrap_or(now));
    }
}

impl Limits {
    /// The budgets of a tenant's configuration. Until its size is known, it counts as small.
    pub fn new(clock: Clock, tenant: &Tenant) -> Self {
        let share = f64::from(tenant.quota_percent) / 100.0;
        let invitations = (f64::from(tenant.invitations_per_minute) / 60.0).min(INVITATIONS * share);
        let now = clock.now();
        let budgets = Budgets {
            units: Bucket::new(UNITS[0] * share, now),
            writes: Bucket::new(WRITES * share, now),
            invitations: Bucket::new(invitations, now),
            slow_until: now,
        };
        Self { clock, share, budgets: Mutex::new(budgets) }
    }

    /// Tells how many users the tenant has, which decides its limit of resource units.
    pub fn tenant_has(&self, users: usize) {
        let size = SIZES.iter().filter(|size| users >= **size).count();
        self.budgets().units.per_second = UNITS[size] * self.share;
    }

    /// Tells what was sent before this process began: its burst is not repeated.
    pub fn sent_before(&self, at: Timestamp, count: u32) {
        let mut budgets = self.budgets();
        budgets.writes.sent_before(at, count);
        budgets.invitations.sent_before(at, count);
    }

    /// How many invitations fit into one batch at this pace.
    pub(crate) fn batch_size(&self) -> usize {
        // At least one, and never more than Graph takes; the capacity is small and positive.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a batch")]
        let fits = self.budgets().invitations.capacity().clamp(1.0, MAX_REQUESTS as f64) as usize;
        fits
    }

    /// How long a request of this cost has to wait; zero means that it may go now, and that it is paid for.
    pub(crate) fn take(&self, cost: Cost) -> Duration {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        let slow = now < budgets.slow_until;
        let Budgets { units, writes, invitations, .. } = &mut *budgets;
        let mut wait = Duration::ZERO;
        for (bucket, cost) in [(&mut *units, cost.units), (writes, cost.writes), (invitations, cost.invitations)] {
            bucket.refill(now, slow);
            wait = wait.max(bucket.wait(cost, now));
        }
        if wait.is_zero() {
            budgets.units.level -= f64::from(cost.units);
            budgets.writes.level -= f64::from(cost.writes);
            budgets.invitations.level -= f64::from(cost.invitations);
            metrics::resource_units(cost.units);
        }
        wait
    }

    /// For how long Graph asked not to be sent any invitation; zero if it did not.
    pub(crate) fn graph_wants_to_wait(&self) -> Duration {
        let now = self.clock.now();
        let budgets = self.budgets();
        let closed = [&budgets.units, &budgets.writes, &budgets.invitations].map(|bucket| bucket.closed_until);
        let until = closed.into_iter().max().unwrap_or(now);
        Duration::try_from(until.duration_since(now)).unwrap_or_default()
    }

    /// Notes that Graph refused for rate: nothing goes to that budget before `retry_after` is over.
    pub(super) fn refused(&self, cost: Cost, said: &Said, retry_after: Option<Duration>) {
        let now = self.clock.now();
        let wait = retry_after.unwrap_or(UNSAID_WAIT);
        let mut budgets = self.budgets();
        match said.information.as_deref() {
            Some("WriteLimitExceeded") => budgets.writes.close(now, wait),
            Some("ResourceUnitLimitExceeded" | "CPULimitExceeded") => budgets.units.close(now, wait),
            // Graph does not say which limit: what is rarest of what the request was.
            _ if cost.invitations > 0 => budgets.invitations.close(now, wait),
            _ if cost.writes > 0 => budgets.writes.close(now, wait),
            _ => budgets.units.close(now, wait),
        }
    }

    /// Notes what Graph says about the use of its limits.
    pub(super) fn heard(&self, said: &Said) {
        if said.limit_percentage.is_some_and(|part| part >= WARNING) {
            let now = self.clock.now();
            self.budgets().slow_until = now + SLOW_FOR;
        }
    }

    fn budgets(&self) -> MutexGuard<'_, Budgets> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};

    const READ: Cost = Cost { units: 1, writes: 0, invitations: 0 };
    const INVITE: Cost = Cost { units: 1, writes: 1, invitations: 1 };

    /// A standing clock: whatever is waited for does not come by itself.
    fn limits(per_minute: u32, percent: u8) -> Limits {
        let text = format!(
            "[tenant]\nid = \"11111111-1111-4111-8111-111111111111\"\ninvitations_per_minute = {per_minute}\n\
             quota_percent = {percent}\n[[partner]]\nname = \"p\"\ntenant_id = \"22222222-2222-4222-8222-222222222222\"\n\
             cloud = \"us-gov\"\n[partner.scope]\ndomains = [\"fabrikam.us\"]\n"
        );
        let config = Config::parse(&text, "usher.toml", &Environment::default()).unwrap();
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        Limits::new(Clock::starting_at(start, 1e-9), &config.tenant)
    }

    /// How many go at once.
    fn burst(limits: &Limits, cost: Cost) -> usize {
        std::iter::repeat_with(|| limits.take(cost)).take_while(Duration::is_zero).count()
    }

    #[test]
    fn a_burst_is_a_few_seconds_of_the_slowest_budget() {
        assert_eq!(burst(&limits(1200, 100), INVITE), 100, "20 a second, of writes and of invitations");
        assert_eq!(burst(&limits(60, 50), INVITE), 5, "one a second");
        assert_eq!(burst(&limits(1, 50), INVITE), 1, "one at least");
        assert_eq!([1, 60, 1200].map(|pace| limits(pace, 100).batch_size()), [1, 5, 20]);
        assert_eq!(burst(&limits(60, 50), READ), 875, "350 a second, of which half");
    }

    #[test]
    fn afterwards_the_wait_is_that_of_the_slowest_budget() {
        let limits = limits(60, 100);
        burst(&limits, INVITE);
        assert_eq!(limits.take(INVITE).as_secs_f64().round(), 1.0);
        assert!(limits.take(READ).is_zero(), "reading goes on");
    }

    #[test]
    fn a_process_does_not_repeat_the_burst_of_the_one_before() {
        let limits = limits(60, 100);
        let now = limits.clock.now();
        limits.sent_before(now - SignedDuration::from_secs(2), 5);
        assert_eq!(burst(&limits, INVITE), 2);
        limits.sent_before(now - SignedDuration::from_hours(2), 5);
        assert_eq!(burst(&limits, INVITE), 0, "what was sent long ago gives nothing back");
    }

    #[test]
    fn a_refusal_closes_its_own_budget_only() {
        let said = |information: &str| Said { information: Some(information.into()), ..Said::default() };
        for (information, cost, blocked, free) in [
            ("WriteLimitExceeded", INVITE, INVITE, READ),
            ("", INVITE, INVITE, Cost { units: 1, writes: 1, invitations: 0 }),
        ] {
            let limits = limits(1200, 100);
            limits.refused(cost, &said(information), Some(Duration::from_millis(2128)));
            assert_eq!(limits.take(blocked).as_millis(), 2128, "{information}");
            assert!(limits.take(free).is_zero(), "{information}");
        }
        let limits = limits(1200, 100);
        limits.refused(READ, &said("ResourceUnitLimitExceeded"), None);
        assert_eq!(limits.take(INVITE), UNSAID_WAIT, "everything costs resource units");
    }

    #[test]
    fn a_larger_tenant_has_more_units() {
        let limits = limits(1200, 100);
        for (users, expected) in [(10, 1750), (50, 2500), (500, 4000)] {
            limits.tenant_has(users);
            let full = limits.budgets().units.capacity();
            limits.budgets().units.level = full;
            assert_eq!(burst(&limits, READ), expected, "{users}");
        }
    }
}
