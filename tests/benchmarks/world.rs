//! A simulated tenant to measure in, with usher's configuration and state for it.
//!
//! Not responsible for: what happens there (`comparison`, `growth`, `bars`), nor who does it (`contender`).

use crate::app;
use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use usher_simulator::clock::SimClock;
use usher_simulator::host::{Host, HostOptions};
use usher_simulator::tenant::{ExternalUserState, Latency, Limits, Tenant, TenantOptions, TenantSize};
use uuid::Uuid;

/// Where the people to be brought in have their addresses.
pub(crate) const DOMAIN: &str = "fabrikam.us";
/// The tenant that they come from.
const PARTNER: &str = "22222222-2222-4222-8222-222222222222";

/// A tenant whose clock stands still until somebody lets it run.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) clock: SimClock,
    /// The program that is measured.
    pub(crate) usher: PathBuf,
    folder: TempDir,
}

/// What Graph saw of a stretch of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    /// Requests over the wire: a batch is one.
    pub(crate) wire: u64,
    /// Those inside batches counted singly, and the batches not.
    pub(crate) requests: u64,
    pub(crate) units: u64,
    pub(crate) writes: u64,
    pub(crate) mails: u64,
    pub(crate) refused: u64,
}

impl World {
    /// An empty tenant with the published limits.
    pub(crate) async fn new(usher: &Path, latency: Latency) -> Result<Self> {
        let clock = SimClock::new("2026-03-02T08:00:00Z".parse()?, 0.0);
        let options = TenantOptions {
            record_bodies: false,
            limits: Some(Limits::published(TenantSize::Large)),
            latency,
            ..TenantOptions::new(clock.clone())
        };
        let tenant = Tenant::start(options).await?;
        let folder = tempfile::Builder::new().prefix("usher-benchmarks-").tempdir()?;
        app::assemble(folder.path().join("app"), usher)?;
        let world = Self { tenant, clock, usher: usher.to_owned(), folder };
        world.configure("")?;
        Ok(world)
    }

    /// Writes the configuration, with further keys of `[partner.scope]`. Nothing bounds but Graph: the runbook knows no bounds
    /// either.
    pub(crate) fn configure(&self, scope: &str) -> Result<()> {
        let id = self.tenant.with_directory(|directory| directory.tenant_id());
        let text = format!(
            "[tenant]\nid = \"{id}\"\ncloud = \"global\"\nmode = \"apply\"\n\
             invitations_per_minute = 1200\nquota_percent = 100\n\
             [[partner]]\nname = \"fabrikam\"\ntenant_id = \"{PARTNER}\"\ncloud = \"us-gov\"\n\
             [partner.scope]\ndomains = [\"{DOMAIN}\"]\n{scope}\n\
             [partner.limits]\ninvitations = 1000000\nwaves = []\n"
        );
        Ok(std::fs::write(self.configuration(), text)?)
    }

