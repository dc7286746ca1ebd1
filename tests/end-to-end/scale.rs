//! The numbers that usher promises for large tenants, on the simulated tenant with Graph's published limits on.

use crate::support::process::Pid;
use crate::support::{Config, World};
use anyhow::{Context, Result};
use std::sync::{Arc, Mutex};
use usher_simulator::cloud::Cloud;
use usher_simulator::steps::{Stage, Then};
use usher_simulator::tenant::{ExternalUserState, Limits, TenantSize};

/// In megabytes: with the pages of the packaged program's executable, which are fewer than 16, they are 64.
const MOST_MEMORY: f64 = 48.0;

/// Graph requests since the last look, those inside batches counted singly.
fn requests(world: &World) -> Vec<String> {
    let exchanges = world.tenant.exchanges();
    world.tenant.clear_exchanges();
    exchanges.into_iter().filter(|exchange| exchange.path != "/$batch").map(|exchange| exchange.path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_people_are_swept_in_103_requests_and_64_megabytes_and_a_quiet_tick_takes_two() -> Result<()>
{
    let world = World::with(Cloud::Global, Config::default(), |options| options.record_bodies = false).await;
    world.directory(|directory| {
        let ids = directory.sync_people(1..=100_000, "fabrikam.us");
        ids.into_iter().try_for_each(|id| {
            directory.update_user(id, |user| user.external_user_state = Some(ExternalUserState::Accepted))
        })
    })?;
    world.tenant.limit(Some(Limits::published(TenantSize::Large)));
    world.usher(&["apply", "--adopt-state"]).await.exits(0);
    std::fs::remove_file(world.state().join("sight"))?;
    requests(&world);

    let host = world.host().await?;
    world.tick(&host).await?;
    let sweep = requests(&world);
    assert!(sweep.len() <= 103, "{} requests", sweep.len());
    assert_eq!(world.writes(), 0);
    let peak = Pid::of(host.pid().context("the handler runs")?).peak_memory().context("a peak")?;
    assert!(peak <= MOST_MEMORY, "{peak} MB");

    world.tick(&host).await?;
    let quiet = requests(&world);
    assert!(quiet.len() <= 2, "{quiet:?}");
    assert_eq!(world.tenant.throttled(), 0);
    println!("sweep: {} requests, peak {peak:.1} MB; quiet tick: {} requests", sweep.len(), quiet.len());
    Ok(())
}

/// What one hold of the writer's lease was used for.
#[derive(Default)]
struct Holds {
    sent_before: usize,
    /// Invitations sent while it was held.
    sent: Vec<usize>,
    peak_memory: f64,
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_conversions_keep_the_write_quota_busy_the_lease_to_slices_and_memory_small() -> Result<()> {
    let limits = "invitations = 10000\nwaves = []";
    let config = Config { limits: limits.into(), ..Config::default() };
    let world = World::with(Cloud::Global, config, |options| options.record_bodies = false).await;
    let (world, storage) = world.in_storage().await;
    let ids = world.people(10_000);
    world.tenant.limit(Some(Limits::published(TenantSize::Large)));
    // Slow enough that the machine's own time does not count: 500 batches in some 50 seconds of real time.
    let speed = 10.0;
    world.clock.set_speed(speed);
    let (pid, holds) = (Pid::default(), Arc::new(Mutex::new(Holds::default())));
    let (process, noted, tenant) = (pid.clone(), Arc::clone(&holds), world.tenant.clone());
    storage.on_step(move |step| {
        let mut holds = noted.lock().expect("no panic");
        if let Some(peak) = process.peak_memory() {
            holds.peak_memory = peak;
        }
        let sent = usize::try_from(tenant.usage().invitations).expect("a small number");
        match (step.stage, step.operation.as_str(), step.target.as_str()) {
            (Stage::Done, "acquire-lease", ".leases/writer") => holds.sent_before = sent,
            (Stage::Received, "release-lease", ".leases/writer") => {
                let during = sent - holds.sent_before;
                holds.sent.push(during);
            }
            _ => {}
        }
        Then::GoOn
    });
    let mut command = world.command(&["apply", "--json"]);
    command.env("USHER_SPEED", speed.to_string());
    let output = pid.spawn(command).wait_with_output().await?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    storage.clear_hook();
    let mails = world.tenant.mails();
    let first = mails.iter().map(|mail| mail.sent).min().context("a mail")?;
    let last = mails.iter().map(|mail| mail.sent).max().context("a mail")?;
    assert_eq!(mails.len(), ids.len());
    let seconds = last.duration_since(first).as_secs_f64();
    let floor = 10_000.0 / 20.0;
    assert_eq!(world.tenant.throttled(), 0, "Graph had to refuse nothing for rate");
    assert!(seconds <= 1.1 * floor, "{seconds} s, the quota demands {floor} s");
    // In a slice of 5 seconds go at most the burst of 5 seconds, what 5 seconds more allow, and the batch in flight.
    let holds = holds.lock().expect("no panic");
    let most = holds.sent.iter().max().copied().unwrap_or_default();
    assert!(most <= 220, "{most} invitations in one slice");
    assert_eq!(holds.sent.iter().sum::<usize>(), 10_000, "nothing was sent without the lease");
    assert!(holds.peak_memory <= MOST_MEMORY, "{} MB", holds.peak_memory);
    println!(
        "10,000 conversions in {seconds:.0} s of Graph's time, {:.3} of the floor; {} slices, at most {most} invitations in \
         one; peak {:.1} MB",
        seconds / floor,
        holds.sent.len(),
        holds.peak_memory
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_external_users_who_are_looked_after_are_swept_in_103_requests_without_a_write() -> Result<()>
{
    let config = Config { scope: "adopt = \"follow\"".into(), ..Config::default() };
    let world = World::with(Cloud::Global, config, |options| options.record_bodies = false).await;
    world.directory(|directory| {
        let ids = directory.sync_people(1..=100_000, "fabrikam.us");
        ids.into_iter().try_for_each(|id| {
            directory.update_user(id, |user| user.external_user_state = Some(ExternalUserState::Accepted))
        })
    })?;
    world.tenant.limit(Some(Limits::published(TenantSize::Large)));
    world.usher(&["apply", "--adopt-state"]).await.exits(0);
    requests(&world);

    let host = world.host().await?;
    host.fire_timer("reconcile").await?;
    host.drain(50).await?;
    let sweep = requests(&world);
    assert!(sweep.len() <= 103, "{} requests", sweep.len());
    assert_eq!(world.writes(), 0);
    let peak = Pid::of(host.pid().context("the handler runs")?).peak_memory().context("a peak")?;
    assert!(peak <= MOST_MEMORY, "{peak} MB");
    println!("sweep with 100,000 lives: {} requests, peak {peak:.1} MB", sweep.len());
    Ok(())
}
