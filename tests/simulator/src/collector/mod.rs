//! A stand-in for an OpenTelemetry collector: OTLP over HTTP with protobuf, on a port of this machine.
//!
//! Responsible for: taking traces, metrics and logs as a collector does, refusing what is none, and keeping all of it in
//! plain types. A test can order that it refuses everything, or never answers.
//!
//! Not responsible for: sending anything on.
//!
//! - `server`: the way of a request. `decode`: from protobuf to what a test looks at.

mod decode;
mod server;

use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// How long a test waits for something to arrive before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the collector does with requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It takes them.
    #[default]
    Takes,
    /// It answers 503.
    Refuses,
    /// It reads them and never answers.
    Hangs,
}

/// A running collector. Clones are the same; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Collector {
    shared: Arc<Mutex<Collected>>,
    endpoint: String,
    _server: Arc<Server>,
}

/// Attributes, with their values as text.
pub type Attributes = BTreeMap<String, String>;

/// What it holds.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    mood: Mood,
    /// How many requests came in, whatever became of them.
    pub requests: usize,
    /// The headers of the requests that were taken, each once.
    pub headers: BTreeMap<String, String>,
    /// The attributes of the resources, each once.
    pub resource: Attributes,
    /// The spans, in the order in which they arrived.
    pub spans: Vec<Span>,
    /// The numbers, the newest of each metric and attributes.
    pub numbers: BTreeMap<(String, Attributes), f64>,
    /// The unit of each metric.
    pub units: BTreeMap<String, String>,
    /// The log records, in the order in which they arrived.
    pub logs: Vec<Log>,
    /// All texts of all requests, wherever they stand in them.
    pub texts: Vec<String>,
}

/// One span.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its trace.
    pub trace: String,
    /// Its id.
    pub id: String,
    /// The span that it is part of; empty where there is none.
    pub parent: String,
    /// The spans that are linked to it.
    pub links: Vec<String>,
    /// What it is called.
    pub name: String,
    /// Its kind, by number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
    /// Whether its status says that it failed.
    pub failed: bool,
    /// Its attributes.
    pub attributes: Attributes,
}

/// One log record.
#[derive(Clone, Debug)]
pub struct Log {
    /// The trace in which it was written; empty where there is none.
    pub trace: String,
    /// What it says.
    pub body: String,
    /// Its attributes.
    pub attributes: Attributes,
}

/// Stops the server when dropped.
#[derive(Debug)]
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Collector {
    /// Starts a collector.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the collector")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let shared = Arc::default();
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, endpoint, _server: Arc::new(Server(task.abort_handle())) })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Orders what it does from now on.
    pub fn is(&self, mood: Mood) {
        lock(&self.shared).mood = mood;
    }

    /// What it holds now.
    pub fn collected(&self) -> Collected {
        lock(&self.shared).clone()
    }

    /// What it holds once that is enough.
    ///
    /// # Errors
    /// It is not enough after a while; the error shows names of what there is.
    pub async fn until(&self, enough: impl Fn(&Collected) -> bool) -> anyhow::Result<Collected> {
        let begun = Instant::now();
        loop {
            let collected = self.collected();
            if enough(&collected) {
                return Ok(collected);
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "what was expected did not arrive: {collected}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Collected {
    /// The spans of that name.
    pub fn spans_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Span> {
        self.spans.iter().filter(move |span| span.name == name)
    }

    /// The names of a span's ancestors, the nearest first, as far as they arrived.
    pub fn ancestors(&self, span: &Span) -> Vec<&str> {
        let parent_of = |span: &Span| self.spans.iter().find(|other| other.id == span.parent);
        std::iter::successors(parent_of(span), |span| parent_of(span)).map(|span| span.name.as_str()).collect()
    }

    /// The sum of a metric's numbers over all attributes that have these values.
    pub fn number(&self, metric: &str, attributes: &[(&str, &str)]) -> f64 {
        let has =
            |all: &Attributes| attributes.iter().all(|(name, value)| all.get(*name).is_some_and(|is| is == value));
        self.numbers.iter().filter(|((name, all), _)| name == metric && has(all)).map(|(_, number)| number).sum()
    }
}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans: Vec<_> = self.spans.iter().map(|span| &span.name).collect();
        write!(f, "{} requests, spans {spans:?}, numbers {:?}", self.requests, self.numbers)
    }
}

fn lock(shared: &Mutex<Collected>) -> MutexGuard<'_, Collected> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
