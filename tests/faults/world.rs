//! A tenant, usher's state for it, and the host that lets usher's processes live and die.
//!
//! Responsible for: letting a history happen, beat by beat, and then letting everything come to rest. The host does here what
//! `functions/timer.rs`, `functions/work`, `functions/provision`, `functions/approve` and `functions/failed` do with a call, and
//! what Azure does with timers and messages. Not responsible for: what people do (`cast`), nor for judging (`verdict`).

use crate::breakage::Breakage;
use crate::cast::Cast;
use crate::disturbances::{Life, Weather};
use crate::history::{Beat, History};
use crate::vault::{Leases, Vault};
use crate::wire::{Credential, Wire};
use crate::witness::Witness;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use usher_shared::clock::Clock;
use usher_shared::config::{Config, Environment};
use usher_shared::failures;
use usher_shared::graph::credential::{Identity, Tokens};
use usher_shared::graph::limits::Limits;
use usher_shared::graph::{Client, Endpoint};
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;
use usher_shared::outbox::alarm::{self, Alarm};
use usher_shared::provision::Asked;
use usher_shared::provision::desk::{self, RequestId, State};
use usher_shared::report::Report;
use usher_shared::run::{Served, Usher};
use usher_shared::state::memory::MemoryStore;
use usher_shared::ticks;
use usher_shared::until::Until;
use usher_simulator::clock::SimClock;
use usher_simulator::tenant::{Tenant, TenantOptions};
use uuid::Uuid;

/// `functionTimeout` of host.json, less what a function leaves of it.
const DEADLINE: Duration = Duration::from_secs(510);
/// When a message comes again whose process died.
const COMES_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// So often a message is tried.
const TRIES: u32 = 5;
/// More invocations in one beat would be an endless loop.
const MOST_INVOCATIONS: usize = 20;

/// A person who may approve.
const APPROVER: Uuid = Uuid::from_u128(9);

/// A world.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) witness: Arc<Witness>,
    pub(crate) documents: MemoryStore,
    pub(crate) weather: Weather,
    pub(crate) groups: Groups,
    pub(crate) breakage: Option<Breakage>,
    config: Config,
    clock: SimClock,
    leases: Leases,
    processes: u32,
    /// How far the clocks of new processes are ahead.
    ahead: SignedDuration,
    warm: Option<Process>,
    queue: VecDeque<Message>,
    heard: Arc<Heard>,
}

/// What is named in the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    /// Whose members are in scope, if that is by group.
    pub(crate) scope: Uuid,
    /// Joined once redeemed.
    pub(crate) joined: Uuid,
    pub(crate) sponsor: Uuid,
}

/// What runs reported.
#[derive(Default)]
struct Heard {
    /// How many actions were planned since that was asked last.
    planned: AtomicUsize,
    /// Plans that are held until a person approves them.
    held: std::sync::Mutex<BTreeSet<String>>,
}

/// A message that wakes `work`.
#[derive(Clone, Copy, Debug)]
struct Message {
    visible: Timestamp,
    tries: u32,
}

/// A process of usher's.
struct Process {
    usher: Usher,
    life: Life,
    /// Requests over HTTP take turns in it.
    desk: Mutex<()>,
}

impl World {
    /// The world of a history before it begins.
    pub(crate) fn new(history: &History, breakage: Option<Breakage>) -> Self {
        let clock = SimClock::new("2026-03-02T08:00:00Z".parse().expect("a time"), 1.0);
        let options = TenantOptions { record_bodies: history.is_checked(), ..TenantOptions::new(clock.clone()) };
        let tenant = Tenant::unconnected(options).expect("a tenant");
        let groups = tenant.with_directory(|directory| {
            let [scope, joined] = ["scope", "joined"].map(|name| directory.create_group(name));
            // So that who did what can be read.
            directory.permissions.insert("Directory.Read.All".into());
            let sponsor = directory.create_colleague("sponsor");
            directory.lag = history.setup.lag;
            Groups { scope, joined, sponsor }
        });
        let config = configuration(history, &tenant, groups);
        let documents = MemoryStore::default();
        let witness = Arc::new(Witness::new(tenant.clone(), documents.clone(), clock.clone(), history.setup.lag));
        Self {
            tenant,
            witness,
            documents,
            weather: Weather::default(),
            groups,
            breakage,
            config,
            clock,
            leases: Leases::default(),
            processes: 0,
            ahead: SignedDuration::ZERO,
            warm: None,
            queue: VecDeque::new(),
            heard: Arc::default(),
        }
    }

    /// The real time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What is configured.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// A process that nothing disturbs any more, and whose clock is right.
    pub(crate) fn calm(&mut self) {
        self.weather.turns(&[]);
        self.ahead = SignedDuration::ZERO;
        self.warm = None;
    }

