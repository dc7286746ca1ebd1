//! `cargo demo`: two simulated tenants, each with usher running for the other's people, four days in a few seconds.
//!
//! Responsible for: starting it, and leaving nothing behind however it ends. usher itself is the real binary, under the
//! stand-in for the Functions host and as a command; Graph, Entra, people and time are simulated on this machine. The
//! accounts at the end come from the simulated tenants' own records, and the demo fails where they are not what usher
//! promises. Not responsible for: proving each rule; the tests in `../end-to-end` are.
//!
//! - [`story`]: what happens, in order.
//! - [`site`]: one tenant with its usher, and ways to run it.
//! - [`population`]: who is in a tenant.
//! - [`ledger`]: the accounts at the end.
//! - [`screen`]: how it is shown.

#[path = "../end-to-end/support/app.rs"]
mod app;
mod ledger;
mod population;
mod screen;
mod site;
mod story;

use anyhow::Result;
use screen::Screen;
use std::path::Path;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let code = demo().unwrap_or_else(|error| {
        eprintln!("demo: {error:#}");
        1
    });
    ExitCode::from(code)
}

fn demo() -> Result<u8> {
    let folder = tempfile::Builder::new().prefix("usher-demo-").tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(told_or_interrupted(folder.path()));
    // With the runtime goes every process that it started; only then does nobody write into the folder any more.
    drop(runtime);
    folder.close()?;
    code
}

async fn told_or_interrupted(folder: &Path) -> Result<u8> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let screen = Screen::of_stdout();
    tokio::select! {
        everything_holds = story::tell(&screen, folder) => Ok(if everything_holds? { 0 } else { 1 }),
        _ = interrupt.recv() => Ok(128 + 2),
        _ = terminate.recv() => Ok(128 + 15),
    }
}
