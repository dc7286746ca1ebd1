//! What the host takes for an answer.
//!
//! Always a JSON object: an empty answer or `null` would leave the invocation open until the host kills the process. Any
//! status but 2xx is a failed invocation, whose body the host throws away; so its cause is logged here.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::fmt;

/// A successful call, with what its output bindings shall carry.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    outputs: Map<String, Value>,
}

/// A failed call: the trigger's own way of trying again applies.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
}

impl Reply {
    /// Nothing to hand out.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Puts one message into the queue of the output binding. An object is one message; an array would be several.
    pub(crate) fn message(self, binding: &str, message: Map<String, Value>) -> Self {
        self.output(binding, Value::Object(message))
    }

    /// Hands a value to an output binding.
    pub(crate) fn output(mut self, binding: &str, value: Value) -> Self {
        self.outputs.insert(binding.to_owned(), value);
        self
    }
}

impl Failure {
    /// A failure; the message goes to the log and so carries no address.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        Json(json!({ "Outputs": self.outputs, "Logs": [], "ReturnValue": null })).into_response()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": self.message }))).into_response()
    }
}