    /// Everything of one beat.
    pub(crate) async fn beat(&mut self, beat: &Beat, cast: &mut Cast) {
        tokio::time::sleep(beat.after.unsigned_abs()).await;
        self.weather.tell(|| (self.now(), "a beat".to_owned()));
        self.weather.turns(&beat.troubles);
        if let Some(ahead) = beat.restart {
            self.ahead = ahead;
            self.warm = None;
        }
        cast.act(self).await;
        for (job, times) in [(Job::Invite, beat.ticks), (Job::Reconcile, beat.sweeps)] {
            for _ in 0..times {
                self.tick(job).await;
            }
        }
        for _ in 0..beat.repeated {
            self.wake();
        }
        if !beat.late {
            self.work_off(beat.two_workers).await;
            self.approve().await;
            self.work_off(beat.two_workers).await;
        }
    }

    /// A person approves whatever is held, as `functions/approve` lets them.
    async fn approve(&mut self) {
        let held = std::mem::take(&mut *self.heard.held());
        for plan in held {
            let approved = async |process: &Process| {
                let usher = &process.usher;
                let (mut until, _stop) = Until::new(Some(Instant::now() + DEADLINE));
                usher.approve(&plan, APPROVER, &mut until).await.ok()?;
                let request = Request { job: Job::Reconcile, requested: usher.clock.now(), due: None };
                inbox::ask(usher.store.as_ref(), &request).await.ok()
            };
            if self.invoke(approved).await.flatten().is_some() {
                self.wake();
            }
        }
    }

    /// A timer fires. If that fails, the tick is lost.
    async fn tick(&mut self, job: Job) {
        let ticked = async |process: &Process| {
            let (store, now) = (process.usher.store.as_ref(), process.usher.clock.now());
            ticks::note(store, job, now).await?;
            inbox::ask(store, &Request { job, requested: now, due: Some(now) }).await
        };
        if let Some(Ok(())) = self.invoke(ticked).await {
            self.wake();
        }
    }

    fn wake(&mut self) {
        if self.breakage != Some(Breakage::NobodyWakesIt) {
            self.queue.push_back(Message { visible: self.now(), tries: 0 });
        }
    }

    /// Hands out the messages that are there, until none is.
    async fn work_off(&mut self, two_at_once: bool) {
        for _ in 0..MOST_INVOCATIONS {
            let Some(message) = self.next_message() else { return };
            let second = if two_at_once { self.next_message() } else { None };
            match second {
                None => {
                    let heard = Arc::clone(&self.heard);
                    let done = self.invoke(async |process: &Process| work(process, &heard).await).await;
                    self.worked(message, done).await;
                }
                Some(second) => {
                    let (one, other) = (self.warm.take().unwrap_or_else(|| self.start()), self.start());
                    let work = async |process: &Process| live(process, Box::pin(work(process, &self.heard))).await;
                    let (done, done_too) = tokio::join!(work(&one), work(&other));
                    self.worked(message, done).await;
                    self.worked(second, done_too).await;
                    self.warm = done.is_some().then_some(one);
                }
            }
        }
    }

    fn next_message(&mut self) -> Option<Message> {
        let now = self.now();
        let place = self.queue.iter().position(|message| message.visible <= now)?;
        self.queue.remove(place)
    }

    /// What the host does with a message after it was handed out; `None` if the process died of it.
    async fn worked(&mut self, message: Message, done: Option<Worked>) {
        let again = |after| Message { visible: self.clock.now() + after, tries: message.tries + 1 };
        let again = match done {
            Some(Worked::Done) => return,
            Some(Worked::WakesItself) => return self.wake(),
            Some(Worked::Failed) => again(SignedDuration::ZERO),
            None => again(COMES_AGAIN),
        };
        if again.tries < TRIES {
            self.queue.push_back(again);
        } else {
            self.invoke(failed).await;
        }
    }

    /// Somebody asks over HTTP; the answer, if there is one and it is the last word.
    pub(crate) async fn ask(&mut self, id: &RequestId, asked: &Asked) -> bool {
        let answered = async |process: &Process| {
            let usher = &process.usher;
            desk::place(usher.store.as_ref(), id, asked, usher.clock.now()).await.ok()?;
            let (mut until, _stop) = Until::new(Some(Instant::now() + DEADLINE));
            usher.answer(id, &process.desk, &mut until).await.ok()?
        };
        match self.invoke(answered).await {
            Some(Some(State::Answered(answer))) => answer.is_final(),
            _ => false,
        }
    }

    /// One call of a function in the process that is warm, or in a new one; `None` if the process died of it.
    async fn invoke<T>(&mut self, call: impl AsyncFnOnce(&Process) -> T) -> Option<T> {
        let process = self.warm.take().unwrap_or_else(|| self.start());
        let result = live(&process, Box::pin(call(&process))).await;
        self.warm = result.is_some().then_some(process);
        result
    }

