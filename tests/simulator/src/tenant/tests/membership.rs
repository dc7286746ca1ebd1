//! Groups, their members, and roles.

use super::{Client, code};
use crate::tenant::{OtherKind, OtherObject, RoleState};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const ROLE: Uuid = Uuid::from_u128(0x62e9_0394_69f5_4237_9190_0121_7714_5e10);

fn ids(body: &Value) -> BTreeSet<Uuid> {
    let ids = body["value"].as_array().unwrap().iter();
    ids.map(|item| item["id"].as_str().unwrap_or_else(|| item.as_str().unwrap()).parse().unwrap()).collect()
}

/// An outer group with the first person, an inner group and a device; the inner one with both people and, in a
/// circle, the outer one.
async fn nested() -> (Client, Uuid, Uuid, Vec<Uuid>, Uuid) {
    let client = Client::new().await;
    let people = client.sync(2);
    let (outer, inner, device) = client.tenant.with_directory(|directory| {
        let device = directory.new_id();
        directory.insert_other(OtherObject {
            id: device,
            kind: OtherKind::Device,
            display_name: "Device 1".into(),
            mail: None,
        });
        let outer = directory.create_role_group("Outer");
        let inner = directory.create_group("Inner");
        for (group, member) in [
            (outer, people[0]),
            (outer, inner),
            (outer, device),
            (inner, people[0]),
            (inner, people[1]),
            (inner, outer),
        ] {
            directory.add_member(group, member).unwrap();
        }
        (outer, inner, device)
    });
    (client, outer, inner, people, device)
}

#[tokio::test]
async fn a_group_shows_whether_it_can_hold_roles() {
    let (client, outer, inner, ..) = nested().await;
    let select = "$select=displayName,isAssignableToRole,securityEnabled";
    let (_, body) = client.get(&format!("/groups/{outer}?{select}")).await;
    assert_eq!((&body["displayName"], &body["isAssignableToRole"]), (&json!("Outer"), &json!(true)));
    let (_, body) = client.get(&format!("/groups/{inner}?{select}")).await;
    assert_eq!((&body["isAssignableToRole"], &body["securityEnabled"]), (&Value::Null, &json!(true)));
    assert_eq!(client.get(&format!("/groups/{}", Uuid::nil())).await.0, 404);
}

#[tokio::test]
async fn direct_members_are_of_any_type_and_nested_ones_come_once() {
    let (client, outer, inner, people, device) = nested().await;
    let (_, body) = client.get(&format!("/groups/{outer}/members?$select=id,mail")).await;
    assert_eq!(ids(&body), BTreeSet::from([people[0], inner, device]));
    let types: BTreeSet<&str> =
        body["value"].as_array().unwrap().iter().map(|member| member["@odata.type"].as_str().unwrap()).collect();
    assert_eq!(types, BTreeSet::from(["#microsoft.graph.device", "#microsoft.graph.group", "#microsoft.graph.user"]));
    let (_, body) = client.get(&format!("/groups/{outer}/transitiveMembers")).await;
    assert_eq!(ids(&body), BTreeSet::from([people[0], people[1], inner, outer, device]));
    client.tenant.with_directory(|directory| directory.delete_user(people[1])).unwrap();
    let (_, body) = client.get(&format!("/groups/{inner}/members")).await;
    assert_eq!(ids(&body), BTreeSet::from([people[0], outer]), "deleted members are not shown");
}

#[tokio::test]
async fn a_cast_is_an_advanced_query() {
    let (client, outer, _, people, _) = nested().await;
    let path = format!("/groups/{outer}/transitiveMembers/microsoft.graph.user?$select=id");
    let counted = format!("{path}&$count=true");
    for (status, body) in [client.get(&path).await, client.get(&counted).await, client.get_advanced(&path).await] {
        assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
    }
    let (_, body) = client.get_advanced(&counted).await;
    assert_eq!(ids(&body), people.into_iter().collect());
    assert_eq!(body["@odata.count"], 2);
    assert_eq!(body["value"][0].get("@odata.type"), None);
}

