//! A stand-in for Azure Blob Storage, on a port of this machine, with the addresses of the emulator.
//!
//! Responsible for: what Azure documents of containers, block blobs, conditions and leases, as far as the official SDK asks
//! for it. What it does not know it answers with 501 and remembers as a violation, which the test that caused it must look
//! at. Leases run in real time, and all of them can be made to have run out.
//!
//! Not responsible for: whether a signature or a token is right; that there is one is all that it wants.
//!
//! - `state`, `container`, `lease`, `clock`: what there is.
//! - `server`, `operation`, `headers`, `query`, `range`, `block_list`: the way of a request in.
//! - `answer`, `listing`, `error`: the way out.

mod answer;
mod block_list;
mod clock;
mod container;
mod error;
mod headers;
mod lease;
mod listing;
mod operation;
mod query;
mod range;
mod server;
mod state;
#[cfg(test)]
mod tests;

use crate::steps::{Hooks, Step, Then};
use anyhow::Context;
use container::Container;
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// The emulator's account, with which every path begins.
const ACCOUNT: &str = "devstoreaccount1";
/// The longest page of a list, unless a test says otherwise. Azure's is 5,000; a short one shows whether pages are followed.
const PAGE_SIZE: usize = 50;

/// A running stand-in. Clones are the same; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Storage {
    shared: Shared,
    root: String,
    _server: Arc<Server>,
}

/// One request that was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageRequest {
    /// As in [`Step::operation`].
    pub operation: &'static str,
    /// The name of the blob; empty for a container.
    pub blob: String,
    /// The status that was answered; 0 where a hook cut the connection before there was an effect. Where it cut it
    /// afterwards, the status that was to be answered.
    pub status: u16,
}

#[derive(Clone, Debug)]
struct Shared {
    state: Arc<Mutex<State>>,
    hooks: Hooks,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stops the server when dropped.
#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Storage {
    /// Starts an account without containers.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the storage stand-in")?;
        let root = format!("http://{}", listener.local_addr()?);
        let state = State { root: root.clone(), page_size: PAGE_SIZE, ..State::default() };
        let shared = Shared { state: Arc::new(Mutex::new(state)), hooks: Hooks::default() };
        let task = tokio::spawn(server::serve(listener, shared.clone()));
        Ok(Self { shared, root, _server: Arc::new(Server(task.abort_handle())) })
    }

    /// The address of a container, whether it is there or not.
    pub fn container_url(&self, container: &str) -> String {
        format!("{}/{ACCOUNT}/{container}", self.root)
    }

    /// Makes a container, if it is not there, as a deployment does.
    pub fn create_container(&self, container: &str) {
        self.shared.lock().containers.entry(container.to_owned()).or_default();
    }

    /// The names of a container's blobs, sorted, those included that only carry leases.
    pub fn names(&self, container: &str) -> Vec<String> {
        let state = self.shared.lock();
        state.containers.get(container).map(|known| known.blobs().keys().cloned().collect()).unwrap_or_default()
    }

    /// The content of a blob.
    pub fn read(&self, container: &str, blob: &str) -> Option<Vec<u8>> {
        self.shared.lock().containers.get(container)?.blobs().get(blob).map(|blob| blob.bytes.to_vec())
    }

    /// Writes a blob, whoever holds what, and makes its container if it is not there.
    pub fn write(&self, container: &str, blob: &str, bytes: impl Into<Vec<u8>>) {
        let mut state = self.shared.lock();
        let container = state.containers.entry(container.to_owned()).or_default();
        container.write(blob, bytes.into().into(), "application/octet-stream");
    }

    /// Removes a blob, whoever holds what.
    pub fn remove(&self, container: &str, blob: &str) {
        if let Some(container) = self.shared.lock().containers.get_mut(container) {
            container.remove(blob);
        }
    }

    /// All leases have run out, as if their time were over. Whoever held one may still renew it, as Azure allows.
    pub fn forget_leases(&self) {
        self.shared.lock().containers.values_mut().for_each(Container::forget_leases);
    }

    /// No list has more than so many blobs on a page from now on.
    pub fn limit_pages(&self, page_size: usize) {
        self.shared.lock().page_size = page_size.max(1);
    }

    /// Every request that was understood, since the start, in the order of their effects.
    pub fn requests(&self) -> Vec<StorageRequest> {
        self.shared.lock().requests.clone()
    }

    /// What was asked that is not simulated. A test that does not expect any must fail on one.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Tells `hook` of every step of every request that is understood from now on.
    pub fn on_step(&self, hook: impl Fn(&Step) -> Then + Send + Sync + 'static) {
        self.shared.hooks.set(Some(Arc::new(hook)));
    }

    /// Nobody is told any more.
    pub fn clear_hook(&self) {
        self.shared.hooks.set(None);
    }
}
