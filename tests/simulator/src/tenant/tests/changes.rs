//! `GET /users/delta`: rounds, and what is shown of whom.

use super::{Client, answer};
use crate::tenant::SyncedPerson;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A round that was followed to its end.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) pages: Vec<Vec<Value>>,
    pub(super) delta_link: String,
}

impl Round {
    pub(super) fn items(&self) -> impl Iterator<Item = &Value> {
        self.pages.iter().flatten()
    }

    pub(super) fn ids(&self) -> BTreeSet<Uuid> {
        self.items().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// The only object of the round.
    #[track_caller]
    pub(super) fn only(&self) -> &Value {
        let items: Vec<&Value> = self.items().collect();
        assert_eq!(items.len(), 1, "{self:?}");
        items[0]
    }
}

impl Client {
    /// Follows a round from a path below the version, or from a link.
    pub(super) async fn round(&self, start: &str) -> Round {
        self.round_with(start, None).await
    }

    pub(super) async fn round_with(&self, start: &str, prefer: Option<&str>) -> Round {
        let root = format!("{}/v1.0", self.tenant.graph_root());
        let mut url = if start.starts_with("http") { start.to_owned() } else { format!("{root}{start}") };
        let mut pages = Vec::new();
        loop {
            let mut request = self.http.get(&url).bearer_auth(&self.token);
            if let Some(prefer) = prefer {
                request = request.header("Prefer", prefer);
            }
            let (status, body) = answer(request).await;
            assert_eq!(status, 200, "{url}: {body}");
            pages.push(body["value"].as_array().unwrap().clone());
            match (body["@odata.nextLink"].as_str(), body["@odata.deltaLink"].as_str()) {
                (Some(next), None) => url = next.to_owned(),
                (None, Some(delta)) => return Round { pages, delta_link: delta.to_owned() },
                links => panic!("{links:?}"),
            }
            assert!(url.starts_with(&root), "{url}");
        }
    }
}

#[tokio::test]
async fn a_first_round_has_everybody_once_and_ends_with_a_link_to_the_next() {
    let client = Client::with(|options| options.delta.page_size = 4).await;
    let people = client.sync(10);
    let first = client.round("/users/delta?$select=displayName,mail").await;
    assert_eq!(first.pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
    assert_eq!(first.ids(), people.iter().copied().collect());
    for item in first.items() {
        let names: Vec<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["displayName", "id", "mail"], "the id is always there");
    }
    let quiet = client.round(&first.delta_link).await;
    assert_eq!(quiet.pages, [Vec::<Value>::new()], "nothing has changed");
    assert!(client.tenant.exchanges().last().unwrap().query.starts_with("$deltatoken="));
}

#[tokio::test]
async fn a_default_set_is_shown_without_select_and_what_was_never_set_is_absent() {
    let client = Client::new().await;
    client.sync(1);
    let first = client.round("/users/delta").await;
    let names: Vec<&str> = first.only().as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["displayName", "id", "mail", "userPrincipalName"]);
}

#[tokio::test]
async fn a_later_round_has_those_who_changed_in_what_was_selected() {
    let client = Client::new().await;
    let people = client.sync(4);
    let first = client.round("/users/delta?$select=accountEnabled,externalUserState").await;
    let newcomer = client.tenant.with_directory(|directory| {
        directory.set_enabled(people[0], false).unwrap();
        directory.update_user(people[1], |user| user.display_name = "Somebody".into()).unwrap();
        directory.update_user(people[2], |_| {}).unwrap();
        directory.sync_person(SyncedPerson::new("person-0005@fabrikam.us"))
    });
    client.invite("person-0004@fabrikam.us", json!({"invitedUser": {"id": people[3]}})).await;
    let later = client.round(&first.delta_link).await;
    assert_eq!(later.ids(), [people[0], people[3], newcomer].into());
    let of = |id: Uuid| later.items().find(|item| item["id"] == id.to_string()).unwrap();
    assert_eq!(of(people[0]), &json!({"id": people[0], "accountEnabled": false}));
    assert_eq!(of(people[3])["externalUserState"], "PendingAcceptance");
    assert_eq!(of(people[3])["accountEnabled"], true, "what did not change is shown as well");
    assert_eq!(client.round(&later.delta_link).await.ids(), [].into());
    assert_eq!(client.round(&first.delta_link).await.ids(), later.ids(), "a link may be followed again");
}

#[tokio::test]
async fn minimal_answers_show_changes_only_and_null_for_what_was_cleared() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let change = |change: fn(&mut crate::tenant::User)| {
        client.tenant.with_directory(|directory| directory.update_user(id, change)).unwrap();
    };
    change(|user| drop(user.attributes.insert("companyName", "Fabrikam".into())));
    let minimal = Some("return=minimal");
    let first = client.round_with("/users/delta?$select=mail,companyName,department", minimal).await;
    let full = json!({"id": id, "mail": "person-0001@fabrikam.us", "companyName": "Fabrikam"});
    assert_eq!(first.only(), &full, "the header is for later rounds");
    change(|user| drop(user.attributes.remove("companyName")));
    let whole = client.round(&first.delta_link).await;
    assert_eq!(
        whole.only(),
        &json!({"id": id, "mail": "person-0001@fabrikam.us", "companyName": null}),
        "cleared is not the same as never set"
    );
    let changes = client.round_with(&first.delta_link, Some("respond-async, return=minimal")).await;
    assert_eq!(changes.only(), &json!({"id": id, "companyName": null}));
}

