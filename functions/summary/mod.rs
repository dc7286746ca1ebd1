//! `summary`: the timer of the daily card.
//!
//! It does its work itself, because a run under way must not hold it up; it reads only the state, but for the names that
//! the card may show.

use crate::handler::{App, Failure, Invocation, Reply, TimerTick};
use std::sync::Arc;
use usher_shared::journal::record::Job;
use usher_shared::ticks;

/// Handles a tick.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<TimerTick>) -> Result<Reply, Failure> {
    let usher = app.usher().await?;
    let due = invocation.payload.due.unwrap_or_else(|| usher.clock.now());
    ticks::note(usher.store.as_ref(), Job::Summary, due).await?;
    usher.write_summary(due).await?;
    usher.send_reports().await;
    Ok(Reply::empty())
}
