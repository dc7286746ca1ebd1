//! What a simulated tenant is like from the start.

use super::audit::AuditOptions;
use super::delta::DeltaOptions;
use super::latency::Latency;
use super::limits::Limits;
use crate::clock::SimClock;
use crate::cloud::Cloud;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The permissions that the function app's identity has unless a test says otherwise.
const PERMISSIONS: &[&str] = &[
    "AuditLog.Read.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "User.Invite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];

/// What a simulated tenant is like from the start.
#[derive(Clone, Debug)]
pub struct TenantOptions {
    /// Tenant id.
    pub id: Uuid,
    /// The cloud it stands in: decides the tokens' audience, the mails' sender and what the schema knows.
    pub cloud: Cloud,
    /// The organisation's name.
    pub display_name: String,
    /// The domain that the tenant was born with.
    pub initial_domain: String,
    /// The others; the first of them is the default.
    pub verified_domains: Vec<String>,
    /// The time that it goes by.
    pub clock: SimClock,
    /// Application permissions of the managed identity; [`Directory::permissions`](super::Directory::permissions)
    /// changes them later.
    pub permissions: BTreeSet<String>,
    /// The client id of a user-assigned identity, which a token request must then name; `None` for a system-assigned
    /// one.
    pub client_id: Option<Uuid>,
    /// Entra ID P1 is licensed: sign-in activity and the audit log can be read.
    pub p1: bool,
    /// Entra ID P2 is licensed: eligible roles can be read.
    pub p2: bool,
    /// No page of users holds more than so many, whatever was asked for.
    pub fullest_page: Option<usize>,
    /// Keep the bodies in [`Tenant::exchanges`](super::Tenant::exchanges); off for large populations, to save memory.
    pub record_bodies: bool,
    /// What Graph lets through; `None` for everything.
    pub limits: Option<Limits>,
    /// How long an answer takes.
    pub latency: Latency,
    /// How long it takes until a change is seen by readers;
    /// [`Directory::lag`](super::Directory::lag) changes it later.
    pub lag: SignedDuration,
    /// How change tracking behaves; [`Directory::delta`](super::Directory::delta) changes it later.
    pub delta: DeltaOptions,
    /// How the audit log behaves; [`Directory::audit`](super::Directory::audit) changes it later.
    pub audit: AuditOptions,
}

impl TenantOptions {
    /// A licensed tenant of Contoso's in the commercial cloud.
    pub fn new(clock: SimClock) -> Self {
        Self {
            id: Uuid::from_u128(0x0c0a_11ed_0000_4000_8000_0000_0000_0001),
            cloud: Cloud::Global,
            display_name: "Contoso".into(),
            initial_domain: "contoso.onmicrosoft.com".into(),
            verified_domains: vec!["contoso.com".into()],
            clock,
            permissions: PERMISSIONS.iter().map(|name| (*name).to_owned()).collect(),
            client_id: None,
            p1: true,
            p2: true,
            fullest_page: None,
            record_bodies: true,
            limits: None,
            latency: Latency::default(),
            lag: SignedDuration::ZERO,
            delta: DeltaOptions::default(),
            audit: AuditOptions::default(),
        }
    }

    /// The id that belongs to a name in this tenant.
    pub(super) fn derived_id(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.id, name.as_bytes())
    }

    /// The id of the managed identity's application.
    pub(super) fn client_id(&self) -> Uuid {
        self.client_id.unwrap_or_else(|| self.derived_id("client"))
    }
}
