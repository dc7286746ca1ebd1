//! Random histories: people, administrators, Entra Connect, outages and changes of the configuration, in any order.
//!
//! Responsible for: what must hold whatever happens, on the pure planner with a model of the directory. Not responsible for:
//! single rules; the tables are.

mod model;

use crate::graph::directory::Actor;
use crate::ids::UserId;
use crate::journal::record::{ActionKind, Cause};
use crate::people::decide::Action;
use crate::people::fixtures::id;
use crate::people::lifecycle::{State, WAYS};
use crate::people::request::Wish;
use model::{Account, Answer, Model, Standing, Weather, configurations};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const PEOPLE: u128 = 4;
/// In a world that stays still.
const DAYS_BETWEEN_SWEEPS: i64 = 12;
static CONFIGURATIONS: LazyLock<Vec<crate::config::Config>> = LazyLock::new(configurations);

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Redeems(u128),
    SignsIn(u128),
    IsSwitched(u128, bool, Actor),
    IsDeleted(u128),
    IsRestored(u128),
    IsResetByAdministrator(u128),
    MailChanges(u128, Option<u8>),
    EntersOrLeavesGroup(u128),
    IsExcludedOrNot(u128),
    GetsOrLosesRole(u128),
    GetsOrLosesLicence(u128),
    IsAskedFor(u128, Wish),
    Configured(Index),
    Passes(i64),
    Sweep(Weather, bool),
}

fn event() -> impl Strategy<Value = Event> {
    let person = || 1..=PEOPLE;
    let actor = prop_oneof![Just(Actor::Person), Just(Actor::Sync), Just(Actor::Other)];
    prop_oneof![
        4 => person().prop_map(Event::Redeems),
        2 => person().prop_map(Event::SignsIn),
        2 => (person(), any::<bool>(), actor).prop_map(|(one, on, by)| Event::IsSwitched(one, on, by)),
        1 => person().prop_map(Event::IsDeleted),
        1 => person().prop_map(Event::IsRestored),
        1 => person().prop_map(Event::IsResetByAdministrator),
        2 => (person(), proptest::option::of(0..3_u8)).prop_map(|(one, mail)| Event::MailChanges(one, mail)),
        4 => person().prop_map(Event::EntersOrLeavesGroup),
        2 => person().prop_map(Event::IsExcludedOrNot),
        1 => person().prop_map(Event::GetsOrLosesRole),
        1 => person().prop_map(Event::GetsOrLosesLicence),
        2 => (person(), prop_oneof![Just(Wish::Provision), Just(Wish::Retire)])
            .prop_map(|(one, wish)| Event::IsAskedFor(one, wish)),
        1 => any::<Index>().prop_map(Event::Configured),
        6 => (1..=40_i64).prop_map(|days| Event::Passes(24 * days)),
        3 => (1..=30_i64).prop_map(Event::Passes),
        12 => (weather(), any::<bool>()).prop_map(|(weather, approve)| Event::Sweep(weather, approve)),
    ]
}

fn weather() -> impl Strategy<Value = Weather> {
    let answer = prop_oneof![
        6 => Just(Answer::Done),
        1 => Just(Answer::LostBefore),
        1 => Just(Answer::LostAfter),
        1 => Just(Answer::NotSent),
        1 => Just(Answer::Refused),
    ];
    let rarely = || proptest::bool::weighted(0.1);
    let unreadable = (rarely(), rarely(), rarely(), rarely(), rarely(), rarely());
    (unreadable, proptest::collection::vec(answer, 0..6)).prop_map(|(unreadable, answers)| Weather {
        group_unreadable: unreadable.0,
        members_cut_short: unreadable.1,
        sign_ins_unreadable: unreadable.2,
        settings_unreadable: unreadable.3,
        audits_unreadable: unreadable.4,
        nobody_looked_at: unreadable.5,
        answers,
    })
}

