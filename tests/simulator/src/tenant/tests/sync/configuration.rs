//! Making a configuration, its credentials, and whether it would work.

use super::{CLOUDS, Client, GALLERY, Pair, agree, secrets};
use crate::cloud::Cloud;
use crate::tenant::tests::code;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

fn credentials(target: Uuid) -> Value {
    let credentials = secrets(target, &[])["value"].clone();
    json!({"templateId": "Azure2Azure", "useSavedCredentials": false, "credentials": credentials})
}

#[tokio::test]
async fn what_was_made_from_the_template_is_visible_after_a_while() {
    let mut client = Client::new().await;
    client.permit(super::PERMISSIONS);
    client.tenant.with_directory(|directory| directory.sync.instantiation_lag = SignedDuration::from_secs(10));
    let (status, made) = client.post(GALLERY, json!({"displayName": "CTS"})).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/servicePrincipals/{}", made["servicePrincipal"]["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.0, 404);
    assert_eq!(client.get(&format!("{path}/synchronization/jobs")).await.0, 404);
    client.tenant.with_directory(|directory| directory.clock().advance(SignedDuration::from_secs(10)));
    assert_eq!(client.get(&path).await.0, 200);
    let filter = "applicationTemplateId%20eq%20'518e5f48-1fc8-4c48-9387-9fdf28b0dfe7'";
    let (_, body) = client.get(&format!("/servicePrincipals?$filter={filter}")).await;
    assert_eq!(body["value"].as_array().unwrap().len(), 1);
    let nothing = format!("/applicationTemplates/{}/instantiate", Uuid::nil());
    assert_eq!(client.post(&nothing, json!({"displayName": "CTS"})).await.0, 404);
}

#[tokio::test]
async fn a_configuration_has_a_template_and_its_own_credentials() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let root = format!("/servicePrincipals/{}/synchronization", pair.principal);
        let (_, body) = pair.source.get(&format!("{root}/templates")).await;
        assert_eq!(body["value"][0]["id"], "Azure2Azure");
        // Putting replaces them all.
        pair.put_secrets(&[("SyncNotificationSettings", "{}")]).await;
        let (_, body) = pair.source.get(&format!("{root}/secrets")).await;
        let keys: Vec<&str> =
            body["value"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["CompanyId", "AuthenticationType", "SyncNotificationSettings"]);
        assert_eq!(body["value"][0]["value"], pair.target_id().to_string());
        pair.source.tenant.with_directory(|directory| directory.sync.masks_company_id = true);
        let (_, body) = pair.source.get(&format!("{root}/secrets")).await;
        assert_eq!(body["value"][0]["value"], "*");
    }
}

#[tokio::test]
async fn us_government_takes_one_kilobyte_of_credentials() {
    let long = "x".repeat(1000);
    for (cloud, expected) in [(Cloud::Global, 204), (Cloud::UsGov, 400)] {
        let pair = Pair::stopped(cloud).await;
        let path = format!("/servicePrincipals/{}/synchronization/secrets", pair.principal);
        let body = secrets(pair.target_id(), &[("SyncNotificationSettings", &long)]);
        assert_eq!(pair.source.put(&path, body).await.0, expected);
    }
}

#[tokio::test]
async fn validation_says_which_side_does_not_allow_it() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let path = format!("/servicePrincipals/{}/synchronization/jobs/validateCredentials", pair.principal);
        let target = pair.target_id();
        assert_eq!(pair.source.post(&path, credentials(target)).await.0, 204);
        let saved = json!({"templateId": "Azure2Azure", "useSavedCredentials": true});
        assert_eq!(pair.source.post(&format!("{}/validateCredentials", pair.job), saved).await.0, 204);
        let refused = async || {
            let (status, body) = pair.source.post(&path, credentials(target)).await;
            assert_eq!(status, 400);
            code(&body).to_owned()
        };
        let current = "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure";
        let partner = |client: &Client, change: fn(&mut crate::tenant::PartnerConfiguration)| {
            client.tenant.with_directory(|directory| {
                directory.cross_tenant_access.partners.values_mut().for_each(change);
            });
        };
        partner(&pair.source, |partner| partner.consent = None);
        assert_eq!(refused().await, current);
        pair.source.tenant.with_directory(|directory| directory.sync.older_policy_code = true);
        assert_eq!(refused().await, "AzureDirectoryB2BManagementPolicyCheckFailure");
        pair.source.tenant.with_directory(|directory| directory.sync.older_policy_code = false);
        agree(&pair.source, &pair.target);
        partner(&pair.target, |partner| partner.consent = None);
        assert_eq!(refused().await, current);
        agree(&pair.source, &pair.target);
        partner(&pair.target, |partner| partner.synchronization = None);
        assert_eq!(refused().await, current);
        let (status, body) = pair.source.post(&path, credentials(Uuid::from_u128(0x77))).await;
        assert_eq!((status, code(&body)), (400, "ExternalTenantNotFound"));
    }
}

#[tokio::test]
async fn another_cloud_needs_a_checkbox_on_either_side() {
    let pair = Pair::stopped(Cloud::Global).await;
    let options = pair.target.tenant.with_directory(|directory| directory.options.clone());
    let abroad = Client::in_site(&pair.site, |own| {
        *own = crate::tenant::TenantOptions { id: Uuid::from_u128(0x20), cloud: Cloud::UsGov, ..options };
    })
    .await;
    agree(&pair.source, &abroad);
    let path = format!("/servicePrincipals/{}/synchronization/jobs/validateCredentials", pair.principal);
    let validate = async || {
        let (status, body) = pair.source.post(&path, credentials(Uuid::from_u128(0x20))).await;
        (status, code(&body).to_owned())
    };
    assert_eq!(validate().await, (400, "ExternalTenantNotFound".to_owned()));
    pair.source.tenant.with_directory(|directory| directory.sync.across_clouds = true);
    assert_eq!(validate().await, (400, "AzureActiveDirectoryTokenExpired".to_owned()));
    abroad.tenant.with_directory(|directory| directory.allow_cross_cloud_sync());
    assert_eq!(validate().await, (204, String::new()));
}

#[tokio::test]
async fn missing_rights_are_answered_without_a_word() {
    let mut pair = Pair::stopped(Cloud::Global).await;
    let job = pair.job.clone();
    pair.source.permit(&["Application.Read.All"]);
    let (status, body) = pair.source.get(&job).await;
    assert_eq!((status, code(&body)), (401, "UnknownError"));
    assert_eq!(body["error"]["message"], "");
    pair.source.permit(&["Synchronization.Read.All"]);
    assert_eq!(pair.source.get(&job).await.0, 200);
    assert_eq!(pair.source.get(&format!("{job}/schema/filterOperators")).await.0, 401);
    assert_eq!(pair.source.post(&format!("{job}/start"), json!({})).await.0, 401);
    pair.source.permit(&["Application.ReadWrite.OwnedBy"]);
    assert_eq!(pair.source.post(&format!("{job}/start"), json!({})).await.0, 204);
    let restart = json!({"criteria": {"resetScope": "Watermark"}});
    assert_eq!(pair.source.post(&format!("{job}/restart"), restart.clone()).await.0, 401);
    pair.source.tenant.with_directory(|directory| directory.sync.owners_restart = true);
    assert_eq!(pair.source.post(&format!("{job}/restart"), restart).await.0, 204);
}
