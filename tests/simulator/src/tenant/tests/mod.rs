//! Drives the tenant over HTTP as a client of Graph would.

mod applications;
mod audits;
mod authentication;
mod authentication_methods;
mod batching;
mod certificates;
mod changes;
mod connect;
mod conversion;
mod cross_tenant_access;
mod cross_tenant_writes;
mod deletion;
mod faults;
mod group_changes;
mod invitation;
mod lag;
mod latency;
mod links;
mod membership;
mod policies;
mod queries;
mod reading;
mod refusals;
mod role_writes;
mod sign_in;
mod site;
mod sponsors;
mod steps;
mod sweeping;
mod sync;
mod throttling;
mod updates;

use super::{Site, Tenant, TenantOptions};
use crate::clock::SimClock;
use crate::cloud::Cloud;
use crate::conformance::{Part, check_all};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

/// A tenant with a client that has its token. When it is dropped, everything that went over the wire is held against
/// Microsoft's schema.
struct Client {
    cloud: Cloud,
    tenant: Tenant,
    token: String,
    http: reqwest::Client,
}

impl Client {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn in_cloud(cloud: Cloud) -> Self {
        Self::with(|options| options.cloud = cloud).await
    }

    async fn with(change: impl FnOnce(&mut TenantOptions)) -> Self {
        Self::in_site(&Site::default(), change).await
    }

    async fn in_site(site: &Site, change: impl FnOnce(&mut TenantOptions)) -> Self {
        let start = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut options = TenantOptions::new(SimClock::new(start, 0.0));
        change(&mut options);
        let cloud = options.cloud;
        let tenant = site.start(options).await.unwrap();
        let token = tenant.token();
        Self { cloud, tenant, token, http: reqwest::Client::new() }
    }

    /// A request to a path below the version.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v1.0{path}", self.tenant.graph_root());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    async fn get_advanced(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path).header("ConsistencyLevel", "eventual")).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::DELETE, path)).await
    }

    /// From now on the application has these permissions and no others.
    fn permit(&mut self, permissions: &[&str]) {
        let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
        self.tenant.with_directory(|directory| directory.permissions = permissions);
        self.token = self.tenant.token();
    }

    async fn invite(&self, address: &str, more: Value) -> (u16, Value) {
        self.post("/invitations", invitation(address, more)).await
    }

    /// All pages of a collection, each with its objects.
    async fn pages(&self, path: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut request = self.request(Method::GET, path);
        loop {
            let (status, body) = answer(request).await;
            assert_eq!(status, 200, "{body}");
            pages.push(body["value"].as_array().unwrap().clone());
            let Some(next) = body["@odata.nextLink"].as_str() else {
                return pages;
            };
            assert!(next.starts_with(self.tenant.graph_root()), "{next}");
            request = self.http.get(next).bearer_auth(&self.token);
        }
    }

    fn sync(&self, count: u32) -> Vec<Uuid> {
        self.tenant.with_directory(|directory| directory.sync_people(1..=count, "fabrikam.us"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let (refused, served): (Vec<_>, Vec<_>) =
                self.tenant.exchanges().into_iter().partition(|exchange| exchange.status >= 400);
            check_all(self.cloud, &served).assert_clean();
            // What is refused may be wrong on purpose; the answer may not.
            let mut report = check_all(self.cloud, &refused);
            report.findings.retain(|finding| finding.first.part == Part::Response);
            report.assert_clean();
        }
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    (status, if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() })
}

/// The body of an invitation with a mail.
fn invitation(address: &str, more: Value) -> Value {
    let mut body = json!({
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": true,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The code of an error.
fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

/// The message of an error.
fn message(body: &Value) -> &str {
    body["error"]["message"].as_str().unwrap_or_default()
}
