//! Ways to be taken away other than leaving the scope: not signing in, and not redeeming; and people whom usher looks
//! after only in part: adopted ones, and those outside the pilot list.

use super::{LIMITS, Partner};
use crate::support::{Config, World, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::tenant::{ExternalUserState, Fault, Matcher, SignIn};
use uuid::Uuid;

/// People who redeemed long ago and signed in last so many days ago.
async fn signed_in(days_ago: &[Option<i64>], rest: &str) -> Result<Partner> {
    let partner = Partner::new(days_ago.len(), rest).await?;
    let world = &partner.world;
    world.pass_days(100);
    let now = world.clock.now();
    world.directory(|directory| {
        days_ago.iter().zip(&partner.people).try_for_each(|(days, id)| {
            let last = days.map(|days| now - SignedDuration::from_hours(24 * days));
            let sign_in = last.map(|_| SignIn { last, last_successful: last, ..SignIn::default() });
            directory.update_user(*id, |user| user.sign_in = sign_in)
        })
    })?;
    Ok(partner)
}

fn asked_for_sign_ins(world: &World) -> bool {
    world.tenant.exchanges().iter().any(|exchange| exchange.query.contains("signInActivity"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sign_in_is_disabled_where_that_is_configured_and_not_deleted() -> Result<()> {
    let partner = signed_in(&[Some(91), Some(89), None], "[partner.inactive]\ndisable_after_days = 90").await?;
    let (world, people) = (&partner.world, &partner.people);
    let swept = world.sweep().await;
    assert_eq!(swept.done("disable"), people[..1], "{swept:#?}");
    // The synced people never signed in here either.
    assert_eq!(swept.untouched("sign-in-unknown"), 8, "{swept:#?}");
    world.sweep().await.is_quiet();
    world.directory(|directory| directory.sign_in(people[1]))?;
    partner.nothing_happens(&[40, 40]).await;
    assert_eq!(world.enabled(&people[..3]), [Some(false), Some(true), Some(true)]);
    partner.explained(people[0], "disabled", "taken-away").await;
    partner.explained(people[2], "accepted", "sign-in-unknown").await;
    world.directory(|directory| {
        directory.sign_in(people[1])?;
        directory.set_enabled(people[0], true)
    })?;
    partner.nothing_happens(&[1, 40]).await;
    partner.explained(people[0], "accepted", "reenabled-by-person").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_data_is_read_only_where_it_is_needed() -> Result<()> {
    let partner = signed_in(&[Some(91)], "").await?;
    partner.nothing_happens(&[100]).await;
    assert!(!asked_for_sign_ins(&partner.world));
    let partner = signed_in(&[Some(1)], "[partner.inactive]\ndisable_after_days = 365").await?;
    partner.nothing_happens(&[]).await;
    assert!(!asked_for_sign_ins(&partner.world), "nobody has been here for so long");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_disabled_for_sign_ins_that_cannot_be_read() -> Result<()> {
    let partner = signed_in(&[Some(91), Some(200)], "[partner.inactive]\ndisable_after_days = 90").await?;
    let world = &partner.world;
    world.directory(|directory| directory.permissions.remove("AuditLog.Read.All"));
    assert_eq!(partner.nothing_happens(&[1]).await.untouched("sign-in-unknown"), 10);
    world.directory(|directory| directory.permissions.insert("AuditLog.Read.All".into()));
    // Three pages of users come before the first page of sign-in data.
    let damage = [Fault::status(503, "ServiceUnavailable"), Fault::cut_short(), Fault::disconnect(), Fault::html()];
    for fault in damage.into_iter().chain([Fault::ends_early(0)]) {
        for nth in 4..20 {
            world.tenant.fail_nth(nth, Matcher::pages("/users"), fault.clone());
        }
        assert_eq!(world.sweep().await.untouched("sign-in-unknown"), 10, "{fault:?}");
        world.tenant.clear_faults();
        assert_eq!(world.enabled(&partner.people), vec![Some(true); 10], "{fault:?}");
    }
    assert_eq!(world.sweep().await.done("disable"), sorted(&partner.people[..2]), "as soon as they can be read");
    Ok(())
}

/// A world that looks after guests whom others invited; further people stay in scope.
async fn adopted(adopt: &str, state: ExternalUserState) -> Result<(World, Vec<Uuid>)> {
    let mut world = World::new(Config {
        scope: format!("adopt = \"{adopt}\""),
        limits: LIMITS.into(),
        rest: "[partner.invite]\nresend_after_days = []".into(),
        ..Config::default()
    })
    .await;
    world.clock.set_speed(50.0);
    let group = world.directory(|directory| directory.create_group("excluded"));
    world.configure(|config| config.scope.push_str(&format!("\nexclude_groups = [\"{group}\"]")));
    let people = world.people(5);
    world.sweep().await;
    world.directory(|directory| people.iter().try_for_each(|id| directory.redeem(*id)))?;
    let guests: Vec<_> = (11..=13).map(|number| world.guest(number, state)).collect();
    assert_eq!(world.sweep().await.untouched("adopted"), 3);
    world.directory(|directory| directory.add_member(group, guests[2]))?;
    Ok((world, guests))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_does_not_redeem_is_taken_away_where_usher_looks_after_them_fully() -> Result<()> {
    let (world, guests) = adopted("full", ExternalUserState::PendingAcceptance).await?;
    world.directory(|directory| directory.redeem(guests[1]))?;
    world.sweep_after(29).await;
    let swept = world.sweep_after(1).await;
    assert_eq!(swept.done("disable"), guests[..1], "{swept:#?}");
    world.sweep_after(1).await.is_quiet();
    assert_eq!(world.explained(guests[0]).await, ("disabled".into(), "taken-away".into()));
    assert_eq!(world.sweep_after(30).await.done("delete"), guests[..1]);
    assert_eq!(world.enabled(&guests[1..2]), [Some(true)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_left_is_taken_away_where_usher_looks_after_them_fully() -> Result<()> {
    let (world, guests) = adopted("full", ExternalUserState::Accepted).await?;
    world.sweep().await.is_quiet();
    assert_eq!(world.sweep_after(7).await.done("disable"), guests[2..]);
    assert_eq!(world.sweep_after(31).await.done("delete"), guests[2..]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_whom_usher_only_follows_are_never_taken_away() -> Result<()> {
    for state in [ExternalUserState::PendingAcceptance, ExternalUserState::Accepted] {
        let (world, guests) = adopted("follow", state).await?;
        for days in [0, 8, 31, 31] {
            world.sweep_after(days).await.is_quiet();
        }
        assert_eq!(world.enabled(&guests), vec![Some(true); 3]);
        assert_eq!(world.explained(guests[2]).await.1, "follow-only");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pilot_list_keeps_everybody_else_and_its_end_retires_nobody() -> Result<()> {
    let mut partner = Partner::new(3, "").await?;
    partner.world.configure(|config| config.partner = "pilot = [\"person-0001@fabrikam.us\"]".into());
    partner.nothing_happens(&[8, 40]).await;
    partner.leave(&partner.people[..2])?;
    partner.world.sweep().await.is_quiet();
    let swept = partner.world.sweep_after(8).await;
    assert_eq!(swept.done("disable"), partner.people[..1], "{swept:#?}");
    assert_eq!(swept.untouched("outside-pilot"), 1);
    partner.come_back(&partner.people[..1])?;
    assert_eq!(partner.world.sweep().await.done("enable"), partner.people[..1]);
    partner.world.sweep_after(40).await.is_quiet();
    partner.world.configure(|config| config.partner.clear());
    partner.world.sweep().await.is_quiet();
    assert_eq!(partner.world.sweep_after(6).await.untouched("leaving"), 1, "all days of grace are still to come");
    partner.come_back(&partner.people[1..2])?;
    partner.nothing_happens(&[8, 40]).await;
    assert_eq!(partner.world.enabled(&partner.people), vec![Some(true); 10]);
    Ok(())
}
