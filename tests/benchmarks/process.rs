//! What a process of ours uses, as Linux tells it.

use anyhow::{Context, Result, bail, ensure};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::process::Command;

/// How often a running process is looked at: what it held last is all that can be missed.
const LOOK: Duration = Duration::from_millis(5);

/// The most memory that a process held so far, in MiB, everything counted; `None` once it has ended.
pub(crate) fn peak_memory(pid: u32) -> Option<f64> {
    memory(pid, "VmHWM:")
}

/// The memory that it holds now, in MiB.
pub(crate) fn resident(pid: u32) -> Option<f64> {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// The processor time that a process has used, in seconds: what it did itself, however busy the machine is.
pub(crate) fn processor_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // Linux shows a hundred ticks a second, whatever its own are.
    Some(ticks / 100.0)
}

/// Runs a command to its end, or until it is killed from outside, and gives the most memory that it held and whether it was
/// killed.
///
/// # Errors
/// It ended by itself and not with 0.
pub(crate) async fn run(mut command: Command, started: &Arc<AtomicU32>) -> Result<(f64, bool)> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
    let pid = child.id().context("a process that runs")?;
    started.store(pid, Ordering::SeqCst);
    let looking = tokio::spawn(async move {
        let mut most = 0.0_f64;
        // A zombie has no memory any more.
        while let Some(now) = peak_memory(pid) {
            most = most.max(now);
            tokio::time::sleep(LOOK).await;
        }
        most
    });
    let output = child.wait_with_output().await?;
    let code = output.status.code();
    ensure!(
        code.is_none_or(|code| code == 0),
        "{command:?} ended with {code:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok((looking.await?, code.is_none()))
}

/// Kills a process without warning.
pub(crate) fn kill(pid: u32) -> Result<()> {
    let status = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
    if !status.success() {
        bail!("process {pid} could not be killed");
    }
    Ok(())
}