    fn start(&mut self) -> Process {
        self.processes += 1;
        let process = self.processes;
        let weeks = SignedDuration::from_hours(21 * 24 * i64::from(process));
        let ahead = if self.breakage == Some(Breakage::ClocksRunAhead) { weeks } else { self.ahead };
        let clock = Clock::starting_at(self.now() + ahead, 1.0);
        let life = Life::default();
        let credential = Arc::new(Credential::new(self.tenant.clone()));
        let wire = Wire {
            tenant: self.tenant.clone(),
            weather: self.weather.clone(),
            life: life.clone(),
            leases: self.leases.clone(),
            witness: Arc::clone(&self.witness),
            credential: Arc::clone(&credential),
            process,
            breakage: self.breakage,
        };
        let vault = Vault {
            documents: self.documents.clone(),
            leases: self.leases.clone(),
            weather: self.weather.clone(),
            life: life.clone(),
            witness: Arc::clone(&self.witness),
            process,
            breakage: self.breakage,
        };
        let tokens = Tokens::new(Identity::Setup(credential), self.config.tenant.cloud.facts().graph_root);
        let limits = Limits::new(clock.clone(), &self.config.tenant);
        let endpoint = Endpoint { root: self.tenant.graph_root().parse().expect("a root") };
        let client = Client::new(&endpoint, tokens, limits, clock.clone()).through(Arc::new(wire));
        let usher = Usher { config: self.config.clone(), store: Arc::new(vault), client, clock };
        Process { usher, life, desk: Mutex::default() }
    }

    /// How many actions were planned since this was asked last.
    pub(crate) fn planned(&self) -> usize {
        self.heard.planned.swap(0, Ordering::Relaxed)
    }

    /// usher in a new process that nothing disturbs, to be asked.
    pub(crate) fn calm_usher(&mut self) -> Usher {
        self.calm();
        self.start().usher
    }
}

impl Heard {
    fn held(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, report: &Report) {
        for partner in &report.partners {
            self.planned.fetch_add(partner.actions.len(), Ordering::Relaxed);
            self.held().extend(partner.held.as_ref().and_then(|held| held.plan.clone()));
        }
    }
}

/// How `work` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worked {
    Done,
    WakesItself,
    Failed,
}

/// `work`, as `functions/work` does it.
async fn work(process: &Process, heard: &Heard) -> Worked {
    let usher = &process.usher;
    let (mut until, _stop) = Until::new(Some(Instant::now() + DEADLINE));
    let listen = |_: &Request, report: &Report| heard.hear(report);
    let served = usher.serve_inbox(&mut until, &listen).await;
    usher.send_reports().await;
    match served {
        Ok(Served::All | Served::LeftToAnother | Served::Failed(..)) => Worked::Done,
        Ok(Served::NotDone(_)) => Worked::WakesItself,
        Err(error) => {
            // What cannot be recorded is logged there.
            _ = failures::note_cause(usher.store.as_ref(), &error.to_string(), usher.clock.now()).await;
            Worked::Failed
        }
    }
}

/// `failed`, as `functions/failed` does it.
async fn failed(process: &Process) {
    let (store, now) = (process.usher.store.as_ref(), process.usher.clock.now());
    if failures::note_given_up(store, now).await.is_ok()
        && alarm::raise(store, vec![Alarm::work_given_up()], now).await.is_ok()
    {
        process.usher.send_reports().await;
    }
}

/// Does something in a process; `None` if the process is ended meanwhile.
async fn live<T>(process: &Process, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = process.life.ended() => None,
        done = work => Some(done),
    }
}

fn configuration(history: &History, tenant: &Tenant, groups: Groups) -> Config {
    let id = tenant.with_directory(|directory| directory.tenant_id());
    let Groups { scope, joined, sponsor } = groups;
    let setup = history.setup;
    let scope = if setup.by_group { format!("groups = [\"{scope}\"]") } else { String::new() };
    let waves = if setup.waves { "[\"1\", \"2\"]" } else { "[]" };
    let synced = if setup.synced_are_disabled { "disable" } else { "report" };
    let text = format!(
        "[tenant]\nid = \"{id}\"\ncloud = \"global\"\nmode = \"apply\"\ninvitations_per_minute = 1200\nquota_percent = 100\n\
         [state]\nkeep_journal_days = 400\n\
         [[partner]]\nname = \"fabrikam\"\ntenant_id = \"22222222-2222-4222-8222-222222222222\"\ncloud = \"us-gov\"\n\
         [partner.scope]\ndomains = [\"fabrikam.us\"]\n{scope}\n\
         [partner.invite]\ngroups = [\"{joined}\"]\nsponsors = [\"{sponsor}\"]\nhome_redeems_automatically = \"no\"\n\
         resend_after_days = [3, 7]\nexpire_after_days = 12\n\
         [partner.attributes]\ncompanyName = \"Fabrikam\"\n\
         [partner.leave]\nsynced = \"{synced}\"\ndelete_after_days = 10\n\
         [partner.limits]\ninvitations = {}\ndisables = 1000\ndeletes = 1000\npercent = 100\nwaves = {waves}\n",
        setup.invitations
    );
    Config::parse(&text, "usher.toml", &Environment::default()).unwrap_or_else(|errors| panic!("{errors}"))
}
