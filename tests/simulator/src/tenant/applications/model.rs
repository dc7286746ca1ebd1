//! Service principals, app roles and their assignments.

use super::graph::{GRAPH_APP_ID, role, roles};
use crate::tenant::model::Directory;
use crate::tenant::options::TenantOptions;
use anyhow::{Context, ensure};
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An application's identity in the tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct ServicePrincipal {
    /// Object id.
    pub id: Uuid,
    /// The application's id.
    pub app_id: Uuid,
    /// Name for people.
    pub display_name: String,
    /// What it is the identity of.
    pub kind: PrincipalKind,
    /// The gallery template that it was made from.
    pub template: Option<Uuid>,
    /// The roles that it offers.
    pub app_roles: Vec<AppRole>,
    /// When it was made.
    pub created: Timestamp,
    /// When it can be read.
    pub arrives: Timestamp,
}

/// What a service principal is the identity of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// An application, of this tenant or another.
    Application,
    /// A resource of Azure.
    ManagedIdentity,
}

/// A role that an application offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRole {
    /// Its id.
    pub id: Uuid,
    /// Name for people.
    pub display_name: String,
    /// What stands in tokens.
    pub value: Option<String>,
    /// `Application`, `User`.
    pub member_types: &'static [&'static str],
}

impl AppRole {
    /// One that people have, known by its name.
    pub(in crate::tenant) fn for_users(id: Uuid, name: &str) -> Self {
        Self { id, display_name: name.to_owned(), value: None, member_types: &["User"] }
    }
}

/// A role that somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppRoleAssignment {
    /// Of the assignment; Graph shows it encoded.
    pub id: Uuid,
    /// User, group or service principal.
    pub principal: Uuid,
    /// The service principal whose role it is.
    pub resource: Uuid,
    /// The role's id.
    pub role: Uuid,
    /// Since when.
    pub created: Timestamp,
}

/// The applications of a directory.
#[derive(Debug)]
pub(in crate::tenant) struct Applications {
    pub(super) principals: BTreeMap<Uuid, ServicePrincipal>,
    /// All but the managed identity's at Graph.
    pub(super) assignments: BTreeMap<Uuid, AppRoleAssignment>,
}

impl Applications {
    /// What every tenant has: Graph itself, and the managed identity.
    pub(in crate::tenant) fn new(options: &TenantOptions) -> Self {
        let now = options.clock.now();
        let principal = |id, app_id, display_name: &str, kind, app_roles| ServicePrincipal {
            id,
            app_id,
            display_name: display_name.to_owned(),
            kind,
            template: None,
            app_roles,
            created: now,
            arrives: now,
        };
        let own = options.derived_id("service-principal");
        let graph = options.derived_id("graph-service-principal");
        let all = [
            principal(graph, GRAPH_APP_ID, "Microsoft Graph", PrincipalKind::Application, roles()),
            principal(own, options.client_id(), "Function app", PrincipalKind::ManagedIdentity, Vec::new()),
        ];
        Self {
            principals: all.into_iter().map(|principal| (principal.id, principal)).collect(),
            assignments: BTreeMap::new(),
        }
    }
}

impl Directory {
    /// The object id of Microsoft Graph's own service principal.
    pub fn graph_service_principal(&self) -> Uuid {
        self.derived_id("graph-service-principal")
    }

    /// A service principal, whether it can be read yet or not.
    pub fn service_principal_of(&self, id: Uuid) -> Option<&ServicePrincipal> {
        self.applications.principals.get(&id)
    }

    /// The cloud's Graph does not offer this role to applications, and nobody has it.
    pub fn withdraw_graph_role(&mut self, value: &str) {
        let graph = self.graph_service_principal();
        if let Some(graph) = self.applications.principals.get_mut(&graph) {
            graph.app_roles.retain(|role| role.value.as_deref() != Some(value));
        }
        self.permissions.remove(value);
        self.applications.assignments.retain(|_, assignment| assignment.role != role(value).id);
    }

