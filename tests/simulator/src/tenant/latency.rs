//! How long Graph takes to answer, as a tenant's option. Microsoft publishes no number.

use super::request::{Body, Request};
use crate::clock::SimClock;
use jiff::SignedDuration;
use std::time::Duration;

/// How long Graph takes to answer, in the tenant's time. A request has its effect first, and its sender hears of it so much
/// later. A clock that runs is waited for at its speed. One that stands still is moved on instead, which is exact for a client
/// that asks one thing after the other, and takes no notice of how quick the client and this machine are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Of each request that comes by itself, a batch included.
    pub request: SignedDuration,
    /// What each request inside a batch adds to it.
    pub in_batch: SignedDuration,
}

impl Latency {
    fn of(self, request: &Request) -> SignedDuration {
        let inner = match &request.body {
            Body::Json(batch) if request.path == "/$batch" => batch["requests"].as_array().map_or(0, Vec::len),
            _ => 0,
        };
        self.request + self.in_batch * i32::try_from(inner).unwrap_or(i32::MAX)
    }

    /// Lets the time pass that the request takes.
    pub(super) async fn pass(self, clock: &SimClock, request: &Request) {
        let (time, speed) = (self.of(request), clock.speed());
        if speed > 0.0 {
            let waited = Duration::try_from(time).unwrap_or_default().div_f64(speed);
            tokio::time::sleep(waited).await;
        } else if !time.is_zero() {
            clock.advance(time);
        }
    }
}
