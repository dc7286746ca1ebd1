//! What a tenant's cross-tenant access settings are.

use crate::graph::error::{GraphError, Kind, Result};
use crate::graph::setup::SetupReader;
use crate::graph::setup::access::{AccessPolicy, AccessSettings, Collaboration, Consent, InboundTrust};
use crate::ids::TenantId;
use serde_json::Value;

/// The settings that matter for one partner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The policy itself.
    pub policy: AccessPolicy,
    /// What holds for everybody without settings of their own.
    pub default: AccessSettings,
    /// The partner's own settings; `None` where it has none.
    pub partner: Option<AccessSettings>,
    /// Whether the partner may push people here; `None` where that was never said, which is no.
    pub sync_allowed: Option<bool>,
    /// How large the whole policy is, in bytes of JSON.
    pub size: usize,
}

/// Reads them.
///
/// # Errors
/// When one of them cannot be read: then nothing may be concluded from the others.
pub async fn observe(reader: &SetupReader, partner: TenantId) -> Result<Observed> {
    let policy = reader.access_policy().await?;
    let default = reader.access_default().await?;
    let all = reader.access_partners().await?;
    let size = all.iter().map(size_of).sum();
    let key = partner.to_string();
    let own =
        all.into_iter().find(|settings| settings["tenantId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&key)));
    let own = own.map(serde_json::from_value::<AccessSettings>).transpose().map_err(|error| {
        let request = "GET /policies/crossTenantAccessPolicy/partners";
        GraphError::new(Kind::Malformed, request, format!("the partner's settings could not be read: {error}"))
    })?;
    let sync_allowed = match &own {
        Some(_) => reader.sync_allowed(partner).await?,
        None => None,
    };
    Ok(Observed { policy, default, partner: own, sync_allowed, size })
}

fn size_of(settings: &Value) -> usize {
    settings.to_string().len()
}

impl Observed {
    /// Who of the partner's people may be here.
    pub fn inbound(&self) -> Collaboration {
        self.collaboration(|settings| settings.b2b_collaboration_inbound.as_ref())
    }

    /// Who of this tenant's people may be there.
    pub fn outbound(&self) -> Collaboration {
        self.collaboration(|settings| settings.b2b_collaboration_outbound.as_ref())
    }

    fn collaboration(&self, of: impl Fn(&AccessSettings) -> Option<&Collaboration>) -> Collaboration {
        let default = of(&self.default).cloned().unwrap_or_default();
        self.partner.as_ref().and_then(&of).map_or_else(|| default.clone(), |own| own.or(&default))
    }

    /// What is trusted of the partner's people. What nobody says is no.
    pub fn trust(&self) -> InboundTrust {
        let [own, default] = [self.own_trust(), self.default.inbound_trust.unwrap_or_default()];
        InboundTrust {
            mfa: own.mfa.or(default.mfa).or(Some(false)),
            compliant_device: own.compliant_device.or(default.compliant_device).or(Some(false)),
            hybrid_joined_device: own.hybrid_joined_device.or(default.hybrid_joined_device).or(Some(false)),
        }
    }

    /// The same, only as the partner's own settings say it.
    pub fn own_trust(&self) -> InboundTrust {
        self.partner.as_ref().and_then(|own| own.inbound_trust).unwrap_or_default()
    }

    /// Whether people are spared the question if they agree. What nobody says is no.
    pub fn consent(&self) -> Consent {
        let [own, default] = [self.own_consent(), self.default.automatic_user_consent_settings.unwrap_or_default()];
        Consent {
            inbound_allowed: own.inbound_allowed.or(default.inbound_allowed).or(Some(false)),
            outbound_allowed: own.outbound_allowed.or(default.outbound_allowed).or(Some(false)),
        }
    }

    /// The same, only as the partner's own settings say it.
    pub fn own_consent(&self) -> Consent {
        self.partner.as_ref().and_then(|own| own.automatic_user_consent_settings).unwrap_or_default()
    }
}
