//! The simulated Entra tenant: a directory behind Graph's protocol, on a port of this machine or called directly.
//!
//! Responsible for: answering as the documentation says Graph answers. What it does not know it answers with 501 and
//! remembers as a violation, which the test that caused it must look at.
//!
//! - `model`, `user`, `user_properties`, `authentication_methods`, `objects`, `nesting`, `options`, `policy`,
//!   `access_settings`, `cross_tenant_access`, `known_tenants`, `mail`, `audit`, `policy_audit`: what there is.
//! - `replication`, `membership_lag`: how changes spread.
//! - `actors`, `connect`, `deletion`, `population`: what people, administrators and Entra Connect do.
//! - `server`, `state`, `routes`, `request`, `error`, `faults`: the way of a request.
//! - `site`, `front`: tenants that know each other, and one port for all of them.
//! - `auth`, `identity`, `login`, `grants`, `sign_ins`, `certificate`, `administrators`: tokens, and who gets them.
//! - `limits`, `cost`, `meter`: throttling. `latency`: how long an answer takes.
//! - `query`, `filter`, `property`, `plain`, `member`, `reference`: query options, filters, projections and references.
//! - `organization`, `licenses`, `users`, `user_update`, `authentication`, `deleted_items`, `sponsors`, `membership`,
//!   `groups`, `group_members`, `roles`, `role_definitions`, `applications`, `sync`, `invitations`, `delta`, `audits`,
//!   `registration_details`, `batch`: Graph, by resource.
//! - `cross_tenant_policy`, `cross_tenant_writes`, `identity_synchronization`, `authorization_policy`, `sms_policy`,
//!   `conditional_access`, `tenant_relationships`: Graph's policies.

mod access_settings;
mod actors;
mod administrators;
mod applications;
mod audit;
mod audits;
mod auth;
mod authentication;
mod authentication_methods;
mod authorization_policy;
mod batch;
mod certificate;
mod conditional_access;
mod connect;
mod cost;
mod cross_tenant_access;
mod cross_tenant_policy;
mod cross_tenant_writes;
mod deleted_items;
mod deletion;
mod delta;
mod error;
mod faults;
mod filter;
mod front;
mod grants;
mod group_members;
mod groups;
mod identity;
mod identity_synchronization;
mod invitation_request;
mod invitations;
mod known_tenants;
mod latency;
mod licenses;
mod limits;
mod listing;
mod login;
mod mail;
mod member;
mod membership;
mod membership_lag;
mod meter;
mod model;
mod nesting;
mod objects;
mod options;
mod organization;
mod plain;
mod policy;
mod policy_audit;
mod population;
mod property;
mod query;
mod reference;
mod registration_details;
mod replication;
mod request;
mod role_definitions;
mod roles;
mod routes;
mod server;
mod sign_ins;
mod site;
mod sms_policy;
mod sponsors;
mod state;
mod sync;
mod tenant_relationships;
#[cfg(test)]
mod tests;
mod user;
mod user_properties;
mod user_update;
mod users;

pub use access_settings::{
    AccessBlocks, AccessTarget, AccessType, B2bSetting, DevicesFilter, InboundTrust, TargetConfiguration, TargetType,
    TenantRestrictions,
};
pub use actors::RoleState;
pub use administrators::AdministratorRole;
pub use applications::{AppRole, AppRoleAssignment, GRAPH_APP_ID, PrincipalKind, ServicePrincipal};
pub use audit::{Actor, AuditOptions};
pub use authentication_methods::{AuthenticationMethods, OtherMethod, PhoneMethod, PhoneType, SmsSignInState};
pub use conditional_access::{ConditionalAccessPolicy, ConditionalAccessState, ExternalUsers};
pub use connect::EntraConnect;
pub use cross_tenant_access::{
    AccessConfiguration, AutomaticRedemption, BlockUpdate, CrossTenantAccess, IdentitySynchronization,
    PartnerConfiguration, UserConsent,
};
pub use delta::{DeltaOptions, ExpiredToken};
pub use faults::{Fault, Matcher};
pub use front::Front;
pub use known_tenants::KnownTenant;
pub use latency::Latency;
pub use limits::{Limits, Quota, RetryAfter, TenantSize, Usage};
pub use mail::Mail;
pub use model::Directory;
pub use objects::{Group, OtherKind, OtherObject, RoleAssignment, RoleEligibility};
pub use options::TenantOptions;
pub use policy::{AllowInvitesFrom, DomainBlock, InvitationPolicy};
pub use population::SyncedPerson;
pub use sign_ins::DeviceCode;
pub use site::Site;
pub use sms_policy::{SmsPolicy, SmsTarget};
pub use sync::{Action, Attempt, FilterPlace, OnDemandShape, ProvisioningStep, Schedule, Status, SyncJob, SyncOptions};
pub use tenant_relationships::MultiTenantOrganization;
pub use user::{AssignedLicense, AssignedPlan, ExternalUserState, Identity, OnPremises, SignIn, User, UserType};

