//! Steps: a test sees where each request to Graph stands and decides what happens next.

use super::{Client, answer, invitation};
use crate::steps::{Gate, Service, Stage, Step, Then};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ADDRESS: &str = "person-0001@fabrikam.us";

/// What a hook saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Step>>>);

impl Seen {
    /// Notes every step, and at `stage` says what happens.
    fn by(&self, client: &Client, stage: Stage, then: Then) {
        let seen = self.clone();
        client.tenant.on_step(move |step| {
            seen.0.lock().unwrap().push(step.clone());
            if step.stage == stage { then.clone() } else { Then::GoOn }
        });
    }

    fn stages(&self) -> Vec<Stage> {
        self.0.lock().unwrap().iter().map(|step| step.stage).collect()
    }

    async fn wait_for(&self, stage: Stage) {
        while !self.stages().contains(&stage) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn a_hook_sees_every_stage_and_may_look_at_the_tenant() {
    let client = Client::new().await;
    let mails = Arc::new(Mutex::new(Vec::new()));
    let (log, tenant) = (Arc::clone(&mails), client.tenant.clone());
    client.tenant.on_step(move |step| {
        log.lock().unwrap().push((step.stage, tenant.mails().len()));
        Then::GoOn
    });
    assert_eq!(client.invite(ADDRESS, json!({})).await.0, 201);
    while mails.lock().unwrap().len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(*mails.lock().unwrap(), [(Stage::Received, 0), (Stage::Done, 1), (Stage::Answered, 1)]);
    client.tenant.clear_hook();
    client.get("/users").await;
    assert_eq!(mails.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_batch_is_one_request_and_a_write_if_one_of_its_requests_is() {
    let client = Client::new().await;
    let seen = Seen::default();
    seen.by(&client, Stage::Received, Then::GoOn);
    let read = json!({"id": "1", "method": "GET", "url": "/users?$select=id"});
    let ask = json!({
        "id": "2", "method": "POST", "url": "/users/0/checkMemberGroups",
        "headers": {"Content-Type": "application/json"}, "body": {"groupIds": []},
    });
    let invite = json!({
        "id": "3", "method": "POST", "url": "/invitations",
        "headers": {"Content-Type": "application/json"}, "body": invitation(ADDRESS, json!({})),
    });
    let batch = |requests: &[&Value]| json!({"requests": requests});
    client.get("/users?$select=id").await;
    client.post("/$batch", batch(&[&read, &ask])).await;
    client.post("/$batch", batch(&[&read, &invite])).await;
    client.invite("person-0002@fabrikam.us", json!({})).await;
    let seen = seen.0.lock().unwrap();
    let received = seen.iter().filter(|step| step.stage == Stage::Received);
    let kinds: Vec<_> =
        received.map(|step| (step.service, step.operation.as_str(), step.target.as_str(), step.is_write)).collect();
    assert_eq!(
        kinds,
        [
            (Service::Graph, "GET", "/users", false),
            (Service::Graph, "POST", "/$batch", false),
            (Service::Graph, "POST", "/$batch", true),
            (Service::Graph, "POST", "/invitations", true),
        ]
    );
}

#[tokio::test]
async fn a_token_request_is_no_step() {
    let client = Client::new().await;
    let seen = Seen::default();
    seen.by(&client, Stage::Received, Then::Cut);
    let token = client
        .http
        .get(client.tenant.identity_endpoint())
        .query(&[("api-version", "2019-08-01"), ("resource", "https://graph.microsoft.com")])
        .header("x-identity-header", client.tenant.identity_header());
    assert_eq!(token.send().await.unwrap().status(), 200);
    assert!(seen.stages().is_empty());
}

#[tokio::test]
async fn a_request_that_is_cut_has_its_effect_only_when_it_was_done() {
    for (stage, mails, stages, status) in
        [(Stage::Received, 0, vec![Stage::Received], 0), (Stage::Done, 1, vec![Stage::Received, Stage::Done], 201)]
    {
        let client = Client::new().await;
        let seen = Seen::default();
        seen.by(&client, stage, Then::Cut);
        let invite = client.request(Method::POST, "/invitations").json(&invitation(ADDRESS, json!({})));
        assert!(invite.send().await.is_err());
        assert_eq!(client.tenant.mails().len(), mails);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(seen.stages(), stages);
        let recorded: Vec<_> = client.tenant.exchanges().iter().map(|exchange| exchange.status).collect();
        assert_eq!(recorded, [status]);
    }
}

#[tokio::test]
async fn a_refused_request_has_no_effect_and_is_answered_as_graph_answers() {
    let client = Client::new().await;
    let seen = Seen::default();
    seen.by(&client, Stage::Received, Then::Refuse(503, "ServiceUnavailable"));
    let (status, body) = client.invite(ADDRESS, json!({})).await;
    assert_eq!((status, body["error"]["code"].as_str()), (503, Some("ServiceUnavailable")));
    assert!(client.tenant.mails().is_empty());
    seen.wait_for(Stage::Answered).await;
    assert_eq!(seen.stages(), [Stage::Received, Stage::Answered]);
}

#[tokio::test]
async fn a_held_request_has_its_effect_even_if_its_sender_is_gone() {
    let client = Client::new().await;
    let (gate, seen) = (Gate::default(), Seen::default());
    seen.by(&client, Stage::Received, Then::Hold(gate.clone()));
    let invite = client.request(Method::POST, "/invitations").json(&invitation(ADDRESS, json!({})));
    let invite = tokio::spawn(answer(invite));
    seen.wait_for(Stage::Received).await;
    invite.abort();
    assert!(invite.await.unwrap_err().is_cancelled());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(client.tenant.mails().is_empty());
    gate.open();
    seen.wait_for(Stage::Done).await;
    assert_eq!(client.tenant.mails().len(), 1);
}
