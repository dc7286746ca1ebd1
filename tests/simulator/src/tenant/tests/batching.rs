//! `$batch`.

use super::{Client, code, invitation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn get(id: &str, url: &str) -> Value {
    json!({"id": id, "method": "GET", "url": url})
}

fn invite(id: &str, address: &str) -> Value {
    json!({
        "id": id,
        "method": "POST",
        "url": "/invitations",
        "headers": {"content-type": "application/json", "x-ms-throttle-priority": "low"},
        "body": invitation(address, json!({})),
    })
}

async fn run(client: &Client, requests: Vec<Value>) -> BTreeMap<String, Value> {
    let (status, body) = client.post("/$batch", json!({"requests": requests})).await;
    assert_eq!(status, 200, "{body}");
    let responses = body["responses"].as_array().unwrap().iter();
    responses.map(|response| (response["id"].as_str().unwrap().to_owned(), response.clone())).collect()
}

#[tokio::test]
async fn each_request_has_its_own_answer() {
    let client = Client::new().await;
    let responses = run(
        &client,
        vec![
            invite("a", "person-0001@fabrikam.us"),
            invite("b", "person-0001@contoso.com"),
            get("c", "users?$select=id"),
            get("d", "/users/nobody"),
        ],
    )
    .await;
    let status = |id: &str| responses[id]["status"].as_u64().unwrap();
    assert_eq!((status("a"), status("b"), status("c"), status("d")), (201, 400, 200, 404));
    assert_eq!(responses["c"]["body"]["value"].as_array().unwrap().len(), 1);
    assert_eq!(responses["a"]["headers"]["Content-Type"], "application/json");
    assert_eq!(client.tenant.mails().len(), 1);
}

#[tokio::test]
async fn inner_requests_are_exchanges_of_their_own() {
    let client = Client::new().await;
    run(&client, vec![get("1", "/users?$top=1"), invite("2", "person-0001@fabrikam.us")]).await;
    let exchanges = client.tenant.exchanges();
    let seen: Vec<_> = exchanges
        .iter()
        .map(|exchange| (exchange.path.as_str(), exchange.in_batch, exchange.priority.as_deref()))
        .collect();
    assert_eq!(seen, [("/users", true, None), ("/invitations", true, Some("low")), ("/$batch", false, None)]);
    assert_eq!(exchanges[0].query, "$top=1");
    assert_eq!(exchanges[1].request.as_ref().unwrap()["invitedUserEmailAddress"], "person-0001@fabrikam.us");
    assert_eq!(exchanges[1].response.as_ref().unwrap()["status"], "PendingAcceptance");
    client.tenant.clear_exchanges();
    assert!(client.tenant.exchanges().is_empty());
}

#[tokio::test]
async fn consistency_is_asked_for_inside() {
    let client = Client::new().await;
    let url = "/users?$count=true&$filter=userType%20ne%20'Guest'";
    let mut asked = get("2", url);
    asked["headers"] = json!({"ConsistencyLevel": "eventual"});
    let responses = run(&client, vec![get("1", url), asked]).await;
    assert_eq!((&responses["1"]["status"], &responses["2"]["status"]), (&json!(400), &json!(200)));
}

#[tokio::test]
async fn a_broken_envelope_fails_the_whole() {
    let client = Client::new().await;
    let many: Vec<Value> = (0..21).map(|number| get(&number.to_string(), "/users")).collect();
    let mut without_header = invite("1", "person-0001@fabrikam.us");
    without_header.as_object_mut().unwrap().remove("headers");
    let mut without_body = invite("1", "person-0001@fabrikam.us");
    without_body.as_object_mut().unwrap().remove("body");
    let mut depends = get("1", "/users");
    depends["dependsOn"] = json!(["9"]);
    for requests in [
        json!(many),
        json!([]),
        json!([get("a", "/users"), get("A", "/users")]),
        json!([get("", "/users")]),
        json!([get("1", "https://graph.microsoft.com/v1.0/users")]),
        json!([without_header]),
        json!([without_body]),
        json!([depends]),
        Value::Null,
    ] {
        let (status, body) = client.post("/$batch", json!({"requests": requests})).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"), "{requests}");
    }
    assert!(client.tenant.mails().is_empty());
    assert!(client.tenant.exchanges().iter().all(|exchange| !exchange.in_batch), "nothing was carried out");
}

#[tokio::test]
async fn a_url_may_be_written_out_if_it_is_of_the_graph_that_is_asked() {
    let client = Client::new().await;
    let own = format!("{}/v1.0", client.tenant.graph_root());
    let written_out = vec![get("1", &format!("{own}/users")), get("2", "/v1.0/users"), get("3", "/users")];
    let responses = run(&client, written_out).await;
    let statuses: Vec<u64> = responses.values().map(|response| response["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 200]);
    assert!(client.tenant.exchanges().iter().filter(|exchange| exchange.in_batch).all(|one| one.path == "/users"));
    for elsewhere in ["https://graph.microsoft.com/v1.0/users".to_owned(), format!("{own}.example/users")] {
        let (status, _) = client.post("/$batch", json!({"requests": [get("1", &elsewhere)]})).await;
        assert_eq!(status, 400, "{elsewhere}");
    }
}

#[tokio::test]
async fn who_depends_on_a_failure_is_not_carried_out() {
    let client = Client::new().await;
    let depending = |id: &str, address: &str, on: &str| {
        let mut request = invite(id, address);
        request["dependsOn"] = json!([on]);
        request
    };
    let responses = run(
        &client,
        vec![
            invite("1", "person-0001@contoso.com"),
            depending("2", "person-0002@fabrikam.us", "1"),
            depending("3", "person-0003@fabrikam.us", "2"),
            invite("4", "person-0004@fabrikam.us"),
            depending("5", "person-0005@fabrikam.us", "4"),
        ],
    )
    .await;
    let statuses: Vec<u64> = responses.values().map(|response| response["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [400, 424, 424, 201, 201]);
    assert_eq!(client.tenant.mails().len(), 2);
}

#[tokio::test]
async fn answers_come_in_another_order_and_in_the_same_one_in_every_run() {
    async fn orders() -> Vec<Vec<String>> {
        let client = Client::new().await;
        let mut orders = Vec::new();
        for _ in 0..2 {
            let requests: Vec<Value> = (10..30).map(|number| get(&number.to_string(), "/users")).collect();
            let (_, body) = client.post("/$batch", json!({"requests": requests})).await;
            let responses = body["responses"].as_array().unwrap().iter();
            orders.push(responses.map(|response| response["id"].as_str().unwrap().to_owned()).collect());
        }
        orders
    }
    let first = orders().await;
    assert!(first.iter().all(|order| !order.is_sorted()));
    assert_ne!(first[0], first[1]);
    assert_eq!(first, orders().await);
}
