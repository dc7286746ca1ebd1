//! Sponsors: who answers for an external user.

use super::invitation::user_id;
use super::{Client, answer, code, message};
use crate::cloud::Cloud;
use crate::tenant::{OtherKind, OtherObject};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const ADDRESS: &str = "person-0001@fabrikam.us";

impl Client {
    async fn sponsor(&self, user: Uuid, sponsor: Uuid) -> (u16, Value) {
        let link = format!("{}/v1.0/directoryObjects/{sponsor}", self.cloud.graph_root());
        let request = self.request(Method::POST, &format!("/users/{user}/sponsors/$ref"));
        answer(request.json(&json!({"@odata.id": link}))).await
    }
}

#[tokio::test]
async fn users_and_groups_sponsor_an_external_user_in_every_cloud() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::China] {
        let client = Client::in_cloud(cloud).await;
        let id = user_id(&client.invite(ADDRESS, json!({})).await.1);
        let (colleague, group) = client
            .tenant
            .with_directory(|directory| (directory.create_colleague("boss"), directory.create_group("Bosses")));
        for sponsor in [colleague, group] {
            assert_eq!(client.sponsor(id, sponsor).await, (204, Value::Null));
        }
        let (_, body) = client.get(&format!("/users/{id}/sponsors")).await;
        let types = |body: &Value| -> Vec<(String, String)> {
            let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
            let items = body["value"].as_array().unwrap().iter();
            items.map(|item| (text(item, "@odata.type"), text(item, "id"))).collect()
        };
        let found = types(&body);
        assert!(found.contains(&("#microsoft.graph.user".into(), colleague.to_string())), "{found:?}");
        assert!(found.contains(&("#microsoft.graph.group".into(), group.to_string())), "{found:?}");
        let gone = format!("/users/{id}/sponsors/{colleague}/$ref");
        assert_eq!(client.delete(&gone).await, (204, Value::Null));
        assert_eq!(client.delete(&gone).await.0, 404);
        let (_, body) = client.get(&format!("/users/{id}/sponsors?$select=id")).await;
        assert_eq!(types(&body), [("#microsoft.graph.group".into(), group.to_string())]);
    }
}

#[tokio::test]
async fn a_sponsor_counts_once_and_five_are_enough() {
    let client = Client::new().await;
    let people = client.sync(7);
    let device = client.tenant.with_directory(|directory| {
        let id = directory.new_id();
        directory.insert_other(OtherObject { id, kind: OtherKind::Device, display_name: "D".into(), mail: None });
        id
    });
    assert_eq!(client.sponsor(people[0], people[1]).await.0, 204);
    let (status, body) = client.sponsor(people[0], people[1]).await;
    assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
    assert!(message(&body).contains("added object references already exist"), "{body}");
    assert_eq!(client.sponsor(people[0], Uuid::nil()).await.0, 404);
    assert_eq!(client.sponsor(people[0], device).await.0, 400);
    for sponsor in &people[2..6] {
        assert_eq!(client.sponsor(people[0], *sponsor).await.0, 204);
    }
    assert_eq!(client.sponsor(people[0], people[6]).await.0, 400);
    client.tenant.with_directory(|directory| directory.delete_user(people[1])).unwrap();
    let shown = async || client.get(&format!("/users/{}/sponsors?$select=id", people[0])).await.1;
    assert_eq!(shown().await["value"].as_array().unwrap().len(), 4, "a deleted sponsor is not shown");
    client.tenant.with_directory(|directory| directory.restore_user(people[1])).unwrap();
    assert_eq!(shown().await["value"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn an_invitation_names_sponsors_where_the_schema_has_them() {
    let client = Client::new().await;
    let boss = client.tenant.with_directory(|directory| directory.create_colleague("boss"));
    let (status, body) = client.invite(ADDRESS, json!({"invitedUserSponsors": [{"id": boss}]})).await;
    assert_eq!(status, 201);
    let id = user_id(&body);
    let (_, body) = client.get(&format!("/users/{id}/sponsors?$select=id,displayName")).await;
    assert_eq!((&body["value"][0]["id"], &body["value"][0]["displayName"]), (&json!(boss), &json!("Boss")));
    let nobody = json!({"invitedUserSponsors": [{"id": Uuid::nil()}]});
    assert_eq!(client.invite("person-0002@fabrikam.us", nobody).await.0, 404);
    let elsewhere = Client::in_cloud(Cloud::UsGov).await;
    assert_eq!(elsewhere.invite(ADDRESS, json!({"invitedUserSponsors": [{"id": boss}]})).await.0, 400);
}

#[tokio::test]
async fn sponsors_need_permissions_for_users() {
    let mut client = Client::new().await;
    let people = client.sync(2);
    client.permit(&["User.Read.All"]);
    assert_eq!(client.get(&format!("/users/{}/sponsors", people[0])).await.0, 200);
    let (status, body) = client.sponsor(people[0], people[1]).await;
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    client.permit(&["Directory.ReadWrite.All"]);
    assert_eq!(client.get(&format!("/users/{}/sponsors", people[0])).await.0, 403);
    assert_eq!(client.delete(&format!("/users/{}/sponsors/{}/$ref", people[0], people[1])).await.0, 403);
}
