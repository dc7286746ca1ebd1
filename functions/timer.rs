//! What the timers have in common: each records its job and wakes `work`. It does nothing itself, so that a tick takes no
//! time and a missed or repeated one does no harm.

use crate::handler::{App, Failure, Invocation, Reply, TimerTick};
use crate::work;
use std::sync::Arc;
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;
use usher_shared::ticks;

/// Handles a tick of the timer for `job`.
pub(crate) async fn tick(app: Arc<App>, invocation: Invocation<TimerTick>, job: Job) -> Result<Reply, Failure> {
    let usher = app.usher().await?;
    let TimerTick { due, is_past_due } = invocation.payload;
    if is_past_due {
        tracing::warn!(job = %job, "ticks of this timer were missed; everything is found by state, so this one makes up for them");
    }
    let now = usher.clock.now();
    ticks::note(usher.store.as_ref(), job, due.unwrap_or(now)).await?;
    inbox::ask(usher.store.as_ref(), &Request { job, requested: now, due }).await?;
    Ok(work::wake(Reply::empty(), job, &invocation.context))
}
