//! The provisioning log as Graph shows it.

use super::sms_sign_in;
use super::{CLOUDS, Pair};
use crate::cloud::Cloud;
use crate::tenant::tests::code;
use crate::tenant::{Limits, TenantSize};
use jiff::SignedDuration;
use serde_json::json;

const LOG: &str = "/auditLogs/provisioning";

#[tokio::test]
async fn every_decision_is_found_by_what_is_documented() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let ada = pair.add("ada");
        pair.cycle();
        pair.advance(SignedDuration::from_mins(40));
        let bob = pair.source.tenant.with_directory(|directory| {
            let bob = directory.create_colleague("bob");
            sms_sign_in(directory, bob, true);
            bob
        });
        pair.assign(bob);
        pair.cycle();
        let count = async |filter: &str| {
            let (status, body) = pair.source.get(&format!("{LOG}?$filter={}", filter.replace(' ', "%20"))).await;
            assert_eq!(status, 200, "{filter}: {body}");
            body["value"].as_array().unwrap().len()
        };
        let principal = pair.principal;
        assert_eq!(count(&format!("contains(tolower(servicePrincipal/id),'{principal}')")).await, 2);
        let between = "activityDateTime gt 2026-11-22T10:10:00Z and activityDateTime lt 2026-11-22T11:00:00Z";
        assert_eq!(count(between).await, 1);
        assert_eq!(count(&format!("sourceIdentity/id eq '{ada}'")).await, 1);
        assert_eq!(count("provisioningAction eq 'create'").await, 1);
        assert_eq!(count("provisioningStatusInfo/status eq 'skipped'").await, 1);
        // The case of letters counts.
        assert_eq!(count("contains(sourceIdentity/displayName,'ada')").await, 0);
        assert_eq!(count("contains(sourceIdentity/displayName,'Ada')").await, 1);
        assert_eq!(count("contains(tolower(sourceIdentity/displayName),'ada')").await, 1);
        let (_, body) = pair.source.get(&format!("{LOG}?$orderby=activityDateTime%20desc&$top=500")).await;
        let newest = &body["value"][0];
        assert_eq!(newest["sourceIdentity"]["id"], json!(bob));
        assert_eq!(newest["provisioningStatusInfo"]["errorInformation"]["errorCode"], "NotEffectivelyEntitled");
        assert_eq!(body["value"][1]["targetIdentity"]["id"], json!(pair.there(ada).unwrap().id));
    }
}

#[tokio::test]
async fn the_log_comes_in_pages_from_either_end() {
    let pair = Pair::new(Cloud::Global).await;
    let people = ["ada", "bob", "eve"].map(|alias| pair.add(alias));
    pair.cycle();
    let seen = async |order: &str| {
        let pages = pair.source.pages(&format!("{LOG}?$top=2{order}")).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        pages.concat().iter().map(|entry| entry["sourceIdentity"]["id"].clone()).collect::<Vec<_>>()
    };
    let forward = seen("&$orderby=activityDateTime").await;
    let mut backward = seen("").await;
    backward.reverse();
    assert_eq!(forward, backward);
    assert!(people.iter().all(|id| forward.contains(&json!(id))));
    assert_eq!(pair.source.get(&format!("{LOG}?$orderby=jobId")).await.0, 400);
    let (status, body) = pair.source.get(&format!("{LOG}?$filter=activityDateTime%20ge%202026-11-22T10:00:00Z")).await;
    assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
}

#[tokio::test]
async fn entries_come_late_and_leave_after_thirty_days() {
    let pair = Pair::new(Cloud::Global).await;
    pair.source.tenant.with_directory(|directory| directory.sync.log_lag = SignedDuration::from_mins(5));
    pair.add("ada");
    pair.cycle();
    let count = async || pair.source.get(LOG).await.1["value"].as_array().unwrap().len();
    assert_eq!(count().await, 0);
    pair.advance(SignedDuration::from_mins(5));
    assert_eq!(count().await, 1);
    pair.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn reading_takes_a_permission_and_time() {
    let mut pair = Pair::new(Cloud::Global).await;
    pair.source.permit(&["User.Read.All"]);
    assert_eq!(pair.source.get(LOG).await.0, 403);
    pair.source.permit(&["AuditLog.Read.All"]);
    pair.source.tenant.limit(Some(Limits::published(TenantSize::Large)));
    for _ in 0..5 {
        assert_eq!(pair.source.get(LOG).await.0, 200);
    }
    assert_eq!(pair.source.get(LOG).await.0, 429);
}
