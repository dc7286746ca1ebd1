//! Steps of a request as a test sees them from outside: what a process of ours is waiting for when it is killed, stalled or
//! left without an answer.
//!
//! Responsible for: calling a test's hook when a request has arrived, when its effect is done, and when its answer is out.
//!
//! Not responsible for: what the test then does to the process; faults in what is answered (`tenant::Fault`).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It was read completely and has had no effect.
    Received,
    /// Its effect is done, or it was found to have none, and it is not answered. Does not come after [`Then::Refuse`].
    Done,
    /// Its answer is out: all of it was handed to the network. Does not come where the connection ended before.
    Answered,
}

/// Who serves a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// The simulated tenant.
    Graph,
    /// The stand-in for Blob Storage.
    Storage,
}

/// One request at one stage.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands.
    pub stage: Stage,
    /// Who serves it.
    pub service: Service,
    /// `GET`, `POST` and so on of Graph; of Storage what it is: `get`, `get-properties`, `put`, `put-block`,
    /// `put-block-list`, `delete`, `list`, `create-container`, `acquire-lease`, `renew-lease`, `change-lease`,
    /// `release-lease`, `break-lease`.
    pub operation: String,
    /// The path below Graph's version, or the name of the blob; empty for a container.
    pub target: String,
    /// Whether it may change something: a lease operation does, and a batch if one of its requests does.
    pub is_write: bool,
}

/// What happens next to the request. When its answer is out, nothing can happen to it any more.
#[derive(Clone, Debug)]
pub enum Then {
    /// What would happen anyhow.
    GoOn,
    /// The connection is cut; a request that has only been received has no effect.
    Cut,
    /// It goes on after this, in real time, whether its sender is still there or not.
    Wait(Duration),
    /// It goes on when the gate is opened, whether its sender is still there or not.
    Hold(Gate),
    /// It is answered with this status and code, without effect. Only for a request that has just been received; where its
    /// effect is done, it goes on.
    Refuse(u16, &'static str),
}

/// Holds requests until it is opened. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Lets everything through that is held, and whatever comes.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn opened(&self) {
        // It fails only when the sender is gone, and this is one.
        self.0.subscribe().wait_for(|open| *open).await.ok();
    }
}

type Hook = Arc<dyn Fn(&Step) -> Then + Send + Sync>;

/// Where a test hooks in. Clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Hooks(Arc<Mutex<Option<Hook>>>);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}

impl Hooks {
    /// Sets the hook, or removes it.
    pub(crate) fn set(&self, hook: Option<Hook>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hook;
    }

    /// Tells the hook of a step and does what can be done here: what is left is `GoOn`, `Cut` or `Refuse`.
    ///
    /// The caller must hold no lock, and none is held here: the hook may look at whatever it likes, and kill whom it likes.
    pub(crate) async fn step(&self, step: &Step) -> Then {
        match self.tell(step) {
            Then::Wait(time) => tokio::time::sleep(time).await,
            Then::Hold(gate) => gate.opened().await,
            other => return other,
        }
        Then::GoOn
    }

    /// Tells the hook of a step; what it wants is up to the caller.
    pub(crate) fn tell(&self, step: &Step) -> Then {
        let hook = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hook.map_or(Then::GoOn, |hook| hook(step))
    }
}

/// Serves a request to its end even if its sender goes away meanwhile: a real service carries out what it has read.
pub(crate) async fn to_the_end(serve: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(serve).await {
        Ok(response) => response,
        // A hook that panics fails the request as it would without the task; only a runtime that ends cancels it.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}
