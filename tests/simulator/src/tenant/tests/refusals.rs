//! Invitations that the tenant, the partner or the person's state forbids.

use super::invitation::user_id;
use super::{Client, code, message};
use crate::tenant::{AllowInvitesFrom, DomainBlock, OtherKind, OtherObject};
use serde_json::json;

const ADDRESS: &str = "person-0001@fabrikam.us";

/// Invites and expects a refusal with these words.
async fn refused(client: &Client, address: &str, status: u16, words: &str) {
    let before = client.tenant.with_directory(|directory| directory.user_count());
    let (found, body) = client.invite(address, json!({})).await;
    assert_eq!(found, status, "{body}");
    assert_eq!(code(&body), if status == 403 { "Forbidden" } else { "BadRequest" });
    assert!(message(&body).contains(words), "{body}");
    assert!(client.tenant.mails().is_empty());
    assert_eq!(client.tenant.with_directory(|directory| directory.user_count()), before);
}

#[tokio::test]
async fn somebody_who_is_there_already() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({"sendInvitationMessage": false})).await;
    let id = user_id(&body);
    client.tenant.with_directory(|directory| directory.redeem(id)).unwrap();
    refused(&client, ADDRESS, 400, &format!("already exists in the directory as objectID: {id}")).await;
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    refused(&client, ADDRESS, 400, "account is blocked from signing in").await;
}

#[tokio::test]
async fn an_internal_user_has_the_address() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    refused(&client, ADDRESS, 400, &format!("already exists in the directory as objectID: {id}")).await;
}

#[tokio::test]
async fn a_contact_or_a_group_has_the_address() {
    let client = Client::new().await;
    client.tenant.with_directory(|directory| {
        let id = directory.new_id();
        directory.insert_other(OtherObject {
            id,
            kind: OtherKind::OrgContact,
            display_name: "Person 1".into(),
            mail: Some(ADDRESS.into()),
        });
        let group = directory.create_group("Team");
        let mut group = directory.group(group).unwrap().clone();
        group.mail = Some("team@fabrikam.us".into());
        directory.insert_group(group);
    });
    refused(&client, ADDRESS, 400, "proxyAddresses").await;
    refused(&client, "team@fabrikam.us", 400, "Group email address").await;
}

#[tokio::test]
async fn a_domain_of_this_tenant() {
    let client = Client::new().await;
    refused(&client, "person-0001@contoso.com", 400, "is a verified domain of this directory").await;
    refused(&client, "person-0001@CONTOSO.onmicrosoft.com", 400, "is a verified domain of this directory").await;
}

#[tokio::test]
async fn addresses_with_forbidden_characters() {
    let client = Client::new().await;
    for address in [
        "person+tag@fabrikam.us",
        "person'0001;x@fabrikam.us",
        ".person@fabrikam.us",
        "person-@fabrikam.us",
        "person 1@fabrikam.us",
        "person@fabrikam",
        "person@@fabrikam.us",
        "@fabrikam.us",
        "person",
    ] {
        refused(&client, address, 400, "not a valid address").await;
    }
    assert_eq!(client.invite("_person.o'hara-1@fabrikam.us", json!({})).await.0, 201);
}

#[tokio::test]
async fn the_tenant_forbids_invitations_of_applications() {
    let client = Client::new().await;
    for policy in [AllowInvitesFrom::None, AllowInvitesFrom::AdminsAndGuestInviters] {
        client.tenant.with_directory(|directory| directory.policy.allow_invites_from = policy);
        refused(&client, ADDRESS, 403, "Guest invitations not allowed for your company").await;
    }
}

#[tokio::test]
async fn abuse_protection_has_tripped() {
    let client = Client::new().await;
    client.tenant.with_directory(|directory| directory.policy.suspicious_activity_block = true);
    refused(&client, ADDRESS, 403, "blocked for this directory due to suspicious activity").await;
}

#[tokio::test]
async fn the_partners_domain_is_blocked() {
    let client = Client::new().await;
    for (block, status, words) in [
        (DomainBlock::DenyList, 400, "is blocked"),
        (DomainBlock::CrossTenantAccess, 403, "blocked by cross-tenant access settings in your organization"),
        (DomainBlock::CrossTenantAccessBoth, 403, "blocked by cross-tenant access settings. Admins in both"),
        (DomainBlock::CrossCloudWorker, 403, "Microsoft B2B Cross Cloud Worker"),
    ] {
        client.tenant.with_directory(|directory| directory.policy.blocked_domains.insert("fabrikam.us".into(), block));
        refused(&client, ADDRESS, status, words).await;
    }
}

#[tokio::test]
async fn a_refusal_may_go_unexplained() {
    let client = Client::new().await;
    client.tenant.with_directory(|directory| directory.policy.unexplained.insert(ADDRESS.into()));
    let (status, body) = client.invite(&ADDRESS.to_uppercase(), json!({})).await;
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    assert_eq!(client.invite("person-0002@fabrikam.us", json!({})).await.0, 201);
}

#[tokio::test]
async fn a_deleted_guest_does_not_stand_in_the_way() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    client.tenant.with_directory(|directory| directory.delete_user(user_id(&body))).unwrap();
    let (status, again) = client.invite(ADDRESS, json!({})).await;
    assert_eq!(status, 201);
    assert_ne!(user_id(&again), user_id(&body), "another object");
    let restored = client.tenant.with_directory(|directory| directory.restore_user(user_id(&body)));
    assert!(restored.is_err(), "the sign-in name is taken by now");
}
