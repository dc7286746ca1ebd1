//! The paths by which a tenant is set up: policies. What sweeps read of them stays with [`super`].

use super::Path;
use crate::ids::TenantId;

const PARTNER: &str = "/policies/crossTenantAccessPolicy/partners/{id}";
const SYNCHRONIZATION: &str = "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization";

impl Path {
    /// `GET /policies/crossTenantAccessPolicy`, with all that this cloud shows of it.
    pub fn access_policy() -> Self {
        let path = "/policies/crossTenantAccessPolicy";
        Self::read(path, path, 1)
    }

    /// `PATCH /policies/crossTenantAccessPolicy`.
    pub fn change_access_policy() -> Self {
        let path = "/policies/crossTenantAccessPolicy";
        Self::write(path.to_owned(), path)
    }

    /// `GET /policies/crossTenantAccessPolicy/default`, whole.
    pub fn access_default() -> Self {
        let path = "/policies/crossTenantAccessPolicy/default";
        Self::read(path, path, 1)
    }

    /// `GET /policies/crossTenantAccessPolicy/partners`, whole.
    pub fn access_partners() -> Self {
        let path = "/policies/crossTenantAccessPolicy/partners";
        Self::read(path, path, 1)
    }

    /// `POST /policies/crossTenantAccessPolicy/partners`.
    pub fn add_access_partner() -> Self {
        let path = "/policies/crossTenantAccessPolicy/partners";
        Self::write(path.to_owned(), path)
    }

    /// `PATCH /policies/crossTenantAccessPolicy/partners/{id}`.
    pub fn change_access_partner(tenant: TenantId) -> Self {
        Self::write(format!("/policies/crossTenantAccessPolicy/partners/{tenant}"), PARTNER)
    }

    /// `PUT` or `PATCH /policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization`.
    pub fn change_identity_synchronization(tenant: TenantId) -> Self {
        let path = format!("/policies/crossTenantAccessPolicy/partners/{tenant}/identitySynchronization");
        Self::write(path, SYNCHRONIZATION)
    }
}
