//! Operators sign in: device codes and refresh tokens.

use super::{Client, answer, code};
use crate::cloud::Cloud;
use crate::tenant::{AdministratorRole, RoleState};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const POLICY: &str = "/policies/crossTenantAccessPolicy";
const SCOPES: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"];

/// The application that operators sign in to.
pub(super) fn operators_tool() -> Uuid {
    Uuid::from_u128(0x0_c11e_4700)
}

impl Client {
    /// Posts a form to a sign-in endpoint of this tenant.
    pub(super) async fn sign_in_form(&self, endpoint: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let tenant = self.tenant.with_directory(|directory| directory.tenant_id());
        let url = format!("{}/{tenant}/oauth2/v2.0/{endpoint}", self.tenant.login_root());
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        answer(request.body(body.finish())).await
    }

    /// Asks for a device code with these scopes of Graph.
    async fn device_code(&self, scopes: &str) -> Value {
        let id = operators_tool().to_string();
        let (status, body) = self.sign_in_form("devicecode", &[("client_id", &id), ("scope", scopes)]).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn poll(&self, device_code: &Value) -> (u16, Value) {
        let id = operators_tool().to_string();
        let device_code = device_code["device_code"].as_str().unwrap();
        let form = [("grant_type", DEVICE_CODE), ("client_id", &id), ("device_code", device_code)];
        self.sign_in_form("token", &form).await
    }

    fn pass_seconds(&self, seconds: i64) {
        self.tenant.with_directory(|directory| directory.clock().advance(SignedDuration::from_secs(seconds)));
    }

    /// From now on, requests carry the token of a person with the role, who has signed in with these scopes.
    pub(super) async fn sign_in_with(&mut self, scopes: &[&str], role: Option<AdministratorRole>) -> Uuid {
        let person = self.sync(1)[0];
        self.tenant.with_directory(|directory| {
            directory.register_public_client(operators_tool(), scopes);
            if let Some(role) = role {
                directory.assign_role(person, role.id(), RoleState::Active).unwrap();
            }
        });
        let device_code = self.device_code(&scopes.join(" ")).await;
        self.tenant.approve_device_code(device_code["user_code"].as_str().unwrap(), person).unwrap();
        let (status, body) = self.poll(&device_code).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().clone_into(&mut self.token);
        person
    }

    async fn with_tool() -> Self {
        let client = Self::new().await;
        client.tenant.with_directory(|directory| directory.register_public_client(operators_tool(), SCOPES));
        client
    }
}

#[tokio::test]
async fn a_person_approves_a_device_code_and_the_client_gets_what_it_asked_for() {
    let client = Client::with_tool().await;
    let person = client.sync(1)[0];
    let pending = client.device_code("https://graph.microsoft.com/Policy.Read.All offline_access openid").await;
    assert_eq!((&pending["expires_in"], &pending["interval"]), (&json!(900), &json!(5)));
    assert_eq!(pending["verification_uri"], "https://microsoft.com/devicelogin");
    let codes = client.tenant.device_codes();
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0].user_code, pending["user_code"].as_str().unwrap());
    assert_eq!((codes[0].client_id, codes[0].scopes[0].as_str()), (operators_tool(), "Policy.Read.All"));
    let (status, body) = client.poll(&pending).await;
    assert_eq!((status, &body["error"]), (400, &json!("authorization_pending")));
    assert_eq!(body["error_codes"], json!([70016]));
    assert!(body["error_description"].as_str().unwrap().starts_with("AADSTS70016: "));
    client.tenant.approve_device_code(&codes[0].user_code, person).unwrap();
    assert!(client.tenant.device_codes().is_empty());
    client.pass_seconds(5);
    let (status, body) = client.poll(&pending).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["scope"], "https://graph.microsoft.com/Policy.Read.All");
    let id = operators_tool().to_string();
    let token = body["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", token)];
    assert_eq!(client.sign_in_form("token", &form).await.0, 200);
    client.pass_seconds(5);
    assert_eq!(client.poll(&pending).await.1["error"], "bad_verification_code", "used");
}

#[tokio::test]
async fn who_polls_too_often_has_to_slow_down() {
    let client = Client::with_tool().await;
    let pending = client.device_code("Policy.Read.All").await;
    client.poll(&pending).await;
    client.pass_seconds(4);
    assert_eq!(client.poll(&pending).await.1["error"], "slow_down");
    client.pass_seconds(9);
    assert_eq!(client.poll(&pending).await.1["error"], "slow_down", "longer than before");
    client.pass_seconds(15);
    assert_eq!(client.poll(&pending).await.1["error"], "authorization_pending");
}

#[tokio::test]
async fn a_code_expires_and_a_person_may_decline() {
    let client = Client::with_tool().await;
    let person = client.sync(1)[0];
    let declined = client.device_code("Policy.Read.All").await;
    client.tenant.decline_device_code(declined["user_code"].as_str().unwrap()).unwrap();
    assert_eq!(client.poll(&declined).await.1["error"], "authorization_declined");
    let expired = client.device_code("Policy.Read.All").await;
    client.pass_seconds(900);
    assert!(client.tenant.approve_device_code(expired["user_code"].as_str().unwrap(), person).is_err());
    assert_eq!(client.poll(&expired).await.1["error"], "expired_token");
    assert!(client.tenant.device_codes().is_empty());
}

