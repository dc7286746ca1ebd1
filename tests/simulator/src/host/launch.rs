//! How the handler's process is started: host.json's description, resolved.
//!
//! Responsible for: program, arguments, working directory and environment.
//!
//! Not responsible for: when it is started, and what becomes of it.

use super::config::HandlerSettings;
use super::text::{expand, split_arguments};
use crate::clock::SimClock;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// What the handler inherits from the tests' own environment; everything else is the app's settings.
const INHERITED: [&str; 4] = ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"];

/// How to start the handler.
pub(super) struct Launch {
    pub(super) app_root: PathBuf,
    pub(super) settings: HandlerSettings,
    pub(super) env: BTreeMap<String, String>,
    pub(super) now_variable: Option<String>,
    pub(super) clock: SimClock,
    pub(super) poll_interval: Duration,
}

impl Launch {
    /// The command for a process that shall listen on `port`.
    pub(super) fn command(&self, port: u16) -> Result<Command> {
        let mut env: BTreeMap<String, String> =
            INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect();
        env.extend(self.env.clone());
        if let Some(name) = &self.now_variable {
            env.insert(name.clone(), self.clock.now().to_string());
        }
        let port = port.to_string();
        let worker = uuid::Uuid::new_v4().to_string();
        for (name, value) in [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", &port),
            ("FUNCTIONS_HTTPWORKER_PORT", &port),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", &worker),
            ("FUNCTIONS_HTTPWORKER_ID", &worker),
            ("FUNCTIONS_APP_ROOT_PATH", &self.app_root.display().to_string()),
        ] {
            env.insert(name.to_owned(), value.clone());
        }

        let resolve = |text: &str| expand(text, |name| env.get(name).cloned()).0;
        let directory = match &self.settings.working_directory {
            Some(directory) => self.app_root.join(resolve(directory)),
            None => self.app_root.clone(),
        };
        let executable = resolve(&self.settings.executable);
        ensure!(!executable.is_empty(), "defaultExecutablePath is empty");
        let file = directory.join(&executable);
        let program = if file.is_file() { file } else { executable.into() };
        let mut command = Command::new(program);
        command
            .args(split_arguments(&resolve(&self.settings.arguments.join(" "))))
            .current_dir(directory)
            .env_clear()
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }
}
