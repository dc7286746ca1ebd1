//! A stand-in for the Azure Functions host, version 4, as a custom handler sees it.
//!
//! Responsible for: starting the handler by host.json's own words, timers, queues and HTTP functions by function.json,
//! the envelopes, and what the real host makes of replies, exits and time limits. Nothing happens by itself: a test
//! moves the clock, delivers and fires, so that it sees every order of events it wants to see.
//!
//! Not responsible for: what only Azure does around the host: scaling, sign-in, Application Insights, leases on timers.
//! Settings that it does not simulate are refused, not ignored.

mod config;
mod console;
mod delivery;
mod envelope;
mod function;
mod http;
mod invoke;
mod launch;
mod listener;
mod ncrontab;
mod process;
mod queue;
mod reply;
mod route;
#[cfg(test)]
mod tests;
mod text;
mod timer;

pub use console::{ConsoleLevel, ConsoleLine};
pub use http::{FunctionKey, HttpAnswer};
pub use invoke::{Invocation, InvocationOutcome};
pub use process::ProcessEvent;
pub use queue::{QueueMessage, QueueStorage};

use crate::clock::SimClock;
use anyhow::{Context, Result, bail};
use config::HostConfig;
use function::{Function, Trigger};
use invoke::Handler;
use launch::Launch;
use process::{Order, State, Supervisor};
use queue::Queues;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use timer::Timer;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The version that the stand-in gives itself out for.
const HOST_VERSION: &str = "4.1054.250";
/// How long a test waits for a console line before it fails.
const CONSOLE_PATIENCE: Duration = Duration::from_secs(10);

/// What a host is started with.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The folder that holds host.json and one folder per function.
    pub app_root: PathBuf,
    /// The app's settings. The handler gets them and, of the test's own environment, only `PATH`, `HOME`, `TMPDIR` and
    /// what coverage needs; a setting of the same name wins.
    pub settings: Vec<(String, String)>,
    /// The time that the handler is told, and that timers and queues in memory follow.
    pub clock: SimClock,
    /// Where the queues are.
    pub queues: QueueStorage,
    /// A variable that is set to the clock's time at each start of the process.
    pub now_variable: Option<String>,
    /// The real time after which an invocation is given up, instead of host.json's functionTimeout.
    pub function_timeout: Option<Duration>,
    /// How long a process may take to answer, instead of host.json's initializationTimeout.
    pub initialization_timeout: Option<Duration>,
    /// How often a starting process is asked whether it answers. 25 ms in the real host; shorter to measure.
    pub poll_interval: Duration,
    /// The keys of level `function`.
    pub keys: Vec<FunctionKey>,
    /// The key of level `admin`.
    pub master_key: String,
}

impl HostOptions {
    /// Options as the real host has them, without settings; the host key `default` is `host-key`.
    pub fn new(app_root: impl Into<PathBuf>, clock: SimClock) -> Self {
        Self {
            app_root: app_root.into(),
            settings: Vec::new(),
            clock,
            queues: QueueStorage::default(),
            now_variable: None,
            function_timeout: None,
            initialization_timeout: None,
            poll_interval: Duration::from_millis(25),
            keys: vec![FunctionKey { name: "default".to_owned(), value: "host-key".to_owned(), function: None }],
            master_key: "master-key".to_owned(),
        }
    }
}

/// A function that the host does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexingError {
    /// The name of its folder.
    pub function: String,
    /// Why.
    pub message: String,
}

/// A running host. Clones are the same host; with the last one the handler's process is killed.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    config: HostConfig,
    functions: Vec<Function>,
    indexing_errors: Vec<IndexingError>,
    clock: SimClock,
    function_timeout: Option<Duration>,
    keys: Vec<FunctionKey>,
    master_key: String,
    client: reqwest::Client,
    handler: Handler,
    timers: BTreeMap<String, Timer>,
    /// For each queue that triggers a function, its places for messages under way.
    slots: BTreeMap<String, Semaphore>,
    queues: Box<dyn Queues>,
    invocations: Shared<Vec<Invocation>>,
    listeners: Shared<Vec<JoinSet<()>>>,
}

