//! Our process as seen from outside: run, stalled, and killed at a step of one of its requests.

use super::World;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::process::{Child, Command};
use usher_simulator::steps::{Service, Stage, Step};
use usher_simulator::storage::Storage;

/// The container of the state.
pub(crate) const CONTAINER: &str = "usher";

/// The id of a process that may not have been started yet. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Pid(Arc<Mutex<Option<u32>>>);

impl Pid {
    /// A process that runs.
    pub(crate) fn of(pid: u32) -> Self {
        Self(Arc::new(Mutex::new(Some(pid))))
    }

    /// Starts a command as this process.
    pub(crate) fn spawn(&self, mut command: Command) -> Child {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = child.id();
        child
    }

    /// The id, once the process was started: a hook may be called before the test has noted it.
    fn get(&self) -> u32 {
        loop {
            if let Some(pid) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
                return pid;
            }
            std::thread::yield_now();
        }
    }

    /// Sends a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.get().to_string();
        std::process::Command::new("kill").args([signal, &pid]).stderr(Stdio::null()).status().expect("kill is there");
    }

    /// Kills the process and returns when it does nothing any more.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
        while self.is_alive() {
            std::thread::yield_now();
        }
    }

    fn is_alive(&self) -> bool {
        // A dead process that nobody has waited for is a zombie.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.get())).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }

    /// The most memory that it held so far, in megabytes, without the pages of its executable: those of a test build are
    /// several times as many as the packaged program's. `None` once it has ended.
    pub(crate) fn peak_memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.get())).ok()?;
        let megabytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
        };
        Some(megabytes("VmHWM:")? - megabytes("RssFile:")?)
    }
}

impl World {
    /// The same world with its state in a stand-in for Blob Storage.
    pub(crate) async fn in_storage(mut self) -> (Self, Storage) {
        let storage = Storage::start().await.expect("a storage account");
        self.state_setting = storage.container_url(CONTAINER);
        (self, storage)
    }

    /// Starts usher and notes its id.
    pub(crate) fn spawn(&self, arguments: &[&str], pid: &Pid) -> Child {
        pid.spawn(self.command(arguments))
    }
}

/// Whether a process can be killed at this step so that it matters: any stage of a request to Graph, and before and after a
/// change of the state.
pub(crate) fn matters(step: &Step) -> bool {
    step.service == Service::Graph || step.is_write && step.stage != Stage::Answered
}
