//! Graph's JSON, as far as usher reads it.
//!
//! Responsible for: telling "null" from "not in the answer", where the difference is evidence. Not responsible for: what it
//! means; see [`crate::people::person`].

use crate::ids::{TenantId, UserId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A property that was selected: a value, `null`, or not in the answer at all. The last is no evidence of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Not in the answer.
    #[default]
    Missing,
    /// Present and `null`.
    Null,
    /// Present with a value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// One page of a collection.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
}

/// One page of changes.
#[derive(Debug, Deserialize)]
pub(super) struct DeltaPage<T> {
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta_link: Option<String>,
}

/// A user in change tracking: what it is now, or that it is gone.
#[derive(Debug, Deserialize)]
pub(super) struct ChangedUser {
    #[serde(rename = "@removed")]
    pub(super) removed: Option<serde::de::IgnoredAny>,
    #[serde(flatten)]
    pub(super) user: User,
}

/// A group in change tracking: whose membership changed.
#[derive(Debug, Deserialize)]
pub(super) struct ChangedGroup {
    #[serde(default, rename = "members@delta")]
    pub(super) members: Vec<ObjectId>,
}

/// The answer of `checkMemberGroups`.
#[derive(Debug, Deserialize)]
pub(super) struct GroupIds {
    pub(super) value: Vec<Uuid>,
}

/// `organization`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant's id.
    pub id: TenantId,
    /// Its domains; those listed are verified.
    pub verified_domains: Vec<VerifiedDomain>,
}

/// `verifiedDomain`.
#[derive(Debug, Deserialize)]
pub struct VerifiedDomain {
    /// The domain's name.
    pub name: String,
}

/// `user`, with what the sweep selects; see [`USER_SELECT`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Object id.
    pub id: UserId,
    /// User principal name; holds `#EXT#` for people who were invited.
    pub user_principal_name: Option<String>,
    /// Primary address.
    pub mail: Option<String>,
    /// Further addresses.
    #[serde(default)]
    pub other_mails: Option<Vec<String>>,
    /// Addresses with their protocol, such as `SMTP:person@fabrikam.us`.
    #[serde(default)]
    pub proxy_addresses: Option<Vec<String>>,
    /// Ways to sign in.
    #[serde(default)]
    pub identities: Field<Vec<ObjectIdentity>>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<UserType>,
    /// Whether signing in is allowed.
    #[serde(default)]
    pub account_enabled: Field<bool>,
    /// How the account came to be; null for one that was made here.
    #[serde(default)]
    pub creation_type: Field<String>,
    /// `PendingAcceptance`, `Accepted`, or null.
    #[serde(default)]
    pub external_user_state: Field<String>,
    /// When that changed last.
    #[serde(default)]
    pub external_user_state_change_date_time: Option<Timestamp>,
    /// When the object was made.
    #[serde(default)]
    pub created_date_time: Option<Timestamp>,
    /// Whether Entra Connect masters it; null and false both say no.
    #[serde(default)]
    pub on_premises_sync_enabled: Field<bool>,
    /// The name on-premises. It decides nothing; see the crate's documentation of conversions.
    #[serde(default)]
    pub on_premises_user_principal_name: Option<String>,
    /// `extensionAttribute1` … `15`.
    #[serde(default)]
    pub on_premises_extension_attributes: Option<BTreeMap<String, Option<String>>>,
    /// Service plans; only in the closer look at one person.
    #[serde(default)]
    pub assigned_plans: Field<Vec<AssignedPlan>>,
    /// Licences; only in the closer look at one person.
    #[serde(default)]
    pub assigned_licenses: Field<Vec<serde::de::IgnoredAny>>,
    /// When the object was deleted softly; only among deleted objects.
    #[serde(default)]
    pub deleted_date_time: Option<Timestamp>,
    /// The last sign-ins; only in the list of them.
    #[serde(default)]
    pub sign_in_activity: Option<SignInActivity>,
    /// Whatever else was selected.
    #[serde(flatten)]
    pub others: BTreeMap<String, serde_json::Value>,
}

