//! `$batch`: up to twenty requests in one, each judged by its own status.

use super::client::{Client, Request, Target, decode};
use super::error::{GraphError, Headers, Kind, Result};
use super::path::Path;
use crate::telemetry::metrics;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Graph's limit of requests in one batch.
pub const MAX_REQUESTS: usize = 20;

/// One request of a batch.
pub(super) struct Item {
    pub(super) method: &'static str,
    pub(super) path: Path,
    pub(super) body: Option<Value>,
    /// Whether it changes anything; some POSTs only ask.
    pub(super) is_write: bool,
}

impl Item {
    /// A GET.
    pub(super) const fn get(path: Path) -> Self {
        Self { method: "GET", path, body: None, is_write: false }
    }

    /// A POST that only asks.
    pub(super) const fn ask(path: Path, body: Value) -> Self {
        Self { method: "POST", path, body: Some(body), is_write: false }
    }

    /// Something that changes the directory.
    pub(super) const fn write(method: &'static str, path: Path, body: Option<Value>) -> Self {
        Self { method, path, body, is_write: true }
    }
}

#[derive(Serialize)]
struct Inner<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
    headers: HashMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Value>,
}

#[derive(Deserialize)]
struct Answer {
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    id: String,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl Client {
    /// Sends up to [`MAX_REQUESTS`] requests at once; the answers come in the order of `items`.
    ///
    /// # Errors
    /// When the batch as a whole failed. Then nothing is known of the requests in it, unless the error says that it was
    /// refused before it had an effect.
    pub(super) async fn batch<T: DeserializeOwned>(&self, items: &[&Item]) -> Result<Vec<Result<T>>> {
        debug_assert!(items.len() <= MAX_REQUESTS);
        let requests: Vec<_> = items.iter().enumerate().map(|(index, item)| self.inner(index, item)).collect();
        let body = serde_json::json!({ "requests": requests });
        let is_write = items.iter().any(|item| item.is_write);
        let path = Path::batch(items.iter().map(|item| item.path.cost()).sum());
        let request = Request {
            method: reqwest::Method::POST,
            url: Target::Path(&path),
            body: Some(&body),
            is_write,
            inner: items.len(),
        };
        let answer: Answer = self.send(request).await?;
        let mut answers: HashMap<_, _> =
            answer.responses.into_iter().map(|response| (response.id.clone(), response)).collect();
        Ok(items.iter().enumerate().map(|(index, item)| self.judge(item, answers.remove(&index.to_string()))).collect())
    }

    fn inner<'a>(&self, index: usize, item: &'a Item) -> Inner<'a> {
        let mut headers = HashMap::from([("x-ms-throttle-priority", self.priority())]);
        if item.body.is_some() {
            headers.insert("Content-Type", "application/json");
        }
        Inner { id: index.to_string(), method: item.method, url: item.path.as_str(), headers, body: item.body.as_ref() }
    }

    fn judge<T: DeserializeOwned>(&self, item: &Item, response: Option<Response>) -> Result<T> {
        let is_write = item.is_write;
        let name = format!("{} {} in a batch", item.method, item.path);
        metrics::graph_request(item.method, item.path.template(), response.as_ref().map(|response| response.status));
        let Some(response) = response else {
            let kind = if is_write { Kind::OutcomeUnknown } else { Kind::Malformed };
            return Err(GraphError::new(kind, &name, "the batch came back without an answer to this request"));
        };
        let body = serde_json::to_vec(&response.body).unwrap_or_default();
        if (200..=299).contains(&response.status) {
            return decode(&name, is_write, &body);
        }
        let header = |wanted: &str| {
            response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
        };
        let headers = Headers::read(header, self.clock().now());
        self.limits().heard(&headers.said);
        let error = GraphError::from_answer(&name, is_write, response.status, &headers, &body);
        if error.kind == Kind::Throttled {
            self.limits().refused(item.path.cost(), &headers.said, error.retry_after);
        }
        Err(error)
    }
}
