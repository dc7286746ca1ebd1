//! What people see in a Teams channel: the daily summary, and alarms at once.
//!
//! Not here: answers to requests (`provision::notify`).

use crate::support::{Config, World, app};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use usher_simulator::host::Host;
use usher_simulator::teams::{Fault, Hook, Webhooks};
use usher_simulator::tenant::SyncedPerson;

/// The app with a Teams channel and a plain receiver.
async fn host(world: &mut World, teams: &Webhooks, rest: &str) -> Result<Host> {
    world.configure(|config| config.rest = format!("[report]\nwebhooks = [\"PLAIN_WEBHOOK\"]\n{rest}"));
    let mut options = app::options(world.app(), world.clock.clone(), world.variables());
    options.settings.push(("TEAMS_WEBHOOK_URL".to_owned(), teams.url(Hook::Workflow)));
    options.settings.push(("PLAIN_WEBHOOK".to_owned(), teams.url(Hook::Plain)));
    Host::start(options).await
}

async fn summary(host: &Host) -> Result<()> {
    let fired = host.fire_timer("summary").await?;
    anyhow::ensure!(fired.succeeded(), "{fired:?}\n{:?}", host.console());
    Ok(())
}

/// The texts of the cards whose heading begins so, each card's in order.
fn cards(teams: &Webhooks, heading: &str) -> Vec<Vec<String>> {
    let cards = teams.cards().into_iter().map(|card| {
        let mut texts = Vec::new();
        texts_in(&card["body"], &mut texts);
        texts
    });
    cards.filter(|texts| texts.first().is_some_and(|first| first.starts_with(heading))).collect()
}

