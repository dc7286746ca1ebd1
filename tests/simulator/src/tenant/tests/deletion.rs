//! Users are deleted, kept for 30 days, restored or gone.

use super::{Client, code, message};
use crate::cloud::Cloud;
use crate::tenant::RoleState;
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

const LIST: &str = "/directory/deletedItems/microsoft.graph.user";
/// Any role, and the one that is above all others.
const ROLE: Uuid = Uuid::from_u128(7);
const GLOBAL_ADMINISTRATOR: Uuid = uuid!("62e90394-69f5-4237-9190-012177145e10");
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Client {
    async fn restore(&self, id: Uuid, body: Option<Value>) -> (u16, Value) {
        let request = self.request(reqwest::Method::POST, &format!("/directory/deletedItems/{id}/restore"));
        super::answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn deleted_ids(&self, query: &str) -> Vec<Uuid> {
        let pages = self.pages(&format!("{LIST}?$select=id{query}")).await;
        pages.iter().flatten().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_deleted_user_is_read_among_the_deleted_and_nowhere_else() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::China] {
        let client = Client::in_cloud(cloud).await;
        let people = client.sync(2);
        assert_eq!(client.delete(&format!("/users/{}", people[0])).await, (204, Value::Null));
        assert_eq!(client.get(&format!("/users/{}", people[0])).await.0, 404);
        assert_eq!(client.delete(&format!("/users/{}", people[0])).await.0, 404, "once is enough");
        assert_eq!(client.pages("/users?$select=id").await[0].len(), 1);
        let (_, body) = client.get(&format!("{LIST}?$select=id,deletedDateTime,mail,userPrincipalName")).await;
        let name = format!("{}person-0001@contoso.onmicrosoft.com", people[0].simple());
        let expected = json!([{
            "id": people[0], "deletedDateTime": "2026-11-22T10:00:00Z", "mail": "person-0001@fabrikam.us",
            "userPrincipalName": name,
        }]);
        assert_eq!(body["value"], expected);
        let (status, body) = client.get(&format!("/directory/deletedItems/{}", people[0])).await;
        assert_eq!((status, &body["@odata.type"]), (200, &json!("#microsoft.graph.user")));
        let (status, body) = client.get(&format!("/directory/deletedItems/{}", people[1])).await;
        assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
        let cast = format!("/directory/deletedItems/{}/microsoft.graph.user?$select=mail", people[0]);
        assert_eq!(client.get(&cast).await.1["mail"], "person-0001@fabrikam.us");
    }
}

#[tokio::test]
async fn deleted_users_are_filtered_sorted_counted_and_paged() {
    let client = Client::new().await;
    let people = client.sync(3);
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    for id in [people[1], people[0], people[2]] {
        client.delete(&format!("/users/{id}")).await;
        clock.advance(DAY);
    }
    assert_eq!(client.pages(&format!("{LIST}?$select=id&$top=2")).await.iter().map(Vec::len).sum::<usize>(), 3);
    assert_eq!(client.deleted_ids("&$filter=mail%20eq%20'person-0003@fabrikam.us'").await, [people[2]]);
    assert_eq!(client.deleted_ids("&$orderby=displayName%20desc&$top=1").await, [people[2], people[1], people[0]]);
    let by_time = format!("{LIST}?$select=id&$orderby=deletedDateTime&$count=true");
    let (status, body) = client.get(&by_time).await;
    assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
    let (_, body) = client.get_advanced(&by_time).await;
    assert_eq!((&body["value"][0]["id"], &body["@odata.count"]), (&json!(people[1]), &json!(3)));
    let since = format!("{LIST}?$select=id&$filter=deletedDateTime%20ge%202026-11-24T00:00:00Z&$count=true");
    assert_eq!(client.get(&since).await.0, 400);
    assert_eq!(client.get_advanced(&since).await.1["value"], json!([{"id": people[2]}]));
    let (status, body) = client.get(&format!("{LIST}?$top=1000")).await;
    assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
}

#[tokio::test]
async fn a_restored_user_is_the_same_with_groups_roles_and_licences() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let group = client.tenant.with_directory(|directory| {
        directory.assign_exchange_plan(id).unwrap();
        let group = directory.create_group("Team");
        directory.add_member(group, id).unwrap();
        group
    });
    let members = format!("/groups/{group}/members?$select=id");
    let read = "$select=id,userPrincipalName,assignedLicenses,deletedDateTime,accountEnabled";
    let (_, before) = client.get(&format!("/users/{id}?{read}")).await;
    client.delete(&format!("/users/{id}")).await;
    assert_eq!(client.get(&members).await.1["value"], json!([]));
    let (_, deleted) = client.get(&format!("{LIST}?{read}")).await;
    assert_eq!(deleted["value"][0]["assignedLicenses"], before["assignedLicenses"], "kept for them");
    let (status, body) = client.restore(id, None).await;
    assert_eq!((status, &body["id"], &body["@odata.type"]), (200, &json!(id), &json!("#microsoft.graph.user")));
    assert_eq!(client.get(&format!("/users/{id}?{read}")).await.1, before);
    assert_eq!(client.get(&members).await.1["value"][0]["id"], json!(id));
    assert_eq!(client.restore(id, None).await.0, 404, "nobody is deleted any more");
}

