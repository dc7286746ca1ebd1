//! The roles that Microsoft Graph offers to applications, as far as anybody here may want one.
//!
//! Their ids are not Microsoft's: whoever wants a role has to look it up by its value.

use super::model::AppRole;
use uuid::{Uuid, uuid};

/// The application id of Microsoft Graph, in every cloud and every tenant.
pub const GRAPH_APP_ID: Uuid = uuid!("00000003-0000-0000-c000-000000000000");

const VALUES: &[&str] = &[
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "AuditLog.Read.All",
    "CrossTenantInformation.ReadBasic.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "LicenseAssignment.Read.All",
    "Mail.Send",
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.CrossTenantAccess",
    "ProvisioningLog.Read.All",
    "RoleEligibilitySchedule.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    "Synchronization.Read.All",
    "Synchronization.ReadWrite.All",
    "User.DeleteRestore.All",
    "User.EnableDisableAccount.All",
    "User.Invite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "User.ReadWrite.CrossCloud",
    "UserAuthMethod-Phone.Read.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
];

/// All of them.
pub(super) fn roles() -> Vec<AppRole> {
    VALUES.iter().map(|value| role(value)).collect()
}

/// The role of this value.
pub(super) fn role(value: &str) -> AppRole {
    AppRole {
        id: Uuid::new_v5(&GRAPH_APP_ID, value.as_bytes()),
        display_name: value.to_owned(),
        value: Some(value.to_owned()),
        member_types: &["Application"],
    }
}
