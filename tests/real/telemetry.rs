//! usher's telemetry as a collector that others wrote understands it: oteltap, which takes OTLP over HTTP and prints what it
//! took.
//!
//! Responsible for: one run of the real binary under the host stand-in, told to oteltap as a child process, with its spans in
//! one trace, its metrics and its log. Not responsible for: what is in them; the end-to-end tests are. Nor for installing it;
//! `pip install -r requirements.txt` does.

use crate::support::{Config, World, app};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use usher_simulator::host::Host;

/// The variable that names its executable.
const EXECUTABLE: &str = "OTELTAP";
/// How long a run and its exports may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running oteltap, which ends when it is dropped.
struct Collector {
    _child: Child,
    printed: Lines<BufReader<ChildStdout>>,
    endpoint: String,
    spans: Vec<Value>,
    metrics: BTreeMap<String, String>,
    logs: Vec<Value>,
}

impl Collector {
    /// Starts one and returns when it listens.
    async fn start() -> Result<Self> {
        let executable = std::env::var_os(EXECUTABLE).with_context(|| {
            format!(
                "{EXECUTABLE} is not set: it names oteltap's executable, which `pip install -r \
                 tests/real/requirements.txt` puts into a virtual environment"
            )
        })?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(executable);
        command.args(["--port", &port.to_string()]).env("PYTHONUNBUFFERED", "1");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut printed = BufReader::new(child.stdout.take().context("its output")?).lines();
        let first = tokio::time::timeout(PATIENCE, printed.next_line()).await??;
        ensure!(first.as_ref().is_some_and(|line| line.starts_with("Listening")), "{first:?}");
        let endpoint = format!("http://127.0.0.1:{port}");
        Ok(Self { _child: child, printed, endpoint, spans: Vec::new(), metrics: BTreeMap::new(), logs: Vec::new() })
    }

    /// Reads on until it took what is looked for.
    async fn until(&mut self, found: impl Fn(&Self) -> bool) -> Result<()> {
        while !found(self) {
            let line = tokio::time::timeout(PATIENCE, self.printed.next_line());
            let line =
                line.await.with_context(|| format!("only this came: {:?} {:?}", self.names(), self.metrics))??;
            let one: Value = serde_json::from_str(&line.context("oteltap ended")?)?;
            // It prints everything in one stream: a log record has a body, a span an id of its own, the rest are metrics.
            if one.get("body").is_some() {
                self.logs.push(one);
            } else if one.get("spanId").is_some() {
                self.spans.push(one);
            } else {
                self.metrics.insert(text(&one, "name").to_owned(), text(&one, "unit").to_owned());
            }
        }
        Ok(())
    }

    fn names(&self) -> BTreeSet<&str> {
        self.spans.iter().map(|span| text(span, "name")).collect()
    }

    /// A span's name and those of the spans above it, as far as they were told.
    fn way(&self, span: &Value) -> Vec<String> {
        let parent = self.spans.iter().find(|other| text(other, "spanId") == text(span, "parentSpanId"));
        let mut way = vec![text(span, "name").to_owned()];
        way.extend(parent.map(|parent| self.way(parent)).unwrap_or_default());
        way
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_others_wrote_takes_one_trace_from_the_timer_to_graph_and_the_metrics() -> Result<()> {
    let world = World::new(Config::default()).await;
    let mut collector = Collector::start().await?;
    let mut options = app::options(world.app(), world.clock.clone(), world.variables());
    options.settings.push(("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector.endpoint.clone()));
    options.settings.push(("OTEL_SERVICE_NAME".to_owned(), "usher-under-test".to_owned()));
    let host = Host::start(options).await?;
    let ids = world.people(3);
    let timer = host.fire_timer("reconcile").await?;
    ensure!(timer.succeeded(), "{timer:?}");
    host.drain(20).await?;
    assert_eq!(world.mails_of(&ids), [1, 1, 1]);

    let spans = ["reconcile", "work", "run reconcile", "observe", "plan", "apply", "GET /users", "POST /$batch"];
    let metrics = [
        ("usher.people", "{person}"),
        ("usher.actions", "{action}"),
        ("usher.backlog", "{person}"),
        ("usher.backlog.oldest_age", "s"),
        ("usher.run.last_good_age", "s"),
        ("usher.graph.requests", "{request}"),
        ("usher.graph.resource_units", "{unit}"),
        ("http.client.request.duration", "s"),
    ];
    let unit_of = |collector: &Collector, name: &str| collector.metrics.get(name).cloned();
    collector
        .until(|collector| {
            spans.iter().all(|name| collector.names().contains(name))
                && metrics.iter().all(|(name, _)| collector.metrics.contains_key(*name))
                && collector.logs.iter().any(|log| log["body"].to_string().contains("run ended"))
        })
        .await?;
    for (name, unit) in metrics {
        assert_eq!(unit_of(&collector, name).as_deref(), Some(unit), "{name}");
    }
    // The timer's trace goes through the message and the run to the request that invites.
    let trace = timer.traceparent.split('-').nth(1).context("a trace")?;
    let invites =
        |span: &&Value| collector.way(span) == ["POST /$batch", "apply", "run reconcile", "work", "reconcile"];
    let sent = collector.spans.iter().find(invites).context("no request below the run's phase apply")?;
    assert_eq!(text(sent, "traceId"), trace);
    let log = collector.logs.iter().find(|log| log["body"].to_string().contains("run ended")).context("the log")?;
    assert_eq!(text(log, "traceId"), trace, "what is logged is found by the trace");
    Ok(())
}
