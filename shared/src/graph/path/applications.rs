//! The paths of applications, their permissions, and directory roles.

use super::{Path, literal};
use uuid::Uuid;

const BY_ID: &str = "/servicePrincipals/{id}";
const BY_APPLICATION: &str = "/servicePrincipals(appId='{id}')";
const ASSIGNMENTS: &str = "/servicePrincipals/{id}/appRoleAssignments";
const ROLES: &str = "/roleManagement/directory/roleAssignments";

impl Path {
    /// `GET /servicePrincipals/{id}`.
    pub fn service_principal(id: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{id}"), BY_ID, 1).with("$select", "id,appId,displayName")
    }

    /// `GET /servicePrincipals(appId='{id}')`, with the application permissions that it offers.
    pub fn service_principal_of(application: Uuid) -> Self {
        Self::read(format!("/servicePrincipals(appId='{application}')"), BY_APPLICATION, 1)
            .with("$select", "id,appId,displayName,appRoles")
    }

    /// `GET /servicePrincipals/{id}/appRoleAssignments`: what it may do.
    pub fn app_role_assignments(id: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{id}/appRoleAssignments"), ASSIGNMENTS, 1)
    }

    /// `POST /servicePrincipals/{id}/appRoleAssignments`.
    pub fn assign_app_role(id: Uuid) -> Self {
        Self::write(format!("/servicePrincipals/{id}/appRoleAssignments"), ASSIGNMENTS)
    }

    /// `DELETE /servicePrincipals/{id}/appRoleAssignments/{assignment}`. The assignment's id is Graph's own text.
    pub fn app_role_assignment(id: Uuid, assignment: &str) -> Self {
        let assignment = percent_encoding::utf8_percent_encode(assignment, percent_encoding::NON_ALPHANUMERIC);
        let template = "/servicePrincipals/{id}/appRoleAssignments/{assignment}";
        Self::write(format!("/servicePrincipals/{id}/appRoleAssignments/{assignment}"), template)
    }

    /// `GET /roleManagement/directory/roleAssignments`: whether a principal holds a directory role.
    pub fn role_assignments_of_principal(principal: Uuid, role: Uuid) -> Self {
        let filter = format!(
            "principalId eq {} and roleDefinitionId eq {}",
            literal(&principal.to_string()),
            literal(&role.to_string())
        );
        Self::read(ROLES, ROLES, 1).with("$filter", &filter)
    }

    /// `POST /roleManagement/directory/roleAssignments`.
    pub fn assign_role() -> Self {
        Self::write(ROLES.to_owned(), ROLES)
    }
}
