//! `GET /groups/delta`: groups and who is in them.

use super::Client;
use super::changes::Round;
use crate::tenant::{OtherKind, OtherObject};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The members that a round shows of a group, over all pages: whether each came.
fn members(round: &Round, group: Uuid) -> BTreeMap<Uuid, bool> {
    let of_group = round.items().filter(|item| item["id"] == group.to_string());
    let members = of_group.filter_map(|item| item["members@delta"].as_array()).flatten();
    members.map(|member| (id(member), member.get("@removed").is_none())).collect()
}

fn id(item: &Value) -> Uuid {
    item["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn members_come_with_their_group_over_several_pages() {
    let client = Client::with(|options| options.delta.members_per_page = 2).await;
    let people = client.sync(5);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Team");
        people.iter().for_each(|id| directory.add_member(group, *id).unwrap());
        group
    });
    let first = client.round("/groups/delta?$select=displayName,members").await;
    assert_eq!(first.pages.len(), 3);
    assert_eq!(members(&first, group), people.iter().map(|id| (*id, true)).collect());
    for item in first.items() {
        assert_eq!((id(item), &item["displayName"]), (group, &json!("Team")), "the same group again");
        assert!(item["members@delta"].as_array().unwrap().len() <= 2);
    }
}

#[tokio::test]
async fn a_later_round_shows_who_came_and_who_went() {
    let client = Client::new().await;
    let people = client.sync(4);
    let (group, other) = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Team");
        people[..3].iter().for_each(|id| directory.add_member(group, *id).unwrap());
        (group, directory.create_group("Other"))
    });
    let first = client.round("/groups/delta").await;
    assert_eq!(first.ids(), [group, other].into());
    assert!(first.items().all(|item| item.get("members@delta").is_some() == (id(item) == group)));
    let device = Uuid::from_u128(7);
    client.tenant.with_directory(|directory| {
        directory.insert_other(OtherObject {
            id: device,
            kind: OtherKind::Device,
            display_name: "Device 1".into(),
            mail: None,
        });
        directory.add_member(group, people[3]).unwrap();
        directory.add_member(group, device).unwrap();
        directory.add_member(group, other).unwrap();
        directory.remove_member(group, people[0]).unwrap();
        directory.delete_user(people[1]).unwrap();
        directory.add_member(group, people[2]).unwrap();
    });
    let later = client.round(&first.delta_link).await;
    assert_eq!(
        members(&later, group),
        [(people[3], true), (device, true), (other, true), (people[0], false), (people[1], false)].into(),
        "who was a member already has not come"
    );
    let kinds: BTreeMap<Uuid, &str> = later.only()["members@delta"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (id(member), member["@odata.type"].as_str().unwrap()))
        .collect();
    assert_eq!(kinds[&people[3]], "#microsoft.graph.user");
    assert_eq!(kinds[&device], "#microsoft.graph.device");
    assert_eq!(kinds[&other], "#microsoft.graph.group");
    client.tenant.with_directory(|directory| directory.restore_user(people[1])).unwrap();
    assert_eq!(members(&client.round(&later.delta_link).await, group), [(people[1], true)].into());
}

#[tokio::test]
async fn members_are_tracked_only_if_they_are_selected_or_nothing_is() {
    let client = Client::new().await;
    let people = client.sync(1);
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    let names = client.round("/groups/delta?$select=displayName&$deltatoken=latest").await;
    let only_members = client.round("/groups/delta?$select=members&$deltatoken=latest").await;
    client.tenant.with_directory(|directory| directory.add_member(group, people[0])).unwrap();
    assert_eq!(client.round(&names.delta_link).await.ids(), [].into());
    let members = client.round(&only_members.delta_link).await;
    let member = json!({"@odata.type": "#microsoft.graph.user", "id": people[0]});
    assert_eq!(members.only(), &json!({"id": group, "members@delta": [member]}));
    client.tenant.with_directory(|directory| {
        let mut group = directory.group(group).unwrap().clone();
        group.display_name = "Renamed".into();
        directory.insert_group(group);
    });
    assert_eq!(client.round(&names.delta_link).await.only(), &json!({"id": group, "displayName": "Renamed"}));
    assert_eq!(client.round(&members.delta_link).await.ids(), [].into());
}

#[tokio::test]
async fn minimal_answers_leave_out_what_has_not_changed() {
    let client = Client::new().await;
    let people = client.sync(1);
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    let first = client.round("/groups/delta?$select=displayName,members").await;
    client.tenant.with_directory(|directory| directory.add_member(group, people[0])).unwrap();
    let changes = client.round_with(&first.delta_link, Some("return=minimal")).await;
    assert_eq!(changes.only().get("displayName"), None);
    assert_eq!(members(&changes, group), [(people[0], true)].into());
}

#[tokio::test]
async fn a_deleted_security_group_is_gone_for_good() {
    let client = Client::new().await;
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    let first = client.round("/groups/delta").await;
    client.tenant.with_directory(|directory| directory.delete_group(group)).unwrap();
    let removed = json!({"id": group, "@removed": {"reason": "deleted"}});
    assert_eq!(client.round(&first.delta_link).await.only(), &removed);
}
