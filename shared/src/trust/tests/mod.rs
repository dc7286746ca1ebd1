//! What is planned for a partner's trust, and what is then said of it.

use super::observe::Observed;
use super::verify::{Side, both_sides, one_side};
use super::{Allowed, plan};
use crate::checks::CheckResult;
use crate::clouds::Cloud;
use crate::config::{Partner, Trust};
use crate::graph::setup::access::{AccessPolicy, AccessSettings};
use crate::people::fixtures::plain;
use serde_json::{Value, json};

fn settings(value: Value) -> AccessSettings {
    serde_json::from_value(value).unwrap()
}

fn scope(access: &str, target: &str, kind: &str) -> Value {
    json!({ "accessType": access, "targets": [{ "target": target, "targetType": kind }] })
}

fn collaboration(access: &str, people: &str) -> Value {
    let everything = scope(access, "AllApplications", "application");
    json!({ "usersAndGroups": scope(access, people, "user"), "applications": everything })
}

/// A tenant as Microsoft makes it: people may come and go, nothing is trusted.
fn untouched() -> Observed {
    Observed {
        policy: AccessPolicy { allowed_cloud_endpoints: Some(Vec::new()) },
        default: settings(json!({
            "b2bCollaborationInbound": collaboration("allowed", "AllUsers"),
            "b2bCollaborationOutbound": collaboration("allowed", "AllUsers"),
            "inboundTrust": { "isMfaAccepted": false, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false },
            "automaticUserConsentSettings": { "inboundAllowed": false, "outboundAllowed": false },
        })),
        ..Observed::default()
    }
}

fn partner(trust: &str) -> Partner {
    let mut partner = plain().partners.remove(0);
    partner.trust = Some(toml::from_str::<Trust>(trust).unwrap());
    partner
}

/// What is planned: each change with whether it waits, and each step.
fn planned(trust: &str, observed: &Observed, allowed: &[&str]) -> (Vec<(String, bool)>, Vec<String>) {
    let allowed: Vec<String> = allowed.iter().map(|key| (*key).to_owned()).collect();
    let plan = plan(&partner(trust), Cloud::Global, observed, &Allowed::new(&allowed).unwrap());
    let changes = plan.changes.iter().map(|change| (change.key.clone(), change.held.is_some())).collect();
    (changes, plan.steps.iter().map(|(step, _)| format!("{step:?}")).collect())
}

#[test]
fn without_a_key_nothing_is_changed() {
    assert_eq!(planned("", &untouched(), &[]), (vec![], vec![]));
}

