//! Faults that tests order.

use super::{Client, answer, code, invitation};
use crate::tenant::{Fault, Matcher};
use reqwest::Method;
use serde_json::json;

const ADDRESS: &str = "person-0001@fabrikam.us";

#[tokio::test]
async fn a_fault_hits_the_next_requests_that_match_and_no_others() {
    let client = Client::new().await;
    client.tenant.fail_next(2, Matcher::get("/users"), Fault::status(429, "TooManyRequests").retry_after("2.128"));
    assert_eq!(client.get("/organization").await.0, 200);
    let response = client.request(Method::GET, "/users").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "2.128");
    assert_eq!(client.get("/users?$top=1").await.0, 429);
    assert_eq!(client.get("/users").await.0, 200);
}

#[tokio::test]
async fn an_answer_may_be_lost_before_the_effect_or_after_it() {
    let client = Client::new().await;
    let invitations = || Matcher::post("/invitations");
    client.tenant.fail_next(1, invitations(), Fault::status(503, "ServiceUnavailable"));
    let (status, body) = client.invite(ADDRESS, json!({})).await;
    assert_eq!((status, code(&body)), (503, "ServiceUnavailable"));
    assert!(client.tenant.mails().is_empty());
    client.tenant.fail_next(1, invitations(), Fault::status(504, "GatewayTimeout").after_effect());
    assert_eq!(client.invite(ADDRESS, json!({})).await.0, 504);
    assert_eq!(client.tenant.mails().len(), 1);
}

#[tokio::test]
async fn a_connection_may_break_before_the_effect_or_after_it() {
    let client = Client::new().await;
    let send = || client.request(Method::POST, "/invitations").json(&invitation(ADDRESS, json!({}))).send();
    client.tenant.fail_next(1, Matcher::any(), Fault::disconnect());
    assert!(send().await.is_err());
    assert!(client.tenant.mails().is_empty());
    client.tenant.fail_next(1, Matcher::any(), Fault::disconnect().after_effect());
    assert!(send().await.is_err());
    assert_eq!(client.tenant.mails().len(), 1);
    assert_eq!(client.tenant.exchanges().iter().map(|exchange| exchange.status).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(client.get("/users").await.0, 200, "other connections work");
}

#[tokio::test]
async fn a_fault_inside_a_batch_is_that_requests_alone_unless_the_connection_breaks() {
    let client = Client::new().await;
    let request = |id: &str, address: &str| {
        json!({
            "id": id, "method": "POST", "url": "/invitations",
            "headers": {"Content-Type": "application/json"}, "body": invitation(address, json!({})),
        })
    };
    let batch = json!({"requests": [request("1", ADDRESS), request("2", "person-0002@fabrikam.us")]});
    client.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(429, "TooManyRequests").retry_after("7"));
    let (status, body) = client.post("/$batch", batch.clone()).await;
    assert_eq!(status, 200);
    let responses = body["responses"].as_array().unwrap();
    let of = |id: &str| responses.iter().find(|response| response["id"] == id).unwrap();
    assert_eq!((&of("1")["status"], &of("1")["headers"]["Retry-After"]), (&json!(429), &json!("7")));
    assert_eq!(of("2")["status"], 201);
    client.tenant.fail_next(1, Matcher::post("/invitations"), Fault::disconnect());
    assert!(client.request(Method::POST, "/$batch").json(&batch).send().await.is_err());
    assert_eq!(client.tenant.mails().len(), 2, "the second one was mailed again, the first never");
}

#[tokio::test]
async fn faults_can_be_taken_back() {
    let client = Client::new().await;
    client.tenant.fail_next(5, Matcher::any(), Fault::status(500, "InternalServerError"));
    client.tenant.clear_faults();
    assert_eq!(answer(client.request(Method::GET, "/users")).await.0, 200);
}

#[tokio::test]
async fn a_fault_may_come_at_the_nth_request_that_matches() {
    let client = Client::new().await;
    client.tenant.fail_nth(3, Matcher::get("/users"), Fault::status(509, "BandwidthLimitExceeded"));
    client.tenant.fail_nth(2, Matcher::any(), Fault::concurrency_violation());
    let mut statuses = Vec::new();
    for path in ["/users", "/organization", "/users", "/users", "/users"] {
        statuses.push(client.get(path).await.0);
    }
    assert_eq!(statuses, [200, 409, 200, 509, 200]);
}

#[tokio::test]
async fn an_answer_may_be_damaged_on_the_way() {
    let client = Client::new().await;
    let send = || client.request(Method::POST, "/invitations").json(&invitation(ADDRESS, json!({}))).send();
    client.tenant.fail_next(1, Matcher::any(), Fault::truncated());
    let response = send().await.unwrap();
    assert_eq!(response.status(), 201);
    let text = response.text().await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err(), "half of the JSON, in a sound answer: {text}");
    client.tenant.fail_next(1, Matcher::any(), Fault::cut_short());
    let response = send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(response.headers()["content-length"].to_str().unwrap().parse::<usize>().unwrap() > text.len());
    assert!(response.bytes().await.is_err(), "the connection breaks before the end");
    assert_eq!(client.tenant.mails().len(), 2, "both were carried out");
    client.tenant.fail_next(1, Matcher::any(), Fault::html());
    let response = send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    assert!(response.text().await.unwrap().starts_with('<'));
    assert_eq!(client.tenant.mails().len(), 2, "that one never arrived");
    let kept: Vec<bool> = client.tenant.exchanges().iter().map(|exchange| exchange.response.is_some()).collect();
    assert_eq!(kept, [false; 3]);
}

#[tokio::test]
async fn damage_inside_a_batch_is_damage_to_the_batch() {
    let client = Client::new().await;
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/users"},
        {"id": "2", "method": "GET", "url": "/organization"},
    ]});
    client.tenant.fail_next(1, Matcher::get("/users"), Fault::truncated());
    let response = client.request(Method::POST, "/$batch").json(&batch).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.json::<serde_json::Value>().await.is_err());
}

#[tokio::test]
async fn a_batch_may_fail_as_a_whole() {
    let client = Client::new().await;
    let request = json!({
        "id": "1", "method": "POST", "url": "/invitations",
        "headers": {"Content-Type": "application/json"}, "body": invitation(ADDRESS, json!({})),
    });
    for (status, code) in [(429, "TooManyRequests"), (424, "FailedDependency"), (503, "ServiceUnavailable")] {
        client.tenant.fail_next(1, Matcher::batch(), Fault::status(status, code).retry_after("1.5"));
        let response =
            client.request(Method::POST, "/$batch").json(&json!({"requests": [request]})).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (status, "1.5"));
    }
    assert!(client.tenant.mails().is_empty());
    let lost = Fault::status(503, "ServiceUnavailable").after_effect();
    client.tenant.fail_next(1, Matcher::batch(), lost);
    assert_eq!(client.post("/$batch", json!({"requests": [request]})).await.0, 503);
    assert_eq!(client.tenant.mails().len(), 1);
}

#[tokio::test]
async fn an_error_may_have_words_of_its_own() {
    let client = Client::new().await;
    let words = "already exists in the directory as object ID: 0";
    client.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(400, "BadRequest").message(words));
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    assert_eq!(super::message(&body), words);
}
