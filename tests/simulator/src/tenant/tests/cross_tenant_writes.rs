//! Cross-tenant access settings are written.

use super::{Client, answer, code};
use crate::cloud::Cloud;
use crate::tenant::{BlockUpdate, KnownTenant};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const POLICY: &str = "/policies/crossTenantAccessPolicy";
const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];
const PERMISSIONS: &[&str] =
    &["AuditLog.Read.All", "Directory.Read.All", "Policy.ReadWrite.CrossTenantAccess", "User.Invite.All"];

fn fabrikam() -> Uuid {
    Uuid::from_u128(0xfab)
}

fn partner_path() -> String {
    format!("{POLICY}/partners/{}", fabrikam())
}

fn sync_path() -> String {
    format!("{}/identitySynchronization", partner_path())
}

fn all(access: &str) -> Value {
    json!({
        "usersAndGroups": {"accessType": access, "targets": [{"target": "AllUsers", "targetType": "user"}]},
        "applications":
            {"accessType": access, "targets": [{"target": "AllApplications", "targetType": "application"}]},
    })
}

impl Client {
    async fn that_writes(cloud: Cloud) -> Self {
        let mut client = Self::in_cloud(cloud).await;
        client.permit(PERMISSIONS);
        client
    }

    pub(super) async fn change_settings(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    async fn put_settings(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    async fn add_fabrikam(&self) {
        let (status, body) = self.post(&format!("{POLICY}/partners"), json!({"tenantId": fabrikam()})).await;
        assert_eq!(status, 201, "{body}");
    }
}

#[tokio::test]
async fn a_partner_is_added_changed_and_removed() {
    for cloud in CLOUDS {
        let client = Client::that_writes(cloud).await;
        client.add_fabrikam().await;
        let change = json!({
            "automaticUserConsentSettings": {"inboundAllowed": true, "outboundAllowed": null},
            "b2bCollaborationInbound": all("allowed"),
            "inboundTrust": {"isMfaAccepted": true, "isCompliantDeviceAccepted": false,
                "isHybridAzureADJoinedDeviceAccepted": false},
        });
        assert_eq!(client.change_settings(&partner_path(), change.clone()).await.0, 204);
        let (_, body) = client.get(&partner_path()).await;
        for (name, value) in change.as_object().unwrap() {
            assert_eq!(&body[name], value);
        }
        assert_eq!(body["b2bDirectConnectOutbound"], Value::Null);
        assert_eq!(client.change_settings(&partner_path(), json!({"inboundTrust": null})).await.0, 204);
        let (_, body) = client.get(&partner_path()).await;
        assert_eq!(body["inboundTrust"], Value::Null, "inherits again");
        assert_eq!(body["b2bCollaborationInbound"], all("allowed"), "not named, so not changed");
        assert_eq!(client.delete(&partner_path()).await.0, 204);
        assert_eq!(client.get(&partner_path()).await.0, 404);
    }
}

#[tokio::test]
async fn a_partner_that_is_there_cannot_be_added_and_one_that_is_not_cannot_be_changed() {
    let client = Client::that_writes(Cloud::Global).await;
    for (method, path) in [
        (Method::PATCH, partner_path()),
        (Method::PUT, sync_path()),
        (Method::PATCH, sync_path()),
        (Method::DELETE, sync_path()),
        (Method::DELETE, partner_path()),
    ] {
        let (status, body) = answer(client.request(method, &path).json(&json!({}))).await;
        assert_eq!((status, code(&body)), (404, "Directory_ObjectNotFound"));
    }
    client.add_fabrikam().await;
    let partners = format!("{POLICY}/partners");
    let (status, body) = client.post(&partners, json!({"tenantId": fabrikam()})).await;
    assert_eq!((status, code(&body)), (409, "Request_MultipleObjectsWithSameKeyValue"));
    let own = client.tenant.with_directory(|directory| directory.tenant_id());
    assert_eq!(client.post(&partners, json!({"tenantId": own})).await.0, 400);
    assert_eq!(client.post(&partners, json!({"tenantId": "fabrikam.us"})).await.0, 400);
    assert_eq!(client.post(&partners, json!({})).await.0, 400);
}

#[tokio::test]
async fn a_synchronisation_is_made_once_then_changed_and_goes_before_its_partner() {
    for cloud in CLOUDS {
        let client = Client::that_writes(cloud).await;
        client.add_fabrikam().await;
        let body = json!({"displayName": "Fabrikam", "userSyncInbound": {"isSyncAllowed": true}});
        assert_eq!(client.put_settings(&sync_path(), body.clone()).await.0, 204);
        let (status, refusal) = client.put_settings(&sync_path(), body).await;
        assert_eq!((status, code(&refusal)), (409, "Request_MultipleObjectsWithSameKeyValue"));
        assert_eq!(
            client.change_settings(&sync_path(), json!({"userSyncInbound": {"isSyncAllowed": false}})).await.0,
            204
        );
        let (_, body) = client.get(&sync_path()).await;
        assert_eq!(
            (&body["displayName"], &body["userSyncInbound"]["isSyncAllowed"]),
            (&json!("Fabrikam"), &json!(false))
        );
        assert_eq!(client.delete(&partner_path()).await.0, 400);
        assert_eq!(client.delete(&sync_path()).await.0, 204);
        assert_eq!(client.get(&sync_path()).await.0, 404);
        assert_eq!(client.delete(&partner_path()).await.0, 204);
    }
}

#[tokio::test]
async fn what_an_update_leaves_out_of_a_block_goes_or_stays_as_the_tenant_has_it() {
    let client = Client::that_writes(Cloud::Global).await;
    client.add_fabrikam().await;
    for (update, left) in [(BlockUpdate::Replaces, json!(null)), (BlockUpdate::Merges, json!(true))] {
        client.tenant.with_directory(|directory| directory.cross_tenant_access.block_update = update);
        for change in [json!({"inboundAllowed": true, "outboundAllowed": true}), json!({"inboundAllowed": false})] {
            client.change_settings(&partner_path(), json!({"automaticUserConsentSettings": change})).await;
        }
        let (_, body) = client.get(&partner_path()).await;
        let expected = json!({"inboundAllowed": false, "outboundAllowed": left});
        assert_eq!(body["automaticUserConsentSettings"], expected);
    }
}

#[tokio::test]
async fn the_default_can_be_changed_but_not_its_consent_and_nothing_in_it_inherits() {
    for cloud in CLOUDS {
        let client = Client::that_writes(cloud).await;
        let path = format!("{POLICY}/default");
        assert_eq!(client.change_settings(&path, json!({"b2bCollaborationInbound": all("blocked")})).await.0, 204);
        let (_, body) = client.get(&path).await;
        assert_eq!((&body["isServiceDefault"], &body["b2bCollaborationInbound"]), (&json!(false), &all("blocked")));
        for refused in [
            json!({"automaticUserConsentSettings": {"inboundAllowed": true}}),
            json!({"inboundTrust": null}),
            json!({"isServiceDefault": true}),
            json!({"anything": 1}),
        ] {
            assert_eq!(client.change_settings(&path, refused).await.0, 400);
        }
    }
}

#[tokio::test]
async fn users_and_applications_must_not_contradict_each_other() {
    let client = Client::that_writes(Cloud::Global).await;
    client.add_fabrikam().await;
    for (part, other) in [("usersAndGroups", "applications"), ("applications", "usersAndGroups")] {
        let mut mixed = json!({});
        mixed[part] = all("blocked")[part].clone();
        mixed[other] = all("allowed")[other].clone();
        let (status, body) = client.change_settings(&partner_path(), json!({"b2bCollaborationOutbound": mixed})).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"));
    }
    for wrong in [json!({"usersAndGroups": {"accessType": "never", "targets": []}}), json!("blocked")] {
        assert_eq!(client.change_settings(&partner_path(), json!({"b2bCollaborationInbound": wrong})).await.0, 400);
    }
}

#[tokio::test]
async fn other_clouds_are_enabled_where_the_schema_has_them() {
    for cloud in CLOUDS {
        let client = Client::that_writes(cloud).await;
        let there = cloud == Cloud::Global;
        let (_, body) = client.get(POLICY).await;
        assert_eq!(body.get("allowedCloudEndpoints").is_some(), there);
        let enable = json!({"allowedCloudEndpoints": ["microsoftonline.us"]});
        assert_eq!(client.change_settings(POLICY, enable.clone()).await.0, if there { 204 } else { 400 });
        let status = client.get(&format!("{POLICY}?$select=allowedCloudEndpoints")).await.0;
        assert_eq!(status, if there { 200 } else { 400 });
    }
    let client = Client::that_writes(Cloud::Global).await;
    for endpoints in [json!(["microsoftonline.us"]), json!(["partner.microsoftonline.cn"])] {
        client.change_settings(POLICY, json!({"allowedCloudEndpoints": endpoints})).await;
        assert_eq!(client.get(POLICY).await.1["allowedCloudEndpoints"], endpoints, "replaced");
    }
    assert_eq!(client.change_settings(POLICY, json!({"allowedCloudEndpoints": ["fabrikam.us"]})).await.0, 400);
}

#[tokio::test]
async fn nobody_is_invited_from_a_partner_that_is_blocked_or_whose_cloud_is_not_enabled() {
    let client = Client::that_writes(Cloud::Global).await;
    client.tenant.with_directory(|directory| {
        let known = KnownTenant::new("Fabrikam", Cloud::UsGov, &["fabrikam.us"]);
        directory.known_tenants.insert(fabrikam(), known);
    });
    client.add_fabrikam().await;
    let invite = || client.invite("person-0001@fabrikam.us", json!({}));
    let (status, body) = invite().await;
    assert_eq!(status, 403, "the cloud is not enabled");
    assert!(super::message(&body).contains("blocked by cross-tenant access settings in your organization"));
    client.change_settings(POLICY, json!({"allowedCloudEndpoints": ["microsoftonline.us"]})).await;
    assert_eq!(invite().await.0, 201);
    client.change_settings(&format!("{POLICY}/default"), json!({"b2bCollaborationInbound": all("blocked")})).await;
    assert_eq!(invite().await.0, 403, "inherited");
    client.change_settings(&partner_path(), json!({"b2bCollaborationInbound": all("allowed")})).await;
    assert_eq!(invite().await.0, 201);
    assert_eq!(client.invite("somebody@tailspin.us", json!({})).await.0, 403, "nobody's partner");
}

#[tokio::test]
async fn the_whole_policy_has_a_largest_size() {
    let client = Client::that_writes(Cloud::Global).await;
    client.add_fabrikam().await;
    let targets: Vec<Value> =
        (0..400).map(|number| json!({"target": Uuid::from_u128(number), "targetType": "user"})).collect();
    let block = json!({"usersAndGroups": {"accessType": "allowed", "targets": targets}});
    assert_eq!(client.change_settings(&partner_path(), json!({"b2bCollaborationInbound": block})).await.0, 400);
    assert_eq!(client.get(&partner_path()).await.1["b2bCollaborationInbound"], Value::Null);
}

#[tokio::test]
async fn writing_takes_its_permission_and_is_in_the_audit_log() {
    let mut client = Client::that_writes(Cloud::Global).await;
    client.add_fabrikam().await;
    client.change_settings(&partner_path(), json!({"automaticUserConsentSettings": {"inboundAllowed": true}})).await;
    client.put_settings(&sync_path(), json!({"displayName": "Fabrikam"})).await;
    let (_, log) = client.get("/auditLogs/directoryAudits").await;
    let names = log["value"].as_array().unwrap().iter().map(|entry| entry["activityDisplayName"].as_str().unwrap());
    let expected = [
        "Create a partner cross-tenant identity sync setting",
        "Update a partner cross-tenant access setting",
        "Add a partner to cross-tenant access setting",
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    let modified = &log["value"][1]["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(modified["displayName"], "automaticUserConsentSettings");
    client.permit(&["Policy.Read.All"]);
    assert_eq!(client.change_settings(&partner_path(), json!({"inboundTrust": null})).await.0, 403);
}

#[tokio::test]
async fn what_is_not_simulated_of_the_settings_is_a_violation() {
    let client = Client::that_writes(Cloud::Global).await;
    client.add_fabrikam().await;
    assert_eq!(client.change_settings(&partner_path(), json!({"m365CollaborationInbound": null})).await.0, 501);
    assert_eq!(client.post(&format!("{POLICY}/default/resetToSystemDefault"), json!({})).await.0, 501);
    assert_eq!(client.tenant.violations().len(), 2);
    let elsewhere = Client::that_writes(Cloud::UsGov).await;
    elsewhere.add_fabrikam().await;
    for name in ["m365CollaborationInbound", "tenantRestrictions"] {
        let mut body = json!({});
        body[name] = Value::Null;
        assert_eq!(elsewhere.change_settings(&partner_path(), body).await.0, 400, "not in this schema");
    }
}
