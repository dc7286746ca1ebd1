//! Who approves a held plan, for how long that is good, and what of the plan is then carried out.

use super::{NOBODY, Partner};
use crate::support::{Swept, run, sorted};
use anyhow::Result;
use jiff::SignedDuration;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_approves_is_carried_out() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, left) = (&partner.world, &partner.people[..6]);
    partner.gone(left).await?;
    let plan = world.sweep().await.held("disables-ceiling");
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!(swept.done("disable"), sorted(left), "{swept:#?}");
    assert!(swept.0["held"].is_null());
    assert_eq!(partner.disabled(), sorted(left));
    assert!(partner.status().await["held"].is_null());
    world.sweep_after(1).await.is_quiet();
    partner.approve(&plan, &[]).await.exits(1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_plan_is_carried_out_by_the_next_sweep() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, left) = (&partner.world, &partner.people[..6]);
    partner.gone(left).await?;
    let plan = world.sweep().await.held("disables-ceiling");
    let approved = partner.approve(&plan, &[]).await.exits(0).json();
    assert_eq!([&approved["plan"], &approved["approved_by"]], [plan.as_str(), &partner.approver.to_string()]);
    assert_eq!(partner.disabled(), NOBODY);
    world.usher(&["apply", "--quick"]).await.exits(0);
    assert_eq!(partner.disabled(), NOBODY, "the quick path takes nobody away");
    assert_eq!(world.sweep().await.done("disable"), sorted(left));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_due_any_more_is_skipped_and_what_was_not_approved_stays_held() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, people) = (&partner.world, &partner.people);
    partner.gone(&people[..6]).await?;
    // Somebody whose days end between the plan and its approval.
    world.directory(|directory| directory.remove_member(partner.group, people[6]))?;
    let plan = world.sweep().await.held("disables-ceiling");
    world.pass_days(2);
    assert_eq!(world.sweep().await.held("disables-ceiling"), plan);
    world.directory(|directory| directory.add_member(partner.group, people[0]))?;
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!(swept.people("disable", "skipped"), people[..1], "{swept:#?}");
    assert_eq!(swept.done("disable"), sorted(&people[1..6]));
    assert_eq!(partner.disabled(), sorted(&people[1..6]));
    let swept = world.sweep_after(6).await;
    assert_eq!(swept.done("disable"), people[6..7], "one is within the ceiling: {swept:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_added_after_the_plan_is_not_carried_out_with_it() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, people) = (&partner.world, &partner.people);
    world.directory(|directory| directory.remove_member(partner.group, people[6]))?;
    world.sweep().await;
    world.pass_days(1);
    world.directory(|directory| people[..2].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    world.pass_days(1);
    world.directory(|directory| people[2..4].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    assert_eq!(world.sweep_after(5).await.done("disable"), people[6..7], "alone within the ceiling");
    world.pass_days(1);
    let plan = world.sweep().await.held("disables-ceiling");
    let swept = world.sweep_after(1).await;
    assert_eq!(swept.held("disables-ceiling"), plan, "no second plan beside it");
    assert_eq!(swept.people("disable", "planned"), sorted(&people[..4]));
    let kept = std::fs::read_to_string(world.state().join("plans/fabrikam"))?;
    assert!(kept.contains("\"added\":2"), "the drift is noted: {kept}");
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!(swept.done("disable"), sorted(&people[..2]), "{swept:#?}");
    assert_eq!(swept.people("disable", "planned"), sorted(&people[2..4]));
    let next = world.sweep().await.held("disables-ceiling");
    assert_ne!(next, plan);
    assert_eq!(partner.approve_and_apply(&next).await.done("disable"), sorted(&people[2..4]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_over_after_72_hours_and_then_held_anew() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, left) = (&partner.world, &partner.people[..6]);
    partner.gone(left).await?;
    let plan = world.sweep().await.held("disables-ceiling");
    world.clock.advance(SignedDuration::from_hours(73));
    let refused = partner.approve(&plan, &["--apply"]).await.exits(1).json();
    assert_eq!(refused["error"]["code"], "not-approved", "{refused:#}");
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("expired")), "{refused:#}");
    assert!(partner.status().await["held"].is_null());
    assert_eq!(partner.disabled(), NOBODY);
    let again = world.sweep().await.held("disables-ceiling");
    assert_eq!(partner.disabled(), NOBODY);
    assert_eq!(partner.approve_and_apply(&again).await.done("disable"), sorted(left));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_over_after_72_hours_too() -> Result<()> {
    let partner = Partner::new("").await?;
    partner.gone(&partner.people[..6]).await?;
    let plan = partner.world.sweep().await.held("disables-ceiling");
    partner.approve(&plan, &[]).await.exits(0);
    partner.world.clock.advance(SignedDuration::from_hours(73));
    partner.world.sweep().await.held("disables-ceiling");
    assert_eq!(partner.disabled(), NOBODY);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_another_tenant_approves_nothing() -> Result<()> {
    let partner = Partner::new("").await?;
    partner.gone(&partner.people[..6]).await?;
    let plan = partner.world.sweep().await.held("disables-ceiling");
    let text = std::fs::read_to_string(partner.world.config_path())?;
    std::fs::write(partner.world.config_path(), text.replace("0c0a11ed-0000", "0c0a11ed-1111"))?;
    let refused = partner.approve(&plan, &[]).await.exits(1).json();
    assert_eq!(refused["error"]["code"], "wrong-tenant", "{refused:#}");
    std::fs::write(partner.world.config_path(), text)?;
    assert_eq!(partner.world.sweep().await.held("disables-ceiling"), plan);
    assert_eq!(partner.disabled(), NOBODY);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_configuration_makes_a_plan_stale() -> Result<()> {
    for approved_before in [false, true] {
        let mut partner = Partner::new("").await?;
        partner.gone(&partner.people[..6]).await?;
        let plan = partner.world.sweep().await.held("disables-ceiling");
        if approved_before {
            partner.approve(&plan, &[]).await.exits(0);
        }
        partner.world.configure(|config| config.rest = "[partner.invite]\nlanguage = \"de-DE\"".into());
        let refused = partner.approve(&plan, &["--apply"]).await.exits(1).json();
        assert_eq!(refused["error"]["code"], "not-approved", "{refused:#}");
        let next = partner.world.sweep().await.held("disables-ceiling");
        assert_ne!(next, plan);
        assert_eq!(partner.disabled(), NOBODY, "approved before: {approved_before}");
        assert_eq!(partner.approve_and_apply(&next).await.done("disable"), sorted(&partner.people[..6]));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applications_token_cannot_approve() -> Result<()> {
    let partner = Partner::new("").await?;
    partner.gone(&partner.people[..6]).await?;
    let plan = partner.world.sweep().await.held("disables-ceiling");
    let refused = partner.world.usher(&["approve", &plan, "--apply", "--json"]).await.exits(1).json();
    assert_eq!(refused["error"]["code"], "no-person", "{refused:#}");
    partner.world.sweep().await.held("disables-ceiling");
    assert_eq!(partner.disabled(), NOBODY);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_held_cannot_be_approved() -> Result<()> {
    let partner = Partner::new("").await?;
    let refused = partner.approve("0123456789abcdef", &["--apply"]).await.exits(1).json();
    assert_eq!(refused["error"]["code"], "not-approved", "{refused:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_mode_wins_over_an_approval() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, left) = (&partner.world, &partner.people[..6]);
    partner.gone(left).await?;
    let plan = world.sweep().await.held("disables-ceiling");
    world.tenant.clear_exchanges();
    let mut command = world.command_of(partner.approver, &["approve", &plan, "--apply", "--json"]);
    command.env("USHER_MODE", "plan");
    let output = run(command).await.exits(3);
    assert_eq!(partner.disabled(), NOBODY, "{output:?}");
    let mut command = world.command(&["apply", "--json"]);
    command.env("USHER_MODE", "plan");
    run(command).await.exits(3);
    assert_eq!(partner.disabled(), NOBODY);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_shown_a_held_plan_can_approve_it_by_that_name() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, people) = (&partner.world, &partner.people);
    partner.gone(&people[..4]).await?;
    let plan = world.sweep().await.held("disables-ceiling");
    world.directory(|directory| directory.add_member(partner.group, people[0]))?;
    let drifted = Swept(world.json(&["plan"]).await["partners"][0].take());
    assert_eq!(drifted.held("disables-ceiling"), plan, "`usher plan` names the plan that is held");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_held_after_an_approval_is_shown_with_a_name_that_can_be_approved() -> Result<()> {
    let partner = Partner::new("").await?;
    let (world, people) = (&partner.world, &partner.people);
    world.directory(|directory| people[..3].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    world.pass_days(1);
    world.directory(|directory| people[3..6].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    let plan = world.sweep_after(6).await.held("disables-ceiling");
    world.pass_days(1);
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!(swept.done("disable"), sorted(&people[..3]), "{swept:#?}");
    let rest = swept.held("disables-ceiling");
    assert_eq!(partner.status().await["held"]["plan"], rest.as_str());
    assert_eq!(partner.approve_and_apply(&rest).await.done("disable"), sorted(&people[3..6]));
    Ok(())
}
