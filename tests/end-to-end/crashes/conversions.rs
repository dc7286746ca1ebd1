//! Many people are converted by one run that is killed: nobody is lost and nobody is mailed twice.

use super::{LAG, at_every_step, killed};
use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::cloud::Cloud;
use usher_simulator::storage::Storage;
use usher_simulator::tenant::TenantOptions;

const PEOPLE: u32 = 300;

/// Runs usher in a world of its own, killed at the `nth` step; how many steps there were until it ended. Afterwards
/// usher is run like any other time, and everything must come right.
async fn killed_at(nth: usize) -> usize {
    let options = |options: &mut TenantOptions| options.record_bodies = false;
    let (world, storage) = World::with(Cloud::Global, Config::default(), options).await.in_storage().await;
    let ids = world.people(PEOPLE);
    world.directory(|directory| directory.lag = LAG);
    // So slow that the lag does not pass while processes start.
    world.clock.set_speed(50.0);
    let steps = killed(&world, &storage, nth, &["apply"]).await;
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
    let steps = killed_at(usize::MAX).await;
    assert!(steps > 100, "{steps} steps are too few for {PEOPLE} people");
    at_every_step(steps, |nth| async move { _ = killed_at(nth).await }).await
}
