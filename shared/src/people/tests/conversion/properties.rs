//! What holds of any directory.

use super::*;
use crate::graph::model::User;
use proptest::prelude::*;

/// Any user, with every sign in every combination.
fn any_user(number: u128) -> impl Strategy<Value = User> {
    let mail = prop_oneof![
        Just(json!(format!("person-{number:04}@fabrikam.us"))),
        Just(json!("twin@fabrikam.us")),
        Just(json!("x@fabrikam.us.evil.example")),
        Just(Value::Null)
    ];
    let state = prop_oneof![Just(Value::Null), Just(json!("PendingAcceptance")), Just(json!("Accepted"))];
    let creation = prop_oneof![Just(Value::Null), Just(json!("Invitation"))];
    let tri = || prop_oneof![Just(json!(true)), Just(json!(false)), Just(Value::Null)];
    (mail, state, creation, tri(), tri()).prop_map(move |(mail, state, creation, enabled, synced_flag)| {
        synced(
            number,
            json!({"mail": mail, "externalUserState": state, "creationType": creation, "accountEnabled": enabled,
                "onPremisesSyncEnabled": synced_flag}),
        )
    })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let tri = || prop_oneof![Just(Tri::Yes), Just(Tri::No), Just(Tri::Unknown)];
    (tri(), tri(), tri(), tri()).prop_map(|(exists, exchange_plan, directory_role, protected_group)| Evidence {
        exists,
        exchange_plan,
        directory_role,
        protected_group,
        licensed: Tri::No,
    })
}

fn any_world() -> impl Strategy<Value = World> {
    let people: Vec<_> = (1..=12).map(|n| (any_user(n), any_evidence())).collect();
    (people, 0_u32..12).prop_map(|(people, limit)| {
        let mut world = World::of(
            config("", "", &format!("invitations = {limit}"), ""),
            people.iter().map(|(user, _)| user.clone()).collect(),
        );
        world.evidence = people.iter().map(|(user, evidence)| (user.id, *evidence)).collect();
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::with_cases(512) })]

    #[test]
    fn everybody_in_view_is_acted_upon_waits_or_has_a_reason(world in any_world()) {
        let plan = world.plan();
        let in_view = world.users.iter().filter(|user| user.mail.as_deref().is_some_and(|mail| mail.ends_with("@fabrikam.us"))).count();
        let accounted = plan.actions.len() + plan.waiting + plan.untouched.values().sum::<usize>();
        if plan.held.is_none() {
            prop_assert_eq!(accounted, in_view);
        }
    }

    #[test]
    fn only_what_is_known_in_every_respect_leads_to_an_action(world in any_world()) {
        let plan = world.plan();
        prop_assert!(plan.actions.len() <= world.config.partners[0].limits.invitations as usize);
        for action in &plan.actions {
            prop_assert_eq!(world.evidence[&action.person], FREE);
            let user = world.users.iter().find(|user| user.id == action.person).unwrap();
            prop_assert_eq!(user.account_enabled.value(), Some(&true));
            prop_assert_eq!(user.on_premises_sync_enabled.value(), Some(&true));
            prop_assert!(user.external_user_state.value().is_none() && user.creation_type.value().is_none());
        }
    }

    #[test]
    fn the_order_in_which_people_are_observed_does_not_matter(world in any_world(), seed in any::<u64>()) {
        let plan = world.plan();
        let mut shuffled = world;
        let length = shuffled.users.len();
        for index in (1..length).rev() {
            let other = usize::try_from(seed.rotate_left(u32::try_from(index).unwrap()) % (index as u64 + 1)).unwrap();
            shuffled.users.swap(index, other);
        }
        prop_assert_eq!(plan, shuffled.plan());
    }
}
