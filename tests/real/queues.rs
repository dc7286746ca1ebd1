//! The host stand-in with real queues: a handler inside the test, and Azurite.

use crate::azurite::Azurite;
use anyhow::{Context, Result};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use usher_simulator::clock::SimClock;
use usher_simulator::host::{Host, HostOptions, Invocation};

/// How long a test waits for a message that is to become visible again after a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the handler got, and the statuses that it answers before it answers 200.
#[derive(Default)]
struct Script {
    received: Vec<Value>,
    replies: Vec<StatusCode>,
}

/// One function, triggered by the queue `jobs`, with the queue `more` for its output.
struct App {
    host: Host,
    script: Arc<Mutex<Script>>,
    _azurite: Azurite,
    _folder: TempDir,
    _server: JoinSet<()>,
}

impl App {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let queue = |kind: &str, direction: &str, name: &str, queue: &str| {
            json!({
                "type": kind, "direction": direction, "name": name, "queueName": queue, "connection": "S",
            })
        };
        let bindings = [queue("queueTrigger", "in", "message", "jobs"), queue("queue", "out", "more", "more")];
        std::fs::create_dir(folder.path().join("work"))?;
        std::fs::write(folder.path().join("work/function.json"), json!({ "bindings": bindings }).to_string())?;
        let host_json = json!({
            "version": "2.0",
            "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
            "extensions": {"queues": {"maxDequeueCount": 2, "visibilityTimeout": "00:00:01"}},
            "customHandler": {"description": {"defaultExecutablePath": "handler"}},
        });
        std::fs::write(folder.path().join("host.json"), host_json.to_string())?;

        let script = Arc::default();
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let port = socket.local_addr()?.port();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(socket, router).await.expect("a server") });
        let azurite = Azurite::start().await?;
        // Long past, so that no time of the envelope can be this clock's.
        let clock = SimClock::new("2000-01-01T00:00:00Z".parse()?, 0.0);
        let mut options = HostOptions::new(folder.path(), clock);
        options.queues = azurite.queues();
        let host = Host::attach(options, port)?;
        Ok(Self { host, script, _azurite: azurite, _folder: folder, _server: server })
    }

    /// What the handler answers next.
    fn reply(&self, status: StatusCode) {
        self.script.lock().expect("a script").replies.push(status);
    }

    /// The metadata of everything that the handler got.
    fn metadata(&self) -> Vec<Value> {
        self.script.lock().expect("a script").received.iter().map(|envelope| envelope["Metadata"].clone()).collect()
    }

    /// Delivers the next message, once there is one.
    async fn deliver(&self) -> Result<Invocation> {
        let delivered = async {
            loop {
                if let Some(invocation) = self.host.deliver_next("jobs").await? {
                    return Ok(invocation);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, delivered).await.context("no message became visible")?
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, Json(envelope): Json<Value>) -> (StatusCode, Json<Value>) {
    let mut script = script.lock().expect("a script");
    script.received.push(envelope);
    let status = if script.replies.is_empty() { StatusCode::OK } else { script.replies.remove(0) };
    (status, Json(json!({"Outputs": {"more": ["<a> & \"b\"", "c"]}})))
}

/// A time of the metadata.
fn time(metadata: &Value, name: &str) -> Result<jiff::Timestamp> {
    Ok(metadata[name].as_str().context("no text")?.parse()?)
}

#[tokio::test]
async fn the_handler_is_told_what_storage_says_of_a_message_and_a_success_deletes_it() -> Result<()> {
    let app = App::start().await?;
    assert!(app.host.deliver_next("jobs").await?.is_none(), "a queue that is not there is empty");
    app.host.enqueue("jobs", "{\"n\":1}").await?;
    let [message] = &app.host.messages("jobs").await?[..] else { panic!("one message") };
    assert_eq!(message.text.as_deref(), Some("{\"n\":1}"));

    assert!(app.deliver().await?.succeeded());
    let [metadata] = &app.metadata()[..] else { panic!("one envelope") };
    assert_eq!(metadata["Id"], format!("\"{}\"", message.id));
    assert_eq!(metadata["DequeueCount"], "1");
    assert_eq!(metadata["n"], "1");
    assert!(metadata["PopReceipt"].as_str().is_some_and(|receipt| receipt.len() > 2), "{metadata}");
    let inserted = time(metadata, "InsertionTime")?;
    assert!(inserted > "2020-01-01T00:00:00Z".parse()?, "by Storage's clock: {inserted}");
    assert_eq!(time(metadata, "ExpirationTime")?.duration_since(inserted).as_hours(), 7 * 24);
    let hidden = time(metadata, "NextVisibleTime")?.duration_since(inserted);
    assert!((600..660).contains(&hidden.as_secs()), "hidden for ten minutes: {hidden}");

    assert!(app.host.messages("jobs").await?.is_empty());
    let outputs: Vec<_> = app.host.messages("more").await?.into_iter().filter_map(|message| message.text).collect();
    assert_eq!(outputs, ["<a> & \"b\"", "c"]);
    Ok(())
}

#[tokio::test]
async fn a_failure_hides_the_message_for_visibility_timeout_and_the_last_one_moves_it_to_the_poison_queue() -> Result<()>
{
    let app = App::start().await?;
    app.host.enqueue("jobs", "a").await?;
    for _ in 0..2 {
        app.reply(StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert!(!app.deliver().await?.succeeded());
    assert!(app.host.deliver_next("jobs").await?.is_none(), "hidden");
    assert!(!app.deliver().await?.succeeded());
    let counts: Vec<_> = app.metadata().iter().map(|metadata| metadata["DequeueCount"].clone()).collect();
    assert_eq!(counts, ["1", "2"]);
    let [poison] = &app.host.messages("jobs-poison").await?[..] else { panic!("one message") };
    assert_eq!(poison.text.as_deref(), Some("a"));
    assert_eq!(poison.dequeue_count, 0, "it begins anew");
    assert!(app.host.drain(10).await?.is_empty(), "nothing is left in the queue");
    assert!(app.host.messages("more").await?.is_empty(), "a failure has no outputs");
    Ok(())
}

#[tokio::test]
async fn queues_by_the_real_clock_cannot_be_drained_ahead_of_it() -> Result<()> {
    let app = App::start().await?;
    app.host.enqueue("jobs", "a").await?;
    let error = app.host.drain_advancing(10).await.expect_err("no clock to advance");
    assert!(error.to_string().contains("real clock"), "{error}");
    Ok(())
}
