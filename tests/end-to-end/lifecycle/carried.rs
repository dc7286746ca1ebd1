//! What is carried over to people: properties, the address list, the type, sponsors, groups.

use super::{ACCEPTED, ATTRIBUTES, adopted, cross_tenant, invited, redeem, world};
use crate::support::{Config, World, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::tenant::{Directory, Fault, Matcher, PartnerConfiguration, UserType};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn values_are_written_and_cleared_and_then_left_in_peace() -> Result<()> {
    let rest = format!(
        "{ATTRIBUTES}[partner.invite]\nshow_in_address_list = true\nenforce_user_type = true\n\
        user_type = \"member\""
    );
    let (world, guests) = adopted(3, ACCEPTED, &rest).await;
    world.directory(|directory| {
        guests.iter().try_for_each(|id| {
            directory.update_user(*id, |user| {
                user.attributes.insert("department", "Elsewhere".into());
                user.attributes.insert("jobTitle", "Engineer".into());
            })
        })
    })?;
    let swept = world.sweep().await;
    assert_eq!(swept.done("update"), sorted(&guests), "{swept:#?}");
    for id in &guests {
        let user = world.directory(|directory| directory.user(*id).cloned()).expect("the guest");
        let value = |name| user.attributes.get(name).map(String::as_str);
        assert_eq!((value("companyName"), value("department")), (Some("Fabrikam"), None));
        assert_eq!((value("usageLocation"), value("jobTitle")), (Some("US"), Some("Engineer")));
        assert_eq!((user.show_in_address_list, user.user_type), (Some(true), UserType::Member));
    }
    world.tenant.clear_exchanges();
    world.sweep_after(1).await.is_quiet();
    assert_eq!(world.writes(), 0);
    world.directory(|directory| {
        directory.update_user(guests[0], |user| _ = user.attributes.insert("companyName", "Other".into()))
    })?;
    assert_eq!(world.sweep_after(1).await.done("update"), [guests[0]], "and kept at them");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_entra_connect_masters_are_left_and_told() -> Result<()> {
    let rest = format!("{ATTRIBUTES}[partner.invite]\nshow_in_address_list = true\nresend_after_days = []");
    let (world, ids) = invited(2, &rest).await;
    assert_eq!(world.sweep_after(1).await.done("update"), sorted(&ids), "the usage location is the cloud's");
    world.tenant.clear_exchanges();
    let swept = world.sweep_after(1).await;
    swept.is_quiet();
    assert_eq!(swept.untouched("mastered-on-premises"), 2, "{swept:#?}");
    assert_eq!(world.writes(), 0);
    let user = world.directory(|directory| directory.user(ids[0]).cloned()).expect("the person");
    assert_eq!(user.attributes.get("usageLocation").map(String::as_str), Some("US"));
    assert_eq!((user.attributes.get("companyName"), user.show_in_address_list), (None, None));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_whose_answer_was_lost_is_settled_by_reading() -> Result<()> {
    for after_effect in [true, false] {
        let (world, guests) = adopted(1, ACCEPTED, ATTRIBUTES).await;
        let lost = Fault::status(504, "GatewayTimeout");
        let fault = if after_effect { lost.after_effect() } else { lost };
        world.tenant.fail_next(1, Matcher::patch("/users/"), fault);
        assert_eq!(world.sweep().await.people("update", "unconfirmed"), guests);
        let mut writes = 0;
        for _ in 0..4 {
            world.clock.advance(SignedDuration::from_mins(11));
            writes += world.sweep().await.done("update").len();
        }
        assert_eq!(writes, usize::from(!after_effect), "after effect: {after_effect}");
        assert_eq!(world.explained(guests[0]).await, ("accepted".into(), "accepted".into()));
    }
    Ok(())
}

/// How often these people were written to, by the path below theirs.
fn writes_below(world: &World, end: &str) -> usize {
    let is_one = |path: &str| path.contains(end);
    world.tenant.exchanges().iter().filter(|one| one.method != "GET" && is_one(&one.path)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sponsor_is_set_by_a_call_of_its_own_once() -> Result<()> {
    let mut world = world(Config::default()).await;
    let sponsor = world.directory(|directory| directory.create_colleague("sponsor"));
    world.configure(|config| config.rest = format!("[partner.invite]\nsponsors = [\"{sponsor}\"]"));
    let ids = world.people(2);
    world.sweep().await;
    assert_eq!(world.sweep_after(1).await.done("set-sponsor"), sorted(&ids));
    assert_eq!(writes_below(&world, "/sponsors/"), 2);
    let sponsors = |id: Uuid| world.directory(|directory| directory.user(id).map(|user| user.sponsors.clone()));
    assert_eq!(sponsors(ids[0]), Some(vec![sponsor]));
    world.directory(|directory| directory.update_user(ids[0], |user| user.sponsors.clear()))?;
    world.sweep_after(1).await.is_quiet();
    assert_eq!(sponsors(ids[0]), Some(vec![]), "somebody took the sponsor away, and that is left so");
    Ok(())
}

/// People who were invited where a group is joined once redeemed.
async fn with_group(count: u32) -> (World, Uuid, Vec<Uuid>) {
    let mut world = world(Config::default()).await;
    let group = world.directory(|directory| directory.create_group("guests"));
    world.configure(|config| config.rest = format!("[partner.invite]\ngroups = [\"{group}\"]"));
    let ids = world.people(count);
    world.sweep().await;
    (world, group, ids)
}

fn members(world: &World, group: Uuid) -> Vec<Uuid> {
    let of = |directory: &mut Directory| directory.group(group).map(|group| group.members.iter().copied().collect());
    world.directory(of).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_joined_once_the_invitation_is_redeemed() -> Result<()> {
    let (world, group, ids) = with_group(3).await;
    world.sweep_after(1).await.is_quiet();
    redeem(&world, &ids[..2])?;
    assert_eq!(world.sweep_after(1).await.done("add-to-group"), sorted(&ids[..2]));
    assert_eq!(members(&world, group), sorted(&ids[..2]));
    world.directory(|directory| directory.remove_member(group, ids[0]))?;
    world.sweep_after(1).await.is_quiet();
    assert_eq!(members(&world, group), [ids[1]], "who was taken out by hand is not put in again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_shows_late_is_not_written_again() -> Result<()> {
    let (world, group, ids) = with_group(2).await;
    redeem(&world, &ids)?;
    world.directory(|directory| directory.lag = SignedDuration::from_hours(2));
    assert_eq!(world.sweep_after(1).await.done("add-to-group"), sorted(&ids));
    world.tenant.clear_exchanges();
    for minutes in [0, 15, 30, 120] {
        world.clock.advance(SignedDuration::from_mins(minutes));
        world.sweep().await.is_quiet();
    }
    assert_eq!(world.writes(), 0);
    assert_eq!(members(&world, group), sorted(&ids));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_refuses_stops_neither_other_people_nor_other_steps() -> Result<()> {
    let (world, group, ids) = with_group(2).await;
    redeem(&world, &ids[..1])?;
    world.tenant.fail_next(
        1,
        Matcher::post(&format!("/groups/{group}")),
        Fault::status(403, "Authorization_RequestDenied"),
    );
    let swept = world.sweep_after(7).await;
    assert_eq!(swept.people("add-to-group", "failed"), [ids[0]], "{swept:#?}");
    assert_eq!(swept.done("resend"), [ids[1]]);
    let swept = world.sweep().await;
    swept.is_quiet();
    assert_eq!(swept.untouched("refused-recently"), 1, "{swept:#?}");
    assert_eq!(world.sweep_after(1).await.done("add-to-group"), [ids[0]], "and is tried again after a day");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_cross_tenant_synchronization_is_allowed_only_what_entra_connect_masters_is_updated() -> Result<()> {
    let (world, guests) = adopted(1, ACCEPTED, ATTRIBUTES).await;
    let synced = world.directory(|directory| directory.sync_people(50..=50, "fabrikam.us"))[0];
    assert_eq!(world.sweep().await.done("update"), guests, "as long as it is not allowed");
    cross_tenant(&world, PartnerConfiguration::new(&["fabrikam.us"]).inbound_sync(true));
    let change = |user: &mut usher_simulator::tenant::User| _ = user.attributes.insert("companyName", "Other".into());
    world.directory(|directory| directory.update_user(guests[0], change))?;
    let swept = world.sweep_after(1).await;
    assert_eq!(swept.done("update"), [synced], "{swept:#?}");
    assert_eq!(swept.untouched("synchronization-allowed"), 1);
    assert_eq!(world.explained(guests[0]).await, ("accepted".into(), "synchronization-allowed".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_sponsors_and_groups_of_one_person_are_carried_over_by_one_sweep() -> Result<()> {
    let mut world = world(Config::default()).await;
    let [sponsor, group] =
        world.directory(|directory| [directory.create_colleague("sponsor"), directory.create_group("guests")]);
    let rest = format!("{ATTRIBUTES}[partner.invite]\nsponsors = [\"{sponsor}\"]\ngroups = [\"{group}\"]");
    world.configure(|config| {
        config.scope = "adopt = \"follow\"".into();
        config.rest = rest;
    });
    world.sweep().await;
    let guests = [1, 2].map(|number| world.guest(number, ACCEPTED));
    assert_eq!(world.sweep().await.untouched("adopted"), 2);
    let swept = world.sweep().await;
    for action in ["update", "set-sponsor", "add-to-group"] {
        assert_eq!(swept.done(action), sorted(&guests), "{action}: {swept:#?}");
    }
    assert_eq!(members(&world, group), sorted(&guests));
    world.sweep_after(1).await.is_quiet();
    Ok(())
}
