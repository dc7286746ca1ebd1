//! A stand-in for a Teams Workflows webhook, and beside it a webhook that takes any JSON, on a port of this machine.
//!
//! Responsible for: answering as Power Automate is known to answer, and keeping what was taken. Like the real one it says 202
//! as soon as the trigger takes a message; what the workflow then cannot post is a failed run, which a test must look at.
//!
//! Not responsible for: how Teams shows a card.
//!
//! - `server`: the way of a request. `card`: what the workflow can post. `fault`: what a test orders instead.

mod card;
mod fault;
mod server;
#[cfg(test)]
mod tests;

pub use fault::Fault;

use anyhow::Context;
use fault::Faults;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use uuid::Uuid;

/// Power Automate's version 1 of the trigger's address: the slashes of `sp` are escaped, and the signature is over the whole.
const TRIGGER: &str = "triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=";

/// One of the two webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The workflow of a Teams channel.
    Workflow,
    /// The one that takes any JSON.
    Plain,
}

/// Running webhooks. Clones are the same; they stop when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Webhooks {
    shared: Shared,
    root: String,
    _server: Arc<Server>,
}

type Shared = Arc<Mutex<State>>;

/// What there is and what happened.
#[derive(Debug)]
struct State {
    workflow: String,
    plain: String,
    faults: Faults,
    requests: Vec<WebhookRequest>,
    messages: Vec<Value>,
    documents: Vec<Value>,
    failed_runs: Vec<String>,
}

/// One request that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookRequest {
    /// The webhook that it was meant for; none where there is none.
    pub hook: Option<Hook>,
    /// The size of its body in bytes.
    pub size: usize,
    /// The status that was answered; 0 where the connection was cut or left without an answer.
    pub status: u16,
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the server when dropped.
#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Webhooks {
    /// Starts the webhooks, with signatures of their own.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the webhooks")?;
        let root = format!("http://{}", listener.local_addr()?);
        let [workflow, signature, token] = [(); 3].map(|()| Uuid::new_v4().simple());
        let state = State {
            // Power Automate's signatures are base64url; the escape shows whether it is kept as it is.
            workflow: format!("/powerautomate/automations/direct/workflows/{workflow}/{TRIGGER}{signature}-_%2D"),
            plain: format!("/hooks/reports?token={token}"),
            faults: Faults::default(),
            requests: Vec::new(),
            messages: Vec::new(),
            documents: Vec::new(),
            failed_runs: Vec::new(),
        };
        let shared = Arc::new(Mutex::new(state));
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, root, _server: Arc::new(Server(task.abort_handle())) })
    }

    /// The URL of a webhook, which is a secret as the real one's is.
    pub fn url(&self, hook: Hook) -> String {
        let state = lock(&self.shared);
        format!("{}{}", self.root, state.target(hook))
    }

    /// The messages that the workflow's trigger took, in their order.
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.shared).messages.clone()
    }

    /// The cards of those messages.
    pub fn cards(&self) -> Vec<Value> {
        self.messages().into_iter().map(|mut message| message["attachments"][0]["content"].take()).collect()
    }

    /// What the plain webhook took, in its order.
    pub fn documents(&self) -> Vec<Value> {
        lock(&self.shared).documents.clone()
    }

    /// What the workflow took and could not post, and why. A test that does not expect any must fail on one.
    pub fn failed_runs(&self) -> Vec<String> {
        lock(&self.shared).failed_runs.clone()
    }

    /// Every request, whatever became of it, in the order of their answers.
    pub fn requests(&self) -> Vec<WebhookRequest> {
        lock(&self.shared).requests.clone()
    }

    /// The next requests to a webhook, so many of them, get this instead of their own answer, after what was ordered before.
    pub fn fail(&self, hook: Hook, times: usize, fault: Fault) {
        lock(&self.shared).faults.order(hook, times, fault);
    }
}

impl State {
    /// Path and query of a webhook.
    fn target(&self, hook: Hook) -> &str {
        match hook {
            Hook::Workflow => &self.workflow,
            Hook::Plain => &self.plain,
        }
    }

    /// The webhook at a path, if there is one.
    fn hook(&self, path: &str) -> Option<Hook> {
        [Hook::Workflow, Hook::Plain].into_iter().find(|hook| self.target(*hook).split('?').next() == Some(path))
    }
}
