//! What follows first from another scope or other values is held, and a partner that is gone keeps its people.

use super::{NOBODY, Partner};
use crate::support::sorted;
use anyhow::Result;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_takings_away_after_a_change_of_the_scope_are_held() -> Result<()> {
    let mut partner = Partner::new("percent = 100").await?;
    let left = partner.people[..1].to_vec();
    let excluded = partner.world.directory(|directory| directory.create_group("excluded"));
    partner.world.directory(|directory| directory.add_member(excluded, left[0]))?;
    partner.world.configure(|config| config.scope.push_str(&format!("\nexclude_groups = [\"{excluded}\"]")));
    let world = &partner.world;
    world.sweep().await.is_quiet();
    let plan = world.sweep_after(8).await.held("changed-scope");
    assert_eq!(partner.disabled(), NOBODY);
    assert_eq!(partner.approve_and_apply(&plan).await.done("disable"), left);
    world.directory(|directory| directory.add_member(excluded, partner.people[1]))?;
    world.sweep().await.is_quiet();
    assert_eq!(world.sweep_after(8).await.done("disable"), partner.people[1..2], "only the first ones are held");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_nothing_is_taken_from_does_not_hold_the_others_for_ever() -> Result<()> {
    let mut partner = Partner::new("percent = 100").await?;
    let left = partner.people[..2].to_vec();
    let excluded = partner.world.directory(|directory| directory.create_group("excluded"));
    partner.world.directory(|directory| {
        // Entra Connect masters the second, so leaving has no consequence.
        directory.update_user(left[1], |user| user.on_premises.sync_enabled = Some(true))?;
        left.iter().try_for_each(|id| directory.add_member(excluded, *id))
    })?;
    partner.world.configure(|config| config.scope.push_str(&format!("\nexclude_groups = [\"{excluded}\"]")));
    let world = &partner.world;
    world.sweep().await.is_quiet();
    let plan = world.sweep_after(8).await.held("changed-scope");
    assert_eq!(partner.approve_and_apply(&plan).await.done("disable"), left[..1]);
    world.directory(|directory| directory.add_member(excluded, partner.people[2]))?;
    world.sweep().await.is_quiet();
    assert_eq!(world.sweep_after(8).await.done("disable"), partner.people[2..3]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_scope_that_is_taken_back_holds_nothing() -> Result<()> {
    let mut partner = Partner::new("percent = 100").await?;
    let before = format!("groups = [\"{}\"]", partner.group);
    partner.world.configure(|config| config.scope.push_str("\nprevious_domains = [\"fabrikam.com\"]"));
    partner.gone(&partner.people[..1]).await?;
    partner.world.sweep().await.held("changed-scope");
    partner.world.configure(|config| config.scope = before);
    assert_eq!(partner.world.sweep().await.done("disable"), partner.people[..1]);
    assert!(partner.status().await["held"].is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_updates_after_a_change_of_the_attributes_are_held_and_everything_else_goes_on() -> Result<()> {
    let mut partner = Partner::new("percent = 100").await?;
    partner.world.configure(|config| {
        config.rest =
            "[partner.attributes]\ncompanyName = \"Fabrikam\"\n[partner.invite]\nshow_in_address_list = true".into();
    });
    partner.gone(&partner.people[..1]).await?;
    let (world, stay) = (&partner.world, &partner.people[1..]);
    let company = |id: Uuid| {
        world.directory(|directory| directory.user(id).and_then(|user| user.attributes.get("companyName").cloned()))
    };
    let swept = world.sweep().await;
    let plan = swept.held("changed-attributes");
    assert_eq!(swept.people("update", "planned"), sorted(stay), "{swept:#?}");
    assert_eq!(swept.done("disable"), partner.people[..1]);
    assert_eq!(company(stay[0]), None);
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!(swept.done("update"), sorted(stay), "{swept:#?}");
    assert_eq!(company(stay[0]).as_deref(), Some("Fabrikam"));
    world.sweep().await.is_quiet();
    world.directory(|directory| directory.update_user(stay[0], |user| user.attributes.clear()))?;
    assert_eq!(world.sweep_after(1).await.done("update"), stay[..1], "only the first ones are held");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_changed_attributes_and_of_the_ceiling_are_approved_together() -> Result<()> {
    let mut partner = Partner::new("").await?;
    partner.world.configure(|config| config.rest = "[partner.attributes]\ncompanyName = \"Fabrikam\"".into());
    partner.gone(&partner.people[..6]).await?;
    let swept = partner.world.sweep().await;
    let plan = swept.held("disables-ceiling");
    assert_eq!(swept.people("update", "planned").len(), 6, "{swept:#?}");
    assert_eq!(swept.people("disable", "planned").len(), 6);
    let swept = partner.approve_and_apply(&plan).await;
    assert_eq!((swept.done("update").len(), swept.done("disable").len()), (6, 6), "{swept:#?}");
    partner.world.sweep_after(1).await.is_quiet();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_partner_is_told_once_and_nothing_is_done_to_its_people() -> Result<()> {
    let partner = Partner::new("percent = 100").await?;
    let text = std::fs::read_to_string(partner.world.config_path())?;
    let other = text
        .replace("name = \"fabrikam\"", "name = \"other\"")
        .replace("fabrikam.us", "other.example")
        .replace(&format!("groups = [\"{}\"]", partner.group), "")
        .replace("waves = []", "waves = []\nminimum_people = 1");
    std::fs::write(partner.world.config_path(), other)?;
    partner.world.directory(|directory| directory.sync_people(1..=1, "other.example"));
    let first = partner.world.json(&["apply"]).await;
    assert_eq!(first["removed_partners"][0]["partner"], "fabrikam", "{first:#}");
    assert_eq!(first["removed_partners"][0]["people"], 12);
    for days in [1, 8, 40] {
        partner.world.pass_days(days);
        let next = partner.world.json(&["apply"]).await;
        assert!(next["removed_partners"].is_null(), "{next:#}");
    }
    assert_eq!(partner.disabled(), NOBODY);
    std::fs::write(partner.world.config_path(), text)?;
    partner.world.sweep().await.is_quiet();
    Ok(())
}
