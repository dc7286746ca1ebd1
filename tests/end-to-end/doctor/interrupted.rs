//! Killed while it switches off signing in by text message: run again, it ends as if nothing had happened.

use super::looked;
use super::sms::Home;
use crate::support::process::Pid;
use anyhow::Result;
use futures::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use usher_simulator::steps::{Stage, Step, Then};

const PERMISSIONS: &[&str] = &[
    "Policy.Read.All",
    "AuditLog.Read.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
];
const FIX: &[&str] = &["--fix", "--yes"];

/// Whether the step is one of the fix itself: what everybody's methods are, and the switching off.
fn matters(step: &Step) -> bool {
    step.target.ends_with("/authentication/methods") || step.target.ends_with("/disableSmsSignIn")
}

/// Killed at the `nth` step of the fix, and run again; how many steps there were until it ended.
async fn killed_at(nth: usize) -> Result<usize> {
    let home = Home::new().await?;
    let expected = home.switched_off(&home.ready);
    let (seen, pid) = (Arc::new(AtomicUsize::new(0)), Pid::default());
    let (counter, victim) = (Arc::clone(&seen), pid.clone());
    home.world.tenant.on_step(move |step| {
        if !matters(step) || counter.fetch_add(1, Ordering::SeqCst) + 1 != nth {
            return Then::GoOn;
        }
        victim.kill();
        if step.stage == Stage::Received { Then::Cut } else { Then::GoOn }
    });
    let output = pid.spawn(home.command(&[PERMISSIONS], FIX)?).wait_with_output().await?;
    home.world.tenant.clear_hook();
    let steps = seen.load(Ordering::SeqCst);
    assert_eq!(output.status.code().is_none(), nth <= steps, "{nth} of {steps}: {output:?}");
    looked(home.command(&[PERMISSIONS], FIX)?).await;
    assert_eq!(home.methods(), expected, "killed at step {nth}");
    let switched = home.world.tenant.exchanges();
    let switched = switched.iter().filter(|one| one.path.ends_with("/disableSmsSignIn") && one.status == 204).count();
    assert_eq!(switched, home.ready.len(), "killed at step {nth}: each once");
    Ok(steps)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_and_run_again_it_ends_the_same() -> Result<()> {
    let steps = killed_at(usize::MAX).await?;
    assert!(steps >= 7 * 3, "only {steps} steps");
    let cases = stream::iter(1..=steps).map(|nth| tokio::spawn(killed_at(nth)));
    let ended: Vec<_> = cases.buffer_unordered(4).collect().await;
    for case in ended {
        case??;
    }
    Ok(())
}
