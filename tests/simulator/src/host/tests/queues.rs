//! Queue triggers.

use super::support::{App, Scripted};
use crate::host::InvocationOutcome;
use serde_json::json;

#[tokio::test]
async fn a_message_arrives_encoded_twice_with_its_properties_in_the_metadata() {
    let test = Scripted::new().await;
    let text = r#"{"kind":"x","n":2,"list":[1],"nested":{"a":1},"nothing":null,"myTrigger":"t"}"#;
    test.host.enqueue("jobs", text).await.unwrap();
    let id = test.host.messages("jobs").await.unwrap()[0].id;
    test.host.deliver_next("jobs").await.unwrap();
    let got = test.only();
    assert_eq!(got.path, "/work");
    let data = got.body["Data"]["message"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<String>(data).unwrap(), text);
    let metadata = &got.body["Metadata"];
    assert_eq!(metadata["DequeueCount"], "1");
    assert_eq!(metadata["Id"], format!("\"{id}\""));
    assert!(metadata["PopReceipt"].as_str().unwrap().starts_with('"'));
    assert_eq!(metadata["InsertionTime"], "2026-11-22T10:00:00+00:00");
    assert_eq!(metadata["ExpirationTime"], "2026-11-29T10:00:00+00:00");
    assert_eq!(metadata["NextVisibleTime"], "2026-11-22T10:10:00+00:00");
    assert_eq!(metadata["kind"], "\"x\"");
    assert_eq!(metadata["n"], "2");
    assert_eq!(metadata["nested"], json!({"a": 1}));
    for left_out in ["list", "nothing", "myTrigger", "QueueTrigger"] {
        assert!(metadata.get(left_out).is_none(), "{left_out}");
    }
}

#[tokio::test]
async fn a_property_of_the_message_overwrites_the_hosts_metadata_of_the_same_name() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", r#"{"DequeueCount":99}"#).await.unwrap();
    test.host.deliver_next("jobs").await.unwrap();
    assert_eq!(test.only().body["Metadata"]["DequeueCount"], "99");
}

#[tokio::test]
async fn a_success_deletes_the_message() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    assert!(test.host.deliver_next("jobs").await.unwrap().unwrap().succeeded());
    assert!(test.host.messages("jobs").await.unwrap().is_empty());
    assert!(test.host.deliver_next("jobs").await.unwrap().is_none());
}

#[tokio::test]
async fn a_failure_hides_the_message_for_visibility_timeout() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    test.reply(500, "application/json", "{}");
    test.host.deliver_next("jobs").await.unwrap();
    assert!(test.host.deliver_next("jobs").await.unwrap().is_none());
    test.clock.advance(jiff::SignedDuration::from_secs(30));
    assert!(test.host.deliver_next("jobs").await.unwrap().unwrap().succeeded());
    assert_eq!(test.received()[1].body["Metadata"]["DequeueCount"], "2");
}

#[tokio::test]
async fn after_the_last_attempt_the_poison_queues_function_gets_the_message() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    for _ in 0..3 {
        test.reply(500, "application/json", "{}");
    }
    let invocations = test.host.drain_advancing(10).await.unwrap();
    let functions: Vec<_> = invocations.iter().map(|i| i.function.as_str()).collect();
    assert_eq!(functions, ["work", "work", "work", "failed"]);
    assert_eq!(test.clock.now().to_string(), "2026-11-22T10:01:00Z");
    assert_eq!(test.received()[3].body["Data"]["message"], "\"a\"");
    assert!(test.host.messages("jobs").await.unwrap().is_empty());
    assert!(test.host.messages("jobs-poison").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_poison_queue_has_none_itself_and_waits_a_whole_lease_between_attempts() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs-poison", "a").await.unwrap();
    for _ in 0..3 {
        test.reply(500, "application/json", "{}");
    }
    let invocations = test.host.drain_advancing(10).await.unwrap();
    assert_eq!(invocations.len(), 3);
    assert_eq!(test.clock.now().to_string(), "2026-11-22T10:20:00Z");
    assert_eq!(test.host.messages("jobs-poison").await.unwrap().len(), 1);
    assert!(test.host.messages("jobs-poison-poison").await.unwrap().is_empty());
}