/// A mutex that a panic elsewhere does not close: tests look at the host after a failure.
#[derive(Default)]
struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    /// Starts the handler that host.json names and returns once it answers.
    pub async fn start(options: HostOptions) -> Result<Self> {
        let host = Self::new(options, |options, config, client| {
            let mut settings = config.handler.clone();
            if let Some(timeout) = options.initialization_timeout {
                settings.initialization_timeout = timeout;
            }
            let launch = Launch {
                app_root: std::path::absolute(&options.app_root)?,
                settings,
                env: options.settings.iter().cloned().collect(),
                now_variable: options.now_variable.clone(),
                clock: options.clock.clone(),
                poll_interval: options.poll_interval,
            };
            Ok(Handler::Process(Supervisor::start(launch, client)))
        })?;
        host.running().await?;
        Ok(host)
    }

    /// Uses a handler that already listens on a port of 127.0.0.1 instead of starting one.
    pub fn attach(options: HostOptions, port: u16) -> Result<Self> {
        Self::new(options, |_, _, _| Ok(Handler::Attached(port)))
    }

    fn new(
        options: HostOptions,
        handler: impl FnOnce(&HostOptions, &HostConfig, reqwest::Client) -> Result<Handler>,
    ) -> Result<Self> {
        let config = HostConfig::read(&options.app_root)?;
        let settings = options.settings.iter().cloned().collect();
        let (functions, indexing_errors) = function::load(&options.app_root, &config, &settings)?;
        let now = options.clock.now();
        let mut timers = BTreeMap::new();
        let mut slots = BTreeMap::new();
        for function in &functions {
            match &function.trigger {
                Trigger::Timer(trigger) => {
                    timers.insert(function.name.clone(), Timer::new(trigger.clone(), now));
                }
                Trigger::Queue { queue, .. } => {
                    let places = Semaphore::new(config.queues.parallelism());
                    if slots.insert(queue.clone(), places).is_some() {
                        bail!("two functions are triggered by the queue {queue}");
                    }
                }
                Trigger::Http(_) => {}
            }
        }
        // Handler and Azurite are on this machine, whatever proxy the tests' environment names.
        let client = reqwest::Client::builder().no_proxy().build()?;
        let handler = handler(&options, &config, client.clone())?;
        let queues = options.queues.open(&options.clock, &client)?;
        Ok(Self(Arc::new(Inner {
            function_timeout: options.function_timeout.or(config.function_timeout),
            config,
            functions,
            indexing_errors,
            clock: options.clock,
            keys: options.keys,
            master_key: options.master_key,
            client,
            handler,
            timers,
            slots,
            queues,
            invocations: Shared::default(),
            listeners: Shared::default(),
        })))
    }

    /// The functions that the host serves, by name.
    pub fn functions(&self) -> Vec<String> {
        let functions = self.0.functions.iter();
        functions.map(|function| function.name.clone()).collect()
    }

    /// The functions that it does not serve, and why.
    pub fn indexing_errors(&self) -> &[IndexingError] {
        &self.0.indexing_errors
    }

    /// Everything that was invoked and is over, in the order of the ends.
    pub fn invocations(&self) -> Vec<Invocation> {
        self.0.invocations.lock().clone()
    }

    /// Waits until the process answers; an error if the host has stopped or the process is gone for good.
    pub async fn running(&self) -> Result<()> {
        let Handler::Process(process) = &self.0.handler else {
            return Ok(());
        };
        let reason = match process.settled().await {
            State::Running { .. } => return Ok(()),
            State::Stopped(reason) => format!("the host has stopped: {reason}"),
            State::Gone | State::Starting => "the handler exited with 0".to_owned(),
        };
        let lines = process.console().lines();
        let last = lines.iter().rev().take(20).rev();
        let console: Vec<&str> = last.map(|line| line.text.as_str()).collect();
        bail!("{reason}\n{}", console.join("\n"))
    }

    /// From the start of the present process to its first answer; `None` while it has not answered.
    pub fn startup(&self) -> Option<Duration> {
        match self.state() {
            Some(State::Running { startup, .. }) => Some(startup),
            _ => None,
        }
    }

    /// The id of the present process, once it has answered.
    pub fn pid(&self) -> Option<u32> {
        match self.state() {
            Some(State::Running { pid, .. }) => Some(pid),
            _ => None,
        }
    }

    /// Kills the process without warning, as a crash would. The host counts an error and starts it again at once, or
    /// stops at the third within 30 minutes of its clock. Returns when the old process is dead.
    pub async fn kill(&self) -> Result<()> {
        self.process()?.order(Order::Kill).await;
        Ok(())
    }

    /// Kills the process and starts host and handler anew, as when the platform recycles the instance: the count of
    /// errors begins again, and a host that has stopped runs again. Queues and timers remember, as Storage does.
    pub async fn restart(&self) -> Result<()> {
        self.restart_with_env(&[]).await
    }

    /// [`restart`](Self::restart) with settings added or changed. function.json is not read again.
    pub async fn restart_with_env(&self, settings: &[(&str, &str)]) -> Result<()> {
        let settings = settings.iter();
        let env = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.process()?.order(Order::Recycle { env }).await;
        self.running().await
    }

    /// What happened to the process so far.
    pub fn process_events(&self) -> Vec<ProcessEvent> {
        let process = self.process();
        process.map(Supervisor::events).unwrap_or_default()
    }

    /// What the handler has printed so far. A line may arrive after the reply that followed it.
    pub fn console(&self) -> Vec<ConsoleLine> {
        let process = self.process();
        process.map(|process| process.console().lines()).unwrap_or_default()
    }

    /// The first console line that contains `part`, once it has arrived.
    pub async fn console_line(&self, part: &str) -> Result<ConsoleLine> {
        let line = self.process()?.console().line(part);
        tokio::time::timeout(CONSOLE_PATIENCE, line)
            .await
            .ok()
            .flatten()
            .with_context(|| format!("no console line contains \"{part}\""))
    }

    fn process(&self) -> Result<&Supervisor> {
        match &self.0.handler {
            Handler::Process(process) => Ok(process),
            Handler::Attached(_) => bail!("this host did not start the handler"),
        }
    }

    fn state(&self) -> Option<State> {
        self.process().ok().map(Supervisor::state)
    }
}

impl Inner {
    fn function(&self, name: &str) -> Result<&Function> {
        let mut functions = self.functions.iter();
        functions.find(|function| function.name == name).with_context(|| format!("there is no function {name}"))
    }

    /// A stopped host delivers nothing and fires nothing.
    fn ensure_running(&self) -> Result<()> {
        match self.handler.stopped() {
            None => Ok(()),
            Some(reason) => bail!("the host has stopped: {reason}"),
        }
    }
}
