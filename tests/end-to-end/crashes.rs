//! A process that is killed from outside, at every step of its requests: nobody is lost and nobody is mailed twice.

use crate::support::process::{Pid, matters};
use crate::support::{Config, World};
use anyhow::Result;
use futures::{StreamExt, stream};
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use usher_simulator::cloud::Cloud;
use usher_simulator::steps::{Stage, Step, Then};
use usher_simulator::storage::Storage;
use usher_simulator::tenant::TenantOptions;

const PEOPLE: u32 = 300;
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

/// Runs `arguments` in a world of its own, killed at the `nth` step; how many steps there were until it ended. Afterwards
/// usher is run like any other time, and everything must come right.
async fn killed_at(nth: usize, arguments: &[&str]) -> usize {
    let options = |options: &mut TenantOptions| options.record_bodies = false;
    let (world, storage) = World::with(Cloud::Global, Config::default(), options).await.in_storage().await;
    let ids = world.people(PEOPLE);
    world.directory(|directory| directory.lag = LAG);
    // So slow that the lag does not pass while processes start.
    world.clock.set_speed(50.0);
    let killer = Arc::new(Killer { nth, seen: AtomicUsize::new(0), pid: Pid::default() });
    world.tenant.on_step(killer.hook());
    storage.on_step(killer.hook());
    let output = world.spawn(arguments, &killer.pid).wait_with_output().await.expect("it ends");
    world.tenant.clear_hook();
    storage.clear_hook();
    let steps = killer.seen.load(Ordering::SeqCst);
    let was_killed = output.status.code().is_none();
    assert_eq!(was_killed, nth <= steps, "{nth} of {steps}: {output:?}");
    everything_comes_right(&world, &storage, &ids, &format!("killed at step {nth}")).await;
    steps
}

async fn everything_comes_right(world: &World, storage: &Storage, ids: &[uuid::Uuid], what: &str) {
    let once = vec![1; ids.len()];
    for minutes in [0, 11, 11, 11, 11] {
        // The lease of a dead process runs out.
        storage.forget_leases();
        world.clock.advance(SignedDuration::from_mins(minutes));
        let code = world.usher(&["apply"]).await.code;
        assert!(matches!(code, Some(0 | 4)), "{what}: {code:?}");
        if world.mails_of(ids) == once {
            break;
        }
    }
    assert_eq!(world.mails_of(ids), once, "{what}");
    let pending = world.directory(|directory| {
        let pending = |id: &&uuid::Uuid| directory.user(**id).is_some_and(|user| user.external_user_state.is_some());
        ids.iter().filter(pending).count()
    });
    assert_eq!(pending, ids.len(), "{what}: everybody is converted");
    world.usher(&["status", "--verify"]).await.exits(0);
    assert!(storage.violations().is_empty(), "{what}: {:?}", storage.violations());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_any_request_nobody_is_lost_or_mailed_twice() -> Result<()> {
    let steps = killed_at(usize::MAX, &["apply"]).await;
    assert!(steps > 100, "{steps} steps are too few for {PEOPLE} people");
    let cases = stream::iter(1..=steps).map(|nth| tokio::spawn(killed_at(nth, &["apply"])));
    let ended: Vec<_> = cases.buffer_unordered(4).collect().await;
    let killed = ended.len();
    for case in ended {
        case?;
    }
    println!("killed at each of {killed} steps");
    Ok(())
}
