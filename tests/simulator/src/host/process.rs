//! The handler's process: started, watched, killed and restarted as the Functions host does it.
//!
//! Responsible for: port, readiness, exit codes and the count of errors after which the host stops.
//!
//! Not responsible for: how it is started (`launch`), and what is sent to it.

use super::console::Console;
use super::launch::Launch;
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// The host stops at this many errors …
const ERRORS: usize = 3;
/// … unless so much time lies between two of them.
const ERRORS_FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// How long a lost connection may be ahead of the news that the process ended.
const NEWS_OF_EXIT: Duration = Duration::from_secs(1);
/// How long a dead process's pipes are read; a process of its own that it left behind may hold them open.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The exit code that asks for a restart.
const RESTART: i32 = 200;
/// What happened to the handler's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// A process was started.
    Started {
        /// Its process id.
        pid: u32,
        /// The port that it was told to listen on.
        port: u16,
    },
    /// It answered `GET /` for the first time.
    Ready {
        /// Its process id.
        pid: u32,
        /// From the start of the process to that answer.
        startup: Duration,
    },
    /// It ended.
    Exited {
        /// Its process id.
        pid: u32,
        /// `None` if a signal ended it, as when the host killed it.
        code: Option<i32>,
    },
    /// The host stopped after its third error.
    HostStopped {
        /// The last error.
        reason: String,
    },
}

/// What the process is doing.
#[derive(Clone, Debug)]
pub(super) enum State {
    Starting,
    Running {
        pid: u32,
        port: u16,
        startup: Duration,
        generation: u64,
    },
    /// It exited with 0: the host goes on and reaches nobody.
    Gone,
    /// Too many errors: the host itself has stopped.
    Stopped(String),
}

/// The handle on the task that owns the process; dropped, it kills the process.
pub(super) struct Supervisor {
    orders: mpsc::UnboundedSender<(Order, oneshot::Sender<()>)>,
    state: watch::Receiver<State>,
    events: watch::Receiver<Vec<ProcessEvent>>,
    console: Console,
}

/// What the host asks of the process.
pub(super) enum Order {
    /// SIGKILL from outside: an error.
    Kill,
    /// SIGKILL after functionTimeout, if that process still runs: no error.
    TimeOut { generation: u64 },
    /// The platform recycles the instance: errors are forgotten, these settings are changed.
    Recycle { env: Vec<(String, String)> },
}

struct Task {
    launch: Launch,
    client: reqwest::Client,
    orders: mpsc::UnboundedReceiver<(Order, oneshot::Sender<()>)>,
    state: watch::Sender<State>,
    events: watch::Sender<Vec<ProcessEvent>>,
    console: Console,
    printing: JoinSet<()>,
    errors: Vec<Timestamp>,
    generation: u64,
}

impl Supervisor {
    /// Starts the first process and returns at once.
    pub(super) fn start(launch: Launch, client: reqwest::Client) -> Self {
        let (orders, receiver) = mpsc::unbounded_channel();
        let (state, state_receiver) = watch::channel(State::Starting);
        let (events, events_receiver) = watch::channel(Vec::new());
        let console = Console::default();
        let task = Task {
            launch,
            client,
            orders: receiver,
            state,
            events,
            console: console.clone(),
            printing: JoinSet::new(),
            errors: Vec::new(),
            generation: 0,
        };
        tokio::spawn(task.run());
        Self { orders, state: state_receiver, events: events_receiver, console }
    }

    /// What the process is doing once it is no longer starting.
    pub(super) async fn settled(&self) -> State {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Starting));
        match settled.await {
            Ok(state) => state.clone(),
            Err(_) => State::Stopped("the host was shut down".to_owned()),
        }
    }

    /// What the process is doing now.
    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// After a connection was lost: waits until the host knows of the process's end, so that whoever asks next sees it.
    /// A process that only dropped the connection goes on.
    pub(super) async fn lost(&self, lost: u64) {
        let mut state = self.state.clone();
        let ended = state.wait_for(|state| !matches!(state, State::Running { generation, .. } if *generation == lost));
        tokio::time::timeout(NEWS_OF_EXIT, ended).await.ok();
    }

    /// Carries out an order; returns when the old process is dead and the next one, if any, is starting.
    pub(super) async fn order(&self, order: Order) {
        let (done, carried_out) = oneshot::channel();
        // The task ends only with this handle; if its runtime is gone there is no process left to act on.
        if self.orders.send((order, done)).is_ok() {
            carried_out.await.ok();
        }
    }

    pub(super) fn events(&self) -> Vec<ProcessEvent> {
        self.events.borrow().clone()
    }

    pub(super) fn console(&self) -> &Console {
        &self.console
    }
}

impl Task {
    async fn run(mut self) {
        loop {
            let idle = !matches!(*self.state.borrow(), State::Starting);
            if idle {
                let Some((order, done)) = self.orders.recv().await else {
                    return;
                };
                // With any other order: nothing runs that could be killed.
                if let Order::Recycle { env } = order {
                    self.recycle(env);
                }
                done.send(()).ok();
            } else if !self.live().await {
                return;
            }
        }
    }

