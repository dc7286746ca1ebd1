//! Changes of users and of who is in a group, through Graph.

use super::{Client, answer, code};
use crate::tenant::{RoleState, UserType};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

impl Client {
    async fn patch(&self, id: Uuid, body: Value) -> (u16, Value) {
        answer(self.request(Method::PATCH, &format!("/users/{id}")).json(&body)).await
    }

    async fn add(&self, group: Uuid, link: &str) -> (u16, Value) {
        let request = self.request(Method::POST, &format!("/groups/{group}/members/$ref"));
        answer(request.json(&json!({"@odata.id": link}))).await
    }

    async fn remove(&self, group: Uuid, member: Uuid) -> (u16, Value) {
        answer(self.request(Method::DELETE, &format!("/groups/{group}/members/{member}/$ref"))).await
    }
}

#[tokio::test]
async fn a_user_mastered_here_takes_every_property_that_may_be_written() {
    let client = Client::new().await;
    let id = client.tenant.with_directory(|directory| directory.create_colleague("person-0001"));
    let changes = json!({
        "accountEnabled": false, "companyName": "Fabrikam", "displayName": "Person 1", "mail": "new@contoso.com",
        "onPremisesExtensionAttributes": {"extensionAttribute3": "three"}, "otherMails": ["other@contoso.com"],
        "showInAddressList": true, "userType": "Guest",
    });
    assert_eq!(client.patch(id, changes).await, (204, Value::Null));
    client.tenant.with_directory(|directory| {
        let user = directory.user(id).unwrap();
        assert!(!user.account_enabled);
        assert_eq!(user.attributes["companyName"], "Fabrikam");
        assert_eq!(user.display_name, "Person 1");
        assert_eq!(
            (user.mail.as_deref(), &user.proxy_addresses[..]),
            (Some("new@contoso.com"), &["SMTP:new@contoso.com".to_owned()][..])
        );
        assert_eq!(user.on_premises.extension_attributes[&3], "three");
        assert_eq!(user.other_mails, ["other@contoso.com"]);
        assert_eq!(user.show_in_address_list, Some(true));
        assert_eq!(user.user_type, UserType::Guest);
    });
    assert_eq!(client.patch(id, json!({"companyName": null})).await.0, 204);
    let (_, user) = client.get(&format!("/users/{id}?$select=companyName")).await;
    assert_eq!(user["companyName"], Value::Null);
}

