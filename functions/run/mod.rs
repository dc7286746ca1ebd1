//! `POST /api/run`: a job now, or once what a timer that fell silent has missed.
//!
//! The deployment's availability test calls it with `overdue`: timers have been seen to stop while HTTP went on.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::work;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;
use usher_shared::ticks;

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    job: Wanted,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    Invite,
    Reconcile,
    Overdue,
}

/// Records the job and wakes `work`: 202 with what was asked for, 200 where nothing is overdue.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let Asked { job } = invocation.payload.json()?;
    let usher = app.usher().await?;
    let (store, now) = (usher.store.as_ref(), usher.clock.now());
    let jobs = match job {
        Wanted::Invite => vec![Job::Invite],
        Wanted::Reconcile => vec![Job::Reconcile],
        Wanted::Overdue => ticks::take_overdue(store, now).await?,
    };
    for job in &jobs {
        inbox::ask(store, &Request { job: *job, requested: now, due: None }).await?;
    }
    let status = if jobs.is_empty() { 200 } else { 202 };
    let reply = json_answer(status, &json!({ "asked": jobs }));
    // One message is enough: `work` looks what is asked.
    Ok(match jobs.first() {
        Some(job) => work::wake(reply, *job, &invocation.context),
        None => reply,
    })
}