#[tokio::test]
async fn members_come_in_pages() {
    let client = Client::new().await;
    let people = client.sync(101);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("All");
        people.iter().for_each(|person| directory.add_member(group, *person).unwrap());
        group
    });
    let pages = client.pages(&format!("/groups/{group}/members?$select=id")).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 1]);
    let pages = client.pages(&format!("/groups/{group}/transitiveMembers?$select=id&$top=999")).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [101]);
}

#[tokio::test]
async fn who_may_not_read_users_sees_of_members_only_type_and_id() {
    let (mut client, outer, _, people, _) = nested().await;
    client.tenant.with_directory(|directory| directory.permissions = ["GroupMember.Read.All".to_owned()].into());
    client.token = client.tenant.token();
    let (_, body) = client.get(&format!("/groups/{outer}/members?$select=id,mail")).await;
    let person = body["value"].as_array().unwrap().iter().find(|member| member["id"] == people[0].to_string());
    let expected = json!({"@odata.type": "#microsoft.graph.user", "id": people[0], "mail": null});
    assert_eq!(person, Some(&expected));
}

#[tokio::test]
async fn membership_of_a_user_counts_nested_groups() {
    let (client, outer, inner, people, _) = nested().await;
    let user = people[1];
    let asked = json!({"groupIds": [outer, Uuid::nil()]});
    let (_, body) = client.post(&format!("/users/{user}/checkMemberGroups"), asked).await;
    assert_eq!(ids(&body), BTreeSet::from([outer]));
    let (_, body) = client.post(&format!("/users/{user}/getMemberGroups"), json!({"securityEnabledOnly": true})).await;
    assert_eq!(ids(&body), BTreeSet::from([outer, inner]));
    let many = json!({"groupIds": vec![outer; 21]});
    assert_eq!(client.post(&format!("/users/{user}/checkMemberGroups"), many).await.0, 400);
    assert_eq!(client.post(&format!("/users/{user}/getMemberGroups"), json!({})).await.0, 400);
    let nobody = format!("/users/{}/getMemberGroups", Uuid::nil());
    assert_eq!(client.post(&nobody, json!({"securityEnabledOnly": false})).await.0, 404);
}

#[tokio::test]
async fn roles_are_had_or_may_be_activated_and_not_by_every_group() {
    let (client, outer, inner, people, _) = nested().await;
    client.tenant.with_directory(|directory| {
        directory.assign_role(people[0], ROLE, RoleState::Active).unwrap();
        directory.assign_role(outer, ROLE, RoleState::Eligible).unwrap();
        assert!(directory.assign_role(inner, ROLE, RoleState::Active).is_err());
    });
    let (_, body) = client.get("/roleManagement/directory/roleAssignments").await;
    let assignment = &body["value"][0];
    assert_eq!(assignment["principalId"], people[0].to_string());
    assert_eq!(assignment["roleDefinitionId"], ROLE.to_string());
    assert_eq!(assignment["directoryScopeId"], "/");
    let filter = format!("$filter=principalId%20eq%20'{}'", people[1]);
    let (_, body) = client.get(&format!("/roleManagement/directory/roleAssignments?{filter}")).await;
    assert_eq!(body["value"], json!([]));
    let (_, body) = client.get("/roleManagement/directory/roleEligibilityScheduleInstances").await;
    assert_eq!(body["value"][0]["principalId"], outer.to_string());
}

#[tokio::test]
async fn eligible_roles_need_a_p2_licence() {
    let client = Client::with(|options| options.p2 = false).await;
    let (status, body) = client.get("/roleManagement/directory/roleEligibilityScheduleInstances").await;
    assert_eq!((status, code(&body)), (400, "AadPremiumLicenseRequired"));
    assert_eq!(client.get("/roleManagement/directory/roleAssignments").await.0, 200);
}
