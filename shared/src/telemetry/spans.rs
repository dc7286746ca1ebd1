//! The spans: invocations, runs, their phases, and requests to Graph.
//!
//! Responsible for: their names and attributes, after OpenTelemetry's semantic conventions. They hold templates of paths
//! instead of paths, and ids of runs instead of people. Not responsible for: what is logged meanwhile.

use super::{metrics, traceparent};
use crate::config::Mode;
use crate::ids::RunId;
use crate::journal::record::Job;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_semantic_conventions::attribute;
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of all of them, by which they are kept apart from what is printed.
pub(super) const TARGET: &str = "telemetry";
/// What the conventions have no name for.
const RUN_ID: &str = "usher.run.id";
const STATUS: &str = "otel.status_code";

/// What called a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A timer.
    Timer,
    /// A message of a queue.
    Message,
    /// A request over HTTP.
    Http,
}

/// A call of a function.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// The function's name.
    pub function: &'a str,
    /// What called it.
    pub trigger: Trigger,
    /// The host's id of the call.
    pub id: &'a str,
    /// The trace context that the host brought.
    pub host: Option<&'a str>,
    /// The trace context of whoever sent the message.
    pub sender: Option<&'a str>,
}

/// The span of a call. The sender's trace goes on where there is one, and the host's is linked to it.
pub fn invocation(called: &Called<'_>) -> Span {
    let Called { function, trigger, id, host, sender } = *called;
    let message = trigger == Trigger::Message;
    let (kind, trigger) = match trigger {
        Trigger::Timer => ("server", "timer"),
        Trigger::Message => ("consumer", "pubsub"),
        Trigger::Http => ("server", "http"),
    };
    let span = tracing::info_span!(
        target: TARGET,
        "function",
        otel.name = function,
        otel.kind = kind,
        { attribute::FAAS_NAME } = function,
        { attribute::FAAS_TRIGGER } = trigger,
        { attribute::FAAS_INVOCATION_ID } = id,
        { attribute::MESSAGING_SYSTEM } = message.then_some("azure_queue_storage"),
        { attribute::MESSAGING_DESTINATION_NAME } = queue_of(function),
        { attribute::MESSAGING_OPERATION_NAME } = message.then_some("process"),
        { attribute::MESSAGING_OPERATION_TYPE } = message.then_some("process"),
        { attribute::ERROR_TYPE } = Empty,
        { STATUS } = Empty,
    );
    let [host, sender] = [host, sender].map(|header| header.and_then(traceparent::read));
    let (parent, link) = match sender {
        Some(sender) => (Some(sender), host),
        None => (host, None),
    };
    if let Some(parent) = parent {
        // Fails only where nothing is traced.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    if let Some(link) = link {
        span.add_link(link);
    }
    span
}

/// The queue that calls a function.
fn queue_of(function: &str) -> Option<&'static str> {
    match function {
        "work" => Some("usher-work"),
        "failed" => Some("usher-work-poison"),
        _ => None,
    }
}

/// A run of a job.
pub(crate) fn run(job: Job, mode: Mode) -> Span {
    let mode = if mode == Mode::Apply { "apply" } else { "plan" };
    tracing::info_span!(
        target: TARGET,
        "run",
        otel.name = format!("run {job}"),
        usher.job = %job,
        usher.mode = mode,
        { RUN_ID } = Empty,
        { attribute::ERROR_TYPE } = Empty,
        { STATUS } = Empty,
    )
}

/// Notes under which id a run is journalled and reported.
pub(crate) fn run_is(span: &Span, run: RunId) {
    span.record(RUN_ID, tracing::field::display(run));
}

/// Notes that what a span is about failed, and with which kind of error.
pub fn failed(span: &Span, kind: &str) {
    span.record(attribute::ERROR_TYPE, kind);
    span.record(STATUS, "ERROR");
}

/// Reading the directory.
pub(crate) fn observe() -> Span {
    tracing::info_span!(target: TARGET, "observe")
}

/// Planning, with the evidence that is read for it.
pub(crate) fn plan() -> Span {
    tracing::info_span!(target: TARGET, "plan")
}

/// Carrying out what was planned.
pub(crate) fn apply() -> Span {
    tracing::info_span!(target: TARGET, "apply")
}

/// Working off requests for people.
pub(crate) fn provision() -> Span {
    tracing::info_span!(target: TARGET, "provision")
}

/// One request to Graph, from sending to the end of the answer.
pub(crate) struct Call {
    span: Span,
    method: String,
    template: &'static str,
    status: Option<u16>,
    begun: Instant,
}

impl Call {
    /// Begins; `resent` counts the tries before this one, `inner` the requests in a batch.
    pub(crate) fn begin(method: &str, template: &'static str, server: &url::Url, resent: usize, inner: usize) -> Self {
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            otel.name = format!("{method} {template}"),
            otel.kind = "client",
            { attribute::HTTP_REQUEST_METHOD } = method,
            { attribute::URL_TEMPLATE } = template,
            { attribute::SERVER_ADDRESS } = server.host_str(),
            { attribute::SERVER_PORT } = server.port_or_known_default(),
            { attribute::HTTP_REQUEST_RESEND_COUNT } = (resent > 0).then_some(resent),
            usher.graph.batch_size = (inner > 0).then_some(inner),
            { attribute::HTTP_RESPONSE_STATUS_CODE } = Empty,
            { attribute::ERROR_TYPE } = Empty,
            { STATUS } = Empty,
        );
        Self { span, method: method.to_owned(), template, status: None, begun: Instant::now() }
    }

    /// The span, to be entered.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes the status of the answer.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = Some(status);
        self.span.record(attribute::HTTP_RESPONSE_STATUS_CODE, status);
    }

    /// Ends; `failure` is the kind of error where there was one.
    pub(crate) fn end(self, failure: Option<&str>) {
        let kind = match self.status {
            Some(status) if status >= 400 => Some(status.to_string()),
            _ => failure.map(str::to_owned),
        };
        if let Some(kind) = &kind {
            failed(&self.span, kind);
        }
        metrics::graph_request(&self.method, self.template, self.status);
        metrics::graph_duration(&self.method, self.template, self.status, self.begun.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_named_as_the_functions_bind_them() {
        let bound = [
            ("work", include_str!("../../../functions/work/function.json")),
            ("failed", include_str!("../../../functions/failed/function.json")),
        ];
        for (function, json) in bound {
            let json: serde_json::Value = serde_json::from_str(json).unwrap();
            let mut bindings = json["bindings"].as_array().unwrap().iter();
            let trigger = bindings.find(|binding| binding["type"] == "queueTrigger").unwrap();
            assert_eq!(trigger["queueName"].as_str(), queue_of(function));
        }
    }
}
