//! A collector that refuses or hangs holds nothing up.

use super::host;
use crate::support::{Config, World};
use anyhow::{Context, Result};
use std::net::TcpListener;
use std::time::Duration;
use usher_simulator::collector::{Collector, Mood};

/// Exports may take an hour: whatever waited for one would be noticed.
const EXPORT_TIMEOUT: (&str, &str) = ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000");
/// What takes so long waits for the collector.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_or_refuses_holds_no_run_up_and_costs_nobody_an_invitation() -> Result<()> {
    for mood in [Mood::Takes, Mood::Refuses, Mood::Hangs] {
        let world = World::new(Config::default()).await;
        let collector = Collector::start().await?;
        collector.is(mood);
        let host = host(&world, &collector, &[EXPORT_TIMEOUT]).await?;
        let ids = world.people(60);
        for _ in 0..3 {
            tokio::time::timeout(PATIENCE, world.tick(&host)).await.with_context(|| format!("{mood:?}"))??;
        }
        assert_eq!(world.mails_of(&ids), vec![1; 60], "{mood:?}");
        if mood == Mood::Refuses {
            // It is told, and not again with each export.
            host.console_line("the collector takes no telemetry: HTTP 503").await?;
        }
        collector.until(|collected| collected.requests > 0).await?;
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
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()).env(EXPORT_TIMEOUT.0, EXPORT_TIMEOUT.1);
    let mut child = command.spawn()?;
    let url = format!("http://127.0.0.1:{port}");
    let answers = async |url: String| {
        while reqwest::get(url.as_str()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answers(url)).await.context("it answers")?;
    let pid = child.id().context("it runs")?.to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status()?;
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.context("it ends")??;
    assert_eq!(status.code(), Some(128 + 15));
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
