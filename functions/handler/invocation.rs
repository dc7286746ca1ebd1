//! One call of a function with its context.

use axum::http::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// `functionTimeout` of host.json. When it is over the host kills the whole process, with everything in flight.
pub(crate) const FUNCTION_TIMEOUT: Duration = Duration::from_secs(600);
/// How long before that a function must have come to its end.
pub(crate) const MARGIN: Duration = Duration::from_secs(90);

/// A call with its payload.
#[derive(Debug)]
pub(crate) struct Invocation<T> {
    /// What the trigger brought.
    pub(crate) payload: T,
    /// What is the same for all triggers.
    pub(crate) context: Context,
}

/// What is the same for all triggers.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The host's id of this call.
    pub(crate) id: String,
    /// The W3C trace context that the host brought; it travels on in the message that wakes `work`.
    pub(crate) traceparent: Option<String>,
    /// When the function must have come to its end, in real time.
    pub(crate) deadline: Instant,
}

impl Context {
    /// Reads the host's headers; the time runs from now.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            id: header("X-Azure-Functions-InvocationId").unwrap_or_else(|| "unknown".to_owned()),
            traceparent: header("traceparent"),
            deadline: Instant::now() + (FUNCTION_TIMEOUT - MARGIN),
        }
    }
}
