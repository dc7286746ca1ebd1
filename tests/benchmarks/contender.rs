//! The two that are compared, and one run of either.
//!
//! usher and the runbook are each a process that is started for the run and ends with it. The runbook's time is the tenant's
//! clock alone, which stands still but for the latency of each answer: how quick Python and this machine are costs it nothing.
//! usher paces itself by a clock that runs, so what it and the machine take of real time counts against it, `SPEED` times over.

use crate::process;
use crate::world::{Totals, Traffic, World};
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::process::Command;
use usher_simulator::steps::{Stage, Then};
use uuid::Uuid;

/// How many times faster than real time usher's runs are.
pub(crate) const SPEED: f64 = 5.0;

/// Who brings the people in.
#[derive(Clone, Debug)]
pub(crate) enum Contender {
    Usher,
    /// The runbook, by this interpreter.
    Runbook(PathBuf),
}

/// What kind of run: the runbook has one kind only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everybody is looked at.
    Sweep,
    /// Only what changed.
    Tick,
}

/// One run as it was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) traffic: Traffic,
    /// In seconds of the tenant's time, from the start of the process to its end.
    pub(crate) seconds: f64,
    /// In MiB.
    pub(crate) peak_memory: f64,
    /// It did not end by itself.
    pub(crate) killed: bool,
    /// People in scope whom nobody has ever mailed.
    pub(crate) lost: usize,
    /// Mails of this run to people who had one already.
    pub(crate) doubled: usize,
}

impl Contender {
    fn command(&self, world: &World, kind: Kind) -> Command {
        match self {
            Self::Usher => {
                let mut command = Command::new(&world.usher);
                command.arg("apply").args((kind == Kind::Tick).then_some("--quick"));
                command.arg("--config").arg(world.configuration()).env_clear().envs(world.variables(SPEED));
                command
            }
            Self::Runbook(python) => {
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/benchmarks/runbook/runbook.py");
                let mut command = Command::new(python);
                // Compiled once, as everywhere else; some machines are set up to compile at each start.
                command.env_remove("PYTHONDONTWRITEBYTECODE");
                command.arg(script).env("RUNBOOK_NOW", world.clock.now().to_string());
                command.env("RUNBOOK_GRAPH_ROOT", world.tenant.graph_root());
                command.env("IDENTITY_ENDPOINT", world.tenant.identity_endpoint());
                command.env("IDENTITY_HEADER", world.tenant.identity_header());
                command
            }
        }
    }

    /// One run, in a world where these people are to be brought in.
    pub(crate) async fn run(&self, world: &World, kind: Kind, people: &[Uuid]) -> Result<Run> {
        self.run_killed(world, kind, people, None).await
    }

    /// The same, killed without warning when so many mails were sent.
    pub(crate) async fn run_killed(
        &self,
        world: &World,
        kind: Kind,
        people: &[Uuid],
        kill_at: Option<usize>,
    ) -> Result<Run> {
        let (mailed, totals, start) = (world.mails(), Totals::of(world), world.clock.now());
        let pid = Arc::new(AtomicU32::new(0));
        if let Some(mails) = kill_at {
            let (pid, tenant) = (Arc::clone(&pid), world.tenant.clone());
            let limit = mailed.values().sum::<usize>() + mails;
            world.tenant.on_step(move |step| {
                // What was answered would be known: between effect and answer is where it hurts.
                if step.stage == Stage::Done && tenant.mails().len() >= limit {
                    process::kill(pid.load(Ordering::SeqCst)).ok();
                    return Then::Cut;
                }
                Then::GoOn
            });
        }
        if matches!(self, Self::Usher) {
            world.clock.set_speed(SPEED);
        }
        let command = self.command(world, kind);
        let ended = process::run(command, &pid).await.with_context(|| format!("{self:?}, {kind:?}"));
        world.clock.set_speed(0.0);
        world.tenant.clear_hook();
        world.ensure_sound()?;
        let seconds = world.clock.now().duration_since(start).as_secs_f64();
        let after = world.mails();
        let (peak_memory, killed) = ended?;
        Ok(Run {
            traffic: world.traffic(&totals),
            seconds,
            peak_memory,
            killed,
            lost: people.iter().filter(|person| !after.contains_key(person)).count(),
            doubled: doubled(&after) - doubled(&mailed),
        })
    }
}

/// Mails beyond everybody's first.
fn doubled(mails: &HashMap<Uuid, usize>) -> usize {
    mails.values().map(|count| count - 1).sum()
}
