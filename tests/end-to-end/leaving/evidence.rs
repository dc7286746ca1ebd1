//! Evidence that is missing, cut short or lost takes nobody away, gives nothing back and exposes nobody.

use super::Partner;
use crate::support::{run, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::tenant::{Fault, Matcher};

/// Ways in which a page can fail to say everything.
fn cuts() -> Vec<(&'static str, Fault)> {
    vec![
        ("ends early", Fault::ends_early(2)),
        ("is empty", Fault::ends_early(0)),
        ("is cut short", Fault::cut_short()),
        ("is lost", Fault::disconnect()),
        ("is refused", Fault::status(403, "Authorization_RequestDenied")),
        ("is another's", Fault::html()),
    ]
}

/// Sweeps on three days, far enough apart that everything would be due, each of which meets the faults that `order`
/// orders; then everybody is still there and enabled.
async fn survives(partner: &Partner, what: &str, order: impl Fn()) {
    let world = &partner.world;
    for days in [0, 8, 40] {
        world.pass_days(days);
        order();
        world.usher(&["apply"]).await;
        world.tenant.clear_faults();
        assert_eq!(world.enabled(&partner.people), vec![Some(true); 10], "{what}");
    }
    // With everything to be seen again, nothing was taken for granted meanwhile.
    for days in [0, 1] {
        assert!(world.sweep_after(days).await.done("disable").is_empty(), "{what}");
    }
    assert_eq!(world.enabled(&partner.people), vec![Some(true); 10], "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_in_which_users_of_any_page_are_missing_takes_nothing_away() -> Result<()> {
    for (what, fault) in cuts() {
        let partner = Partner::new(10, "").await?;
        for page in 1..=3 {
            let order = || {
                // As often as it may be asked for again.
                for again in 0..6 {
                    partner.world.tenant.fail_nth(page + again, Matcher::pages("/users"), fault.clone());
                }
            };
            survives(&partner, &format!("page {page} {what}"), order).await;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_which_members_are_missing_takes_nothing_away() -> Result<()> {
    for (what, fault) in cuts() {
        let partner = Partner::new(10, "").await?;
        let members = format!("/groups/{}/transitiveMembers", partner.group);
        survives(&partner, what, || partner.world.tenant.fail_next(5, Matcher::pages(&members), fault.clone())).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_grace_do_not_begin_with_a_list_of_members_that_ended_early() -> Result<()> {
    let partner = Partner::new(10, "").await?;
    let (world, left) = (&partner.world, &sorted(&partner.people)[9..]);
    let members = format!("/groups/{}/transitiveMembers", partner.group);
    world.tenant.fail_next(1, Matcher::pages(&members), Fault::ends_early(9));
    world.sweep().await.is_quiet();
    world.pass_days(8);
    partner.leave(left)?;
    world.sweep().await.is_quiet();
    world.sweep_after(6).await.is_quiet();
    assert_eq!(world.sweep_after(1).await.done("disable"), left);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_protected_people_that_ended_early_exposes_nobody() -> Result<()> {
    let mut partner = Partner::new(3, "").await?;
    let group = partner.world.directory(|directory| directory.create_group("protected"));
    partner.world.configure(|config| config.tenant.push_str(&format!("\nprotected_group = \"{group}\"")));
    let (world, left) = (&partner.world, &partner.people[..1]);
    world.directory(|directory| directory.add_member(group, left[0]))?;
    partner.leave(left)?;
    world.sweep().await;
    let members = format!("/groups/{group}/transitiveMembers");
    for days in [8, 40] {
        world.tenant.fail_next(5, Matcher::pages(&members), Fault::ends_early(0));
        world.sweep_after(days).await;
        world.tenant.clear_faults();
        assert_eq!(world.enabled(left), [Some(true)]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_excluded_people_that_ended_early_gives_nothing_back_and_invites_nobody() -> Result<()> {
    let mut partner = Partner::new(3, "").await?;
    let group = partner.world.directory(|directory| directory.create_group("excluded"));
    partner.world.configure(|config| config.scope = format!("exclude_groups = [\"{group}\"]"));
    let (world, left) = (&partner.world, &partner.people[..1]);
    let new = world.directory(|directory| directory.sync_people(50..=50, "fabrikam.us"))[0];
    world.directory(|directory| {
        directory.add_member(group, left[0])?;
        directory.add_member(group, new)
    })?;
    world.sweep().await.is_quiet();
    let plan = world.sweep_after(8).await.held("changed-scope");
    let person = world.directory(|directory| directory.create_colleague("approver"));
    run(world.command_of(person, &["approve", &plan, "--apply"])).await.exits(0);
    assert_eq!(world.enabled(left), [Some(false)]);
    let members = format!("/groups/{group}/transitiveMembers");
    world.tenant.fail_next(1, Matcher::pages(&members), Fault::ends_early(0));
    let swept = world.sweep().await;
    assert_eq!((world.enabled(left), world.mails_of(&[new])), (vec![Some(false)], vec![0]), "{swept:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_retired_because_addresses_vanish() -> Result<()> {
    for loose in [0, 10] {
        let partner = Partner::new(loose, "[partner.leave]\nsynced = \"disable\"").await?;
        partner.world.directory(|directory| {
            partner.people.iter().try_for_each(|id| {
                directory.update_user(*id, |user| {
                    user.mail = None;
                    user.proxy_addresses.clear();
                    user.other_mails.clear();
                })
            })
        })?;
        for days in [0, 8, 40, 40] {
            partner.world.sweep_after(days).await.is_quiet();
        }
        assert_eq!(partner.world.enabled(&partner.people), vec![Some(true); 10]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_retired_because_everybody_moved_to_another_domain() -> Result<()> {
    let partner = Partner::new(0, "[partner.leave]\nsynced = \"disable\"").await?;
    let moved = partner.world.directory(|directory| directory.connect().change_domain("fabrikam.us", "fabrikam.com"));
    assert_eq!(moved.len(), 10);
    for days in [0, 8, 40] {
        partner.world.sweep_after(days).await.is_quiet();
    }
    assert_eq!(partner.world.enabled(&partner.people), vec![Some(true); 10]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disable_or_a_deletion_whose_answer_was_lost_is_settled_by_reading() -> Result<()> {
    for after_effect in [true, false] {
        let fault = || {
            let lost = Fault::status(504, "GatewayTimeout");
            if after_effect { lost.after_effect() } else { lost }
        };
        let partner = Partner::new(1, "").await?;
        let (world, left) = (&partner.world, &partner.people[..1]);
        partner.leave(left)?;
        world.sweep().await;
        for (days, action, matcher) in
            [(7, "disable", Matcher::patch("/users/")), (31, "delete", Matcher::delete("/users/"))]
        {
            world.tenant.fail_next(1, matcher, fault());
            assert_eq!(world.sweep_after(days).await.people(action, "unconfirmed"), left);
            let mut again = 0;
            for _ in 0..4 {
                world.clock.advance(SignedDuration::from_mins(11));
                again += world.sweep().await.done(action).len();
            }
            assert_eq!(again, usize::from(!after_effect), "{action}, after effect: {after_effect}");
        }
        assert!(world.is_deleted(left[0]));
        let explained = world.json(&["explain", &left[0].to_string()]).await;
        assert_eq!(explained["by"], "usher", "{explained:#}");
    }
    Ok(())
}
