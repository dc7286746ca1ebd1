//! A process that is killed from outside, at every step of its requests.
//!
//! - [`conversions`]: nobody is lost and nobody is mailed twice.
//! - [`request`]: what somebody asked for is done once, and answered in the end.
//! - [`sweep`]: a sweep with work of every kind ends as if nothing had happened.

mod conversions;
mod request;
mod sweep;

use crate::support::World;
use crate::support::process::{Pid, matters};
use anyhow::Result;
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use usher_simulator::steps::{Stage, Step, Then};
use usher_simulator::storage::Storage;

/// How long the directory shows people as they were: a process that starts at once must know from the journal alone whom the
/// one before it may have mailed.
const LAG: SignedDuration = SignedDuration::from_mins(8);

/// Kills the process at the `nth` step that matters, and cuts that request: at [`Stage::Received`] it has no effect.
struct Killer {
    nth: usize,
    seen: AtomicUsize,
    pid: Pid,
}

impl Killer {
    fn hook(self: &Arc<Self>) -> impl Fn(&Step) -> Then + Send + Sync + use<> {
        let killer = Arc::clone(self);
        move |step| {
            if !matters(step) || killer.seen.fetch_add(1, Ordering::SeqCst) + 1 != killer.nth {
                return Then::GoOn;
            }
            killer.pid.kill();
            if step.stage == Stage::Received { Then::Cut } else { Then::GoOn }
        }
    }
}

/// Runs `arguments`, killed at the `nth` step; how many steps there were until it ended.
async fn killed(world: &World, storage: &Storage, nth: usize, arguments: &[&str]) -> usize {
    let killer = Arc::new(Killer { nth, seen: AtomicUsize::new(0), pid: Pid::default() });
    world.tenant.on_step(killer.hook());
    storage.on_step(killer.hook());
    let output = world.spawn(arguments, &killer.pid).wait_with_output().await.expect("it ends");
    world.tenant.clear_hook();
    storage.clear_hook();
    let steps = killer.seen.load(Ordering::SeqCst);
    let was_killed = output.status.code().is_none();
    assert_eq!(was_killed, nth <= steps, "{nth} of {steps}: {output:?}");
    steps
}

/// Goes through a case for each of so many steps, some at a time.
async fn at_every_step<F>(steps: usize, case: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let cases = stream::iter(1..=steps).map(|nth| tokio::spawn(case(nth)));
    let ended: Vec<_> = cases.buffer_unordered(4).collect().await;
    for case in ended {
        case?;
    }
    println!("killed at each of {steps} steps");
    Ok(())
}
