//! Counts what requests cost and refuses what is too much, as token buckets do.
//!
//! Everything is counted in whole numbers, so that a wait that was promised is enough to the nanosecond.

use super::cost::Cost;
use super::error::GraphError;
use super::limits::{Limits, Quota, RetryAfter, Usage};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// From here on Graph warns.
const WARNING: f64 = 0.8;
/// Graph says no more than this, however many were refused.
const LARGEST_PERCENTAGE: f64 = 1.8;

const NANOSECONDS: i128 = 1_000_000_000;

/// Counts requests.
#[derive(Debug, Default)]
pub(super) struct Meter {
    limits: Option<Limited>,
    pub(super) usage: Usage,
    pub(super) throttled: u64,
}

#[derive(Debug)]
struct Limited {
    retry_after: RetryAfter,
    units: Bucket,
    writes: Bucket,
    tenant_writes: Bucket,
    invitations: Bucket,
    reports: Bucket,
    on_demand: Bucket,
}

/// In units of one nanosecond's worth of filling, divided by `amount`: one request of cost 1 takes the window's
/// length in nanoseconds.
#[derive(Debug)]
struct Bucket {
    scope: &'static str,
    reason: &'static str,
    amount: i128,
    window: i128,
    level: i128,
    at: Timestamp,
    /// What was refused since the last request that came by itself.
    refused: i128,
}

impl Meter {
    /// Sets the limits, with all buckets full.
    pub(super) fn limit(&mut self, limits: Option<Limits>, now: Timestamp) {
        self.limits = limits.map(|limits| {
            let bucket = |quota, scope, reason| Bucket::new(quota, scope, reason, now);
            Limited {
                retry_after: limits.retry_after,
                units: bucket(limits.units, "Tenant_Application/ReadWrite", "ResourceUnitLimitExceeded"),
                writes: bucket(limits.writes, "Tenant_Application/Write", "WriteLimitExceeded"),
                tenant_writes: bucket(limits.tenant_writes, "Tenant/Write", "WriteLimitExceeded"),
                invitations: bucket(limits.invitations, "Tenant/Write", "WriteLimitExceeded"),
                // What the headers say of reports is not documented.
                reports: bucket(limits.reports, "Tenant_Application/Read", "ResourceUnitLimitExceeded"),
                on_demand: bucket(limits.on_demand, "Tenant_Application/Write", "WriteLimitExceeded"),
            }
        });
    }

    /// A request comes by itself: what was refused in the batch before it is not waited for any more.
    pub(super) fn begin(&mut self) {
        for (bucket, _) in self.limits.iter_mut().flat_map(|limited| limited.buckets(Cost::default())) {
            bucket.refused = 0;
        }
    }

    /// Other applications use some of what all share.
    pub(super) fn spend_elsewhere(&mut self, writes: u32, invitations: u32, now: Timestamp) {
        if let Some(limited) = &mut self.limits {
            for (bucket, count) in [(&mut limited.tenant_writes, writes), (&mut limited.invitations, invitations)] {
                bucket.fill(now);
                bucket.level = (bucket.level - bucket.worth(count)).max(0);
            }
        }
    }

