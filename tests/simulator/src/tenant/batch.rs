//! `POST /$batch`: several requests in one.
//!
//! The page on batches has URLs below the version only. As Microsoft's page on its clients uses them, the Python client writes
//! them out, and the JavaScript client from the version on; so both are taken here, if they are of the Graph that is asked.

use super::auth::Caller;
use super::error::GraphError;
use super::request::{Answer, Body, GraphResult, Payload, Request};
use super::server::{VERSION_PATH, is_minimal};
use super::state::State;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

const MOST_REQUESTS: usize = 20;

/// `POST /$batch`. What is wrong with the envelope fails the whole; everything else is each request's own matter.
pub(super) fn run(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    if request.in_batch {
        return Err(GraphError::bad_request("A batch cannot hold a batch."));
    }
    let inner = request.object()?.get("requests").and_then(Value::as_array);
    let inner = inner.ok_or_else(|| GraphError::bad_request("Invalid batch payload format."))?;
    if inner.is_empty() || inner.len() > MOST_REQUESTS {
        return Err(GraphError::bad_request(format!("A batch holds 1 to {MOST_REQUESTS} requests.")));
    }
    let mut steps: Vec<Step> = Vec::new();
    for value in inner {
        let step = Step::read(value, &state.root, &steps)?;
        steps.push(step);
    }
    let mut statuses = HashMap::new();
    let mut responses = Vec::new();
    let mut damage = None;
    for step in &steps {
        let failed = step.depends_on.iter().any(|id| statuses.get(id).is_none_or(|status| *status >= 400));
        let answer = if failed {
            failed_dependency()
        } else {
            state.exchange(&step.request, |state| state.carry_out(caller, &step.request))
        };
        damage = damage.max(answer.damage);
        statuses.insert(step.id.to_lowercase(), answer.status);
        responses.push((step.id.clone(), answer));
    }
    // The order of answers means nothing: here it is another one for every batch, and the same in every run.
    let number = state.served;
    responses.sort_by_key(|(id, _)| state.directory.derived_id(&format!("batch/{number}/{id}")));
    let responses: Vec<Value> = responses.into_iter().map(|(id, answer)| response(&id, answer)).collect();
    Ok(Answer { damage, ..Answer::ok(json!({"responses": responses})) })
}

/// One request of a batch.
struct Step {
    id: String,
    request: Request,
    /// In lower case.
    depends_on: Vec<String>,
}

impl Step {
    /// `root` is this Graph's.
    fn read(value: &Value, root: &str, before: &[Self]) -> Result<Self, GraphError> {
        let text = |name: &str| value[name].as_str();
        let id = text("id").filter(|id| !id.is_empty()).ok_or_else(|| bad("Request id is missing"))?;
        if before.iter().any(|step| step.id.eq_ignore_ascii_case(id)) {
            return Err(bad(&format!("Request id: {id} is used more than once")));
        }
        let method = text("method").ok_or_else(|| bad(&format!("Request {id} has no method")))?.to_uppercase();
        let url = text("url").ok_or_else(|| bad(&format!("Request {id} has no url")))?;
        let written_out = url.strip_prefix(root).unwrap_or(url);
        let url = written_out.strip_prefix(VERSION_PATH).unwrap_or(url);
        if url.contains("://") || url.starts_with("//") {
            return Err(bad(&format!("Request {id}: the url must be relative to the service's version")));
        }
        let headers = Headers(value["headers"].as_object());
        let body = value.get("body").filter(|body| !body.is_null());
        let writes = !matches!(method.as_str(), "GET" | "DELETE");
        if (writes || body.is_some()) && (headers.get("content-type").is_none() || body.is_none()) {
            return Err(bad(&format!("Write request id : {id} does not contain Content-Type header or body.")));
        }
        let mut depends_on = Vec::new();
        for parent in value["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !before.iter().any(|step| step.id.eq_ignore_ascii_case(parent)) {
                return Err(bad(&format!("Request {id} depends on {parent}, which is not before it")));
            }
            depends_on.push(parent.to_lowercase());
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let request = Request {
            method,
            path: format!("/{}", path.trim_start_matches('/')),
            query: query.to_owned(),
            body: body.cloned().map_or(Body::Empty, Body::Json),
            authorization: None,
            eventual: headers.get("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual")),
            priority: headers.get("x-ms-throttle-priority"),
            client_request_id: headers.get("client-request-id"),
            minimal: headers.get("prefer").is_some_and(|preference| is_minimal(&preference)),
            in_batch: true,
        };
        Ok(Self { id: id.to_owned(), request, depends_on })
    }
}

/// The headers of a request inside a batch; their names are written any way.
struct Headers<'a>(Option<&'a Map<String, Value>>);

impl Headers<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.0?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        value.as_str().map(str::to_owned)
    }
}

fn bad(message: &str) -> GraphError {
    GraphError::bad_request(message)
}

fn failed_dependency() -> Answer {
    let message = "The request was not carried out because one that it depends on failed.";
    Answer::json(424, json!({"error": {"code": "FailedDependency", "message": message}}))
}

fn response(id: &str, answer: Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in answer.headers {
        let name = if name == "retry-after" { "Retry-After" } else { name };
        headers.insert(name.to_owned(), value.into());
    }
    let mut response = json!({"id": id, "status": answer.status});
    if let Some(body) = answer.body {
        headers.insert("Content-Type".into(), "application/json".into());
        response["body"] = Payload::into_tree(body);
    }
    response["headers"] = headers.into();
    response
}
