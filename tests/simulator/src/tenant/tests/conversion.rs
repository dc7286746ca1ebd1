//! Internal users who are converted in place.

use super::invitation::user_id;
use super::{Client, code, message};
use crate::tenant::{ExternalUserState, Identity, SyncedPerson, UserType};
use serde_json::json;
use uuid::Uuid;

const ADDRESS: &str = "person-0001@fabrikam.us";

#[tokio::test]
async fn a_conversion_keeps_id_name_type_and_groups_and_completes_at_redemption() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Members");
        directory.add_member(group, id).unwrap();
        group
    });
    let (status, body) = client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
    assert_eq!((status, user_id(&body)), (201, id));
    client.tenant.with_directory(|directory| {
        let user = directory.user(id).unwrap();
        assert_eq!(user.user_principal_name, "person-0001@contoso.onmicrosoft.com");
        assert_eq!(user.user_type, UserType::Member);
        assert_eq!(user.creation_type, None);
        assert_eq!(user.on_premises.sync_enabled, Some(true));
        assert_eq!(user.external_user_state, Some(ExternalUserState::PendingAcceptance));
        assert_eq!(user.external_user_state_changed, Some(directory.now()));
        assert!(!user.identities.contains(&Identity::external()));
        assert!(directory.group(group).unwrap().members.contains(&id));
        directory.redeem(id).unwrap();
        assert!(directory.user(id).unwrap().identities.contains(&Identity::external()));
    });
    assert_eq!(client.tenant.mails().len(), 1);
}

#[tokio::test]
async fn whether_the_on_premises_name_forbids_it_is_not_shown() {
    let client = Client::new().await;
    let ids: Vec<Uuid> = client.tenant.with_directory(|directory| {
        [(1, true), (2, false)]
            .map(|(number, conversion_refused)| {
                let address = format!("person-000{number}@fabrikam.us");
                directory.sync_person(SyncedPerson { conversion_refused, ..SyncedPerson::new(&address) })
            })
            .into()
    });
    let (status, body) = client.invite(ADDRESS, json!({"invitedUser": {"id": ids[0]}})).await;
    assert_eq!((status, code(&body)), (400, "BadRequest"));
    assert!(message(&body).contains("onPremisesUserPrincipalName"));
    let other = "person-0002@fabrikam.us";
    assert_eq!(client.invite(other, json!({"invitedUser": {"id": ids[1]}})).await.0, 201);
    let (_, body) = client.get("/users?$select=onPremisesUserPrincipalName,externalUserState").await;
    for user in body["value"].as_array().unwrap() {
        assert!(user["onPremisesUserPrincipalName"].is_string(), "a value is shown either way");
    }
    assert_eq!(client.tenant.mails().len(), 1);
}

#[tokio::test]
async fn the_address_must_be_in_mail() {
    let client = Client::new().await;
    let id = client.tenant.with_directory(|directory| {
        let other = Some("other@fabrikam.us".to_owned());
        directory.sync_person(SyncedPerson { mail: other, ..SyncedPerson::new(ADDRESS) })
    });
    let (status, body) = client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
    assert_eq!((status, code(&body)), (400, "BadRequest"));
    assert!(message(&body).contains("doesn't match any emails"));
}

#[tokio::test]
async fn a_twin_is_named_by_its_own_id() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let guest = user_id(&body);
    let id = client.sync(1)[0];
    let (status, body) = client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
    assert_eq!(status, 400);
    assert!(message(&body).contains(&format!("already exists in the directory as objectID: {guest}")));
}

#[tokio::test]
async fn a_converted_person_is_not_converted_again() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let convert = json!({"invitedUser": {"id": id}});
    client.invite(ADDRESS, convert.clone()).await;
    assert_eq!(client.invite(ADDRESS, convert.clone()).await.0, 201, "pending: another mail");
    client.tenant.with_directory(|directory| directory.redeem(id)).unwrap();
    let (status, body) = client.invite(ADDRESS, convert).await;
    assert_eq!(status, 400);
    assert!(message(&body).contains(&format!("already exists in the directory as objectID: {id}")));
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    let (status, body) = client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
    assert_eq!(status, 400);
    assert!(message(&body).contains("account is blocked from signing in"));
    assert_eq!(client.tenant.mails().len(), 2);
}

#[tokio::test]
async fn a_disabled_a_deleted_and_an_unknown_user_cannot_be_converted() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let convert = |id: Uuid| client.invite(ADDRESS, json!({"invitedUser": {"id": id}}));
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    let (status, body) = convert(id).await;
    assert_eq!(status, 400);
    assert!(message(&body).contains("account is blocked from signing in"));
    client.tenant.with_directory(|directory| directory.delete_user(id)).unwrap();
    assert_eq!(convert(id).await.0, 404);
    assert_eq!(convert(Uuid::nil()).await.0, 404);
    assert!(client.tenant.mails().is_empty());
}
