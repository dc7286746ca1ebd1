//! What Entra Connect does with the people whom it wrote.

use super::Client;
use serde_json::json;

#[tokio::test]
async fn a_person_is_disabled_deleted_and_comes_back_as_the_same() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.advance(jiff::SignedDuration::from_hours(1));
    client.tenant.with_directory(|directory| {
        let mut connect = directory.connect();
        connect.set_enabled(id, false).unwrap();
        connect.delete(id).unwrap();
        assert!(connect.delete(id).is_err(), "once");
        connect.restore(id).unwrap();
        assert!(connect.restore(id).is_err(), "once");
    });
    let (_, user) = client.get(&format!("/users/{id}?$select=accountEnabled,onPremisesLastSyncDateTime")).await;
    assert_eq!(
        (&user["accountEnabled"], &user["onPremisesLastSyncDateTime"]),
        (&json!(false), &json!("2026-11-22T11:00:00Z"))
    );
}

#[tokio::test]
async fn addresses_change_for_one_or_for_a_whole_domain() {
    let client = Client::new().await;
    let people = client.sync(3);
    let moved = client.tenant.with_directory(|directory| {
        let mut connect = directory.connect();
        connect.change_mail(people[0], Some("somebody@northwind.us")).unwrap();
        connect.change_domain("FABRIKAM.us", "fabrikam.com")
    });
    assert_eq!(moved.len(), 3, "the first of them by the on-premises name alone");
    let select = "$select=mail,proxyAddresses,onPremisesUserPrincipalName,userPrincipalName";
    let (_, user) = client.get(&format!("/users/{}?{select}", people[1])).await;
    assert_eq!(user["mail"], "person-0002@fabrikam.com");
    assert_eq!(user["proxyAddresses"], json!(["SMTP:person-0002@fabrikam.com"]));
    assert_eq!(user["onPremisesUserPrincipalName"], "person-0002@fabrikam.com");
    assert_eq!(user["userPrincipalName"], "person-0002@contoso.onmicrosoft.com");
    let (_, user) = client.get(&format!("/users/{}?$select=mail", people[0])).await;
    assert_eq!(user["mail"], "somebody@northwind.us");
    let found = client.get("/users?$select=id&$filter=mail%20eq%20'person-0002@fabrikam.us'").await.1;
    assert_eq!(found["value"], json!([]));
}

#[tokio::test]
async fn who_is_mastered_here_is_left_alone() {
    let client = Client::new().await;
    client.tenant.with_directory(|directory| {
        let id = directory.create_colleague("person-0001");
        assert!(directory.connect().set_enabled(id, false).is_err());
        assert!(directory.connect().change_mail(id, None).is_err());
        assert!(directory.connect().delete(id).is_err());
        directory.delete_user(id).unwrap();
        assert!(directory.connect().restore(id).is_err());
        assert!(directory.connect().change_domain("contoso.com", "fabrikam.us").is_empty());
    });
}
