//! The app's folder as it would be deployed, and how the host stand-in runs it. Used by the tests, the demo and the benchmarks.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use usher_simulator::clock::SimClock;
use usher_simulator::host::HostOptions;

/// Lays out the folder: host.json, a folder for each function with its `function.json`, and the program.
pub(crate) fn assemble(app: PathBuf, program: &Path) -> Result<()> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("a repository")?;
    fs::create_dir_all(&app)?;
    fs::copy(repository.join("host.json"), app.join("host.json"))?;
    for entry in fs::read_dir(repository.join("functions"))? {
        let function = entry?.path();
        let description = function.join("function.json");
        if let (true, Some(name)) = (description.exists(), function.file_name()) {
            fs::create_dir_all(app.join(name))?;
            fs::copy(description, app.join(name).join("function.json"))?;
        }
    }
    std::os::unix::fs::symlink(program, app.join("usher"))?;
    Ok(())
}

/// What the host stand-in runs the app in that folder with.
pub(crate) fn options(app: PathBuf, clock: SimClock, settings: Vec<(String, String)>) -> HostOptions {
    let mut options = HostOptions::new(app, clock);
    options.settings = settings;
    for (timer, schedule) in [("INVITE", "0 */5 * * * *"), ("RECONCILE", "0 0 */6 * * *"), ("SUMMARY", "0 0 6 * * *")] {
        options.settings.push((format!("{timer}_SCHEDULE"), schedule.to_owned()));
    }
    options.now_variable = Some("USHER_NOW".to_owned());
    options
}
