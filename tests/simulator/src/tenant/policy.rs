//! What the tenant's administrators, and Microsoft's abuse protection, have to say about invitations.
//!
//! Which state of the tenant makes which refusal of `POST /invitations`:
//!
//! | refusal | answer | made by |
//! |---|---|---|
//! | already exists, as itself | 400 "already exists in the directory as objectID" | a redeemed guest, invited again |
//! | already exists, as another | the same with the other's id | a twin with the address, internal or guest |
//! | already exists, disabled | 400 "account is blocked from signing in" | `Directory::set_enabled` |
//! | domain of this tenant | 400 "is a verified domain of this directory" | `TenantOptions::verified_domains` |
//! | address not allowed | 400 "not a valid address" | the address, such as one with a plus |
//! | proxy address of a contact | 400 "same value for property proxyAddresses" | `Directory::insert_other` |
//! | address of a group | 400 "Group email address" | `Directory::insert_group` |
//! | on-premises UPN | 400 "onPremisesUserPrincipalName" | `User::conversion_refused` |
//! | not the user's address | 400 "doesn't match any emails on the user object" | the user's `mail` |
//! | not there, or not yet visible | 404 `Request_ResourceNotFound` | an unknown id; `Directory::lag` |
//! | reset of a role holder | 403 `Authorization_RequestDenied` | `Directory::assign_role` |
//! | permission missing | 403 `Authorization_RequestDenied` | `Directory::permissions` |
//! | unexplained | 403 `Authorization_RequestDenied` | [`InvitationPolicy::unexplained`] |
//! | tenant forbids invitations | 403 "not allowed for your company" | [`InvitationPolicy::allow_invites_from`] |
//! | abuse protection | 403 "suspicious activity" | [`InvitationPolicy::suspicious_activity_block`] |
//! | deny list | 400 "is blocked" | [`DomainBlock::DenyList`] |
//! | own cross-tenant access | 403 "blocked by cross-tenant access settings in" | [`DomainBlock::CrossTenantAccess`], or the settings |
//! | both sides' | 403 "blocked by cross-tenant access settings." | [`DomainBlock::CrossTenantAccessBoth`] |
//! | cross-cloud application off | 403 "Microsoft B2B Cross Cloud Worker" | [`DomainBlock::CrossCloudWorker`] |
//! | any other | any code and words | `Fault::status` with `Fault::message` |

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Who may be invited, and who refuses.
#[derive(Clone, Debug, Default)]
pub struct InvitationPolicy {
    /// `authorizationPolicy.allowInvitesFrom`
    pub allow_invites_from: AllowInvitesFrom,
    /// Microsoft's abuse protection has tripped.
    pub suspicious_activity_block: bool,
    /// Domains that cannot be invited, in lower case, and why.
    pub blocked_domains: BTreeMap<String, DomainBlock>,
    /// Addresses, in lower case, that are refused like a missing permission, without a word of why.
    pub unexplained: BTreeSet<String>,
}

/// Who may invite. The reference page says that an application may not where invitations are off or left to
/// administrators; observations of the latter disagree, and the simulated tenant keeps to the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Cross-tenant access settings of this tenant.
    CrossTenantAccess,
    /// Cross-tenant access settings of both tenants.
    CrossTenantAccessBoth,
    /// The home tenant has switched Microsoft's cross-cloud application off.
    CrossCloudWorker,
}
