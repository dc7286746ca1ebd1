//! More disables or deletions than the limits allow are held; what adds is bounded; and too few people hold everything.

use super::{NOBODY, Partner};
use crate::support::{Swept, sorted};
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn disables_above_the_percentage_are_held_and_everything_else_goes_on() -> Result<()> {
    let partner = Partner::new("percent = 25").await?;
    let (world, left) = (&partner.world, &partner.people[..4]);
    partner.gone(left).await?;
    let new = world.directory(|directory| directory.sync_people(50..=50, "fabrikam.us"));
    world.directory(|directory| directory.add_member(partner.group, new[0]))?;
    let output = world.usher(&["apply", "--json"]).await.exits(4);
    let swept = Swept(output.json()["partners"][0].take());
    let plan = swept.held("disables-ceiling");
    assert_eq!([&swept.0["held"]["limit"], &swept.0["held"]["observed"]], [2, 4], "{swept:#?}");
    assert_eq!(swept.people("disable", "planned"), sorted(left));
    assert_eq!(swept.done("convert"), new);
    assert_eq!(partner.disabled(), NOBODY);
    let status = partner.status().await;
    assert_eq!([&status["held"]["plan"], &status["held"]["reason"]], [plan.as_str(), "disables-ceiling"], "{status:#}");
    let text = world.usher(&["status"]).await.exits(0).stdout;
    assert!(text.contains(&plan) && text.contains("usher approve"), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn disables_above_the_number_are_held_over_a_day_and_all_runs() -> Result<()> {
    let partner = Partner::new("percent = 100\ndisables = 3").await?;
    let (world, people) = (&partner.world, &partner.people);
    partner.gone(&people[..2]).await?;
    assert_eq!(world.sweep().await.done("disable"), sorted(&people[..2]));
    // The others' days of grace end within a day of that.
    world.directory(|directory| people[2..4].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    world.pass_days(6);
    partner.world.directory(|directory| directory.remove_member(partner.group, people[4]))?;
    world.sweep().await;
    assert_eq!(world.sweep_after(1).await.done("disable"), sorted(&people[2..4]));
    world.directory(|directory| people[5..8].iter().try_for_each(|id| directory.remove_member(partner.group, *id)))?;
    world.sweep().await;
    let swept = world.sweep_after(7).await;
    swept.held("disables-ceiling");
    assert_eq!(swept.people("disable", "planned"), sorted(&people[4..8]), "{swept:#?}");
    assert_eq!(partner.disabled(), sorted(&people[..4]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_above_a_ceiling_are_held() -> Result<()> {
    let partner = Partner::new("percent = 100\ndeletes = 1").await?;
    let (world, left) = (&partner.world, &partner.people[..3]);
    partner.gone(left).await?;
    assert_eq!(world.sweep().await.done("disable"), sorted(left));
    let swept = world.sweep_after(31).await;
    let plan = swept.held("deletes-ceiling");
    assert_eq!(swept.people("delete", "planned"), sorted(left));
    assert!(left.iter().all(|id| !world.is_deleted(*id)));
    assert_eq!(partner.approve_and_apply(&plan).await.done("delete"), sorted(left));
    assert!(left.iter().all(|id| world.is_deleted(*id)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_people_hold_everything() -> Result<()> {
    let partner = Partner::new("percent = 100\nminimum_people = 10").await?;
    partner.world.directory(|directory| {
        partner.people[..3].iter().try_for_each(|id| directory.remove_member(partner.group, *id))
    })?;
    for days in [0, 8, 40] {
        let swept = partner.world.sweep_after(days).await;
        swept.is_quiet();
        assert_eq!(swept.0["held"]["reason"], "minimum-people", "{swept:#?}");
    }
    assert_eq!(partner.disabled(), NOBODY);
    partner.world.directory(|directory| directory.add_member(partner.group, partner.people[0]))?;
    let swept = partner.world.sweep().await;
    swept.is_quiet();
    assert_eq!(swept.untouched("leaving"), 2, "a snapshot that was not believed begins no days of grace: {swept:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_adds_is_bounded_by_the_day_and_the_rest_waits() -> Result<()> {
    let mut partner = Partner::new("updates = 5\ninvitations = 12").await?;
    let group = partner.world.directory(|directory| directory.create_group("guests"));
    partner.world.configure(|config| config.rest = format!("[partner.invite]\ngroups = [\"{group}\"]"));
    let world = &partner.world;
    let mut joined = 0;
    for day in 0..4 {
        let swept = world.sweep_after(1).await;
        joined += swept.done("add-to-group").len();
        assert_eq!(joined, [5, 10, 12, 12][day], "day {day}: {swept:#?}");
        assert_eq!(swept.0["waiting"], [7, 2, 0, 0][day], "day {day}");
        assert!(world.sweep().await.done("add-to-group").is_empty(), "a second sweep on day {day}");
    }
    Ok(())
}
