//! Invitations sent again until they are redeemed or expire, and a redemption that begins anew with another address.

use super::{ROLE, cross_tenant, invited, redeem, world};
use crate::support::{Config, World, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::host::Host;
use usher_simulator::tenant::{Fault, Matcher, PartnerConfiguration, RoleState};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_invitation_is_sent_again_on_each_configured_day_once_each() -> Result<()> {
    let (world, ids) = invited(3, "[partner.invite]\nresend_after_days = [2, 5]\nexpire_after_days = 8").await;
    for day in 1..=10 {
        world.sweep_after(1).await;
        world.sweep().await;
        let expected = 1 + usize::from(day >= 2) + usize::from(day >= 5);
        assert_eq!(world.mails_of(&ids), vec![expected; 3], "day {day}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_sent_again_carries_a_fresh_ticket_to_the_same_object() -> Result<()> {
    let (world, ids) = invited(1, "").await;
    let resent = world.sweep_after(7).await;
    assert_eq!(resent.done("resend"), ids);
    let mails = world.tenant.mails();
    let ticket = world.directory(|directory| directory.user(ids[0]).and_then(|user| user.ticket.clone()));
    let ticket = ticket.expect("a ticket");
    assert_eq!(mails.len(), 2);
    assert!(!mails[0].redeem_url.contains(&ticket) && mails[1].redeem_url.contains(&ticket), "{mails:#?}");
    assert_eq!((mails[1].user, mails[1].to.as_str()), (ids[0], "person-0001@fabrikam.us"));
    redeem(&world, &ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_missed_several_days_gets_one_mail() -> Result<()> {
    let (world, ids) = invited(2, "[partner.invite]\nresend_after_days = [1, 2, 3, 7, 14]").await;
    assert_eq!(world.sweep_after(20).await.done("resend"), sorted(&ids));
    for _ in 0..5 {
        world.sweep_after(1).await.is_quiet();
    }
    assert_eq!(world.mails_of(&ids), [2, 2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_mailed_after_redeeming() -> Result<()> {
    let (world, ids) = invited(3, "").await;
    redeem(&world, &ids[..1])?;
    world.sweep_after(7).await;
    redeem(&world, &ids[1..2])?;
    world.sweep_after(7).await;
    world.sweep_after(7).await;
    assert_eq!(world.mails_of(&ids), [1, 2, 3]);
    assert_eq!(world.explained(ids[0]).await, ("accepted".into(), "accepted".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_mailed_after_the_invitation_expired() -> Result<()> {
    let (world, ids) = invited(2, "").await;
    let swept = world.sweep_after(31).await;
    swept.is_quiet();
    assert_eq!(swept.untouched("expired-conversion"), 2, "a conversion is not taken away: {swept:#?}");
    world.sweep_after(10).await.is_quiet();
    assert_eq!(world.mails_of(&ids), [1, 1]);
    assert_eq!(world.explained(ids[0]).await, ("pending".into(), "expired-conversion".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_whose_answer_was_lost_counts_as_sent() -> Result<()> {
    let lost = || Fault::status(504, "GatewayTimeout");
    for (fault, mails) in [(lost().after_effect(), 2), (lost(), 1), (Fault::disconnect(), 1)] {
        let (world, ids) = invited(1, "[partner.invite]\nresend_after_days = [7]").await;
        world.tenant.fail_next(1, Matcher::post("/invitations"), fault.clone());
        let swept = world.sweep_after(7).await;
        assert_eq!(swept.people("resend", "unconfirmed"), ids, "{fault:?}: {swept:#?}");
        for hours in [0, 1, 12, 24, 24, 100] {
            world.clock.advance(SignedDuration::from_hours(hours));
            world.sweep().await.is_quiet();
        }
        assert_eq!(world.mails_of(&ids), [mails], "{fault:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_that_graph_refused_for_rate_is_sent_when_its_time_comes() -> Result<()> {
    let (world, ids) = invited(1, "[partner.invite]\nresend_after_days = [7]").await;
    let throttled = Fault::status(429, "TooManyRequests").retry_after("10");
    world.tenant.fail_next(1, Matcher::post("/invitations"), throttled);
    assert_eq!(world.sweep_after(7).await.done("resend"), ids);
    assert_eq!(world.mails_of(&ids), [2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_invitations_may_be_redeemed_automatically_nothing_is_sent_again_and_nothing_expires() -> Result<()> {
    let (world, ids) = invited(2, "").await;
    cross_tenant(&world, PartnerConfiguration::new(&["fabrikam.us"]).inbound_redemption(Some(true)));
    for days in [8, 8, 20] {
        let swept = world.sweep_after(days).await;
        swept.is_quiet();
        assert_eq!(swept.untouched("automatic"), 2, "{swept:#?}");
    }
    assert_eq!(world.mails_of(&ids), [1, 1]);
    assert_eq!(world.explained(ids[0]).await.1, "automatic");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_known_not_to_redeem_automatically_lets_invitations_be_sent_again() -> Result<()> {
    let (world, ids) = invited(2, "[partner.invite]\nhome_redeems_automatically = \"no\"").await;
    cross_tenant(&world, PartnerConfiguration::new(&["fabrikam.us"]).inbound_redemption(Some(true)));
    assert_eq!(world.sweep_after(8).await.done("resend"), sorted(&ids));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_settings_of_redemption_cannot_be_read_nothing_is_sent_again_and_nothing_expires() -> Result<()> {
    let (world, ids) = invited(2, "").await;
    world.directory(|directory| directory.permissions.remove("Policy.Read.All"));
    for days in [8, 25] {
        let swept = world.sweep_after(days).await;
        swept.is_quiet();
        assert_eq!(swept.untouched("automatic-unknown"), 2, "{swept:#?}");
    }
    assert_eq!(world.mails_of(&ids), [1, 1]);
    Ok(())
}

/// A person who redeemed and then got another address at home.
async fn renamed(rest: &str) -> Result<(World, Uuid)> {
    let (world, ids) = invited(2, rest).await;
    redeem(&world, &ids)?;
    world.sweep_after(1).await;
    world.directory(|directory| directory.connect().change_mail(ids[0], Some("renamed@fabrikam.us")))?;
    Ok((world, ids[0]))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_lets_the_person_redeem_anew_once_where_that_is_configured() -> Result<()> {
    let (world, person) = renamed("[partner.invite]\nreset_on_address_change = true").await?;
    let swept = world.sweep_after(1).await;
    assert_eq!(swept.done("reset-redemption"), [person], "{swept:#?}");
    let mails = world.tenant.mails();
    assert_eq!(mails.last().map(|mail| mail.to.as_str()), Some("renamed@fabrikam.us"));
    assert_eq!(world.explained(person).await, ("pending".into(), "pending".into()));
    world.sweep_after(1).await.is_quiet();
    assert_eq!(world.sweep_after(6).await.done("resend"), [person], "the days are counted anew");
    redeem(&world, &[person])?;
    world.sweep_after(8).await.is_quiet();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_whose_answer_was_lost_is_not_repeated() -> Result<()> {
    let (world, person) = renamed("[partner.invite]\nreset_on_address_change = true\nresend_after_days = []").await?;
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(504, "GatewayTimeout").after_effect());
    assert_eq!(world.sweep_after(1).await.people("reset-redemption", "unconfirmed"), [person]);
    for _ in 0..4 {
        world.sweep_after(1).await.is_quiet();
    }
    assert_eq!(world.mails_of(&[person]), [2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_holders_redemption_is_never_reset() -> Result<()> {
    let (world, person) = renamed("[partner.invite]\nreset_on_address_change = true").await?;
    world.directory(|directory| directory.assign_role(person, ROLE, RoleState::Eligible))?;
    let swept = world.sweep_after(1).await;
    swept.is_quiet();
    assert_eq!(swept.untouched("directory-role"), 1, "{swept:#?}");
    assert_eq!(world.explained(person).await, ("accepted".into(), "directory-role".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_only_told_where_a_reset_is_not_configured() -> Result<()> {
    let (world, person) = renamed("").await?;
    let swept = world.sweep_after(1).await;
    swept.is_quiet();
    assert_eq!(swept.untouched("address-changed"), 1, "{swept:#?}");
    assert_eq!(world.explained(person).await, ("accepted".into(), "address-changed".into()));
    Ok(())
}

/// The timers of the app fire, and the queue is worked off.
async fn timers_fire(world: &World, host: &Host) -> Result<()> {
    assert!(host.fire_timer("reconcile").await?.succeeded());
    world.tick(host).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_of_any_length_everybody_gets_exactly_the_mail_that_is_due() -> Result<()> {
    for hours in [1, 24, 24 * 6, 24 * 8, 24 * 15, 24 * 29, 24 * 45] {
        let world = world(Config::default()).await;
        let before = world.people(3);
        let host = world.host().await?;
        timers_fire(&world, &host).await?;
        redeem(&world, &before[..1])?;
        timers_fire(&world, &host).await?;
        world.clock.advance(SignedDuration::from_hours(hours / 2));
        let meanwhile = world.directory(|directory| directory.sync_people(50..=52, "fabrikam.us"));
        world.clock.advance(SignedDuration::from_hours(hours - hours / 2));
        host.restart().await?;
        for _ in 0..3 {
            timers_fire(&world, &host).await?;
            world.clock.advance(SignedDuration::from_mins(5));
        }
        let resent = usize::from((7 * 24..30 * 24).contains(&hours));
        assert_eq!(world.mails_of(&before), [1, 1 + resent, 1 + resent], "an outage of {hours} hours");
        assert_eq!(world.mails_of(&meanwhile), [1; 3], "an outage of {hours} hours");
    }
    Ok(())
}
