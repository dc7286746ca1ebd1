//! The summary's card in a real browser, by the renderer that Microsoft publishes.
//!
//! Responsible for: that the cards of an eventful, a quiet and a very bad day render without a fault, wide and narrow. The
//! pictures are left below `target/`. Not responsible for: what stands on a card; the end-to-end tests are.

use crate::support::{Config, World};
use anyhow::{Context, Result, ensure};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The variable that names the browser.
const EXECUTABLE: &str = "CHROMIUM";

/// Renders the summary of a world; the faults that the renderer found.
async fn rendered(world: &World, name: &str) -> Result<String> {
    let executable = std::env::var_os(EXECUTABLE)
        .with_context(|| format!("{EXECUTABLE} is not set: it names Chromium's executable"))?;
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cards");
    std::fs::create_dir_all(&pictures)?;
    let page: PathBuf = pictures.join(format!("{name}.html"));
    let path = page.to_str().context("a path")?.to_owned();
    world.usher(&["summary", "--preview", &path]).await.exits(0);
    let profile = tempfile::tempdir()?;
    let picture = pictures.join(format!("{name}.png"));
    let mut command = Command::new(executable);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1150,2000", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("--screenshot={}", picture.display())).arg(format!("file://{path}"));
    let output = command.kill_on_drop(true).output().await?;
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = dom.split("data-faults=\"").nth(1).and_then(|rest| rest.split('"').next());
    let faults =
        faults.with_context(|| format!("nothing was rendered: {}", String::from_utf8_lossy(&output.stderr)))?;
    ensure!(dom.matches("class=\"card ").count() == 4, "wide and narrow, light and dark");
    Ok(faults.to_owned())
}

/// People whom Graph refuses for their own reason.
fn refused(world: &World, numbers: RangeInclusive<u32>) -> Result<()> {
    world.directory(|directory| {
        let people = directory.sync_people(numbers, "fabrikam.us");
        people.iter().try_for_each(|id| directory.update_user(*id, |user| user.conversion_refused = true))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cards_of_a_quiet_an_eventful_and_a_very_bad_day_render_without_a_fault() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(4);
    world.sweep().await;
    assert_eq!(rendered(&world, "good").await?, "[]");
    world.directory(|directory| ids.iter().take(2).try_for_each(|id| directory.redeem(*id)))?;
    refused(&world, 5..=8)?;
    world.sweep().await;
    world.sweep_after(8).await;
    assert_eq!(rendered(&world, "eventful").await?, "[]");

    let quiet = World::new(Config::default()).await;
    assert_eq!(rendered(&quiet, "quiet").await?, "[]");

    let bad = World::new(Config::default()).await;
    bad.directory(|directory| directory.sync_people(1..=5_000, "fabrikam.us"));
    refused(&bad, 5_001..=10_000)?;
    bad.usher(&["apply"]).await;
    let shown = bad.json(&["summary", "--dry-run"]).await;
    let refused = shown["summary"]["partners"][0]["events"]["failed"].as_u64();
    assert_eq!(refused, Some(5_000), "{shown:#}");
    assert_eq!(rendered(&bad, "bad").await?, "[]");
    Ok(())
}