/// `signInActivity`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignInActivity {
    /// The last interactive attempt, failed ones included.
    last_sign_in_date_time: Option<Timestamp>,
    /// The last one by a client on the person's behalf.
    last_non_interactive_sign_in_date_time: Option<Timestamp>,
    /// The last that succeeded, since December 2023.
    last_successful_sign_in_date_time: Option<Timestamp>,
}

impl SignInActivity {
    /// The newest of the three; `None` where there is none, which says nothing.
    pub fn newest(self) -> Option<Timestamp> {
        let Self {
            last_sign_in_date_time: interactive,
            last_non_interactive_sign_in_date_time: other,
            last_successful_sign_in_date_time: successful,
        } = self;
        interactive.max(other).max(successful)
    }
}

/// What the sweep selects of each user.
pub const USER_SELECT: &str = "id,userPrincipalName,mail,otherMails,proxyAddresses,identities,userType,accountEnabled,\
    creationType,externalUserState,externalUserStateChangeDateTime,createdDateTime,onPremisesSyncEnabled,\
    onPremisesUserPrincipalName";

/// `userType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UserType {
    /// A member of the organisation, as far as permissions are concerned.
    Member,
    /// A guest.
    Guest,
    /// A type that this usher does not know; never sent.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// `objectIdentity`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectIdentity {
    /// `userPrincipalName`, `federated`, `emailAddress`, …
    pub sign_in_type: Option<String>,
    /// Who vouches for it.
    pub issuer: Option<String>,
    /// The name there.
    pub issuer_assigned_id: Option<String>,
}

/// `assignedPlan`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignedPlan {
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut` or `Deleted`.
    pub capability_status: Option<String>,
    /// The service, such as `exchange`.
    pub service: Option<String>,
    /// The plan.
    pub service_plan_id: Option<Uuid>,
}

/// Any directory object of which only the id matters.
#[derive(Debug, Deserialize)]
pub(super) struct ObjectId {
    pub(super) id: Uuid,
}

/// A user of whom only the name matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub(super) display_name: Option<String>,
}

/// An active or eligible directory role of a principal.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RolePrincipal {
    pub(super) principal_id: Option<Uuid>,
}

/// A partner's or the default cross-tenant access settings, as far as they are read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CrossTenantAccess {
    pub(super) automatic_user_consent_settings: Option<AutomaticConsent>,
}

/// `inboundOutboundPolicyConfiguration`; null inherits.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AutomaticConsent {
    pub(super) inbound_allowed: Option<bool>,
}

/// `crossTenantIdentitySyncPolicyPartner`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct IdentitySynchronization {
    pub(super) user_sync_inbound: Option<UserSyncInbound>,
}

/// `crossTenantUserSyncInbound`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserSyncInbound {
    pub(super) is_sync_allowed: Option<bool>,
}

/// `directoryAudit`: who did something.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DirectoryAudit {
    pub(super) activity_date_time: Timestamp,
    pub(super) activity_display_name: Option<String>,
    pub(super) initiated_by: Option<InitiatedBy>,
    #[serde(default)]
    pub(super) target_resources: Vec<TargetResource>,
}

/// `targetResource`.
#[derive(Debug, Deserialize)]
pub(super) struct TargetResource {
    pub(super) id: Option<Uuid>,
}

/// `auditActivityInitiator`; whatever is no user is an application.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InitiatedBy {
    pub(super) user: Option<UserInitiator>,
}

/// `userIdentity`, as far as it matters. Entra Connect writes under an account of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserInitiator {
    pub(super) user_principal_name: Option<String>,
}

/// `invitation`, as far as the answer matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The user whom the invitation made or converted.
    pub invited_user: Option<InvitedUser>,
}

/// The `invitedUser` of an invitation.
#[derive(Debug, Deserialize)]
pub struct InvitedUser {
    /// Object id.
    pub id: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_not_in_the_answer_is_not_null() {
        let id = "00000000-0000-0000-0000-000000000001";
        let user: User = serde_json::from_str(&format!(r#"{{"id":"{id}","creationType":null}}"#)).unwrap();
        assert_eq!(user.creation_type, Field::Null);
        assert_eq!(user.external_user_state, Field::Missing);
        assert_eq!(user.account_enabled, Field::Missing);
    }
}
