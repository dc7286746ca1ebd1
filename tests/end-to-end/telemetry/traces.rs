//! One trace from the timer to the requests to Graph.

use super::{JSON, KEY, host};
use crate::support::contract::call;
use crate::support::{Config, World};
use anyhow::{Context, Result};
use serde_json::json;
use usher_simulator::collector::{Collected, Collector, Log, Span};
use usher_simulator::tenant::{Fault, Matcher};

/// The trace and the span that a `traceparent` names.
fn named(traceparent: &str) -> (&str, &str) {
    let parts: Vec<_> = traceparent.split('-').collect();
    (parts[1], parts[2])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_trace_goes_on_through_the_message_into_the_requests_to_graph() -> Result<()> {
    let world = World::new(Config::default()).await;
    let collector = Collector::start().await?;
    let host = host(&world, &collector, &[]).await?;
    world.people(3);
    let timer = host.fire_timer("invite").await?;
    let work = host.deliver_next("usher-work").await?.context("a message")?;
    assert!(timer.succeeded() && work.succeeded());
    let ended = |log: &Log| log.body.contains("run ended");
    let told = |all: &Collected| all.spans_named("work").next().is_some() && all.logs.iter().any(ended);
    let collected = collector.until(told).await?;
    let only =
        |name: &'static str| collected.spans_named(name).next().with_context(|| format!("no {name}: {collected}"));
    let (trace, root) = named(&timer.traceparent);
    let invite = only("invite")?;
    assert_eq!((invite.trace.as_str(), invite.parent.as_str(), invite.kind), (trace, root, 2));
    assert_eq!(invite.attributes["faas.trigger"], "timer");
    assert_eq!(invite.attributes["faas.invocation_id"], timer.id.to_string());
    let worked = only("work")?;
    assert_eq!((worked.trace.as_str(), &worked.parent, worked.kind), (trace, &invite.id, 5));
    assert_eq!(worked.links, [named(&work.traceparent).1], "the host's own trace is linked to it");
    assert_eq!(worked.attributes["messaging.destination.name"], "usher-work");
    assert_eq!(worked.attributes["faas.trigger"], "pubsub");
    let way = |phase: &'static str| vec![phase, "run invite", "work", "invite"];
    assert_eq!(collected.ancestors(only("GET /users")?), way("observe"));
    let batches: Vec<_> = collected.spans_named("POST /$batch").collect();
    assert!(batches.iter().any(|batch| collected.ancestors(batch) == way("plan")), "evidence is read for the plan");
    let sent = batches.into_iter().find(|batch| collected.ancestors(batch) == way("apply")).context("no batch")?;
    assert_eq!((sent.kind, sent.trace.as_str()), (3, trace));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.template", "/$batch"),
        ("http.response.status_code", "200"),
        ("server.address", "127.0.0.1"),
        ("usher.graph.batch_size", "3"),
    ] {
        assert_eq!(sent.attributes.get(name).map(String::as_str), Some(value), "{name}: {sent:?}");
    }
    assert!(collected.spans.iter().all(|span| !span.failed), "{:?}", collected.spans);
    // What is logged meanwhile is found by the trace.
    assert!(collected.logs.iter().filter(|log| ended(log)).all(|log| log.trace == trace), "{:?}", collected.logs);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_try_of_a_request_is_a_span_that_tells_how_it_went() -> Result<()> {
    let world = World::new(Config::default()).await;
    let collector = Collector::start().await?;
    let host = host(&world, &collector, &[]).await?;
    let busy = Fault::status(503, "serviceNotAvailable").retry_after("1");
    world.tenant.fail_next(2, Matcher::pages("/users"), busy);
    world.tick(&host).await?;
    let collected = collector.until(|collected| collected.spans_named("work").next().is_some()).await?;
    let tries: Vec<_> = collected.spans_named("GET /users").collect();
    let of = |name: &str| tries.iter().map(|span| span.attributes.get(name).map(String::as_str)).collect::<Vec<_>>();
    assert_eq!(of("http.request.resend_count")[..3], [None, Some("1"), Some("2")]);
    assert_eq!(of("http.response.status_code")[..3], [Some("503"), Some("503"), Some("200")]);
    assert_eq!(of("error.type")[..3], [Some("503"), Some("503"), None]);
    assert_eq!(tries.iter().map(|span| span.failed).collect::<Vec<_>>()[..3], [true, true, false]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_person_is_one_trace_and_no_path_in_it_holds_an_id() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.sweep().await;
    let collector = Collector::start().await?;
    let host = host(&world, &collector, &[]).await?;
    let id = world.people(1)[0];
    let body = json!({ "people": [id] }).to_string();
    assert_eq!(call(&host, "POST", "/api/provision", &[KEY, JSON], body).await.status, 200);
    let is_http = |span: &&Span| span.attributes.contains_key("faas.trigger");
    let collected = collector.until(|collected| collected.spans_named("provision").any(|span| is_http(&span))).await?;
    let called = collected.spans_named("provision").find(is_http).context("the call")?;
    assert_eq!(called.attributes["faas.trigger"], "http");
    let ways: Vec<_> = collected.spans_named("POST /$batch").map(|span| collected.ancestors(span)).collect();
    assert!(ways.contains(&vec!["apply", "provision", "provision"]), "{ways:?}");
    let told = collected.spans.iter().find(|span| format!("{span:?}").contains(&id.to_string()));
    assert!(told.is_none(), "{told:?}");
    Ok(())
}
