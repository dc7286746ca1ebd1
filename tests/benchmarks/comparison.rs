//! usher and the runbook side by side: the same people, limits and latency, the same things happen, and each does its work.
//!
//! The story of a world: people of another company are there. New people come over a day; the first run brings them in. Half of
//! them accept within the next day, and nobody is new; the run of that day. Another day passes in which nothing happens; a quiet
//! run. Then nothing runs for three days while as many people come again; the run after that outage. In a world of its own a
//! first run is killed when half of the people are mailed, and started again after 15 minutes.

use crate::contender::{Contender, Kind, Run};
use crate::world::World;
use anyhow::Result;
use jiff::SignedDuration;
use std::path::Path;
use usher_simulator::tenant::Latency;
use uuid::Uuid;

/// Not published; what callers see is of this order. A full batch takes 1.2 s.
pub(crate) const LATENCY: Latency =
    Latency { request: SignedDuration::from_millis(200), in_batch: SignedDuration::from_millis(50) };

/// How many hours of an outage pass, in which as many people come as on the first day.
pub(crate) const OUTAGE_HOURS: u32 = 72;

/// One of the things that happen, with the runs of usher and of the runbook.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) people: u32,
    pub(crate) usher: Run,
    pub(crate) runbook: Run,
}

/// What a world's story gave.
struct Told {
    first: Run,
    next_day: Run,
    quiet: Run,
    outage: Run,
}

/// All scenes with so many new people.
pub(crate) async fn compare(usher: &Path, python: &Path, people: u32) -> Result<Vec<Scene>> {
    let theirs = tell(&Contender::Runbook(python.to_owned()), usher, people).await?;
    let ours = tell(&Contender::Usher, usher, people).await?;
    let scene = |name, usher, runbook| Scene { name, people, usher, runbook };
    Ok(vec![
        scene("first run", ours.first, theirs.first),
        scene("next day", ours.next_day, theirs.next_day),
        scene("quiet run", ours.quiet, theirs.quiet),
        scene("after an outage", ours.outage, theirs.outage),
    ])
}

/// A first run that is killed halfway, with the one that follows it.
pub(crate) async fn interrupted(usher: &Path, python: &Path, people: u32) -> Result<Scene> {
    let usher_run = interrupt(&Contender::Usher, usher, people).await?;
    let runbook = interrupt(&Contender::Runbook(python.to_owned()), usher, people).await?;
    Ok(Scene { name: "started again after a kill", people, usher: usher_run, runbook })
}

/// A tenant with as many people of another company as new ones, a month ago.
async fn settled(usher: &Path, people: u32) -> Result<World> {
    let world = World::new(usher, LATENCY).await?;
    world.colleagues(people);
    world.pass(SignedDuration::from_hours(30 * 24));
    Ok(world)
}

async fn tell(contender: &Contender, usher: &Path, people: u32) -> Result<Told> {
    let world = settled(usher, people).await?;
    let begun = world.clock.now();
    let mut all = world.arrive(1..people + 1, 24);
    let first = contender.run(&world, Kind::Sweep, &all).await?;

    let accepting: Vec<Uuid> = all.iter().copied().step_by(2).collect();
    world.accept(&accepting)?;
    world.clock.set(begun + SignedDuration::from_hours(48));
    let next_day = contender.run(&world, Kind::Tick, &all).await?;

    world.clock.set(begun + SignedDuration::from_hours(72));
    let quiet = contender.run(&world, Kind::Tick, &all).await?;

    world.clock.set(begun + SignedDuration::from_hours(73));
    all.extend(world.arrive(people + 1..2 * people + 1, OUTAGE_HOURS));
    let outage = contender.run(&world, Kind::Tick, &all).await?;
    Ok(Told { first, next_day, quiet, outage })
}

async fn interrupt(contender: &Contender, usher: &Path, people: u32) -> Result<Run> {
    let world = settled(usher, people).await?;
    let all = world.arrive(1..people + 1, 24);
    contender.run_killed(&world, Kind::Sweep, &all, Some(usize::try_from(people)? / 2)).await?;
    world.pass(SignedDuration::from_mins(15));
    contender.run(&world, Kind::Sweep, &all).await
}
