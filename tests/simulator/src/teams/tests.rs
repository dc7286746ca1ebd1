//! Drives the webhooks as their callers do.

use super::{Fault, Hook, Webhooks};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

struct Caller {
    webhooks: Webhooks,
    http: Client,
}

impl Caller {
    async fn new() -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { webhooks: Webhooks::start().await.unwrap(), http }
    }

    async fn post(&self, hook: Hook, body: &Value) -> u16 {
        status(self.http.post(self.webhooks.url(hook)).json(body)).await
    }
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

fn message(card: &Value) -> Value {
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": card,
    });
    json!({"type": "message", "attachments": [attachment]})
}

fn card(text: &str) -> Value {
    let line = json!({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]});
    json!({"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Container", "items": [line]}]})
}

#[tokio::test]
async fn a_message_is_taken_and_kept() {
    let caller = Caller::new().await;
    assert_eq!(caller.post(Hook::Workflow, &message(&card("hello"))).await, 202);
    assert_eq!(caller.post(Hook::Plain, &json!(["hello"])).await, 204);
    let webhooks = &caller.webhooks;
    assert_eq!(webhooks.messages(), [message(&card("hello"))]);
    assert_eq!(webhooks.cards(), [card("hello")]);
    assert_eq!(webhooks.documents(), [json!(["hello"])]);
    assert!(webhooks.failed_runs().is_empty());
    let requests: Vec<_> = webhooks.requests().iter().map(|request| (request.hook, request.status)).collect();
    assert_eq!(requests, [(Some(Hook::Workflow), 202), (Some(Hook::Plain), 204)]);
}

#[tokio::test]
async fn a_query_that_is_not_the_very_one_handed_out_is_not_let_in() {
    let caller = Caller::new().await;
    let url = caller.webhooks.url(Hook::Workflow);
    let fine = message(&card("x"));
    let other = caller.webhooks.url(Hook::Plain).replace("token=", "token=0");
    for wrong in [url.replace("%2F", "/"), url.replace("%2D", "-"), url.replace("&sv=1.0", ""), other] {
        assert_eq!(status(caller.http.post(wrong).json(&fine)).await, 401);
    }
    assert_eq!(status(caller.http.post(url.replace("manual", "other")).json(&fine)).await, 404);
    assert_eq!(status(caller.http.get(url)).await, 405);
    assert!(caller.webhooks.messages().is_empty());
}

#[tokio::test]
async fn what_is_no_message_of_json_is_refused() {
    let caller = Caller::new().await;
    for body in [json!({}), json!({"type": "message"}), json!({"type": "x", "attachments": []}), card("x")] {
        assert_eq!(caller.post(Hook::Workflow, &body).await, 400, "{body}");
    }
    for kind in ["text/plain", "application/jsonx", ""] {
        let request = caller.http.post(caller.webhooks.url(Hook::Plain)).header("content-type", kind);
        assert_eq!(status(request.body("{}")).await, 400, "{kind:?}");
    }
    let broken = caller.http.post(caller.webhooks.url(Hook::Plain)).header("content-type", "application/json");
    assert_eq!(status(broken.body("{")).await, 400);
}

#[tokio::test]
async fn a_message_is_too_large_by_what_teams_makes_of_it() {
    let caller = Caller::new().await;
    let overhead = message(&card("")).to_string();
    let room = 28_672 - overhead.len() - overhead.matches('"').count();
    assert_eq!(caller.post(Hook::Workflow, &message(&card(&"x".repeat(room)))).await, 202);
    assert_eq!(caller.post(Hook::Workflow, &message(&card(&"x".repeat(room + 1)))).await, 413);
    // A quote is escaped in the message, and both characters are escaped around it.
    assert_eq!(caller.post(Hook::Workflow, &message(&card(&"\"".repeat(room / 4 + 1)))).await, 413);
}

#[tokio::test]
async fn what_cannot_be_posted_is_taken_and_fails_afterwards() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = message(&card("x"));
        change(&mut body["attachments"][0]);
        body
    };
    for (body, why) in [
        (json!({"type": "message", "attachments": []}), "no attachment"),
        (with(&|one| one["contentType"] = json!("application/json")), "contentType"),
        (with(&|one| one["content"]["type"] = json!("MessageCard")), "'AdaptiveCard'"),
        (with(&|one| one["content"]["version"] = json!("1.6")), "version"),
        (with(&|one| one["content"]["version"] = Value::Null), "version"),
        (with(&|one| one["content"]["body"][0]["items"][0]["type"] = json!("Badge")), "Badge"),
        (with(&|one| one["content"]["body"][0]["items"][0]["inlines"][0]["type"] = json!("x")), "inline"),
        (with(&|one| one["content"]["actions"] = json!([{"type": "Action.Submit"}])), "Action.Submit"),
        (with(&|one| one["content"]["actions"] = json!([{"type": "Action.OpenUrl", "url": "javascript:x"}])), "https"),
    ] {
        let caller = Caller::new().await;
        assert_eq!(caller.post(Hook::Workflow, &body).await, 202);
        let failed = caller.webhooks.failed_runs();
        assert!(failed.len() == 1 && failed[0].contains(why), "{why}: {failed:?}");
    }
}

#[tokio::test]
async fn faults_come_in_their_order_and_hit_one_webhook_only() {
    let caller = Caller::new().await;
    let fine = message(&card("x"));
    caller.webhooks.fail(Hook::Workflow, 2, Fault::status(500));
    caller.webhooks.fail(Hook::Workflow, 1, Fault::retry_after(429, "7"));
    caller.webhooks.fail(Hook::Workflow, 1, Fault::redirect(302, "https://evil.example/"));
    caller.webhooks.fail(Hook::Workflow, 1, Fault::html());
    caller.webhooks.fail(Hook::Workflow, 1, Fault::status(503).after_effect());
    assert_eq!(caller.post(Hook::Plain, &json!(1)).await, 204);
    for expected in [500, 500, 429, 302, 200, 503] {
        let taken = caller.webhooks.messages().len();
        assert_eq!((caller.post(Hook::Workflow, &fine).await, taken), (expected, 0));
    }
    assert_eq!(caller.webhooks.messages().len(), 1, "the last fault came after the effect");
    assert_eq!(caller.post(Hook::Workflow, &fine).await, 202);
}

#[tokio::test]
async fn a_connection_can_break_or_stay_silent() {
    let caller = Caller::new().await;
    let url = caller.webhooks.url(Hook::Plain);
    caller.webhooks.fail(Hook::Plain, 1, Fault::disconnect());
    caller.webhooks.fail(Hook::Plain, 1, Fault::silence().after_effect());
    let broken = caller.http.post(&url).json(&json!(1)).send().await.unwrap_err();
    assert!(!broken.is_timeout() && !broken.is_connect(), "{broken:?}");
    let patience = Duration::from_millis(500);
    let silent = caller.http.post(&url).json(&json!(2)).timeout(patience).send().await.unwrap_err();
    assert!(silent.is_timeout(), "{silent:?}");
    assert_eq!(caller.webhooks.documents(), [json!(2)]);
    assert_eq!(caller.webhooks.requests().iter().map(|request| request.status).collect::<Vec<_>>(), [0, 0]);
}