    /// An administrator lets an application in.
    pub fn create_service_principal(&mut self, display_name: &str) -> Uuid {
        let id = self.new_id();
        let (app_id, now) = (self.derived_id(&format!("app/{id}")), self.clock().now());
        let principal = ServicePrincipal {
            id,
            app_id,
            display_name: display_name.to_owned(),
            kind: PrincipalKind::Application,
            template: None,
            app_roles: Vec::new(),
            created: now,
            arrives: now,
        };
        self.insert_service_principal(principal);
        id
    }

    /// Puts a service principal in, or replaces one.
    pub fn insert_service_principal(&mut self, principal: ServicePrincipal) {
        self.applications.principals.insert(principal.id, principal);
    }

    /// An administrator gives a user, a group or a service principal a role of Graph.
    ///
    /// # Errors
    /// There is no such object, or it has the role already.
    pub fn assign_graph_role(&mut self, principal: Uuid, value: &str) -> anyhow::Result<Uuid> {
        self.assign_app_role(principal, self.graph_service_principal(), role(value).id)
    }

    /// An administrator gives a user, a group or a service principal a role of an application.
    ///
    /// # Errors
    /// There is no such object, or it has the role already.
    pub fn assign_app_role(&mut self, principal: Uuid, resource: Uuid, role: Uuid) -> anyhow::Result<Uuid> {
        self.require_object(principal)?;
        let offers = self.service_principal_of(resource).with_context(|| format!("there is no {resource}"))?;
        let value = offers.app_roles.iter().find(|offered| offered.id == role).and_then(|role| role.value.clone());
        let has = |assignment: &AppRoleAssignment| {
            (assignment.principal, assignment.resource, assignment.role) == (principal, resource, role)
        };
        ensure!(!self.app_role_assignments().iter().any(has), "{principal} has that role of {resource} already");
        let id = self.app_role_assignment_id(principal, resource, role);
        match value {
            Some(value) if self.is_own_at_graph(principal, resource) => {
                self.permissions.insert(value);
            }
            _ => {
                let created = self.now();
                let assignment = AppRoleAssignment { id, principal, resource, role, created };
                self.applications.assignments.insert(id, assignment);
            }
        }
        Ok(id)
    }

    /// An administrator takes a role of an application away.
    ///
    /// # Errors
    /// There is no such assignment.
    pub fn remove_app_role(&mut self, id: Uuid) -> anyhow::Result<()> {
        if self.applications.assignments.remove(&id).is_some() {
            return Ok(());
        }
        let own = self.own_at_graph().into_iter().find(|(_, assignment)| assignment.id == id);
        let (value, _) = own.with_context(|| format!("there is no assignment {id}"))?;
        self.permissions.remove(&value);
        Ok(())
    }

    /// Who has which role of which application.
    pub fn app_role_assignments(&self) -> Vec<AppRoleAssignment> {
        let own = self.own_at_graph().into_iter().map(|(_, assignment)| assignment);
        self.applications.assignments.values().copied().chain(own).collect()
    }

    /// What the managed identity may do at Graph, by the role's value.
    fn own_at_graph(&self) -> Vec<(String, AppRoleAssignment)> {
        let (principal, resource) = (self.service_principal(), self.graph_service_principal());
        let offers = self.service_principal_of(resource).map(|graph| graph.app_roles.as_slice()).unwrap_or_default();
        let created = self.service_principal_of(principal).map(|own| own.created).unwrap_or_default();
        let granted = offers.iter().filter_map(|role| {
            let value = role.value.clone().filter(|value| self.permissions.contains(value))?;
            let id = self.app_role_assignment_id(principal, resource, role.id);
            Some((value, AppRoleAssignment { id, principal, resource, role: role.id, created }))
        });
        granted.collect()
    }

    fn is_own_at_graph(&self, principal: Uuid, resource: Uuid) -> bool {
        principal == self.service_principal() && resource == self.graph_service_principal()
    }

    fn app_role_assignment_id(&self, principal: Uuid, resource: Uuid, role: Uuid) -> Uuid {
        self.derived_id(&format!("app-role/{principal}/{resource}/{role}"))
    }
}