#[tokio::test]
async fn what_somebody_else_has_by_now_stands_in_the_way_of_a_restoration() {
    let client = Client::new().await;
    let (name, id) = client.tenant.with_directory(|directory| {
        let id = directory.create_colleague("person-0001");
        let name = directory.user(id).unwrap().user_principal_name.clone();
        directory.delete_user(id).unwrap();
        directory.create_colleague("person-0001");
        (name, id)
    });
    let conflict = async |body: Option<Value>, property: &str| {
        let (status, body) = client.restore(id, body).await;
        assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
        assert!(message(&body).contains(&format!("same value for property {property} already exists")), "{body}");
        assert_eq!(body["error"]["details"][0]["target"], property);
    };
    conflict(None, "userPrincipalName").await;
    let other_name = json!({"newUserPrincipalName": name.replace('@', "-2@")});
    conflict(Some(other_name.clone()), "proxyAddresses").await;
    let foreign = json!({"newUserPrincipalName": "person-0001@fabrikam.us"});
    assert_eq!(client.restore(id, Some(foreign)).await.0, 400, "not a domain of this tenant");
    let mut both = other_name;
    both["autoReconcileProxyConflict"] = json!(true);
    assert_eq!(client.restore(id, Some(both)).await.0, 200);
    let (_, user) = client.get(&format!("/users/{id}?$select=userPrincipalName,proxyAddresses")).await;
    assert_eq!(
        (&user["userPrincipalName"], &user["proxyAddresses"]),
        (&json!("person-0001-2@contoso.com"), &json!([]))
    );
}

#[tokio::test]
async fn who_has_a_role_is_deleted_and_restored_only_by_an_application_with_a_higher_one() {
    let client = Client::new().await;
    let people = client.sync(2);
    let app = client.tenant.with_directory(|directory| {
        let group = directory.create_role_group("Admins");
        directory.add_member(group, people[1]).unwrap();
        directory.assign_role(people[0], ROLE, RoleState::Active).unwrap();
        directory.assign_role(group, ROLE, RoleState::Active).unwrap();
        directory.service_principal()
    });
    for id in &people {
        let (status, body) = client.delete(&format!("/users/{id}")).await;
        assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    }
    client.tenant.with_directory(|directory| directory.delete_user(people[0])).unwrap();
    assert_eq!(client.restore(people[0], None).await.0, 403);
    client
        .tenant
        .with_directory(|directory| directory.assign_role(app, GLOBAL_ADMINISTRATOR, RoleState::Active))
        .unwrap();
    assert_eq!(client.restore(people[0], None).await.0, 200);
    assert_eq!(client.delete(&format!("/users/{}", people[1])).await.0, 204);
}

#[tokio::test]
async fn deleting_and_restoring_need_a_permission_of_their_own() {
    let mut client = Client::new().await;
    let id = client.sync(1)[0];
    client.permit(&["User.Read.All", "Directory.ReadWrite.All"]);
    assert_eq!(client.delete(&format!("/users/{id}")).await.0, 403);
    client.permit(&["User.Read.All"]);
    assert_eq!(client.get(LIST).await.0, 200);
    for permission in ["User.DeleteRestore.All", "User.ReadWrite.All"] {
        client.permit(&[permission]);
        assert_eq!(client.delete(&format!("/users/{id}")).await.0, 204);
        assert_eq!(client.restore(id, None).await.0, 200);
    }
}

#[tokio::test]
async fn after_thirty_days_a_deleted_user_is_gone_for_good() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let tracking = client.round("/users/delta?$select=mail").await;
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    client.delete(&format!("/users/{id}")).await;
    let changed = client.round(&tracking.delta_link).await;
    assert_eq!(changed.only(), &json!({"id": id, "@removed": {"reason": "changed"}}));
    clock.advance(DAY * 6);
    let kept = client.round(&changed.delta_link).await;
    clock.advance(DAY * 24 - SignedDuration::from_secs(1));
    assert_eq!(client.deleted_ids("").await, [id]);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(client.deleted_ids("").await, [] as [Uuid; 0]);
    assert_eq!(client.restore(id, None).await.0, 404);
    assert!(kept.pages.iter().all(Vec::is_empty));
    assert!(client.tenant.with_directory(|directory| directory.deleted_user(id).is_none()));
}

#[tokio::test]
async fn change_tracking_tells_deleted_restored_and_gone_apart() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let tracking = client.round("/users/delta?$select=mail").await;
    client.delete(&format!("/users/{id}")).await;
    let deleted = client.round(&tracking.delta_link).await;
    assert_eq!(deleted.only()["@removed"]["reason"], "changed");
    client.restore(id, None).await;
    let restored = client.round(&deleted.delta_link).await;
    assert_eq!(restored.only(), &json!({"id": id, "mail": "person-0001@fabrikam.us"}));
    client
        .tenant
        .with_directory(|directory| directory.delete_user(id).and_then(|()| directory.purge_user(id)))
        .unwrap();
    assert_eq!(client.round(&restored.delta_link).await.only()["@removed"]["reason"], "deleted");
}

#[tokio::test]
async fn a_deletion_is_seen_when_it_has_arrived() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let lag = SignedDuration::from_secs(30);
    let clock = client.tenant.with_directory(|directory| {
        directory.lag = lag;
        directory.clock().clone()
    });
    client.delete(&format!("/users/{id}")).await;
    assert_eq!(client.get(&format!("/users/{id}")).await.0, 200);
    assert_eq!(client.deleted_ids("").await, [] as [Uuid; 0]);
    assert_eq!(client.delete(&format!("/users/{id}")).await.0, 404, "a write knows the truth");
    clock.advance(lag);
    assert_eq!(client.get(&format!("/users/{id}")).await.0, 404);
    assert_eq!(client.deleted_ids("").await, [id]);
}
