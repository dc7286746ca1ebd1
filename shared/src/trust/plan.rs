//! What is to be changed, and in which steps. No clock, no I/O.
//!
//! Steps come in the order that Graph needs: the other cloud, the partner, its blocks, its synchronization. A step's body
//! holds the blocks that change and no other; of a block it holds what the partner's own settings say already, because it is
//! not documented whether Graph keeps what a block leaves out.

use super::LeftAlone;
use super::observe::Observed;
use crate::changes::Change;
use crate::clouds::Cloud;
use crate::config::{Partner, Trust};
use crate::graph::setup::access::{Collaboration, Consent, InboundTrust, Reach};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The largest policy that Graph takes: 25 KB, by its documentation.
const LARGEST_POLICY: usize = 25 * 1024;
/// What a partner's settings come to at most when usher has added its own.
const LARGEST_PARTNER: usize = 1600;

/// The changes that a person allowed by `--allow-change`: a key, or a partner's name and a key with a dot between.
#[derive(Clone, Debug, Default)]
pub struct Allowed(BTreeSet<String>);

/// What is to be changed for a partner.
#[derive(Clone, Debug, Default)]
pub struct TrustPlan {
    /// What people see.
    pub changes: Vec<Change>,
    /// Settings of somebody else.
    pub left_alone: Vec<LeftAlone>,
    /// What only a person can do.
    pub by_hand: Vec<String>,
    /// What is sent, each with the changes that it brings about, by their places in `changes`.
    pub(super) steps: Vec<(Step, Vec<usize>)>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// All clouds that this tenant works with from now on.
    AllowClouds(Vec<String>),
    /// Settings of the partner's own, which say nothing yet.
    AddPartner,
    /// Blocks of them.
    Change(Value),
    /// Whether it may push people here.
    AllowSync(bool),
}

impl Allowed {
    /// The keys that were given.
    ///
    /// # Errors
    /// The first that is no key of `[partner.trust]`.
    pub fn new(keys: &[String]) -> Result<Self, &str> {
        let known = |key: &&String| !KEYS.contains(&key.rsplit_once('.').map_or(key.as_str(), |(_, key)| key));
        match keys.iter().find(known) {
            Some(unknown) => Err(unknown),
            None => Ok(Self(keys.iter().cloned().collect())),
        }
    }

    fn has(&self, partner: &str, key: &str) -> bool {
        self.0.contains(key) || self.0.contains(&format!("{partner}.{key}"))
    }
}

/// The keys of `[partner.trust]`.
pub(super) const KEYS: [&str; 7] = [
    "inbound",
    "outbound",
    "trust_mfa",
    "trust_compliant_device",
    "trust_hybrid_joined_device",
    "automatic_redemption",
    "allow_sync_in",
];

/// Plans.
pub fn plan(partner: &Partner, cloud: Cloud, observed: &Observed, allowed: &Allowed) -> TrustPlan {
    let wanted = partner.trust.clone().unwrap_or_default();
    let mut plan = Planner { partner, observed, allowed, plan: TrustPlan::default() };
    if wanted != Trust::default() {
        plan.cloud(cloud, &wanted);
        plan.partner();
        plan.collaboration("inbound", wanted.inbound, &observed.inbound(), "b2bCollaborationInbound");
        plan.collaboration("outbound", wanted.outbound, &observed.outbound(), "b2bCollaborationOutbound");
        plan.trust(&wanted);
        plan.redemption(&wanted);
        plan.sync(wanted.allow_sync_in);
    }
    plan.left_alone(&wanted);
    plan.finish()
}

/// Which directions `automatic_redemption` speaks of: those that the partner's other settings let people go.
pub(super) fn redemption_directions(partner: &Partner) -> (bool, bool) {
    let trust = partner.trust.clone().unwrap_or_default();
    let outbound = trust.outbound == Some(true) || partner.sync.is_some();
    let inbound = trust.inbound == Some(true) || trust.allow_sync_in == Some(true) || !outbound;
    (inbound, outbound)
}

/// The host by which a cloud's settings name another cloud.
pub const fn endpoint_of(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "microsoftonline.com",
        Cloud::UsGov | Cloud::UsGovDod => "microsoftonline.us",
        Cloud::China => "partner.microsoftonline.cn",
    }
}

struct Planner<'a> {
    partner: &'a Partner,
    observed: &'a Observed,
    allowed: &'a Allowed,
    plan: TrustPlan,
}

