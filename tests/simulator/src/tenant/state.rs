//! Everything that a tenant's HTTP front works on, and the way of one request through it: fault, token, limits,
//! effect, record.

use super::audit::Actor;
use super::auth::Caller;
use super::cost::Cost;
use super::delta::Delta;
use super::error::GraphError;
use super::faults::{Damage, Faults, Kind, last_page};
use super::meter::Meter;
use super::model::Directory;
use super::request::{Answer, Body, GraphResult, Payload, Request};
use super::routes;
use super::site::Site;
use crate::exchange::Exchange;
use uuid::Uuid;

/// Everything that a tenant's HTTP front works on.
#[derive(Debug)]
pub(super) struct State {
    pub(super) directory: Directory,
    /// The tenants that this one knows.
    pub(super) site: Site,
    /// Where the request came in: `http://127.0.0.1:…`.
    pub(super) root: String,
    /// Signs tokens, and is the identity endpoint's header.
    pub(super) secret: Uuid,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) violations: Vec<String>,
    pub(super) faults: Faults,
    pub(super) meter: Meter,
    pub(super) delta: Delta,
    /// How many requests were answered so far: makes request ids and the order inside a batch the same in every run.
    pub(super) served: u64,
}

impl State {
    /// Serves a request that came by itself.
    pub(super) fn serve(&mut self, request: &Request) -> Answer {
        self.meter.begin();
        self.exchange(request, |state| {
            let caller = Caller::authenticate(request.authorization.as_deref(), &state.directory, state.secret)?;
            state.carry_out(&caller, request)
        })
    }

    /// Answers a request so, without effect.
    pub(super) fn refuse(&mut self, request: &Request, status: u16, code: &str) -> Answer {
        self.exchange(request, |_| Err(GraphError::new(status, code, "A refusal that was ordered.")))
    }

    /// Leaves a request without effect and without answer.
    pub(super) fn lose(&mut self, request: &Request) -> Answer {
        let answer = Answer::lost();
        self.record(request, &answer);
        answer
    }

    /// Carries out a request if the limits allow it.
    pub(super) fn carry_out(&mut self, caller: &Caller, request: &Request) -> GraphResult {
        let directory = &self.directory;
        let (app, tenant, now) = (directory.client_id(), directory.tenant_id(), directory.clock().now());
        let headers = self.meter.charge(Cost::of(request), now, app, tenant)?;
        self.directory.actor = caller.actor.clone();
        let result = routes::dispatch(self, caller, &request.without_types());
        self.directory.actor = Actor::default();
        match result {
            Ok(mut answer) => {
                answer.headers.extend(headers);
                Ok(answer)
            }
            Err(mut error) => {
                error.headers.extend(headers);
                Err(error)
            }
        }
    }

    /// Answers a request by `effect`, unless a fault was ordered, and records it.
    pub(super) fn exchange(&mut self, request: &Request, effect: impl FnOnce(&mut Self) -> GraphResult) -> Answer {
        self.served += 1;
        self.directory.purge_expired();
        let number = self.served;
        let fault = self.faults.take(request);
        let carried_out = fault.as_ref().is_none_or(|fault| fault.after_effect);
        let mut result = if carried_out { effect(self) } else { Ok(Answer::empty(200)) };
        let damage = match fault.map(|fault| fault.kind) {
            Some(Kind::Error(error)) => {
                result = Err(error);
                None
            }
            Some(Kind::Damage(damage)) => Some(damage),
            Some(Kind::LastPage(items)) => {
                result = result.map(|answer| last_page(answer, items));
                None
            }
            None => None,
        };
        let mut answer = result.unwrap_or_else(|error| self.refusal(request, number, error));
        answer.headers.push(("request-id", self.request_id(number).to_string()));
        answer.damage = answer.damage.max(damage);
        if answer.damage == Some(Damage::Lost) {
            answer = Answer::lost();
        }
        self.record(request, &answer);
        answer
    }

    fn refusal(&mut self, request: &Request, number: u64, error: GraphError) -> Answer {
        if error.violation {
            self.violate(format!("{} {}?{}: {}", request.method, request.path, request.query, error.message));
        }
        let id = self.request_id(number);
        let client = request.client_request_id.clone().unwrap_or_else(|| id.to_string());
        let date = self.directory.now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let envelope = error.envelope(id, &client, &date);
        Answer { headers: error.headers, ..Answer::json(error.status, envelope) }
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
        let response =
            if bodies && answer.damage.is_none() { answer.body.clone().map(Payload::into_tree) } else { None };
        self.exchanges.push(Exchange {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            request: sent,
            status: answer.status,
            response,
            in_batch: request.in_batch,
            eventual: request.eventual,
            priority: request.priority.clone(),
        });
    }
}
