//! How fast invitations go out.
//!
//! Responsible for: the configured rate and the share of Graph's write quota, whichever is slower. Not responsible for: what
//! Graph asks to wait; the client obeys that.

use crate::clock::Clock;
use crate::config::Tenant;
use crate::until::Until;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Graph's write quota per application and tenant: 3,000 in 150 seconds.
const WRITES_PER_MINUTE: f64 = 1200.0;

/// Lets requests pass at an even rate.
#[derive(Debug)]
pub struct Pace {
    clock: Clock,
    per_minute: f64,
    next: Timestamp,
}

impl Pace {
    /// The pace of a tenant's configuration. The first batch passes at once.
    pub fn new(clock: Clock, tenant: &Tenant) -> Self {
        let share = WRITES_PER_MINUTE * f64::from(tenant.quota_percent) / 100.0;
        let next = clock.now();
        Self { clock, per_minute: share.min(f64::from(tenant.invitations_per_minute)), next }
    }

    /// Waits until `count` more may pass; `false` if the run's time would be over before.
    pub async fn pass(&mut self, count: usize, until: &mut Until) -> bool {
        let wait = Duration::try_from(self.next.duration_since(self.clock.now())).unwrap_or_default();
        if !until.sleep(&self.clock, wait).await {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "a batch counts to twenty")]
        let takes = SignedDuration::from_secs_f64(count as f64 * 60.0 / self.per_minute);
        self.next = self.next.max(self.clock.now()) + takes;
        true
    }
}
