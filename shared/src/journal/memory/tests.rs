//! What the memory learns from the journal's records.

use super::waves::{WaveCount, WaveStep};
use super::*;
use crate::address::Address;
use crate::journal::record::{ActionKind, Job};
use uuid::Uuid;

fn at(minutes: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn person() -> UserId {
    Uuid::nil().into()
}

fn intent(minutes: i64) -> Record {
    Record::Intent(Intent {
        run: Uuid::nil().into(),
        partner: "p".into(),
        action: ActionKind::Convert,
        person: person(),
        address: Some(Address::parse("x@fabrikam.us").unwrap()),
        object: None,
        day: None,
        cause: None,
        by_request: false,
        reason: String::new(),
        before: "internal".into(),
        after: "pending".into(),
        at: at(minutes),
    })
}

fn step() -> StepId {
    StepId { person: person(), action: ActionKind::Convert, object: None }
}

fn outcome(minutes: i64, outcome: Outcome) -> Record {
    Record::Outcome { run: Uuid::nil().into(), step: step(), at: at(minutes), outcome }
}

fn after(records: &[Record]) -> Memory {
    let mut memory = Memory::default();
    memory.learn(records);
    memory
}

fn sent(memory: &Memory, minutes: i64) -> u32 {
    memory.partner("p").map_or(0, |partner| partner.spent_within_a_day(Budget::Invitations, at(minutes)))
}

#[test]
fn an_intent_without_outcome_stays_open_until_two_readings_far_enough_apart_show_no_effect() {
    let reading = |minutes| Record::reading(step(), at(minutes), false);
    for outcome_known in [vec![], vec![outcome(0, Outcome::Unknown)]] {
        let mut records = vec![intent(0)];
        records.extend(outcome_known);
        for minutes in [5, 10, 14] {
            records.push(reading(minutes));
            assert_eq!(after(&records).unconfirmed().count(), 1, "reading at {minutes}");
        }
        records.push(reading(15));
        let memory = after(&records);
        assert!(memory.step(&step()).is_none() && memory.life(person()).is_none(), "may be tried again");
    }
}

#[test]
fn a_reading_that_shows_the_effect_settles_the_step() {
    let memory = after(&[intent(0), Record::reading(step(), at(1), true)]);
    assert_eq!(memory.life(person()).unwrap().since, at(0));
    assert_eq!(memory.unconfirmed().count(), 0);
}

#[test]
fn only_what_may_have_been_mailed_counts_for_the_day() {
    let refused = Outcome::Refused { code: "x".into(), request_id: None };
    for (result, count) in [(Outcome::Done, 1), (Outcome::Unknown, 1), (refused, 0), (Outcome::NotSent, 0)] {
        assert_eq!(sent(&after(&[intent(0), outcome(0, result.clone())]), 1), count, "{result:?}");
    }
    let done = after(&[intent(0), outcome(0, Outcome::Done)]);
    assert_eq!(sent(&done, 24 * 60), 1);
    assert_eq!(sent(&done, 24 * 60 + 1), 0, "the day is over");
}

#[test]
fn a_wave_that_is_not_clean_is_repeated_and_percentages_keep_their_base() {
    let step = |step| Record::Wave { partner: "p".into(), step };
    let begun = |wave, waiting| step(WaveStep::Begun { wave, waiting });
    let ended = |clean| step(WaveStep::Ended { clean });
    let waves = |records: &[Record]| after(records).partner("p").unwrap().waves;
    let memory = waves(&[begun(0, 200), ended(false), begun(0, 199), ended(true)]);
    assert_eq!(memory, WaveMemory { next: 1, waiting_at_first: Some(200), under_way: None });
}

#[test]
fn a_wave_counts_what_was_sent_in_it_across_runs() {
    let begun = Record::Wave { partner: "p".into(), step: WaveStep::Begun { wave: 0, waiting: 9 } };
    let refused = Outcome::Refused { code: "x".into(), request_id: None };
    for (result, expected) in [
        (None, WaveCount { sent: 1, refused: 0, open: 1 }),
        (Some(Outcome::Unknown), WaveCount { sent: 1, refused: 0, open: 1 }),
        (Some(Outcome::Done), WaveCount { sent: 1, refused: 0, open: 0 }),
        (Some(refused), WaveCount { sent: 1, refused: 1, open: 0 }),
        (Some(Outcome::NotSent), WaveCount { sent: 0, refused: 0, open: 0 }),
    ] {
        let mut records = vec![begun.clone(), intent(0)];
        records.extend(result.map(|result| outcome(0, result)));
        assert_eq!(after(&records).partner("p").unwrap().waves.under_way, Some(expected));
    }
    assert!(!WaveCount { sent: 9, refused: 1, open: 0 }.is_clean());
    assert!(WaveCount { sent: 10, refused: 1, open: 0 }.is_clean());
    assert!(!WaveCount { sent: 10, refused: 0, open: 1 }.is_clean());
}

#[test]
fn an_outcome_of_another_run_closes_nothing() {
    let mut records = vec![intent(0)];
    let other = Uuid::from_u128(1).into();
    records.push(Record::Outcome { run: other, step: step(), at: at(1), outcome: Outcome::NotSent });
    assert_eq!(after(&records).unconfirmed().count(), 1);
    records.push(outcome(1, Outcome::Done));
    records.push(outcome(2, Outcome::NotSent));
    let memory = after(&records);
    assert!(memory.life(person()).is_some(), "the first outcome stays");
    assert_eq!(sent(&memory, 3), 1);
}

#[test]
fn of_whoever_is_settled_only_the_origin_is_kept() {
    let memory = after(&[intent(0), outcome(0, Outcome::Done)]);
    let saved = serde_json::to_string(&memory).unwrap();
    assert!(!saved.contains("x@fabrikam.us"), "{saved}");
    assert_eq!(memory.invited_domain(person(), "p"), Some("fabrikam.us"));
    assert_eq!(memory.invited_domain(person(), "another"), None);
    assert_eq!(serde_json::from_str::<Memory>(&saved).unwrap(), memory);
}

#[test]
fn a_refusal_is_forgotten_after_two_days() {
    let refused = Outcome::Refused { code: "x".into(), request_id: None };
    let mut records = vec![intent(0), outcome(0, refused)];
    let run = |minutes| Record::RunStarted { run: Uuid::nil().into(), job: Job::Invite, at: at(minutes) };
    records.push(run(47 * 60));
    assert!(after(&records).step(&step()).is_some());
    records.push(run(48 * 60));
    assert!(after(&records).step(&step()).is_none());
}

#[test]
fn a_reading_from_before_the_step_says_nothing_about_it() {
    let reading = |minutes, changed| Record::reading(step(), at(minutes), changed);
    for changed in [true, false] {
        let memory = after(&[intent(20), reading(0, changed), reading(20, changed), reading(25, false)]);
        assert_eq!(memory.unconfirmed().count(), 1, "only one reading counts, and it is the last: changed {changed}");
    }
}

#[test]
fn a_wave_that_another_process_began_already_counts_on() {
    let begun = |wave| Record::Wave { partner: "p".into(), step: WaveStep::Begun { wave, waiting: 9 } };
    let waves = |records: &[Record]| after(records).waves_of("p").under_way.unwrap().sent;
    assert_eq!(waves(&[begun(0), intent(0), begun(0)]), 1);
    assert_eq!(waves(&[begun(0), intent(0), begun(1)]), 0, "another wave begins anew");
}

#[test]
fn damaged_times_and_numbers_are_learnt_like_others() {
    let Record::Intent(intent) = intent(0) else { unreachable!() };
    let memory = after(&[
        Record::RunStarted { run: Uuid::nil().into(), job: Job::Invite, at: Timestamp::MIN },
        Record::Intent(Intent { at: Timestamp::MIN, ..intent }),
        Record::Wave { partner: "p".into(), step: WaveStep::Begun { wave: usize::MAX, waiting: 0 } },
        Record::Wave { partner: "p".into(), step: WaveStep::Ended { clean: true } },
        Record::Checkpoint { number: u64::MAX, hash: String::new() },
    ]);
    assert_eq!((memory.waves_of("p").next, memory.kept_from()), (usize::MAX, u64::MAX));
}
