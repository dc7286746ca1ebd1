//! The clouds in which a simulated tenant can stand.

/// One of Microsoft's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// The commercial cloud, GCC included.
    Global,
    /// US Government L4 (GCC High).
    UsGov,
    /// US Government L5 (`DoD`).
    UsGovDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    /// The root of Graph in this cloud: the audience that a token must carry, wherever the simulated tenant listens.
    pub fn graph_root(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::UsGovDod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// What cross-tenant access settings call the cloud.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::Global => "microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "microsoftonline.us",
            Self::China => "partner.microsoftonline.cn",
        }
    }

    /// The host that redeem links of this cloud start with (documented for the commercial cloud only).
    pub fn login_root(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::UsGovDod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        }
    }
}