fn happens(model: &mut Model, event: &Event) -> Result<(), TestCaseError> {
    let toggle = |set: &mut std::collections::HashSet<UserId>, person: u128| {
        if !set.remove(&id(person)) {
            set.insert(id(person));
        }
    };
    let change = |model: &mut Model, person: u128, change: &dyn Fn(&mut Account)| {
        model.accounts.get_mut(&id(person)).into_iter().for_each(change);
    };
    match event {
        Event::Redeems(person) => model.redeem(id(*person)),
        Event::SignsIn(person) => model.sign_in(id(*person)),
        Event::IsSwitched(person, on, by) => model.switch(id(*person), *on, *by),
        Event::IsDeleted(person) => model.delete(id(*person)),
        Event::IsRestored(person) => model.restore(id(*person)),
        Event::IsResetByAdministrator(person) => model.reset_by_administrator(id(*person)),
        Event::MailChanges(person, mail) => {
            let mail = mail.map(|which| match which {
                0 => format!("person-{person:04}@fabrikam.us"),
                1 => format!("other-{person:04}@fabrikam.us"),
                _ => format!("person-{person:04}@elsewhere.example"),
            });
            change(model, *person, &|account| account.mail.clone_from(&mail));
        }
        Event::EntersOrLeavesGroup(person) => toggle(&mut model.in_group, *person),
        Event::IsExcludedOrNot(person) => toggle(&mut model.excluded, *person),
        Event::GetsOrLosesRole(person) => change(model, *person, &|account| account.role = !account.role),
        Event::GetsOrLosesLicence(person) => change(model, *person, &|account| account.licensed = !account.licensed),
        Event::IsAskedFor(person, wish) => {
            let before = model.clone();
            let actions = model.ask(id(*person), *wish);
            let mut judged_by = before;
            judged_by.requested.clone_from(&model.requested);
            judge(&judged_by, &Weather::default(), &actions)?;
            for action in actions {
                prop_assert_eq!(action.kind.takes_away(), *wish == Wish::Retire, "{:?}", action);
            }
        }
        Event::Configured(which) => model.config = which.get(&CONFIGURATIONS).clone(),
        Event::Passes(hours) => model.pass(*hours),
        Event::Sweep(weather, approve) => {
            let before = model.clone();
            let actions = model.sweep(weather, *approve);
            judge(&before, weather, &actions)?;
        }
    }
    Ok(())
}

/// What no sweep may do, whatever the weather.
fn judge(before: &Model, weather: &Weather, actions: &[Action]) -> Result<(), TestCaseError> {
    for action in actions {
        let person = action.person;
        prop_assert!(!weather.nobody_looked_at || action.kind == ActionKind::Restore, "unknown led to {action:?}");
        prop_assert!(!before.accounts.get(&person).is_some_and(|account| account.role), "a role holder: {action:?}");
        let by_groups = !before.config.partners[0].scope.groups.is_empty();
        if action.kind.takes_away() {
            prop_assert!(!(by_groups && weather.group_unreadable), "taken away without the group: {action:?}");
            let left = action.cause == Some(Cause::LeftScope);
            prop_assert!(!left || !before.is_in_scope(person), "taken away in scope: {action:?}");
            let grace = jiff::SignedDuration::from_hours(24 * 7);
            let seen = before.seen_in_scope.get(&person).filter(|_| left && action.kind == ActionKind::Disable);
            let all_days = seen.is_none_or(|seen| before.now.duration_since(*seen) >= grace);
            prop_assert!(all_days, "no days of grace: {action:?}");
            let inactive = action.kind == ActionKind::Disable && action.cause == Some(Cause::Inactive);
            prop_assert!(!inactive || !weather.sign_ins_unreadable, "no data: {action:?}");
        }
        if matches!(action.kind, ActionKind::Enable | ActionKind::Restore) {
            prop_assert!(before.is_in_scope(person), "given back out of scope: {action:?}");
            let by_request = before.requested.contains(&person);
            let restores = before.config.partners[0].leave.restore || by_request;
            prop_assert!(restores, "given back although that is off: {action:?}");
        }
    }
    Ok(())
}

/// Sweeps in a world that stays still until nothing is due any more; every sweep's steps.
fn until_still(model: &mut Model) -> Vec<Vec<Action>> {
    let calm = Weather::default();
    let mut sweeps = Vec::new();
    // Longer than every clock together: grace, deletion, expiry, inactivity, each with its own sweep.
    for _ in 0..13 {
        sweeps.push(model.sweep(&calm, true));
        model.pass(DAYS_BETWEEN_SWEEPS * 24);
    }
    sweeps
}

