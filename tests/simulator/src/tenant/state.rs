//! Everything that a tenant's HTTP front works on, and the way of one request through it: fault, permission, effect,
//! record.

use super::auth::Caller;
use super::error::GraphError;
use super::faults::Faults;
use super::model::Directory;
use super::request::{Answer, Body, GraphResult, Request};
use super::routes;
use crate::exchange::Exchange;
use uuid::Uuid;

/// Everything that a tenant's HTTP front works on.
#[derive(Debug)]
pub(super) struct State {
    pub(super) directory: Directory,
    /// Where this tenant listens: `http://127.0.0.1:…`.
    pub(super) root: String,
    /// Signs tokens, and is the identity endpoint's header.
    pub(super) secret: Uuid,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) violations: Vec<String>,
    pub(super) faults: Faults,
    /// How many requests were answered so far: makes request ids and the order inside a batch the same in every run.
    pub(super) served: u64,
}

impl State {
    /// Serves a request that came by itself.
    pub(super) fn serve(&mut self, request: &Request) -> Answer {
        self.exchange(request, |state| {
            let caller = Caller::authenticate(request.authorization.as_deref(), &state.directory, state.secret)?;
            routes::dispatch(state, &caller, request)
        })
    }

    /// Answers a request by `effect`, unless a fault was ordered, and records it.
    pub(super) fn exchange(&mut self, request: &Request, effect: impl FnOnce(&mut Self) -> GraphResult) -> Answer {
        self.served += 1;
        let number = self.served;
        let fault = self.faults.take(request);
        let mut result = Ok(Answer::lost());
        if fault.as_ref().is_none_or(|fault| fault.after_effect) {
            result = effect(self);
        }
        let mut retry_after = None;
        if let Some(fault) = fault {
            result = fault.error.map_or(Ok(Answer::lost()), Err);
            retry_after = fault.retry_after;
        }
        let mut answer = result.unwrap_or_else(|error| self.refusal(request, number, &error));
        answer.headers.push(("request-id", self.request_id(number).to_string()));
        answer.headers.extend(retry_after.map(|seconds| ("retry-after", seconds)));
        self.record(request, &answer);
        answer
    }

    fn refusal(&mut self, request: &Request, number: u64, error: &GraphError) -> Answer {
        if error.violation {
            self.violate(format!("{} {}?{}: {}", request.method, request.path, request.query, error.message));
        }
        let id = self.request_id(number);
        let client = request.client_request_id.clone().unwrap_or_else(|| id.to_string());
        let date = self.directory.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        Answer::json(error.status, error.envelope(id, &client, &date))
    }

    pub(super) fn violate(&mut self, what: String) {
        tracing::error!("{what}");
        self.violations.push(what);
    }

    fn request_id(&self, number: u64) -> Uuid {
        self.directory.derived_id(&format!("request/{number}"))
    }

    fn record(&mut self, request: &Request, answer: &Answer) {
        let bodies = self.directory.options.record_bodies;
        let sent = match &request.body {
            Body::Json(value) if bodies => Some(value.clone()),
            _ => None,
        };
        self.exchanges.push(Exchange {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            request: sent,
            status: answer.status,
            response: if bodies { answer.body.clone() } else { None },
            in_batch: request.in_batch,
            eventual: request.eventual,
            priority: request.priority.clone(),
        });
    }
}
