//! What people decided by hand, what usher gives back, and whom it forgets.

use super::*;

#[test]
fn a_deleted_persons_groups_are_not_known_so_nobody_is_restored_by_them() {
    let deleted = || Situation {
        deleted: Some(ago(9)),
        in_group: true,
        ..disabled_by_usher(40).did(ActionKind::Delete, 9, Some(Cause::LeftScope))
    };
    assert_eq!(deleted().decides(), []);
    assert_eq!(Situation { scope: "", ..deleted() }.decides(), [ActionKind::Restore]);
    let excluded = "exclude_groups = [\"00000000-0000-0000-0000-0000000000a2\"]";
    assert_eq!(Situation { scope: excluded, ..deleted() }.decides(), []);
    assert_eq!(Situation { scope: "", deleted: Some(ago(30)), ..deleted() }.decides(), [], "too late");
}

#[test]
fn whom_others_deleted_is_not_restored_though_usher_disabled_them_before() {
    let deleted = Situation { scope: "", deleted: Some(ago(9)), ..disabled_by_usher(40) };
    assert_eq!(deleted.clone().decides(), []);
    assert_eq!(deleted.did(ActionKind::Delete, 9, Some(Cause::LeftScope)).decides(), [ActionKind::Restore]);
}

#[test]
fn of_somebody_who_is_gone_for_good_nothing_is_remembered() {
    let deleted = |days: i64| {
        let left = disabled_by_usher(days + 30).did(ActionKind::Delete, days, Some(Cause::LeftScope));
        let evidence = Evidence { exists: Tri::No, ..FREE };
        Situation { is_there: false, evidence, ..left.note(days - 1, Note::ShownDeleted) }
    };
    let still_there = Situation { evidence: FREE, ..deleted(40) };
    assert!(still_there.plan().notices.is_empty(), "a list that ended too early says nothing");
    assert!(deleted(39).plan().notices.is_empty());
    assert_eq!(deleted(40).plan().notices, [(id(PERSON), Note::Gone)]);
    let mut memory = Memory::default();
    memory.learn(&deleted(40).note(0, Note::Gone).records);
    assert!(memory.life(id(PERSON)).is_none() && memory.departure(id(PERSON)).is_none());
}

#[test]
fn a_second_cause_keeps_what_the_first_took_away() {
    let inactive =
        accepted(200).did(ActionKind::Disable, 50, Some(Cause::Inactive)).user(json!({"accountEnabled": false}));
    assert_eq!(inactive.clone().decides(), [], "in scope: neither deleted nor given back");
    let also_left =
        inactive.clone().out().note(40, Note::OutOfScope).note(33, Note::AlsoTaken { cause: Cause::LeftScope });
    assert_eq!(also_left.clone().decides(), [ActionKind::Delete]);
    let came_back = Situation { in_group: true, ..also_left };
    assert_eq!(came_back.decides(), [], "inactivity has not ended");
}

#[test]
fn what_others_gave_back_is_not_ushers_any_more() {
    let off = json!({"accountEnabled": false});
    let enabled = disabled_by_usher(60).note(59, Note::ShownDisabled).user(json!({"accountEnabled": true}));
    assert_eq!(enabled.clone().plan().notices, [(id(PERSON), Note::GivenBack)]);
    let blocked = enabled.note(58, Note::GivenBack).user(off.clone());
    let by_a_person = Situation { blocked_by: Some(Actor::Person), ..blocked };
    assert_eq!(by_a_person.clone().decides(), [], "a person's block is not deleted");
    assert_eq!(by_a_person.clone().plan().notices, [(id(PERSON), Note::Blocked)]);
    assert!(by_a_person.clone().note(57, Note::Blocked).plan().notices.is_empty());
    let came_back = Situation { in_group: true, ..by_a_person };
    assert_eq!(came_back.decides(), [], "nor taken back");

    let deleted = || disabled_by_usher(60).did(ActionKind::Delete, 9, Some(Cause::LeftScope)).user(off.clone());
    let restored = deleted().note(8, Note::ShownDeleted);
    assert_eq!(restored.clone().plan().notices, [(id(PERSON), Note::GivenBack)]);
    assert_eq!(restored.note(7, Note::GivenBack).decides(), []);
    assert_eq!(deleted().decides(), [], "restored before any sweep saw the deletion");
    assert_eq!(deleted().plan().notices, [(id(PERSON), Note::GivenBack)]);
}

