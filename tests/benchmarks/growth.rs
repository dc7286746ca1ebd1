//! How requests, time and memory grow with the people: a sweep and a tick in which nothing is to be done.
//!
//! Everybody has accepted and is looked after, none by a master that decides for usher: the most that a quiet run can have to
//! think about. Without latency, at the machine's own speed.

use crate::process::{peak_memory, processor_seconds};
use crate::world::{DOMAIN, Totals, World};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::process::Command;
use usher_simulator::host::Host;
use usher_simulator::tenant::{ExternalUserState, Latency};

/// One quiet run of a function app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) requests: u64,
    pub(crate) writes: u64,
    /// From the timer to the end of the work, in seconds of this machine.
    pub(crate) seconds: f64,
    /// What usher itself needed of a processor for it.
    pub(crate) processor: f64,
    /// Of its process since it started, in MiB.
    pub(crate) peak_memory: f64,
}

/// A tenant of one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) people: u32,
    pub(crate) sweep: Look,
    pub(crate) tick: Look,
    /// What the simulated tenant and the rest of this program held at most, in MiB.
    pub(crate) simulated: f64,
}

/// Looks at a tenant with so many people.
pub(crate) async fn grow(usher: &Path, people: u32) -> Result<Size> {
    let world = World::new(usher, Latency::default()).await?;
    world.configure("adopt = \"follow\"")?;
    world.tenant.with_directory(|directory| {
        let ids = directory.sync_people(1..=people, DOMAIN);
        ids.into_iter().try_for_each(|id| {
            directory.update_user(id, |user| user.external_user_state = Some(ExternalUserState::Accepted))
        })
    })?;
    world.clock.set_speed(1.0);
    begin(&world).await?;
    let host = world.host(1.0, |_| {}).await?;
    let sweep = look(&world, &host, "reconcile").await?;
    host.restart().await?;
    let tick = look(&world, &host, "invite").await?;
    world.ensure_sound()?;
    let simulated = peak_memory(std::process::id()).context("this process has memory")?;
    Ok(Size { people, sweep, tick, simulated })
}

/// The first run, which says that these people are to be looked after.
async fn begin(world: &World) -> Result<()> {
    let mut command = Command::new(&world.usher);
    command.args(["apply", "--adopt-state", "--config"]).arg(world.configuration());
    command.env_clear().envs(world.variables(1.0)).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

async fn look(world: &World, host: &Host, timer: &str) -> Result<Look> {
    let pid = host.pid().context("the handler runs")?;
    world.tenant.clear_exchanges();
    let (totals, started) = (Totals::of(world), Instant::now());
    let before = processor_seconds(pid).context("a process that runs")?;
    world.fire(host, timer).await?;
    let seconds = started.elapsed().as_secs_f64();
    let traffic = world.traffic(&totals);
    Ok(Look {
        requests: traffic.requests,
        writes: traffic.writes,
        seconds,
        processor: processor_seconds(pid).context("a process that runs")? - before,
        peak_memory: peak_memory(pid).context("a process that runs")?,
    })
}
