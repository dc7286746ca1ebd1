//! Telemetry: what a collector gets to see of the real binary under the host stand-in, and what it must never see.
//!
//! - [`secrecy`]: no address, no name, no secret, wherever one looks.
//! - [`traces`]: one trace from the timer to the requests to Graph.
//! - [`numbers`]: metrics tell what happened.
//! - [`trouble`]: a collector that refuses or hangs.

mod numbers;
mod secrecy;
mod traces;
mod trouble;

use crate::support::{World, app};
use anyhow::Result;
use usher_simulator::collector::Collector;
use usher_simulator::host::Host;

const KEY: (&str, &str) = ("x-functions-key", "host-key");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// Starts the app with telemetry on, and further settings.
async fn host(world: &World, collector: &Collector, settings: &[(&str, &str)]) -> Result<Host> {
    let mut options = app::options(world.app(), world.clock.clone(), world.variables());
    let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())];
    let settings = endpoint.iter().chain(settings);
    options.settings.extend(settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Host::start(options).await
}

/// A full sweep: the timer fires, and the queue is worked off.
async fn sweep(host: &Host) -> Result<()> {
    anyhow::ensure!(host.fire_timer("reconcile").await?.succeeded());
    host.drain(50).await?;
    Ok(())
}
