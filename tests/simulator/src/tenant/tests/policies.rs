//! Policies and what else is read of a tenant before it is set up.

use super::{Client, code};
use crate::cloud::Cloud;
use crate::tenant::{
    AdministratorRole, AllowInvitesFrom, ConditionalAccessPolicy, ExternalUsers, KnownTenant, MultiTenantOrganization,
};
use serde_json::{Value, json};
use uuid::Uuid;

const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];
const AUTHORIZATION: &str = "/policies/authorizationPolicy";

#[tokio::test]
async fn the_authorization_policy_says_who_may_invite_and_invitations_go_by_it() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        client.permit(&[
            "Policy.ReadWrite.Authorization",
            "User.Invite.All",
            "AuditLog.Read.All",
            "Directory.Read.All",
        ]);
        assert_eq!(client.get(AUTHORIZATION).await.1["allowInvitesFrom"], "everyone");
        let (status, _) = client.change_settings(AUTHORIZATION, json!({"allowInvitesFrom": "none"})).await;
        assert_eq!(status, 204);
        let (_, body) = client.get(&format!("{AUTHORIZATION}?$select=allowInvitesFrom")).await;
        assert_eq!(body["allowInvitesFrom"], "none");
        assert_eq!(client.invite("person-0001@fabrikam.us", json!({})).await.0, 403);
        let allow = AllowInvitesFrom::AdminsGuestInvitersAndAllMembers;
        client.tenant.with_directory(|directory| directory.policy.allow_invites_from = allow);
        assert_eq!(client.get(AUTHORIZATION).await.1["allowInvitesFrom"], "adminsGuestInvitersAndAllMembers");
        assert_eq!(client.invite("person-0001@fabrikam.us", json!({})).await.0, 201);
        let (_, log) = client.get("/auditLogs/directoryAudits?$filter=category eq 'AuthorizationPolicy'").await;
        assert_eq!(log["value"][0]["activityDisplayName"], "Update authorization policy");
    }
}

#[tokio::test]
async fn the_authorization_policy_takes_what_it_knows_from_who_may() {
    let mut client = Client::new().await;
    let change = json!({"allowInvitesFrom": "everyone"});
    assert_eq!(client.change_settings(AUTHORIZATION, change.clone()).await.0, 403);
    client.permit(&["Policy.ReadWrite.Authorization"]);
    for wrong in [json!({"allowInvitesFrom": "nobody"}), json!({"id": "x"}), json!({"anything": true})] {
        assert_eq!(client.change_settings(AUTHORIZATION, wrong).await.0, 400);
    }
    assert_eq!(client.change_settings(AUTHORIZATION, json!({"blockMsolPowerShell": true})).await.0, 501);
    client.sign_in_with(&["Policy.ReadWrite.Authorization"], Some(AdministratorRole::Security)).await;
    assert_eq!(client.change_settings(AUTHORIZATION, change.clone()).await.0, 403);
    client.sign_in_with(&["Policy.ReadWrite.Authorization"], Some(AdministratorRole::PrivilegedRole)).await;
    assert_eq!(client.change_settings(AUTHORIZATION, change).await.0, 204);
}

#[tokio::test]
async fn policies_that_no_schema_has_are_not_found() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        for name in ["b2bManagementPolicies", "externalIdentitiesPolicy"] {
            let (status, body) = client.get(&format!("/policies/{name}")).await;
            assert_eq!((status, code(&body)), (400, "BadRequest"));
        }
        assert!(client.tenant.violations().is_empty());
    }
}

#[tokio::test]
async fn conditional_access_policies_say_whom_they_are_for() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        let home = Uuid::from_u128(0xfab);
        client.tenant.with_directory(|directory| {
            directory.conditional_access = vec![
                ConditionalAccessPolicy::mfa_for_all("MFA for all"),
                ConditionalAccessPolicy {
                    include_users: Vec::new(),
                    include_external: Some(ExternalUsers {
                        kinds: vec!["b2bCollaborationGuest".into(), "b2bCollaborationMember".into()],
                        tenants: Some(vec![home]),
                    }),
                    exclude_external: Some(ExternalUsers { kinds: vec!["serviceProvider".into()], tenants: None }),
                    controls: Vec::new(),
                    ..ConditionalAccessPolicy::mfa_for_all("Guests")
                },
            ];
        });
        let path = "/identity/conditionalAccess/policies";
        let (_, body) = client.get(path).await;
        assert_eq!(body["value"][0]["grantControls"]["builtInControls"], json!(["mfa"]));
        let users = &body["value"][1]["conditions"]["users"];
        let external = &users["includeGuestsOrExternalUsers"];
        assert_eq!(external["guestOrExternalUserTypes"], "b2bCollaborationGuest,b2bCollaborationMember");
        assert_eq!(external["externalTenants"]["members"], json!([home]));
        assert_eq!(body["value"][1]["grantControls"], Value::Null);
        let (_, body) = client.get(&format!("{path}?$select=displayName,state")).await;
        assert_eq!(body["value"][1], json!({"displayName": "Guests", "state": "enabled"}));
        client.permit(&["Policy.ReadWrite.Authorization"]);
        assert_eq!(client.get(path).await.0, 403);
    }
}

