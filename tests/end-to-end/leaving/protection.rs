//! Who is never touched, and what is left to others: holders of directory roles, the protected group, people whom
//! Microsoft's cross-tenant synchronization may own, and what Graph forbids.

use super::{HOME, Partner, ROLE};
use crate::support::{World, sorted};
use anyhow::Result;
use usher_simulator::tenant::{Fault, Matcher, PartnerConfiguration, RoleState};
use uuid::Uuid;

/// Everything that could be done to somebody is due: they left, and their values differ.
const EVERYTHING: &str = "[partner.attributes]\nusageLocation = \"US\"\ncompanyName = \"Fabrikam\"\n[partner.invite]\n\
    reset_on_address_change = true\nenforce_user_type = true";

#[tokio::test(flavor = "multi_thread")]
async fn protected_people_are_never_touched() -> Result<()> {
    let mut partner = Partner::new(10, "").await?;
    let (protected, administrators) = partner
        .world
        .directory(|directory| (directory.create_group("protected"), directory.create_role_group("administrators")));
    let people = partner.people.clone();
    partner.world.directory(|directory| {
        directory.assign_role(people[0], ROLE, RoleState::Active)?;
        directory.assign_role(people[1], ROLE, RoleState::Eligible)?;
        directory.assign_role(administrators, ROLE, RoleState::Active)?;
        directory.add_member(administrators, people[2])?;
        directory.add_member(protected, people[3])
    })?;
    // Their values differ while they are in scope, and then they leave.
    partner.world.configure(|config| {
        config.tenant.push_str(&format!("\nprotected_group = \"{protected}\""));
        config.rest = EVERYTHING.into();
    });
    let touched = |world: &World| {
        let ids = people[..4].iter().map(Uuid::to_string).collect::<Vec<_>>();
        let is_write = |path: &str| path != "/$batch" && !path.ends_with("checkMemberGroups");
        let exchanges = world.tenant.exchanges();
        exchanges.iter().any(|one| {
            one.method != "GET" && is_write(&one.path) && ids.iter().any(|id| one.path.contains(id.as_str()))
        })
    };
    partner.world.directory(|directory| {
        people
            .iter()
            .take(4)
            .try_for_each(|id| directory.change_mail(*id, Some(&format!("new-{}@fabrikam.us", id.simple()))))
    })?;
    partner.world.sweep_after(1).await;
    assert_eq!(partner.world.explained(people[0]).await.1, "directory-role");
    assert_eq!(partner.world.explained(people[3]).await.1, "protected-group");
    partner.leave(&people[..5])?;
    partner.world.sweep_after(1).await;
    let swept = partner.world.sweep_after(8).await;
    assert_eq!(swept.people("disable", "done"), people[4..5], "{swept:#?}");
    assert_eq!((swept.untouched("directory-role"), swept.untouched("protected-group")), (3, 1));
    partner.world.sweep_after(31).await;
    assert_eq!(partner.world.enabled(&people[..4]), vec![Some(true); 4]);
    assert!(!touched(&partner.world));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_away_while_it_cannot_be_told_who_is_protected() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    world.sweep().await;
    world.directory(|directory| directory.permissions.remove("RoleManagement.Read.Directory"));
    let swept = partner.nothing_happens(&[8]).await;
    assert_eq!(swept.untouched("protection-unknown"), 1, "{swept:#?}");
    assert_eq!(swept.0["error"]["code"], "protection-unreadable");
    world.directory(|directory| directory.permissions.insert("RoleManagement.Read.Directory".into()));
    assert_eq!(world.sweep().await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_cross_tenant_synchronization_is_allowed_only_people_whom_entra_connect_masters_are_taken_away()
-> Result<()> {
    let partner = Partner::new(1, "[partner.leave]\nsynced = \"disable\"").await?;
    let (world, left) = (&partner.world, &partner.people[..2]);
    let settings = PartnerConfiguration::new(&["fabrikam.us"]).inbound_sync(true);
    world.directory(|directory| directory.cross_tenant_access.partners.insert(HOME, settings));
    partner.leave(left)?;
    world.sweep().await.is_quiet();
    let swept = world.sweep_after(8).await;
    assert_eq!(swept.done("disable"), left[1..], "{swept:#?}");
    assert_eq!(swept.untouched("synchronization-allowed"), 1);
    partner.explained(left[0], "accepted", "synchronization-allowed").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_away_where_the_settings_of_synchronization_cannot_be_read() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    partner.leave(&partner.people[..1])?;
    partner.world.directory(|directory| directory.permissions.remove("Policy.Read.All"));
    assert_eq!(partner.nothing_happens(&[8, 40]).await.untouched("synchronization-unknown"), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_graph_forbids_throughout_is_told_and_stops_nothing_else() -> Result<()> {
    let partner = Partner::new(4, "").await?;
    let (world, left) = (&partner.world, &partner.people[..4]);
    partner.leave(left)?;
    world.sweep().await;
    let new = world.directory(|directory| directory.sync_people(50..=50, "fabrikam.us"));
    partner.come_back(&new)?;
    world.tenant.fail_next(4, Matcher::patch("/users/"), Fault::status(403, "Authorization_RequestDenied"));
    let swept = world.sweep_after(8).await;
    assert_eq!(swept.people("disable", "failed"), sorted(left), "{swept:#?}");
    assert_eq!(swept.done("convert"), new);
    assert_eq!(swept.0["error"]["code"], "Authorization_RequestDenied", "{swept:#?}");
    assert_eq!(partner.nothing_happens(&[]).await.untouched("refused-recently"), 4);
    assert_eq!(world.sweep_after(1).await.done("disable"), sorted(left));
    Ok(())
}
