//! Limits: what requests cost, when they are refused, and how long to wait.

use super::{Client, invitation};
use crate::tenant::{Limits, Quota, RetryAfter, TenantSize, Usage};
use jiff::SignedDuration;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// Small enough to be exhausted in a test.
fn small() -> Limits {
    Limits { units: Quota::new(10, 10), writes: Quota::new(4, 8), ..Limits::published(TenantSize::Small) }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

impl Client {
    async fn limited(limits: Limits) -> Self {
        Self::with(|options| options.limits = Some(limits)).await
    }

    async fn send(&self, method: Method, path: &str) -> Response {
        self.request(method, path).send().await.unwrap()
    }

    async fn invite_number(&self, number: usize) -> Response {
        let body = invitation(&format!("person-{number:04}@fabrikam.us"), json!({"sendInvitationMessage": false}));
        self.request(Method::POST, "/invitations").json(&body).send().await.unwrap()
    }

    fn advance(&self, time: SignedDuration) {
        self.tenant.with_directory(|directory| directory.clock().advance(time));
    }
}

fn wait(seconds: &str) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds.parse().unwrap()).unwrap()
}

#[tokio::test]
async fn the_published_costs() {
    let client = Client::new().await;
    let user = client.sync(1)[0];
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    for (path, units) in [
        ("/users".to_owned(), "2"),
        ("/users?$select=id".to_owned(), "1"),
        ("/users?$top=19".to_owned(), "1"),
        ("/users?$top=20".to_owned(), "2"),
        ("/users?$select=id&$top=5".to_owned(), "1"),
        (format!("/users/{user}"), "1"),
        ("/users/delta".to_owned(), "1"),
        ("/organization".to_owned(), "1"),
        (format!("/groups/{group}/members"), "3"),
        (format!("/groups/{group}/members?$select=id&$top=5"), "1"),
        (format!("/groups/{group}/transitiveMembers"), "5"),
        (format!("/groups/{group}/transitiveMembers?$select=id"), "4"),
        ("/users/nobody".to_owned(), "1"),
    ] {
        let response = client.send(Method::GET, &path).await;
        assert_eq!(header(response.headers(), "x-ms-resource-unit"), Some(units), "{path}");
    }
    assert_eq!(client.tenant.usage(), Usage { units: 25 - 1, writes: 0, invitations: 0 });
    let check = client.request(Method::POST, &format!("/users/{user}/checkMemberGroups"));
    let response = check.json(&json!({"groupIds": [group]})).send().await.unwrap();
    assert_eq!(header(response.headers(), "x-ms-resource-unit"), Some("4"));
    assert_eq!(client.tenant.usage().writes, 0, "a question, not a write");
    let response = client.invite_number(2).await;
    assert_eq!(header(response.headers(), "x-ms-resource-unit"), Some("1"));
    let patch = client.request(Method::PATCH, &format!("/users/{user}")).json(&json!({"accountEnabled": false}));
    patch.send().await.unwrap();
    assert_eq!(client.tenant.usage(), Usage { units: 30, writes: 2, invitations: 1 });
    assert_eq!(client.tenant.throttled(), 0);
}

#[tokio::test]
async fn a_refusal_says_why_and_how_long_and_the_wait_is_enough_and_not_too_long() {
    let client = Client::limited(small()).await;
    for number in 1..=4 {
        assert_eq!(client.invite_number(number).await.status(), 201);
    }
    let refused = client.invite_number(5).await;
    assert_eq!(refused.status(), 429);
    let headers = refused.headers().clone();
    let tenant = client.tenant.with_directory(|directory| directory.tenant_id());
    let scope = header(&headers, "x-ms-throttle-scope").unwrap();
    assert!(scope.starts_with("Tenant_Application/Write/") && scope.ends_with(&tenant.to_string()), "{scope}");
    assert_eq!(header(&headers, "x-ms-throttle-information"), Some("WriteLimitExceeded"));
    assert_eq!(header(&headers, "retry-after"), Some("2.000"), "4 in 8 s fill one in 2 s");
    assert_eq!(header(&headers, "x-ms-throttle-limit-percentage"), Some("1.25"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "TooManyRequests");
    assert_eq!((client.tenant.throttled(), client.tenant.usage().invitations), (1, 4));
    client.advance(SignedDuration::from_millis(1_999));
    assert_eq!(client.invite_number(5).await.status(), 429);
    client.advance(SignedDuration::from_millis(1));
    assert_eq!(client.invite_number(5).await.status(), 201);
    assert_eq!(client.tenant.with_directory(|directory| directory.user_count()), 5);
}

#[tokio::test]
async fn a_fractional_wait_is_rounded_up() {
    let limits = Limits { writes: Quota::new(7, 10), ..Limits::published(TenantSize::Small) };
    let client = Client::limited(limits).await;
    for number in 1..=7 {
        client.invite_number(number).await;
    }
    let refused = client.invite_number(8).await;
    let seconds = header(refused.headers(), "retry-after").unwrap().to_owned();
    assert_eq!(seconds, "1.429");
    client.advance(wait(&seconds));
    assert_eq!(client.invite_number(8).await.status(), 201);
}

#[tokio::test]
async fn the_wait_may_be_a_date() {
    let client = Client::limited(Limits { retry_after: RetryAfter::Date, ..small() }).await;
    client.advance(SignedDuration::from_millis(300));
    for number in 1..=4 {
        client.invite_number(number).await;
    }
    let refused = client.invite_number(5).await;
    assert_eq!(header(refused.headers(), "retry-after"), Some("Sun, 22 Nov 2026 10:00:03 GMT"));
    client.tenant.with_directory(|directory| directory.clock().set("2026-11-22T10:00:03Z".parse().unwrap()));
    assert_eq!(client.invite_number(5).await.status(), 201);
}

#[tokio::test]
async fn graph_warns_before_it_refuses() {
    let client = Client::limited(small()).await;
    let mut warnings = Vec::new();
    for _ in 0..10 {
        let response = client.send(Method::GET, "/users?$select=id").await;
        warnings.push(header(response.headers(), "x-ms-throttle-limit-percentage").map(str::to_owned));
    }
    assert!(warnings[..8].iter().all(Option::is_none));
    assert_eq!(warnings[8..], [Some("0.90".to_owned()), Some("1.00".to_owned())]);
    let refused = client.send(Method::GET, "/users?$select=id").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(refused.headers(), "x-ms-throttle-information"), Some("ResourceUnitLimitExceeded"));
    assert_eq!(header(refused.headers(), "retry-after"), Some("1.000"));
}

