//! What the host sends for an invocation: `{"Data": …, "Metadata": …}`.
//!
//! Responsible for: encoding values as the real host does. Objects stay objects, times become ISO text, and every other
//! value is JSON inside a string, so that a queue message arrives encoded twice and a number in quotes.
//!
//! Not responsible for: HTTP requests as data, which `http` builds.

use super::queue::Delivery;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The time that the real host shows where a timer has never run.
const NEVER: &str = "0001-01-01T00:00:00+00:00";

/// The status of a timer that the host monitors.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScheduleStatus {
    pub(super) last: Option<Timestamp>,
    pub(super) next: Timestamp,
    pub(super) last_updated: Timestamp,
}

/// Puts one input and the metadata, with the host's own `sys`, into an envelope.
pub(super) fn envelope(
    function: &str,
    now: Timestamp,
    binding: &str,
    data: Value,
    mut metadata: Map<String, Value>,
) -> Value {
    let sys = json!({
        "MethodName": function,
        "UtcNow": format!("{now:.6}"),
        "RandGuid": Uuid::new_v4(),
    });
    metadata.entry("sys").or_insert(sys);
    json!({ "Data": { binding: data }, "Metadata": metadata })
}

/// The data of a timer trigger.
pub(super) fn timer(status: Option<ScheduleStatus>, past_due: bool) -> Value {
    let status = status.map(|status| {
        json!({
            "Last": status.last.map_or_else(|| NEVER.to_owned(), with_offset),
            "Next": with_offset(status.next),
            "LastUpdated": with_offset(status.last_updated),
        })
    });
    json!({ "Schedule": { "AdjustForDST": true }, "ScheduleStatus": status, "IsPastDue": past_due })
}

/// The data and the metadata of a queue trigger. Top-level properties of a JSON message are copied into the metadata,
/// over the host's own of the same name.
pub(super) fn queue(message: &Delivery, text: &str) -> (Value, Map<String, Value>) {
    let mut metadata = Map::new();
    let mut put = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
    put("DequeueCount", json_text(&json!(message.dequeue_count)));
    put("Id", json_text(&json!(message.id)));
    put("PopReceipt", json_text(&json!(message.pop_receipt)));
    put("InsertionTime", json!(with_offset(message.inserted)));
    put("ExpirationTime", json!(with_offset(message.expires)));
    put("NextVisibleTime", json!(with_offset(message.next_visible)));
    if let Ok(Value::Object(properties)) = serde_json::from_str(text) {
        for (name, value) in properties {
            match value {
                Value::Null | Value::Array(_) => {}
                _ if name.to_lowercase().ends_with("trigger") => {}
                Value::Object(_) => _ = put(&name, value),
                _ => _ = put(&name, json_text(&value)),
            }
        }
    }
    (json_text(&json!(text)), metadata)
}

/// A value as JSON inside a JSON string.
fn json_text(value: &Value) -> Value {
    Value::String(value.to_string())
}

/// A time as the real host writes it into data: without fractions, with an offset.
fn with_offset(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