#[test]
fn steps_come_in_the_order_that_graph_needs_and_hold_only_what_changes() {
    let trust = "inbound = true\ntrust_mfa = true\nautomatic_redemption = true\nallow_sync_in = true";
    let (_, steps) = planned(trust, &untouched(), &[]);
    insta::assert_debug_snapshot!(steps, @r#"
    [
        "AllowClouds([\"microsoftonline.us\"])",
        "AddPartner",
        "Change(Object {\"inboundTrust\": Object {\"isMfaAccepted\": Bool(true)}})",
        "Change(Object {\"automaticUserConsentSettings\": Object {\"inboundAllowed\": Bool(true)}})",
        "AllowSync(true)",
    ]
    "#);
}

#[test]
fn a_list_of_some_is_widened_only_with_a_persons_word() {
    let mut observed = untouched();
    observed.partner = Some(settings(json!({ "b2bCollaborationInbound": collaboration("allowed", "7") })));
    observed.policy.allowed_cloud_endpoints = Some(vec!["microsoftonline.us".into()]);
    let waits = (vec![("inbound".to_owned(), true)], vec![]);
    assert_eq!(planned("inbound = true", &observed, &[]), waits);
    for word in ["inbound", "fabrikam-gov.inbound"] {
        assert_eq!(planned("inbound = true", &observed, &[word]).1.len(), 1, "{word}");
    }
    assert_eq!(planned("inbound = true", &observed, &["contoso.inbound"]), waits, "said of another partner");
    assert!(Allowed::new(&["everything".to_owned()]).is_err());
}

#[test]
fn what_is_on_is_switched_off_only_with_a_persons_word() {
    let mut observed = untouched();
    observed.partner = Some(settings(json!({
        "inboundTrust": { "isMfaAccepted": true },
        "automaticUserConsentSettings": { "inboundAllowed": true },
    })));
    observed.sync_allowed = Some(true);
    for (trust, key) in [
        ("inbound = false", "inbound"),
        ("outbound = false", "outbound"),
        ("trust_mfa = false", "trust_mfa"),
        ("automatic_redemption = false", "automatic_redemption"),
        ("allow_sync_in = false", "allow_sync_in"),
    ] {
        assert_eq!(planned(trust, &observed, &[]), (vec![(key.to_owned(), true)], vec![]), "{trust}");
        assert_eq!(planned(trust, &observed, &[key]).1.len(), 1, "{trust}");
    }
}

#[test]
fn what_the_default_trusts_is_not_lost_with_a_block_of_the_partners_own() {
    let mut observed = untouched();
    observed.default = settings(json!({ "inboundTrust": { "isCompliantDeviceAccepted": true } }));
    observed.partner = Some(settings(json!({})));
    let (_, steps) = planned("trust_mfa = true", &observed, &[]);
    assert_eq!(
        steps,
        [
            r#"Change(Object {"inboundTrust": Object {"isCompliantDeviceAccepted": Bool(true), "isMfaAccepted": Bool(true)}})"#
        ]
    );
}

#[test]
fn automatic_redemption_speaks_of_the_directions_in_which_people_go() {
    let consent = |trust: &str| {
        let (_, steps) = planned(trust, &untouched(), &[]);
        steps.into_iter().find(|step| step.contains("Consent")).unwrap_or_default()
    };
    let [inbound, outbound] = [r#""inboundAllowed": Bool(true)"#, r#""outboundAllowed": Bool(true)"#];
    for (trust, here, there) in [
        ("automatic_redemption = true", true, false),
        ("automatic_redemption = true\ninbound = true", true, false),
        ("automatic_redemption = true\noutbound = true", false, true),
        ("automatic_redemption = true\ninbound = true\noutbound = true", true, true),
    ] {
        let step = consent(trust);
        assert_eq!((step.contains(inbound), step.contains(outbound)), (here, there), "{trust}: {step}");
    }
}

#[test]
fn where_graph_does_not_show_the_clouds_a_person_is_asked_to_look() {
    let observed = Observed { policy: AccessPolicy::default(), ..untouched() };
    let plan = plan(&partner("inbound = true"), Cloud::Global, &observed, &Allowed::default());
    assert!(plan.by_hand[0].contains("microsoftonline.us"), "{plan:?}");
    assert!(!plan.steps.iter().any(|(step, _)| format!("{step:?}").contains("AllowClouds")));
}

#[test]
fn a_policy_that_would_be_too_large_is_not_begun() {
    let observed = Observed { size: 25 * 1024, ..untouched() };
    let (changes, steps) = planned("trust_mfa = true", &observed, &[]);
    assert!(steps.is_empty() && changes.iter().all(|(_, waits)| *waits), "{changes:?}");
}

#[test]
fn settings_that_the_configuration_does_not_name_are_shown() {
    let mut observed = untouched();
    observed.partner = Some(settings(json!({
        "inboundTrust": { "isMfaAccepted": true, "isCompliantDeviceAccepted": true },
        "tenantRestrictions": { "devices": null },
        "b2bDirectConnectInbound": null,
    })));
    let plan = plan(&partner("trust_mfa = true"), Cloud::Global, &observed, &Allowed::default());
    let shown: Vec<_> = plan.left_alone.iter().map(|left| left.setting.as_str()).collect();
    assert_eq!(shown, ["inboundTrust.isCompliantDeviceAccepted", "tenantRestrictions"]);
}

#[test]
fn what_is_in_effect_is_held_against_what_is_wanted() {
    let partner = partner("inbound = true\ntrust_mfa = true\nallow_sync_in = true");
    let mut observed = untouched();
    observed.sync_allowed = Some(true);
    let side = Side { cloud: Cloud::Global, partner: &partner, observed: &observed };
    let results: Vec<_> = one_side(side).into_iter().map(|check| (check.id, check.result)).collect();
    use CheckResult::{Fail, NotApplicable, Pass};
    assert_eq!(
        results,
        [
            ("trust.cloud", Fail),
            ("trust.inbound", Pass),
            ("trust.outbound", NotApplicable),
            ("trust.mfa", Fail),
            ("trust.compliant-device", NotApplicable),
            ("trust.hybrid-joined-device", NotApplicable),
            ("trust.automatic-redemption-inbound", NotApplicable),
            ("trust.automatic-redemption-outbound", NotApplicable),
            ("trust.sync-in", Pass),
        ]
    );
}

#[test]
fn synchronization_needs_automatic_redemption_of_both_sides() {
    let (here, there) = (partner("inbound = true\nallow_sync_in = true"), partner("outbound = true"));
    let result = |inbound: bool, outbound: bool| {
        let mut observed = [untouched(), untouched()];
        observed[0].sync_allowed = Some(true);
        let consent =
            json!({ "automaticUserConsentSettings": { "inboundAllowed": inbound, "outboundAllowed": false } });
        observed[0].partner = Some(settings(consent));
        let consent =
            json!({ "automaticUserConsentSettings": { "inboundAllowed": false, "outboundAllowed": outbound } });
        observed[1].partner = Some(settings(consent));
        let here = Side { cloud: Cloud::Global, partner: &here, observed: &observed[0] };
        let there = Side { cloud: Cloud::UsGov, partner: &there, observed: &observed[1] };
        let checks = both_sides(here, there);
        let of = |id: &str| checks.iter().find(|check| check.id == id).map(|check| check.result);
        (of("trust.both.sync-here"), of("trust.both.redemption-here"))
    };
    use CheckResult::{Fail, Pass, Warn};
    assert_eq!(result(true, true), (Some(Pass), Some(Pass)));
    assert_eq!(result(true, false), (Some(Fail), Some(Warn)));
    assert_eq!(result(false, true), (Some(Fail), Some(Warn)));
    assert_eq!(result(false, false), (Some(Fail), Some(Pass)));
}
