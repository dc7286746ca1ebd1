//! What Graph lets through: the published limits, as a tenant's options.
//!
//! Not responsible for: counting (`meter`), nor what a request costs (`cost`).

use jiff::SignedDuration;

/// So much in so much time: a bucket that is full at first and fills evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How much.
    pub amount: u32,
    /// In how much time.
    pub window: SignedDuration,
}

impl Quota {
    /// `amount` in `seconds`.
    pub const fn new(amount: u32, seconds: i64) -> Self {
        Self { amount, window: SignedDuration::from_secs(seconds) }
    }
}

/// What decides how much a tenant may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantSize {
    /// Below 50 users.
    Small,
    /// 50 to 500.
    Medium,
    /// More.
    Large,
}

/// What Graph lets through, and how it says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resource units of the app in this tenant.
    pub units: Quota,
    /// Writes of the app in this tenant.
    pub writes: Quota,
    /// Writes of all apps in this tenant; see
    /// [`Tenant::spend_elsewhere`](super::Tenant::spend_elsewhere).
    pub tenant_writes: Quota,
    /// Invitations of all apps in this tenant. Each is a write as well.
    pub invitations: Quota,
    /// Requests of the app in this tenant for reports, such as the audit log, and for authentication methods.
    pub reports: Quota,
    /// Provisionings on demand of the app in this tenant.
    pub on_demand: Quota,
    /// How `Retry-After` is written.
    pub retry_after: RetryAfter,
}

/// How `Retry-After` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// `2.128`: Graph sends fractions.
    Seconds,
    /// `Sun, 22 Nov 2026 10:00:03 GMT`, as HTTP allows.
    Date,
}

impl Limits {
    /// The numbers that Microsoft publishes.
    pub const fn published(size: TenantSize) -> Self {
        let units = match size {
            TenantSize::Small => 3_500,
            TenantSize::Medium => 5_000,
            TenantSize::Large => 8_000,
        };
        Self {
            units: Quota::new(units, 10),
            writes: Quota::new(3_000, 150),
            tenant_writes: Quota::new(18_000, 300),
            invitations: Quota::new(150, 5),
            reports: Quota::new(5, 10),
            on_demand: Quota::new(5, 10),
            retry_after: RetryAfter::Seconds,
        }
    }
}

/// What Graph has let through since the tenant started, refused requests left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resource units.
    pub units: u64,
    /// Writes, invitations included.
    pub writes: u64,
    /// Invitations.
    pub invitations: u64,
}
