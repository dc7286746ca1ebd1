//! Which permissions of Microsoft Graph the function app's identity needs for a configuration, and why.
//!
//! Responsible for: the list, as short as it can be. Not responsible for: granting it, see [`crate::grant`]; nor the
//! permissions of the commands that set tenants up, which a person signs in with.

use crate::config::{Config, Partner};
use serde::Serialize;

/// Lets an application invite.
pub const INVITE: &str = "User.Invite.All";

/// An application permission of Microsoft Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// Its name, such as `User.Read.All`.
    pub name: &'static str,
    /// What it is for.
    pub why: &'static str,
}

/// What the identity does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duties {
    /// It reads and invites. Whatever changes or takes away is refused by Graph, and told.
    Inviting,
    /// It does all that the configuration says.
    #[default]
    Lifecycle,
}

/// The permissions that the configuration in force needs for these duties, and no others, in the order of their names.
pub fn needed(config: &Config, duties: Duties) -> Vec<Permission> {
    let any = |wants: fn(&Partner) -> bool| config.partners.iter().any(wants);
    let all = duties == Duties::Lifecycle;
    let watches = any(|partner| partner.sync.as_ref().is_some_and(|sync| sync.watch));
    let list = [
        (true, "User.Read.All", "reading people"),
        (true, "Organization.Read.All", "this tenant's own domains"),
        (
            true,
            "GroupMember.Read.All",
            "who is in the groups of the scope, in the protected group, or has a role by a group",
        ),
        (true, "RoleManagement.Read.Directory", "who holds a directory role and is never touched"),
        (
            true,
            "Policy.Read.All",
            "whether invitations are redeemed automatically, and whether cross-tenant synchronization may own people",
        ),
        (true, INVITE, "inviting and converting"),
        (all, "User.ReadWrite.All", "resetting a redemption, values, sponsors, disabling, deleting, giving back"),
        (all && any(|partner| !partner.invite.groups.is_empty()), "GroupMember.ReadWrite.All", "invite.groups"),
        (
            all && any(|partner| partner.inactive.disable_after_days > 0),
            "AuditLog.Read.All",
            "inactive: when people signed in last",
        ),
        (watches, "Application.Read.All", "sync.watch: finding the synchronization"),
        (watches, "Synchronization.Read.All", "sync.watch: its health"),
        (watches, "ProvisioningLog.Read.All", "sync.watch: its errors"),
    ];
    let mut needed: Vec<_> =
        list.into_iter().filter(|(wanted, ..)| *wanted).map(|(_, name, why)| Permission { name, why }).collect();
    needed.sort_by_key(|permission| permission.name);
    needed
}

/// What the configuration in force needs and is not among the permissions that are held, nor included in one of them.
pub fn missing<'a>(config: &Config, held: impl Iterator<Item = &'a str>) -> Vec<Permission> {
    let held: Vec<_> = held.collect();
    let mut needed = needed(config, Duties::Lifecycle);
    needed.retain(|one| !held.iter().any(|held| includes(held, one.name)));
    needed
}

/// Whether a permission is worth keeping although nothing fails without it: who disabled an account is read from the audit
/// log, and unknown without.
pub fn is_of_use(config: &Config, name: &str) -> bool {
    let respects = config.partners.iter().any(|partner| partner.leave.respect_people);
    respects && matches!(name, "AuditLog.Read.All" | "Directory.Read.All")
}

