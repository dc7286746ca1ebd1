//! The recipes of `docs/webhooks.md`: every request of that page does what the page says about it.
//!
//! Not here: its lines for curl, which `../real` runs.
//!
//! - [`page`]: what the page shows.
//! - [`logic_app`]: the Logic App that a lifecycle workflow calls.
//! - [`expression`]: the expressions in it.

mod expression;
mod logic_app;
mod page;

use crate::support::{Config, World};
use anyhow::{Context, Result};
use page::Request;
use serde_json::Value;
use std::collections::HashMap;
use usher_simulator::host::{Host, HttpAnswer};

/// What stands in the place of `$KEY`.
const KEY: &str = "host-key";

/// A world in which the state knows of an earlier run.
async fn world() -> World {
    let world = World::new(Config::default()).await;
    world.sweep().await;
    world
}

async fn deliver(host: &Host, method: &str, target: &str, headers: &[(String, String)], body: &str) -> HttpAnswer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    host.request(method, target, &headers, body).await
}

/// Sends a request of the page, with another `Idempotency-Key` if one is given.
async fn send(host: &Host, request: &Request, key: Option<&str>) -> Result<Value> {
    let fill_in = |(name, value): &(String, String)| {
        let value = key.filter(|_| name == "Idempotency-Key").unwrap_or(value).replace("$KEY", KEY);
        (name.clone(), value)
    };
    let headers: Vec<_> = request.headers.iter().map(fill_in).collect();
    let answer = deliver(host, &request.method, &request.target, &headers, &request.body).await;
    assert_eq!(answer.status, 200, "{}: {answer:?}", request.body);
    Ok(answer.json()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_the_page_does_its_work_once_however_often_it_is_sent() -> Result<()> {
    let world = world().await;
    let host = world.host().await?;
    let requests = page::requests(page::WEBHOOKS)?;
    let keys = requests.iter().filter_map(|request| {
        request.headers.iter().find(|(name, _)| name == "Idempotency-Key").map(|(_, key)| key.as_str())
    });
    let keys: Vec<_> = keys.collect();
    assert_eq!(keys, ["ticket-4711", "ticket-4712", "08584947532107265231004612480CU12", "RITM0010001"]);
    for (place, request) in requests.iter().enumerate() {
        let first = send(&host, request, None).await?;
        let person = &first["people"][0];
        assert_eq!((&person["outcome"], &person["stopped"]), (&"done".into(), &false.into()), "{first:#}");
        world.tenant.clear_exchanges();
        assert_eq!(send(&host, request, None).await?, first);
        assert!(world.tenant.exchanges().is_empty(), "the answer is the one of before");
        let other = send(&host, request, Some(&format!("other-{place}"))).await?;
        let person = &other["people"][0];
        assert_eq!((&person["outcome"], &person["stopped"]), (&"skipped".into(), &false.into()), "{other:#}");
        assert_eq!(world.writes(), 0);
    }
    let mut mails: HashMap<String, usize> = HashMap::new();
    for mail in world.tenant.mails() {
        *mails.entry(mail.to.clone()).or_default() += 1;
    }
    let once = ["new@fabrikam.us", "automate@fabrikam.us", "servicenow@fabrikam.us"];
    assert_eq!(mails, once.map(|address| (address.to_owned(), 1)).into());
    let retired = world.tenant.mails().iter().find(|mail| mail.to == once[0]).context("an invitation")?.user;
    assert_eq!(world.enabled(&[retired]), [Some(false)]);
    Ok(())
}
