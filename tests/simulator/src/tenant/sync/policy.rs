//! What both tenants have to allow before a synchronisation works.

use crate::cloud::Cloud;
use crate::tenant::model::Directory;
use std::fmt::Write;
use uuid::Uuid;

/// Why a synchronisation cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Refuses what either side does not allow. `target` is the tenant of the id, if there is one.
pub(super) fn check(source: &Directory, target: Option<&Directory>, id: Option<Uuid>) -> Result<(), Trouble> {
    let unknown = || Trouble {
        code: "ExternalTenantNotFound",
        message: format!("Tenant {} was not found.", id.unwrap_or_default()),
    };
    let target = target.ok_or_else(unknown)?;
    if half(source.cloud()) != half(target.cloud()) {
        if !source.sync.across_clouds {
            return Err(unknown());
        }
        if !takes_other_clouds(target) {
            return Err(Trouble {
                code: "AzureActiveDirectoryTokenExpired",
                message: "The target tenant does not allow synchronization from other clouds.".to_owned(),
            });
        }
    }
    let (here, there) = (source.tenant_id(), target.tenant_id());
    let outbound = source.cross_tenant_access.partners.get(&there).and_then(|partner| partner.consent);
    let partner = target.cross_tenant_access.partners.get(&here);
    let inbound = partner.and_then(|partner| partner.consent);
    let sync = partner.and_then(|partner| partner.synchronization.as_ref());
    let mut message = String::new();
    let mut missing = |is_there: bool, what: &str, tenant: Uuid| {
        if !is_there {
            // Writing to a text cannot fail.
            let _ = write!(message, "{what} is not enabled in tenant {tenant}. ");
        }
    };
    missing(outbound.and_then(|consent| consent.outbound) == Some(true), "Outbound automatic redemption", here);
    missing(inbound.and_then(|consent| consent.inbound) == Some(true), "Inbound automatic redemption", there);
    missing(sync.is_some_and(|sync| sync.is_sync_allowed), "Inbound user synchronization", there);
    if message.is_empty() {
        return Ok(());
    }
    let code = if source.sync.older_policy_code {
        "AzureDirectoryB2BManagementPolicyCheckFailure"
    } else {
        "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure"
    };
    Err(Trouble { code, message: message.trim_end().to_owned() })
}

/// Both levels of US Government are one cloud here.
fn half(cloud: Cloud) -> Cloud {
    if cloud == Cloud::UsGovDod { Cloud::UsGov } else { cloud }
}

/// Whether Microsoft's application for other clouds has what it needs.
fn takes_other_clouds(target: &Directory) -> bool {
    let graph = target.service_principal_of(target.graph_service_principal());
    let mut roles = graph.into_iter().flat_map(|graph| &graph.app_roles);
    let role = roles.find(|role| role.value.as_deref() == Some("User.ReadWrite.CrossCloud"));
    let own = target.service_principal();
    role.is_some_and(|role| {
        target.app_role_assignments().iter().any(|given| given.role == role.id && given.principal != own)
    })
}