fn run(events: &[Event]) -> Result<Model, TestCaseError> {
    let mut model = Model::new(PEOPLE, CONFIGURATIONS[0].clone());
    for event in events {
        happens(&mut model, event)?;
        prop_assert!(model.violations.is_empty(), "{:?}", model.violations);
        if let Some((mail, count)) = model.mails.iter().find(|(_, count)| **count > 1) {
            return Err(TestCaseError::fail(format!("{count} mails for one step: {mail:?}")));
        }
    }
    Ok(model)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        max_shrink_iters: 20_000,
        ..ProptestConfig::with_cases(10_000)
    })]

    #[test]
    fn whatever_happens_nobody_is_mailed_twice_for_a_step_nor_touched_on_missing_evidence_and_it_comes_to_rest(
        events in proptest::collection::vec(event(), 1..24),
    ) {
        let mut model = run(&events)?;
        let sweeps = until_still(&mut model);
        prop_assert!(model.violations.is_empty(), "{:?}", model.violations);
        let double = model.mails.iter().find(|(_, count)| **count > 1);
        prop_assert!(double.is_none(), "two mails for one step: {double:?}");
        let last: Vec<_> = sweeps.iter().rev().take(4).flatten().collect();
        prop_assert!(last.is_empty(), "it does not come to rest: {last:#?}");
        flaps_nowhere(&sweeps)?;
        ends_where_it_should(&model)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(12),
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn less_evidence_never_leads_to_more(events in proptest::collection::vec(event(), 1..24), weather in weather()) {
        let model = run(&events)?;
        // What is only carried over may well go on where a taking-away is not certain.
        let serious = |action: &&Action| {
            !matches!(action.kind, ActionKind::Update | ActionKind::SetSponsor | ActionKind::AddToGroup | ActionKind::Resend)
        };
        let steps = |weather: &Weather| -> BTreeSet<_> {
            let plan = model.plan(weather, false);
            plan.actions.iter().chain(&plan.held_actions).filter(serious).map(Action::step).collect()
        };
        let (known, less) = (steps(&Weather::default()), steps(&weather));
        prop_assert!(less.is_subset(&known), "{:?}", less.difference(&known).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_observations_does_not_matter(events in proptest::collection::vec(event(), 1..24)) {
        let model = run(&events)?;
        let calm = Weather::default();
        let (plan, reversed) = (model.plan(&calm, false), model.plan(&calm, true));
        prop_assert_eq!(plan.actions, reversed.actions);
        prop_assert_eq!(plan.untouched, reversed.untouched);
        prop_assert_eq!(plan.notices, reversed.notices);
    }

    #[test]
    fn every_way_that_people_go_is_in_the_table(events in proptest::collection::vec(event(), 1..24)) {
        let mut model = Model::new(PEOPLE, CONFIGURATIONS[0].clone());
        for event in &events {
            let (before, were_there) = (model.states(), model.accounts.keys().copied().collect::<BTreeSet<_>>());
            happens(&mut model, event)?;
            // What was open is settled, something is done, and its answer is lost.
            let steps = if matches!(event, Event::Sweep(..) | Event::IsAskedFor(..)) { 3 } else { 1 };
            let after = model.states();
            for person in (1..=PEOPLE).map(id) {
                let [from, to] = [&before, &after].map(|states| states.get(&person).copied().unwrap_or(State::Absent));
                // Somebody without an address of the partner may not be in view, whatever they are.
                let is_seen = (before.contains_key(&person) || !were_there.contains(&person))
                    && (after.contains_key(&person) || !model.accounts.contains_key(&person));
                prop_assert!(!is_seen || leads(from, to, steps), "{from:?} to {to:?} by {event:?}");
            }
        }
    }

    #[test]
    fn a_plan_that_was_carried_out_is_not_made_again(events in proptest::collection::vec(event(), 1..24)) {
        let mut model = run(&events)?;
        let first: BTreeSet<_> = model.sweep(&Weather::default(), true).iter().map(|one| (one.step(), one.day)).collect();
        let second = model.sweep(&Weather::default(), true);
        let again: Vec<_> = second.iter().filter(|action| first.contains(&(action.step(), action.day))).collect();
        prop_assert!(again.is_empty(), "{again:#?}");
    }

    #[test]
    fn more_recent_activity_takes_nothing_away(
        events in proptest::collection::vec(event(), 1..24), person in 1..=PEOPLE, hours in 1..2000_i64,
    ) {
        let model = run(&events)?;
        let mut later = model.clone();
        if let Some(last) = later.sign_ins.get_mut(&id(person)) {
            *last = later.now.min(*last + jiff::SignedDuration::from_hours(hours));
        }
        let disabled = |model: &Model| {
            let plan = model.plan(&Weather::default(), false);
            let inactive = |action: &&Action| action.cause == Some(Cause::Inactive) && action.kind == ActionKind::Disable;
            plan.actions.iter().chain(&plan.held_actions).filter(inactive).map(Action::step).collect::<BTreeSet<_>>()
        };
        let before = disabled(&model);
        // A sign-in after a disable of usher's is a new beginning, not a reason to take away now.
        prop_assert!(disabled(&later).is_subset(&before));
    }
}

/// Whether so many ways of the table lead from one state to the other.
fn leads(from: State, to: State, steps: usize) -> bool {
    from == to || steps > 0 && WAYS.iter().any(|way| way.from == from && way.to != from && leads(way.to, to, steps - 1))
}

/// In a world that stays still nothing is both taken away and given back, nor done twice.
fn flaps_nowhere(sweeps: &[Vec<Action>]) -> Result<(), TestCaseError> {
    let mut done = BTreeSet::new();
    for action in sweeps.iter().flatten() {
        let again = !done.insert((action.step(), action.day));
        prop_assert!(!again, "done twice in a world that stays still: {action:?}");
    }
    let in_order: Vec<_> = sweeps
        .iter()
        .enumerate()
        .flat_map(|(sweep, actions)| actions.iter().map(move |action| (sweep, action)))
        .collect();
    for (index, (given, back)) in in_order.iter().enumerate() {
        if !matches!(back.kind, ActionKind::Enable | ActionKind::Restore) {
            continue;
        }
        let takes = |other: &Action| {
            other.person == back.person && matches!(other.kind, ActionKind::Disable | ActionKind::Delete)
        };
        let before = in_order[..index].iter().find(|(_, other)| takes(other));
        prop_assert!(before.is_none(), "taken away and given back: {before:?}");
        let all_days = |sweep: usize, cause| match cause {
            // Whoever may sign in again has all days to do so, or to redeem.
            Some(Cause::Inactive) => (sweep - given) as i64 * DAYS_BETWEEN_SWEEPS >= 45,
            Some(Cause::Expired) => (sweep - given) as i64 * DAYS_BETWEEN_SWEEPS >= 30,
            _ => false,
        };
        let disabled = in_order[index..].iter().find(|(_, other)| takes(other) && other.kind == ActionKind::Disable);
        let after = disabled.filter(|(sweep, other)| !all_days(*sweep, other.cause));
        prop_assert!(after.is_none(), "given back and taken away: {after:?}");
    }
    Ok(())
}

/// After a world stood still for long, everybody is where the rules want them.
fn ends_where_it_should(model: &Model) -> Result<(), TestCaseError> {
    let partner = &model.config.partners[0];
    for (person, account) in &model.accounts {
        let free = !account.role && !account.touched_by_others && partner.pilot.is_empty();
        let Some(life) = model.memory.life(*person).filter(|_| free) else { continue };
        let taken = model.memory.departure(*person).and_then(|departure| departure.taken.as_ref());
        let only_left =
            taken.is_some_and(|taken| taken.causes.keys().eq([&Cause::LeftScope]) && taken.disabled.is_some());
        let known = account.mail.as_ref().is_some_and(|mail| mail.ends_with("@fabrikam.us"));
        if model.is_in_scope(*person) && known && only_left && partner.leave.restore {
            prop_assert!(account.enabled, "came back and was not given back: {person} {account:?}");
        }
        let may_be_deleted = !account.synced && !account.licensed && known && account.standing != Standing::Internal;
        let looked_after = !life.origin.adopted || partner.scope.adopt == crate::config::Adopt::Full;
        if !model.is_in_scope(*person) && may_be_deleted && looked_after {
            return Err(TestCaseError::fail(format!(
                "left long ago and is still there: {person} {account:?} {taken:?}"
            )));
        }
    }
    Ok(())
}
