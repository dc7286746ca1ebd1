//! People by request: brought in, or retired, now and with an answer.
//!
//! - [`people`]: who is invited, converted, given back or retired, and who is not.
//! - [`over_http`]: the function: answers, waiting, keys of requests.
//! - [`notify`]: answers that go to the Teams channel.
//! - [`crowd`]: many at once, and beside a first run.
//! - [`attacks`]: what somebody with bad intentions may send.

mod attacks;
mod crowd;
mod notify;
mod over_http;
mod people;

use crate::support::contract::call;
use crate::support::{Config, World};
use serde_json::{Value, json};
use usher_simulator::host::{Host, HttpAnswer};

const KEY: (&str, &str) = ("x-functions-key", "host-key");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A request over HTTP.
async fn post(host: &Host, headers: &[(&str, &str)], body: &Value) -> HttpAnswer {
    call(host, "POST", "/api/provision", &[&[KEY, JSON], headers].concat(), body.to_string()).await
}

/// What came of the one person of an answer: outcome and reason.
fn outcome(answer: &Value) -> (&str, &str) {
    let person = &answer["people"][0];
    (person["outcome"].as_str().unwrap_or_default(), person["reason"].as_str().unwrap_or_default())
}

/// How each step of the one person went.
fn steps(answer: &Value) -> Vec<String> {
    let steps = answer["people"][0]["steps"].as_array().cloned().unwrap_or_default();
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    steps.iter().map(|step| format!("{}: {}", text(step, "step"), text(step, "result"))).collect()
}

/// A world in which the state knows of an earlier run.
async fn world(config: Config) -> World {
    let world = World::new(config).await;
    world.sweep().await;
    world
}

fn one(person: &str) -> Value {
    json!({ "people": [person] })
}
