//! Delivery, status by status, against a stand-in for the webhooks. Time stands still but for waits, which are exact.

use super::config;
use crate::clock::Clock;
use crate::config::TEAMS_WEBHOOK_URL;
use crate::report::ErrorReport;
use crate::teams::webhook::Arrival;
use crate::teams::{Card, Delivery, Notifier, Tone};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;
use usher_simulator::teams::{Fault, Hook, Webhooks};

/// How a message fares when the workflow answers its first requests like this.
async fn fare(times: usize, fault: Fault) -> (Delivery, Duration, Webhooks) {
    let webhooks = Webhooks::start().await.unwrap();
    webhooks.fail(Hook::Workflow, times, fault);
    let (delivery, time) = send_to(&webhooks.url(Hook::Workflow)).await;
    (delivery, time, webhooks)
}

async fn send_to(url: &str) -> (Delivery, Duration) {
    let config = config("global", "", &[(TEAMS_WEBHOOK_URL, url)]);
    let begun = Instant::now();
    let mut deliveries = Notifier::new(&config, Clock::system()).send(&card(), &document()).await;
    assert_eq!(deliveries.len(), 1);
    (deliveries.remove(0), begun.elapsed())
}

fn card() -> Card {
    Card::new(Tone::Good, "usher: nothing to do")
}

fn document() -> Value {
    json!({"kind": "summary"})
}

fn statuses(webhooks: &Webhooks) -> Vec<u16> {
    assert!(webhooks.failed_runs().is_empty(), "{:?}", webhooks.failed_runs());
    webhooks.requests().iter().map(|request| request.status).collect()
}

/// The code of the error of a message that was not taken.
fn code(delivery: &Delivery) -> &str {
    let ErrorReport { code, message, advice, .. } = delivery.error.as_ref().unwrap();
    assert!(message.contains(TEAMS_WEBHOOK_URL) && advice.len() > 20, "{message} {advice}");
    code
}

#[tokio::test(start_paused = true)]
async fn the_card_goes_to_teams_and_the_document_to_the_others() {
    let webhooks = Webhooks::start().await.unwrap();
    let (workflow, plain) = (webhooks.url(Hook::Workflow), webhooks.url(Hook::Plain));
    let variables = [(TEAMS_WEBHOOK_URL, workflow.as_str()), ("HOOK", &plain), ("BROKEN", "https://contoso.com/")];
    let config = config("global", "webhooks = [\"BROKEN\", \"HOOK\"]", &variables);
    let notifier = Notifier::new(&config, Clock::system());
    assert!(notifier.has_receivers());
    let deliveries = notifier.send(&card(), &document()).await;
    let fared: Vec<_> =
        deliveries.iter().map(|one| (one.receiver.as_str(), one.tries, one.arrival, one.error.is_none())).collect();
    assert_eq!(
        fared,
        [
            (TEAMS_WEBHOOK_URL, 1, Arrival::Accepted, true),
            ("BROKEN", 0, Arrival::Refused, false),
            ("HOOK", 1, Arrival::Accepted, true),
        ]
    );
    assert_eq!(webhooks.messages(), [serde_json::from_str::<Value>(&card().message()).unwrap()]);
    assert_eq!(webhooks.documents(), [document()]);
    assert!(webhooks.failed_runs().is_empty());
}

