//! One tenant with its usher: the app folder, the state, the host stand-in with `usher serve`, and `usher` as a command.

use crate::app;
use crate::population::Population;
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;
use usher_simulator::clock::SimClock;
use usher_simulator::cloud::Cloud;
use usher_simulator::exchange::Exchange;
use usher_simulator::host::Host;
use usher_simulator::tenant::{ExternalUserState, Tenant, TenantOptions, User};
use uuid::Uuid;

/// The timer function of the quick path.
const INVITE: &str = "invite";

/// One of the two organisations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Organisation {
    pub(crate) name: &'static str,
    pub(crate) tenant_id: Uuid,
    pub(crate) cloud: Cloud,
    /// The cloud for people.
    pub(crate) place: &'static str,
    /// As usher.toml names it.
    pub(crate) cloud_key: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) initial_domain: &'static str,
}

/// A tenant with usher beside it, for the people of a partner.
pub(crate) struct Site {
    pub(crate) organisation: Organisation,
    pub(crate) partner: Organisation,
    pub(crate) tenant: Tenant,
    pub(crate) population: Population,
    clock: SimClock,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    host: Host,
}

/// What `usher status` keeps of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) planned: u64,
    pub(crate) done: u64,
    pub(crate) refused: u64,
    pub(crate) unconfirmed: u64,
    pub(crate) waiting: u64,
}

/// An invitation that usher asked for.
struct Attempt {
    person: String,
    status: u16,
}

/// What happened from one tick's eve to its end.
#[derive(Debug)]
pub(crate) struct Round {
    /// People who redeemed before it.
    pub(crate) redeemed: u64,
    /// As `usher plan` said; `None` once the waves are over.
    pub(crate) wave: Option<u64>,
    /// Whether exactly those were invited whom `usher plan` had shown.
    pub(crate) as_planned: bool,
    /// Invitations that Graph refused for their rate.
    pub(crate) throttled: usize,
    /// Whose invitation's answer got lost, by object id.
    pub(crate) lost: Option<String>,
    pub(crate) run: Run,
}

impl Site {
    /// A tenant, and its usher in plan mode.
    pub(crate) async fn start(
        organisation: Organisation,
        partner: Organisation,
        people: u32,
        clock: &SimClock,
        folder: PathBuf,
    ) -> Result<Self> {
        let options = TenantOptions {
            id: organisation.tenant_id,
            cloud: organisation.cloud,
            display_name: organisation.name.to_owned(),
            initial_domain: organisation.initial_domain.to_owned(),
            verified_domains: vec![organisation.domain.to_owned()],
            ..TenantOptions::new(clock.clone())
        };
        let tenant = Tenant::start(options).await?;
        let population = Population::new(&tenant, people, partner.domain)?;
        let app = folder.join("app");
        app::assemble(app.clone(), env!("CARGO_BIN_EXE_usher").as_ref())?;
        let variables = [
            ("USHER_STATE", format!("file://{}", folder.join("state").display())),
            ("USHER_GRAPH_ROOT", tenant.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", tenant.login_root()),
            ("USHER_SPEED", clock.speed().to_string()),
            ("IDENTITY_ENDPOINT", tenant.identity_endpoint()),
            ("IDENTITY_HEADER", tenant.identity_header()),
        ];
        let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let host = Host::start(app::options(app, clock.clone(), variables.clone())).await?;
        let site = Self { organisation, partner, tenant, population, clock: clock.clone(), folder, variables, host };
        site.configure("plan")?;
        Ok(site)
    }

    /// The whole of `usher.toml`: everything that is left out has its default.
    pub(crate) fn configuration(&self, mode: &str) -> String {
        let Self { organisation, partner, population, .. } = self;
        format!(
            "[tenant]\n\
             id = \"{}\"\n\
             cloud = \"{}\"\n\
             mode = \"{mode}\"\n\
             protected_group = \"{}\"\n\
             \n\
             [[partner]]\n\
             name = \"{}\"\n\
             tenant_id = \"{}\"\n\
             cloud = \"{}\"\n\
             \n\
             [partner.scope]\n\
             domains = [\"{}\"]\n\
             exclude_groups = [\"{}\"]\n",
            organisation.tenant_id,
            organisation.cloud_key,
            population.protected_group,
            partner.name.to_lowercase(),
            partner.tenant_id,
            partner.cloud_key,
            partner.domain,
            population.excluded_group,
        )
    }

    /// Writes the configuration; it counts from the next start of a process.
    pub(crate) fn configure(&self, mode: &str) -> Result<()> {
        Ok(std::fs::write(self.configuration_path(), self.configuration(mode))?)
    }

    fn configuration_path(&self) -> PathBuf {
        self.folder.join("app/usher.toml")
    }

    /// When the timer fires next.
    pub(crate) async fn next_tick(&self) -> Result<Timestamp> {
        let (due, _) = self.host.next_due().await.context("no timer has a next time")?;
        Ok(due)
    }

    /// The timer fires, and the work that it asked for is done, by a process whose clock starts now.
    pub(crate) async fn tick(&self, due: Timestamp) -> Result<()> {
        self.host.restart().await?;
        let timer = self.host.fire_timer_as(INVITE, due, false).await?;
        ensure!(timer.succeeded(), "{}: the timer failed: {timer:?}", self.organisation.name);
        for work in self.host.drain(50).await? {
            ensure!(work.succeeded(), "{}: the work failed: {work:?}", self.organisation.name);
        }
        Ok(())
    }

    /// What the last run did, from `usher status`.
    async fn last_run(&self) -> Result<Run> {
        let status = self.json(&["status"]).await?;
        let run = &status["partners"][0]["runs"][0];
        let count = |key: &str| run[key].as_u64().with_context(|| format!("usher status has no {key}: {status:#}"));
        Ok(Run {
            planned: count("planned")?,
            done: count("done")?,
            refused: count("failed")?,
            unconfirmed: count("unconfirmed")?,
            waiting: count("waiting")?,
        })
    }

    /// A command's one JSON document.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.text(&[arguments, &["--json"]].concat()).await?;
        serde_json::from_str(&text).with_context(|| format!("usher {} answered {text}", arguments.join(" ")))
    }