#[tokio::test]
async fn who_is_gone_is_shown_with_the_reason() {
    let client = Client::new().await;
    let people = client.sync(3);
    let first = client.round("/users/delta?$select=mail").await;
    client.tenant.with_directory(|directory| {
        for id in &people {
            directory.delete_user(*id).unwrap();
        }
        directory.purge_user(people[1]).unwrap();
        directory.restore_user(people[2]).unwrap();
    });
    let later = client.round(&first.delta_link).await;
    let of = |id: Uuid| later.items().find(|item| item["id"] == id.to_string()).unwrap().clone();
    assert_eq!(of(people[0]), json!({"id": people[0], "@removed": {"reason": "changed"}}));
    assert_eq!(of(people[1]), json!({"id": people[1], "@removed": {"reason": "deleted"}}));
    assert_eq!(of(people[2]), json!({"id": people[2], "mail": "person-0003@fabrikam.us"}));
    assert_eq!(client.round("/users/delta").await.ids(), [people[2]].into(), "a new round does not know them");
    client.tenant.with_directory(|directory| directory.delta.removed_at_first = true);
    assert_eq!(client.round("/users/delta").await.ids(), [people[0], people[2]].into(), "or it does");
}

#[tokio::test]
async fn what_changes_during_a_round_comes_in_the_next() {
    let client = Client::with(|options| options.delta.page_size = 1).await;
    let people = client.sync(2);
    let (_, page) = client.get("/users/delta?$select=accountEnabled").await;
    for id in &people {
        client.tenant.with_directory(|directory| directory.set_enabled(*id, false)).unwrap();
    }
    let rest = client.round(page["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!(client.round(&rest.delta_link).await.ids(), people.into_iter().collect());
}

#[tokio::test]
async fn tracking_can_begin_with_what_changes_from_now_on() {
    let client = Client::new().await;
    let people = client.sync(3);
    for token in ["$deltatoken=latest", "$deltaToken=latest"] {
        let now = client.round(&format!("/users/delta?$select=accountEnabled&{token}")).await;
        assert_eq!(now.pages, [Vec::<Value>::new()]);
        client.tenant.with_directory(|directory| {
            let enabled = directory.user(people[1]).unwrap().account_enabled;
            directory.set_enabled(people[1], !enabled).unwrap();
        });
        assert_eq!(client.round(&now.delta_link).await.ids(), [people[1]].into());
    }
}

#[tokio::test]
async fn some_can_be_tracked_by_id() {
    let client = Client::new().await;
    let people = client.sync(3);
    let filter = format!("id%20eq%20'{}'%20or%20id+eq+'{}'", people[0], people[2]);
    let first = client.round(&format!("/users/delta?$select=mail&$filter={filter}")).await;
    assert_eq!(first.ids(), [people[0], people[2]].into());
    for id in &people {
        client.tenant.with_directory(|directory| directory.update_user(*id, |user| user.mail = None)).unwrap();
    }
    assert_eq!(client.round(&first.delta_link).await.ids(), [people[0], people[2]].into(), "the link knows");
}

#[tokio::test]
async fn pages_may_be_empty_objects_repeated_and_changes_replayed() {
    let client = Client::with(|options| {
        options.delta.page_size = 2;
        options.delta.empty_pages = true;
        options.delta.repeats = true;
        options.delta.replays = 1;
    })
    .await;
    let people = client.sync(5);
    let first = client.round("/users/delta?$select=mail").await;
    assert_eq!(first.pages.iter().map(Vec::len).collect::<Vec<_>>(), [0, 2, 3, 2]);
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    first.items().for_each(|item| *times.entry(item["id"].as_str().unwrap()).or_default() += 1);
    assert_eq!(times.len(), 5);
    assert_eq!(times.values().filter(|times| **times == 2).count(), 2);
    client.tenant.with_directory(|directory| directory.update_user(people[0], |user| user.mail = None)).unwrap();
    let later = client.round(&first.delta_link).await;
    assert_eq!(later.pages[0], Vec::<Value>::new());
    assert_eq!(later.ids(), [people[0], people[4]].into(), "the last change before the round comes again");
}

#[tokio::test]
async fn a_round_works_inside_a_batch_too() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let now = client.round("/users/delta?$select=mail,accountEnabled&$deltatoken=latest").await;
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    let url = now.delta_link.split_once("/v1.0").unwrap().1;
    let request = json!({"id": "1", "method": "GET", "url": url, "headers": {"Prefer": "return=minimal"}});
    let (_, body) = answer(client.request(Method::POST, "/$batch").json(&json!({"requests": [request]}))).await;
    assert_eq!(body["responses"][0]["body"]["value"], json!([{"id": id, "accountEnabled": false}]));
}
