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
