//! The tenant's cross-tenant access settings: what it lets people of other tenants do, by default and by partner, as far
//! as anything here goes by them.
//!
//! A partner's settings say what differs from the default. Where they are null, the default holds.
//!
//! Not responsible for: how Graph shows them (`cross_tenant_policy`), nor which domains cannot be invited (`policy`).

use super::access_settings::AccessBlocks;
use super::model::Directory;
use super::user::User;
use crate::cloud::Cloud;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Cross-tenant access settings.
#[derive(Clone, Debug, Default)]
pub struct CrossTenantAccess {
    /// What holds where a partner has no settings of its own.
    pub default: AccessConfiguration,
    /// The other clouds that are enabled, as [`Cloud::endpoint`] calls them.
    pub allowed_cloud_endpoints: Vec<String>,
    /// Partners by tenant id.
    pub partners: BTreeMap<Uuid, PartnerConfiguration>,
    /// When an invitation that nobody needs to accept is redeemed.
    pub automatic_redemption: AutomaticRedemption,
    /// What becomes of the values that an update of a block leaves out.
    pub block_update: BlockUpdate,
}

/// The default settings.
#[derive(Clone, Debug)]
pub struct AccessConfiguration {
    /// Nobody has changed them.
    pub is_service_default: bool,
    /// `automaticUserConsentSettings`. Both are false, and Graph lets nobody change that.
    pub consent: UserConsent,
    /// The other blocks; none of them is null.
    pub blocks: AccessBlocks,
}

impl Default for AccessConfiguration {
    fn default() -> Self {
        Self {
            is_service_default: true,
            consent: UserConsent { inbound: Some(false), outbound: Some(false) },
            blocks: AccessBlocks::of_the_service(),
        }
    }
}

/// Whether people are spared the question if they agree; null inherits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConsent {
    /// `inboundAllowed`: people of the other tenant, here.
    #[serde(rename = "inboundAllowed")]
    pub inbound: Option<bool>,
    /// `outboundAllowed`: people of this tenant, there.
    #[serde(rename = "outboundAllowed")]
    pub outbound: Option<bool>,
}

/// A partner's settings, and what is to be known of its tenant.
#[derive(Clone, Debug)]
pub struct PartnerConfiguration {
    /// The domains of the partner's tenant, in lower case: tells whose people the partner's are.
    pub domains: BTreeSet<String>,
    /// The cloud that the partner stands in; `None` for this tenant's. While another one is not enabled, everything is
    /// blocked.
    pub cloud: Option<Cloud>,
    /// The blocks that differ from the default.
    pub blocks: AccessBlocks,
    /// `isServiceProvider`
    pub is_service_provider: Option<bool>,
    /// `automaticUserConsentSettings`; `None` for a block that is null as a whole, which inherits as well as one whose
    /// values are null. Graph is documented to show the latter of a partner whose settings nobody has touched.
    pub consent: Option<UserConsent>,
    /// `identitySynchronization`; `None` if it was never made.
    pub synchronization: Option<IdentitySynchronization>,
    /// The partner's own settings say the same of its people going out to this tenant: nothing is redeemed by itself
    /// otherwise.
    pub home_redeems_automatically: bool,
}

/// Whether a partner may synchronise people into this tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySynchronization {
    /// What the administrators call it.
    pub display_name: String,
    /// `userSyncInbound.isSyncAllowed`
    pub is_sync_allowed: bool,
}

/// What becomes of the values that an update of a block leaves out, which is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockUpdate {
    /// They are null: a block is written as a whole.
    #[default]
    Replaces,
    /// They stay.
    Merges,
}

/// When an invitation that nobody needs to accept is redeemed, which is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutomaticRedemption {
    /// When the person first signs in; it is pending until then.
    #[default]
    AtFirstSignIn,
    /// With the invitation itself.
    AtOnce,
}

impl PartnerConfiguration {
    /// A partner whose settings all inherit.
    pub fn new(domains: &[&str]) -> Self {
        Self {
            domains: domains.iter().map(|domain| domain.to_lowercase()).collect(),
            cloud: None,
            blocks: AccessBlocks::default(),
            is_service_provider: None,
            consent: Some(UserConsent::default()),
            synchronization: None,
            home_redeems_automatically: false,
        }
    }

    /// With automatic redemption of the partner's people here; `None` inherits.
    #[must_use]
    pub fn inbound_redemption(mut self, allowed: Option<bool>) -> Self {
        self.consent.get_or_insert_default().inbound = allowed;
        self
    }

    /// With a home that agrees to automatic redemption, or does not.
    #[must_use]
    pub fn home_redemption(mut self, agrees: bool) -> Self {
        self.home_redeems_automatically = agrees;
        self
    }

    /// With an identity synchronisation that is allowed, or is not.
    #[must_use]
    pub fn inbound_sync(mut self, allowed: bool) -> Self {
        let display_name = self.domains.first().cloned().unwrap_or_default();
        self.synchronization = Some(IdentitySynchronization { display_name, is_sync_allowed: allowed });
        self
    }
}

impl CrossTenantAccess {
    /// The partner whose people have addresses in the domain.
    pub fn partner_of(&self, domain: &str) -> Option<(Uuid, &PartnerConfiguration)> {
        let domain = domain.to_lowercase();
        let mut partners = self.partners.iter().map(|(id, partner)| (*id, partner));
        partners.find(|(_, partner)| partner.domains.contains(&domain))
    }

    /// Whether this tenant and the home of the address both want invitations to be redeemed by themselves.
    pub fn redeems_automatically(&self, address: &str) -> bool {
        let partner = address.rsplit_once('@').and_then(|(_, domain)| self.partner_of(domain));
        partner.is_some_and(|(_, partner)| {
            let inbound = partner.consent.and_then(|consent| consent.inbound).or(self.default.consent.inbound);
            inbound == Some(true) && partner.home_redeems_automatically
        })
    }
}

impl Directory {
    /// Whether the settings let nobody of the domain be invited: those of the partner whose domain it is, and what they
    /// inherit.
    pub(super) fn blocks_invitations(&self, domain: &str) -> bool {
        let access = &self.cross_tenant_access;
        let partner = access.partner_of(domain).map(|(_, partner)| partner);
        let elsewhere = partner.and_then(|partner| partner.cloud).filter(|cloud| *cloud != self.cloud());
        let enabled = |cloud: Cloud| access.allowed_cloud_endpoints.iter().any(|name| name == cloud.endpoint());
        if elsewhere.is_some_and(|cloud| !enabled(cloud)) {
            return true;
        }
        let own = partner.and_then(|partner| partner.blocks.b2b_collaboration_inbound.as_ref());
        let inbound = own.or(access.default.blocks.b2b_collaboration_inbound.as_ref());
        inbound.is_some_and(|inbound| inbound.blocks_everybody())
    }

    /// Whether the user's invitation is redeemed without anybody accepting it, as the settings are now.
    pub(super) fn redeems_automatically(&self, user: &User) -> bool {
        user.mail.iter().chain(&user.other_mails).any(|address| self.cross_tenant_access.redeems_automatically(address))
    }
}
