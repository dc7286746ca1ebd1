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

#[tokio::test]
async fn a_page_may_end_its_collection_early_and_say_nothing_of_it() {
    let client = Client::new().await;
    let people = client.sync(7);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Everybody");
        people.iter().for_each(|id| directory.add_member(group, *id).unwrap());
        group
    });
    let members = format!("/groups/{group}/transitiveMembers");
    let sizes = async |path: &str| client.pages(path).await.iter().map(Vec::len).collect::<Vec<_>>();
    for path in ["/users", members.as_str()] {
        let asked = format!("{path}?$select=id&$top=3");
        for (page, items, left) in [(1, 2, vec![2]), (2, 0, vec![3, 0]), (2, 3, vec![3, 3]), (3, 0, vec![3, 3, 0])] {
            client.tenant.fail_nth(page, Matcher::pages(path), Fault::ends_early(items));
            assert_eq!(sizes(&asked).await, left, "{items} on page {page}");
            assert_eq!(sizes(&asked).await, [3, 3, 1], "the next reading is whole");
        }
    }
    let exchange = client.tenant.exchanges().into_iter().find(|exchange| exchange.response.is_some()).unwrap();
    assert_eq!(exchange.response.unwrap()["value"].as_array().unwrap().len(), 2, "what was answered is what is kept");
}

#[tokio::test]
async fn the_count_of_a_page_that_ends_early_stays() {
    let client = Client::new().await;
    client.sync(5);
    client.tenant.fail_next(1, Matcher::pages("/users"), Fault::ends_early(1));
    let (_, body) = client.get_advanced("/users?$select=id&$top=2&$count=true").await;
    assert_eq!((body["value"].as_array().unwrap().len(), &body["@odata.count"]), (1, &json!(5)));
    assert_eq!(body.get("@odata.nextLink"), None);
}

#[tokio::test]
async fn pages_are_those_of_one_collection_or_one_type_in_it() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let group = client.tenant.with_directory(|directory| directory.create_group("Nobody"));
    let refused = || Fault::status(503, "ServiceUnavailable");
    client.tenant.fail_next(1, Matcher::pages("/users"), refused());
    assert_eq!(client.get(&format!("/users/{id}")).await.0, 200);
    assert_eq!(client.get("/users/delta").await.0, 200);
    assert_eq!(client.invite(ADDRESS, json!({})).await.0, 400, "the address is taken, nothing else");
    assert_eq!(client.get("/users?$top=1").await.0, 503);
    let members = format!("/groups/{group}/transitiveMembers");
    client.tenant.fail_next(2, Matcher::pages(&members), refused());
    assert_eq!(client.get(&format!("/groups/{group}")).await.0, 200);
    let people = format!("{members}/microsoft.graph.user?$select=id&$count=true");
    assert_eq!((client.get(&members).await.0, client.get_advanced(&people).await.0), (503, 503));
}

#[tokio::test]
async fn a_page_that_ends_early_inside_a_batch_is_that_page_alone() {
    let client = Client::new().await;
    client.sync(3);
    let request = |id: &str| json!({"id": id, "method": "GET", "url": "/users?$select=id&$top=2"});
    client.tenant.fail_nth(2, Matcher::pages("/users"), Fault::ends_early(1));
    let (_, body) = client.post("/$batch", json!({"requests": [request("1"), request("2")]})).await;
    let responses = body["responses"].as_array().unwrap();
    for (id, items, more) in [("1", 2, true), ("2", 1, false)] {
        let page = &responses.iter().find(|response| response["id"] == id).unwrap()["body"];
        assert_eq!((page["value"].as_array().unwrap().len(), page["@odata.nextLink"].is_string()), (items, more));
    }
}
