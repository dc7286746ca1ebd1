//! Setting two tenants up: trust, permissions, and Microsoft's own synchronization, by an administrator who signs in.
//!
//! - [`trust`]: cross-tenant access settings. [`grant`]: permissions. [`sync`]: cross-tenant synchronization.
//! - [`sign_in`]: who may, and how the sign-in ends. [`interrupted`]: killed at every step.

mod grant;
mod interrupted;
mod sign_in;
mod sync;
mod trust;

use crate::support::{Output, USHER, run};
use anyhow::Result;
use serde_json::Value;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::task::AbortHandle;
use usher_simulator::clock::SimClock;
use usher_simulator::cloud::Cloud;
use usher_simulator::conformance::check_in_each_cloud;
use usher_simulator::tenant::{
    AdministratorRole, Directory, Front, KnownTenant, RoleState, Site, Tenant, TenantOptions,
};
use uuid::Uuid;

/// The application that administrators sign in to.
pub(crate) const CLIENT: Uuid = Uuid::from_u128(0x5e7a_9000_0000_4000_8000_0000_0000_0001);
/// What administrators consented to for it: all that any command asks for.
pub(crate) const CONSENTED: &[&str] = &[
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.CrossTenantAccess",
    "ProvisioningLog.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Synchronization.Read.All",
    "Synchronization.ReadWrite.All",
    "User.Read.All",
];

/// The application that has a certificate instead, for tests that start many commands.
pub(crate) const UNATTENDED: Uuid = Uuid::from_u128(0x5e7a_9000_0000_4000_8000_0000_0000_0002);

/// A certificate with its key, as PEM, and what the application registers of it. Keys take long to make, so all share one.
pub(crate) fn certificate() -> &'static (String, Vec<u8>) {
    static ONE: OnceLock<(String, Vec<u8>)> = OnceLock::new();
    ONE.get_or_init(|| new_certificate().expect("a certificate can be made"))
}

pub(crate) fn new_certificate() -> Result<(String, Vec<u8>)> {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
    let certificate = rcgen::CertificateParams::new(vec![])?.self_signed(&key)?;
    Ok((format!("{}{}", certificate.pem(), key.serialize_pem()), certificate.der().to_vec()))
}

/// Two tenants behind one port: people of the home tenant become external users in the resource tenant.
pub(crate) struct Pair {
    pub(crate) home: Side,
    pub(crate) resource: Side,
    pub(crate) front: Front,
    pub(crate) clock: SimClock,
    _site: Site,
}

/// One of them, with its configuration and its administrator.
pub(crate) struct Side {
    pub(crate) tenant: Tenant,
    pub(crate) cloud: Cloud,
    pub(crate) administrator: Uuid,
    folder: TempDir,
    /// Agrees to whatever asks for the administrator's word.
    approver: Option<AbortHandle>,
}

impl Drop for Side {
    fn drop(&mut self) {
        if let Some(approver) = &self.approver {
            approver.abort();
        }
    }
}

pub(crate) const HOME: Uuid = Uuid::from_u128(0x0b0e_11ed_0000_4000_8000_0000_0000_0002);
pub(crate) const RESOURCE: Uuid = Uuid::from_u128(0x0c0a_11ed_0000_4000_8000_0000_0000_0001);

impl Pair {
    /// Two commercial tenants that nobody has set up.
    pub(crate) async fn new(home: &str, resource: &str) -> Result<Self> {
        Self::in_clouds([Cloud::Global, Cloud::Global], home, resource).await
    }

    /// The same in these clouds; the texts are what their configurations say of each other beyond names and ids.
    pub(crate) async fn in_clouds(clouds: [Cloud; 2], home: &str, resource: &str) -> Result<Self> {
        let clock = SimClock::new("2026-03-02T08:00:00Z".parse()?, 50.0);
        let site = Site::default();
        let front = site.front().await?;
        let options = |id, name: &str, cloud| TenantOptions {
            id,
            cloud,
            display_name: name.to_owned(),
            initial_domain: format!("{name}.onmicrosoft.com"),
            verified_domains: vec![format!("{name}.com")],
            ..TenantOptions::new(clock.clone())
        };
        let [home_cloud, resource_cloud] = clouds;
        let at_home = site.start(options(HOME, "fabrikam", home_cloud)).await?;
        let here = site.start(options(RESOURCE, "contoso", resource_cloud)).await?;
        for (tenant, id, name, cloud) in
            [(&at_home, RESOURCE, "contoso", resource_cloud), (&here, HOME, "fabrikam", home_cloud)]
        {
            let known = KnownTenant::new(name, cloud, &[&format!("{name}.com")]);
            tenant.with_directory(|directory| directory.known_tenants.insert(id, known));
        }
        Ok(Self {
            home: Side::new(at_home, home_cloud, (RESOURCE, "contoso", resource_cloud), home)?,
            resource: Side::new(here, resource_cloud, (HOME, "fabrikam", home_cloud), resource)?,
            front,
            clock,
            _site: site,
        })
    }

