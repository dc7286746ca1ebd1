//! Service principals: which application permissions they offer and hold, and directory roles of theirs.

use super::{Age, SetupReader, SetupWriter};
use crate::graph::error::Result;
use crate::graph::path::Path;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Microsoft Graph's own application id, the same in every cloud.
const GRAPH: Uuid = Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000);
/// The template of the directory role Guest Inviter, the same in every tenant.
const GUEST_INVITER: Uuid = Uuid::from_u128(0x95e7_9109_95c0_4d8e_aee3_d01a_ccf2_d47b);
/// What Graph says of something that is there already.
const THERE_ALREADY: [&str; 2] = ["already exists", "conflicting object"];

/// An application in this tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Its object id in this tenant.
    pub id: Uuid,
    /// Its application (client) id.
    pub app_id: Uuid,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The permissions that it offers.
    #[serde(default)]
    pub app_roles: Vec<AppRole>,
}

/// A permission that an application offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// Its id.
    pub id: Uuid,
    /// Its name, such as `User.Read.All`.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether it can be given.
    #[serde(default)]
    pub is_enabled: Option<bool>,
}

/// A permission that a principal holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAssignment {
    /// Its id, in Graph's own form.
    pub id: String,
    /// Which permission.
    pub app_role_id: Uuid,
    /// Whose permission it is: the object id of the application that offers it.
    pub resource_id: Uuid,
}

impl ServicePrincipal {
    /// The permission of that name, if it is offered here.
    pub fn app_role(&self, name: &str) -> Option<Uuid> {
        let offered = |role: &&AppRole| role.value.as_deref() == Some(name) && role.is_enabled != Some(false);
        self.app_roles.iter().find(offered).map(|role| role.id)
    }

    /// The name of a permission.
    pub fn name_of(&self, role: Uuid) -> Option<&str> {
        self.app_roles.iter().find(|offered| offered.id == role)?.value.as_deref()
    }
}

impl SetupReader {
    /// Microsoft Graph in this tenant, with the permissions that it offers in this cloud.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn graph(&self) -> Result<ServicePrincipal> {
        self.get(&Path::service_principal_of(GRAPH)).await
    }

    /// The application of that object id or application (client) id.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn service_principal(&self, id: Uuid) -> Result<Option<ServicePrincipal>> {
        match self.find(&Path::service_principal(id)).await? {
            Some(found) => Ok(Some(found)),
            None => self.find(&Path::service_principal_of(id)).await,
        }
    }

    /// The application permissions that a principal holds, of all resources.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn app_role_assignments(&self, principal: Uuid) -> Result<Vec<AppRoleAssignment>> {
        self.all(Path::app_role_assignments(principal)).await
    }

    /// Whether a principal holds the directory role Guest Inviter.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn is_guest_inviter(&self, principal: Uuid) -> Result<bool> {
        let found: Vec<Value> = self.all(Path::role_assignments_of_principal(principal, GUEST_INVITER)).await?;
        Ok(!found.is_empty())
    }
}

impl SetupWriter {
    /// Gives a principal a permission. One that it has already is no error.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn grant(&self, principal: Uuid, resource: Uuid, role: Uuid) -> Result<()> {
        let body = json!({ "principalId": principal, "resourceId": resource, "appRoleId": role });
        let path = Path::assign_app_role(principal);
        unless_there(self.write(Method::POST, &path, Some(&body), Age::Known).await)
    }

    /// Takes a permission from a principal. One that it does not have any more is no error.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn revoke(&self, principal: Uuid, assignment: &str) -> Result<()> {
        let path = Path::app_role_assignment(principal, assignment);
        match self.write(Method::DELETE, &path, None, Age::Known).await {
            Err(error) if error.status == Some(404) => Ok(()),
            said => said,
        }
    }

    /// Makes a principal a Guest Inviter. One that is it already is no error.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn make_guest_inviter(&self, principal: Uuid) -> Result<()> {
        let body = json!({ "principalId": principal, "roleDefinitionId": GUEST_INVITER, "directoryScopeId": "/" });
        unless_there(self.write(Method::POST, &Path::assign_role(), Some(&body), Age::Known).await)
    }
}

pub(super) fn unless_there(result: Result<()>) -> Result<()> {
    result.or_else(|error| match error.message() {
        said if THERE_ALREADY.iter().any(|words| said.contains(words)) => Ok(()),
        _ => Err(error),
    })
}