fn texts_in(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| texts_in(value, texts)),
        Value::Object(map) => {
            texts.extend(map.get("text").and_then(Value::as_str).map(str::to_owned));
            map.iter().filter(|(key, _)| *key != "text").for_each(|(_, value)| texts_in(value, texts));
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_tells_what_happened_since_the_last_one_and_what_needs_a_person() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&mut world, &teams, "").await?;
    let ids = world.people(4);
    world.directory(|directory| -> Result<()> {
        directory.sync_person(SyncedPerson::new("a+b@fabrikam.us"));
        directory.update_user(ids[3], |user| user.conversion_refused = true)
    })?;
    world.sweep().await;
    world.directory(|directory| directory.redeem(ids[0]))?;
    world.sweep().await;
    summary(&host).await?;
    let card = cards(&teams, "usher: summary").pop().context("a summary")?;
    let told = |part: &str| card.iter().any(|text| text.contains(part));
    for part in ["converted 3", "redeemed 1", "refused 1", "1 of 3", "needs a person", "does not take in invitations"] {
        assert!(told(part), "{part}: {card:#?}");
    }
    let document = teams.documents().pop().context("a document")?;
    assert_eq!(document["summary"]["partners"][0]["events"]["done"]["convert"], 3, "{document:#}");
    assert!(!document.to_string().contains("fabrikam.us"), "people are in it by object id: {document:#}");
    world.clock.advance(jiff::SignedDuration::from_hours(24));
    world.directory(|directory| directory.delete_user(ids[3]))?;
    summary(&host).await?;
    assert_eq!(teams.cards().len(), 2);
    let second = cards(&teams, "usher").pop().context("a summary")?;
    assert!(!second.iter().any(|text| text.contains("converted")), "only what is new: {second:#?}");
    assert!(teams.failed_runs().is_empty(), "{:?}", teams.failed_runs());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_day_is_told_in_one_line() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&mut world, &teams, "").await?;
    world.people(2);
    world.sweep().await;
    summary(&host).await?;
    world.sweep().await;
    summary(&host).await?;
    let quiet = cards(&teams, "usher").pop().context("a card")?;
    assert!(quiet.iter().any(|text| text.contains("Nothing to report")), "{quiet:#?}");
    assert!(quiet.len() <= 3, "{quiet:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_comes_at_once_and_once_a_day_for_each_cause() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&mut world, &teams, "").await?;
    world.people(3);
    world.sweep().await;
    world.directory(|directory| directory.policy.suspicious_activity_block = true);
    world.directory(|directory| directory.sync_people(4..=6, "fabrikam.us"));
    let alarms = |cause: &str| {
        cards(&teams, "usher needs").into_iter().filter(|card| card.iter().any(|text| text.contains(cause))).count()
    };
    for _ in 0..3 {
        world.tick(&host).await?;
    }
    assert_eq!(alarms("circuit"), 1, "{:#?}", teams.cards());
    world.pass_days(1);
    // A process has its own clock, which it is told when it starts.
    host.restart().await?;
    world.tick(&host).await?;
    assert_eq!(alarms("circuit"), 2, "{:#?}", teams.cards());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_webhook_answers_the_run_goes_on_and_status_shows_it() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&mut world, &teams, "").await?;
    let ids = world.people(2);
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), [1, 1]);
    let elsewhere = Webhooks::start().await?;
    let faults = [
        ("refused", 1, Fault::status(404)),
        ("unknown", 4, Fault::status(500)),
        ("refused", 4, Fault::status(429)),
        ("refused", 1, Fault::redirect(302, &elsewhere.url(Hook::Workflow))),
        ("unknown", 1, Fault::silence()),
    ];
    for (arrival, tries, fault) in faults {
        teams.fail(Hook::Workflow, tries, fault.clone());
        let before = teams.messages().len();
        summary(&host).await?;
        let status = world.json(&["status"]).await;
        let receivers = status["receivers"].as_array().context("receivers")?;
        let workflow = receivers.iter().find(|one| one["receiver"] == "TEAMS_WEBHOOK_URL").context("the channel")?;
        assert_eq!(workflow["arrival"], arrival, "{fault:?}: {workflow:#}");
        assert_eq!(workflow["tries"], tries, "{fault:?}: {workflow:#}");
        assert!(!workflow.to_string().contains(teams.url(Hook::Workflow).as_str()), "{workflow:#}");
        assert_eq!(teams.messages().len(), before, "{fault:?}");
        let shown = world.usher(&["status"]).await.exits(0).stdout;
        let fate = if arrival == "refused" { "refused: " } else { "sent, and nobody knows whether it arrived: " };
        assert!(shown.contains("last report to TEAMS_WEBHOOK_URL") && shown.contains(fate), "{shown}");
    }
    assert!(elsewhere.requests().is_empty(), "no redirect is followed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn run_over_http_sends_the_summary_and_the_command_shows_it() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&mut world, &teams, "").await?;
    world.people(2);
    world.sweep().await;
    let shown = world.json(&["summary", "--dry-run"]).await;
    assert_eq!(shown["summary"]["partners"][0]["events"]["done"], json!({"convert": 2}), "{shown:#}");
    assert!(teams.cards().is_empty());
    let headers = [("x-functions-key", "host-key"), ("Content-Type", "application/json")];
    let answer = crate::support::contract::call(&host, "POST", "/api/run", &headers, r#"{"job":"summary"}"#).await;
    assert_eq!((answer.status, answer.json()?), (202, json!({"asked": ["summary"]})));
    host.drain(10).await?;
    assert_eq!(cards(&teams, "usher: summary").len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_one_file_and_sends_and_forgets_nothing() -> Result<()> {
    let world = World::new(Config::default()).await;
    let teams = Webhooks::start().await?;
    world.people(2);
    world.sweep().await;
    let file = world.state().with_file_name("card.html");
    let path = file.to_str().context("a path")?;
    let mut command = world.command(&["summary", "--preview", path]);
    command.env("TEAMS_WEBHOOK_URL", teams.url(Hook::Workflow));
    crate::support::run(command).await.exits(0);
    let page = std::fs::read_to_string(&file)?;
    assert!(
        page.contains("converted 2") && page.contains("AdaptiveCards") && !page.contains("<script src"),
        "one file"
    );
    assert!(teams.requests().is_empty());
    let shown = world.json(&["summary", "--dry-run"]).await;
    assert_eq!(shown["summary"]["since"], Value::Null, "it was not told");
    world.usher(&["summary", "--preview", "/nowhere/card.html"]).await.exits(1);
    Ok(())
}