    /// A command of a tenant's administrator.
    pub(crate) fn command(&self, side: &Side, arguments: &[&str]) -> Command {
        let mut command = Command::new(USHER);
        command.args(arguments).arg("--config").arg(side.config()).env_clear();
        command.envs([
            ("USHER_GRAPH_ROOT", self.front.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", self.front.login_root()),
            ("USHER_NOW", self.clock.now().to_string()),
            ("USHER_SPEED", self.clock.speed().to_string()),
            ("USHER_MODE", "apply".to_owned()),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// The same of an application that signs in by its certificate.
    pub(crate) fn unattended(&self, side: &Side, arguments: &[&str]) -> Result<Command> {
        let (pem, public) = certificate();
        side.directory(|directory| directory.register_certificate_client(UNATTENDED, public, CONSENTED))?;
        let file = side.folder.path().join("certificate.pem");
        std::fs::write(&file, pem)?;
        let mut command = self.command(side, arguments);
        command.env("AZURE_CLIENT_CERTIFICATE_PATH", file).env("AZURE_CLIENT_ID", UNATTENDED.to_string());
        Ok(command)
    }

    pub(crate) async fn usher(&self, side: &Side, arguments: &[&str]) -> Output {
        run(self.command(side, &[arguments, &["--json"]].concat())).await
    }

    /// Plans and applies as the documentation says, and there is nothing left to do.
    pub(crate) async fn applied(&self, side: &Side, command: &str) -> Value {
        let told = self.usher(side, &[command, "apply"]).await.exits(0).json();
        let writes = side.writes();
        let again = self.usher(side, &[command, "apply"]).await.exits(0).json();
        assert_eq!(side.writes(), writes, "a second time changes nothing: {again:#}");
        told
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for side in [&self.home, &self.resource] {
            let violations = side.tenant.violations();
            assert!(violations.is_empty(), "{violations:#?}");
            check_in_each_cloud(side.cloud, &side.tenant.exchanges()).assert_clean();
        }
        assert!(self.front.strays().is_empty(), "{:?}", self.front.strays());
    }
}

impl Side {
    fn new(tenant: Tenant, cloud: Cloud, (other, name, in_cloud): (Uuid, &str, Cloud), rest: &str) -> Result<Self> {
        let administrator = tenant.with_directory(|directory| -> Result<Uuid> {
            let administrator = directory.create_colleague("administrator");
            directory.assign_role(administrator, AdministratorRole::Global.id(), RoleState::Active)?;
            directory.register_public_client(CLIENT, CONSENTED);
            Ok(administrator)
        })?;
        let folder = tempfile::tempdir()?;
        let mut side = Self { tenant, cloud, administrator, folder, approver: None };
        side.write(&format!(
            "[tenant]\nid = \"{}\"\ncloud = \"{}\"\n[setup]\nclient_id = \"{CLIENT}\"\n[[partner]]\n\
             name = \"{name}\"\ntenant_id = \"{other}\"\ncloud = \"{}\"\n[partner.scope]\ndomains = [\"{name}.com\"]\n{rest}",
            side.id(),
            word(cloud),
            word(in_cloud),
        ))?;
        side.approve_all();
        Ok(side)
    }

    fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("usher.toml")
    }

    fn write(&self, text: &str) -> Result<()> {
        Ok(std::fs::write(self.config(), text)?)
    }

    /// Changes the configuration.
    pub(crate) fn configure(&self, from: &str, to: &str) -> Result<()> {
        let text = std::fs::read_to_string(self.config())?;
        anyhow::ensure!(text.contains(from), "{from} is not in {text}");
        self.write(&text.replace(from, to))
    }

    /// The administrator types every code that is shown, and agrees.
    fn approve_all(&mut self) {
        let (tenant, administrator) = (self.tenant.clone(), self.administrator);
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            loop {
                ticks.tick().await;
                for code in tenant.device_codes() {
                    // A code that is over by now was never approved.
                    let _ = tenant.approve_device_code(&code.user_code, administrator);
                }
            }
        });
        self.approver = Some(task.abort_handle());
    }

    /// Nobody looks after codes any more.
    pub(crate) fn leave_codes(&mut self) {
        if let Some(approver) = self.approver.take() {
            approver.abort();
        }
    }

    pub(crate) fn directory<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        self.tenant.with_directory(work)
    }

    pub(crate) fn id(&self) -> Uuid {
        self.directory(|directory| directory.tenant_id())
    }

    /// Requests that changed something: what is not read. Asking is not changing.
    pub(crate) fn writes(&self) -> usize {
        let asks = |path: &str| path.ends_with("/validateCredentials") || path.ends_with("/parseExpression");
        self.tenant.exchanges().iter().filter(|one| one.method != "GET" && !asks(&one.path)).count()
    }

    /// What changed something, in its order: method and path without ids.
    pub(crate) fn written(&self) -> Vec<String> {
        let exchanges = self.tenant.exchanges().into_iter().filter(|one| one.method != "GET");
        exchanges
            .map(|one| {
                let segments: Vec<_> = one
                    .path
                    .split('/')
                    .map(|segment| {
                        let is_id = segment.parse::<Uuid>().is_ok() || segment.starts_with("Azure2Azure.");
                        if is_id { "{id}" } else { segment }
                    })
                    .collect();
                format!("{} {}", one.method, segments.join("/"))
            })
            .collect()
    }
}

const fn word(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "global",
        Cloud::UsGov => "us-gov",
        Cloud::UsGovDod => "us-gov-dod",
        Cloud::China => "china",
    }
}

/// The result of a check.
pub(crate) fn result<'a>(checks: &'a Value, id: &str) -> &'a str {
    let mut all = checks["checks"].as_array().into_iter().flatten();
    let check = all.find(|check| check["id"] == id);
    check.and_then(|check| check["result"].as_str()).unwrap_or_else(|| panic!("no {id}: {checks:#}"))
}
