//! Faults, by simulation: random histories through the whole of usher, from observing to state, with everything around it
//! going wrong.
//!
//! Everything is in this process and on one thread: usher's own code, the simulated tenant, and a state in memory. A history
//! comes from its seed alone. `docs/testing.md` says what is simulated, what is not, and how to replay.
//!
//! - [`history`]: what happens. [`disturbances`]: what goes wrong. [`chance`]: the seed.
//! - [`world`]: the tenant, the state, the host. [`cast`]: people and their doings.
//! - [`wire`]: the way to Graph. [`vault`]: the way to the state.
//! - [`witness`]: what must hold at every request. [`verdict`]: what must hold in the end.
//! - [`replay`]: running histories, and making failing ones small.
//! - [`breakage`]: the harness can fail. [`directed`]: what random histories found.

mod breakage;
mod cast;
mod chance;
mod directed;
mod disturbances;
mod history;
mod replay;
mod vault;
mod verdict;
mod wire;
mod witness;
mod world;

use history::History;
use replay::{go_through, judge, live};

/// Histories in all, unless `USHER_HISTORIES` says otherwise.
const HISTORIES: u64 = 400;
const PARTS: u64 = 4;

fn number(variable: &str) -> Option<u64> {
    let setting = std::env::var(variable).ok()?;
    Some(setting.parse().unwrap_or_else(|_| panic!("{variable} is no number: {setting}")))
}

/// One part of the histories; where `USHER_SEED` names one, that one, told request by request.
fn part(part: u64) {
    if let Some(seed) = number("USHER_SEED") {
        if part == 0 {
            let history = History::of(seed);
            println!("{history}");
            live(&history, None, true).weather.told().iter().for_each(|line| println!("{line}"));
            let violations = judge(&history, &live(&history.undisturbed(), None, false), None);
            assert!(violations.is_empty(), "{violations:#?}");
        }
        return;
    }
    let each = number("USHER_HISTORIES").unwrap_or(HISTORIES).div_ceil(PARTS);
    go_through(part * each..(part + 1) * each);
}

#[test]
fn whatever_goes_wrong_nobody_is_forgotten_or_mailed_twice_and_it_ends_as_undisturbed_1() {
    part(0);
}

#[test]
fn whatever_goes_wrong_nobody_is_forgotten_or_mailed_twice_and_it_ends_as_undisturbed_2() {
    part(1);
}

#[test]
fn whatever_goes_wrong_nobody_is_forgotten_or_mailed_twice_and_it_ends_as_undisturbed_3() {
    part(2);
}

#[test]
fn whatever_goes_wrong_nobody_is_forgotten_or_mailed_twice_and_it_ends_as_undisturbed_4() {
    part(3);
}

#[test]
fn a_history_is_the_same_to_the_last_request_whenever_it_is_replayed() {
    for seed in 0..8 {
        let told = || live(&History::of(seed), None, true).weather.told();
        let (first, second) = (told(), told());
        assert!(first.len() > 100, "{first:#?}");
        let differs = first.iter().zip(&second).position(|(one, other)| one != other);
        assert_eq!(differs.map(|place| (&first[place], &second[place])), None, "history {seed}");
        assert_eq!(first.len(), second.len(), "history {seed}");
    }
}
