//! The page about operating: its lines are typed where something is held, people have left, and a state is lost.

use super::SETUP;
use super::desk::Desk;
use crate::support::sign_in_with_az;
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use usher_simulator::tenant::OnPremises;
use uuid::Uuid;

const PAGE: &str = include_str!("../../../docs/operate.md");

/// A desk where three of seven people left the group that the scope needs, and their days of grace are over.
async fn desk() -> Result<(Desk, Vec<Uuid>)> {
    let desk = Desk::new(SETUP).await?;
    let people = desk.pair.resource.directory(|directory| {
        let mut people = directory.sync_people(1..=6, "fabrikam.com");
        people.push(desk.synced);
        people
    });
    let group = desk.pair.resource.directory(|directory| {
        directory.permissions = usher_simulator::tenant::TenantOptions::new(desk.pair.clock.clone()).permissions;
        let group = directory.create_group("scope");
        people.iter().try_for_each(|id| directory.add_member(group, *id))?;
        anyhow::Ok(group)
    })?;
    let text = std::fs::read_to_string(desk.file("contoso.toml"))?
        .replace("[tenant]\n", "[tenant]\nmode = \"apply\"\n")
        .replace("domains = [\"fabrikam.com\"]\n", &format!("domains = [\"fabrikam.com\"]\ngroups = [\"{group}\"]\n"));
    std::fs::write(desk.file("usher.toml"), text + "\n[partner.limits]\nwaves = []\n")?;
    desk.shell("usher apply", &[]).await.exits(0);
    desk.pair.resource.directory(|directory| {
        people.iter().try_for_each(|id| {
            directory.redeem(*id)?;
            directory.update_user(*id, |user| user.on_premises = OnPremises::default())
        })?;
        people[..3].iter().try_for_each(|id| directory.remove_member(group, *id))
    })?;
    desk.shell("usher apply", &[]).await.exits(0);
    desk.pair.clock.advance(SignedDuration::from_hours(8 * 24));
    desk.shell("usher apply", &[]).await.exits(3);
    Ok((desk, people))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_about_operating_shows_can_be_typed_and_does_what_it_says() -> Result<()> {
    let (mut desk, people) = desk().await?;
    let status = desk.shell("usher status --json", &[]).await.exits(0).json();
    let plan = status["partners"][0]["held_plan"]["plan"].as_str().context("a plan")?.to_owned();
    let bin = sign_in_with_az(&desk.file("bin"), &desk.pair.resource.tenant, desk.pair.resource.administrator);
    desk.variables = vec![
        ("IDENTITY_ENDPOINT", String::new()),
        ("PATH", format!("{}:{}", bin.display(), desk.path())),
        ("PLAN", plan),
        ("PERSON", people[0].to_string()),
        ("NEW_STATE", format!("file://{}", desk.file("new-state").display())),
    ];
    let ran = desk.run_blocks(PAGE).await?;
    ensure!(ran >= 10, "only {ran} commands");
    let enabled =
        |id: Uuid| desk.pair.resource.directory(|directory| directory.user(id).map(|user| user.account_enabled));
    let enabled: Vec<_> = people.iter().map(|id| enabled(*id)).collect();
    ensure!(
        enabled == [true, false, false, true, true, true, true].map(Some),
        "the plan was carried out, and one of them was brought back: {enabled:?}"
    );
    Ok(())
}