#[tokio::test]
async fn what_entra_connect_masters_is_written_there() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    assert_eq!(client.patch(id, json!({"accountEnabled": false, "usageLocation": "US"})).await.0, 204);
    for body in [
        json!({"displayName": "Somebody"}),
        json!({"mail": "new@fabrikam.us"}),
        json!({"accountEnabled": true, "onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}),
    ] {
        let (status, body) = client.patch(id, body).await;
        assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
    }
    assert!(!client.tenant.with_directory(|directory| directory.user(id).unwrap().account_enabled));
}

#[tokio::test]
async fn null_clears_and_a_list_is_cleared_by_an_empty_one() {
    let client = Client::new().await;
    let id = client.tenant.with_directory(|directory| directory.create_colleague("person-0001"));
    let set = json!({
        "companyName": "Fabrikam", "department": "Sales", "otherMails": ["other@contoso.com"],
        "showInAddressList": false, "onPremisesExtensionAttributes": {"extensionAttribute3": "three"},
    });
    let clear = json!({
        "companyName": null, "department": null, "otherMails": [], "showInAddressList": null, "mail": null,
        "onPremisesExtensionAttributes": {"extensionAttribute3": null},
    });
    for body in [set, clear] {
        assert_eq!(client.patch(id, body).await, (204, Value::Null));
    }
    let select = "companyName,department,otherMails,showInAddressList,mail,onPremisesExtensionAttributes";
    let (_, user) = client.get(&format!("/users/{id}?$select={select}")).await;
    for name in ["companyName", "department", "showInAddressList", "mail"] {
        assert_eq!(user[name], Value::Null, "{name}");
    }
    assert_eq!(user["otherMails"], json!([]));
    assert_eq!(user["onPremisesExtensionAttributes"]["extensionAttribute3"], Value::Null);
}

#[tokio::test]
async fn who_was_synced_once_keeps_the_extension_attributes() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let release = |user: &mut crate::tenant::User| user.on_premises.sync_enabled = Some(false);
    client.tenant.with_directory(|directory| directory.update_user(id, release)).unwrap();
    let (status, body) = client.patch(id, json!({"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}})).await;
    assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
    assert!(super::message(&body).contains("originated within an external service"));
    assert_eq!(client.patch(id, json!({"displayName": "Somebody"})).await.0, 204);
}

#[tokio::test]
async fn what_is_written_in_graph_but_not_simulated_is_a_violation() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    client
        .tenant
        .with_directory(|directory| directory.update_user(id, |user| user.on_premises.sync_enabled = None))
        .unwrap();
    assert_eq!(client.patch(id, json!({"userPrincipalName": "new@contoso.com"})).await.0, 501);
    assert_eq!(client.tenant.violations().len(), 1);
}

#[tokio::test]
async fn wrong_values_read_only_properties_and_taken_addresses_are_refused() {
    let client = Client::new().await;
    let (id, other) = client.tenant.with_directory(|directory| {
        (directory.create_colleague("person-0001"), directory.create_colleague("person-0002"))
    });
    for body in [
        json!({"accountEnabled": "no"}),
        json!({"userType": "Admin"}),
        json!({"usageLocation": null}),
        json!({"usageLocation": "Germany"}),
        json!({"department": ""}),
        json!({"displayName": null}),
        json!({"legalAgeGroupClassification": "adult"}),
        json!({"externalUserState": "Accepted"}),
        json!({"nickname": "x"}),
        json!({"onPremisesExtensionAttributes": {"extensionAttribute16": "x"}}),
    ] {
        let (status, answer) = client.patch(id, body.clone()).await;
        assert_eq!((status, code(&answer)), (400, "Request_BadRequest"), "{body}");
    }
    let (status, body) = client.patch(other, json!({"mail": "person-0001@contoso.com"})).await;
    assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
    let details: Vec<_> = body["error"]["details"].as_array().unwrap().iter().map(|detail| &detail["code"]).collect();
    assert_eq!(details, ["ObjectConflict", "ConflictingObjects"]);
    assert_eq!(body["error"]["details"][0]["target"], "proxyAddresses");
}

#[tokio::test]
async fn who_has_a_role_is_beyond_an_application_and_the_switch_needs_less_than_the_rest() {
    let mut client = Client::new().await;
    let people = client.sync(2);
    let role = Uuid::from_u128(7);
    client.tenant.with_directory(|directory| directory.assign_role(people[0], role, RoleState::Active)).unwrap();
    let (status, body) = client.patch(people[0], json!({"accountEnabled": false})).await;
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    assert_eq!(client.patch(people[0], json!({"otherMails": ["x@fabrikam.us"]})).await.0, 403);
    assert_eq!(client.patch(people[0], json!({"usageLocation": "US"})).await.0, 204, "which is not sensitive");
    client.tenant.with_directory(|directory| {
        let (app, above) = (directory.service_principal(), uuid!("7be44c8a-adaf-4e2a-84d6-ab2649e08a13"));
        directory.assign_role(app, above, RoleState::Active).unwrap();
    });
    assert_eq!(client.patch(people[0], json!({"accountEnabled": false})).await.0, 204);
    let permissions = ["User.Read.All", "User.EnableDisableAccount.All"].map(str::to_owned);
    client.tenant.with_directory(|directory| directory.permissions = permissions.into());
    client.token = client.tenant.token();
    assert_eq!(client.patch(people[1], json!({"accountEnabled": false})).await.0, 204);
    assert_eq!(client.patch(people[1], json!({"usageLocation": "US"})).await.0, 403);
}

#[tokio::test]
async fn members_come_and_go_by_reference() {
    let client = Client::new().await;
    let people = client.sync(2);
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    let link = |id: Uuid| format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
    assert_eq!(client.add(group, &link(people[0])).await, (204, Value::Null));
    let (status, body) = client.add(group, &link(people[0])).await;
    assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
    assert!(super::message(&body).contains("added object references already exist"));
    assert_eq!(client.add(group, &link(Uuid::nil())).await.0, 404);
    let elsewhere = format!("https://graph.microsoft.us/v1.0/users/{}", people[1]);
    assert_eq!(client.add(group, &elsewhere).await.0, 400, "another cloud's Graph");
    assert_eq!(client.remove(group, people[1]).await.0, 404);
    assert_eq!(client.remove(group, people[0]).await, (204, Value::Null));
    assert!(client.tenant.with_directory(|directory| directory.group(group).unwrap().members.is_empty()));
    assert_eq!(client.tenant.with_directory(|directory| directory.user_count()), 2);
}

#[tokio::test]
async fn some_groups_are_filled_elsewhere_or_need_more_rights() {
    let client = Client::new().await;
    let person = client.sync(1)[0];
    let (dynamic, synced, roles) = client.tenant.with_directory(|directory| {
        let groups = ["Dynamic", "Synced"].map(|name| directory.create_group(name));
        let mut group = directory.group(groups[0]).unwrap().clone();
        group.group_types = vec!["DynamicMembership".into()];
        directory.insert_group(group);
        let mut group = directory.group(groups[1]).unwrap().clone();
        group.on_premises_sync_enabled = Some(true);
        directory.insert_group(group);
        (groups[0], groups[1], directory.create_role_group("Admins"))
    });
    let link = format!("{}/v1.0/users/{person}", client.tenant.graph_root());
    assert_eq!(client.add(dynamic, &link).await.0, 400);
    assert_eq!(client.add(synced, &link).await.0, 400);
    assert_eq!(client.add(roles, &link).await.0, 403);
}

#[tokio::test]
async fn a_removal_without_ref_would_delete_the_member_and_is_a_violation() {
    let client = Client::new().await;
    let person = client.sync(1)[0];
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    client.tenant.with_directory(|directory| directory.add_member(group, person)).unwrap();
    let path = format!("/groups/{group}/members/{person}");
    assert_eq!(answer(client.request(Method::DELETE, &path)).await.0, 501);
    assert_eq!(client.tenant.violations().len(), 1);
}

#[tokio::test]
async fn an_update_may_say_of_each_object_what_type_it_is() {
    let client = Client::new().await;
    let id = client.tenant.with_directory(|directory| directory.create_colleague("ada"));
    let change = json!({
        "@odata.type": "#microsoft.graph.user",
        "jobTitle": "Engineer",
        "onPremisesExtensionAttributes": {
            "@odata.type": "#microsoft.graph.onPremisesExtensionAttributes",
            "extensionAttribute1": "one",
        },
    });
    assert_eq!(client.patch(id, change).await.0, 204);
    let (_, user) = client.get(&format!("/users/{id}?$select=jobTitle,onPremisesExtensionAttributes")).await;
    assert_eq!(user["jobTitle"], "Engineer");
    assert_eq!(user["onPremisesExtensionAttributes"]["extensionAttribute1"], "one");
}
