//! The way of an export to the collector.
//!
//! Responsible for: sending with the HTTP stack that Graph is asked with, on this process's runtime, within a time limit;
//! and telling once, not with each export, that the collector takes nothing. Not responsible for: what is sent, nor
//! headers and addresses, which are the exporter's and in no log.

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit of the OTLP specification.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer says next to nothing.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Sends one signal.
#[derive(Debug)]
pub(super) struct Courier {
    signal: &'static str,
    timeout: Duration,
    runtime: Handle,
    /// Made when first used, so that starting waits for nothing.
    http: OnceLock<reqwest::Client>,
    failing: AtomicBool,
}

impl Courier {
    /// A courier for a signal, named as in the variables: `TRACES`.
    pub(super) fn new(signal: &'static str) -> Self {
        let millis = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let timeout = millis(&format!("OTEL_EXPORTER_OTLP_{signal}_TIMEOUT"))
            .or_else(|| millis("OTEL_EXPORTER_OTLP_TIMEOUT"))
            .map_or(TIMEOUT, Duration::from_millis);
        let (runtime, failing) = (Handle::current(), AtomicBool::new(false));
        Self { signal, timeout, runtime, http: OnceLock::new(), failing }
    }

    fn http(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        // A redirect would carry the headers, and with them what authenticates, elsewhere.
        let made = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(self.timeout)
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(self.http.get_or_init(|| made))
    }

    /// Tells when the collector begins to fail, and when it takes telemetry again.
    fn note(&self, failure: Option<&str>) {
        let was_failing = self.failing.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(reason) if !was_failing => {
                tracing::warn!(otel.signal = self.signal, "the collector takes no telemetry: {reason}");
            }
            None if was_failing => tracing::info!(otel.signal = self.signal, "the collector takes telemetry again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let http = self.http()?.clone();
        let request = reqwest::Request::try_from(request)?;
        // The exporter calls from threads of its own, in which no connection lives.
        let answer = self.runtime.spawn(exchange(http, request)).await?;
        match &answer {
            Ok(answer) if answer.status().is_success() => self.note(None),
            Ok(answer) => self.note(Some(&format!("HTTP {}", answer.status().as_u16()))),
            // Only what kind of error it is: its text names the address, in which there may be a key.
            Err(error) if error.is_timeout() => self.note(Some("no answer in time")),
            Err(_) => self.note(Some("the connection failed")),
        }
        Ok(answer.map_err(reqwest::Error::without_url)?)
    }
}

async fn exchange(http: reqwest::Client, request: reqwest::Request) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = http.execute(request).await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.into());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}
