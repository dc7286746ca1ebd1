//! Running histories by their seeds, and telling of one that went wrong.
//!
//! Responsible for: one undisturbed life for each people's doings and a disturbed one for each weather, and for making a
//! failing history smaller before it is told. Not responsible for: what must hold.

use crate::breakage::Breakage;
use crate::history::{History, WEATHERS};
use crate::verdict::{Ending, live_through};
use crate::witness::{Rule, Violation};
use std::ops::Range;

/// So often a failing history is tried with something less.
const MOST_TRIES: usize = 400;

/// Lets one history happen, on one thread and on a clock that stands still while anything is done: the same history is the
/// same to the last request.
pub(crate) fn live(history: &History, breakage: Option<Breakage>, aloud: bool) -> Ending {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(Box::pin(live_through(history, breakage, aloud)))
}

/// What does not hold in a history, beside its undisturbed life.
pub(crate) fn judge(history: &History, undisturbed: &Ending, breakage: Option<Breakage>) -> Vec<Violation> {
    let disturbed = live(history, breakage, false);
    let mut violations = disturbed.violations;
    for (number, fate) in &undisturbed.fates {
        let found = disturbed.fates.get(number);
        if found != Some(fate) {
            let what = format!("person {number} is {found:?}, and undisturbed {fate:?}");
            violations.push(Violation { rule: Rule::ItEndsAsUndisturbed, what });
        }
    }
    violations
}

/// Goes through the histories of these seeds.
///
/// # Panics
/// When an invariant does not hold in one of them; it tells which, in the smallest history found in which it does not.
pub(crate) fn go_through(seeds: Range<u64>) {
    let mut twin: Option<(u64, Ending)> = None;
    for seed in seeds {
        let history = History::of(seed);
        let _told = ToldOnPanic(seed);
        if twin.as_ref().is_none_or(|(of, _)| *of != seed / WEATHERS) {
            let undisturbed = live(&history.undisturbed(), None, false);
            assert!(undisturbed.violations.is_empty(), "undisturbed already: {:#?}\n{history}", undisturbed.violations);
            twin = Some((seed / WEATHERS, undisturbed));
        }
        let Some((_, undisturbed)) = &twin else { continue };
        let violations = judge(&history, undisturbed, None);
        if let Some(first) = violations.first() {
            let smallest = smaller(history, first.rule);
            let violations = judge(&smallest, &live(&smallest.undisturbed(), None, false), None);
            panic!("{violations:#?}\nUSHER_SEED={seed} replays it; the smallest found:\n{smallest}");
        }
    }
}

/// Says which history it was if something panics in it.
struct ToldOnPanic(u64);

impl Drop for ToldOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it happened in history {0}: USHER_SEED={0}", self.0);
        }
    }
}

/// The smallest history found in which the same rule is broken: without this person, that beat, or that trouble.
fn smaller(history: History, rule: Rule) -> History {
    let fails = |candidate: &History| {
        let undisturbed = live(&candidate.undisturbed(), None, false);
        judge(candidate, &undisturbed, None).iter().any(|violation| violation.rule == rule)
    };
    let mut smallest = history;
    let mut tries = 0;
    loop {
        let next = less(&smallest).into_iter().find(|candidate| {
            tries += 1;
            tries <= MOST_TRIES && fails(candidate)
        });
        match next {
            Some(next) => smallest = next,
            None => return smallest,
        }
    }
}

/// The same with one thing less, in every way.
fn less(history: &History) -> Vec<History> {
    let mut all = Vec::new();
    for place in 0..history.people.len() {
        let mut less = history.clone();
        less.people.remove(place);
        all.push(less);
    }
    for place in 0..history.beats.len() {
        let mut less = history.clone();
        let gone = less.beats.remove(place);
        if let Some(next) = less.beats.get_mut(place) {
            next.after += gone.after;
        }
        all.push(less);
    }
    for (place, beat) in history.beats.iter().enumerate() {
        for trouble in 0..beat.troubles.len() {
            let mut less = history.clone();
            less.beats[place].troubles.remove(trouble);
            all.push(less);
        }
        let plainer =
            crate::history::Beat { repeated: 0, late: false, two_workers: false, restart: None, ..beat.clone() };
        if (beat.repeated, beat.late, beat.two_workers, beat.restart) != (0, false, false, None) {
            let mut less = history.clone();
            less.beats[place] = plainer;
            all.push(less);
        }
    }
    all
}
