//! The summary's card in a real browser, by the renderer that Microsoft publishes, and by Microsoft's schema.
//!
//! Responsible for: that the cards of an eventful, a quiet and a very bad day render without a fault, wide and narrow, and
//! that they are Adaptive Cards 1.5. The pictures are left below `target/`. Not responsible for: what stands on a card; the end-to-end tests are.

use crate::support::{Config, World, run};
use anyhow::{Context, Result, ensure};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use usher_simulator::teams::{Hook, Webhooks};

/// The variable that names the browser.
const EXECUTABLE: &str = "CHROMIUM";
/// The variable that names the schema of Adaptive Cards 1.5.
const SCHEMA: &str = "CARD_SCHEMA";

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

/// The schema, which allows neither what Teams adds to a card nor the name that the renderers give to a table's flag.
fn schema() -> Result<Validator> {
    let file = std::env::var_os(SCHEMA).with_context(|| {
        format!(
            "{SCHEMA} is not set: it names schema-1.5.json, which `pip install -r tests/real/requirements.txt` puts below \
             site-packages/adaptive_cards/schemas"
        )
    })?;
    let mut schema: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    schema["definitions"]["AdaptiveCard"]["properties"]["msteams"] =
        json!({ "type": "object", "properties": { "width": { "enum": ["Full"] } }, "additionalProperties": false });
    schema["definitions"]["Table"]["properties"]["firstRowAsHeaders"] = json!({ "type": "boolean" });
    jsonschema::validator_for(&schema).map_err(|error| anyhow::anyhow!("{error}"))
}

/// What the schema says against the card that a channel gets of a world.
async fn invalid(world: &World, schema: &Validator) -> Result<Vec<String>> {
    let teams = Webhooks::start().await?;
    let mut command = world.command(&["summary"]);
    command.env("TEAMS_WEBHOOK_URL", teams.url(Hook::Workflow));
    run(command).await.exits(0);
    let cards = teams.cards();
    ensure!(cards.len() == 1, "one card is sent: {cards:?}");
    Ok(schema.iter_errors(&cards[0]).map(|error| format!("{}: {error}", error.instance_path())).collect())
}

/// People whom Graph refuses for their own reason.
fn refused(world: &World, numbers: RangeInclusive<u32>) -> Result<()> {
    world.directory(|directory| {
        let people = directory.sync_people(numbers, "fabrikam.us");
        people.iter().try_for_each(|id| directory.update_user(*id, |user| user.conversion_refused = true))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cards_of_a_quiet_an_eventful_and_a_very_bad_day_render_without_a_fault_and_are_valid() -> Result<()> {
    let (schema, none) = (schema()?, Vec::<String>::new());
    let no_card =
        json!({ "type": "AdaptiveCard", "version": "1.5", "body": [{ "type": "Container", "style": "red" }] });
    assert!(!schema.is_valid(&no_card), "the schema knows a bad card");
    let world = World::new(Config::default()).await;
    let ids = world.people(4);
    world.sweep().await;
    assert_eq!(rendered(&world, "good").await?, "[]");
    world.directory(|directory| ids.iter().take(2).try_for_each(|id| directory.redeem(*id)))?;
    refused(&world, 5..=8)?;
    world.sweep().await;
    world.sweep_after(8).await;
    assert_eq!(rendered(&world, "eventful").await?, "[]");
    assert_eq!(invalid(&world, &schema).await?, none);

    let quiet = World::new(Config::default()).await;
    assert_eq!(rendered(&quiet, "quiet").await?, "[]");
    assert_eq!(invalid(&quiet, &schema).await?, none);

    let bad = World::new(Config::default()).await;
    bad.directory(|directory| directory.sync_people(1..=5_000, "fabrikam.us"));
    refused(&bad, 5_001..=10_000)?;
    bad.usher(&["apply"]).await;
    let shown = bad.json(&["summary", "--dry-run"]).await;
    let refused = shown["summary"]["partners"][0]["events"]["failed"].as_u64();
    assert_eq!(refused, Some(5_000), "{shown:#}");
    assert_eq!(rendered(&bad, "bad").await?, "[]");
    assert_eq!(invalid(&bad, &schema).await?, none);
    Ok(())
}
