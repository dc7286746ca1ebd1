//! The alerts of `infra/modules/alerts.bicep`: each is decided by single lines of usher's log, and these are the lines.
//!
//! Their queries are evaluated here as far as they go: what a line contains, with `and`, `or` and `not`.

use crate::support::{Config, World};
use anyhow::Result;
use std::collections::BTreeSet;
use usher_simulator::host::Host;
use usher_simulator::tenant::{Fault, Matcher};

/// Key and test of each alert that looks at the log. The one that looks at the availability test is none of usher's lines.
fn alerts() -> Vec<(&'static str, &'static str)> {
    let bicep = include_str!("../../infra/modules/alerts.bicep");
    let values = |name: &str| -> Vec<&'static str> {
        let start = format!("    {name}: ");
        bicep.lines().filter_map(|line| line.strip_prefix(&start)).map(|value| value.trim_matches('\'')).collect()
    };
    let (keys, sources, tests) = (values("key"), values("from"), values("test"));
    assert_eq!((keys.len(), sources.len(), tests.len()), (7, 7, 7), "{keys:?}");
    let rules = keys.into_iter().zip(tests).zip(sources);
    let (of_log, others): (Vec<_>, Vec<_>) = rules.partition(|(_, source)| *source == "log");
    let others: Vec<_> = others.into_iter().map(|((key, _), source)| (key, source)).collect();
    assert_eq!(others, [("unavailable", "AppAvailabilityResults")]);
    of_log.into_iter().map(|(rule, _)| rule).collect()
}

/// Whether the line passes: no more of the query language than the alerts use.
fn passes(test: &str, line: &str) -> bool {
    let single = |test: &str| {
        let (negated, test) = match test.strip_prefix("not(") {
            Some(inner) => (true, inner.strip_suffix(')').expect("a closing bracket")),
            None => (false, test),
        };
        let text = test
            .strip_prefix("Message contains \"")
            .and_then(|rest| rest.strip_suffix('"'))
            .expect("no more of the language than alerts use");
        line.to_lowercase().contains(&text.to_lowercase()) != negated
    };
    test.split(" or ").any(|all| all.split(" and ").all(single))
}

/// The keys of the alerts that a line passes, other than the one that waits for a good run.
fn raised(host: &Host) -> BTreeSet<&'static str> {
    let lines = host.console();
    let passed = |test: &str| lines.iter().any(|line| passes(test, &line.text));
    let mut raised = BTreeSet::new();
    for (key, test) in alerts() {
        if passed(test) != (key == "no-good-run") {
            raised.insert(key);
        }
    }
    raised
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_through_raises_nothing_even_where_a_person_is_refused() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(25);
    let host = world.host().await?;
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(400, "Request_BadRequest"));
    world.tick(&host).await?;
    assert_eq!(raised(&host), BTreeSet::new(), "{:?}", host.console());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_read_raises_a_failed_run_and_no_good_one() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(1);
    let host = world.host().await?;
    world.tenant.fail_next(10_000, Matcher::any(), Fault::disconnect());
    world.tick(&host).await?;
    world.tenant.clear_faults();
    assert_eq!(raised(&host), BTreeSet::from(["no-good-run", "run-failed"]), "{:?}", host.console());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guard_holds_raises_a_held_plan_and_a_held_partner_has_no_good_run() -> Result<()> {
    let world = World::new(Config { limits: "minimum_people = 5".into(), ..Config::default() }).await;
    world.people(2);
    let host = world.host().await?;
    world.tick(&host).await?;
    assert_eq!(raised(&host), BTreeSet::from(["no-good-run", "plan-held"]), "{:?}", host.console());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_is_raised_as_that() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(5);
    let inviting = |name: &String| name.contains("Invite") || name == "User.ReadWrite.All";
    world.directory(|directory| directory.permissions.retain(|name| !inviting(name)));
    let host = world.host().await?;
    world.tick(&host).await?;
    let raised = raised(&host);
    assert!(raised.contains("permission-lost") && !raised.contains("plan-held"), "{raised:?}: {:?}", host.console());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_lost_is_told_by_the_next_sweep_though_nothing_was_refused_yet() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    let told = async || -> Result<Vec<String>> {
        anyhow::ensure!(host.fire_timer("reconcile").await?.succeeded());
        host.drain(50).await?;
        let (_, test) = alerts().into_iter().find(|(key, _)| *key == "permission-lost").unwrap();
        Ok(host.console().into_iter().map(|line| line.text).filter(|line| passes(test, line)).collect())
    };
    assert_eq!(told().await?, Vec::<String>::new());
    world.directory(|directory| directory.permissions.retain(|name| name != "User.ReadWrite.All"));
    host.restart().await?;
    let [line] = &told().await?[..] else { panic!("one line: {:?}", host.console()) };
    assert!(line.contains("User.ReadWrite.All") && !line.contains("User.Read.All"), "{line}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_rate_within_a_batch_or_of_a_whole_one_is_a_line_that_counts_as_well() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(3);
    let host = world.host().await?;
    let throttled = || Fault::status(429, "TooManyRequests").retry_after("1");
    world.tenant.fail_next(1, Matcher::batch(), throttled());
    world.tenant.fail_next(3, Matcher::post("/invitations"), throttled());
    world.tick(&host).await?;
    let (_, test) = alerts().into_iter().find(|(key, _)| *key == "throttled").unwrap();
    let lines: Vec<_> = host.console().into_iter().map(|line| line.text).filter(|line| passes(test, line)).collect();
    assert_eq!(lines.len(), 2, "one for each answer: {:?}", host.console());
    assert!(lines[1].contains("graph.refused=3"), "{lines:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_for_rate_is_a_line_that_counts() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(1);
    let host = world.host().await?;
    world.tenant.fail_next(2, Matcher::get("/users"), Fault::status(429, "TooManyRequests").retry_after("1"));
    world.tick(&host).await?;
    let (_, test) = alerts().into_iter().find(|(key, _)| *key == "throttled").unwrap();
    let lines = host.console();
    assert_eq!(lines.iter().filter(|line| passes(test, &line.text)).count(), 2, "{lines:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_was_given_up_is_raised_as_poison() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    host.enqueue("usher-work-poison", r#"{"wake":"invite"}"#).await?;
    host.drain(5).await?;
    assert!(raised(&host).contains("poison"), "{:?}", host.console());
    Ok(())
}
