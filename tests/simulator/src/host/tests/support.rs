//! What the tests of the host share.

use crate::clock::SimClock;
use crate::host::{Host, HostOptions};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(super) const START: &str = "2026-11-22T10:00:00Z";

/// A clock that stands still.
pub(super) fn clock() -> SimClock {
    SimClock::new(START.parse().unwrap(), 0.0)
}

/// An app folder.
pub(super) struct App(TempDir);

impl App {
    /// One timer, two queues (serial work and its poison queue), three HTTP functions.
    pub(super) fn new() -> Self {
        let app = Self(TempDir::new().unwrap());
        app.host_json(&json!({}));
        let queue = |kind: &str, direction: &str, name: &str, queue: &str| {
            json!({
                "type": kind, "direction": direction, "name": name, "queueName": queue, "connection": "S",
            })
        };
        let trigger = |name: &str| queue("queueTrigger", "in", "message", name);
        let output = |name: &str, to: &str| queue("queue", "out", name, to);
        let timer = json!({
            "type": "timerTrigger", "name": "timer", "direction": "in", "schedule": "%SCHEDULE%",
        });
        app.function("tick", &json!([timer, output("wake", "jobs")]));
        let outputs = [output("more", "jobs"), output("other", "other")];
        app.function("work", &json!([trigger("jobs"), outputs[0], outputs[1]]));
        app.function("failed", &json!([trigger("jobs-poison")]));
        let http = |level: &str, methods: Value, route: &str| {
            let mut trigger = json!({"type": "httpTrigger", "name": "req", "direction": "in"});
            trigger["authLevel"] = level.into();
            trigger["methods"] = methods;
            trigger["route"] = route.into();
            json!([trigger, {"type": "http", "name": "res", "direction": "out"}])
        };
        app.function("people", &http("function", json!(["get", "post"]), "people/{id?}"));
        app.function("next", &http("anonymous", json!([]), "people/next"));
        app.function("keys", &http("admin", json!(["post"]), "keys/{id}/roll"));
        app
    }

    /// Writes host.json: serial queues, and `change` on top.
    pub(super) fn host_json(&self, change: &Value) {
        let mut json = json!({
            "version": "2.0",
            "functionTimeout": "00:10:00",
            "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
            "extensions": {"queues": {
                "batchSize": 1, "newBatchThreshold": 0, "maxDequeueCount": 3,
                "visibilityTimeout": "00:00:30", "messageEncoding": "base64",
            }},
            "customHandler": {"description": {"defaultExecutablePath": "handler"}},
        });
        for (key, value) in change.as_object().unwrap() {
            json[key] = value.clone();
        }
        std::fs::write(self.0.path().join("host.json"), json.to_string()).unwrap();
    }

    pub(super) fn function(&self, name: &str, bindings: &Value) {
        let folder = self.0.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let json = json!({ "bindings": bindings });
        std::fs::write(folder.join("function.json"), json.to_string()).unwrap();
    }

    pub(super) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Options with the settings that the functions need.
    pub(super) fn options(&self, clock: SimClock) -> HostOptions {
        let mut options = HostOptions::new(self.0.path(), clock);
        options.settings = vec![("SCHEDULE".to_owned(), "0 */5 * * * *".to_owned())];
        options
    }
}

/// One request as the handler got it.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// A handler inside the test: it notes what it gets and answers what it was told, else `{}`.
#[derive(Clone, Default)]
pub(super) struct Script {
    received: Arc<Mutex<Vec<Received>>>,
    replies: Arc<Mutex<VecDeque<(u16, String, String)>>>,
}

/// A host with a scripted handler.
pub(super) struct Scripted {
    pub(super) host: Host,
    pub(super) clock: SimClock,
    script: Script,
    _app: App,
    _server: JoinSet<()>,
}

impl Scripted {
    pub(super) async fn new() -> Self {
        Self::with(App::new()).await
    }

    pub(super) async fn with(app: App) -> Self {
        let script = Script::default();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let router = Router::new().fallback(Script::answer).with_state(script.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(socket, router).await.unwrap() });
        let clock = clock();
        let host = Host::attach(app.options(clock.clone()), port).unwrap();
        assert_eq!(host.indexing_errors(), []);
        Self { host, clock, script, _app: app, _server: server }
    }

    /// The next reply: a status, a content type and a body.
    pub(super) fn reply(&self, status: u16, content_type: &str, body: &str) {
        let reply = (status, content_type.to_owned(), body.to_owned());
        self.script.replies.lock().unwrap().push_back(reply);
    }

    /// The next reply: 200 with JSON.
    pub(super) fn reply_json(&self, body: &Value) {
        self.reply(200, "application/json", &body.to_string());
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.script.received.lock().unwrap().clone()
    }

    /// The only request so far.
    pub(super) fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1);
        received[0].clone()
    }
}

impl Script {
    async fn answer(
        State(script): State<Self>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> impl IntoResponse {
        script.received.lock().unwrap().push(Received {
            method,
            path: uri.to_string(),
            headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        });
        let reply = script.replies.lock().unwrap().pop_front();
        let (status, content_type, body) =
            reply.unwrap_or_else(|| (200, "application/json".to_owned(), "{}".to_owned()));
        (StatusCode::from_u16(status).unwrap(), [("content-type", content_type)], body)
    }
}