#[tokio::test]
async fn each_request_of_a_batch_is_judged_and_all_may_go_after_the_longest_wait() {
    let client = Client::limited(small()).await;
    let request = |number: usize| {
        json!({
            "id": number.to_string(), "method": "POST", "url": "/invitations",
            "headers": {"Content-Type": "application/json", "x-ms-throttle-priority": "low"},
            "body": invitation(&format!("person-{number:04}@fabrikam.us"), json!({})),
        })
    };
    let send = async |numbers: std::ops::RangeInclusive<usize>| {
        let requests: Vec<Value> = numbers.map(request).collect();
        let (status, body) = client.post("/$batch", json!({"requests": requests})).await;
        assert_eq!(status, 200);
        body["responses"].as_array().unwrap().clone()
    };
    let responses = send(1..=6).await;
    let refused: Vec<&Value> = responses.iter().filter(|response| response["status"] == 429).collect();
    assert_eq!(responses.iter().filter(|response| response["status"] == 201).count(), 4);
    assert_eq!(refused.len(), 2);
    let mut waits: Vec<&str> =
        refused.iter().map(|response| response["headers"]["Retry-After"].as_str().unwrap()).collect();
    waits.sort_unstable();
    assert_eq!(waits, ["2.000", "4.000"]);
    assert!(refused.iter().all(|response| response["headers"]["x-ms-throttle-scope"].is_string()));
    client.advance(wait(waits[1]));
    assert!(send(5..=6).await.iter().all(|response| response["status"] == 201));
    let exchanges = client.tenant.exchanges();
    let priorities = exchanges.iter().filter(|exchange| exchange.in_batch).map(|exchange| exchange.priority.as_deref());
    assert!(priorities.into_iter().all(|priority| priority == Some("low")));
    assert_eq!(client.tenant.throttled(), 2);
}

#[tokio::test]
async fn all_applications_share_what_the_tenant_has() {
    let client = Client::limited(Limits::published(TenantSize::Large)).await;
    client.tenant.spend_elsewhere(0, 150);
    let refused = client.invite_number(1).await;
    assert_eq!(refused.status(), 429);
    let scope = header(refused.headers(), "x-ms-throttle-scope").unwrap();
    assert!(scope.starts_with("Tenant/Write/"), "{scope}");
    assert_eq!(header(refused.headers(), "retry-after"), Some("0.034"), "150 in 5 s");
    client.tenant.spend_elsewhere(18_000, 0);
    assert_eq!(client.send(Method::GET, "/users").await.status(), 200, "reading is another matter");
    client.advance(wait("0.034"));
    assert_eq!(client.invite_number(1).await.status(), 201, "18000 in 300 s fill one in 17 ms");
}

#[tokio::test]
async fn the_published_numbers() {
    let units = |size| Limits::published(size).units;
    assert_eq!(units(TenantSize::Small), Quota::new(3_500, 10));
    assert_eq!(units(TenantSize::Medium), Quota::new(5_000, 10));
    assert_eq!(units(TenantSize::Large), Quota::new(8_000, 10));
    let limits = Limits::published(TenantSize::Large);
    assert_eq!(limits.writes, Quota::new(3_000, 150));
    assert_eq!(limits.tenant_writes, Quota::new(18_000, 300));
    assert_eq!(limits.invitations, Quota::new(150, 5));
}

#[tokio::test]
async fn limits_can_be_switched_on_and_off() {
    let client = Client::new().await;
    client.tenant.limit(Some(Limits { units: Quota::new(1, 60), ..small() }));
    assert_eq!(client.send(Method::GET, "/users?$select=id").await.status(), 200);
    assert_eq!(client.send(Method::GET, "/users?$select=id").await.status(), 429);
    client.tenant.limit(None);
    assert_eq!(client.send(Method::GET, "/users?$select=id").await.status(), 200);
}

#[tokio::test]
async fn whoever_is_not_known_is_not_counted() {
    let client = Client::limited(small()).await;
    client.tenant.revoke_tokens();
    for _ in 0..20 {
        assert_eq!(client.send(Method::GET, "/users").await.status(), 401);
    }
    assert_eq!(client.tenant.usage(), Usage::default());
}