#[tokio::test]
async fn licences_are_shown_as_products_and_plans() {
    for cloud in CLOUDS {
        for (p1, p2, expected) in [
            (true, true, vec!["AAD_PREMIUM", "AAD_PREMIUM_P2"]),
            (true, false, vec!["AAD_PREMIUM"]),
            (false, false, vec![]),
        ] {
            let client = Client::with(|options| (options.cloud, options.p1, options.p2) = (cloud, p1, p2)).await;
            let (_, body) = client.get("/subscribedSkus").await;
            let names = body["value"].as_array().unwrap().iter().map(|sku| sku["skuPartNumber"].as_str().unwrap());
            assert_eq!(names.collect::<Vec<_>>(), expected);
            let (_, body) = client.get("/organization").await;
            assert_eq!(body["value"][0]["assignedPlans"].as_array().unwrap().len(), expected.len());
            assert_eq!(body["value"][0].get("defaultUsageLocation").is_some(), cloud == Cloud::Global);
        }
    }
}

#[tokio::test]
async fn the_organisation_says_when_it_was_last_synchronised() {
    let client = Client::new().await;
    let path = "/organization?$select=onPremisesSyncEnabled,onPremisesLastSyncDateTime";
    let (_, body) = client.get(path).await;
    let shown = |body: &Value| body["value"][0]["onPremisesLastSyncDateTime"].clone();
    assert_eq!(shown(&body), Value::Null);
    let person = client.sync(1)[0];
    let last = "2026-11-22T09:30:00Z";
    client.tenant.with_directory(|directory| {
        let time = last.parse().ok();
        directory.update_user(person, |user| user.on_premises.last_sync = time).unwrap();
    });
    let (_, body) = client.get(path).await;
    assert_eq!((shown(&body), &body["value"][0]["onPremisesSyncEnabled"]), (json!(last), &json!(true)));
    let gov = Client::in_cloud(Cloud::UsGov).await;
    assert_eq!(gov.get("/organization?$select=defaultUsageLocation").await.0, 400);
}

#[tokio::test]
async fn a_tenant_is_found_by_its_id() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        let id = Uuid::from_u128(0xfab);
        let find = |id: &str| format!("/tenantRelationships/findTenantInformationByTenantId(tenantId='{id}')");
        client.tenant.with_directory(|directory| {
            directory.known_tenants.insert(id, KnownTenant::new("Fabrikam", cloud, &["fabrikam.us"]));
        });
        assert_eq!(client.get(&find(&id.to_string())).await.0, 403);
        client.permit(&["CrossTenantInformation.ReadBasic.All"]);
        let (status, body) = client.get(&find(&id.to_string())).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!((&body["tenantId"], &body["displayName"]), (&json!(id), &json!("Fabrikam")));
        assert_eq!((&body["defaultDomainName"], &body["federationBrandName"]), (&json!("fabrikam.us"), &Value::Null));
        assert_eq!(client.get(&find(&Uuid::from_u128(1).to_string())).await.0, 404);
        assert_eq!(client.get(&find("fabrikam.us")).await.0, 400);
    }
}

#[tokio::test]
async fn the_multitenant_organisation_is_of_the_commercial_cloud_only() {
    let path = "/tenantRelationships/multiTenantOrganization";
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        client.permit(&["MultiTenantOrganization.ReadBasic.All"]);
        let there = cloud == Cloud::Global;
        assert_eq!(client.get(path).await.0, if there { 404 } else { 400 });
        client.tenant.with_directory(|directory| {
            let created = directory.now();
            let organization = MultiTenantOrganization { display_name: "Contoso".into(), created, active: true };
            directory.multi_tenant_organization = Some(organization);
        });
        let (status, body) = client.get(path).await;
        assert_eq!(status, if there { 200 } else { 400 });
        assert!(!there || body["state"] == "active");
    }
}
