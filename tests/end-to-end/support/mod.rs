//! A world to test in: a tenant, usher's configuration and state for it, and ways to run usher.

pub(crate) mod app;
pub(crate) mod contract;
pub(crate) mod process;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;
use usher_simulator::clock::SimClock;
use usher_simulator::cloud::Cloud;
use usher_simulator::conformance::check_in_each_cloud;
use usher_simulator::host::{Host, QueueStorage};
use usher_simulator::tenant::{Directory, ExternalUserState, OnPremises, Tenant, TenantOptions, User, UserType};
use uuid::Uuid;

/// The binary under test, built by cargo.
pub(crate) const USHER: &str = env!("CARGO_BIN_EXE_usher");

/// How many times faster than real time everything runs.
const SPEED: f64 = 2000.0;
/// The folder of the state.
const STATE: &str = "state";

/// A tenant with usher beside it. When it is dropped, everything that went over the wire is held against Microsoft's
/// schema, and any request that the simulated tenant did not know fails the test.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) clock: SimClock,
    /// `USHER_STATE`: a folder, unless a test says otherwise.
    pub(crate) state_setting: String,
    /// Where the app's queues are: in memory, unless a test says otherwise.
    pub(crate) queues: QueueStorage,
    cloud: Cloud,
    folder: TempDir,
    config: Config,
}

/// What goes into `usher.toml`.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) mode: &'static str,
    /// Further keys of `[tenant]`.
    pub(crate) tenant: String,
    /// Further keys of `[[partner]]`.
    pub(crate) partner: String,
    /// Further keys of `[partner.scope]`.
    pub(crate) scope: String,
    /// Keys of `[partner.limits]`.
    pub(crate) limits: String,
    /// Further sections.
    pub(crate) rest: String,
}

