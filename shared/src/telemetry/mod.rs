//! What usher tells an OpenTelemetry collector: traces, metrics and logs over OTLP.
//!
//! Responsible for: that all of it is off, and costs nothing, unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set; that sending
//! never holds anything up, because everything waits in queues of fixed length that drop what they cannot hold; and that
//! nothing of a person goes out but the object id. Not responsible for: the lines on stdout, which stay as they are.
//!
//! - [`pipeline`]: on and off. `courier`: how it is sent. `resource`: who sends it.
//! - [`spans`]: invocations, runs, phases and requests to Graph. `traceparent`: a trace from process to process.
//! - [`metrics`]: every metric with its unit; `tally`: what a run tells of itself.

mod courier;
pub mod metrics;
pub mod pipeline;
mod resource;
pub mod spans;
pub(crate) mod tally;
mod traceparent;

pub use pipeline::{Telemetry, flush_soon};
pub use traceparent::{current as traceparent, follow};
