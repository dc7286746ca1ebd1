//! `work`: woken by a message, it does what the inbox asks.
//!
//! Responsible for: serving requests until there are none or the time runs short, and waking itself again then. A `work`
//! that finds another one writing leaves: the other looks at the inbox again when it is done. Not responsible for: what a
//! job does; see [`usher_shared::run`].

use crate::handler::invocation::Context;
use crate::handler::{App, Failure, Invocation, QueueMessage, Reply};
use serde_json::{Map, Value};
use std::sync::Arc;
use usher_shared::inbox;
use usher_shared::journal::record::Job;
use usher_shared::run::{Order, RunError};
use usher_shared::until::Until;

/// Handles a message.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<QueueMessage>) -> Result<Reply, Failure> {
    let usher = app.usher().await?;
    let Invocation { payload: message, context } = invocation;
    if message.dequeue_count > 1 {
        tracing::warn!(messaging.dequeue_count = message.dequeue_count, "an earlier try failed or was cut off");
    }
    while let Some((request, etag)) = inbox::next(usher.store.as_ref()).await? {
        // Nobody asks a function to stop; it has a deadline.
        let (mut until, _stop) = Until::new(Some(context.deadline));
        let order = Order { job: request.job, adopt_state: false };
        match usher.run(order, &mut until, &|_| {}).await {
            Ok(report) if report.finished => {
                for partner in &report.partners {
                    log(request.job, &report, partner);
                }
                inbox::served(usher.store.as_ref(), &request, &etag).await?;
            }
            Ok(_) => {
                tracing::info!("the time of this invocation runs short; going on in the next");
                return Ok(wake(Reply::empty(), request.job, &context));
            }
            Err(RunError::Busy) => {
                tracing::info!("another usher is writing and will serve this");
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Reply::empty())
}

/// Adds the message that wakes `work`. What to do stands in the inbox; the message carries nothing but the trace.
pub(crate) fn wake(reply: Reply, job: Job, context: &Context) -> Reply {
    let mut message = Map::from_iter([("wake".to_owned(), Value::String(job.to_string()))]);
    if let Some(traceparent) = &context.traceparent {
        message.insert("traceparent".to_owned(), Value::String(traceparent.clone()));
    }
    reply.message("wake", message)
}

fn log(job: Job, report: &usher_shared::report::Report, partner: &usher_shared::report::PartnerReport) {
    use usher_shared::report::OutcomeReport::{Done, Failed, Unconfirmed};
    tracing::info!(
        run.id = %report.run,
        job = %job,
        partner = partner.partner,
        people.observed = partner.observed,
        actions.planned = partner.actions.len(),
        actions.done = partner.count(Done),
        actions.failed = partner.count(Failed),
        actions.unconfirmed = partner.count(Unconfirmed),
        people.waiting = partner.waiting,
        held = partner.held.as_ref().map(|held| tracing::field::debug(held.reason)),
        "run ended"
    );
    for action in partner.actions.iter().filter(|action| action.error.is_some()) {
        if let Some(error) = &action.error {
            tracing::warn!(
                run.id = %report.run, user.id = %action.person.id, error.code = error.code, error.transient = error.transient,
                "{} {:?}. {}", action.action, action.outcome, error.advice
            );
        }
    }
}
