//! How often a key may call.
//!
//! Responsible for: a bound for each key in this process, so that one caller cannot take the app from the others. Not
//! responsible for: bounds over all instances of the app; Graph's own limits and the daily limits hold those.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many requests may come at once, and as many again within a minute.
const BURST: u32 = 1500;
const REFILL: Duration = Duration::from_millis(100);
/// Names of keys are few; more than this are somebody's play.
const MOST_KEYS: usize = 1000;

/// What each key has used.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<String, (f64, Instant)>>);

impl Rates {
    /// Counts a request with a key.
    ///
    /// # Errors
    /// In how many seconds the next is welcome.
    pub(crate) fn count(&self, key: &str, now: Instant) -> Result<(), u64> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KEYS {
            known.clear();
        }
        let (left, since) = known.entry(key.to_owned()).or_insert((f64::from(BURST), now));
        let refilled = now.saturating_duration_since(*since).as_secs_f64() / REFILL.as_secs_f64();
        *left = (*left + refilled).min(f64::from(BURST));
        *since = now;
        if *left < 1.0 {
            return Err(1);
        }
        *left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_calls_too_often_waits_and_the_others_do_not() {
        let (rates, start) = (Rates::default(), Instant::now());
        let allowed = (0..2000).filter(|_| rates.count("a", start).is_ok()).count();
        assert_eq!(allowed, 1500);
        assert_eq!(rates.count("b", start), Ok(()));
        assert_eq!(rates.count("a", start), Err(1));
        assert_eq!(rates.count("a", start + Duration::from_secs(1)), Ok(()));
    }
}
