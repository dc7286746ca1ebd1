//! `invite`: the timer of the quick path, which finds whoever came into scope.

use crate::handler::{App, Failure, Invocation, Reply, TimerTick};
use crate::timer;
use std::sync::Arc;
use usher_shared::journal::record::Job;

/// Handles a tick.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<TimerTick>) -> Result<Reply, Failure> {
    timer::tick(app, invocation, Job::Invite).await
}