    /// Takes the cost and gives the headers that tell of it, or refuses and takes nothing.
    pub(super) fn charge(
        &mut self,
        cost: Cost,
        now: Timestamp,
        app: Uuid,
        tenant: Uuid,
    ) -> Result<Vec<(&'static str, String)>, GraphError> {
        if cost == Cost::default() {
            return Ok(Vec::new());
        }
        let mut headers = Vec::new();
        if cost.units > 0 {
            headers.push(("x-ms-resource-unit", cost.units.to_string()));
        }
        if let Some(limited) = &mut self.limits {
            let retry_after = limited.retry_after;
            let buckets = limited.buckets(cost).map(|(bucket, count)| {
                bucket.fill(now);
                (bucket, count)
            });
            let fits = buckets.iter().all(|(bucket, count)| bucket.has(*count));
            let charged = buckets.into_iter().filter(|(_, count)| *count > 0);
            let charged = charged.map(|(bucket, count)| {
                bucket.take(count, fits);
                bucket
            });
            let fullest =
                charged.max_by(|a, b| a.wait().cmp(&b.wait()).then(a.percentage().total_cmp(&b.percentage())));
            if let Some(bucket) = fullest {
                let percentage = bucket.percentage();
                if percentage > WARNING {
                    headers.push(("x-ms-throttle-limit-percentage", format!("{percentage:.2}")));
                }
                if !fits {
                    self.throttled += 1;
                    headers.push(("retry-after", retry_after.text(bucket.wait(), now)));
                    headers.push(("x-ms-throttle-scope", format!("{}/{app}/{tenant}", bucket.scope)));
                    headers.push(("x-ms-throttle-information", bucket.reason.to_owned()));
                    let message = "Too many requests.";
                    return Err(GraphError { headers, ..GraphError::new(429, "TooManyRequests", message) });
                }
            }
        }
        self.usage.units += u64::from(cost.units);
        self.usage.writes += u64::from(cost.writes);
        self.usage.invitations += u64::from(cost.invitations);
        Ok(headers)
    }
}

impl Limited {
    /// Every bucket with what the cost takes from it.
    fn buckets(&mut self, cost: Cost) -> [(&mut Bucket, u32); 6] {
        [
            (&mut self.units, cost.units),
            (&mut self.writes, cost.writes),
            (&mut self.tenant_writes, cost.writes),
            (&mut self.invitations, cost.invitations),
            (&mut self.reports, cost.reports),
            (&mut self.on_demand, cost.on_demand),
        ]
    }
}

impl Bucket {
    fn new(quota: Quota, scope: &'static str, reason: &'static str, now: Timestamp) -> Self {
        let (amount, window) = (i128::from(quota.amount.max(1)), quota.window.as_nanos().max(1));
        Self { scope, reason, amount, window, level: amount * window, at: now, refused: 0 }
    }

    fn worth(&self, count: u32) -> i128 {
        i128::from(count) * self.window
    }

    fn capacity(&self) -> i128 {
        self.amount * self.window
    }

    fn fill(&mut self, now: Timestamp) {
        let elapsed = now.duration_since(self.at).as_nanos().max(0);
        self.level = (self.level + elapsed * self.amount).min(self.capacity());
        self.at = now;
    }

    fn has(&self, count: u32) -> bool {
        count == 0 || self.level >= self.refused + self.worth(count)
    }

    /// Takes so much, or remembers that it was refused.
    fn take(&mut self, count: u32, fits: bool) {
        let worth = self.worth(count);
        if fits {
            self.level -= worth;
        } else {
            self.refused += worth;
        }
    }

    /// Nanoseconds until all that was refused fits in: of a batch that is refused in part, the longest wait is enough
    /// for all of it.
    fn wait(&self) -> i128 {
        let missing = (self.refused - self.level).max(0);
        (missing + self.amount - 1) / self.amount
    }

    #[expect(clippy::cast_precision_loss, reason = "a percentage with two digits")]
    fn percentage(&self) -> f64 {
        let used = self.capacity() - self.level + self.refused;
        (used as f64 / self.capacity() as f64).min(LARGEST_PERCENTAGE)
    }
}

impl RetryAfter {
    /// Rounded up, so that whoever waits as long is served.
    fn text(self, wait: i128, now: Timestamp) -> String {
        match self {
            Self::Seconds => {
                let milliseconds = (wait + 999_999) / 1_000_000;
                format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000)
            }
            Self::Date => {
                let then = now.as_nanosecond() + wait;
                let seconds = then.div_euclid(NANOSECONDS) + i128::from(then.rem_euclid(NANOSECONDS) > 0);
                let then = now + SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0) - now.as_second())
                    - SignedDuration::from_nanos(i64::from(now.subsec_nanosecond()));
                then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
            }
        }
    }
}