#[tokio::test]
async fn messages_that_an_invocation_brings_forth_are_drained_too_up_to_the_limit() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    test.reply_json(&json!({"Outputs": {"more": ["b", "c"], "other": "d"}}));
    assert_eq!(test.host.drain(3).await.unwrap().len(), 3);
    assert_eq!(test.host.messages("other").await.unwrap().len(), 1);

    for _ in 0..9 {
        test.reply_json(&json!({"Outputs": {"more": "again"}}));
    }
    test.host.enqueue("jobs", "a").await.unwrap();
    let error = test.host.drain(5).await.unwrap_err();
    assert!(error.to_string().contains("5 deliveries"), "{error}");
}

#[tokio::test]
async fn no_more_messages_are_taken_at_a_time_than_host_json_allows() {
    for (batch_size, new_batch_threshold) in [(1, 0), (2, 1)] {
        let app = App::new();
        app.host_json(&json!({"extensions": {"queues": {
            "batchSize": batch_size, "newBatchThreshold": new_batch_threshold,
        }}}));
        let test = Scripted::with(app).await;
        for _ in 0..5 {
            test.host.enqueue("jobs", "a").await.unwrap();
        }
        let mut deliveries: Vec<_> = (0..5).map(|_| Box::pin(test.host.deliver_next("jobs"))).collect();
        // Polled once, a delivery has taken its message or waits for its turn.
        for delivery in &mut deliveries {
            assert!(futures::poll!(delivery).is_pending());
        }
        let messages = test.host.messages("jobs").await.unwrap();
        let taken: u32 = messages.iter().map(|message| message.dequeue_count).sum();
        assert_eq!(taken, batch_size + new_batch_threshold);
        for delivered in futures::future::join_all(deliveries).await {
            assert!(delivered.unwrap().unwrap().succeeded());
        }
    }
}

#[tokio::test]
async fn a_delivery_that_is_broken_off_gives_the_message_back_after_its_lease() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    let mut delivery = Box::pin(test.host.deliver_next("jobs"));
    assert!(futures::poll!(&mut delivery).is_pending());
    drop(delivery);
    assert!(test.host.deliver_next("jobs").await.unwrap().is_none());
    assert_eq!(test.host.drain_advancing(1).await.unwrap().len(), 1);
    assert_eq!(test.clock.now().to_string(), "2026-11-22T10:10:00Z");
}

#[tokio::test]
async fn a_message_that_is_not_encoded_as_host_json_says_fails_before_the_handler() {
    let test = Scripted::new().await;
    test.host.enqueue_stored("jobs", "not base64!").await.unwrap();
    let invocation = test.host.deliver_next("jobs").await.unwrap().unwrap();
    let InvocationOutcome::Failed(reason) = &invocation.outcome else {
        panic!("{:?}", invocation.outcome);
    };
    assert!(reason.contains("base64"), "{reason}");
    assert!(test.received().is_empty());
}

#[tokio::test]
async fn with_encoding_none_a_text_is_stored_as_it_is() {
    let app = App::new();
    app.host_json(&json!({"extensions": {"queues": {"messageEncoding": "none"}}}));
    let test = Scripted::with(app).await;
    test.host.enqueue_stored("jobs", "plain").await.unwrap();
    test.host.deliver_next("jobs").await.unwrap();
    assert_eq!(test.only().body["Data"]["message"], "\"plain\"");
}

#[tokio::test]
async fn a_message_expires_after_seven_days() {
    let test = Scripted::new().await;
    test.host.enqueue("jobs", "a").await.unwrap();
    test.clock.advance(jiff::SignedDuration::from_hours(7 * 24));
    assert!(test.host.deliver_next("jobs").await.unwrap().is_none());
    assert!(test.host.messages("jobs").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_queue_without_a_function_keeps_its_messages() {
    let test = Scripted::new().await;
    test.host.enqueue("other", "a").await.unwrap();
    assert!(test.host.drain(1).await.unwrap().is_empty());
    assert!(test.host.deliver_next("other").await.is_err());
    assert_eq!(test.host.messages("other").await.unwrap().len(), 1);
}
