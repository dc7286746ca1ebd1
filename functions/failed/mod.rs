//! `failed`: takes what `work` could not do in five tries, and records it with its cause.
//!
//! Responsible for: that nothing is given up unseen. It never fails itself, because nobody would look after its own failures:
//! what it cannot record, it logs. Not responsible for: trying again; what was asked for stays in the inbox, and the next tick
//! wakes `work`.

use crate::handler::{App, Failure, Invocation, QueueMessage, Reply};
use std::sync::Arc;
use usher_shared::failures;
use usher_shared::outbox::alarm::{self, Alarm};
use usher_shared::telemetry::metrics;

/// Handles a message from the poison queue.
pub(crate) async fn handle(app: Arc<App>, _: Invocation<QueueMessage>) -> Result<Reply, Failure> {
    let noted = async {
        let usher = app.usher().await?;
        failures::note_given_up(usher.store.as_ref(), usher.clock.now()).await?;
        alarm::raise(usher.store.as_ref(), vec![Alarm::work_given_up()], usher.clock.now()).await?;
        usher.send_reports().await;
        Ok::<_, Failure>(())
    };
    metrics::poison_message();
    tracing::error!(
        "work was given up after too many tries; `usher status` shows the cause, and the next tick tries again"
    );
    if let Err(failure) = noted.await {
        tracing::error!("that could not be recorded: {failure}");
    }
    Ok(Reply::empty())
}
