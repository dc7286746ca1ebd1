//! What people, applications and Entra Connect decided: it is left so and told, until it is released.

use super::Partner;
use crate::support::{Swept, World};
use anyhow::Result;
use usher_simulator::tenant::Actor;

/// So that the audit log can be read.
fn let_audits_be_read(world: &World) {
    world.directory(|directory| directory.permissions.insert("Directory.Read.All".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_enabled_is_left_until_it_is_released() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.disabled(left).await?;
    world.directory(|directory| directory.set_enabled(left[0], true))?;
    assert_eq!(partner.nothing_happens(&[1, 8, 40]).await.untouched("reenabled-by-person"), 1);
    partner.explained(left[0], "accepted", "reenabled-by-person").await;
    let released = world.json(&["release", &left[0].to_string()]).await;
    assert_eq!(released["released"], true, "{released:#}");
    assert_eq!(partner.nothing_happens(&[6]).await.untouched("leaving"), 1, "all days are to come");
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_enabled_leaves_again_after_it_was_in_scope() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.disabled(left).await?;
    world.directory(|directory| directory.set_enabled(left[0], true))?;
    partner.nothing_happens(&[1]).await;
    partner.come_back(left)?;
    partner.nothing_happens(&[1]).await;
    partner.leave(left)?;
    partner.nothing_happens(&[6]).await;
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_restored_is_left_until_it_is_released() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.deleted(left).await?;
    world.directory(|directory| directory.restore_user(left[0]))?;
    assert_eq!(partner.nothing_happens(&[1, 31, 31]).await.untouched("restored-by-person"), 1);
    partner.explained(left[0], "disabled", "restored-by-person").await;
    world.usher(&["release", &left[0].to_string()]).await.exits(0);
    partner.nothing_happens(&[29]).await;
    assert_eq!(world.sweep_after(1).await.done("delete"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_restored_and_enabled_is_left() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.deleted(left).await?;
    world.directory(|directory| {
        directory.restore_user(left[0])?;
        directory.set_enabled(left[0], true)
    })?;
    partner.nothing_happens(&[1, 8, 31, 31]).await;
    assert_eq!(world.enabled(left), [Some(true)]);
    Ok(())
}

/// Somebody whom an administrator blocked and who then left, with the days of grace over; audits can be read, or not.
async fn blocked(audits: bool) -> Result<(Partner, Swept)> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    if audits {
        let_audits_be_read(world);
    }
    world.directory(|directory| directory.set_enabled(left[0], false))?;
    partner.leave(left)?;
    let swept = partner.nothing_happens(&[8]).await;
    Ok((partner, swept))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_blocked_by_hand_is_neither_deleted_nor_enabled() -> Result<()> {
    for audits in [true, false] {
        let (partner, _) = blocked(audits).await?;
        // The audit log does not go back so far in the end.
        partner.nothing_happens(&[12, 12, 31, 31]).await;
        partner.come_back(&partner.people[..1])?;
        partner.nothing_happens(&[1]).await;
        assert_eq!(partner.world.enabled(&partner.people[..1]), [Some(false)], "audits: {audits}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_that_somebody_was_blocked_by_hand() -> Result<()> {
    for (audits, reason, by) in [(true, "blocked-by-person", "person"), (false, "blocked-unknown", "elsewhere")] {
        let (partner, swept) = blocked(audits).await?;
        let explained = partner.world.json(&["explain", &partner.people[0].to_string()]).await;
        assert_eq!(explained["by"], by, "{explained:#}");
        assert_eq!(explained["decision"], reason, "{explained:#}");
        assert_eq!(swept.untouched(reason), 1, "{swept:#?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_enabled_and_blocked_by_hand_between_two_sweeps_is_neither_deleted_nor_enabled() -> Result<()> {
    for comes_back in [true, false] {
        let partner = Partner::new(1, "").await?;
        let (world, left) = (&partner.world, &partner.people[..1]);
        let_audits_be_read(world);
        partner.disabled(left).await?;
        world.pass_days(20);
        world.directory(|directory| {
            directory.set_enabled(left[0], true)?;
            directory.set_enabled(left[0], false)
        })?;
        if comes_back {
            partner.come_back(left)?;
            let asked = world.usher(&["provision", "--json", &left[0].to_string()]).await.exits(3).json();
            assert_eq!(asked["people"][0]["reason"], "blocked-by-person", "{asked:#}");
        } else {
            world.pass_days(10);
        }
        partner.nothing_happens(&[1]).await;
        partner.explained(left[0], "disabled", "blocked-by-person").await;
        partner.nothing_happens(&[31, 31]).await;
        assert_eq!(world.enabled(left), [Some(false)], "in scope again: {comes_back}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_blocked_by_hand_and_is_released_goes_the_way_of_those_who_left() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    let_audits_be_read(world);
    world.directory(|directory| directory.set_enabled(left[0], false))?;
    partner.leave(left)?;
    partner.nothing_happens(&[8]).await;
    world.usher(&["release", &left[0].to_string()]).await.exits(0);
    partner.nothing_happens(&[7, 29]).await;
    assert_eq!(world.sweep_after(2).await.done("delete"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_disabled_by_an_application_and_then_left_ends_deleted() -> Result<()> {
    let partner = Partner::new(2, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    let_audits_be_read(world);
    let application = Actor::Application("Access reviews".into());
    world.directory(|directory| directory.acting_as(application, |directory| directory.set_enabled(left[0], false)))?;
    partner.nothing_happens(&[20]).await;
    partner.leave(left)?;
    partner.nothing_happens(&[6, 2, 28]).await;
    assert_eq!(world.sweep_after(3).await.done("delete"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_disabled_by_an_application_is_never_enabled() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    let_audits_be_read(world);
    let application = Actor::Application("Access reviews".into());
    world.directory(|directory| directory.acting_as(application, |directory| directory.set_enabled(left[0], false)))?;
    partner.leave(left)?;
    partner.nothing_happens(&[8, 8]).await;
    partner.come_back(left)?;
    partner.nothing_happens(&[1, 40]).await;
    assert_eq!(world.enabled(left), [Some(false)]);
    // By now the audit log does not go back far enough.
    partner.explained(left[0], "disabled", "blocked-unknown").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_entra_connect_disables_or_deletes_is_its_own_affair() -> Result<()> {
    let partner = Partner::new(0, "[partner.leave]\nsynced = \"disable\"").await?;
    let (world, people) = (&partner.world, &partner.people);
    let_audits_be_read(world);
    world.directory(|directory| {
        directory.connect().set_enabled(people[0], false)?;
        directory.connect().set_enabled(people[1], false)?;
        directory.connect().delete(people[2])
    })?;
    partner.nothing_happens(&[8]).await;
    partner.explained(people[0], "disabled", "disabled-by-sync").await;
    let explained = world.json(&["explain", &people[2].to_string()]).await;
    assert_eq!([&explained["state"], &explained["by"]], ["deleted", "sync"], "{explained:#}");
    partner.leave(&people[..1])?;
    partner.nothing_happens(&[8, 10]).await;
    world.directory(|directory| directory.connect().restore(people[2]))?;
    partner.come_back(&people[..1])?;
    partner.nothing_happens(&[8, 40]).await;
    assert_eq!(world.enabled(&people[..3]), [Some(false), Some(false), Some(true)]);
    partner.explained(people[2], "accepted", "accepted").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_administrator_deleted_and_restored_has_all_days_of_grace() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    partner.nothing_happens(&[2]).await;
    world.directory(|directory| directory.delete_user(left[0]))?;
    partner.nothing_happens(&[1, 20]).await;
    world.directory(|directory| {
        directory.restore_user(left[0])?;
        directory.update_user(left[0], |user| user.account_enabled = true)
    })?;
    assert_eq!(partner.nothing_happens(&[6]).await.untouched("leaving"), 1);
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_administrator_deleted_is_not_restored() -> Result<()> {
    let partner = Partner::new(2, "").await?;
    let (world, person) = (&partner.world, partner.people[0]);
    let_audits_be_read(world);
    world.directory(|directory| directory.delete_user(person))?;
    partner.nothing_happens(&[1, 8]).await;
    let explained = world.json(&["explain", &person.to_string()]).await;
    assert_eq!([&explained["state"], &explained["by"]], ["deleted", "person"], "{explained:#}");
    world.directory(|directory| directory.restore_user(person))?;
    partner.nothing_happens(&[1, 40]).await;
    partner.explained(person, "accepted", "accepted").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn releasing_somebody_whom_usher_deleted_does_not_keep_them_from_coming_back() -> Result<()> {
    let mut partner = Partner::new(1, "").await?;
    let left = partner.people[..1].to_vec();
    partner.deleted(&left).await?;
    partner.world.usher(&["release", &left[0].to_string()]).await.exits(0);
    partner.world.configure(|config| config.scope.clear());
    let swept = partner.world.sweep().await;
    assert_eq!(swept.people("restore", "done").len() + swept.people("restore", "failed").len(), 1, "{swept:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_to_release_of_somebody_whom_usher_does_not_look_after() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let world = &partner.world;
    let colleague = world.directory(|directory| directory.create_colleague("somebody")).to_string();
    for who in [colleague.as_str(), "nobody@fabrikam.us"] {
        let refused = world.usher(&["release", who, "--json"]).await.exits(1).json();
        assert_eq!(refused["error"]["code"], "not-looked-after", "{refused:#}");
    }
    let released = world.json(&["release", "person-0001@fabrikam.us"]).await;
    assert_eq!(released["released"], false, "{released:#}");
    Ok(())
}
