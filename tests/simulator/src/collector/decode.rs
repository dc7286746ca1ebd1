//! From protobuf to what a test looks at. Numbers are as they stand: sums as cumulated, of histograms the count.

use super::{Attributes, Collected, Log, Span};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::{DecodeError, Message};

/// Takes a request with spans.
pub(super) fn traces(collected: &mut Collected, body: &[u8]) -> Result<(), DecodeError> {
    let request = ExportTraceServiceRequest::decode(body)?;
    collected.texts.push(format!("{request:?}"));
    for of_resource in request.resource_spans {
        collected.take_resource(of_resource.resource);
        for span in of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans) {
            collected.spans.push(Span {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
                name: span.name,
                kind: span.kind,
                failed: span.status.is_some_and(|status| status.code == StatusCode::Error as i32),
                attributes: attributes(&span.attributes),
            });
        }
    }
    Ok(())
}

/// Takes a request with metrics.
pub(super) fn metrics(collected: &mut Collected, body: &[u8]) -> Result<(), DecodeError> {
    let request = ExportMetricsServiceRequest::decode(body)?;
    collected.texts.push(format!("{request:?}"));
    for of_resource in request.resource_metrics {
        collected.take_resource(of_resource.resource);
        for metric in of_resource.scope_metrics.into_iter().flat_map(|of_scope| of_scope.metrics) {
            let points: Vec<_> = match metric.data {
                Some(Data::Gauge(gauge)) => gauge.data_points.iter().map(number).collect(),
                Some(Data::Sum(sum)) => sum.data_points.iter().map(number).collect(),
                Some(Data::Histogram(histogram)) => {
                    let count = |point: u64| u32::try_from(point).map_or(f64::MAX, f64::from);
                    histogram
                        .data_points
                        .iter()
                        .map(|point| (attributes(&point.attributes), count(point.count)))
                        .collect()
                }
                _ => Vec::new(),
            };
            collected.numbers.extend(points.into_iter().map(|(by, number)| ((metric.name.clone(), by), number)));
            collected.units.insert(metric.name, metric.unit);
        }
    }
    Ok(())
}

/// Takes a request with log records.
pub(super) fn logs(collected: &mut Collected, body: &[u8]) -> Result<(), DecodeError> {
    let request = ExportLogsServiceRequest::decode(body)?;
    collected.texts.push(format!("{request:?}"));
    for of_resource in request.resource_logs {
        collected.take_resource(of_resource.resource);
        for record in of_resource.scope_logs.into_iter().flat_map(|of_scope| of_scope.log_records) {
            collected.logs.push(Log {
                trace: hex(&record.trace_id),
                body: text(record.body.as_ref()),
                attributes: attributes(&record.attributes),
            });
        }
    }
    Ok(())
}

impl Collected {
    fn take_resource(&mut self, resource: Option<Resource>) {
        self.resource.extend(attributes(&resource.unwrap_or_default().attributes));
    }
}

fn number(point: &NumberDataPoint) -> (Attributes, f64) {
    let number = match point.value {
        Some(number_data_point::Value::AsDouble(number)) => number,
        // No count in a test is so large that it would lose digits.
        #[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
        Some(number_data_point::Value::AsInt(number)) => number as f64,
        None => f64::NAN,
    };
    (attributes(&point.attributes), number)
}

fn attributes(attributes: &[KeyValue]) -> Attributes {
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(other) => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
