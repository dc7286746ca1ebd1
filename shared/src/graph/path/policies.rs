//! The paths of what else a tenant allows: who may invite, Conditional Access, the multitenant organization, what is bought.

use super::Path;

impl Path {
    /// `GET /policies/authorizationPolicy`.
    pub fn authorization_policy() -> Self {
        let path = "/policies/authorizationPolicy";
        Self::read(path, path, 1)
    }

    /// `GET /identity/conditionalAccess/policies`.
    pub fn conditional_access_policies() -> Self {
        let path = "/identity/conditionalAccess/policies";
        Self::read(path, path, 1)
    }

    /// `GET /tenantRelationships/multiTenantOrganization`.
    pub fn multi_tenant_organization() -> Self {
        let path = "/tenantRelationships/multiTenantOrganization";
        Self::read(path, path, 1)
    }

    /// `GET /organization`: the plans that the tenant has.
    pub fn plans_of_organization() -> Self {
        Self::read("/organization", "/organization", 1).with("$select", "assignedPlans")
    }
}
