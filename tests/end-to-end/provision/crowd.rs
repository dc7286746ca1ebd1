//! Many requests at once, and beside a first run. Requests that are killed are in `crashes::request`.

use super::{one, outcome, post, world};
use crate::support::{Config, World};
use anyhow::{Context, Result};
use jiff::SignedDuration;
use std::collections::HashMap;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_at_once_for_two_hundred_people_are_two_hundred_invitations() -> Result<()> {
    let world = world(Config::default()).await;
    let host = Arc::new(world.host().await?);
    let calls = (0..1000).map(|call| {
        let host = Arc::clone(&host);
        tokio::spawn(async move { post(&host, &[], &one(&format!("p{}@fabrikam.us", call % 200))).await })
    });
    let mut statuses: HashMap<u16, usize> = HashMap::new();
    let mut later = Vec::new();
    for call in futures::future::join_all(calls).await {
        let answer = call?;
        *statuses.entry(answer.status).or_default() += 1;
        later.extend((answer.status == 202).then(|| answer.header("Location").map(str::to_owned)).flatten());
    }
    assert_eq!(statuses.get(&200).copied().unwrap_or(0) + later.len(), 1000, "{statuses:?}");
    // Each of them woke `work`.
    host.drain(1000).await?;
    for location in later {
        assert_eq!(host.request("GET", &location, &[super::KEY], "").await.status, 200, "{location}");
    }
    let mut mails: HashMap<String, usize> = HashMap::new();
    for mail in world.tenant.mails() {
        *mails.entry(mail.to.clone()).or_default() += 1;
    }
    assert_eq!((mails.len(), mails.values().max()), (200, Some(&1)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_asked_for_during_a_first_run_is_answered_within_ten_seconds_and_mailed_once() -> Result<()> {
    let config = Config { limits: "invitations = 100000\nwaves = []".into(), ..Config::default() };
    let world = World::new(config).await;
    let ids = world.people(10_000);
    // The bar is on usher's clock, so that may not run much faster than this machine.
    world.clock.set_speed(1.0);
    let host = Arc::new(world.host().await?);
    host.fire_timer("invite").await?;
    let run = {
        let host = Arc::clone(&host);
        tokio::spawn(async move { host.drain(1).await })
    };
    while world.tenant.mails().len() < 100 {
        tokio::task::yield_now().await;
    }
    let last = *ids.last().context("somebody")?;
    for person in [last.to_string(), "new@fabrikam.us".to_owned()] {
        let asked = world.clock.now();
        let answer = post(&host, &[], &one(&person)).await;
        let took = world.clock.now().duration_since(asked);
        let body = answer.json()?;
        assert_eq!((answer.status, outcome(&body)), (200, ("done", "request")), "{body:#}");
        assert!(took <= SignedDuration::from_secs(10), "{took}");
    }
    assert!(world.tenant.mails().len() < 10_000, "the run goes on");
    assert_eq!(world.mails_of(&[last]), [1]);
    host.kill().await?;
    run.abort();
    Ok(())
}
