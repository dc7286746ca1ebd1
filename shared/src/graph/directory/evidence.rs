//! Evidence that is read only when a decision needs it: roles, audits, cross-tenant access.
//!
//! Responsible for: what Graph says about these, and what its errors mean. Not responsible for: users and groups; see
//! [`super`].

use super::{Directory, Result};
use crate::graph::batch::Item;
use crate::graph::error::{GraphError, Kind};
use crate::graph::model::{CrossTenantAccess, DirectoryAudit, IdentitySynchronization, ObjectId, Page, RolePrincipal};
use crate::graph::path::Path;
use crate::ids::{GroupId, TenantId, UserId};
use crate::tri::Tri;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What Graph answers where roles cannot be made eligible, for want of a licence.
const NO_PREMIUM_LICENCE: &str = "AadPremiumLicenseRequired";

/// The audit log's name for forbidding somebody to sign in.
const DISABLED: &str = "Disable account";
/// How the names of the accounts begin that Entra Connect writes with.
const SYNC_ACCOUNT: &str = "Sync_";

/// Who did something in the directory, as its audit log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Entra Connect.
    Sync,
    /// A person.
    Person,
    /// An application, or nobody knows.
    Other,
}

/// When somebody disabled an account last, and who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastDisabled {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
}

/// What was done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Switched {
    /// Disabled.
    Off,
    /// Enabled.
    On,
    /// Deleted.
    Deleted,
    /// Restored.
    Restored,
}

/// What this tenant's cross-tenant access settings say about a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossTenant {
    /// Invitations are redeemed automatically, as far as this tenant is concerned.
    pub redeems_automatically: Tri,
    /// The partner may push people here by cross-tenant synchronization.
    pub sync_allowed: Tri,
}

impl DirectoryAudit {
    fn actor(&self) -> Actor {
        match self.initiated_by.as_ref().and_then(|by| by.user.as_ref()) {
            None => Actor::Other,
            Some(user) if user.user_principal_name.as_deref().is_some_and(|name| name.starts_with(SYNC_ACCOUNT)) => {
                Actor::Sync
            }
            Some(_) => Actor::Person,
        }
    }

    fn switched(&self) -> Option<Switched> {
        Some(match self.activity_display_name.as_deref()? {
            DISABLED => Switched::Off,
            "Enable account" => Switched::On,
            "Delete user" => Switched::Deleted,
            "Restore user" => Switched::Restored,
            _ => return None,
        })
    }
}

fn logged(error: GraphError) -> GraphError {
    tracing::warn!("it could not be read whether invitations are redeemed automatically: {error}");
    error
}

/// Who holds directory roles.
#[derive(Clone, Debug, Default)]
pub struct RoleHolders {
    principals: HashSet<Uuid>,
    groups: Vec<GroupId>,
    through_groups: HashSet<Uuid>,
}

impl Directory {
    /// Who disabled accounts last since then, by account; as far as the audit log goes back.
    ///
    /// # Errors
    /// When it cannot be read to the end.
    pub async fn disabled_by(&self, since: Timestamp) -> Result<HashMap<UserId, LastDisabled>> {
        let mut pages = self.pages::<DirectoryAudit>(Path::audits_named(DISABLED, since));
        let mut last: HashMap<UserId, LastDisabled> = HashMap::new();
        while let Some(page) = pages.next().await? {
            for entry in page {
                let this = LastDisabled { at: entry.activity_date_time, by: entry.actor() };
                for target in entry.target_resources.into_iter().filter_map(|target| target.id) {
                    let known = last.entry(target.into()).or_insert(this);
                    if known.at < this.at {
                        *known = this;
                    }
                }
            }
        }
        Ok(last)
    }

    /// When somebody disabled or deleted a user, and who, unless that was undone since; as far as the audit log goes back.
    ///
    /// # Errors
    /// When it cannot be read to the end.
    pub async fn disabled_one(&self, user: UserId) -> Result<Option<LastDisabled>> {
        let entries = self.pages::<DirectoryAudit>(Path::audits_of(user)).all().await?;
        let switched = |entry: &DirectoryAudit| {
            Some((entry.switched()?, LastDisabled { at: entry.activity_date_time, by: entry.actor() }))
        };
        let is_off = |switched: &Switched| matches!(switched, Switched::Off | Switched::Deleted);
        // Of two in one moment the disable counts: then nothing is given back.
        let last = entries.iter().filter_map(switched).max_by_key(|(switched, last)| (last.at, is_off(switched)));
        Ok(last.filter(|(switched, _)| is_off(switched)).map(|(_, last)| last))
    }

