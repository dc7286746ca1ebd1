//! Whether the trust is as the configurations want it: on this side, and with the other tenant's settings on both.
//!
//! Ids begin with `trust.`; those of both sides with `trust.both.`.

use super::observe::Observed;
use super::plan::{endpoint_of, redemption_directions};
use crate::checks::Check;
use crate::clouds::Cloud;
use crate::config::Partner;
use crate::graph::setup::access::{Collaboration, Reach};

const APPLY: &str = "Run `usher trust plan`, then `usher trust apply`.";
const READS: &str = "Policy.Read.All";

/// One tenant's settings for the other.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The tenant's own cloud.
    pub cloud: Cloud,
    /// What the configuration says of the other tenant.
    pub partner: &'a Partner,
    /// What there is.
    pub observed: &'a Observed,
}

/// Whether this side is as its configuration wants it.
pub fn one_side(side: Side<'_>) -> Vec<Check> {
    let Side { cloud, partner, observed } = side;
    let name = &partner.name;
    let Some(trust) = &partner.trust else {
        return vec![Check::not_applicable("trust.configured", name, "there is no [partner.trust]")];
    };
    let mut checks = vec![clouds(cloud, partner, observed)];
    checks.extend(collaboration("trust.inbound", name, trust.inbound, &observed.inbound()));
    checks.extend(collaboration("trust.outbound", name, trust.outbound, &observed.outbound()));
    let now = observed.trust();
    let consent = observed.consent();
    let (inbound, outbound) = redemption_directions(partner);
    let redemption = |direction: bool| trust.automatic_redemption.filter(|_| direction);
    for (id, wanted, now) in [
        ("trust.mfa", trust.trust_mfa, now.mfa),
        ("trust.compliant-device", trust.trust_compliant_device, now.compliant_device),
        ("trust.hybrid-joined-device", trust.trust_hybrid_joined_device, now.hybrid_joined_device),
        ("trust.automatic-redemption-inbound", redemption(inbound), consent.inbound_allowed),
        ("trust.automatic-redemption-outbound", redemption(outbound), consent.outbound_allowed),
        ("trust.sync-in", trust.allow_sync_in, observed.sync_allowed),
    ] {
        let now = now.unwrap_or_default();
        checks.push(match wanted {
            None => {
                Check::not_applicable(id, name, format!("the configuration leaves it alone; in effect: {}", word(now)))
            }
            Some(wanted) if wanted == now => Check::pass(id, name, format!("in effect: {}", word(now))),
            Some(wanted) => Check::fail(id, name, format!("in effect: {}, wanted: {}", word(now), word(wanted)), APPLY),
        });
    }
    checks.into_iter().map(|check| check.needing(READS)).collect()
}

/// Whether both sides fit together. `here` invites the people of `there`.
pub fn both_sides(here: Side<'_>, there: Side<'_>) -> Vec<Check> {
    let name = &here.partner.name;
    let mut checks = vec![clouds_of_both(here, there)];
    for (id, to, from) in
        [("trust.both.collaboration-here", here, there), ("trust.both.collaboration-there", there, here)]
    {
        let (inbound, outbound) = (to.observed.inbound(), from.observed.outbound());
        let evidence = format!("in: {}; out at home: {}", inbound.describe(), outbound.describe());
        let wanted = to.partner.trust.as_ref().and_then(|trust| trust.inbound) == Some(true);
        checks.push(match (inbound.reach(), outbound.reach()) {
            (Some(Reach::All), Some(Reach::All)) => Check::pass(id, name, evidence),
            (Some(Reach::None), _) | (_, Some(Reach::None)) if !wanted => Check::not_applicable(id, name, evidence),
            (Some(Reach::None), _) => {
                Check::fail(id, name, evidence, "Allow inbound collaboration on the inviting side.")
            }
            (_, Some(Reach::None)) => Check::fail(id, name, evidence, "Allow outbound collaboration on the home side."),
            (None, _) | (_, None) => Check::unknown(id, name, evidence, "Look in the portal."),
            _ => Check::warn(id, name, evidence, "Only some of the people or applications are allowed on both sides."),
        });
    }
    for (id, to, from) in [("trust.both.redemption-here", here, there), ("trust.both.redemption-there", there, here)] {
        let inbound = to.observed.consent().inbound_allowed.unwrap_or_default();
        let outbound = from.observed.consent().outbound_allowed.unwrap_or_default();
        let evidence = format!("inbound here: {}; outbound at home: {}", word(inbound), word(outbound));
        checks.push(if inbound == outbound {
            Check::pass(id, name, evidence)
        } else {
            let remedy = "Automatic redemption needs both; with one alone people are asked, and get the mail.";
            Check::warn(id, name, evidence, remedy)
        });
    }
    for (id, to, from) in [("trust.both.sync-here", here, there), ("trust.both.sync-there", there, here)] {
        checks.push(synchronization(id, name, to, from));
    }
    checks.into_iter().map(|check| check.needing(READS)).collect()
}

