//! Telemetry on and off.
//!
//! Responsible for: the providers of the three signals, the layers that feed them, and sending what there is when an
//! invocation has ended (the platform may freeze the process at any moment after it) and when the process ends. All
//! sending is done by threads of its own; their queues are as long as the `OTEL_BSP_*` and `OTEL_BLRP_*` variables say,
//! and drop what comes on top. Not responsible for: what is told.

use super::courier::Courier;
use super::{metrics, resource, spans};
use crate::config::Environment;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{ExporterBuildError, LogExporter, MetricExporter, Protocol, SpanExporter};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const NAME: &str = "usher";
/// How long the end of the process may wait for the collector.
const LAST_FLUSH: Duration = Duration::from_secs(2);
/// How long after one flush the next begins at the earliest.
const BETWEEN_FLUSHES: Duration = Duration::from_millis(200);

static FLUSHES: OnceLock<SyncSender<()>> = OnceLock::new();

/// Why nothing is sent. The exporters' own words may hold the address, and in it a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the OTEL_EXPORTER_OTLP_ variables cannot be used, so no telemetry is sent: an endpoint is an http or https URL, and \
     nothing is compressed"
)]
pub struct NotStarted;

/// The signals that are sent.
#[derive(Clone, Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
}

impl Telemetry {
    /// Starts what the variables ask for; `None` where they ask for nothing. Must be called within the runtime.
    ///
    /// # Errors
    /// When a variable cannot be used. The error repeats none of their values.
    pub fn start(environment: &Environment) -> Result<Option<Self>, NotStarted> {
        Self::build(environment).map_err(|_| NotStarted)
    }

    fn build(environment: &Environment) -> Result<Option<Self>, ExporterBuildError> {
        let is = |name: &str, value: &str| environment.get(name).is_some_and(|set| set.eq_ignore_ascii_case(value));
        if environment.get(ENDPOINT).is_none() || is("OTEL_SDK_DISABLED", "true") {
            return Ok(None);
        }
        let wanted = |signal: &str| !is(&format!("OTEL_{signal}_EXPORTER"), "none");
        let resource = resource::resource(environment);
        let traces = wanted("TRACES").then(span_exporter).transpose()?.map(|exporter| {
            let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.clone());
            // The host's flag says whether it records itself, and mostly it does not.
            match environment.get("OTEL_TRACES_SAMPLER") {
                Some(_) => provider.build(),
                None => provider.with_sampler(Sampler::AlwaysOn).build(),
            }
        });
        let logs = wanted("LOGS").then(log_exporter).transpose()?.map(|exporter| {
            SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource.clone()).build()
        });
        let metrics = wanted("METRICS").then(metric_exporter).transpose()?.map(|exporter| {
            SdkMeterProvider::builder().with_periodic_exporter(exporter).with_resource(resource).build()
        });
        if let Some(metrics) = &metrics {
            metrics::start(&metrics.meter(NAME));
        }
        let telemetry = Self { traces, metrics, logs };
        let (sender, receiver) = sync_channel(1);
        let flushing = telemetry.clone();
        let flusher = thread::Builder::new().name("telemetry-flush".to_owned());
        if flusher.spawn(move || flushing.flush_when_asked(&receiver)).is_ok() {
            // Whoever starts twice keeps the first.
            let _ = FLUSHES.set(sender);
        }
        Ok(Some(telemetry))
    }

    /// What takes spans and log lines. Of log lines it takes `logged`.
    pub fn layer<S>(&self, logged: Targets) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let spans = self.traces.as_ref().map(|traces| {
            tracing_opentelemetry::layer()
                .with_tracer(traces.tracer(NAME))
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_filter(Targets::new().with_target(spans::TARGET, LevelFilter::INFO))
        });
        let lines = self.logs.as_ref().map(|logs| OpenTelemetryTracingBridge::new(logs).with_filter(logged));
        vec![spans.map(Layer::boxed), lines.map(Layer::boxed)].into_iter().flatten().collect::<Vec<_>>()
    }

    /// Sends what there is, if the collector takes it soon, and ends.
    pub async fn shut_down(self) {
        let ending = tokio::task::spawn_blocking(move || self.end());
        // What the collector does not take by then is lost with the process.
        let _ = tokio::time::timeout(LAST_FLUSH, ending).await;
    }

    /// What fails here was told by the courier.
    fn end(&self) {
        if let Some(traces) = &self.traces {
            let _ = traces.shutdown_with_timeout(LAST_FLUSH);
        }
        if let Some(logs) = &self.logs {
            let _ = logs.shutdown_with_timeout(LAST_FLUSH);
        }
        if let Some(metrics) = &self.metrics {
            let _ = metrics.shutdown_with_timeout(LAST_FLUSH);
        }
    }

    fn flush_when_asked(&self, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            if let Some(traces) = &self.traces {
                let _ = traces.force_flush();
            }
            if let Some(logs) = &self.logs {
                let _ = logs.force_flush();
            }
            if let Some(metrics) = &self.metrics {
                let _ = metrics.force_flush();
            }
            thread::sleep(BETWEEN_FLUSHES);
        }
    }
}

/// Asks for everything so far to be sent now, and returns at once.
pub fn flush_soon() {
    if let Some(flushes) = FLUSHES.get() {
        // One that is asked for already will take this along.
        let _ = flushes.try_send(());
    }
}

fn span_exporter() -> Result<SpanExporter, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    exporter.with_http_client(Courier::new("TRACES")).build()
}

fn log_exporter() -> Result<LogExporter, ExporterBuildError> {
    let exporter = LogExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    exporter.with_http_client(Courier::new("LOGS")).build()
}

fn metric_exporter() -> Result<MetricExporter, ExporterBuildError> {
    let exporter = MetricExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    exporter.with_http_client(Courier::new("METRICS")).build()
}