    /// What cross-tenant access settings say about a partner. What cannot be read is unknown.
    pub async fn cross_tenant(&self, partner: TenantId) -> CrossTenant {
        CrossTenant {
            redeems_automatically: self.inbound_consent(partner).await.unwrap_or(None).into(),
            sync_allowed: match self
                .client
                .get::<IdentitySynchronization>(&Path::identity_synchronization(partner))
                .await
            {
                Ok(found) => {
                    found.user_sync_inbound.and_then(|inbound| inbound.is_sync_allowed).unwrap_or(false).into()
                }
                // It exists only once synchronization was allowed.
                Err(error) if error.kind == Kind::NotFound => Tri::No,
                Err(error) => {
                    tracing::warn!("it could not be read whether cross-tenant synchronization is allowed: {error}");
                    Tri::Unknown
                }
            },
        }
    }

    /// Whether invitations of the partner's people are redeemed automatically, as far as this tenant is concerned.
    async fn inbound_consent(&self, partner: TenantId) -> Result<Option<bool>> {
        let said =
            |access: CrossTenantAccess| access.automatic_user_consent_settings.and_then(|one| one.inbound_allowed);
        let read = async |path: Path| self.client.get::<CrossTenantAccess>(&path).await;
        let own = match read(Path::cross_tenant_partner(partner)).await {
            Ok(access) => said(access),
            Err(error) if error.kind == Kind::NotFound => None,
            Err(error) => return Err(logged(error)),
        };
        match own {
            Some(own) => Ok(Some(own)),
            None => Ok(said(read(Path::cross_tenant_default()).await.map_err(logged)?)),
        }
    }

    /// Who holds a directory role: active, eligible, or as a member of a group that does.
    ///
    /// # Errors
    /// When any part cannot be read; then nobody is known to hold none. A tenant without the licence for eligible roles
    /// has none.
    pub async fn role_holders(&self) -> Result<RoleHolders> {
        let mut holders = RoleHolders::default();
        let active = self.pages::<RolePrincipal>(Path::role_assignments()).all().await?;
        let eligible = match self.pages::<RolePrincipal>(Path::role_eligibilities()).all().await {
            Err(error) if error.code.as_deref() == Some(NO_PREMIUM_LICENCE) => Vec::new(),
            other => other?,
        };
        holders.principals.extend(active.into_iter().chain(eligible).filter_map(|role| role.principal_id));
        // Only groups made for it can hold roles, and there are few.
        for group in self.pages::<ObjectId>(Path::role_assignable_groups()).all().await? {
            if holders.principals.contains(&group.id) {
                let members = self.transitive_members(group.id.into()).await?;
                holders.groups.push(group.id.into());
                holders.through_groups.extend(members.into_iter().map(UserId::uuid));
            }
        }
        Ok(holders)
    }

    /// Whether people hold a directory role of their own, active or eligible; in the order of `ids`.
    pub async fn holds_role_of_its_own(&self, ids: &[UserId]) -> Vec<(UserId, Result<bool>)> {
        let ask = |path: fn(UserId) -> Path| ids.iter().map(|id| Item::get(path(*id))).collect();
        let active = self.ask::<Page<RolePrincipal>>(ask(Path::role_assignments_of)).await;
        let eligible = self.ask::<Page<RolePrincipal>>(ask(Path::role_eligibilities_of)).await;
        let holds = |(active, eligible): (Result<Page<RolePrincipal>>, Result<Page<RolePrincipal>>)| {
            let eligible = match eligible {
                Err(error) if error.code.as_deref() == Some(NO_PREMIUM_LICENCE) => false,
                other => !other?.value.is_empty(),
            };
            Ok(eligible || !active?.value.is_empty())
        };
        ids.iter().copied().zip(active.into_iter().zip(eligible).map(holds)).collect()
    }
}

impl RoleHolders {
    /// The groups that hold roles.
    pub fn groups(&self) -> Vec<GroupId> {
        self.groups.clone()
    }

    /// Whether the person holds a role or could activate one.
    pub fn holds_role(&self, user: UserId) -> bool {
        self.principals.contains(&user.uuid()) || self.through_groups.contains(&user.uuid())
    }
}
