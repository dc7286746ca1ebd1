//! A collector that refuses or hangs holds nothing up.

use super::host;
use crate::support::{Config, World};
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use usher_simulator::collector::{Collector, Mood};

/// What differs between two runs of the same on a busy machine.
const NOISE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_or_refuses_costs_a_run_no_time_and_nobody_an_invitation() -> Result<()> {
    let mut without = Duration::MAX;
    for mood in [None, Some(Mood::Takes), Some(Mood::Refuses), Some(Mood::Hangs)] {
        let world = World::new(Config::default()).await;
        let collector = Collector::start().await?;
        let host = match mood {
            None => world.host().await?,
            Some(mood) => {
                collector.is(mood);
                host(&world, &collector, &[]).await?
            }
        };
        let ids = world.people(60);
        let begun = Instant::now();
        for _ in 0..3 {
            world.tick(&host).await?;
        }
        let took = begun.elapsed();
        assert_eq!(world.mails_of(&ids), vec![1; 60], "{mood:?}");
        match mood {
            None => without = took,
            Some(_) => assert!(took < without + NOISE, "{mood:?}: {took:?} instead of {without:?}"),
        }
        if mood == Some(Mood::Refuses) {
            // It is told, and not again with each export.
            host.console_line("the collector takes no telemetry: HTTP 503").await?;
        }
        if mood.is_some() {
            collector.until(|collected| collected.requests > 0).await?;
        }
        let lines = host.console();
        let told = lines.iter().filter(|line| line.text.contains("the collector takes no telemetry")).count();
        assert!(told <= 3, "once for each signal at most: {lines:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_process_waits_a_moment_for_a_collector_and_not_longer() -> Result<()> {
    let world = World::new(Config::default()).await;
    let collector = Collector::start().await?;
    collector.is(Mood::Hangs);
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = world.command(&["serve"]);
    command.env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let mut child = command.spawn()?;
    let url = format!("http://127.0.0.1:{port}");
    let answers = async |url: String| {
        while reqwest::get(url.as_str()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), answers(url)).await.context("it answers")?;
    let begun = Instant::now();
    let pid = child.id().context("it runs")?.to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status()?;
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.context("it ends")??;
    assert_eq!(status.code(), Some(128 + 15));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_cannot_be_used_are_told_and_keep_nothing_from_working() -> Result<()> {
    let world = World::new(Config::default()).await;
    let collector = Collector::start().await?;
    let ids = world.people(2);
    let bad = [("OTEL_EXPORTER_OTLP_ENDPOINT", "no address: key=collector-secret")];
    let host = host(&world, &collector, &bad).await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), [1, 1]);
    host.console_line("OTEL_EXPORTER_OTLP_").await?;
    assert!(host.console().iter().all(|line| !line.text.contains("collector-secret")), "{:?}", host.console());
    Ok(())
}
