//! Jobs: made, started, stopped, restarted, deleted, and what they say of themselves.

use super::{CLOUDS, Pair};
use crate::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::json;

#[tokio::test]
async fn a_new_job_stands_still_and_reads_as_if_it_had_failed_long_ago() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let job = pair.status().await;
        assert_eq!((&job["schedule"]["state"], &job["schedule"]["interval"]), (&json!("Disabled"), &json!("PT40M")));
        let status = &job["status"];
        assert_eq!((&status["code"], &status["quarantine"]), (&json!("Paused"), &json!(null)));
        assert_eq!(status["lastExecution"]["state"], "Failed");
        assert_eq!(status["lastExecution"]["error"]["code"], "None");
        assert_eq!(status["lastExecution"]["timeBegan"], "0001-01-01T00:00:00Z");
        let (_, all) = pair.source.get(&format!("/servicePrincipals/{}/synchronization/jobs", pair.principal)).await;
        assert_eq!(all["value"][0]["id"], job["id"]);
    }
}

#[tokio::test]
async fn a_started_job_runs_every_forty_minutes_until_it_is_paused() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let first = pair.add("ada");
        assert_eq!(pair.source.post(&format!("{}/start", pair.job), json!({})).await.0, 204);
        // Whoever looks next sees the first cycle done.
        assert!(pair.there(first).is_some());
        let job = pair.status().await;
        assert_eq!((&job["schedule"]["state"], &job["status"]["code"]), (&json!("Active"), &json!("Active")));
        assert_eq!(job["status"]["lastSuccessfulExecution"]["state"], "Succeeded");
        let second = pair.add("bob");
        pair.advance(SignedDuration::from_mins(39));
        assert!(pair.there(second).is_none());
        pair.advance(SignedDuration::from_mins(1));
        assert!(pair.there(second).is_some());
        assert_eq!(pair.status().await["status"]["synchronizedEntryCountByType"][0]["value"], 2);
        assert_eq!(pair.source.post(&format!("{}/pause", pair.job), json!({})).await.0, 204);
        let third = pair.add("eve");
        pair.advance(SignedDuration::from_hours(2));
        assert!(pair.there(third).is_none());
        let job = pair.status().await;
        assert_eq!((&job["schedule"]["state"], &job["status"]["code"]), (&json!("Paused"), &json!("Paused")));
    }
}

#[tokio::test]
async fn a_deleted_job_leaves_whom_it_wrote() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    assert_eq!(pair.source.delete(&pair.job).await.0, 204);
    assert_eq!(pair.source.get(&pair.job).await.0, 404);
    assert!(pair.there(id).unwrap().deleted.is_none());
    assert_eq!(pair.source.delete(&format!("/servicePrincipals/{}", pair.principal)).await.0, 204);
    assert_eq!(pair.source.get(&format!("/servicePrincipals/{}", pair.principal)).await.0, 404);
}

#[tokio::test]
async fn a_restart_forgets_what_its_criteria_say() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    let entries = pair.entries();
    pair.cycle();
    assert_eq!(pair.entries(), entries, "nothing changed, so nothing is looked at");
    pair.restart("Watermark, Escrows, QuarantineState").await;
    pair.cycle();
    assert_eq!(pair.last(id).2, "RedundantExport");
    let unknown = json!({"criteria": {"resetScope": "Watermark, Something"}});
    assert_eq!(pair.source.post(&format!("{}/restart", pair.job), unknown).await.0, 400);
    let empty = json!({"criteria": {"resetScope": null}});
    assert_eq!(pair.source.post(&format!("{}/restart", pair.job), empty).await.0, 204);
}

#[tokio::test]
async fn job_settings_are_the_only_thing_that_is_patched() {
    let pair = Pair::stopped(Cloud::Global).await;
    let body = json!({"synchronizationJobSettings": []});
    let request = pair.source.request(reqwest::Method::PATCH, &pair.job).json(&body);
    assert_eq!(crate::tenant::tests::answer(request).await.0, 204);
}
