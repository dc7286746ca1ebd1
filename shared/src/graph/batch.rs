//! `$batch`: up to twenty requests in one, each judged by its own status.

use super::client::{Client, Request, Target, decode, log_throttled};
use super::error::{GraphError, Headers, Kind, Result};
use super::path::Path;
use crate::telemetry::metrics;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Graph's limit of requests in one batch.
pub const MAX_REQUESTS: usize = 20;

/// What a batch is called in the log, whole or in parts.
const BATCH: &str = "POST /$batch";

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

/// The answer to a batch; what one request was answered is read by itself, so that an odd one is nobody else's.
#[derive(Deserialize)]
pub(super) struct Answer {
    responses: Vec<Value>,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, Value>>,
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
        Ok(self.results(items, self.send(request).await?))
    }

    /// What the answer says of each request; two answers to one say nothing.
    pub(super) fn results<T: DeserializeOwned>(&self, items: &[&Item], answer: Answer) -> Vec<Result<T>> {
        let mut answers: HashMap<String, Vec<Value>> = HashMap::new();
        for response in answer.responses {
            if let Some(id) = response["id"].as_str() {
                answers.entry(id.to_owned()).or_default().push(response);
            }
        }
        let mut of = |index: usize| {
            let [response] = <[Value; 1]>::try_from(answers.remove(&index.to_string())?).ok()?;
            serde_json::from_value::<Response>(response).ok()
        };
        let results: Vec<Result<T>> =
            items.iter().enumerate().map(|(index, item)| self.judge(item, of(index))).collect();
        let errors = results.iter().filter_map(|result| result.as_ref().err());
        let throttled: Vec<_> = errors.filter(|error| error.kind == Kind::Throttled).collect();
        if !throttled.is_empty() {
            let longest = throttled.iter().filter_map(|error| error.retry_after).max();
            log_throttled(BATCH, throttled.len(), longest);
        }
        results
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
            let headers = response.headers.as_ref()?;
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?.1.as_str()
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

#[cfg(test)]
mod tests {
    use super::super::fuzz::client;
    use super::*;
    use serde_json::json;

    /// What becomes of two writes with these answers.
    fn kinds(responses: Value) -> [Option<Kind>; 2] {
        let item = || Item::write("POST", Path::invitations(), None);
        let answer = decode("POST /$batch", true, json!({ "responses": responses }).to_string().as_bytes()).unwrap();
        let results = client("https://graph.microsoft.us").results::<Value>(&[&item(), &item()], answer);
        results.into_iter().map(|result| result.err().map(|error| error.kind)).collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_nobody_elses() {
        let fine = json!({"id": "1", "status": 201, "body": {}});
        for odd in
            [json!(null), json!({"id": "0"}), json!({"id": "0", "status": "201"}), json!({"id": 0, "status": 201})]
        {
            assert_eq!(kinds(json!([odd, fine])), [Some(Kind::OutcomeUnknown), None], "{odd}");
        }
    }

    #[test]
    fn headers_may_be_null_or_numbers() {
        let refused = json!({"id": "0", "status": 429, "headers": {"Retry-After": 10}});
        let done = json!({"id": "1", "status": 204, "headers": null});
        assert_eq!(kinds(json!([refused, done])), [Some(Kind::Throttled), None]);
    }

    #[test]
    fn two_answers_to_one_request_say_nothing() {
        let [done, fine] = ["0", "1"].map(|id| json!({"id": id, "status": 201}));
        for other in [json!({"id": "0", "status": 400}), json!({"id": "0", "status": "201"})] {
            assert_eq!(kinds(json!([done, other, fine])), [Some(Kind::OutcomeUnknown), None], "{other}");
        }
    }
}
