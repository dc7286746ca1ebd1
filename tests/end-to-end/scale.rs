//! The numbers that usher promises for large tenants, on the simulated tenant with Graph's published limits on.

use crate::support::{Config, World};
use anyhow::{Context, Result};
use usher_simulator::cloud::Cloud;
use usher_simulator::host::Host;
use usher_simulator::tenant::{ExternalUserState, Limits, TenantSize};

/// Graph requests since the last look, those inside batches counted singly.
fn requests(world: &World) -> Vec<String> {
    let exchanges = world.tenant.exchanges();
    world.tenant.clear_exchanges();
    exchanges.into_iter().filter(|exchange| exchange.path != "/$batch").map(|exchange| exchange.path).collect()
}

/// The most memory that the handler's process ever held, in megabytes.
fn peak_memory(host: &Host) -> Result<f64> {
    let pid = host.pid().context("the handler runs")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("a peak")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
    Ok(kilobytes / 1024.0)
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
    let peak = peak_memory(&host)?;
    assert!(peak <= 64.0, "{peak} MB");

    world.tick(&host).await?;
    let quiet = requests(&world);
    assert!(quiet.len() <= 2, "{quiet:?}");
    assert_eq!(world.tenant.throttled(), 0);
    println!("sweep: {} requests, peak {peak:.1} MB; quiet tick: {} requests", sweep.len(), quiet.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_conversions_take_no_longer_than_a_tenth_more_than_the_write_quota_demands() -> Result<()> {
    let limits = "invitations = 10000\nwaves = []";
    let world = World::with(Cloud::Global, Config { limits: limits.into(), ..Config::default() }, |options| {
        options.record_bodies = false;
    })
    .await;
    let ids = world.people(10_000);
    world.tenant.limit(Some(Limits::published(TenantSize::Large)));
    // Slow enough that the machine's own time does not count: 500 batches in some 50 seconds of real time.
    let speed = 10.0;
    world.clock.set_speed(speed);
    let mut command = world.command(&["apply", "--json"]);
    command.env("USHER_SPEED", speed.to_string());
    crate::support::run(command).await.exits(0);
    let mails = world.tenant.mails();
    let first = mails.iter().map(|mail| mail.sent).min().context("a mail")?;
    let last = mails.iter().map(|mail| mail.sent).max().context("a mail")?;
    assert_eq!(mails.len(), ids.len());
    let seconds = last.duration_since(first).as_secs_f64();
    let floor = 10_000.0 / 20.0;
    assert_eq!(world.tenant.throttled(), 0, "Graph had to refuse nothing for rate");
    assert!(seconds <= 1.1 * floor, "{seconds} s, the quota demands {floor} s");
    println!("10,000 conversions in {seconds:.0} s of Graph's time, {:.3} of the floor", seconds / floor);
    Ok(())
}
