//! `cargo benchmarks`: the numbers that usher is to reach, usher beside the runbook that people use today, and how it grows.
//!
//! Responsible for: measuring the program as it is deployed, and writing `docs/performance.md`. Graph, Entra, people and time
//! are simulated. It fails where a count is not what it has to be; a time or an amount of memory is told and decides nothing.
//! `--quick` does the same with few people, the program as cargo built it, and without writing the page, so that it is seen
//! at every change that all of this works. Not responsible for: proving rules; the tests in `../end-to-end` are.
//!
//! - [`bars`]: the numbers to reach. [`comparison`]: usher and the runbook. [`growth`]: from few people to a million.
//! - [`contender`]: one run of either of the two. [`process`]: what a process uses. [`tools`]: what is measured with.
//! - [`world`]: a tenant to measure in. [`page`]: how it is told.

#[path = "../end-to-end/support/app.rs"]
mod app;
mod bars;
mod comparison;
mod contender;
mod growth;
mod page;
mod process;
mod tools;
mod world;

use anyhow::Result;
use page::Results;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How much is measured.
struct Extent {
    /// New people, for the comparison.
    newcomers: &'static [u32],
    /// Conversions of the run that the write quota is measured with.
    first: u32,
    /// New people of the run that is killed once.
    interrupted: u32,
    /// New people of the run that is killed again and again.
    killed: u32,
    /// People of the quiet tenants.
    sizes: &'static [u32],
}

const FULL: Extent = Extent {
    newcomers: &[1_000, 10_000],
    first: 10_000,
    interrupted: 1_000,
    killed: 1_000,
    sizes: &[1_000, 10_000, 100_000, 1_000_000],
};
const QUICK: Extent = Extent { newcomers: &[48], first: 60, interrupted: 48, killed: 40, sizes: &[1_000] };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => full(),
        ["--quick"] => quick(),
        _ => {
            eprintln!("cargo benchmarks [--quick]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("benchmarks: a number that is the same on every machine was missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("benchmarks: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn full() -> Result<bool> {
    let program = "usher is built by `cargo build --release --locked --package usher`, as it is deployed.";
    let results = measure(tools::release_build()?, program, &FULL)?;
    let page = page::render(&results);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md"), &page)?;
    println!("{page}");
    Ok(holds(&results))
}

fn quick() -> Result<bool> {
    let program = "usher is built as for tests, so that its times and memory mean nothing.";
    let results = measure(env!("CARGO_BIN_EXE_usher").into(), program, &QUICK)?;
    println!("{}", page::render(&results));
    Ok(holds(&results))
}

/// Whether every count is what it has to be.
fn holds(results: &Results) -> bool {
    let kept = results.scenes.iter().all(|scene| scene.usher.lost == 0 && scene.usher.doubled == 0);
    // Where the runbook does no harm, the story is not the one that is told.
    let harmed = results.scenes.iter().any(|scene| scene.runbook.lost > 0)
        && results.scenes.iter().any(|scene| scene.runbook.doubled > 0);
    kept && harmed && results.bars.iter().all(|bar| bar.met || !bar.decides)
}

fn measure(usher: PathBuf, program: &'static str, extent: &Extent) -> Result<Results> {
    let python = tools::python()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut scenes = Vec::new();
        for people in extent.newcomers {
            eprintln!("comparing, {people} new people");
            scenes.extend(comparison::compare(&usher, &python, *people).await?);
        }
        eprintln!("comparing after a kill");
        scenes.push(comparison::interrupted(&usher, &python, extent.interrupted).await?);
        let mut sizes = Vec::new();
        for people in extent.sizes {
            eprintln!("growing, {people} people");
            sizes.push(growth::grow(&usher, *people).await?);
        }
        eprintln!("measuring what is left");
        let bars = bars::judge(&usher, &sizes, extent.first, extent.killed).await?;
        Ok(Results { program, bars, scenes, sizes })
    })
}