#[tokio::test]
async fn a_token_without_offline_access_cannot_be_refreshed_and_a_disabled_person_gets_none() {
    let client = Client::with_tool().await;
    let person = client.sync(1)[0];
    let pending = client.device_code(".default").await;
    client.tenant.approve_device_code(pending["user_code"].as_str().unwrap(), person).unwrap();
    client.tenant.with_directory(|directory| directory.set_enabled(person, false)).unwrap();
    assert_eq!(client.poll(&pending).await.1["error_codes"], json!([50057]));
    client.tenant.with_directory(|directory| directory.set_enabled(person, true)).unwrap();
    client.pass_seconds(5);
    let (_, body) = client.poll(&pending).await;
    assert!(body["scope"].as_str().unwrap().contains("Policy.ReadWrite.CrossTenantAccess"), "{body}");
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test]
async fn unknown_clients_tenants_resources_and_scopes_without_consent_are_refused() {
    let client = Client::with_tool().await;
    let unknown = Uuid::from_u128(7).to_string();
    let (status, body) =
        client.sign_in_form("devicecode", &[("client_id", unknown.as_str()), ("scope", "User.Read")]).await;
    assert_eq!((status, &body["error"], &body["error_codes"]), (400, &json!("unauthorized_client"), &json!([700_016])));
    let id = operators_tool().to_string();
    let (_, body) = client.sign_in_form("devicecode", &[("client_id", id.as_str())]).await;
    assert_eq!(body["error"], "invalid_request", "no scope");
    let elsewhere = [("client_id", id.as_str()), ("scope", "https://graph.microsoft.us/Policy.Read.All")];
    assert_eq!(client.sign_in_form("devicecode", &elsewhere).await.1["error"], "invalid_resource");
    let url = format!("{}/tailspin.com/oauth2/v2.0/token", client.tenant.login_root());
    assert_eq!(answer(client.http.post(url).body("")).await.1["error_codes"], json!([90002]));
    let person = client.sync(1)[0];
    let pending = client.device_code("Policy.Read.All Application.ReadWrite.All").await;
    client.tenant.approve_device_code(pending["user_code"].as_str().unwrap(), person).unwrap();
    let (status, body) = client.poll(&pending).await;
    assert_eq!((status, &body["error"], &body["suberror"]), (400, &json!("invalid_grant"), &json!("consent_required")));
    assert_eq!(body["error_codes"], json!([65001]));
    let form = [("grant_type", "password"), ("client_id", id.as_str())];
    assert_eq!(client.sign_in_form("token", &form).await.1["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn a_person_needs_the_scope_and_the_role() {
    for (scopes, role, expected) in [
        (SCOPES, None, 403),
        (SCOPES, Some(AdministratorRole::HybridIdentity), 403),
        (&SCOPES[..1], Some(AdministratorRole::Global), 403),
        (SCOPES, Some(AdministratorRole::Security), 204),
        (SCOPES, Some(AdministratorRole::Global), 204),
    ] {
        let mut client = Client::new().await;
        client.sign_in_with(scopes, role).await;
        assert_eq!(client.get(POLICY).await.0, 200);
        let trust = json!({"inboundTrust": {"isMfaAccepted": true}});
        let request = client.request(Method::PATCH, &format!("{POLICY}/default")).json(&trust);
        let (status, body) = answer(request).await;
        assert_eq!(status, expected, "{role:?}");
        assert!(status == 204 || code(&body) == "Authorization_RequestDenied");
    }
}

#[tokio::test]
async fn the_audit_log_names_the_person_who_signed_in() {
    let mut client = Client::new().await;
    let person = client.sign_in_with(SCOPES, Some(AdministratorRole::Security)).await;
    let trust = json!({"inboundTrust": {"isMfaAccepted": true}});
    assert_eq!(client.change_settings(&format!("{POLICY}/default"), trust).await.0, 204);
    client.permit(&["AuditLog.Read.All", "Directory.Read.All"]);
    let (_, log) = client.get("/auditLogs/directoryAudits?$top=1").await;
    assert_eq!(log["value"][0]["activityDisplayName"], "Update the company default cross-tenant access setting");
    assert_eq!(log["value"][0]["initiatedBy"]["user"]["id"], json!(person));
}

#[tokio::test]
async fn the_tools_that_everybody_has_are_never_granted_what_sets_a_tenant_up() {
    let mut client = Client::new().await;
    client.permit(&["Policy.ReadWrite.CrossTenantAccess"]);
    assert_eq!(client.get(POLICY).await.0, 200);
    let person = client.sync(1)[0];
    client.token = client.tenant.person_token(person).0;
    assert_eq!(client.get(POLICY).await.0, 403);
}

#[tokio::test]
async fn each_cloud_has_its_own_resource_and_page() {
    for (cloud, root, page) in [
        (Cloud::UsGov, "https://graph.microsoft.us", "https://microsoft.com/deviceloginus"),
        (Cloud::China, "https://microsoftgraph.chinacloudapi.cn", "https://microsoft.com/deviceloginchina"),
    ] {
        let mut client = Client::in_cloud(cloud).await;
        client.sign_in_with(SCOPES, None).await;
        assert_eq!(client.get(POLICY).await.0, 200);
        let pending = client.device_code(&format!("{root}/Policy.Read.All")).await;
        assert_eq!(pending["verification_uri"], page);
    }
}