#[tokio::test]
async fn without_receivers_nothing_is_sent() {
    let notifier = Notifier::new(&config("global", "", &[]), Clock::system());
    assert!(!notifier.has_receivers());
    assert!(notifier.send(&card(), &document()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_answer_of_success_is_one() {
    for status in [200, 201, 202, 204] {
        let (delivery, time, webhooks) = fare(1, Fault::status(status).after_effect()).await;
        assert_eq!((delivery.arrival, delivery.tries, delivery.error), (Arrival::Accepted, 1, None), "{status}");
        assert_eq!((time, statuses(&webhooks)), (Duration::ZERO, vec![status]));
    }
    let (delivery, _, webhooks) = fare(1, Fault::html()).await;
    assert_eq!((delivery.arrival, webhooks.requests().len()), (Arrival::Accepted, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_comes_with_its_remedy() {
    for (status, remedy) in [
        (400, "run history"),
        (401, "let anyone trigger it"),
        (403, "let anyone trigger it"),
        (404, "copy its URL again"),
        (410, "copy its URL again"),
        (413, "of this size"),
        (405, "at the receiver"),
    ] {
        let (delivery, time, webhooks) = fare(9, Fault::status(status)).await;
        assert_eq!((delivery.arrival, delivery.tries), (Arrival::Refused, 1), "{status}");
        assert_eq!((time, statuses(&webhooks)), (Duration::ZERO, vec![status]));
        assert_eq!(code(&delivery), format!("http-{status}"));
        let error = delivery.error.unwrap();
        assert!(!error.transient && error.advice.contains(remedy), "{status}: {}", error.advice);
    }
}

#[tokio::test(start_paused = true)]
async fn a_url_that_is_not_the_webhooks_own_byte_for_byte_is_refused_there() {
    let webhooks = Webhooks::start().await.unwrap();
    let (delivery, _) = send_to(&webhooks.url(Hook::Workflow).replace("%2F", "/")).await;
    assert_eq!(code(&delivery), "http-401");
    let (delivery, _) = send_to(&webhooks.url(Hook::Workflow)).await;
    assert_eq!(delivery.arrival, Arrival::Accepted);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    let elsewhere = Webhooks::start().await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let (delivery, _, webhooks) = fare(1, Fault::redirect(status, &elsewhere.url(Hook::Workflow))).await;
        assert_eq!((delivery.arrival, statuses(&webhooks)), (Arrival::Refused, vec![status]));
        assert_eq!(code(&delivery), format!("http-{status}"));
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_busy_is_asked_again_when_it_says() {
    let (delivery, time, webhooks) = fare(1, Fault::retry_after(429, "7")).await;
    assert_eq!((delivery.arrival, delivery.tries), (Arrival::Accepted, 2));
    assert_eq!((time, statuses(&webhooks)), (Duration::from_secs(7), vec![429, 202]));

    let (delivery, time, webhooks) = fare(2, Fault::status(429)).await;
    assert_eq!((delivery.arrival, delivery.tries), (Arrival::Accepted, 3));
    assert_eq!((time, statuses(&webhooks)), (Duration::from_secs(1 + 3), vec![429, 429, 202]));

    let (delivery, time, webhooks) = fare(1, Fault::retry_after(503, "0")).await;
    assert_eq!((delivery.arrival, time), (Arrival::Accepted, Duration::ZERO));
    assert_eq!(statuses(&webhooks), [503, 202]);
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let (delivery, time, webhooks) = fare(9, Fault::status(429)).await;
    assert_eq!((delivery.arrival, delivery.tries, code(&delivery)), (Arrival::Refused, 4, "http-429"));
    assert_eq!((time, webhooks.requests().len()), (Duration::from_secs(1 + 3 + 8), 4));
    assert!(delivery.error.unwrap().transient);

    let (delivery, time, _) = fare(9, Fault::retry_after(429, "20")).await;
    assert_eq!((delivery.tries, time), (2, Duration::from_secs(20)), "a second wait would be too much");

    let (delivery, time, _) = fare(9, Fault::retry_after(429, "3600")).await;
    assert_eq!((delivery.tries, time), (1, Duration::ZERO), "it is not asked before it said");
    assert!(delivery.error.unwrap().message.contains("asked for 3600 seconds"));

    let (delivery, ..) = fare(9, Fault::retry_after(429, "9999999999")).await;
    assert_eq!(delivery.tries, 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_in_trouble_is_tried_again_and_may_have_taken_it() {
    for status in [500, 502, 503, 504] {
        let (delivery, time, webhooks) = fare(9, Fault::status(status)).await;
        assert_eq!((delivery.arrival, delivery.tries), (Arrival::Unknown, 4), "{status}");
        assert_eq!((time, statuses(&webhooks)), (Duration::from_secs(12), vec![status; 4]));
        assert_eq!(code(&delivery), format!("http-{status}"));
        let (delivery, _, webhooks) = fare(1, Fault::status(status)).await;
        assert_eq!((delivery.arrival, webhooks.messages().len()), (Arrival::Accepted, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_is_tried_once_more() {
    let (delivery, _, webhooks) = fare(1, Fault::disconnect()).await;
    assert_eq!((delivery.arrival, delivery.tries, statuses(&webhooks)), (Arrival::Accepted, 2, vec![0, 202]));
    let (delivery, _, webhooks) = fare(9, Fault::disconnect().after_effect()).await;
    assert_eq!((delivery.arrival, code(&delivery)), (Arrival::Unknown, "no-answer"));
    assert_eq!(webhooks.messages().len(), 2, "twice at most");
}

#[tokio::test(start_paused = true)]
async fn silence_is_waited_for_once() {
    let (delivery, time, webhooks) = fare(9, Fault::silence().after_effect()).await;
    assert_eq!((delivery.arrival, delivery.tries, code(&delivery)), (Arrival::Unknown, 1, "no-answer"));
    assert!((10..11).contains(&time.as_secs()), "{time:?}");
    assert_eq!(webhooks.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_doubt_stays_whatever_is_answered_afterwards() {
    let webhooks = Webhooks::start().await.unwrap();
    webhooks.fail(Hook::Workflow, 1, Fault::disconnect().after_effect());
    webhooks.fail(Hook::Workflow, 1, Fault::status(404));
    let (delivery, _) = send_to(&webhooks.url(Hook::Workflow)).await;
    assert_eq!((delivery.arrival, code(&delivery)), (Arrival::Unknown, "http-404"));
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_asked_again_for_a_while() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (delivery, time) = send_to(&format!("http://127.0.0.1:{port}/hook?sig=hush")).await;
    assert_eq!((delivery.arrival, delivery.tries, code(&delivery)), (Arrival::Refused, 4, "no-connection"));
    assert_eq!(time, Duration::from_secs(12));
    let error = delivery.error.unwrap();
    assert!(error.transient && error.message.contains("connection refused"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn a_url_that_is_not_allowed_is_never_asked() {
    for url in [
        "https://contoso.com/?sig=hush",
        "http://contoso.com/?sig=hush",
        "https://name:hush@x.environment.api.powerplatform.com/?sig=hush",
        "hush",
    ] {
        let (delivery, time) = send_to(url).await;
        assert_eq!((delivery.arrival, delivery.tries, code(&delivery)), (Arrival::Refused, 0, "webhook-url"));
        assert!(time.is_zero() && !delivery.error.unwrap().transient);
    }
}
