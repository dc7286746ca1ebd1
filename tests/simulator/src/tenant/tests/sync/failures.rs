//! Who cannot be written, and who is skipped.

use super::sms_sign_in;
use super::{CLOUDS, Pair};
use crate::cloud::Cloud;
use crate::tenant::tests::invitation;
use crate::tenant::{AllowInvitesFrom, DomainBlock, OtherKind, OtherObject, SyncedPerson};
use serde_json::json;

#[tokio::test]
async fn an_internal_user_with_the_address_is_in_the_way() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let id = pair.add("ada");
        let here =
            pair.target.tenant.with_directory(|directory| directory.sync_person(SyncedPerson::new("ada@fabrikam.com")));
        pair.cycle();
        assert_eq!(pair.last(id), ("create", "failure", "InvitationCreationFailureAmbiguousUser".to_owned()));
        assert_eq!(pair.status().await["status"]["lastExecution"]["state"], "EntryLevelErrors");
        // Failures are tried again, until they are forgotten.
        let entries = pair.entries();
        pair.cycle();
        assert_eq!(pair.entries(), entries + 1);
        pair.restart("Escrows").await;
        pair.cycle();
        assert_eq!(pair.entries(), entries + 1);
        pair.target.tenant.with_directory(|directory| directory.delete_user(here)).unwrap();
        pair.restart("Watermark").await;
        pair.cycle();
        assert!(pair.there(id).is_some());
    }
}

#[tokio::test]
async fn a_converted_user_stays_mastered_on_premises() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    let here =
        pair.target.tenant.with_directory(|directory| directory.sync_person(SyncedPerson::new("ada@fabrikam.com")));
    pair.target.post("/invitations", invitation("ada@fabrikam.com", json!({"invitedUser": {"id": here}}))).await;
    pair.target.tenant.with_directory(|directory| directory.redeem(here)).unwrap();
    pair.restart("Watermark").await;
    pair.cycle();
    let code = "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises".to_owned();
    assert_eq!((pair.last(id).1, pair.last(id).2), ("failure", code));
}

#[tokio::test]
async fn the_targets_own_policy_refuses() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.source.tenant.with_directory(|directory| directory.create_colleague("ada"));
    pair.target.tenant.with_directory(|directory| directory.policy.allow_invites_from = AllowInvitesFrom::None);
    pair.assign(id);
    pair.cycle();
    assert_eq!(pair.last(id), ("create", "failure", "AzureActiveDirectoryForbidden".to_owned()));
    pair.target.tenant.with_directory(|directory| {
        directory.policy.allow_invites_from = AllowInvitesFrom::Everyone;
        directory.policy.blocked_domains.insert("fabrikam.com".into(), DomainBlock::DenyList);
    });
    pair.cycle();
    assert_eq!(pair.last(id).2, "InvitationCreationFailure");
    pair.target.tenant.with_directory(|directory| directory.policy.blocked_domains.clear());
    pair.cycle();
    assert_eq!(pair.last(id).1, "success");
}

#[tokio::test]
async fn a_pending_guest_is_redeemed_unless_disabled() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.source.tenant.with_directory(|directory| directory.create_colleague("ada"));
    let (_, body) = pair.target.post("/invitations", invitation("ada@fabrikam.com", json!({}))).await;
    let here = body["invitedUser"]["id"].as_str().unwrap().parse().unwrap();
    pair.target.tenant.with_directory(|directory| directory.set_enabled(here, false)).unwrap();
    pair.assign(id);
    pair.cycle();
    assert_eq!(pair.last(id).2, "InvitationCreationFailureUserAccountDisabled");
    pair.target.tenant.with_directory(|directory| directory.set_enabled(here, true)).unwrap();
    pair.cycle();
    assert_eq!(pair.there(id).unwrap().id, here);
}

#[tokio::test]
async fn a_mailbox_keeps_its_address() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    let here = pair.there(id).unwrap().id;
    pair.target.tenant.with_directory(|directory| directory.assign_exchange_plan(here)).unwrap();
    pair.source.tenant.with_directory(|directory| directory.change_mail(id, Some("lovelace@fabrikam.com"))).unwrap();
    pair.cycle();
    assert_eq!(pair.last(id).2, "AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService");
    assert_eq!(pair.there(id).unwrap().mail.as_deref(), Some("ada@fabrikam.com"));
}

#[tokio::test]
async fn a_contact_keeps_the_address_and_the_guest_has_it_beside() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.source.tenant.with_directory(|directory| directory.create_colleague("ada"));
    pair.target.tenant.with_directory(|directory| {
        let contact = OtherObject {
            id: directory.new_id(),
            kind: OtherKind::OrgContact,
            display_name: "Ada".into(),
            mail: Some("ada@fabrikam.com".into()),
        };
        directory.insert_other(contact);
    });
    pair.assign(id);
    pair.cycle();
    let user = pair.there(id).unwrap();
    assert_eq!((user.mail, user.other_mails), (None, vec!["ada@fabrikam.com".to_owned()]));
}

#[tokio::test]
async fn sms_sign_in_is_skipped_and_its_end_is_seen_by_a_restart() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let id = pair.source.tenant.with_directory(|directory| {
            let id = directory.create_colleague("ada");
            sms_sign_in(directory, id, true);
            id
        });
        pair.assign(id);
        pair.cycle();
        assert_eq!(pair.last(id), ("other", "skipped", "NotEffectivelyEntitled".to_owned()));
        let (_, log) = pair.source.get("/auditLogs/provisioning?$top=1").await;
        let scoping = &log["value"][0]["provisioningSteps"][1];
        assert_eq!((&scoping["provisioningStepType"], &scoping["status"]), (&json!("scoping"), &json!("skipped")));
        assert!(scoping["details"]["details"].as_str().unwrap().contains("alternativeSecurityIds"));
        pair.source.tenant.with_directory(|directory| sms_sign_in(directory, id, false));
        pair.cycle();
        assert!(pair.there(id).is_none());
        pair.restart("Watermark").await;
        pair.cycle();
        assert!(pair.there(id).is_some());
        // Whoever is there already stays.
        pair.source.tenant.with_directory(|directory| {
            directory.sync.sms_is_a_change = true;
            sms_sign_in(directory, id, true);
        });
        pair.cycle();
        assert!(pair.there(id).unwrap().deleted.is_none());
    }
}
