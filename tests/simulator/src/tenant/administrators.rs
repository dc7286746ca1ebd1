//! The directory roles of those who set tenants up, and who has them.
//!
//! Not responsible for: how Graph shows assignments (`roles`), nor which call needs which role.

use super::model::Directory;
use std::collections::BTreeSet;
use uuid::{Uuid, uuid};

/// A built-in directory role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdministratorRole {
    /// Applications, and consent to what is not Graph's own.
    Application,
    /// How people sign in who are no administrators.
    Authentication,
    /// The same as [`Self::Application`], without the application proxy.
    CloudApplication,
    /// Everything.
    Global,
    /// Reading everything.
    GlobalReader,
    /// Provisioning and what else joins two directories.
    HybridIdentity,
    /// How anybody signs in.
    PrivilegedAuthentication,
    /// Roles and permissions.
    PrivilegedRole,
    /// Policies.
    Security,
}

impl AdministratorRole {
    /// The id of the role, the same in every tenant.
    pub fn id(self) -> Uuid {
        match self {
            Self::Application => uuid!("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
            Self::Authentication => uuid!("c4e39bd9-1100-46d3-8c65-fb160da0071f"),
            Self::CloudApplication => uuid!("158c047a-c907-4556-b7ef-446551a6b5f7"),
            Self::Global => uuid!("62e90394-69f5-4237-9190-012177145e10"),
            Self::GlobalReader => uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
            Self::HybridIdentity => uuid!("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"),
            Self::PrivilegedAuthentication => uuid!("7be44c8a-adaf-4e2a-84d6-ab2649e08a13"),
            Self::PrivilegedRole => uuid!("e8611ab8-c189-46e8-94e1-60213ab1f814"),
            Self::Security => uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d"),
        }
    }
}

impl Directory {
    /// The roles that somebody has now, directly or by a group.
    pub(super) fn roles_of(&self, id: Uuid) -> BTreeSet<Uuid> {
        let groups = self.groups_of(id);
        let assignments = self.role_assignments.values();
        let own = assignments.filter(|role| role.principal == id || groups.contains(&role.principal));
        own.map(|role| role.role).collect()
    }
}