#[test]
fn whom_somebody_else_disabled_again_after_usher_is_neither_given_back_nor_deleted() {
    for (by, days, goes_on) in [
        (Actor::Person, 59, false),
        (Actor::Sync, 59, false),
        (Actor::Other, 58, false),
        // usher's own entry in the log, by whatever clock, and an older one.
        (Actor::Other, 60, true),
        (Actor::Other, 59, true),
        (Actor::Person, 61, true),
    ] {
        let again = || Situation { blocked_by: Some(by), blocked: days, ..disabled_by_usher(60) };
        let decides = |action| if goes_on { vec![action] } else { vec![] };
        assert_eq!(again().decides(), decides(ActionKind::Delete), "{by:?} {days} days ago");
        let back = || Situation { in_group: true, ..again() };
        assert_eq!(back().decides(), decides(ActionKind::Enable), "{by:?} {days} days ago, in scope again");
        let noticed = again().plan().notices.contains(&(id(PERSON), Note::TakenOver));
        assert_eq!(noticed, !goes_on, "{by:?} {days} days ago");
        if !goes_on {
            let later = Situation { blocked_by: None, ..back().note(1, Note::TakenOver) };
            assert_eq!(later.decides(), [], "when the log does not go back so far any more");
        }
    }
    let released = |days| Situation {
        blocked_by: Some(Actor::Person),
        blocked: 50,
        in_group: true,
        ..disabled_by_usher(60).note(days, Note::Released { disabled: true })
    };
    assert_eq!(released(40).decides(), [ActionKind::Enable]);
    assert_eq!(released(55).decides(), [], "blocked after the release");
}

#[test]
fn what_expired_and_somebody_enabled_does_not_expire_again_before_another_invitation() {
    let enabled = |days: i64, invited: i64| {
        let taken = pending(200).did(ActionKind::Disable, 150, Some(Cause::Expired)).note(days, Note::GivenBack);
        let changed = taken.user(json!({"externalUserStateChangeDateTime": ago(invited)}));
        Situation { invite: "home_redeems_automatically = \"no\"\nresend_after_days = []", ..changed }
    };
    for days in [0, 20, 100] {
        assert!(enabled(days, 200).told().contains("reenabled-by-person"), "{days} days ago");
    }
    assert_eq!(enabled(100, 40).decides(), [ActionKind::Disable], "invited again, and that expired");
}

#[test]
fn an_account_that_shows_again_right_after_its_deletion_is_waited_for() {
    let just_deleted = disabled_by_usher(60).did(ActionKind::Delete, 0, Some(Cause::LeftScope));
    assert_eq!(just_deleted.clone().decides(), []);
    let given_back = just_deleted.plan().notices.contains(&(id(PERSON), Note::GivenBack));
    assert!(!given_back, "the directory may just be slow");
}

#[test]
fn a_release_is_for_the_decision_of_that_time() {
    let released = accepted(100).note(90, Note::Released { disabled: true }).note(80, Note::InScope);
    let blocked = released.out().note(10, Note::OutOfScope).user(json!({"accountEnabled": false}));
    let blocked = Situation { blocked_by: Some(Actor::Person), ..blocked.note(9, Note::Blocked) };
    assert!(blocked.plan().notices.is_empty());
}

#[test]
fn what_is_released_is_taken_away_again_after_all_the_days() {
    let re_enabled = disabled_by_usher(20).note(19, Note::ShownDisabled).user(json!({"accountEnabled": true}));
    assert_eq!(re_enabled.clone().decides(), []);
    let released = |days: i64| re_enabled.clone().note(days, Note::Released { disabled: false });
    assert_eq!(released(6).decides(), []);
    assert_eq!(released(7).decides(), [ActionKind::Disable]);
}

#[test]
fn somebody_whom_others_disabled_leaves_all_the_same_unless_a_person_may_have_done_it() {
    let left = |by| Situation {
        blocked_by: by,
        ..accepted(100).out().note(10, Note::OutOfScope).user(json!({"accountEnabled": false}))
    };
    for (by, leave, goes_on) in [
        (Some(Actor::Other), "", true),
        (Some(Actor::Sync), "", true),
        (Some(Actor::Person), "", false),
        (None, "", false),
        (Some(Actor::Person), "respect_people = false", true),
    ] {
        let notes = Situation { leave, ..left(by) }.plan().notices;
        let goes = notes.iter().any(|(_, note)| *note == Note::AlsoTaken { cause: Cause::LeftScope });
        assert_eq!(goes, goes_on, "{by:?} {leave}");
    }
    let gone_on = left(Some(Actor::Other)).note(3, Note::AlsoTaken { cause: Cause::LeftScope });
    assert_eq!(Situation { leave: "delete_after_days = 3", ..gone_on }.decides(), [ActionKind::Delete]);
}
