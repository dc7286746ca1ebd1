//! One invocation: from the envelope to the outcome.
//!
//! Responsible for: sending it with the host's headers, its time limit, binding its outputs, and its record.
//!
//! Not responsible for: what the envelope holds, and what the trigger makes of a failure.

use super::function::{Function, Output};
use super::http::HttpAnswer;
use super::process::{Order, State, Supervisor};
use super::reply::{Answer, Reply};
use super::{HOST_VERSION, Inner};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::error::Error;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The record of one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The name of the function.
    pub function: String,
    /// `X-Azure-Functions-InvocationId`.
    pub id: Uuid,
    /// The W3C trace context that was sent.
    pub traceparent: String,
    /// When it began, by the host's clock.
    pub started: Timestamp,
    /// How long it took in real time.
    pub duration: Duration,
    /// The status that the handler answered, if it did.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: InvocationOutcome,
    /// The reply's `Logs`.
    pub logs: Vec<String>,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationOutcome {
    /// The reply was a success and its outputs were bound.
    Succeeded,
    /// The reply was none, or its outputs could not be bound, for this reason.
    Failed(String),
    /// functionTimeout passed, or the reply was one for which the host waits for ever; the handler was killed.
    TimedOut,
    /// There was no reply: no process, or it ended in between.
    HandlerLost(String),
}

impl Invocation {
    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.outcome == InvocationOutcome::Succeeded
    }
}

/// The process behind the port, or a port behind which a test answers.
pub(super) enum Handler {
    Process(Supervisor),
    Attached(u16),
}

/// Where one invocation is sent.
struct Endpoint {
    port: u16,
    generation: u64,
}

impl Handler {
    /// Why the host has stopped, if it has.
    pub(super) fn stopped(&self) -> Option<String> {
        match self {
            Self::Process(process) => match process.state() {
                State::Stopped(reason) => Some(reason),
                _ => None,
            },
            Self::Attached(_) => None,
        }
    }

    async fn endpoint(&self) -> Result<Endpoint, String> {
        match self {
            Self::Attached(port) => Ok(Endpoint { port: *port, generation: 0 }),
            Self::Process(process) => match process.settled().await {
                State::Running { port, generation, .. } => Ok(Endpoint { port, generation }),
                State::Stopped(reason) => Err(format!("the host has stopped: {reason}")),
                State::Gone | State::Starting => Err("connection refused".to_owned()),
            },
        }
    }

    async fn lost(&self, generation: u64) {
        if let Self::Process(process) = self {
            process.lost(generation).await;
        }
    }

    async fn time_out(&self, generation: u64) {
        if let Self::Process(process) = self {
            process.order(Order::TimeOut { generation }).await;
        }
    }
}

impl Inner {
    /// Sends an envelope to a function and binds what it answers; an HTTP function's answer comes with the record.
    pub(super) async fn invoke(&self, function: &Function, envelope: &Value) -> (Invocation, Option<HttpAnswer>) {
        let mut invocation = self.invocation(&function.name);
        let clock = Instant::now();
        let outcome = self.exchange(function, envelope, &mut invocation).await;
        invocation.duration = clock.elapsed();
        let mut answer = None;
        invocation.outcome = match outcome {
            Ok(http) => {
                answer = http;
                InvocationOutcome::Succeeded
            }
            Err(outcome) => outcome,
        };
        self.record(&invocation);
        (invocation, answer)
    }

    /// A record that has only begun.
    pub(super) fn invocation(&self, function: &str) -> Invocation {
        let trace = Uuid::new_v4().simple().to_string();
        let span = &Uuid::new_v4().simple().to_string()[..16];
        Invocation {
            function: function.to_owned(),
            id: Uuid::new_v4(),
            // Not sampled: that is what was seen of the host with the Application Insights SDK.
            traceparent: format!("00-{trace}-{span}-00"),
            started: self.clock.now(),
            duration: Duration::ZERO,
            status: None,
            outcome: InvocationOutcome::HandlerLost(String::new()),
            logs: Vec::new(),
        }
    }

    /// Adds to the log of invocations.
    pub(super) fn record(&self, invocation: &Invocation) {
        self.invocations.lock().push(invocation.clone());
    }

    async fn exchange(
        &self,
        function: &Function,
        envelope: &Value,
        invocation: &mut Invocation,
    ) -> Result<Option<HttpAnswer>, InvocationOutcome> {
        let lost = InvocationOutcome::HandlerLost;
        let endpoint = self.handler.endpoint().await.map_err(lost)?;
        let url = format!("http://127.0.0.1:{}/{}", endpoint.port, function.name);
        let send = self.send(&url, envelope, invocation);
        let limit = self.function_timeout.unwrap_or(Duration::MAX);
        let Ok(sent) = tokio::time::timeout(limit, send).await else {
            self.handler.time_out(endpoint.generation).await;
            return Err(InvocationOutcome::TimedOut);
        };
        let (status, content_type, body) = match sent {
            Ok(reply) => reply,
            Err(error) => {
                self.handler.lost(endpoint.generation).await;
                return Err(lost(chain(&error)));
            }
        };
        invocation.status = Some(status);
        match Reply::judge(status, &content_type, &body) {
            Reply::Completed(answer) => {
                invocation.logs.clone_from(&answer.logs);
                self.bind(function, &answer).await.map_err(|error| InvocationOutcome::Failed(format!("{error:#}")))
            }
            Reply::Failed(reason) => Err(InvocationOutcome::Failed(reason)),
            Reply::Never => {
                // Nobody would learn more from waiting, so the time passes at once.
                let limit = self.config.function_timeout.unwrap_or_default();
                self.clock.advance(SignedDuration::try_from(limit).unwrap_or_default());
                self.handler.time_out(endpoint.generation).await;
                Err(InvocationOutcome::TimedOut)
            }
        }
    }

    async fn send(
        &self,
        url: &str,
        envelope: &Value,
        invocation: &Invocation,
    ) -> reqwest::Result<(u16, String, Vec<u8>)> {
        let response = self
            .client
            .post(url)
            .header("User-Agent", format!("Azure-Functions-Host/{HOST_VERSION}"))
            .header("X-Azure-Functions-HostVersion", HOST_VERSION)
            .header("X-Azure-Functions-InvocationId", invocation.id.to_string())
            .header("traceparent", &invocation.traceparent)
            .header("Content-Type", "application/json; charset=utf-8")
            // With this header the body goes out chunked and without Content-Length, as from the host.
            .header("Transfer-Encoding", "chunked")
            .body(envelope.to_string())
            .send()
            .await?;
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Ok((status, content_type, response.bytes().await?.to_vec()))
    }

    /// Binds the outputs one after the other, as the host does: what was bound before a failure stays.
    async fn bind(&self, function: &Function, answer: &Answer) -> Result<Option<HttpAnswer>> {
        let mut http = None;
        for output in &function.outputs {
            match output {
                Output::Http { binding } => http = Some(answer.http(binding)?),
                Output::Queue { binding, queue } => {
                    for message in answer.messages(binding)? {
                        self.put(queue, message).await?;
                    }
                }
            }
        }
        Ok(http)
    }
}

/// An error with its causes: reqwest's own text does not say what went wrong with the connection.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