impl Planner<'_> {
    /// A change; its place, unless it waits.
    fn change(
        &mut self,
        key: &str,
        before: impl Into<String>,
        after: impl Into<String>,
        risk: Option<&str>,
    ) -> Option<usize> {
        let change = Change::new(key, before, after);
        let risk = risk.filter(|_| !self.allowed.has(&self.partner.name, key));
        let waits = risk.is_some();
        self.plan.changes.push(match risk {
            Some(risk) => {
                change.held(risk, format!("If it is meant, add `--allow-change {}.{key}`.", self.partner.name))
            }
            None => change,
        });
        (!waits).then_some(self.plan.changes.len() - 1)
    }

    fn step(&mut self, step: Step, changes: Vec<usize>) {
        self.plan.steps.push((step, changes));
    }

    fn cloud(&mut self, own: Cloud, wanted: &Trust) {
        let (own, other) = (endpoint_of(own), endpoint_of(self.partner.cloud));
        let opens = [wanted.inbound, wanted.outbound, wanted.allow_sync_in].contains(&Some(true));
        if own == other || !opens {
            return;
        }
        match &self.observed.policy.allowed_cloud_endpoints {
            None => self.plan.by_hand.push(format!(
                "Graph of this cloud does not show which other clouds are allowed: in the portal, External Identities > \
                 Cross-tenant access settings > Microsoft cloud settings, allow {other}. `usher doctor` knows that it is \
                 done when an invitation goes through."
            )),
            Some(endpoints) if endpoints.iter().any(|endpoint| endpoint == other) => {}
            Some(endpoints) => {
                let mut all = endpoints.clone();
                all.push(other.to_owned());
                let before = if endpoints.is_empty() { "none".to_owned() } else { endpoints.join(", ") };
                if let Some(change) = self.change("cloud", before, all.join(", "), None) {
                    self.step(Step::AllowClouds(all), vec![change]);
                }
            }
        }
    }

    fn partner(&mut self) {
        if self.observed.partner.is_some() {
            return;
        }
        if let Some(change) = self.change("partner", "no settings of its own", "settings of its own", None) {
            self.step(Step::AddPartner, vec![change]);
        }
    }

    fn collaboration(&mut self, key: &str, wanted: Option<bool>, now: &Collaboration, block: &str) {
        let Some(wanted) = wanted else { return };
        let after = Collaboration::everybody(wanted);
        let risk = match (now.reach(), wanted) {
            (Some(Reach::All), true) | (Some(Reach::None), false) => return,
            (Some(Reach::Some), true) => Some("somebody allowed only some of them, and this would allow all"),
            (Some(Reach::None), true) => None,
            (None, true) => Some("it cannot be seen who is allowed today"),
            (_, false) => Some("this would lock out people who come and go today"),
        };
        if let Some(change) = self.change(key, now.describe(), after.describe(), risk) {
            let mut blocks = Map::new();
            blocks.insert(block.to_owned(), json!(after));
            self.step(Step::Change(Value::Object(blocks)), vec![change]);
        }
    }

    /// A switch; whether it is thrown, and its change.
    fn switch(&mut self, key: &str, wanted: Option<bool>, now: Option<bool>, what: &str) -> Option<(bool, usize)> {
        let wanted = wanted?;
        let now = now.unwrap_or_default();
        if now == wanted {
            return None;
        }
        let risk = (!wanted).then_some("this is on today, and somebody may rely on it");
        let change = self.change(key, words(what, now), words(what, wanted), risk)?;
        Some((wanted, change))
    }

    fn trust(&mut self, wanted: &Trust) {
        let now = self.observed.trust();
        let mut own = self.observed.own_trust();
        let switches = [
            ("trust_mfa", wanted.trust_mfa, now.mfa, "the partner's multifactor authentication counts here"),
            ("trust_compliant_device", wanted.trust_compliant_device, now.compliant_device, "its compliant devices do"),
            (
                "trust_hybrid_joined_device",
                wanted.trust_hybrid_joined_device,
                now.hybrid_joined_device,
                "its hybrid joined devices do",
            ),
        ];
        let mut changes = Vec::new();
        let slots: [fn(&mut InboundTrust) -> &mut Option<bool>; 3] =
            [|trust| &mut trust.mfa, |trust| &mut trust.compliant_device, |trust| &mut trust.hybrid_joined_device];
        for ((key, wanted, now, what), slot) in switches.into_iter().zip(slots) {
            if let Some((on, change)) = self.switch(key, wanted, now, what) {
                *slot(&mut own) = Some(on);
                changes.push(change);
            }
        }
        if !changes.is_empty() {
            // What the default trusts would otherwise be lost with a block of the partner's own.
            let keep = |own: Option<bool>, now: Option<bool>| own.or(now.filter(|on| *on));
            let block = InboundTrust {
                mfa: keep(own.mfa, now.mfa),
                compliant_device: keep(own.compliant_device, now.compliant_device),
                hybrid_joined_device: keep(own.hybrid_joined_device, now.hybrid_joined_device),
            };
            self.step(Step::Change(json!({ "inboundTrust": block })), changes);
        }
    }

    fn redemption(&mut self, wanted: &Trust) {
        let now = self.observed.consent();
        let mut own = self.observed.own_consent();
        let (inbound, outbound) = redemption_directions(self.partner);
        let mut changes = Vec::new();
        let of = |direction: bool| wanted.automatic_redemption.filter(|_| direction);
        let key = "automatic_redemption";
        let what = "invitations of the partner's people are redeemed without asking, as far as this side says";
        if let Some((on, change)) = self.switch(key, of(inbound), now.inbound_allowed, what) {
            own.inbound_allowed = Some(on);
            changes.push(change);
        }
        let what = "invitations of this tenant's people there are, as far as this side says";
        if let Some((on, change)) = self.switch(key, of(outbound), now.outbound_allowed, what) {
            own.outbound_allowed = Some(on);
            changes.push(change);
        }
        if !changes.is_empty() {
            self.step(Step::Change(json!({ "automaticUserConsentSettings": own })), changes);
        }
    }

    fn sync(&mut self, wanted: Option<bool>) {
        let what = "the partner may push people here by cross-tenant synchronization";
        if let Some((on, change)) = self.switch("allow_sync_in", wanted, self.observed.sync_allowed, what) {
            self.step(Step::AllowSync(on), vec![change]);
        }
    }

    /// What the partner's own settings say beyond the configuration.
    fn left_alone(&mut self, wanted: &Trust) {
        let Some(own) = &self.observed.partner else { return };
        let mut left = Vec::new();
        let mut add = |setting: &str, value: String| left.push(LeftAlone { setting: setting.to_owned(), value });
        let collaborations = [
            ("b2bCollaborationInbound", wanted.inbound, &own.b2b_collaboration_inbound),
            ("b2bCollaborationOutbound", wanted.outbound, &own.b2b_collaboration_outbound),
        ];
        for (setting, wanted, own) in collaborations {
            if let (None, Some(own)) = (wanted, own) {
                add(setting, own.describe());
            }
        }
        let Consent { inbound_allowed, outbound_allowed } = self.observed.own_consent();
        let (inbound, outbound) = redemption_directions(self.partner);
        let redemption = |direction: bool| wanted.automatic_redemption.filter(|_| direction);
        let trust = self.observed.own_trust();
        for (setting, wanted, own) in [
            ("inboundTrust.isMfaAccepted", wanted.trust_mfa, trust.mfa),
            ("inboundTrust.isCompliantDeviceAccepted", wanted.trust_compliant_device, trust.compliant_device),
            (
                "inboundTrust.isHybridAzureADJoinedDeviceAccepted",
                wanted.trust_hybrid_joined_device,
                trust.hybrid_joined_device,
            ),
            ("automaticUserConsentSettings.inboundAllowed", redemption(inbound), inbound_allowed),
            ("automaticUserConsentSettings.outboundAllowed", redemption(outbound), outbound_allowed),
            ("identitySynchronization.isSyncAllowed", wanted.allow_sync_in, self.observed.sync_allowed),
        ] {
            if let (None, Some(own)) = (wanted, own) {
                add(setting, own.to_string());
            }
        }
        let others = own.others.iter().filter(|(name, value)| !value.is_null() && !name.starts_with('@'));
        others
            .filter(|(_, value)| **value != Value::Bool(false))
            .for_each(|(name, value)| add(name, value.to_string()));
        self.plan.left_alone = left;
    }

    /// A policy that would be too large for Graph is told before Graph refuses it half done.
    fn finish(mut self) -> TrustPlan {
        // Settings of its own that would say nothing help nobody.
        if self.plan.steps.iter().all(|(step, _)| matches!(step, Step::AllowClouds(_) | Step::AddPartner))
            && self.plan.changes.iter().any(|change| change.held.is_some())
        {
            self.plan.steps.clear();
        }
        let own = self.observed.partner.is_some();
        let grows = self.plan.steps.iter().any(|(step, _)| matches!(step, Step::AddPartner | Step::Change(_)));
        let after = self.observed.size + if own { LARGEST_PARTNER / 2 } else { LARGEST_PARTNER };
        if grows && after > LARGEST_POLICY {
            self.plan.steps.clear();
            let waiting = self.plan.changes.iter_mut().filter(|change| change.held.is_none());
            waiting.for_each(|change| {
                *change = change.clone().held(
                    format!("the policy would come to about {after} bytes, and Graph takes {LARGEST_POLICY}"),
                    "Remove partners that nobody needs any more, or targets in their lists.",
                );
            });
        }
        self.plan
    }
}

fn words(what: &str, on: bool) -> String {
    format!("{}: {what}", if on { "yes" } else { "no" })
}
