//! What else a tenant allows: who may invite, Conditional Access, the multitenant organization, what is bought.
//!
//! Wire forms: Graph v1.0. What a cloud's Graph does not show is none.

use super::SetupReader;
use crate::graph::error::{GraphError, Kind, Result};
use crate::graph::model::Page;
use crate::graph::path::Path;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// `authorizationPolicy`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationPolicy {
    /// Who may invite: `none`, `adminsAndGuestInviters`, `adminsGuestInvitersAndAllMembers` or `everyone`.
    pub allow_invites_from: Option<String>,
}

/// `conditionalAccessPolicy`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConditionalAccess {
    /// What the administrators call it.
    pub display_name: Option<String>,
    /// `enabled`, `disabled` or `enabledForReportingButNotEnforced`.
    pub state: Option<String>,
    /// When it is meant.
    pub conditions: Conditions,
    /// What it asks for; `None` for nothing.
    pub grant_controls: Option<GrantControls>,
}

/// `conditionalAccessConditionSet`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// Whom.
    pub users: Option<CoveredUsers>,
    /// With which applications.
    pub applications: Option<CoveredApplications>,
    /// With which kinds of program.
    pub client_app_types: Option<Vec<String>>,
    /// Everything else, which narrows it where it is set.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// `conditionalAccessUsers`, as far as external users can be told by it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CoveredUsers {
    /// Object ids, or words such as `All` and `GuestsOrExternalUsers`.
    pub include_users: Option<Vec<String>>,
    /// The same.
    pub exclude_users: Option<Vec<String>>,
    /// External users by kind and tenant.
    pub include_guests_or_external_users: Option<ExternalKinds>,
    /// The same.
    pub exclude_guests_or_external_users: Option<ExternalKinds>,
}

/// `conditionalAccessGuestsOrExternalUsers`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalKinds {
    /// The kinds, separated by commas.
    pub guest_or_external_user_types: Option<String>,
    /// The tenants.
    pub external_tenants: Option<ExternalTenants>,
}

/// `conditionalAccessExternalTenants`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalTenants {
    /// `all` or `enumerated`.
    pub membership_kind: Option<String>,
    /// The tenants that are enumerated.
    pub members: Option<Vec<String>>,
}

/// `conditionalAccessApplications`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CoveredApplications {
    /// Application ids, or `All`.
    pub include_applications: Option<Vec<String>>,
}

/// `conditionalAccessGrantControls`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantControls {
    /// `OR` or `AND`.
    pub operator: Option<String>,
    /// `mfa`, `block`, …
    pub built_in_controls: Option<Vec<String>>,
    /// A kind of multifactor authentication.
    pub authentication_strength: Option<Value>,
}

/// `multiTenantOrganization`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultiTenantOrganization {
    /// What it is called.
    pub display_name: Option<String>,
    /// `active`, or `inactive` while it is being made.
    pub state: Option<String>,
}

/// `assignedPlan` of the organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut` or `Deleted`.
    #[serde(default)]
    pub capability_status: Option<String>,
    /// Which.
    #[serde(default)]
    pub service_plan_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bought {
    #[serde(default)]
    assigned_plans: Vec<Plan>,
}

impl SetupReader {
    /// Who may do what in the tenant.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn authorization_policy(&self) -> Result<AuthorizationPolicy> {
        self.get(&Path::authorization_policy()).await
    }

    /// All policies of Conditional Access.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn conditional_access(&self) -> Result<Vec<ConditionalAccess>> {
        self.all(Path::conditional_access_policies()).await
    }

    /// The multitenant organization that the tenant is in, if it is in one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn multi_tenant_organization(&self) -> Result<Option<MultiTenantOrganization>> {
        self.find(&Path::multi_tenant_organization()).await
    }

    /// The plans that the tenant has.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn plans(&self) -> Result<Vec<Plan>> {
        let page: Page<Bought> = self.get(&Path::plans_of_organization()).await?;
        let missing = || GraphError::new(Kind::Malformed, "GET /organization", "the answer names no organization");
        page.value.into_iter().next().map(|bought| bought.assigned_plans).ok_or_else(missing)
    }
}
