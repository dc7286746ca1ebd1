//! People provisioned at once.

use super::sms_sign_in;
use super::{CLOUDS, Pair};
use crate::cloud::Cloud;
use crate::tenant::{Limits, OnDemandShape, TenantSize};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

/// Result and code, as the reference page has them.
async fn result(pair: &Pair, id: Uuid) -> (String, String) {
    let (status, body) = pair.on_demand(id).await;
    assert_eq!(status, 200, "{body}");
    let key = parsed(&body["key"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&key["result"]), text(&key["details"]["errorCode"]))
}

#[tokio::test]
async fn a_person_is_written_at_once_in_either_shape() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let id = pair.add("ada");
        let (_, body) = pair.on_demand(id).await;
        let (key, value) = (parsed(&body["key"]), parsed(&body["value"]));
        assert_eq!((&key["result"], &value["action"]), (&json!("Success"), &json!("Create")));
        assert_eq!(value["targetIdentity"]["id"], json!(pair.there(id).unwrap().id));
        assert_eq!(result(&pair, id).await, ("Skipped".to_owned(), "RedundantExport".to_owned()));
        pair.source.tenant.with_directory(|directory| directory.sync.on_demand = OnDemandShape::Guide);
        let (_, body) = pair.on_demand(id).await;
        assert!(body["key"].as_str().unwrap().ends_with(".StatusInfo"));
        let steps = parsed(&body["value"])[0]["provisioningSteps"].clone();
        let kinds: Vec<&str> = steps.as_array().unwrap().iter().map(|step| step["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["Import", "Scoping", "Matching", "Export"]);
    }
}

#[tokio::test]
async fn who_is_skipped_says_why() {
    let pair = Pair::stopped(Cloud::Global).await;
    let (outsider, disabled, sms) = pair.source.tenant.with_directory(|directory| {
        let outsider = directory.create_colleague("outsider");
        let (disabled, sms) = (directory.create_colleague("disabled"), directory.create_colleague("sms"));
        directory.set_enabled(disabled, false).unwrap();
        sms_sign_in(directory, sms, true);
        (outsider, disabled, sms)
    });
    pair.assign(disabled);
    pair.assign(sms);
    for (id, code) in
        [(outsider, "NotEffectivelyEntitled"), (disabled, "ImportSkipped"), (sms, "NotEffectivelyEntitled")]
    {
        assert_eq!(result(&pair, id).await, ("Skipped".to_owned(), code.to_owned()));
        assert_eq!(pair.last(id).1, "skipped");
    }
    pair.source.tenant.with_directory(|directory| sms_sign_in(directory, sms, false));
    assert_eq!(result(&pair, sms).await.0, "Success");
}

#[tokio::test]
async fn nobody_is_restored_on_demand() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    let first = pair.there(id).unwrap().id;
    pair.unassign(id);
    pair.cycle();
    pair.assign(id);
    assert_eq!(pair.source.post(&format!("{}/pause", pair.job), json!({})).await.0, 204);
    assert_eq!(result(&pair, id).await.0, "Success");
    assert_ne!(pair.there(id).unwrap().id, first);
}

#[tokio::test]
async fn what_is_no_person_of_the_source_is_refused() {
    let pair = Pair::stopped(Cloud::Global).await;
    assert_eq!(pair.on_demand(Uuid::nil()).await.0, 404);
    let rule = pair.schema().await["synchronizationRules"][0]["id"].clone();
    let path = format!("{}/provisionOnDemand", pair.job);
    let body = |rule: &Value, kind: &str| {
        let subject = json!({"objectId": pair.group, "objectTypeName": kind});
        json!({"parameters": [{"ruleId": rule, "subjects": [subject]}]})
    };
    assert_eq!(pair.source.post(&path, body(&rule, "Group")).await.0, 400);
    assert_eq!(pair.source.post(&path, body(&json!("x"), "User")).await.0, 400);
}

#[tokio::test]
async fn five_in_ten_seconds_are_let_through() {
    let pair = Pair::stopped(Cloud::Global).await;
    let id = pair.add("ada");
    pair.source.tenant.limit(Some(Limits::published(TenantSize::Large)));
    for _ in 0..5 {
        assert_eq!(pair.on_demand(id).await.0, 200);
    }
    assert_eq!(pair.on_demand(id).await.0, 429);
    pair.advance(SignedDuration::from_secs(2));
    assert_eq!(pair.on_demand(id).await.0, 200);
}
