//! Metrics tell what happened.

use super::{host, sweep};
use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use usher_shared::telemetry::metrics;
use usher_simulator::collector::Collector;
use usher_simulator::tenant::{Fault, Matcher, OnPremises};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_the_true_numbers_of_a_run() -> Result<()> {
    let limits = "invitations = 3\nwaves = []".into();
    let world = World::new(Config { limits, ..Config::default() }).await;
    let collector = Collector::start().await?;
    world.clock.set_speed(50.0);
    world.people(5);
    world.clock.advance(SignedDuration::from_hours(2));
    let host = host(&world, &collector, &[]).await?;
    world.tenant.fail_next(1, Matcher::pages("/users"), Fault::status(429, "TooManyRequests").retry_after("1"));
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(400, "Request_BadRequest"));
    sweep(&host).await?;
    let collected = collector.until(|collected| collected.number("usher.actions", &[]) >= 3.0).await?;
    let number = |metric: &str, attributes: &[(&str, &str)]| collected.number(metric, attributes);
    let convert = |outcome: &str| {
        let attributes = [("usher.partner", "fabrikam"), ("usher.action", "convert"), ("usher.outcome", outcome)];
        number("usher.actions", &attributes)
    };
    assert_eq!((convert("done"), convert("failed")), (2.0, 1.0), "{collected}");
    assert_eq!(number("usher.people", &[("usher.person.state", "internal")]), 5.0, "as the sweep saw them");
    assert_eq!(number("usher.people", &[]), 5.0);
    assert_eq!(
        number("usher.backlog", &[("usher.partner", "fabrikam")]),
        3.0,
        "one refused, two who wait for their day"
    );
    let age = number("usher.backlog.oldest_age", &[]);
    assert!((7200.0..10_000.0).contains(&age), "{age}");
    assert!((0.0..3600.0).contains(&number("usher.run.last_good_age", &[])), "{collected}");
    assert_eq!((number("usher.plans.held", &[]), number("usher.quick_path.missed", &[])), (0.0, 0.0));
    // The directory counted along.
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in world.tenant.exchanges() {
        *classes.entry(format!("{}xx", exchange.status / 100)).or_default() += 1;
    }
    for (class, count) in classes {
        let told = number("usher.graph.requests", &[("usher.graph.status_class", &class)]);
        assert_eq!(told.to_string(), count.to_string(), "{class}: {collected}");
    }
    assert_eq!(number("usher.graph.throttled_requests", &[]), 1.0);
    assert!(number("usher.graph.resource_units", &[]) >= 5.0, "{collected}");
    assert!(number("http.client.request.duration", &[("url.template", "/users")]) >= 2.0, "{collected}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_the_quick_path_missed_and_plans_that_wait_for_a_person_are_counted() -> Result<()> {
    let limits = "waves = []\ndisables = 1".into();
    let rest = "[partner.leave]\ndisable_after_days = 1".into();
    let mut world = World::new(Config { limits, rest, ..Config::default() }).await;
    world.clock.set_speed(50.0);
    let group = world.directory(|directory| directory.create_group("left"));
    world.configure(|config| config.scope = format!("exclude_groups = [\"{group}\"]"));
    let ids = world.people(6);
    world.sweep().await;
    world.usher(&["apply", "--quick"]).await.exits(0);
    // A page of changes breaks off, so nobody hears of these two before the sweep.
    world.directory(|directory| directory.sync_people(50..=51, "fabrikam.us"));
    world.clock.advance(SignedDuration::from_mins(5));
    world.tenant.fail_next(1, Matcher::get("/users/delta"), Fault::ends_early(0));
    world.usher(&["apply", "--quick"]).await.exits(0);
    world.clock.advance(SignedDuration::from_mins(5));
    world.usher(&["apply", "--quick"]).await.exits(0);
    // Three of the others leave, of whom one a day may be disabled without a person.
    world.directory(|directory| {
        ids[..3].iter().try_for_each(|id| {
            directory.redeem(*id)?;
            directory.update_user(*id, |user| user.on_premises = OnPremises::default())?;
            directory.add_member(group, *id)
        })
    })?;
    let collector = Collector::start().await?;
    let host = host(&world, &collector, &[]).await?;
    sweep(&host).await?;
    collector.until(|collected| collected.number("usher.quick_path.missed", &[]).to_string() == "2").await?;
    world.pass_days(2);
    host.restart().await?;
    sweep(&host).await?;
    let fabrikam = [("usher.partner", "fabrikam")];
    collector.until(|collected| collected.number("usher.plans.held", &fabrikam).to_string() == "1").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_that_is_sent_is_a_documented_one_with_its_unit_and_its_attributes() -> Result<()> {
    let world = World::new(Config::default()).await;
    let collector = Collector::start().await?;
    let host = host(&world, &collector, &[]).await?;
    world.people(2);
    world.tick(&host).await?;
    sweep(&host).await?;
    host.enqueue("usher-work-poison", "{}").await?;
    host.drain(5).await?;
    let collected = collector.until(|collected| collected.number("usher.messages.poison", &[]) > 0.0).await?;
    for (name, unit) in &collected.units {
        let known = metrics::ALL.iter().find(|metric| metric.name == name);
        assert_eq!(known.map(|metric| metric.unit), Some(unit.as_str()), "{name}");
    }
    for (name, attributes) in collected.numbers.keys() {
        let known = metrics::ALL.iter().find(|metric| metric.name == name).map(|metric| metric.attributes);
        let strange = attributes.keys().find(|by| !known.unwrap_or_default().contains(&by.as_str()));
        assert!(strange.is_none(), "{name} has {strange:?}");
    }
    // All but what only throttling and requests for people bring forth.
    assert!(collected.units.len() >= metrics::ALL.len() - 2, "{:?}", collected.units);
    Ok(())
}
