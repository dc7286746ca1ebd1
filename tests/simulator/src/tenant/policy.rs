//! What the tenant's administrators, and Microsoft's abuse protection, have to say about invitations.

use std::collections::BTreeMap;

/// Who may be invited, and who refuses.
#[derive(Clone, Debug, Default)]
pub struct InvitationPolicy {
    /// `authorizationPolicy.allowInvitesFrom`
    pub allow_invites_from: AllowInvitesFrom,
    /// Microsoft's abuse protection has tripped.
    pub suspicious_activity_block: bool,
    /// Domains that cannot be invited, in lower case, and why.
    pub blocked_domains: BTreeMap<String, DomainBlock>,
}

/// Who may invite. The reference page says that an application may not where invitations are off or left to
/// administrators; observations of the latter disagree, and the simulated tenant keeps to the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowInvitesFrom {
    /// Nobody.
    None,
    /// Administrators and those in the role Guest Inviter.
    AdminsAndGuestInviters,
    /// The same, and all members.
    AdminsGuestInvitersAndAllMembers,
    /// Guests too.
    #[default]
    Everyone,
}

/// Why a domain cannot be invited. Status and code of these refusals are not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainBlock {
    /// The list of allowed or denied domains.
    DenyList,
    /// Cross-tenant access settings of either side.
    CrossTenantAccess,
    /// The home tenant has switched Microsoft's cross-cloud application off.
    CrossCloudWorker,
}