impl Default for Config {
    /// Nothing bounds: tests that are about bounds say so.
    fn default() -> Self {
        Self {
            mode: "apply",
            tenant: "invitations_per_minute = 1200\nquota_percent = 100".into(),
            partner: String::new(),
            scope: String::new(),
            limits: "invitations = 100000\nwaves = []".into(),
            rest: String::new(),
        }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The one JSON document on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// What a sweep did for the one partner, by its `--json`.
#[derive(Debug)]
pub(crate) struct Swept(pub(crate) Value);

impl Swept {
    /// The people to whom an action was done, or meant to be done, with this outcome; in the order of their ids.
    pub(crate) fn people(&self, action: &str, outcome: &str) -> Vec<Uuid> {
        let of_interest = |one: &&Value| one["action"] == action && one["outcome"] == outcome;
        let id = |one: &Value| one["person"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an object id");
        let mut people: Vec<_> = self.actions().iter().filter(of_interest).map(id).collect();
        people.sort_unstable();
        people
    }

    /// The people to whom an action was done.
    pub(crate) fn done(&self, action: &str) -> Vec<Uuid> {
        self.people(action, "done")
    }

    /// How many people were left alone for a reason.
    pub(crate) fn untouched(&self, reason: &str) -> u64 {
        self.0["untouched"][reason].as_u64().unwrap_or_default()
    }

    pub(crate) fn actions(&self) -> &[Value] {
        self.0["actions"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Nothing was done, nor meant to be done.
    #[track_caller]
    pub(crate) fn is_quiet(&self) {
        assert!(self.actions().is_empty(), "{self:#?}");
    }

    /// The name of the plan that a guard holds, if it is this guard.
    #[track_caller]
    pub(crate) fn held(&self, reason: &str) -> String {
        assert_eq!(self.0["held"]["reason"], reason, "{self:#?}");
        self.0["held"]["plan"].as_str().expect("a held plan").to_owned()
    }
}

/// The same people in the order of their ids.
pub(crate) fn sorted(people: &[Uuid]) -> Vec<Uuid> {
    let mut people = people.to_vec();
    people.sort_unstable();
    people
}

impl World {
    /// A commercial tenant whose partner is in GCC High.
    pub(crate) async fn new(config: Config) -> Self {
        Self::in_cloud(Cloud::Global, config).await
    }

    /// A tenant in a cloud; its partner is in another one that it can be paired with.
    pub(crate) async fn in_cloud(cloud: Cloud, config: Config) -> Self {
        Self::with(cloud, config, |_| {}).await
    }

    /// A tenant with further options.
    pub(crate) async fn with(cloud: Cloud, config: Config, options: impl FnOnce(&mut TenantOptions)) -> Self {
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().expect("a time");
        let clock = SimClock::new(start, SPEED);
        let mut tenant = TenantOptions { cloud, ..TenantOptions::new(clock.clone()) };
        options(&mut tenant);
        let tenant = Tenant::start(tenant).await.expect("a tenant");
        let folder = tempfile::tempdir().expect("a folder");
        let state_setting = format!("file://{}", folder.path().join(STATE).display());
        let world = Self { tenant, clock, state_setting, queues: QueueStorage::default(), cloud, folder, config };
        app::assemble(world.app(), USHER.as_ref()).expect("an app folder");
        world.write_config();
        world
    }

    /// Changes the configuration.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.write_config();
    }

    fn write_config(&self) {
        let (cloud, partner) = match self.cloud {
            Cloud::Global => ("global", "us-gov"),
            Cloud::UsGov => ("us-gov", "global"),
            Cloud::UsGovDod => ("us-gov-dod", "global"),
            Cloud::China => ("china", "global"),
        };
        let Config { mode, tenant, partner: keys, scope, limits, rest } = &self.config;
        let id = self.tenant.with_directory(|directory| directory.tenant_id());
        let text = format!(
            "[tenant]\nid = \"{id}\"\ncloud = \"{cloud}\"\nmode = \"{mode}\"\n{tenant}\n\
             [[partner]]\nname = \"fabrikam\"\ntenant_id = \"22222222-2222-4222-8222-222222222222\"\n\
             cloud = \"{partner}\"\n{keys}\n[partner.scope]\ndomains = [\"fabrikam.us\"]\n{scope}\n\
             [partner.limits]\n{limits}\n{rest}\n"
        );
        std::fs::write(self.config_path(), text).expect("the configuration can be written");
    }

    /// The folder that would be deployed.
    pub(crate) fn app(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    pub(crate) fn config_path(&self) -> PathBuf {
        self.app().join("usher.toml")
    }

    /// The folder that the state is in.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join(STATE)
    }

    /// The variables that point usher to this world. Its clock starts now.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        [
            ("USHER_STATE", self.state_setting.clone()),
            ("USHER_GRAPH_ROOT", self.tenant.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", self.tenant.login_root()),
            ("USHER_NOW", self.clock.now().to_string()),
            ("USHER_SPEED", self.clock.speed().to_string()),
            ("IDENTITY_ENDPOINT", self.tenant.identity_endpoint()),
            ("IDENTITY_HEADER", self.tenant.identity_header()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// A command that would run usher here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(USHER);
        command.args(arguments).arg("--config").arg(self.config_path());
        command.env_clear().envs(self.variables());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs usher.
    pub(crate) async fn usher(&self, arguments: &[&str]) -> Output {
        run(self.command(arguments)).await
    }

    /// Runs usher with `--json` and gives its document.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> impl Future<Output = Value> {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let command = self.command(&arguments);
        async move { run(command).await.json() }
    }

    /// Lets days pass.
    pub(crate) fn pass_days(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days));
    }

    /// A full sweep that carries out what is due.
    pub(crate) async fn sweep(&self) -> Swept {
        Swept(self.json(&["apply"]).await["partners"][0].take())
    }

    /// The same some days from now.
    pub(crate) async fn sweep_after(&self, days: i64) -> Swept {
        self.pass_days(days);
        self.sweep().await
    }

    /// What `explain` says about a person: state and decision.
    pub(crate) async fn explained(&self, person: Uuid) -> (String, String) {
        let explanation = self.json(&["explain", &person.to_string()]).await;
        let text = |key: &str| explanation[key].as_str().unwrap_or_else(|| panic!("{explanation:#}")).to_owned();
        (text("state"), text("decision"))
    }

    /// Starts the app under the host stand-in.
    pub(crate) async fn host(&self) -> Result<Host> {
        let mut options = app::options(self.app(), self.clock.clone(), self.variables());
        options.queues = self.queues.clone();
        Host::start(options).await
    }

    /// One tick of the quick path: the timer fires, and the queue is worked off.
    pub(crate) async fn tick(&self, host: &Host) -> Result<()> {
        let timer = host.fire_timer("invite").await?;
        anyhow::ensure!(timer.succeeded(), "{timer:?}\n{:?}", host.console());
        for invocation in host.drain(50).await? {
            anyhow::ensure!(invocation.succeeded(), "{invocation:?}\n{:?}", host.console());
        }
        Ok(())
    }

    /// People whom Entra Connect synced and who can be converted: `person-0001@fabrikam.us` and so on.
    pub(crate) fn people(&self, count: u32) -> Vec<Uuid> {
        self.directory(|directory| directory.sync_people(1..=count, "fabrikam.us"))
    }

    /// Somebody whom an administrator invited: `person-0001@fabrikam.us` and so on, without a master on premises.
    pub(crate) fn guest(&self, number: u32, state: ExternalUserState) -> Uuid {
        self.directory(|directory| {
            let (now, tenant) = (directory.now(), directory.initial_domain().to_owned());
            let id = directory.sync_people(number..=number, "fabrikam.us")[0];
            let change = |user: &mut User| {
                user.on_premises = OnPremises::default();
                user.user_principal_name = format!("person-{number:04}_fabrikam.us#EXT#@{tenant}");
                user.creation_type = Some("Invitation".into());
                user.external_user_state = Some(state);
                user.external_user_state_changed = Some(now);
                user.user_type = UserType::Guest;
            };
            directory.update_user(id, change).expect("the guest is there");
            id
        })
    }

    /// Whether each of these people may sign in; `None` for who is not there.
    pub(crate) fn enabled(&self, people: &[Uuid]) -> Vec<Option<bool>> {
        self.directory(|directory| people.iter().map(|id| Some(directory.user(*id)?.account_enabled)).collect())
    }

    /// Whether the person is deleted softly.
    pub(crate) fn is_deleted(&self, person: Uuid) -> bool {
        self.directory(|directory| directory.deleted_user(person).is_some())
    }

    /// A command of somebody who signed in with the Azure CLI, on a machine without a managed identity.
    pub(crate) fn command_of(&self, person: Uuid, arguments: &[&str]) -> Command {
        let folder = sign_in_with_az(&self.folder.path().join("bin"), &self.tenant, person);
        let mut command = self.command(arguments);
        command.env_remove("IDENTITY_ENDPOINT").env_remove("IDENTITY_HEADER");
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        command
    }

    pub(crate) fn directory<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        self.tenant.with_directory(work)
    }

    /// Requests to the directory that are not reads, those inside batches counted singly.
    pub(crate) fn writes(&self) -> usize {
        let is_write = |method: &str, path: &str| method != "GET" && path != "/$batch";
        self.tenant.exchanges().iter().filter(|exchange| is_write(&exchange.method, &exchange.path)).count()
    }

    /// How many mails each of these people got.
    pub(crate) fn mails_of(&self, people: &[Uuid]) -> Vec<usize> {
        let mails = self.tenant.mails();
        people.iter().map(|person| mails.iter().filter(|mail| mail.user == *person).count()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let violations = self.tenant.violations();
        assert!(violations.is_empty(), "{violations:#?}");
        check_in_each_cloud(self.cloud, &self.tenant.exchanges()).assert_clean();
    }
}

/// Puts an `az` into a folder that gives out a person's token; the folder.
pub(crate) fn sign_in_with_az(folder: &Path, tenant: &Tenant, person: Uuid) -> PathBuf {
    let (token, expires) = tenant.person_token(person);
    std::fs::create_dir_all(folder).expect("a folder");
    let answer = format!("{{\"accessToken\":\"{token}\",\"expires_on\":{expires},\"tokenType\":\"Bearer\"}}");
    let az = folder.join("az");
    std::fs::write(&az, format!("#!/bin/sh\necho '{answer}'\n")).expect("az can be written");
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).expect("az can be run");
    folder.to_owned()
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command) -> Output {
    let output = command.output().await.context("usher could not be started").expect("a process");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
