//! The function: answers, waiting, keys of requests.

use super::{KEY, one, outcome, post, steps, world};
use crate::support::Config;
use crate::support::contract::call;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use usher_shared::graph::credential::Identity;
use usher_shared::state::Location;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_provisioned_and_every_step_is_told() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    let id = world.people(1)[0];
    let answer = post(&host, &[], &json!({"partner": "fabrikam", "people": ["person-0001@fabrikam.us"]})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json()?;
    assert_eq!((&body["partner"], &body["people"][0]["id"]), (&json!("fabrikam"), &json!(id)));
    assert_eq!(outcome(&body), ("done", "request"), "{body:#}");
    let well = ["found", "in-scope", "decision", "written", "verified"].map(|step| format!("{step}: success"));
    assert_eq!(steps(&body), well, "{body:#}");
    let retired = post(&host, &[], &json!({"people": [id], "action": "retire"})).await.json()?;
    assert_eq!(outcome(&retired), ("skipped", "synced-left"), "{retired:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_demand_requests_are_not_the_first_that_graph_drops() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    world.tenant.clear_exchanges();
    post(&host, &[], &one("new@fabrikam.us")).await;
    let exchanges = world.tenant.exchanges();
    let priorities: Vec<_> = exchanges.iter().map(|exchange| exchange.priority.as_deref()).collect();
    assert!(!priorities.is_empty() && priorities.iter().all(|priority| *priority == Some("normal")), "{priorities:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_with_its_key_is_one() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    let (key, event) = ([("Idempotency-Key", "ticket-4711")], [("ce-id", "4711"), ("ce-source", "/hr")]);
    for headers in [&key[..], &event[..]] {
        let first = post(&host, headers, &one("new@fabrikam.us")).await;
        world.tenant.clear_exchanges();
        let again = post(&host, headers, &one("new@fabrikam.us")).await;
        assert_eq!((again.status, again.json()?), (200, first.json()?));
        assert!(world.tenant.exchanges().is_empty(), "the answer is the one of before");
        let other = post(&host, headers, &one("other@fabrikam.us")).await;
        assert_eq!((other.status, &other.json()?["title"]), (422, &json!("another-request")));
    }
    assert_eq!(world.tenant.mails().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_waited_long_enough_is_told_where_the_answer_will_be() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    // Somebody else holds the desk, and will not serve.
    let store = Location::File(world.state()).open(&Identity::AzureCli);
    let desk = store.try_lease("desk").await?.context("the lease")?;
    let answer = post(&host, &[], &one("new@fabrikam.us")).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let location = answer.header("Location").context("where")?.to_owned();
    assert!(answer.header("Retry-After").is_some());
    assert_eq!(call(&host, "GET", &location, &[KEY], "").await.status, 202);
    desk.release().await;
    // The message that went with the answer wakes `work`, which serves it if nobody has.
    host.drain(10).await?;
    let told = call(&host, "GET", &location, &[KEY], "").await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(outcome(&told.json()?), ("done", "request"));
    assert_eq!(world.tenant.mails().len(), 1);
    for nowhere in ["/api/provision/0123456789abcdef0123456789abcdef", "/api/provision/x", "/api/provision"] {
        assert_eq!(call(&host, "GET", nowhere, &[KEY], "").await.status, 404, "{nowhere}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_directory_cannot_be_read_the_caller_is_told_and_the_same_request_works_afterwards() -> Result<()> {
    use usher_simulator::tenant::{Fault, Matcher};
    let world = world(Config::default()).await;
    let host = world.host().await?;
    world.tenant.fail_next(1000, Matcher::any(), Fault::status(403, "Authorization_RequestDenied"));
    let key = [("Idempotency-Key", "one")];
    let answer = post(&host, &key, &one("new@fabrikam.us")).await;
    assert_eq!((answer.status, &answer.json()?["title"]), (503, &json!("unavailable")));
    world.tenant.clear_faults();
    let answer = post(&host, &key, &one("new@fabrikam.us")).await;
    assert_eq!((answer.status, outcome(&answer.json()?)), (200, ("done", "request")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_forgotten_after_a_week() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    let key = [("Idempotency-Key", "one")];
    post(&host, &key, &one("new@fabrikam.us")).await;
    let kept = || Ok::<_, std::io::Error>(std::fs::read_dir(world.state().join("provision"))?.count());
    world.sweep_after(6).await;
    assert_eq!(kept()?, 1);
    world.sweep_after(2).await;
    assert_eq!(kept()?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_over_http_writes_nothing_and_needs_no_writer() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    world.tenant.clear_exchanges();
    let answer = post(&host, &[], &json!({"people": ["new@fabrikam.us"], "dry_run": true})).await.json()?;
    assert_eq!(outcome(&answer), ("planned", "request"), "{answer:#}");
    assert_eq!(world.writes(), 0);
    let people: Value = json!({"people": ["nobody@elsewhere.example"], "dry_run": true});
    assert_eq!(post(&host, &[], &people).await.status, 200);
    Ok(())
}
