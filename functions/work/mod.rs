//! `work`: woken by a message, it does what the inbox asks.
//!
//! Responsible for: serving requests until there are none or the time runs short, and waking itself again then. A `work`
//! that finds another one at work leaves: the other looks at the inbox again when it is done. Not responsible for: what a
//! job does; see [`usher_shared::run`].

use crate::handler::invocation::Context;
use crate::handler::{App, Failure, Invocation, QueueMessage, Reply};
use serde_json::{Map, Value};
use std::sync::Arc;
use usher_shared::failures;
use usher_shared::inbox::Request;
use usher_shared::journal::record::Job;
use usher_shared::report::{OutcomeReport, PartnerReport, Report};
use usher_shared::run::Served;
use usher_shared::telemetry;
use usher_shared::until::Until;

/// Handles a message.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<QueueMessage>) -> Result<Reply, Failure> {
    let usher = app.usher().await?;
    let Invocation { payload: message, context } = invocation;
    if message.dequeue_count > 1 {
        tracing::warn!(messaging.dequeue_count = message.dequeue_count, "an earlier try failed or was cut off");
    }
    // Nobody asks a function to stop; it has a deadline.
    let (mut until, _stop) = Until::new(Some(context.deadline));
    let served = usher.serve_inbox(&mut until, &log).await;
    usher.send_reports().await;
    match served {
        Ok(Served::All) => Ok(Reply::empty()),
        Ok(Served::LeftToAnother) => {
            tracing::info!("another usher is at work and serves what is asked");
            Ok(Reply::empty())
        }
        Ok(Served::NotDone(job)) => {
            tracing::info!("there is more to do than fits into this invocation; going on in the next");
            Ok(wake(Reply::empty(), job, &context))
        }
        // A failed invocation would be repeated at once, and given up after five times. The request stays in the inbox and
        // each tick wakes `work`, so an outage of hours ends by itself.
        Ok(Served::Failed(job, error)) => {
            tracing::error!(job = %job, "the directory could not be read, so nothing was done; the next tick tries again: {error}");
            Ok(Reply::empty())
        }
        Err(error) => {
            // If this was the last try, `failed` finds it there.
            if let Err(unnoted) =
                failures::note_cause(usher.store.as_ref(), &error.to_string(), usher.clock.now()).await
            {
                tracing::warn!("the cause could not be noted: {unnoted}");
            }
            Err(error.into())
        }
    }
}

/// Adds the message that wakes `work`. What to do stands in the inbox; the message carries nothing but the trace.
pub(crate) fn wake(reply: Reply, job: Job, context: &Context) -> Reply {
    let mut message = Map::from_iter([("wake".to_owned(), Value::String(job.to_string()))]);
    // While nothing is traced here, the host's own trace goes on.
    if let Some(traceparent) = telemetry::traceparent().or_else(|| context.traceparent.clone()) {
        message.insert("traceparent".to_owned(), Value::String(traceparent));
    }
    reply.message("wake", message)
}

/// Logs what became of a run: ids and counts, and each failure once.
fn log(request: &Request, report: &Report) {
    for partner in &report.partners {
        log_partner(request.job, report, partner);
    }
}

fn log_partner(job: Job, report: &Report, partner: &PartnerReport) {
    tracing::info!(
        run.id = %report.run,
        job = %job,
        partner = partner.partner,
        people.observed = partner.observed,
        actions.planned = partner.actions.len(),
        actions.done = partner.count(OutcomeReport::Done),
        actions.failed = partner.count(OutcomeReport::Failed),
        actions.unconfirmed = partner.count(OutcomeReport::Unconfirmed),
        people.waiting = partner.waiting,
        held = partner.held.as_ref().map(|held| tracing::field::display(held.reason.name())),
        good = partner.is_good(),
        "{}", if report.finished { "run ended" } else { "run goes on" }
    );
    if let Some(error) = &partner.error {
        tracing::error!(run.id = %report.run, partner = partner.partner, error.code = error.code, "partner failed. {}", error.advice);
    }
    for action in &partner.actions {
        if let Some(error) = &action.error {
            tracing::warn!(
                run.id = %report.run, user.id = %action.person.id, error.code = error.code, error.transient = error.transient,
                "{} {:?}. {}", action.action, action.outcome, error.advice
            );
        }
    }
}
