//! People who must not be touched are not, and `explain` says why.

use crate::support::{Config, World};
use anyhow::Result;
use usher_simulator::tenant::{RoleState, SyncedPerson};
use uuid::Uuid;

/// A directory role; which one does not matter.
const ROLE: Uuid = Uuid::from_u128(0xfe93_0be7);

/// Asks `explain` about each person and compares state, decision and in-scope.
async fn explained(world: &World, expected: &[(Uuid, &str, &str, &str)]) {
    for (person, in_scope, state, decision) in expected {
        let explanation = world.json(&["explain", &person.to_string()]).await;
        let found = [&explanation["in_scope"], &explanation["state"], &explanation["decision"]];
        assert_eq!(found, [in_scope, state, decision], "{explanation:#}");
        assert!(explanation["text"].as_str().is_some_and(|text| text.ends_with('.')), "{explanation:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_not_be_touched_is_not_and_is_explained() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let person = |address: &str| SyncedPerson::new(address);
    let (group_protected, group_excluded, ids) = world.directory(|directory| {
        let protected = directory.create_group("protected");
        let nested = directory.create_group("nested in protected");
        let excluded = directory.create_group("excluded");
        let administrators = directory.create_role_group("administrators");
        let ids = [
            directory.sync_person(person("look-alike@fabrikam.us.evil.example")),
            directory.sync_person(person("look-alike@fabrikamxus.org")),
            directory.sync_person(person("excluded@fabrikam.us")),
            directory.sync_person(person("protected@fabrikam.us")),
            directory.sync_person(SyncedPerson { enabled: false, ..person("disabled@fabrikam.us") }),
            directory.sync_person(person("role@fabrikam.us")),
            directory.sync_person(person("eligible@fabrikam.us")),
            directory.sync_person(person("role-by-group@fabrikam.us")),
            directory.sync_person(person("exchange@fabrikam.us")),
            directory.sync_person(person("without-state@fabrikam.us")),
            directory.sync_person(person("accepted@fabrikam.us")),
            directory.sync_person(person("plus+tag@fabrikam.us")),
            directory.sync_person(person("fine@fabrikam.us")),
        ];
        directory.add_member(excluded, ids[2])?;
        directory.add_member(protected, nested)?;
        directory.add_member(nested, ids[3])?;
        directory.assign_role(ids[5], ROLE, RoleState::Active)?;
        directory.assign_role(ids[6], ROLE, RoleState::Eligible)?;
        directory.assign_role(administrators, ROLE, RoleState::Active)?;
        directory.add_member(administrators, ids[7])?;
        directory.assign_exchange_plan(ids[8])?;
        directory.update_user(ids[9], |user| user.creation_type = Some("Invitation".into()))?;
        directory.update_user(ids[10], |user| {
            user.external_user_state = Some(usher_simulator::tenant::ExternalUserState::Accepted);
        })?;
        anyhow::Ok((protected, excluded, ids))
    })?;
    world.configure(|config| {
        config.tenant.push_str(&format!("\nprotected_group = \"{group_protected}\""));
        config.scope = format!("exclude_groups = [\"{group_excluded}\"]");
    });
    // External users are there and the state is new: without a word from the operator nobody is touched at all.
    let held = world.usher(&["apply", "--json"]).await.exits(3).json();
    assert_eq!(held["partners"][0]["held"]["reason"], "state-missing", "{held:#}");
    assert_eq!(world.writes(), 0);

    let report = world.usher(&["apply", "--adopt-state", "--json"]).await.exits(0).json();
    let partner = &report["partners"][0];
    assert_eq!(partner["actions"].as_array().map(Vec::len), Some(1), "{partner:#}");
    assert_eq!(partner["actions"][0]["person"]["id"], ids[12].to_string());
    assert_eq!(world.mails_of(&ids).iter().sum::<usize>(), 1);
    assert_eq!(world.mails_of(&ids[12..]), [1]);

    explained(
        &world,
        &[
            (ids[0], "no", "internal", "out-of-scope"),
            (ids[1], "no", "internal", "out-of-scope"),
            (ids[2], "no", "internal", "excluded"),
            (ids[3], "yes", "internal", "protected-group"),
            (ids[4], "yes", "disabled", "account-disabled"),
            (ids[5], "yes", "internal", "directory-role"),
            (ids[6], "yes", "internal", "directory-role"),
            (ids[7], "yes", "internal", "directory-role"),
            (ids[8], "yes", "internal", "exchange-plan"),
            (ids[9], "yes", "internal", "external-state-unknown"),
            (ids[10], "yes", "accepted", "invited-by-others"),
            (ids[11], "yes", "internal", "address-not-invitable"),
            (ids[12], "yes", "pending", "pending"),
        ],
    )
    .await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_pilot_nobody_is_touched() -> Result<()> {
    let config = Config { partner: "pilot = [\"Person-0003@Fabrikam.us\"]".into(), ..Config::default() };
    let world = World::new(config).await;
    let ids = world.people(5);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [0, 0, 1, 0, 0]);
    explained(&world, &[(ids[0], "yes", "internal", "outside-pilot"), (ids[2], "yes", "pending", "pending")]).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_group_counts_its_nested_members_and_nobody_else() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let ids = world.people(3);
    let group = world.directory(|directory| {
        let group = directory.create_group("scope");
        let nested = directory.create_group("nested");
        directory.add_member(group, nested)?;
        directory.add_member(nested, ids[0])?;
        directory.add_member(group, ids[1])?;
        anyhow::Ok(group)
    })?;
    world.configure(|config| config.scope = format!("groups = [\"{group}\"]"));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1, 1, 0]);
    explained(&world, &[(ids[2], "no", "internal", "not-in-group")]).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_group_that_is_not_there_fails_its_partner_and_touches_nobody() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let ids = world.people(3);
    world.configure(|config| config.scope = format!("exclude_groups = [\"{}\"]", Uuid::from_u128(0x77)));
    let report = world.usher(&["apply", "--json"]).await.exits(1).json();
    assert_eq!(report["partners"][0]["error"]["code"], "group-unreadable", "{report:#}");
    assert_eq!(report["partners"][0]["complete"], false);
    assert_eq!(world.mails_of(&ids), [0, 0, 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_roles_cannot_be_read_everybody_may_be_protected() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(3);
    world.directory(|directory| directory.permissions.remove("RoleManagement.Read.Directory"));
    let report = world.usher(&["apply", "--json"]).await.exits(1).json();
    assert_eq!(report["partners"][0]["error"]["code"], "protection-unreadable", "{report:#}");
    assert_eq!(world.json(&["status"]).await["partners"][0]["overdue"], true, "a failed run is no good run");
    assert_eq!(world.mails_of(&ids), [0, 0, 0]);
    explained(&world, &[(ids[0], "yes", "internal", "protection-unknown")]).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_the_licence_for_eligible_roles_has_none() -> Result<()> {
    let world =
        World::with(usher_simulator::cloud::Cloud::Global, Config::default(), |options| options.p2 = false).await;
    let ids = world.people(3);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1, 1, 1]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_are_told_by_each_others_id() -> Result<()> {
    let world = World::new(Config::default()).await;
    let (one, other) = world.directory(|directory| {
        let one = directory.sync_person(SyncedPerson::new("twin@fabrikam.us"));
        let other = directory.create_colleague("colleague");
        directory.update_user(other, |user| user.other_mails.push("Twin@fabrikam.us".into()))?;
        anyhow::Ok((one, other))
    })?;
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.writes(), 0);
    let explanation = world.json(&["explain", "TWIN@fabrikam.us"]).await;
    assert_eq!(explanation["person"]["id"], one.to_string());
    assert_eq!(explanation["decision"], "twin");
    let rules = explanation["rules"].to_string();
    assert!(rules.contains(&other.to_string()), "{rules}");
    Ok(())
}
