//! The numbers that usher is to reach, each beside what was measured.
//!
//! Not responsible for: the tests that hold some of them at every change (`../end-to-end/scale.rs`, `../end-to-end/crashes`).

use crate::contender::{Contender, Kind};
use crate::growth::Size;
use crate::process::resident;
use crate::world::{DOMAIN, World};
use anyhow::{Context, Result, ensure};
use jiff::SignedDuration;
use std::path::Path;
use std::time::Duration;
use usher_simulator::tenant::Latency;
use uuid::Uuid;

/// What a page of users holds at most.
const PAGE: u32 = 999;
/// How often the start is measured.
const STARTS: usize = 15;

/// One number to reach.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) what: String,
    pub(crate) bar: String,
    pub(crate) measured: String,
    pub(crate) met: bool,
    /// Whether it is the same on every machine, so that missing it fails the run.
    pub(crate) decides: bool,
}

/// All bars: some of what was measured already, the others measured here.
pub(crate) async fn judge(usher: &Path, sizes: &[Size], first: u32, killed: u32) -> Result<Vec<Bar>> {
    let size = sizes.iter().find(|size| size.people == 100_000).or(sizes.last()).context("a size was measured")?;
    let mut bars = vec![quota(usher, first).await?];
    bars.extend(quiet(size));
    bars.extend(start(usher).await?);
    bars.push(kills(usher, killed).await?);
    bars.push(by_domain(usher).await?);
    bars.push(by_group(usher).await?);
    Ok(bars)
}

/// A first run takes what the write quota demands, and hardly more. Without latency: how long Graph takes is not usher's.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
async fn quota(usher: &Path, people: u32) -> Result<Bar> {
    let world = World::new(usher, Latency::default()).await?;
    let all = world.arrive(1..people + 1, 1);
    let run = Contender::Usher.run(&world, Kind::Sweep, &all).await?;
    let floor = run.traffic.writes as f64 / 20.0;
    let ratio = run.seconds / floor;
    Ok(Bar {
        what: format!("first run, {} conversions", thousands(u64::from(people))),
        bar: "≤ 1.10 × (writes ÷ 20 per second)".to_owned(),
        measured: format!("{ratio:.2} × ({:.0} s, everything included)", run.seconds),
        met: ratio <= 1.1 && run.lost == 0,
        decides: false,
    })
}

fn quiet(size: &Size) -> Vec<Bar> {
    let people = thousands(u64::from(size.people));
    let most = u64::from(size.people.div_ceil(PAGE)) + 2;
    let (sweep, tick) = (size.sweep, size.tick);
    vec![
        Bar {
            what: format!("quiet `invite` tick, {people} users"),
            bar: "≤ 2 Graph requests, 0 writes".to_owned(),
            measured: format!("requests: {}, writes: {}", tick.requests, tick.writes),
            met: tick.requests <= 2 && tick.writes == 0,
            decides: true,
        },
        Bar {
            what: format!("quiet full sweep, {people} users, no groups"),
            bar: format!("≤ {most} Graph requests, 0 writes"),
            measured: format!("requests: {}, writes: {}", sweep.requests, sweep.writes),
            met: sweep.requests <= most && sweep.writes == 0,
            decides: true,
        },
        Bar {
            what: "peak memory of that sweep".to_owned(),
            bar: "≤ 64 MiB".to_owned(),
            measured: format!("{:.1} MiB", sweep.peak_memory),
            met: sweep.peak_memory <= 64.0,
            decides: false,
        },
    ]
}

/// From the start of a process to its first answer, and what it holds before it has done anything.
async fn start(usher: &Path) -> Result<[Bar; 2]> {
    let world = World::new(usher, Latency::default()).await?;
    let host = world.host(1.0, |options| options.poll_interval = Duration::from_millis(1)).await?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        host.restart().await?;
        starts.push(host.startup().context("it has started")?.as_secs_f64() * 1000.0);
    }
    starts.sort_by(f64::total_cmp);
    let (fastest, median, slowest) = (starts[0], starts[STARTS / 2], starts[STARTS - 1]);
    let idle = resident(host.pid().context("it runs")?).context("a process that runs")?;
    Ok([
        Bar {
            what: "process start to first answered request".to_owned(),
            bar: "≤ 25 ms".to_owned(),
            measured: format!("{median:.0} ms (median of {STARTS}; {fastest:.0} to {slowest:.0})"),
            met: median <= 25.0,
            decides: false,
        },
        Bar {
            what: "memory when idle".to_owned(),
            bar: "≤ 20 MiB resident".to_owned(),
            measured: format!("{idle:.1} MiB"),
            met: idle <= 20.0,
            decides: false,
        },
    ])
}

