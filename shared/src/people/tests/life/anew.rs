//! When days begin anew: whoever could not act, or was not watched, has them all.

use super::*;

const INACTIVE: &str = "[partner.inactive]\ndisable_after_days = 90";

fn enabled(situation: Situation) -> Situation {
    situation.user(json!({"accountEnabled": true}))
}

#[test]
fn whoever_was_given_back_is_not_inactive_for_the_time_in_which_they_could_not_sign_in() {
    let back = |days: i64| {
        let sign_in = Some(Dear::Read([(id(PERSON), ago(150))].into()));
        let left = disabled_by_usher(100).did(ActionKind::Enable, days, None).note(days, Note::InScope);
        Situation { more: INACTIVE, in_group: true, sign_in, ..enabled(left) }
    };
    assert_eq!(back(89).decides(), []);
    assert_eq!(back(90).decides(), [ActionKind::Disable]);
}

#[test]
fn whoever_was_given_back_before_the_redemption_has_all_days_for_it_and_no_mail_twice() {
    let back = |days: i64| {
        let left = pending(40).did(ActionKind::Resend, 33, None).did(ActionKind::Disable, 20, Some(Cause::LeftScope));
        left.did(ActionKind::Enable, days, None).user(json!({"externalUserStateChangeDateTime": ago(40)}))
    };
    for (days, expected) in [
        (1, vec![]),
        (7, vec![]),
        (14, vec![ActionKind::Resend]),
        (29, vec![ActionKind::Resend]),
        (30, vec![ActionKind::Disable]),
    ] {
        assert_eq!(back(days).decides(), expected, "given back {days} days ago");
    }
}

#[test]
fn whoever_was_blocked_by_others_is_not_inactive_for_that_time() {
    let blocked = |days: i64| {
        let sign_in = Some(Dear::Read([(id(PERSON), ago(150))].into()));
        Situation { more: INACTIVE, sign_in, ..accepted(200).note(days, Note::Blocked) }
    };
    let off = blocked(100).user(json!({"accountEnabled": false}));
    assert!(off.plan().notices.is_empty(), "known already");
    assert_eq!(blocked(100).plan().notices, [(id(PERSON), Note::Unblocked)]);
    assert_eq!(blocked(100).note(89, Note::Unblocked).decides(), []);
    assert_eq!(blocked(100).note(90, Note::Unblocked).decides(), [ActionKind::Disable]);
}

#[test]
fn whom_somebody_deleted_and_restored_has_all_days_of_grace() {
    let left = accepted(100).out().note(30, Note::OutOfScope);
    let absent = Situation { is_there: false, ..left.clone() };
    assert_eq!(absent.plan().notices, [(id(PERSON), Note::NotWatched)]);
    let restored = left.note(20, Note::NotWatched);
    assert_eq!(restored.clone().decides(), []);
    assert_eq!(restored.clone().plan().notices, [(id(PERSON), Note::OutOfScope)]);
    assert_eq!(restored.note(7, Note::OutOfScope).decides(), [ActionKind::Disable]);
}

#[test]
fn whoever_left_outside_the_pilot_has_all_days_of_grace_when_it_ends() {
    let pilot = "pilot = [\"person-0009@fabrikam.us\"]";
    let outside = Situation { pilot, ..accepted(100).out() };
    assert!(outside.clone().plan().notices.is_empty(), "no days run");
    let before = outside.note(30, Note::OutOfScope);
    assert_eq!(before.clone().plan().notices, [(id(PERSON), Note::NotWatched)], "nor go on to run");
    let ended = Situation { pilot: "", ..before.note(1, Note::NotWatched) };
    assert_eq!(ended.clone().decides(), []);
    assert_eq!(ended.plan().notices, [(id(PERSON), Note::OutOfScope)]);
}

#[test]
fn after_a_long_time_without_a_sweep_nobody_is_deleted_before_all_days_are_over_again() {
    let unwatched = Situation { last_sweep: 90, ..disabled_by_usher(100) };
    assert_eq!(unwatched.clone().decides(), []);
    assert!(unwatched.clone().plan().notices.contains(&(id(PERSON), Note::OutOfScope)));
    let watched = Situation { last_sweep: 1, ..unwatched };
    assert_eq!(watched.clone().note(29, Note::OutOfScope).decides(), []);
    assert_eq!(watched.note(30, Note::OutOfScope).decides(), [ActionKind::Delete]);
}
