//! What a cycle makes of the people in scope.

use super::{CLOUDS, Pair, attribute};
use crate::cloud::Cloud;
use crate::tenant::{ExternalUserState, UserType};
use serde_json::json;

#[tokio::test]
async fn whoever_is_assigned_comes_into_the_target_redeemed() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let id = pair.add("ada");
        pair.source
            .tenant
            .with_directory(|directory| {
                directory.update_user(id, |user| {
                    user.attributes.insert("department", "Analysis".into());
                    user.attributes.insert("mobilePhone", "+1".into());
                })
            })
            .unwrap();
        pair.cycle();
        let user = pair.there(id).unwrap();
        assert_eq!(user.user_principal_name, "ada_fabrikam.com#EXT#@contoso.onmicrosoft.com");
        assert_eq!(user.external_user_state, Some(ExternalUserState::Accepted));
        assert_eq!((user.user_type, user.show_in_address_list), (UserType::Member, Some(true)));
        assert_eq!(user.mail.as_deref(), Some("ada@fabrikam.com"));
        assert_eq!(
            (user.attributes["department"].as_str(), user.attributes["mobilePhone"].as_str()),
            ("Analysis", "+1")
        );
        assert_eq!(pair.last(id), ("create", "success", String::new()));
        let (status, body) =
            pair.target.get(&format!("/users/{}?$select=id,userType,externalUserState", user.id)).await;
        assert_eq!((status, &body["externalUserState"]), (200, &json!("Accepted")));
    }
}

#[tokio::test]
async fn only_direct_members_who_are_internal_count() {
    let pair = Pair::new(Cloud::Global).await;
    let (nested, outsider, external) = pair.source.tenant.with_directory(|directory| {
        let nested = directory.create_colleague("nested");
        let inner = directory.create_group("Inner");
        directory.add_member(inner, nested).unwrap();
        directory.add_member(pair.group, inner).unwrap();
        let outsider = directory.create_colleague("outsider");
        let external = directory.create_colleague("external");
        directory.update_user(external, |user| user.external_user_state = Some(ExternalUserState::Accepted)).unwrap();
        (nested, outsider, external)
    });
    pair.assign(external);
    pair.cycle();
    for id in [nested, outsider, external] {
        assert!(pair.there(id).is_none());
    }
    assert_eq!(pair.last(external), ("other", "skipped", "NotEffectivelyEntitled".to_owned()));
}

#[tokio::test]
async fn everybody_is_meant_if_the_configuration_says_so_and_no_more_after_a_restart() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.source.tenant.with_directory(|directory| directory.create_colleague("ada"));
    pair.put_secrets(&[("SyncAll", "true")]).await;
    pair.cycle();
    assert!(pair.there(id).is_some());
    pair.put_secrets(&[("SyncAll", "false")]).await;
    pair.cycle();
    assert!(pair.there(id).unwrap().deleted.is_none());
    pair.restart("Watermark").await;
    pair.cycle();
    assert!(pair.there(id).unwrap().deleted.is_some());
}

#[tokio::test]
async fn leaving_the_scope_deletes_softly_and_coming_back_restores() {
    for cloud in CLOUDS {
        let pair = Pair::new(cloud).await;
        let id = pair.add("ada");
        pair.cycle();
        let here = pair.there(id).unwrap().id;
        pair.unassign(id);
        pair.cycle();
        assert!(pair.there(id).unwrap().deleted.is_some());
        assert_eq!(pair.last(id), ("delete", "success", String::new()));
        pair.assign(id);
        pair.cycle();
        let user = pair.there(id).unwrap();
        assert_eq!((user.id, user.deleted), (here, None));
        assert_eq!(pair.last(id), ("update", "success", String::new()));
    }
}