    /// One process from its start to its end; false when the host is gone.
    async fn live(&mut self) -> bool {
        self.generation += 1;
        let spawned = Instant::now();
        let (mut child, port) = match self.spawn() {
            Ok(started) => started,
            Err(error) => {
                self.error(format!("{error:#}"));
                return true;
            }
        };
        let pid = child.id().unwrap_or_default();
        self.event(ProcessEvent::Started { pid, port });
        let limit = self.launch.settings.initialization_timeout;
        let answer = first_answer(self.client.clone(), port, self.launch.poll_interval);
        let mut answer = Box::pin(tokio::time::timeout(limit, answer));
        let mut ready = false;
        loop {
            tokio::select! {
                status = child.wait() => {
                    self.last_words().await;
                    self.exited(pid, status.ok().and_then(|status| status.code()));
                    return true;
                }
                answered = &mut answer, if !ready => {
                    if answered.is_err() {
                        self.kill(&mut child, pid).await;
                        self.error(format!("it did not answer within {limit:?}"));
                        return true;
                    }
                    ready = true;
                    let startup = spawned.elapsed();
                    self.event(ProcessEvent::Ready { pid, startup });
                    let generation = self.generation;
                    self.state.send_replace(State::Running { pid, port, startup, generation });
                }
                order = self.orders.recv() => {
                    let Some((order, done)) = order else {
                        self.kill(&mut child, pid).await;
                        return false;
                    };
                    if self.carry_out(order, &mut child, pid).await {
                        done.send(()).ok();
                        return true;
                    }
                    done.send(()).ok();
                }
            }
        }
    }

    /// True when the process is dead.
    async fn carry_out(&mut self, order: Order, child: &mut Child, pid: u32) -> bool {
        match order {
            Order::Kill => {
                self.kill(child, pid).await;
                self.error("it was killed".to_owned());
            }
            Order::TimeOut { generation } if generation == self.generation => {
                self.kill(child, pid).await;
                self.state.send_replace(State::Starting);
            }
            Order::TimeOut { .. } => return false,
            Order::Recycle { env } => {
                self.kill(child, pid).await;
                self.recycle(env);
            }
        }
        true
    }

    fn recycle(&mut self, env: Vec<(String, String)>) {
        self.launch.env.extend(env);
        self.errors.clear();
        self.state.send_replace(State::Starting);
    }

    async fn kill(&mut self, child: &mut Child, pid: u32) {
        // It fails only if the process has just ended by itself.
        child.kill().await.ok();
        self.last_words().await;
        self.event(ProcessEvent::Exited { pid, code: None });
    }

    /// Waits for what a dead process printed, so that it is there before anybody learns of the end.
    async fn last_words(&mut self) {
        let all = async { while self.printing.join_next().await.is_some() {} };
        tokio::time::timeout(LAST_WORDS, all).await.ok();
    }

    fn exited(&mut self, pid: u32, code: Option<i32>) {
        self.event(ProcessEvent::Exited { pid, code });
        match code {
            Some(0) => {
                self.state.send_replace(State::Gone);
            }
            Some(RESTART) => {
                self.state.send_replace(State::Starting);
            }
            Some(code) => self.error(format!("it exited with {code}")),
            None => self.error("a signal ended it".to_owned()),
        }
    }

    fn error(&mut self, reason: String) {
        let now = self.launch.clock.now();
        if (self.errors.last()).is_some_and(|last| now.duration_since(*last) > ERRORS_FORGOTTEN_AFTER) {
            self.errors.clear();
        }
        self.errors.push(now);
        if self.errors.len() < ERRORS {
            self.state.send_replace(State::Starting);
        } else {
            self.event(ProcessEvent::HostStopped { reason: reason.clone() });
            self.state.send_replace(State::Stopped(reason));
        }
    }

    fn event(&self, event: ProcessEvent) {
        self.events.send_modify(|events| events.push(event));
    }

    fn spawn(&mut self) -> Result<(Child, u16)> {
        // Free now, and with near certainty still free when the handler binds it; the real host does the same.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = self.launch.command(port)?;
        let mut child = command.spawn().with_context(|| format!("starting {:?}", command.as_std().get_program()))?;
        let stdout = child.stdout.take().context("no stdout")?;
        let stderr = child.stderr.take().context("no stderr")?;
        self.printing.spawn(self.console.clone().read_stdout(stdout));
        self.printing.spawn(self.console.clone().read_stderr(stderr));
        Ok((child, port))
    }
}

/// Returns once `GET /` is answered, whatever the status; only a refused connection means not yet.
async fn first_answer(client: reqwest::Client, port: u16, interval: Duration) {
    let url = format!("http://127.0.0.1:{port}/");
    while let Err(error) = client.get(&url).send().await {
        if !error.is_connect() {
            return;
        }
        tokio::time::sleep(interval).await;
    }
}
