//! Setting up is killed at every step of its requests, and run again: it ends in the same state, and nothing is there twice.

use super::sync::Synced;
use super::{Pair, Side};
use crate::support::process::{Pid, matters};
use crate::support::run;
use anyhow::{Result, ensure};
use futures::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use usher_simulator::steps::{Stage, Step, Then};

/// Runs `arguments` in a tenant, killed at the `nth` step; how many steps there were until it ended.
async fn killed(pair: &Pair, side: &Side, nth: usize, arguments: &[&str]) -> Result<usize> {
    let (pid, seen) = (Pid::default(), Arc::new(AtomicUsize::new(0)));
    let (of_hook, counted) = (pid.clone(), Arc::clone(&seen));
    side.tenant.on_step(move |step: &Step| {
        if !matters(step) || counted.fetch_add(1, Ordering::SeqCst) + 1 != nth {
            return Then::GoOn;
        }
        of_hook.kill();
        if step.stage == Stage::Received { Then::Cut } else { Then::GoOn }
    });
    let output = pid.spawn(pair.unattended(side, arguments)?).wait_with_output().await?;
    side.tenant.clear_hook();
    let steps = seen.load(Ordering::SeqCst);
    // The last answer and the end of the process come at once.
    let was_killed = output.status.code().is_none();
    ensure!(was_killed == (nth < steps) || nth == steps, "{nth} of {steps}: {output:?}");
    Ok(steps)
}

/// Runs it to its end, twice; the second time it changes nothing.
async fn to_the_end(pair: &Pair, side: &Side, command: &str) -> Result<()> {
    run(pair.unattended(side, &[command, "apply"])?).await.exits(0);
    let writes = side.writes();
    run(pair.unattended(side, &[command, "apply"])?).await.exits(0);
    ensure!(side.writes() == writes, "{:?}", side.written());
    Ok(())
}

const HERE: &str =
    "[partner.trust]\ninbound = true\ntrust_mfa = true\nautomatic_redemption = true\nallow_sync_in = true\n";

async fn trust(nth: usize) -> Result<usize> {
    let pair = Pair::new("", HERE).await?;
    let steps = killed(&pair, &pair.resource, nth, &["trust", "apply"]).await?;
    to_the_end(&pair, &pair.resource, "trust").await?;
    run(pair.unattended(&pair.resource, &["trust", "verify"])?).await.exits(0);
    Ok(steps)
}

async fn sync(nth: usize) -> Result<usize> {
    let synced = Synced::new("user_type = \"guest\"\n").await?;
    let home = &synced.pair.home;
    let steps = killed(&synced.pair, home, nth, &["sync", "apply"]).await?;
    to_the_end(&synced.pair, home, "sync").await?;
    let jobs = home.directory(|directory| directory.sync_jobs());
    ensure!(jobs.len() == 1, "killed at {nth}: {jobs:?}");
    run(synced.pair.unattended(home, &["sync", "status"])?).await.exits(0);
    Ok(steps)
}

/// Goes through a case for each of so many steps, some at a time.
async fn at_every_step<F>(case: fn(usize) -> F, least: usize) -> Result<()>
where
    F: Future<Output = Result<usize>> + Send + 'static,
{
    let steps = case(usize::MAX).await?;
    ensure!(steps > least, "only {steps} steps");
    let cases = stream::iter(1..=steps).map(|nth| tokio::spawn(case(nth)));
    for ended in cases.buffer_unordered(4).collect::<Vec<_>>().await {
        ended??;
    }
    println!("killed at each of {steps} steps");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_that_is_interrupted_anywhere_ends_as_if_nothing_had_happened() -> Result<()> {
    at_every_step(trust, 15).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronization_that_is_interrupted_anywhere_is_there_once_in_the_end() -> Result<()> {
    at_every_step(sync, 30).await
}