    /// What a command prints, whatever it ends with.
    pub(crate) async fn text(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
        command.args(arguments).arg("--config").arg(self.configuration_path());
        command.env_clear().envs(self.variables.iter().cloned()).env("USHER_NOW", self.clock.now().to_string());
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.stdout.is_empty(), "{}: usher {}: {error}", self.organisation.name, arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// People redeem what they got so far, an operator looks at `usher plan`, and the timer ticks.
    pub(crate) async fn round(&self, due: Timestamp, round: u128) -> Result<Round> {
        let redeemed = self.redeem_some(round)?;
        let plan = self.json(&["plan"]).await?;
        let plan = &plan["partners"][0];
        let actions = plan["actions"].as_array().into_iter().flatten();
        let planned: BTreeSet<_> = actions.filter_map(|action| action["person"]["id"].as_str()).collect();
        let before = self.attempts().len();
        self.tick(due).await?;
        let attempts = self.attempts().split_off(before);
        let attempted: BTreeSet<_> = attempts.iter().map(|attempt| attempt.person.as_str()).collect();
        Ok(Round {
            redeemed,
            wave: plan["wave"].as_u64(),
            as_planned: attempted == planned,
            throttled: attempts.iter().filter(|attempt| attempt.status == 429).count(),
            lost: attempts.iter().find(|attempt| attempt.status == 504).map(|attempt| attempt.person.clone()),
            run: self.last_run().await?,
        })
    }

    /// Every invitation that was asked for, oldest first.
    fn attempts(&self) -> Vec<Attempt> {
        let invitation = |exchange: Exchange| {
            let person = exchange.request?.pointer("/invitedUser/id")?.as_str()?.to_owned();
            Some(Attempt { person, status: exchange.status })
        };
        let sent = self.tenant.exchanges().into_iter().filter(|exchange| exchange.path == "/invitations");
        sent.filter_map(invitation).collect()
    }

    /// Requests that change something, those inside batches counted singly.
    pub(crate) fn writes(&self) -> usize {
        let is_write = |exchange: &&Exchange| exchange.method != "GET" && exchange.path != "/$batch";
        self.tenant.exchanges().iter().filter(is_write).count()
    }

    /// Some of those who were invited open their mail and accept; others later, a few never. Gives how many.
    fn redeem_some(&self, round: u128) -> Result<u64> {
        self.tenant.with_directory(|directory| {
            let pending = |user: &&User| user.external_user_state == Some(ExternalUserState::PendingAcceptance);
            let reads_mail_now = |id: &Uuid| (id.as_u128() + round).is_multiple_of(4);
            let due: Vec<Uuid> = directory.users().filter(pending).map(|user| user.id).filter(reads_mail_now).collect();
            due.iter().try_for_each(|id| directory.redeem(*id))?;
            Ok(due.len() as u64)
        })
    }
}
