//! Latency: answers take their time, by the tenant's clock.

use super::{Client, invitation};
use crate::tenant::Latency;
use jiff::SignedDuration;
use serde_json::json;
use std::time::{Duration, Instant};

const LATENCY: Latency =
    Latency { request: SignedDuration::from_millis(200), in_batch: SignedDuration::from_millis(50) };

#[tokio::test]
async fn a_clock_that_stands_still_is_moved_on_by_each_answer_and_by_each_request_of_a_batch() {
    let client = Client::with(|options| options.latency = LATENCY).await;
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    let start = clock.now();
    client.get("/users?$select=id").await;
    assert_eq!(clock.now().duration_since(start), SignedDuration::from_millis(200));
    let invite = |number: u32| {
        json!({
            "id": number.to_string(), "method": "POST", "url": "/invitations",
            "headers": {"Content-Type": "application/json"},
            "body": invitation(&format!("person-{number:04}@fabrikam.us"), json!({})),
        })
    };
    client.post("/$batch", json!({"requests": [invite(1), invite(2), invite(3)]})).await;
    assert_eq!(clock.now().duration_since(start), SignedDuration::from_millis(200 + 200 + 3 * 50));
}

#[tokio::test]
async fn a_clock_that_runs_is_waited_for_at_its_speed() {
    let client = Client::with(|options| options.latency = LATENCY).await;
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.set_speed(10.0);
    let (start, started) = (clock.now(), Instant::now());
    client.get("/users?$select=id").await;
    assert!(clock.now().duration_since(start) >= LATENCY.request);
    assert!(started.elapsed() >= Duration::from_millis(20));
}