use crate::connection::Line;
use crate::exchange::Exchange;
use crate::steps::{Hooks, Step, Then};
use anyhow::Context;
use axum::extract::Request;
use axum::response::Response;
use meter::Meter;
use server::{Desk, Shared, lock};
use sign_ins::Decision;
use state::State;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use uuid::Uuid;

/// A running tenant. Clones are the same tenant; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Tenant {
    shared: Shared,
    hooks: Hooks,
    site: Site,
    root: String,
    secret: Uuid,
    /// `None` where nobody listens.
    _server: Option<Arc<Server>>,
}

/// The root of a tenant that nobody can connect to.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Stops the server when dropped.
#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tenant {
    /// Starts a tenant with an empty directory.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(options: TenantOptions) -> anyhow::Result<Self> {
        Self::start_in(&Site::default(), options).await
    }

    /// A tenant with an empty directory that listens nowhere, and answers to [`Self::call`] only.
    ///
    /// # Errors
    /// None so far: in a site of its own no other tenant has its id.
    pub fn unconnected(options: TenantOptions) -> anyhow::Result<Self> {
        Self::admit(&Site::default(), options, NOWHERE.to_owned())
    }

    async fn start_in(site: &Site, options: TenantOptions) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the simulated tenant")?;
        let root = format!("http://{}", listener.local_addr()?);
        let tenant = Self::admit(site, options, root)?;
        let task = tokio::spawn(server::serve(listener, tenant.desk()));
        Ok(Self { _server: Some(Arc::new(Server(task.abort_handle()))), ..tenant })
    }

    fn admit(site: &Site, options: TenantOptions, root: String) -> anyhow::Result<Self> {
        let secret = Uuid::new_v5(&options.id, b"secret");
        let mut meter = Meter::default();
        meter.limit(options.limits.clone(), options.clock.now());
        let state = State {
            directory: Directory::new(options),
            site: site.clone(),
            root: root.clone(),
            secret,
            exchanges: Vec::new(),
            violations: Vec::new(),
            faults: faults::Faults::default(),
            meter,
            delta: delta::Delta::default(),
            served: 0,
        };
        let id = state.directory.tenant_id();
        let shared = Arc::new(Mutex::new(state));
        let (site, hooks) = (site.clone(), Hooks::default());
        site.admit(id, &shared, &hooks)?;
        Ok(Self { shared, hooks, site, root, secret, _server: None })
    }

    fn desk(&self) -> Desk {
        let Self { shared, hooks, site, root, .. } = self.clone();
        Desk { shared, hooks, site, root }
    }

    /// Answers a request that does not come over the network; `None` where the connection would have been cut.
    pub async fn call(&self, request: Request) -> Option<Response> {
        let line = Line::default();
        let response = server::answer(self.desk(), line.clone(), request).await;
        (!line.is_cut()).then_some(response)
    }

    /// Graph's root without the version: `USHER_GRAPH_ROOT`.
    pub fn graph_root(&self) -> &str {
        &self.root
    }

    /// The root of the sign-in endpoints: `USHER_LOGIN_ROOT`.
    pub fn login_root(&self) -> String {
        format!("{}{}", self.root, server::LOGIN_PATH)
    }

    /// The managed identity's endpoint: `IDENTITY_ENDPOINT`.
    pub fn identity_endpoint(&self) -> String {
        format!("{}{}", self.root, server::IDENTITY_PATH)
    }

    /// What a token request must carry: `IDENTITY_HEADER`.
    pub fn identity_header(&self) -> String {
        self.secret.simple().to_string()
    }

    /// An access token for Graph with the permissions that are granted now, as the managed identity would get it.
    pub fn token(&self) -> String {
        auth::issue(&lock(&self.shared).directory, self.secret).0
    }

    /// An access token for Graph as a person of the tenant gets it from a command-line tool, and when it expires in seconds
    /// since the epoch.
    pub fn person_token(&self, person: Uuid) -> (String, u64) {
        auth::issue_to_person(&lock(&self.shared).directory, self.secret, person)
    }

    /// The device codes that wait for a person to decide on them, oldest first.
    pub fn device_codes(&self) -> Vec<DeviceCode> {
        lock(&self.shared).directory.device_codes()
    }

    /// The person types the code, signs in and agrees.
    ///
    /// # Errors
    /// No such code waits, or the person is not there or disabled.
    pub fn approve_device_code(&self, user_code: &str, person: Uuid) -> anyhow::Result<()> {
        lock(&self.shared).directory.decide(user_code, Decision::Approved(person))
    }

    /// A person types the code and does not agree.
    ///
    /// # Errors
    /// No such code waits.
    pub fn decline_device_code(&self, user_code: &str) -> anyhow::Result<()> {
        lock(&self.shared).directory.decide(user_code, Decision::Declined)
    }

    /// Looks at the directory or changes it. No request is served meanwhile, by any tenant of the same site, so `work`
    /// must not look at another of them.
    pub fn with_directory<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        let _turn = self.site.turn();
        let directory = &mut lock(&self.shared).directory;
        directory.purge_expired();
        work(directory)
    }

    /// Carries out a cycle of every synchronisation of this tenant that runs, whenever it were due.
    pub fn run_sync(&self) {
        let _turn = self.site.turn();
        sync::run_all(&mut lock(&self.shared));
    }

    /// Every request to Graph since the start or the last [`Self::clear_exchanges`], in the order of their answers:
    /// those inside a batch come before the batch. One whose connection was cut has status 0; where a hook cut it after
    /// its effect, it has the status that was to be answered.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared).exchanges.clone()
    }

    /// Forgets the exchanges.
    pub fn clear_exchanges(&self) {
        lock(&self.shared).exchanges.clear();
    }

    /// What was asked that is not simulated. A test that does not expect any must fail on one.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared).violations.clone()
    }

    /// Every invitation mail, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.shared).directory.mails.clone()
    }

    /// Lets the next `count` requests that `matcher` wants meet a fault. Faults come in the order in which they were
    /// ordered.
    pub fn fail_next(&self, count: usize, matcher: Matcher, fault: Fault) {
        lock(&self.shared).faults.order(0, count, matcher, fault);
    }

    /// Lets the `nth` request from now that `matcher` wants meet a fault; 1 is the next. It counts all of them,
    /// whatever happens to the others.
    pub fn fail_nth(&self, nth: usize, matcher: Matcher, fault: Fault) {
        lock(&self.shared).faults.order(nth.saturating_sub(1), 1, matcher, fault);
    }

    /// All tokens issued so far are refused from now on.
    pub fn revoke_tokens(&self) {
        lock(&self.shared).directory.revocations += 1;
    }

    /// All links of change tracking given out so far have expired.
    pub fn expire_delta_tokens(&self) {
        lock(&self.shared).delta.expire();
    }

    /// Switches limits on or off; their buckets are full at first.
    pub fn limit(&self, limits: Option<Limits>) {
        let mut state = lock(&self.shared);
        let now = state.directory.clock().now();
        state.meter.limit(limits, now);
    }

    /// Other applications in the tenant use so much of what all share.
    pub fn spend_elsewhere(&self, writes: u32, invitations: u32) {
        let mut state = lock(&self.shared);
        let now = state.directory.clock().now();
        state.meter.spend_elsewhere(writes, invitations, now);
    }

    /// How many requests the limits have refused since the start; those inside a batch count.
    pub fn throttled(&self) -> u64 {
        lock(&self.shared).meter.throttled
    }

    /// What was let through since the start, with limits or without.
    pub fn usage(&self) -> Usage {
        lock(&self.shared).meter.usage
    }

    /// Tells `hook` of every step of every request to Graph from now on; a batch is one request.
    pub fn on_step(&self, hook: impl Fn(&Step) -> Then + Send + Sync + 'static) {
        self.hooks.set(Some(Arc::new(hook)));
    }

    /// Nobody is told any more.
    pub fn clear_hook(&self) {
        self.hooks.set(None);
    }

    /// Forgets the faults that have not come yet.
    pub fn clear_faults(&self) {
        lock(&self.shared).faults.clear();
    }
}