#[tokio::test]
async fn the_deletion_of_the_source_user_follows_and_that_in_the_target_stays() {
    let pair = Pair::new(Cloud::Global).await;
    let (gone, back, stays) = (pair.add("gone"), pair.add("back"), pair.add("stays"));
    pair.cycle();
    pair.source.tenant.with_directory(|directory| {
        directory.delete_user(gone).unwrap();
        directory.delete_user(back).unwrap();
    });
    pair.cycle();
    assert!(pair.there(gone).unwrap().deleted.is_some());
    pair.source.tenant.with_directory(|directory| {
        directory.purge_user(gone).unwrap();
        directory.restore_user(back).unwrap();
    });
    pair.cycle();
    assert!(pair.there(back).unwrap().deleted.is_none());
    let here = pair.there(stays).unwrap().id;
    pair.target.tenant.with_directory(|directory| directory.delete_user(here)).unwrap();
    pair.restart("Watermark").await;
    pair.cycle();
    assert!(pair.there(stays).unwrap().deleted.is_some());
    assert_eq!(pair.last(stays).1, "failure");
}

#[tokio::test]
async fn a_disabled_source_user_is_disabled_and_not_deleted_afterwards() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    pair.source.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    pair.cycle();
    assert!(!pair.there(id).unwrap().account_enabled);
    assert_eq!(pair.last(id), ("disable", "success", String::new()));
    pair.unassign(id);
    pair.cycle();
    assert!(pair.there(id).unwrap().deleted.is_none());
}

#[tokio::test]
async fn what_the_targets_administrator_changed_lasts_until_the_source_changes() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.add("ada");
    pair.cycle();
    let here = pair.there(id).unwrap().id;
    pair.target.tenant.with_directory(|directory| directory.set_enabled(here, false)).unwrap();
    pair.cycle();
    assert!(!pair.there(id).unwrap().account_enabled);
    let rename = |user: &mut crate::tenant::User| user.display_name = "Ada L.".into();
    pair.source.tenant.with_directory(|directory| directory.update_user(id, rename)).unwrap();
    pair.cycle();
    let user = pair.there(id).unwrap();
    assert!(user.account_enabled);
    assert_eq!(user.display_name, "Ada L.");
}

#[tokio::test]
async fn the_targets_actions_are_only_those_of_the_mapping() {
    let pair = Pair::new(Cloud::Global).await;
    let ada = pair.add("ada");
    pair.cycle();
    assert_eq!(pair.edit(|mapping| mapping["flowTypes"] = json!("Update")).await.0, 204);
    let bob = pair.add("bob");
    pair.unassign(ada);
    pair.cycle();
    assert!(pair.there(bob).is_none());
    assert!(pair.there(ada).unwrap().deleted.is_none());
    assert_eq!(pair.last(bob).2, "EntrySynchronizationSkipped");
    assert_eq!(pair.last(ada).2, "EntrySynchronizationSkipped");
    assert_eq!(pair.edit(|mapping| mapping["flowTypes"] = json!("Add,Delete")).await.0, 204);
    pair.cycle();
    assert!(pair.there(bob).is_some());
    assert!(pair.there(ada).unwrap().deleted.is_some());
}

#[tokio::test]
async fn a_guest_who_has_redeemed_is_found_again_and_keeps_a_type_that_is_for_newcomers() {
    let pair = Pair::new(Cloud::Global).await;
    let id = pair.source.tenant.with_directory(|directory| directory.create_colleague("ada"));
    let invited = crate::tenant::tests::invitation("ada@fabrikam.com", json!({}));
    let (_, body) = pair.target.post("/invitations", invited).await;
    let here = body["invitedUser"]["id"].as_str().unwrap().parse().unwrap();
    pair.target.tenant.with_directory(|directory| directory.redeem(here)).unwrap();
    pair.assign(id);
    assert_eq!(pair.edit(|mapping| attribute(mapping, "userType")["flowType"] = json!("ObjectAddOnly")).await.0, 204);
    pair.cycle();
    let user = pair.there(id).unwrap();
    assert_eq!((user.id, user.user_type), (here, UserType::Guest));
    assert_eq!(pair.edit(|mapping| attribute(mapping, "userType")["flowType"] = json!("Always")).await.0, 204);
    pair.cycle();
    assert_eq!(pair.there(id).unwrap().user_type, UserType::Member);
}

#[tokio::test]
async fn the_targets_audit_log_names_the_service() {
    let pair = Pair::new(Cloud::Global).await;
    pair.add("ada");
    pair.cycle();
    let log = pair.target.tenant.with_directory(|directory| format!("{:?}", directory.audit_log));
    assert!(log.contains("Microsoft.Azure.SyncFabric"));
}