/// Permissions that include another: who has the wider one can do what the narrower one is for. Inviting is not among them:
/// tenants were seen that refuse who has not that very permission.
pub fn includes(held: &str, needed: &str) -> bool {
    held == needed
        || match needed {
            "User.Read.All" => matches!(held, "User.ReadWrite.All" | "Directory.Read.All" | "Directory.ReadWrite.All"),
            "Organization.Read.All" => matches!(held, "Directory.Read.All" | "Directory.ReadWrite.All"),
            "GroupMember.Read.All" => matches!(
                held,
                "GroupMember.ReadWrite.All"
                    | "Group.Read.All"
                    | "Group.ReadWrite.All"
                    | "Directory.Read.All"
                    | "Directory.ReadWrite.All"
            ),
            "RoleManagement.Read.Directory" => {
                matches!(held, "RoleManagement.ReadWrite.Directory" | "RoleManagement.Read.All")
            }
            "User.ReadWrite.All" => held == "Directory.ReadWrite.All",
            "GroupMember.ReadWrite.All" => matches!(held, "Group.ReadWrite.All" | "Directory.ReadWrite.All"),
            "Application.Read.All" => {
                matches!(held, "Application.ReadWrite.All" | "Directory.Read.All" | "Directory.ReadWrite.All")
            }
            "Synchronization.Read.All" => held == "Synchronization.ReadWrite.All",
            "ProvisioningLog.Read.All" => held == "AuditLog.Read.All",
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::fixtures::config;

    fn names(config: &Config, duties: Duties) -> Vec<&'static str> {
        needed(config, duties).into_iter().map(|permission| permission.name).collect()
    }

    #[test]
    fn a_plain_configuration_needs_the_least() {
        let plain = config("", "", "", "");
        let inviting = [
            "GroupMember.Read.All",
            "Organization.Read.All",
            "Policy.Read.All",
            "RoleManagement.Read.Directory",
            "User.Invite.All",
            "User.Read.All",
        ];
        assert_eq!(names(&plain, Duties::Inviting), inviting);
        assert_eq!(names(&plain, Duties::Lifecycle), [&inviting[..], &["User.ReadWrite.All"]].concat());
    }

    #[test]
    fn what_the_configuration_asks_for_is_added_with_it() {
        let group = uuid::Uuid::from_u128(7);
        let rest = format!(
            "[partner.invite]\ngroups = [\"{group}\"]\n[partner.inactive]\ndisable_after_days = 90\n[partner.sync]\ngroups = [\"{group}\"]"
        );
        let added: Vec<_> = {
            let plain = names(&config("", "", "", ""), Duties::Lifecycle);
            let all = names(&config("", "", "", &rest), Duties::Lifecycle);
            all.into_iter().filter(|name| !plain.contains(name)).collect()
        };
        let expected = [
            "Application.Read.All",
            "AuditLog.Read.All",
            "GroupMember.ReadWrite.All",
            "ProvisioningLog.Read.All",
            "Synchronization.Read.All",
        ];
        assert_eq!(added, expected);
    }

    #[test]
    fn the_bicep_that_grants_permissions_names_the_same_for_the_same_reasons() {
        let bicep = include_str!("../../infra/graph-permissions.bicep");
        let list = |variable: &str| -> Vec<&str> {
            let start = bicep.find(&format!("var {variable} = ")).unwrap();
            // The next declaration, or the blank line after the last one.
            let end = ["\nvar ", "\n\n"].into_iter().filter_map(|end| bicep[start..].find(end)).min().unwrap();
            // Every second piece stands between quotes.
            bicep[start..start + end].split('\'').skip(1).step_by(2).collect()
        };
        let added = |rest: &str, duties| -> Vec<_> {
            let plain = names(&config("", "", "", ""), duties);
            names(&config("", "", "", rest), duties).into_iter().filter(|name| !plain.contains(name)).collect()
        };
        let group = uuid::Uuid::from_u128(7);
        let lifecycle = |rest: &str| added(rest, Duties::Lifecycle);
        assert_eq!(list("always"), names(&config("", "", "", ""), Duties::Inviting));
        assert_eq!([list("always"), list("lifecycle")].concat(), names(&config("", "", "", ""), Duties::Lifecycle));
        assert_eq!(list("groups"), lifecycle(&format!("[partner.invite]\ngroups = [\"{group}\"]")));
        assert_eq!(list("signIns"), lifecycle("[partner.inactive]\ndisable_after_days = 90"));
        assert_eq!(list("sync"), lifecycle(&format!("[partner.sync]\ngroups = [\"{group}\"]")));
        assert_eq!(list("sync"), added(&format!("[partner.sync]\ngroups = [\"{group}\"]"), Duties::Inviting));
    }

    #[test]
    fn a_wider_permission_serves_but_never_for_inviting() {
        assert!(includes("Directory.ReadWrite.All", "User.Read.All"));
        assert!(!includes("Directory.ReadWrite.All", "User.Invite.All"));
        assert!(!includes("User.Read.All", "User.ReadWrite.All"));
    }
}
