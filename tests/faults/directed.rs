//! Histories with one trouble at one place, for what random ones found: each is a rule of its own from then on.

use crate::disturbances::{Trouble, What};
use crate::history::{Beat, Deed, History, Person, WORST_CLOCK};
use crate::replay::{judge, live};

/// At which requests of the first beat a batch is sent.
fn batches(history: &History) -> Vec<u32> {
    let told = live(history, None, true).weather.told();
    let of_beat = told.iter().skip_while(|line| !line.ends_with("a beat")).skip(1);
    let requests = of_beat.take_while(|line| !line.ends_with("a beat")).filter(|line| line.contains(" process "));
    (1..).zip(requests).filter(|(_, line)| line.contains("$batch")).map(|(at, _)| at).collect()
}

#[test]
fn whom_an_invitation_made_is_ushers_however_wrong_the_clock_was_when_its_answer_was_lost() {
    let script = vec![(0, Deed::IsAskedFor), (24, Deed::Redeems)];
    let beat = Beat { restart: Some(WORST_CLOCK), ..Beat::calm(jiff::SignedDuration::from_hours(1)) };
    let person = Person { number: 1, stays_synced: false, script };
    let mut history = History { people: vec![person], beats: vec![beat], ..History::plain() };
    let undisturbed = live(&history.undisturbed(), None, false);
    let batches = batches(&history);
    assert!(batches.len() > 2, "{batches:?}");
    for at in batches {
        history.beats[0].troubles = vec![Trouble { at, lasts: 1, what: What::IsResetAfter }];
        let violations = judge(&history, &undisturbed, None);
        assert!(violations.is_empty(), "{violations:#?}\n{history}");
    }
}
