//! The clouds that Entra tenants live in: one table of endpoints and capabilities.
//!
//! Responsible for: everything that differs by cloud and is known without asking. Not responsible for: what a tenant in that
//! cloud has configured. Sources: Graph's national cloud deployments, Entra's national cloud authentication endpoints, and
//! the published v1.0 schemas of each cloud (August 2026).

use crate::ids::TenantId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of Microsoft's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The commercial cloud; Microsoft 365 GCC is part of it.
    Global,
    /// US Government L4 (GCC High).
    UsGov,
    /// US Government L5 (`DoD`).
    UsGovDod,
    /// China, operated by 21Vianet.
    China,
}

/// What is known of a cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct CloudFacts {
    /// Root of Graph, without version; also the resource that tokens are for.
    pub graph_root: &'static str,
    /// The authority that issues tokens.
    pub authority: &'static str,
    /// The administrators' portal.
    pub portal: &'static str,
    /// Where people land after redeeming, without the tenant. For `DoD` no page documents it; it shares GCC High's portal
    /// hosts, and so it is taken to share this one.
    pub my_apps: &'static str,
    /// Whether `crossTenantAccessPolicy.allowedCloudEndpoints` exists in v1.0.
    pub allowed_cloud_endpoints: bool,
}

impl Cloud {
    /// All clouds.
    pub const ALL: [Self; 4] = [Self::Global, Self::UsGov, Self::UsGovDod, Self::China];

    /// The facts of this cloud.
    pub const fn facts(self) -> &'static CloudFacts {
        match self {
            Self::Global => &CloudFacts {
                graph_root: "https://graph.microsoft.com",
                authority: "https://login.microsoftonline.com",
                portal: "https://portal.azure.com",
                my_apps: "https://myapps.microsoft.com/",
                allowed_cloud_endpoints: true,
            },
            Self::UsGov => &CloudFacts {
                graph_root: "https://graph.microsoft.us",
                authority: "https://login.microsoftonline.us",
                portal: "https://portal.azure.us",
                my_apps: "https://myapps.microsoft.us/",
                allowed_cloud_endpoints: false,
            },
            Self::UsGovDod => &CloudFacts {
                graph_root: "https://dod-graph.microsoft.us",
                authority: "https://login.microsoftonline.us",
                portal: "https://portal.azure.us",
                my_apps: "https://myapps.microsoft.us/",
                allowed_cloud_endpoints: false,
            },
            Self::China => &CloudFacts {
                graph_root: "https://microsoftgraph.chinacloudapi.cn",
                authority: "https://login.partner.microsoftonline.cn",
                portal: "https://portal.azure.cn",
                my_apps: "https://myapplications.windowsazure.cn/",
                allowed_cloud_endpoints: false,
            },
        }
    }

    /// The page that people of `tenant` see after they redeemed: My Apps of this cloud.
    pub fn my_apps_of(self, tenant: TenantId) -> String {
        format!("{}?tenantid={tenant}", self.facts().my_apps)
    }

    /// Whether B2B collaboration between the two clouds exists: US Government and China cannot be paired.
    pub const fn can_partner_with(self, other: Self) -> bool {
        !matches!(
            (self, other),
            (Self::China, Self::UsGov | Self::UsGovDod) | (Self::UsGov | Self::UsGovDod, Self::China)
        )
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::UsGov => "us-gov",
            Self::UsGovDod => "us-gov-dod",
            Self::China => "china",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn my_apps_carries_the_tenant_and_stays_in_its_cloud() {
        let tenant: TenantId = "11111111-2222-3333-4444-555555555555".parse().unwrap();
        let pages: Vec<_> = Cloud::ALL.iter().map(|cloud| cloud.my_apps_of(tenant)).collect();
        insta::assert_debug_snapshot!(pages, @r#"
        [
            "https://myapps.microsoft.com/?tenantid=11111111-2222-3333-4444-555555555555",
            "https://myapps.microsoft.us/?tenantid=11111111-2222-3333-4444-555555555555",
            "https://myapps.microsoft.us/?tenantid=11111111-2222-3333-4444-555555555555",
            "https://myapplications.windowsazure.cn/?tenantid=11111111-2222-3333-4444-555555555555",
        ]
        "#);
    }

    #[test]
    fn us_government_and_china_cannot_be_partners() {
        for gov in [Cloud::UsGov, Cloud::UsGovDod] {
            assert!(!gov.can_partner_with(Cloud::China) && !Cloud::China.can_partner_with(gov));
            assert!(gov.can_partner_with(Cloud::Global) && Cloud::Global.can_partner_with(gov));
        }
    }
}
