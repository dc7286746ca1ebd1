//! The blocks of cross-tenant access settings, in the shape that Graph has for them: who may do what in a direction, and
//! what is trusted of another tenant.
//!
//! Not responsible for: whose settings they are and what goes by them (`cross_tenant_access`).

use super::error::GraphError;
use serde::{Deserialize, Serialize};

const ALL_USERS: &str = "AllUsers";
const ALL_APPLICATIONS: &str = "AllApplications";

/// Blocks by the names that Graph gives them. Of a partner, one that is null inherits from the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessBlocks {
    /// `b2bCollaborationInbound`
    pub b2b_collaboration_inbound: Option<B2bSetting>,
    /// `b2bCollaborationOutbound`
    pub b2b_collaboration_outbound: Option<B2bSetting>,
    /// `b2bDirectConnectInbound`
    pub b2b_direct_connect_inbound: Option<B2bSetting>,
    /// `b2bDirectConnectOutbound`
    pub b2b_direct_connect_outbound: Option<B2bSetting>,
    /// `inboundTrust`
    pub inbound_trust: Option<InboundTrust>,
    /// `tenantRestrictions`, in the commercial cloud only.
    pub tenant_restrictions: Option<TenantRestrictions>,
}

/// Who may do something in a direction, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct B2bSetting {
    /// `applications`
    pub applications: Option<TargetConfiguration>,
    /// `usersAndGroups`
    pub users_and_groups: Option<TargetConfiguration>,
}

/// Those who are allowed something, or those who are not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetConfiguration {
    /// `accessType`
    pub access_type: AccessType,
    /// `targets`
    pub targets: Vec<AccessTarget>,
}

/// Allowed or blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessType {
    /// `allowed`
    Allowed,
    /// `blocked`
    Blocked,
}

/// Somebody or something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessTarget {
    /// An id, or a word for many.
    pub target: String,
    /// `targetType`
    pub target_type: TargetType,
}

/// What kind of thing a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetType {
    /// `user`
    User,
    /// `group`
    Group,
    /// `application`
    Application,
}

/// What is believed of another tenant's sign-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InboundTrust {
    /// `isMfaAccepted`
    pub is_mfa_accepted: Option<bool>,
    /// `isCompliantDeviceAccepted`
    pub is_compliant_device_accepted: Option<bool>,
    /// `isHybridAzureADJoinedDeviceAccepted`
    #[serde(rename = "isHybridAzureADJoinedDeviceAccepted")]
    pub is_hybrid_joined_device_accepted: Option<bool>,
}

/// Where people of this tenant's network may sign in with accounts of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantRestrictions {
    /// `applications`
    pub applications: Option<TargetConfiguration>,
    /// `usersAndGroups`
    pub users_and_groups: Option<TargetConfiguration>,
    /// `devices`
    pub devices: Option<DevicesFilter>,
}

/// Of which devices something holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DevicesFilter {
    /// `mode`
    pub mode: Option<AccessType>,
    /// `rule`
    pub rule: Option<String>,
}

impl B2bSetting {
    /// The same for all users and all applications.
    pub fn everybody(access: AccessType) -> Self {
        Self {
            applications: Some(TargetConfiguration::all(access, ALL_APPLICATIONS, TargetType::Application)),
            users_and_groups: Some(TargetConfiguration::all(access, ALL_USERS, TargetType::User)),
        }
    }

    /// Whether nobody may do it. Of those who are blocked or allowed singly nothing is known here: they are people of
    /// another directory.
    pub(super) fn blocks_everybody(&self) -> bool {
        self.users_and_groups.as_ref().is_some_and(|part| part.blocks_all(ALL_USERS))
    }

    /// All users are blocked only together with all applications.
    fn check(&self) -> Result<(), GraphError> {
        let (Some(users), Some(applications)) = (&self.users_and_groups, &self.applications) else {
            return Ok(());
        };
        if users.blocks_all(ALL_USERS) == applications.blocks_all(ALL_APPLICATIONS) {
            return Ok(());
        }
        Err(GraphError::bad_request(
            "Users and applications contradict each other: access of all users and to all applications can be \
             blocked together only.",
        ))
    }
}

impl TargetConfiguration {
    fn all(access_type: AccessType, target: &str, target_type: TargetType) -> Self {
        Self { access_type, targets: vec![AccessTarget { target: target.to_owned(), target_type }] }
    }

    fn blocks_all(&self, all: &str) -> bool {
        self.access_type == AccessType::Blocked && self.targets.iter().any(|target| target.target == all)
    }
}

impl AccessBlocks {
    /// What holds in a tenant where nobody has touched anything.
    pub(super) fn of_the_service() -> Self {
        let restricted = B2bSetting::everybody(AccessType::Blocked);
        Self {
            b2b_collaboration_inbound: Some(B2bSetting::everybody(AccessType::Allowed)),
            b2b_collaboration_outbound: Some(B2bSetting::everybody(AccessType::Allowed)),
            b2b_direct_connect_inbound: Some(B2bSetting::everybody(AccessType::Blocked)),
            b2b_direct_connect_outbound: Some(B2bSetting::everybody(AccessType::Blocked)),
            inbound_trust: Some(InboundTrust {
                is_mfa_accepted: Some(false),
                is_compliant_device_accepted: Some(false),
                is_hybrid_joined_device_accepted: Some(false),
            }),
            tenant_restrictions: Some(TenantRestrictions {
                applications: restricted.applications,
                users_and_groups: restricted.users_and_groups,
                devices: None,
            }),
        }
    }

    /// Refuses blocks that contradict themselves.
    pub(super) fn check(&self) -> Result<(), GraphError> {
        let settings = [
            &self.b2b_collaboration_inbound,
            &self.b2b_collaboration_outbound,
            &self.b2b_direct_connect_inbound,
            &self.b2b_direct_connect_outbound,
        ];
        settings.into_iter().flatten().try_for_each(B2bSetting::check)
    }
}
