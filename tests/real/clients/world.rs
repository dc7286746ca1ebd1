//! What the clients drive: Contoso, where everything happens, and Fabrikam, into which it synchronises people.
//!
//! Both stand behind one port that speaks https: the JavaScript client sends tokens by nothing else, and Python's identity
//! library asks for them by nothing else.

use crate::certificates::{for_this_machine, of_an_application};
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;
use tempfile::TempDir;
use usher_simulator::clock::SimClock;
use usher_simulator::tenant::{
    AdministratorRole, Fault, Front, Matcher, PartnerConfiguration, RoleState, Site, Tenant, TenantOptions,
};
use uuid::{Uuid, uuid};

/// The application that signs in with a certificate.
const CLIENT: Uuid = uuid!("7c3f2a52-0f0e-4f8e-9d3b-2f6f7f0f9a01");
pub(super) const FABRIKAM: Uuid = uuid!("22222222-2222-4222-8222-222222222222");
/// What the clients may do.
const PERMISSIONS: &[&str] = &[
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.CrossTenantAccess",
    "RoleManagement.ReadWrite.Directory",
    "Synchronization.ReadWrite.All",
    "User.Invite.All",
    "User.ReadWrite.All",
];
/// As many people as Entra Connect wrote.
pub(super) const PEOPLE: u32 = 25;

/// Two tenants, and what a client is told about them.
pub(super) struct World {
    pub(super) here: Tenant,
    pub(super) there: Tenant,
    pub(super) front: Front,
    /// `person-0001@fabrikam.us` and so on.
    pub(super) people: Vec<Uuid>,
    /// A colleague in a group in a group; the inner one is synchronised.
    pub(super) ada: Uuid,
    pub(super) inner: Uuid,
    folder: TempDir,
}

impl World {
    pub(super) async fn new() -> Result<Self> {
        let clock = SimClock::new("2026-03-02T08:00:00Z".parse()?, 1.0);
        let options = TenantOptions {
            permissions: PERMISSIONS.iter().map(|name| (*name).to_owned()).collect(),
            ..TenantOptions::new(clock.clone())
        };
        let home = TenantOptions {
            id: FABRIKAM,
            display_name: "Fabrikam".into(),
            initial_domain: "fabrikam.onmicrosoft.com".into(),
            verified_domains: vec!["fabrikam.us".into()],
            ..TenantOptions::new(clock)
        };
        let site = Site::default();
        let (here, there) = (site.start(options).await?, site.start(home).await?);
        let secure = for_this_machine()?;
        let front = site.secure_front(secure.certificate.der(), &secure.key.serialize_der()).await?;

        let folder = tempfile::tempdir()?;
        let (certificate, key) = of_an_application()?;
        std::fs::write(folder.path().join("authority.pem"), secure.authority.pem())?;
        std::fs::write(folder.path().join("application.pem"), certificate.pem() + &key.serialize_pem())?;

        let contoso = here.with_directory(|directory| directory.tenant_id());
        there.with_directory(|directory| {
            let partner = PartnerConfiguration::new(&["contoso.com"]).inbound_redemption(Some(true)).inbound_sync(true);
            directory.cross_tenant_access.partners.insert(contoso, partner);
        });
        let (people, ada, inner, outer) = here.with_directory(|directory| {
            directory.register_certificate_client(CLIENT, certificate.der(), PERMISSIONS)?;
            let people = directory.sync_people(1..=PEOPLE, "fabrikam.us");
            let ada = directory.create_colleague("ada");
            let (outer, inner) = (directory.create_group("outer"), directory.create_group("inner"));
            directory.add_member(outer, inner)?;
            directory.add_member(inner, ada)?;
            directory.assign_role(ada, AdministratorRole::GlobalReader.id(), RoleState::Active)?;
            anyhow::Ok((people, ada, inner, outer))
        })?;
        // Whoever is told to wait comes again: once for a read, once for a write.
        here.fail_next(1, Matcher::get("/subscribedSkus"), throttled());
        here.fail_next(1, Matcher::post("/invitations"), throttled());

        let facts = json!({
            "graph": front.graph_root(),
            "login": front.login_root(),
            "tenant": contoso,
            "client": CLIENT,
            "certificate": folder.path().join("application.pem"),
            "partner": FABRIKAM,
            "people": people,
            "ada": ada,
            "inner": inner,
            "outer": outer,
            "reader": AdministratorRole::GlobalReader.id(),
            "another_role": AdministratorRole::HybridIdentity.id(),
        });
        let world = Self { here, there, front, people, ada, inner, folder };
        std::fs::write(world.facts(), facts.to_string())?;
        Ok(world)
    }

    /// The file that a client reads first.
    pub(super) fn facts(&self) -> PathBuf {
        self.folder.path().join("facts.json")
    }

    /// The certificate of the authority that a client has to trust.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }
}

/// A refusal that names whole seconds, which is all that the Python client reads.
fn throttled() -> Fault {
    Fault::status(429, "TooManyRequests").retry_after("1")
}
