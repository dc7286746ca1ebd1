//! Applications as a tenant sees them: service principals, the roles that they offer, and who has one.
//!
//! The managed identity's roles at Graph are what `Directory::permissions` says, and nothing else is: assigning one
//! puts it there, and taking one away takes it out.
//!
//! - `model`, `graph`: what there is; Graph's own roles.
//! - `routes`, `principals`, `assignments`: `/servicePrincipals` and below, synchronisation aside (`sync`).

mod assignments;
mod graph;
mod model;
mod principals;
mod routes;

pub use graph::GRAPH_APP_ID;
pub use model::{AppRole, AppRoleAssignment, PrincipalKind, ServicePrincipal};

pub(super) use model::Applications;
pub(super) use principals::{shown, shown_application};
pub(super) use routes::{Named, dispatch, is_principals};
