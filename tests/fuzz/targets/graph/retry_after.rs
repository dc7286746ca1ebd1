//! `Retry-After`: obeyed where it says something, and never more than there can be time for.

use super::super::error::{Headers, LONGEST_RETRY_AFTER};
use super::super::limits::Cost;
use super::{clock, limits};
use std::time::{Duration, Instant};

#[test]
fn retry_after() {
    usher_fuzz::check("retry_after", |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let now = clock().now();
        let headers = Headers::read(|name| Some(text).filter(|_| name == "retry-after"), now);
        let number = text.trim().parse::<f64>();
        match headers.retry_after {
            Some(wait) => {
                assert!(wait <= LONGEST_RETRY_AFTER, "{wait:?}");
                assert!(Instant::now().checked_add(wait).is_some());
                if let Ok(seconds) = number {
                    assert!(seconds >= 0.0, "a time that is over");
                    let asked = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                    assert_eq!(wait, asked.min(LONGEST_RETRY_AFTER));
                }
            }
            None => assert!(number.is_err() || number.is_ok_and(|seconds| seconds.is_nan() || seconds < 0.0)),
        }
        let limits = limits();
        let read = Cost { units: 1, ..Cost::default() };
        limits.refused(read, &headers.said, headers.retry_after);
        let closed = limits.take(read);
        // The clock stands, but for some nanoseconds a second.
        assert!(closed + Duration::from_micros(1) >= headers.retry_after.unwrap_or_default(), "{closed:?}");
        limits.heard(&headers.said);
    });
}
