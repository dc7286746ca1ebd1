//! Cross-tenant access settings, from nothing to a verified trust.

use super::{Pair, result};
use anyhow::Result;
use serde_json::{Value, json};
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::{
    AccessTarget, AccessType, B2bSetting, BlockUpdate, PartnerConfiguration, TargetConfiguration, TargetType,
};

/// What the resource side of a pair wants.
const HERE: &str =
    "[partner.trust]\ninbound = true\ntrust_mfa = true\nautomatic_redemption = true\nallow_sync_in = true\n";
/// What the home side wants.
const AT_HOME: &str = "[partner.trust]\noutbound = true\nautomatic_redemption = true\n";

fn keys(told: &Value) -> Vec<(String, String)> {
    let changes = told["partners"][0]["changes"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changes.map(|change| (text(&change["key"]), text(&change["outcome"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_come_from_nothing_to_a_verified_trust_in_both_directions() -> Result<()> {
    for clouds in [[Cloud::Global, Cloud::Global], [Cloud::Global, Cloud::UsGov], [Cloud::UsGov, Cloud::Global]] {
        let pair = Pair::in_clouds(clouds, AT_HOME, HERE).await?;
        let planned = pair.usher(&pair.resource, &["trust", "plan"]).await.exits(0).json();
        assert_eq!(pair.resource.writes(), 0, "a plan changes nothing");
        assert!(keys(&planned).iter().all(|(_, outcome)| outcome == "planned"), "{planned:#}");
        assert_eq!(
            result(&pair.usher(&pair.resource, &["trust", "verify"]).await.exits(1).json(), "trust.mfa"),
            "fail"
        );
        let done = pair.applied(&pair.resource, "trust").await;
        assert_eq!(keys(&done).len(), keys(&planned).len(), "{done:#}");
        pair.applied(&pair.home, "trust").await;
        let other = pair.home.config();
        let verified = pair.usher(&pair.resource, &["trust", "verify", "--other", &other.to_string_lossy()]).await;
        // Graph of a government cloud does not show which other clouds are allowed.
        let shown = clouds == [Cloud::Global, Cloud::Global];
        let verified = verified.exits(if shown { 0 } else { 4 }).json();
        for id in
            ["trust.inbound", "trust.mfa", "trust.sync-in", "trust.both.sync-here", "trust.both.collaboration-here"]
        {
            assert_eq!(result(&verified, id), "pass", "{verified:#}");
        }
        assert_eq!(result(&verified, "trust.both.cloud"), if shown { "not-applicable" } else { "unknown" });
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_cloud_is_allowed_first_and_only_where_graph_has_it() -> Result<()> {
    let pair = Pair::in_clouds([Cloud::UsGov, Cloud::Global], AT_HOME, HERE).await?;
    pair.resource.directory(|directory| {
        directory.cross_tenant_access.allowed_cloud_endpoints = vec!["partner.microsoftonline.cn".into()];
    });
    pair.applied(&pair.resource, "trust").await;
    assert_eq!(
        pair.resource.written(),
        [
            "PATCH /policies/crossTenantAccessPolicy",
            "POST /policies/crossTenantAccessPolicy/partners",
            "PATCH /policies/crossTenantAccessPolicy/partners/{id}",
            "PATCH /policies/crossTenantAccessPolicy/partners/{id}",
            "PUT /policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization",
        ]
    );
    let allowed = pair.resource.directory(|directory| directory.cross_tenant_access.allowed_cloud_endpoints.clone());
    assert_eq!(allowed, ["partner.microsoftonline.cn", "microsoftonline.us"], "what was allowed stays so");
    let told = pair.applied(&pair.home, "trust").await;
    assert!(
        told["partners"][0]["by_hand"][0].as_str().is_some_and(|what| what.contains("microsoftonline.com")),
        "{told:#}"
    );
    assert!(!pair.home.written().contains(&"PATCH /policies/crossTenantAccessPolicy".to_owned()));
    Ok(())
}

/// A partner for which somebody allowed only one group, trusts devices and restricts nothing else.
fn settled(pair: &Pair, update: BlockUpdate) {
    let tenant = pair.home.directory(|directory| directory.tenant_id());
    pair.resource.directory(|directory| {
        let mut partner = PartnerConfiguration::new(&["fabrikam.com"]).inbound_sync(false);
        let only = AccessTarget { target: uuid::Uuid::from_u128(7).to_string(), target_type: TargetType::Group };
        partner.blocks.b2b_collaboration_inbound = Some(B2bSetting {
            users_and_groups: Some(TargetConfiguration { access_type: AccessType::Allowed, targets: vec![only] }),
            ..B2bSetting::everybody(AccessType::Allowed)
        });
        partner.blocks.inbound_trust = Some(usher_simulator::tenant::InboundTrust {
            is_compliant_device_accepted: Some(true),
            ..usher_simulator::tenant::InboundTrust::default()
        });
        directory.cross_tenant_access.partners.insert(tenant, partner);
        directory.cross_tenant_access.block_update = update;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_decided_is_widened_only_with_a_word_and_what_is_not_named_stays() -> Result<()> {
    for update in [BlockUpdate::Replaces, BlockUpdate::Merges] {
        let pair = Pair::new(AT_HOME, HERE).await?;
        settled(&pair, update);
        let told = pair.usher(&pair.resource, &["trust", "apply"]).await.exits(4).json();
        let changes = keys(&told);
        assert!(changes.contains(&("inbound".into(), "planned".into())), "{told:#}");
        assert!(changes.contains(&("trust_mfa".into(), "done".into())), "{told:#}");
        let left = told["partners"][0]["left_alone"].as_array().cloned().unwrap_or_default();
        assert!(
            left.contains(&json!({ "setting": "inboundTrust.isCompliantDeviceAccepted", "value": "true" })),
            "{told:#}"
        );
        // Alone it waits.
        pair.usher(&pair.resource, &["trust", "apply"]).await.exits(3);
        pair.usher(&pair.resource, &["trust", "apply", "--allow-change", "inbound"]).await.exits(0);
        let home = pair.home.directory(|directory| directory.tenant_id());
        let partner = pair.resource.directory(|directory| directory.cross_tenant_access.partners[&home].clone());
        let trust = partner.blocks.inbound_trust.unwrap_or_default();
        assert_eq!((trust.is_mfa_accepted, trust.is_compliant_device_accepted), (Some(true), Some(true)), "{update:?}");
        assert_eq!(partner.blocks.b2b_collaboration_inbound, Some(B2bSetting::everybody(AccessType::Allowed)));
        // What was synchronized before is said again by another call.
        assert_eq!(partner.synchronization.map(|sync| sync.is_sync_allowed), Some(true));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_is_switched_off_only_with_a_word() -> Result<()> {
    let pair = Pair::new(AT_HOME, HERE).await?;
    pair.applied(&pair.resource, "trust").await;
    pair.resource.configure("trust_mfa = true", "trust_mfa = false")?;
    pair.usher(&pair.resource, &["trust", "apply"]).await.exits(3);
    pair.usher(&pair.resource, &["trust", "apply", "--allow-change", "nonsense"]).await.exits(2);
    pair.usher(&pair.resource, &["trust", "apply", "--allow-change", "fabrikam.trust_mfa"]).await.exits(0);
    pair.usher(&pair.resource, &["trust", "verify"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_mode_changes_no_setting() -> Result<()> {
    let pair = Pair::new(AT_HOME, HERE).await?;
    let mut command = pair.command(&pair.resource, &["trust", "apply", "--json"]);
    command.env("USHER_MODE", "plan");
    let told = crate::support::run(command).await.exits(3).json();
    assert_eq!((told["mode"].as_str(), pair.resource.writes()), (Some("plan"), 0));
    Ok(())
}
