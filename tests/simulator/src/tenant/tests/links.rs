//! What change tracking refuses, and links that have expired.

use super::{Client, code};
use crate::tenant::ExpiredToken;
use jiff::SignedDuration;
use reqwest::Method;
use std::fmt::Write;

/// Seven days, as published.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

#[tokio::test]
async fn what_a_collection_supports_change_tracking_need_not() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let mut many = format!("id%20eq%20'{id}'");
    for number in 0..50 {
        write!(many, "%20or%20id%20eq%20'00000000-0000-0000-0000-0000000000{number:02}'").unwrap();
    }
    for options in [
        "$top=10",
        "$orderby=displayName",
        "$expand=manager",
        "$count=true",
        "$select=id,signInActivity",
        "$select=id&$select=mail",
        "$filter=userType%20eq%20'Guest'",
        "$filter=id%20ne%20'x'",
        &format!("$filter={many}"),
        "$deltatoken=unknown",
        "$skiptoken=unknown",
    ] {
        let (status, body) = client.get(&format!("/users/delta?{options}")).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"), "{options}");
    }
    assert!(client.tenant.violations().is_empty());
}

#[tokio::test]
async fn a_link_is_used_as_it_was_given() {
    let client = Client::new().await;
    client.sync(1);
    let link = client.round("/users/delta?$select=mail").await.delta_link;
    let path = link.split_once("/v1.0").unwrap().1;
    assert!(!path.contains("select"), "the token has the options: {path}");
    assert_eq!(client.get(path).await.0, 200);
    for changed in [format!("{path}&$select=mail"), path.replace("/users/", "/groups/")] {
        let (status, body) = client.get(&changed).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"), "{changed}");
    }
}

#[tokio::test]
async fn reading_is_all_that_must_be_permitted() {
    let mut client = Client::new().await;
    client.tenant.with_directory(|directory| directory.permissions = ["User.Read.All".to_owned()].into());
    client.token = client.tenant.token();
    assert_eq!(client.get("/users/delta").await.0, 200);
    assert_eq!(client.get("/groups/delta").await.0, 403);
    client.tenant.with_directory(|directory| directory.permissions = ["GroupMember.Read.All".to_owned()].into());
    client.token = client.tenant.token();
    assert_eq!(client.get("/users/delta").await.0, 403);
    assert_eq!(client.get("/groups/delta").await.0, 200);
}

#[tokio::test]
async fn a_link_is_good_for_seven_days() {
    let client = Client::new().await;
    let people = client.sync(2);
    let link = client.round("/users/delta?$select=mail").await.delta_link;
    let path = link.split_once("/v1.0").unwrap().1;
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.advance(LIFETIME);
    assert_eq!(client.get(path).await.0, 200);
    clock.advance(SignedDuration::from_secs(1));
    let response = client.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 410);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.ends_with("/v1.0/users/delta?$select=mail&$deltaToken="), "{location}");
    let again = client.round(location).await;
    assert_eq!(again.ids(), people.into_iter().collect(), "everybody from the beginning");
    assert_eq!(again.items().next().unwrap().as_object().unwrap().len(), 2, "with the same options");
}

#[tokio::test]
async fn an_expired_link_is_refused_in_any_of_the_documented_ways() {
    let client = Client::with(|options| options.delta.page_size = 1).await;
    client.sync(2);
    let (_, body) = client.get("/users/delta").await;
    let next = body["@odata.nextLink"].as_str().unwrap().split_once("/v1.0").unwrap().1;
    client.tenant.expire_delta_tokens();
    for (expired, status, words) in [
        (ExpiredToken::gone(), 410, "Gone"),
        (ExpiredToken::sync_state_not_found(), 400, "syncStateNotFound"),
        (ExpiredToken::resync_required(), 410, "resyncRequired"),
        (ExpiredToken { code: "SyncStateNotFound".into(), ..ExpiredToken::gone() }, 410, "SyncStateNotFound"),
    ] {
        client.tenant.with_directory(|directory| directory.delta.expired = expired);
        let (found, body) = client.get(next).await;
        assert_eq!((found, code(&body)), (status, words));
    }
    let fresh = client.round("/users/delta").await;
    assert_eq!(client.round(&fresh.delta_link).await.pages.len(), 1, "new links work");
}
