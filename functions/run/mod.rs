//! `POST /api/run`: a job now, or once what a timer that fell silent has missed.
//!
//! The deployment's availability test calls it with `overdue`: timers have been seen to stop while HTTP went on.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::openapi::Operation;
use crate::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;
use usher_shared::ticks;

/// The body.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    job: Wanted,
}

/// What is wanted.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Wanted {
    /// The quick path.
    Invite,
    /// The full sweep.
    Reconcile,
    /// The summary card.
    Summary,
    /// What a timer has missed that is silent for more than two of its intervals.
    Overdue,
}

/// The answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AskedFor")]
struct Answer {
    /// The jobs that were asked for.
    asked: Vec<Job>,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/run", "run", "Asks for a job, once however often it is called")
            .takes::<Asked>()
            .answers::<Answer>(200, "Nothing is overdue.")
            .answers::<Answer>(202, "It is asked for."),
    ]
}

/// Records the job and wakes `work`: 202 with what was asked for, 200 where nothing is overdue.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let Asked { job } = invocation.payload.json()?;
    let usher = app.usher().await?;
    let (store, now) = (usher.store.as_ref(), usher.clock.now());
    let jobs = match job {
        Wanted::Invite => vec![Job::Invite],
        Wanted::Reconcile => vec![Job::Reconcile],
        Wanted::Summary => vec![Job::Summary],
        Wanted::Overdue => ticks::take_overdue(store, now).await?,
    };
    for job in &jobs {
        match job {
            // A run under way must not hold it up; `work` sends it.
            Job::Summary => usher.write_summary(now).await?,
            job => inbox::ask(store, &Request { job: *job, requested: now, due: None }).await?,
        }
    }
    let first = jobs.first().copied();
    let reply = json_answer(if first.is_some() { 202 } else { 200 }, &Answer { asked: jobs });
    // One message is enough: `work` looks what is asked.
    Ok(match first {
        Some(job) => work::wake(reply, job, &invocation.context),
        None => reply,
    })
}
