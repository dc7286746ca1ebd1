//! What is measured with: the program as it is deployed, and an interpreter with Microsoft's client.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds usher as for deployment, and gives the program. Not what cargo built for this target: beside the tests, its
/// dependencies have features that only tests need.
pub(crate) fn release_build() -> Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--release", "--locked", "--package", "usher", "--message-format=json-render-diagnostics"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "usher could not be built");
    let messages = String::from_utf8(output.stdout)?;
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    executables.next_back().context("cargo named no executable")
}

/// A Python with the runbook's requirements: the one that `GRAPH_PYTHON` names, or one in the target folder, made if missing.
pub(crate) fn python() -> Result<PathBuf> {
    if let Some(python) = std::env::var_os("GRAPH_PYTHON") {
        return Ok(python.into());
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/benchmarks/runbook/requirements.txt");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("runbook-venv");
    let python = folder.join("bin/python");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--requirement"];
    run(Command::new(&python).args(pip).arg(requirements))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} could not be started"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
