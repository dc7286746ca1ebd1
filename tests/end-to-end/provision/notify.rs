//! Answers that go to the Teams channel, for callers that cannot wait.

use super::{outcome, post, world};
use crate::support::{Config, World, app};
use anyhow::{Context, Result};
use serde_json::json;
use usher_simulator::host::Host;
use usher_simulator::teams::{Fault, Hook, Webhooks};

/// The app with a Teams channel.
async fn host(world: &World, teams: &Webhooks) -> Result<Host> {
    let mut options = app::options(world.app(), world.clock.clone(), world.variables());
    options.settings.push(("TEAMS_WEBHOOK_URL".to_owned(), teams.url(Hook::Workflow)));
    Host::start(options).await
}

/// The cards about requests.
fn answers(teams: &Webhooks) -> Vec<String> {
    let cards = teams.cards().into_iter().map(|card| card.to_string());
    cards.filter(|card| card.contains("by request")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_goes_to_the_channel_once_and_shows_what_is_configured() -> Result<()> {
    for (personal_data, shows_name, shows_address) in
        [("none", false, false), ("names", true, false), ("addresses", true, true)]
    {
        let mut world = world(Config::default()).await;
        world.configure(|config| config.rest = format!("[report]\npersonal_data = \"{personal_data}\""));
        let teams = Webhooks::start().await?;
        let host = host(&world, &teams).await?;
        let id = world.people(1)[0];
        world.directory(|directory| {
            directory.update_user(id, |user| user.display_name = "**Ann** [x](http://y)".into())
        })?;
        let body = json!({"people": ["person-0001@fabrikam.us"], "notify": true});
        let key = [("Idempotency-Key", "one")];
        assert_eq!(outcome(&post(&host, &key, &body).await.json()?).0, "done");
        while answers(&teams).is_empty() {
            tokio::task::yield_now().await;
        }
        let card = answers(&teams).pop().context("a card")?;
        assert_eq!(card.contains("**Ann** [x](http://y)"), shows_name, "{card}");
        assert_eq!(card.contains("person-0001@"), shows_address, "{card}");
        assert_eq!(card.contains(&id.to_string()), personal_data == "none", "{card}");
        post(&host, &key, &body).await;
        world.tick(&host).await?;
        assert_eq!(answers(&teams).len(), 1);
        assert!(teams.failed_runs().is_empty(), "{:?}", teams.failed_runs());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_refuses_or_is_silent_keeps_no_answer_back_and_no_request_waiting() -> Result<()> {
    let world = world(Config::default()).await;
    let teams = Webhooks::start().await?;
    let host = host(&world, &teams).await?;
    for (person, fault) in [("a@fabrikam.us", Fault::status(404)), ("b@fabrikam.us", Fault::silence())] {
        teams.fail(Hook::Workflow, 10, fault);
        let answer = post(&host, &[], &json!({"people": [person], "notify": true})).await;
        assert_eq!((answer.status, outcome(&answer.json()?).0), (200, "done"));
    }
    let url = teams.url(Hook::Workflow);
    let secret = url.split("sig=").nth(1).context("a signature")?;
    host.console_line("a report was not accepted").await?;
    assert!(!host.console().iter().any(|line| line.text.contains(secret)));
    Ok(())
}