    /// `usher.toml`.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.path().join("app/usher.toml")
    }

    /// Lets the tenant's time pass.
    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// Entra Connect writes the people with these numbers, spread evenly over so many hours, which pass.
    pub(crate) fn arrive(&self, numbers: std::ops::Range<u32>, hours: u32) -> Vec<Uuid> {
        let (first, count) = (numbers.start, numbers.end - numbers.start);
        let until =
            |hour: u32| first + u32::try_from(u64::from(count) * u64::from(hour) / u64::from(hours)).unwrap_or(count);
        let mut people = Vec::new();
        for hour in 0..hours {
            let (from, to) = (until(hour), until(hour + 1));
            if from < to {
                people.extend(self.tenant.with_directory(|directory| directory.sync_people(from..=to - 1, DOMAIN)));
            }
            self.pass(SignedDuration::from_hours(1));
        }
        people
    }

    /// People of another company are there, whom nobody is to touch.
    pub(crate) fn colleagues(&self, count: u32) {
        self.tenant.with_directory(|directory| {
            for number in 1..=count {
                directory.create_colleague(&format!("colleague-{number:05}"));
            }
        });
    }

    /// These people open their mail and accept.
    pub(crate) fn accept(&self, people: &[Uuid]) -> Result<()> {
        self.tenant.with_directory(|directory| {
            let pending = |id: &&Uuid| {
                directory
                    .user(**id)
                    .is_some_and(|user| user.external_user_state == Some(ExternalUserState::PendingAcceptance))
            };
            let pending: Vec<Uuid> = people.iter().filter(pending).copied().collect();
            pending.into_iter().try_for_each(|id| directory.redeem(id))
        })
    }

    /// What went over the wire since the last look.
    pub(crate) fn traffic(&self, before: &Totals) -> Traffic {
        let exchanges = self.tenant.exchanges();
        self.tenant.clear_exchanges();
        let count = |wanted: &dyn Fn(&usher_simulator::exchange::Exchange) -> bool| {
            exchanges.iter().filter(|exchange| wanted(exchange)).count() as u64
        };
        let now = Totals::of(self);
        Traffic {
            wire: count(&|exchange| !exchange.in_batch),
            requests: count(&|exchange| exchange.path != "/$batch"),
            units: now.units - before.units,
            writes: now.writes - before.writes,
            mails: now.mails - before.mails,
            refused: now.refused - before.refused,
        }
    }

    /// How many mails each person got.
    pub(crate) fn mails(&self) -> HashMap<Uuid, usize> {
        let mut counts = HashMap::new();
        for mail in self.tenant.mails() {
            *counts.entry(mail.user).or_default() += 1;
        }
        counts
    }

    /// The variables that point usher to this world at this speed. Its clock starts now.
    pub(crate) fn variables(&self, speed: f64) -> Vec<(String, String)> {
        [
            ("USHER_STATE", format!("file://{}", self.state().display())),
            ("USHER_GRAPH_ROOT", self.tenant.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", self.tenant.login_root()),
            ("USHER_NOW", self.clock.now().to_string()),
            ("USHER_SPEED", speed.to_string()),
            ("IDENTITY_ENDPOINT", self.tenant.identity_endpoint()),
            ("IDENTITY_HEADER", self.tenant.identity_header()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Starts the app under the host stand-in, whose processes start by this world's clock.
    pub(crate) async fn host(&self, speed: f64, change: impl FnOnce(&mut HostOptions)) -> Result<Host> {
        let mut options = app::options(self.folder.path().join("app"), self.clock.clone(), self.variables(speed));
        change(&mut options);
        Host::start(options).await
    }

    /// A timer fires, and the work that it asked for is done.
    pub(crate) async fn fire(&self, host: &Host, timer: &str) -> Result<()> {
        let fired = host.fire_timer(timer).await?;
        ensure!(fired.succeeded(), "{fired:?}\n{:?}", host.console());
        for work in host.drain(50).await? {
            ensure!(work.succeeded(), "{work:?}\n{:?}", host.console());
        }
        Ok(())
    }

    /// When the first mail to somebody was sent.
    pub(crate) fn mailed(&self, person: Uuid) -> Result<Timestamp> {
        let mails = self.tenant.mails();
        let first = mails.iter().filter(|mail| mail.user == person).map(|mail| mail.sent).min();
        first.context("nobody mailed this person")
    }

    /// What was asked that is not simulated means that the numbers mean nothing.
    pub(crate) fn ensure_sound(&self) -> Result<()> {
        let violations = self.tenant.violations();
        ensure!(violations.is_empty(), "{violations:#?}");
        Ok(())
    }
}

/// What the tenant has counted since it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    units: u64,
    writes: u64,
    mails: u64,
    refused: u64,
}

impl Totals {
    /// The counts now.
    pub(crate) fn of(world: &World) -> Self {
        let usage = world.tenant.usage();
        Self {
            units: usage.units,
            writes: usage.writes,
            mails: world.tenant.mails().len() as u64,
            refused: world.tenant.throttled(),
        }
    }
}