/// Killed again and again in the worst moment: a batch of invitations is carried out, and its answer never comes.
async fn kills(usher: &Path, people: u32) -> Result<Bar> {
    let world = World::new(usher, Latency::default()).await?;
    let all = world.arrive(1..people + 1, 1);
    let (mut kills, mut doubled) = (0, 0);
    loop {
        let run = Contender::Usher.run_killed(&world, Kind::Sweep, &all, Some(1)).await?;
        doubled += run.doubled;
        world.pass(SignedDuration::from_mins(15));
        if !run.killed {
            break;
        }
        kills += 1;
    }
    // What is unconfirmed is looked at twice, ten minutes apart, before it could be done again.
    let mut lost = 0;
    for _ in 0..3 {
        let run = Contender::Usher.run(&world, Kind::Sweep, &all).await?;
        (doubled, lost) = (doubled + run.doubled, run.lost);
        world.pass(SignedDuration::from_mins(15));
    }
    ensure!(kills > 0, "it was never killed");
    Ok(Bar {
        what: format!("kill -9 in a first run of {}, {kills} times", thousands(u64::from(people))),
        bar: "nobody lost, nobody mailed twice".to_owned(),
        measured: format!("{lost} lost, {doubled} mailed twice"),
        met: lost == 0 && doubled == 0,
        decides: true,
    })
}

/// Somebody appears just after a tick.
async fn by_domain(usher: &Path) -> Result<Bar> {
    let world = World::new(usher, Latency::default()).await?;
    let host = world.host(1.0, |_| {}).await?;
    world.fire(&host, "invite").await?;
    let person = somebody(&world)?;
    let appeared = world.clock.now();
    let (due, timers) = host.next_due().await.context("a timer is due")?;
    ensure!(timers.iter().any(|timer| timer == "invite"), "{timers:?}");
    world.clock.set(due);
    host.restart().await?;
    world.fire(&host, "invite").await?;
    let waited = world.mailed(person)?.duration_since(appeared).as_secs();
    Ok(Bar {
        what: "new person in scope by domain → invited".to_owned(),
        bar: "one tick (5 min) after the directory shows it".to_owned(),
        measured: format!("the next tick, after {waited} s"),
        met: waited <= 300,
        decides: true,
    })
}

/// Somebody who is there joins the group just after a sweep.
async fn by_group(usher: &Path) -> Result<Bar> {
    let world = World::new(usher, Latency::default()).await?;
    let group = world.tenant.with_directory(|directory| directory.create_group("Partner people"));
    world.configure(&format!("groups = [\"{group}\"]"))?;
    let person = somebody(&world)?;
    let host = world.host(1.0, |_| {}).await?;
    world.fire(&host, "reconcile").await?;
    ensure!(world.mailed(person).is_err(), "who is not in the group is not invited");
    world.tenant.with_directory(|directory| directory.add_member(group, person))?;
    let joined = world.clock.now();
    world.pass(SignedDuration::from_hours(6));
    host.restart().await?;
    world.fire(&host, "reconcile").await?;
    let hours = world.mailed(person).map(|sent| sent.duration_since(joined).as_hours());
    Ok(Bar {
        what: "new person in scope by group → invited".to_owned(),
        bar: "by the next sweep".to_owned(),
        measured: hours
            .as_ref()
            .map_or("not by the next sweep".to_owned(), |hours| format!("the next sweep, after {hours} h")),
        met: hours.is_ok(),
        decides: true,
    })
}

/// Entra Connect writes one new person.
fn somebody(world: &World) -> Result<Uuid> {
    let people = world.tenant.with_directory(|directory| directory.sync_people(1..=1, DOMAIN));
    people.first().copied().context("a person")
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
