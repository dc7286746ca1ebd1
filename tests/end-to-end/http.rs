//! The functions that answer over HTTP, through the host stand-in: what they say, and what they refuse. Every answer is
//! held against the OpenAPI document.
//!
//! Not here: approvals (`held::over_http`).

use crate::support::contract::call;
use crate::support::{Config, World};
use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use usher_simulator::host::{Host, HttpAnswer};
use uuid::Uuid;

const KEY: (&str, &str) = ("x-functions-key", "host-key");
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn get(host: &Host, target: &str) -> HttpAnswer {
    call(host, "GET", target, &[KEY], "").await
}

async fn post(host: &Host, target: &str, body: &Value) -> HttpAnswer {
    call(host, "POST", target, &[KEY, JSON], body.to_string()).await
}

/// The name of the refusal, with its status.
fn refusal(answer: &HttpAnswer) -> (u16, String) {
    let body = answer.json().unwrap_or_default();
    assert_eq!(answer.header("Content-Type"), Some("application/problem+json"), "{answer:?}");
    assert_eq!(body["status"], answer.status, "{body:#}");
    (answer.status, body["title"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn status_over_http_is_what_the_command_prints_and_asks_graph_nothing() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(3);
    let host = world.host().await?;
    world.tick(&host).await?;
    world.tenant.clear_exchanges();
    let answer = get(&host, "/api/status").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(world.tenant.exchanges().is_empty());
    assert_eq!(answer.json()?, world.json(&["status"]).await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_a_bad_configuration_and_the_others_give_nothing_away() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    world.configure(|config| config.tenant = "nonsense = true".into());
    let host = world.host().await?;
    let answer = get(&host, "/api/status").await;
    assert_eq!(answer.status, 500);
    let message = answer.json()?["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("nonsense") && message.contains("usher.toml"), "{message}");
    let other = get(&host, "/api/plans").await;
    assert_eq!(refusal(&other), (503, "unavailable".into()));
    assert!(!other.body_text().contains("nonsense"), "{other:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_over_http_are_explained_by_id_or_by_the_address_in_the_body() -> Result<()> {
    let world = World::new(Config::default()).await;
    let id = world.people(1)[0];
    let host = world.host().await?;
    let by_id = get(&host, &format!("/api/people/{id}")).await;
    assert_eq!(by_id.status, 200, "{by_id:?}");
    assert_eq!(by_id.json()?["decision"], "convert");
    let by_address = post(&host, "/api/people", &json!({"address": "Person-0001@fabrikam.us"})).await;
    assert_eq!(by_address.json()?, by_id.json()?);
    let nobody = get(&host, &format!("/api/people/{}", Uuid::from_u128(7))).await;
    assert_eq!((nobody.status, &nobody.json()?["state"]), (200, &json!("absent")));
    // What would be an injection somewhere else is an address like any other.
    let strange = post(&host, "/api/people", &json!({"address": "a'or'1'eq'1@fabrikam.us"})).await;
    assert_eq!((strange.status, &strange.json()?["state"]), (200, &json!("absent")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_gets_into_what_the_app_logs_of_a_request() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(1);
    let host = world.host().await?;
    post(&host, "/api/people", &json!({"address": "person-0001@fabrikam.us"})).await;
    host.console_line("answered").await?;
    let told =
        host.console().into_iter().find(|line| line.text.contains("person-0001") || line.text.contains("host-key"));
    assert!(told.is_none(), "{told:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_request_has_its_status() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    let people = "/api/people";
    let large = format!("{{\"address\":\"{}\"}}", "x".repeat(70_000));
    // More than the handler reads of an envelope.
    let huge = "x".repeat(5_000_000);
    let long = format!("{{\"address\":\"{}@fabrikam.us\"}}", "x".repeat(320));
    let chunked = ("Transfer-Encoding", "chunked");
    let text = ("Content-Type", "text/plain");
    for (method, target, headers, body, expected) in [
        ("POST", people, vec![KEY, JSON], "{", (400, "no-json")),
        ("POST", people, vec![KEY, JSON], "{}", (400, "wrong-form")),
        ("POST", people, vec![KEY, JSON], r#"{"address":"a@b.example","more":1}"#, (400, "wrong-form")),
        ("POST", people, vec![KEY, JSON], r#"{"address":"a\u0007@b.example"}"#, (400, "control-character")),
        ("POST", people, vec![KEY, JSON], r#"{"address":"nobody"}"#, (400, "no-address")),
        ("POST", people, vec![KEY, JSON], &long, (400, "no-address")),
        ("POST", people, vec![KEY, JSON], "", (400, "no-body")),
        ("POST", people, vec![KEY, JSON], &large, (413, "too-large")),
        ("POST", people, vec![KEY, JSON], &huge, (413, "too-large")),
        ("POST", people, vec![KEY, text], "{}", (415, "not-json")),
        ("POST", people, vec![KEY, JSON, chunked], "{}", (411, "length-required")),
        ("GET", people, vec![KEY], "", (404, "not-found")),
        ("GET", "/api/people/x'%20or%201%20eq%201", vec![KEY], "", (400, "no-object-id")),
        ("GET", "/api/people/person-0001@fabrikam.us", vec![KEY], "", (400, "no-object-id")),
        ("GET", "/api/plans/0123456789abcdef", vec![KEY], "", (404, "not-found")),
        ("POST", "/api/run", vec![KEY, JSON], r#"{"job":"format"}"#, (400, "wrong-form")),
        ("POST", "/api/plans/0123456789abcdef/approve", vec![KEY], "", (401, "unauthorized")),
    ] {
        let answer = call(&host, method, target, &headers, body).await;
        assert_eq!(refusal(&answer), (expected.0, expected.1.to_owned()), "{method} {target} {}", body.len());
    }
    assert!(world.tenant.exchanges().is_empty(), "Graph was asked nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_and_on_any_other_path_nothing_is_reached() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(1);
    let host = world.host().await?;
    for target in ["/api/openapi", "/api/status", "/api/people", "/api/plans", "/api/run", "/api/plans/x/approve"] {
        let method =
            if ["people", "run", "approve"].iter().any(|last| target.ends_with(last)) { "POST" } else { "GET" };
        for headers in [vec![], vec![("x-functions-key", "wrong")]] {
            let answer = call(&host, method, target, &headers, "").await;
            assert_eq!((answer.status, answer.body.len()), (401, 0), "{target}");
        }
    }
    // The paths on which the host calls queue and timer functions are none of the app's from outside.
    for target in ["/work", "/invite", "/failed", "/api/work", "/api/invite", "/api/failed", "/"] {
        assert_eq!(post(&host, target, &json!({"Data": {"message": "x"}})).await.status, 404, "{target}");
    }
    assert!(world.tenant.exchanges().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_asked_for_is_done_once() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(5);
    let host = world.host().await?;
    for _ in 0..10 {
        let answer = post(&host, "/api/run", &json!({"job": "invite"})).await;
        assert_eq!((answer.status, answer.json()?), (202, json!({"asked": ["invite"]})));
    }
    for invocation in host.drain(50).await? {
        anyhow::ensure!(invocation.succeeded(), "{invocation:?}");
    }
    assert_eq!(world.mails_of(&ids), [1; 5]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_timer_missed_is_found_by_http_and_done_once() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    for _ in 0..3 {
        world.tick(&host).await?;
        world.clock.advance(SignedDuration::from_mins(5));
    }
    let overdue = json!({"job": "overdue"});
    let none = post(&host, "/api/run", &overdue).await;
    assert_eq!((none.status, none.json()?), (200, json!({"asked": []})));
    // The timer is silent from now on.
    let ids = world.people(3);
    world.clock.advance(SignedDuration::from_mins(60));
    host.restart().await?;
    let late = post(&host, "/api/run", &overdue).await;
    assert_eq!((late.status, late.json()?), (202, json!({"asked": ["invite"]})));
    host.drain(50).await?;
    assert_eq!(world.mails_of(&ids), [1; 3]);
    assert_eq!(post(&host, "/api/run", &overdue).await.json()?, json!({"asked": []}), "once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_calls_without_end_is_told_to_wait() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    let mut refused = None;
    for _ in 0..2000 {
        let answer = get(&host, "/api/plans").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.context("a refusal")?;
    assert_eq!(refused.header("Retry-After"), Some("1"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_served_as_it_is_published_even_with_a_bad_configuration() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    world.configure(|config| config.tenant = "nonsense = true".into());
    let host = world.host().await?;
    let answer = get(&host, "/api/openapi").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()?, serde_json::from_str::<Value>(include_str!("../../docs/openapi.json"))?);
    Ok(())
}
