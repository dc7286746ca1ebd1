//! The page: what was measured, as Markdown.
//!
//! Not responsible for: measuring. What is said here about how it was done must be true of `contender` and `comparison`.

use crate::bars::{Bar, thousands};
use crate::comparison::{LATENCY, OUTAGE_HOURS, Scene};
use crate::contender::{Run, SPEED};
use crate::growth::{Look, Size};
use std::fmt::Write;

/// Everything that was measured.
pub(crate) struct Results {
    /// Which program, as a sentence.
    pub(crate) program: &'static str,
    pub(crate) bars: Vec<Bar>,
    pub(crate) scenes: Vec<Scene>,
    pub(crate) sizes: Vec<Size>,
}

/// The whole page.
pub(crate) fn render(results: &Results) -> String {
    let mut page = format!(
        "# Performance\n\n\
         This page is written by `cargo benchmarks`; changes by hand are lost. What it says of requests, units, writes, mails\n\
         and people is the same on every machine. Times and memory are of the machine named at the end.\n\n\
         {} The tenant is the simulated one with the limits that Microsoft publishes.\n\n",
        results.program
    );
    page += &bars(&results.bars);
    page += &comparison(&results.scenes);
    page += &growth(&results.sizes);
    page += &machine();
    page
}

fn bars(bars: &[Bar]) -> String {
    let mut text = String::from("## Numbers to reach\n\n| what | bar | measured | |\n|---|---|---|---|\n");
    for Bar { what, bar, measured, met, .. } in bars {
        let verdict = if *met { "reached" } else { "**missed**" };
        writeln!(text, "| {what} | {bar} | {measured} | {verdict} |").ok();
    }
    text += "\nTests kill usher at every single step of a run (`tests/end-to-end/crashes`) and hold the counts of requests\n\
             and the memory at every change (`tests/end-to-end/scale.rs`).\n\n";
    text
}

fn comparison(scenes: &[Scene]) -> String {
    let (request, in_batch) = (LATENCY.request.as_millis(), LATENCY.in_batch.as_millis());
    let mut text = format!(
        "## Beside the runbook that people use today\n\n\
         [The runbook](../tests/benchmarks/runbook/runbook.py) is Microsoft's Python client doing what the usual PowerShell\n\
         does: whoever was created within 25 hours is listed by pages, and who is in the domain and has not accepted is\n\
         invited, one after the other, with a mail each time. Errors are swallowed, and nothing is remembered. It is kinder\n\
         than the original, which reads the first page only; [its lines](from-powershell.md#the-runbook). It runs once a day.\n\n\
         Each of the two is in a tenant of its own, with the same people, the same limits and the same latency:\n\n\
         - *first run*: new people came over a day, among as many people of another company;\n\
         - *next day*: half of them have accepted, nobody is new;\n\
         - *quiet run*: another day later, in which nothing happened;\n\
         - *after an outage*: nothing ran for {OUTAGE_HOURS} hours, in which as many new people came again;\n\
         - *started again after a kill*: a first run was killed when half were mailed, a quarter of an hour ago.\n\n\
         usher's first run and the one after the kill are sweeps. The others are ticks, of which there is one every five\n\
         minutes: a tick looks singly at those who have changed since the last one, or at everybody by pages where that takes\n\
         less, as here after a day or an outage with thousands of changes. usher is at Graph's full pace\n\
         (`invitations_per_minute = 1200`, `quota_percent = 100`, no waves); its defaults are slower on purpose.\n\n\
         An answer takes {request} ms, and one to a batch {in_batch} ms more for each request in it. That is an assumption;\n\
         Microsoft publishes no number. Time is the tenant's. For the runbook the clock stands still but for the latency, so\n\
         that Python's own time costs it nothing. For usher the clock runs {SPEED} times as fast as real time, and what usher\n\
         and the machine need counts {SPEED} times against it: on a busy machine its times are much too long. Tokens are not\n\
         counted. *Over the wire* a batch is one request, under *requests* it is as many as are in it.\n\n\
         *Lost* are people in scope whom nobody has mailed when the run is over; the runbook never finds them again.\n\
         *Doubled* are mails of the run to people who had one.\n\n\
         | run | new people | by | over the wire | requests | units | writes | refused | mails | time | peak memory \
         | lost | doubled |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for Scene { name, people, usher, runbook } in scenes {
        let people = thousands(u64::from(*people));
        writeln!(text, "| {name} | {people} | usher {}", line(usher)).ok();
        writeln!(text, "| | | runbook {}", line(runbook)).ok();
        writeln!(text, "| | | runbook ÷ usher {}", ratios(usher, runbook)).ok();
    }
    text + "\n"
}

fn line(run: &Run) -> String {
    let traffic = run.traffic;
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {:.0} MiB | {} | {} |",
        thousands(traffic.wire),
        thousands(traffic.requests),
        thousands(traffic.units),
        thousands(traffic.writes),
        thousands(traffic.refused),
        thousands(traffic.mails),
        duration(run.seconds),
        run.peak_memory,
        thousands(run.lost as u64),
        thousands(run.doubled as u64)
    )
}

#[expect(clippy::cast_precision_loss, reason = "small enough")]
fn ratios(usher: &Run, runbook: &Run) -> String {
    let count = |ours: u64, theirs: u64| ratio(ours as f64, theirs as f64);
    let (ours, theirs) = (usher.traffic, runbook.traffic);
    format!(
        "| {} | {} | {} | {} | | {} | {} | {} | | |",
        count(ours.wire, theirs.wire),
        count(ours.requests, theirs.requests),
        count(ours.units, theirs.units),
        count(ours.writes, theirs.writes),
        count(ours.mails, theirs.mails),
        ratio(usher.seconds, runbook.seconds),
        ratio(usher.peak_memory, runbook.peak_memory)
    )
}

fn ratio(ours: f64, theirs: f64) -> String {
    if ours == 0.0 { "–".to_owned() } else { format!("{:.2}", theirs / ours) }
}

/// In the unit that people would use.
fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    format!("{:.1} min", seconds / 60.0)
}

fn growth(sizes: &[Size]) -> String {
    let mut text = String::from(
        "## How it grows\n\n\
         Everybody has accepted and is looked after by usher (`adopt = \"follow\"`), and nothing is to be done. A sweep reads\n\
         everybody, a tick what has changed. Without latency; seconds are of this machine, and *processor* is what usher\n\
         itself used of it. Each line is a process of its own.\n\n\
         | people | run | requests | writes | seconds | processor | peak memory |\n|--:|---|--:|--:|--:|--:|--:|\n",
    );
    for Size { people, sweep, tick, .. } in sizes {
        for (name, look) in [("sweep", sweep), ("tick", tick)] {
            let Look { requests, writes, seconds, processor, peak_memory } = look;
            let people = thousands(u64::from(*people));
            writeln!(
                text,
                "| {people} | {name} | {} | {writes} | {seconds:.2} | {processor:.2} | {peak_memory:.1} MiB |",
                thousands(*requests)
            )
            .ok();
        }
    }
    if let Some(largest) = sizes.last() {
        let people = thousands(u64::from(largest.people));
        writeln!(text, "\nThe simulated tenant with {people} people took {:.1} GiB.\n", largest.simulated / 1024.0)
            .ok();
    }
    text
}

/// What times and memory were measured on.
fn machine() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unnamed processor", |(_, name)| name);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').nth(2).unwrap_or("?");
    format!(
        "## The machine\n\n{count} processors ({model}), shared with others: its load over the last 15 minutes was {load}.\n"
    )
}
