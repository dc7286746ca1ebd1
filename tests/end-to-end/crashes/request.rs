//! People by request, killed: whoever was asked for is brought in once, and the request is answered in the end.

use super::{LAG, at_every_step, killed};
use crate::support::process::CONTAINER;
use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;

const NEW: &str = "new@fabrikam.us";
const LATER: &str = "person-0002@fabrikam.us";
const SYNCED: &str = "person-0001@fabrikam.us";

/// Runs a request in a world of its own, killed at the `nth` step; how many steps there were until it ended. Afterwards the
/// same is asked again, between sweeps.
async fn killed_at(nth: usize) -> usize {
    let (world, storage) = World::new(Config::default()).await.in_storage().await;
    let synced = world.people(1)[0];
    world.sweep().await;
    let leaver = world.directory(|directory| directory.sync_people(2..=2, "fabrikam.us"))[0];
    world.directory(|directory| directory.lag = LAG);
    world.clock.set_speed(50.0);
    let asked = ["provision", NEW, LATER, SYNCED];
    let steps = killed(&world, &storage, nth, &asked[..3]).await;
    for minutes in [0, 11, 11, 11] {
        storage.forget_leases();
        world.clock.advance(SignedDuration::from_mins(minutes));
        if world.usher(&asked).await.code == Some(0) {
            break;
        }
        world.usher(&["apply"]).await;
    }
    let answer = world.usher(&asked).await.exits(0);
    let mails = world.tenant.mails();
    let to_new = mails.iter().filter(|mail| mail.to == NEW).count();
    assert_eq!((to_new, world.mails_of(&[synced, leaver])), (1, vec![1, 1]), "killed at step {nth}: {answer:?}");
    world.usher(&["status", "--verify"]).await.exits(0);
    let mut waiting = storage.names(CONTAINER);
    waiting.retain(|name| name.starts_with("inbox/"));
    assert!(waiting.is_empty(), "killed at step {nth}: {waiting:?}");
    assert!(storage.violations().is_empty(), "killed at step {nth}: {:?}", storage.violations());
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_asked_for_is_done_once_however_often_it_is_killed() -> Result<()> {
    let steps = killed_at(usize::MAX).await;
    assert!(steps > 20, "only {steps} steps");
    at_every_step(steps, |nth| async move { _ = killed_at(nth).await }).await
}