fn clouds(own: Cloud, partner: &Partner, observed: &Observed) -> Check {
    let (id, name) = ("trust.cloud", &partner.name);
    let other = endpoint_of(partner.cloud);
    if endpoint_of(own) == other {
        return Check::not_applicable(id, name, "both tenants are in one cloud");
    }
    match &observed.policy.allowed_cloud_endpoints {
        None => Check::unknown(
            id,
            name,
            "Graph of this cloud does not show which other clouds are allowed",
            format!(
                "Look in the portal, External Identities > Cross-tenant access settings > Microsoft cloud settings: {other} must be allowed."
            ),
        ),
        Some(allowed) if allowed.iter().any(|endpoint| endpoint == other) => {
            Check::pass(id, name, format!("{other} is allowed"))
        }
        Some(_) => Check::fail(id, name, format!("{other} is not allowed: everything from there is blocked"), APPLY),
    }
}

fn clouds_of_both(here: Side<'_>, there: Side<'_>) -> Check {
    let id = "trust.both.cloud";
    let sides = [clouds(here.cloud, here.partner, here.observed), clouds(there.cloud, there.partner, there.observed)];
    let evidence = format!("here: {}; there: {}", sides[0].evidence, sides[1].evidence);
    let worst = sides.into_iter().max_by_key(|side| side.result as u8 % 4).map(|side| (side.result, side.remedy));
    let (result, remedy) = worst.unwrap_or((crate::checks::CheckResult::Unknown, String::new()));
    Check { result, remedy, ..Check::unknown(id, &here.partner.name, evidence, "") }
}

fn collaboration(id: &'static str, name: &str, wanted: Option<bool>, now: &Collaboration) -> Option<Check> {
    let evidence = now.describe();
    Some(match (wanted, now.reach()) {
        (None, _) => Check::not_applicable(id, name, format!("the configuration leaves it alone; {evidence}")),
        (_, None) => Check::unknown(id, name, evidence, "Look in the portal."),
        (Some(true), Some(Reach::All)) | (Some(false), Some(Reach::None)) => Check::pass(id, name, evidence),
        (Some(true), Some(Reach::Some)) => Check::fail(
            id,
            name,
            evidence,
            "It is narrower than the configuration says; `usher trust apply --allow-change` widens it.",
        ),
        (Some(_), Some(_)) => Check::fail(id, name, evidence, APPLY),
    })
}

/// What cross-tenant synchronization from `from` to `to` needs of both.
fn synchronization(id: &'static str, name: &str, to: Side<'_>, from: Side<'_>) -> Check {
    if to.observed.sync_allowed != Some(true) {
        return Check::not_applicable(id, name, "the target allows no inbound synchronization");
    }
    let inbound = to.observed.consent().inbound_allowed == Some(true);
    let outbound = from.observed.consent().outbound_allowed == Some(true);
    let evidence = format!(
        "the target allows it; automatic redemption inbound there: {}, outbound at the source: {}",
        word(inbound),
        word(outbound)
    );
    if inbound && outbound {
        return Check::pass(id, name, evidence);
    }
    Check::fail(id, name, evidence, "Cross-tenant synchronization needs automatic redemption on both sides.")
}

const fn word(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}
