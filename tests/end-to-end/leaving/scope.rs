//! Out of scope: days of grace, then the disable, then the deletion; and what is given back to who is in scope again.

use super::{LICENCE, Partner};
use crate::support::{Swept, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use std::sync::atomic::{AtomicUsize, Ordering};
use usher_simulator::steps::{Stage, Then};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_disabled_after_the_days_of_grace_and_deleted_thirty_days_later() -> Result<()> {
    let partner = Partner::new(2, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    let swept = world.sweep().await;
    swept.is_quiet();
    assert_eq!(swept.untouched("leaving"), 1, "{swept:#?}");
    partner.explained(left[0], "accepted", "leaving").await;
    world.sweep_after(6).await.is_quiet();
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    assert_eq!(world.enabled(left), [Some(false)]);
    world.sweep_after(1).await.is_quiet();
    partner.explained(left[0], "disabled", "taken-away").await;
    world.sweep_after(28).await.is_quiet();
    assert_eq!(world.sweep_after(1).await.done("delete"), left);
    assert!(world.is_deleted(left[0]));
    let swept = world.sweep_after(1).await;
    swept.is_quiet();
    let explained = world.json(&["explain", &left[0].to_string()]).await;
    assert_eq!([&explained["state"], &explained["by"]], ["deleted", "usher"], "{explained:#}");
    assert_eq!(world.enabled(&partner.people[1..]), vec![Some(true); 9], "and nobody else");
    world.sweep_after(31).await.is_quiet();
    partner.explained(left[0], "absent", "absent").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_leaves_the_groups_that_usher_put_them_into_and_gets_them_back() -> Result<()> {
    let mut partner = Partner::new(1, "").await?;
    let [joined, own] = partner.world.directory(|directory| ["joined", "own"].map(|name| directory.create_group(name)));
    let person = partner.people[0];
    partner.world.directory(|directory| directory.add_member(own, person))?;
    partner.world.configure(|config| config.rest = format!("[partner.invite]\ngroups = [\"{joined}\"]"));
    let world = &partner.world;
    let is_in = |group: Uuid| {
        world.directory(|directory| directory.group(group).is_some_and(|group| group.members.contains(&person)))
    };
    assert_eq!(world.sweep().await.done("add-to-group").len(), 10);
    partner.leave(&[person])?;
    world.sweep().await.is_quiet();
    assert_eq!(world.sweep_after(7).await.done("disable"), [person]);
    assert!(is_in(joined), "not before the disable is seen");
    assert_eq!(world.sweep().await.done("remove-from-group"), [person]);
    assert_eq!((is_in(joined), is_in(own)), (false, true));
    partner.come_back(&[person])?;
    assert_eq!(world.sweep().await.done("enable"), [person]);
    assert_eq!(world.sweep_after(1).await.done("add-to-group"), [person]);
    assert!(is_in(joined));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_during_the_days_of_grace_has_all_of_them_the_next_time() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    world.sweep().await;
    world.pass_days(6);
    partner.come_back(left)?;
    assert_eq!(world.sweep().await.untouched("leaving"), 0);
    partner.leave(left)?;
    world.sweep_after(1).await.is_quiet();
    world.sweep_after(6).await.is_quiet();
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_the_disable_is_enabled_and_may_leave_again() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    for _ in 0..2 {
        partner.disabled(left).await?;
        partner.come_back(left)?;
        assert_eq!(world.sweep_after(10).await.done("enable"), left);
        assert_eq!(world.enabled(left), [Some(true)]);
        world.sweep_after(1).await.is_quiet();
        partner.explained(left[0], "accepted", "accepted").await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_scope_again_after_the_deletion_is_restored_and_then_enabled() -> Result<()> {
    let mut partner = Partner::new(1, "").await?;
    let left = partner.people[..1].to_vec();
    partner.deleted(&left).await?;
    partner.come_back(&left).unwrap_err();
    partner.nothing_happens(&[1]).await;
    partner.explained(left[0], "deleted", "deleted-scope-unknown").await;
    partner.world.configure(|config| config.scope.clear());
    let world = &partner.world;
    let swept = world.sweep_after(1).await;
    assert_eq!(swept.done("restore"), left, "{swept:#?}");
    assert!(!world.is_deleted(left[0]));
    assert_eq!(world.sweep().await.done("enable"), left);
    assert_eq!(world.enabled(&left), [Some(true)]);
    partner.nothing_happens(&[10, 40]).await;
    partner.explained(left[0], "accepted", "accepted").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_back_anything_where_restore_is_off() -> Result<()> {
    let partner = Partner::new(1, "[partner.leave]\nrestore = false").await?;
    partner.disabled(&partner.people[..1]).await?;
    partner.come_back(&partner.people[..1])?;
    assert_eq!(partner.nothing_happens(&[1, 40]).await.untouched("restore-off"), 1);
    partner.explained(partner.people[0], "disabled", "restore-off").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_entra_connect_masters_are_reported_when_they_left() -> Result<()> {
    let partner = Partner::new(0, "").await?;
    partner.leave(&partner.people[..2])?;
    assert_eq!(partner.nothing_happens(&[8, 40]).await.untouched("synced-left"), 2);
    partner.explained(partner.people[0], "accepted", "synced-left").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_entra_connect_masters_are_disabled_where_that_is_configured_and_never_deleted() -> Result<()> {
    let partner = Partner::new(0, "[partner.leave]\nsynced = \"disable\"").await?;
    let left = &partner.people[..2];
    partner.disabled(left).await?;
    assert_eq!(partner.nothing_happens(&[31, 40]).await.untouched("synced-not-deleted"), 2);
    partner.explained(left[0], "disabled", "synced-not-deleted").await;
    partner.come_back(left)?;
    assert_eq!(partner.world.sweep().await.done("enable"), sorted(left));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn licensed_people_are_disabled_and_not_deleted() -> Result<()> {
    let partner = Partner::new(2, "").await?;
    let (world, left) = (&partner.world, &partner.people[..2]);
    world.directory(|directory| directory.assign_license(left[0], LICENCE, None))?;
    partner.disabled(left).await?;
    let swept = world.sweep_after(31).await;
    assert_eq!(swept.done("delete"), left[1..]);
    assert_eq!(swept.untouched("licensed"), 1, "{swept:#?}");
    partner.explained(left[0], "disabled", "licensed").await;
    world.directory(|directory| directory.remove_license(left[0], LICENCE))?;
    assert_eq!(world.sweep().await.done("delete"), left[..1]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_deleted_where_that_is_switched_off() -> Result<()> {
    let partner = Partner::new(1, "[partner.leave]\ndelete_after_days = 0").await?;
    partner.disabled(&partner.people[..1]).await?;
    partner.nothing_happens(&[31, 400]).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_while_the_plan_is_carried_out_is_not_disabled() -> Result<()> {
    let partner = Partner::new(3, "").await?;
    let (world, left) = (&partner.world, &partner.people[..2]);
    partner.leave(left)?;
    world.sweep().await;
    world.pass_days(8);
    let (tenant, group, back) = (world.tenant.clone(), partner.group, left[0]);
    let batches = AtomicUsize::new(0);
    // Two batches belong to the plan: membership, and the closer look. Then comes the fresh look before the write.
    world.tenant.on_step(move |step| {
        let is_batch = step.target == "/$batch" && step.stage == Stage::Received;
        if is_batch && batches.fetch_add(1, Ordering::SeqCst) == 2 {
            tenant.with_directory(|directory| directory.add_member(group, back)).expect("the group is there");
        }
        Then::GoOn
    });
    let swept = world.sweep().await;
    world.tenant.clear_hook();
    assert_eq!(world.enabled(left), [Some(true), Some(false)], "{swept:#?}");
    assert_eq!(swept.people("disable", "skipped"), [back]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_explain_can_look_ahead() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    world.sweep().await;
    let then = (world.clock.now() + SignedDuration::from_hours(24 * 8)).to_string();
    let mut plan = world.json(&["plan", "--now", &then]).await;
    assert_eq!(Swept(plan["partners"][0].take()).people("disable", "planned"), left);
    let explained = world.json(&["explain", &left[0].to_string(), "--now", &then]).await;
    assert_eq!(explained["decision"], "disable", "{explained:#}");
    world.sweep().await.is_quiet();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_of_the_sweep_takes_away_what_is_due() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    world.sweep().await;
    world.pass_days(8);
    let host = world.host().await?;
    assert!(host.fire_timer("reconcile").await?.succeeded());
    for invocation in host.drain(50).await? {
        assert!(invocation.succeeded(), "{invocation:?}\n{:?}", host.console());
    }
    assert_eq!(world.enabled(left), [Some(false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_path_takes_nobody_away_even_when_it_has_to_read_everybody() -> Result<()> {
    let partner = Partner::new(1, "").await?;
    let (world, left) = (&partner.world, &partner.people[..1]);
    partner.leave(left)?;
    world.sweep().await;
    // Links under which changes are found are not kept so long.
    world.pass_days(8);
    let quick = Swept(world.json(&["apply", "--quick"]).await["partners"][0].take());
    assert_eq!(world.enabled(left), [Some(true)], "{quick:#?}");
    assert_eq!(world.sweep().await.done("disable"), left);
    Ok(())
}
