//! Replication: a write's answer is true at once, readings are not.

use super::invitation::user_id;
use super::{Client, answer, code};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const ADDRESS: &str = "person-0001@fabrikam.us";
const LAG: SignedDuration = SignedDuration::from_secs(30);

impl Client {
    /// From now on changes take a while.
    fn delay(&self) {
        self.tenant.with_directory(|directory| directory.lag = LAG);
    }

    fn wait(&self, time: SignedDuration) {
        self.tenant.with_directory(|directory| directory.clock().advance(time));
    }

    async fn state_of(&self, id: Uuid) -> (u16, Value) {
        let (status, body) = self.get(&format!("/users/{id}?$select=id,externalUserState")).await;
        (status, body["externalUserState"].clone())
    }
}

#[tokio::test]
async fn a_new_guest_is_seen_by_no_reading_until_they_have_arrived() {
    let client = Client::new().await;
    let tracking = client.round("/users/delta?$select=mail&$deltatoken=latest").await;
    client.delay();
    let (status, body) = client.invite(ADDRESS, json!({})).await;
    assert_eq!(status, 201);
    let id = user_id(&body);
    let filter = format!("/users?$select=id&$filter=mail%20eq%20'{ADDRESS}'");
    for arrived in [false, true] {
        assert_eq!(client.get(&format!("/users/{id}")).await.0, if arrived { 200 } else { 404 });
        let found = usize::from(arrived);
        assert_eq!(client.pages("/users?$select=id").await[0].len(), found);
        assert_eq!(client.pages(&filter).await[0].len(), found);
        assert_eq!(client.round("/users/delta").await.ids().len(), found);
        assert_eq!(client.round(&tracking.delta_link).await.ids().len(), found);
        client.wait(LAG);
    }
}

#[tokio::test]
async fn who_was_there_is_seen_as_before_until_the_change_has_arrived() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let tracking = client.round("/users/delta?$select=externalUserState&$deltatoken=latest").await;
    client.delay();
    client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
    client.wait(SignedDuration::from_secs(10));
    client.tenant.with_directory(|directory| directory.redeem(id)).unwrap();
    assert_eq!(client.state_of(id).await, (200, Value::Null));
    assert_eq!(client.round(&tracking.delta_link).await.ids(), [].into());
    client.wait(SignedDuration::from_secs(20));
    assert_eq!(client.state_of(id).await, (200, json!("PendingAcceptance")), "one after the other");
    let first = client.round(&tracking.delta_link).await;
    assert_eq!(first.only()["externalUserState"], "PendingAcceptance");
    client.wait(SignedDuration::from_secs(10));
    assert_eq!(client.state_of(id).await, (200, json!("Accepted")));
    assert_eq!(client.round(&first.delta_link).await.only()["externalUserState"], "Accepted");
}

#[tokio::test]
async fn a_changed_address_is_found_by_the_old_one_until_it_has_arrived() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    client.delay();
    let new = "person-0001-new@fabrikam.us";
    let change = |user: &mut crate::tenant::User| {
        user.mail = Some(new.into());
        user.proxy_addresses = vec![format!("SMTP:{new}")];
    };
    client.tenant.with_directory(|directory| directory.update_user(id, change)).unwrap();
    let found = async |address: &str| {
        client.pages(&format!("/users?$select=mail&$filter=mail%20eq%20'{address}'")).await[0].len()
    };
    assert_eq!((found(ADDRESS).await, found(new).await), (1, 0));
    client.wait(LAG);
    assert_eq!((found(ADDRESS).await, found(new).await), (0, 1));
}

#[tokio::test]
async fn a_deleted_user_is_seen_a_while_longer() {
    let client = Client::new().await;
    let people = client.sync(3);
    client.delay();
    client.tenant.with_directory(|directory| directory.delete_user(people[1])).unwrap();
    assert_eq!(client.pages("/users?$select=id&$top=2").await.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    client.wait(LAG);
    assert_eq!(client.pages("/users?$select=id&$top=2").await.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn what_has_not_arrived_cannot_be_written_to() {
    let client = Client::new().await;
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    client.delay();
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let id = user_id(&body);
    for arrived in [false, true] {
        let change = client.request(Method::PATCH, &format!("/users/{id}")).json(&json!({"department": "Sales"}));
        let link = format!("{}/v1.0/directoryObjects/{id}", client.tenant.graph_root());
        let join = client.request(Method::POST, &format!("/groups/{group}/members/$ref"));
        let again = client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
        for (status, body) in [answer(change).await, answer(join.json(&json!({"@odata.id": link}))).await] {
            if arrived {
                assert_eq!(status, 204, "{body}");
            } else {
                assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
            }
        }
        assert_eq!(again.0, if arrived { 201 } else { 404 }, "by id it is a reference like any other");
        client.wait(LAG);
    }
    assert_eq!(client.invite(ADDRESS, json!({})).await.0, 201, "by address the writer knows");
}

#[tokio::test]
async fn who_came_into_a_group_or_went_is_seen_there_later() {
    let client = Client::new().await;
    let people = client.sync(2);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Team");
        directory.add_member(group, people[0]).unwrap();
        group
    });
    client.delay();
    client.tenant.with_directory(|directory| directory.remove_member(group, people[0])).unwrap();
    let link = format!("{}/v1.0/directoryObjects/{}", client.tenant.graph_root(), people[1]);
    for status in [204, 400] {
        let join = client.request(Method::POST, &format!("/groups/{group}/members/$ref"));
        assert_eq!(answer(join.json(&json!({"@odata.id": link}))).await.0, status, "a write knows the truth");
    }
    for member in [people[0], people[1]] {
        for path in ["members", "transitiveMembers"] {
            let (_, body) = client.get(&format!("/groups/{group}/{path}?$select=id")).await;
            assert_eq!(body["value"].as_array().unwrap().len(), 1, "{body}");
            assert_eq!(body["value"][0]["id"], json!(member));
        }
        let asked = json!({"groupIds": [group]});
        let (_, body) = client.post(&format!("/users/{member}/checkMemberGroups"), asked).await;
        assert_eq!(body["value"], json!([group]));
        client.wait(LAG);
    }
}

#[tokio::test]
async fn everything_can_be_made_to_arrive_at_once() {
    let client = Client::with(|options| options.lag = LAG).await;
    client.sync(2);
    assert_eq!(client.pages("/users?$select=id").await[0].len(), 0);
    client.tenant.with_directory(|directory| directory.settle());
    assert_eq!(client.pages("/users?$select=id").await[0].len(), 2);
    assert_eq!(client.round("/users/delta").await.ids().len(), 2);
}
