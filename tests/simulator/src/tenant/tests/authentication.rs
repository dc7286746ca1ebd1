//! Tokens and permissions.

use super::{Client, answer, code};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::Value;

fn token_request(client: &Client, resource: &str) -> reqwest::RequestBuilder {
    client
        .http
        .get(client.tenant.identity_endpoint())
        .query(&[("api-version", "2019-08-01"), ("resource", resource)])
        .header("x-identity-header", client.tenant.identity_header())
}

#[tokio::test]
async fn the_managed_identity_gets_a_token_that_graph_accepts() {
    let client = Client::new().await;
    let (status, body) = answer(token_request(&client, "https://graph.microsoft.com")).await;
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["resource"], "https://graph.microsoft.com");
    assert!(body["expires_on"].as_str().unwrap().parse::<u64>().is_ok(), "a string of seconds");
    let token = body["access_token"].as_str().unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(claims["exp"].to_string(), body["expires_on"].as_str().unwrap());
    let users = client.http.get(format!("{}/v1.0/users", client.tenant.graph_root())).bearer_auth(token);
    assert_eq!(answer(users).await.0, 200);
}

#[tokio::test]
async fn a_token_request_needs_its_header_its_version_and_a_known_resource() {
    let client = Client::new().await;
    let resource = "https://graph.microsoft.com";
    let request = |name: &str, value: &str| token_request(&client, resource).header(name, value);
    let url = client.tenant.identity_endpoint();
    assert_eq!(answer(client.http.get(&url)).await.0, 401);
    let without_version = client.http.get(&url).header("x-identity-header", client.tenant.identity_header());
    assert_eq!(answer(without_version).await.0, 400);
    assert_eq!(answer(token_request(&client, "https://graph.microsoft.us")).await.0, 400);
    // Virtual machines' endpoint asks for the first, App Service's for neither.
    for (name, value) in [("metadata", "true"), ("x-any", "header")] {
        assert_eq!(answer(request(name, value)).await.0, 200);
    }
    let named = token_request(&client, resource).query(&[("client_id", "0f000000-0000-4000-8000-000000000001")]);
    assert_eq!(answer(named).await.0, 400, "no user-assigned identity is there");
}

#[tokio::test]
async fn a_user_assigned_identity_must_be_named() {
    let id = "0f000000-0000-4000-8000-000000000001";
    let client = Client::with(|options| options.client_id = id.parse().ok()).await;
    let resource = "https://graph.microsoft.com";
    assert_eq!(answer(token_request(&client, resource)).await.0, 400);
    assert_eq!(answer(token_request(&client, resource).query(&[("client_id", id)])).await.0, 200);
}

#[tokio::test]
async fn graph_refuses_a_missing_token_a_foreign_one_and_one_for_another_cloud() {
    let client = Client::new().await;
    let url = format!("{}/v1.0/users", client.tenant.graph_root());
    let (status, body) = answer(client.http.get(&url)).await;
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
    assert_eq!(answer(client.http.get(&url).bearer_auth("a.b.c")).await.0, 401);
    let other = Client::in_cloud(crate::cloud::Cloud::UsGov).await;
    let (status, body) = answer(client.http.get(&url).bearer_auth(&other.token)).await;
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
    assert_eq!(client.tenant.exchanges().len(), 3, "refused requests are exchanges too");
}

#[tokio::test]
async fn a_missing_permission_is_refused_until_a_new_token_carries_it() {
    let mut client = Client::with(|options| options.permissions.clear()).await;
    for path in [
        "/users",
        "/users/x",
        "/organization",
        "/groups/x",
        "/groups/x/members",
        "/roleManagement/directory/roleAssignments",
        "/roleManagement/directory/roleEligibilityScheduleInstances",
    ] {
        let (status, body) = client.get(path).await;
        assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"), "{path}");
    }
    assert_eq!(client.invite("person-0001@fabrikam.us", serde_json::json!({})).await.0, 403);
    client.tenant.with_directory(|directory| directory.permissions.insert("User.Read.All".into()));
    assert_eq!(client.get("/users").await.0, 403);
    client.token = client.tenant.token();
    assert_eq!(client.get("/users").await.0, 200);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_every_error_the_envelope() {
    let client = Client::new().await;
    let request = client.request(Method::GET, "/users/nobody").header("client-request-id", "of-the-client");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["client-request-id"], "of-the-client");
    let id = response.headers()["request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["innerError"]["request-id"], id);
    assert_eq!(body["error"]["innerError"]["client-request-id"], "of-the-client");
    assert_eq!(body["error"]["innerError"]["date"], "2026-11-22T10:00:00");
}

#[tokio::test]
async fn what_is_not_simulated_is_answered_501_and_remembered() {
    let client = Client::new().await;
    assert_eq!(client.get("/me").await.0, 501);
    assert_eq!(client.get("/users?$search=%22x%22").await.0, 501);
    let beta = client.http.get(format!("{}/beta/users", client.tenant.graph_root()));
    assert_eq!(answer(beta).await.0, 501);
    assert_eq!(client.tenant.violations().len(), 3);
}

#[tokio::test]
async fn revoked_tokens_are_refused_and_fresh_ones_work() {
    let mut client = Client::new().await;
    assert_eq!(client.get("/organization").await.0, 200);
    client.tenant.revoke_tokens();
    let (status, body) = client.get("/organization").await;
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
    client.token = client.tenant.token();
    assert_eq!(client.get("/organization").await.0, 200);
}
