//! One request to Graph with its answer, as the tests look at it afterwards.

use serde_json::Value;

/// One request to Graph and what was answered. A request inside a `$batch` is an exchange of its own, beside the one for
/// the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// `GET`, `POST`, …
    pub method: String,
    /// Below the version, percent-decoded by segment where shown, raw here: `/users/0f…`, `/$batch`.
    pub path: String,
    /// The raw query without the question mark; empty if there was none.
    pub query: String,
    /// The JSON body that was sent.
    pub request: Option<Value>,
    /// The status that was answered.
    pub status: u16,
    /// The JSON body that was answered; `None` for an empty body or one that was broken on purpose.
    pub response: Option<Value>,
    /// Whether it came inside a `$batch`.
    pub in_batch: bool,
    /// The header `ConsistencyLevel: eventual` was sent.
    pub eventual: bool,
    /// `x-ms-throttle-priority`, if sent.
    pub priority: Option<String>,
}
