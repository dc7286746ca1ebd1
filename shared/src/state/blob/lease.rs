//! A lease on a blob, renewed while it is held.
//!
//! Responsible for: renewing it in time, and telling for how long it is certain. Not responsible for: taking it.

use super::problem::ask;
use crate::clock::uptime;
use crate::state::{LEASE, Lease};
use async_trait::async_trait;
use azure_core::http::StatusCode;
use azure_storage_blob::BlobClient;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;

/// A lease is renewed this often, so that two renewals may fail before it runs out.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// What is answered when somebody else has it, or the blob is gone; everything else may pass.
const LOST: [StatusCode; 3] = [StatusCode::NotFound, StatusCode::Conflict, StatusCode::PreconditionFailed];
/// How soon a renewal that failed for the moment is tried again.
const RENEW_AGAIN: Duration = Duration::from_secs(5);

/// A lease that a task of its own renews until it is released or dropped.
pub(super) struct BlobLease {
    blob: Arc<BlobClient>,
    id: String,
    /// When it was certainly ours last, by [`uptime`]; `None` once it is lost.
    confirmed: Confirmed,
    renewal: AbortHandle,
}

type Confirmed = Arc<Mutex<Option<Duration>>>;

impl BlobLease {
    /// Keeps the lease `id`, which was asked for at `asked` by [`uptime`].
    pub(super) fn kept(blob: BlobClient, id: String, asked: Duration) -> Self {
        let blob = Arc::new(blob);
        let confirmed: Confirmed = Arc::new(Mutex::new(Some(asked)));
        let renewal = tokio::spawn(renew(Arc::clone(&blob), id.clone(), Arc::clone(&confirmed))).abort_handle();
        Self { blob, id, confirmed, renewal }
    }
}

async fn renew(blob: Arc<BlobClient>, id: String, confirmed: Confirmed) {
    let mut pause = RENEW_EVERY;
    loop {
        tokio::time::sleep(pause).await;
        // It counts from when it was asked for: the answer may be late.
        let asked = uptime();
        let renewed = ask(blob.renew_lease(id.clone(), None)).await;
        let mut confirmed = confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        pause = match renewed {
            Ok(_) => {
                *confirmed = Some(asked);
                RENEW_EVERY
            }
            Err(problem) if LOST.iter().any(|status| problem.has(*status)) => {
                tracing::warn!("a lease was lost: {}", problem.error);
                *confirmed = None;
                return;
            }
            Err(_) => RENEW_AGAIN,
        };
    }
}

#[async_trait]
impl Lease for BlobLease {
    fn certain_for(&self) -> Duration {
        let confirmed = *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner);
        confirmed.map_or(Duration::ZERO, |at| (at + LEASE).saturating_sub(uptime()))
    }

    async fn release(self: Box<Self>) {
        self.renewal.abort();
        if let Err(problem) = ask(self.blob.release_lease(self.id.clone(), None)).await {
            tracing::info!("a lease could not be released and will run out: {}", problem.error);
        }
    }
}

impl Drop for BlobLease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
