//! `invite`: the timer of the quick path. It records the job and wakes `work`; it does nothing itself, so that a tick takes
//! no time and a missed or repeated one does no harm.

use crate::handler::{App, Failure, Invocation, Reply, TimerTick};
use crate::work;
use std::sync::Arc;
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;

/// Handles a tick.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<TimerTick>) -> Result<Reply, Failure> {
    let usher = app.usher().await?;
    let TimerTick { due, is_past_due } = invocation.payload;
    if is_past_due {
        tracing::warn!("ticks of this timer were missed; everything is found by state, so this one makes up for them");
    }
    inbox::ask(usher.store.as_ref(), &Request { job: Job::Invite, requested: usher.clock.now(), due }).await?;
    Ok(work::wake(Reply::empty(), Job::Invite, &invocation.context))
}
