//! The simulated Entra tenant: a directory behind Graph's protocol, on a port of this machine.
//!
//! Responsible for: answering as the documentation says Graph answers. What it does not know it answers with 501 and
//! remembers as a violation, which the test that caused it must look at.
//!
//! - `model`, `user`, `user_properties`, `objects`, `options`, `policy`, `mail`: what there is.
//! - `actors`, `population`: what people, administrators and Entra Connect do.
//! - `server`, `connection`, `state`, `routes`, `request`, `error`, `faults`: the way of a request.
//! - `auth`, `identity`: tokens.
//! - `query`, `filter`, `property`: query options, filters and projections.
//! - `organization`, `users`, `membership`, `groups`, `roles`, `invitations`, `batch`: Graph, by resource.

mod actors;
mod auth;
mod batch;
mod connection;
mod error;
mod faults;
mod filter;
mod groups;
mod identity;
mod invitation_request;
mod invitations;
mod listing;
mod mail;
mod membership;
mod model;
mod objects;
mod options;
mod organization;
mod policy;
mod population;
mod property;
mod query;
mod request;
mod roles;
mod routes;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod user;
mod user_properties;
mod users;

pub use actors::RoleState;
pub use faults::{Fault, Matcher};
pub use mail::Mail;
pub use model::Directory;
pub use objects::{Group, OtherKind, OtherObject, RoleAssignment, RoleEligibility};
pub use options::TenantOptions;
pub use policy::{AllowInvitesFrom, DomainBlock, InvitationPolicy};
pub use population::SyncedPerson;
pub use user::{AssignedPlan, ExternalUserState, Identity, OnPremises, SignIn, User, UserType};

use crate::exchange::Exchange;
use anyhow::Context;
use server::{Shared, lock};
use state::State;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use uuid::Uuid;

/// A running tenant. Clones are the same tenant; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Tenant {
    shared: Shared,
    root: String,
    secret: Uuid,
    _server: Arc<Server>,
}

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
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the simulated tenant")?;
        let root = format!("http://{}", listener.local_addr()?);
        let secret = Uuid::new_v5(&options.id, b"secret");
        let state = State {
            directory: Directory::new(options),
            root: root.clone(),
            secret,
            exchanges: Vec::new(),
            violations: Vec::new(),
            faults: faults::Faults::default(),
            served: 0,
        };
        let shared = Arc::new(Mutex::new(state));
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, root, secret, _server: Arc::new(Server(task.abort_handle())) })
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

    /// Looks at the directory or changes it. No request is served meanwhile.
    pub fn with_directory<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        work(&mut lock(&self.shared).directory)
    }

    /// Every request to Graph since the start or the last [`Self::clear_exchanges`], in the order of their answers:
    /// those inside a batch come before the batch. One whose connection was cut has status 0.
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
        lock(&self.shared).faults.order(count, matcher, fault);
    }

    /// Forgets the faults that have not come yet.
    pub fn clear_faults(&self) {
        lock(&self.shared).faults.clear();
    }
}
