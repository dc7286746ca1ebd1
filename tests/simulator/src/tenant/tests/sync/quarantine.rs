//! Jobs in quarantine.

use super::{CLOUDS, Pair};
use crate::cloud::Cloud;
use jiff::SignedDuration;
use serde_json::json;

const THRESHOLD: &str = r#"{"Enabled":true,"DeleteThresholdEnabled":true,"DeleteThresholdValue":1}"#;

#[tokio::test]
async fn too_many_deletions_are_staged_until_they_are_approved() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let people = [pair.add("ada"), pair.add("bob")];
        pair.put_secrets(&[("SyncAll", "false"), ("SyncNotificationSettings", THRESHOLD)]).await;
        pair.cycle();
        people.iter().for_each(|id| pair.unassign(*id));
        pair.cycle();
        for id in people {
            assert!(pair.there(id).unwrap().deleted.is_none());
            assert_eq!(pair.last(id), ("stagedDelete", "skipped", "TooManyDeletes".to_owned()));
        }
        let status = pair.status().await["status"].clone();
        assert_eq!(
            (&status["code"], &status["quarantine"]["reason"]),
            (&json!("Quarantine"), &json!("TooManyDeletes"))
        );
        assert_eq!(status["quarantine"]["seriesCount"], 1);
        assert_eq!(pair.source.get("/auditLogs/provisioning").await.0, 200);
        pair.restart("ForceDeletes, QuarantineState").await;
        pair.cycle();
        for id in people {
            assert!(pair.there(id).unwrap().deleted.is_some());
        }
        assert_eq!(pair.status().await["status"]["quarantine"], json!(null));
    }
}

#[tokio::test]
async fn as_many_as_the_threshold_go_and_coming_back_lifts_the_quarantine() {
    let pair = Pair::new(Cloud::Global).await;
    let people = [pair.add("ada"), pair.add("bob"), pair.add("eve")];
    pair.put_secrets(&[("SyncAll", "false"), ("SyncNotificationSettings", THRESHOLD)]).await;
    pair.cycle();
    pair.unassign(people[0]);
    pair.cycle();
    assert!(pair.there(people[0]).unwrap().deleted.is_some());
    pair.unassign(people[1]);
    pair.unassign(people[2]);
    pair.cycle();
    pair.assign(people[1]);
    pair.assign(people[2]);
    pair.advance(SignedDuration::from_hours(6));
    assert_eq!(pair.status().await["status"]["code"], "Active");
}

#[tokio::test]
async fn a_broken_policy_is_tried_again_more_and_more_seldom() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let id = pair.add("ada");
        pair.cycle();
        pair.target.tenant.with_directory(|directory| {
            directory.cross_tenant_access.partners.values_mut().for_each(|partner| partner.synchronization = None);
        });
        pair.advance(SignedDuration::from_mins(40));
        let status = pair.status().await["status"].clone();
        assert_eq!(status["lastExecution"]["state"], "Failed");
        assert_eq!(status["quarantine"]["reason"], "EncounteredQuarantineException");
        let code = "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure";
        assert_eq!(status["quarantine"]["error"]["code"], code);
        for (hours, count) in [(6, 2), (12, 3), (24, 4), (24, 5)] {
            pair.advance(SignedDuration::from_hours(hours));
            assert_eq!(pair.status().await["status"]["quarantine"]["seriesCount"], count);
        }
        // Whom it wrote stay as they are.
        assert!(pair.there(id).unwrap().deleted.is_none());
        pair.advance(SignedDuration::from_hours(28 * 24));
        assert_eq!(pair.status().await["schedule"]["state"], "Disabled");
    }
}
