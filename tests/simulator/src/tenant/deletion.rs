//! What becomes of a deleted user: kept for 30 days as they were, then gone for good, or restored.
//!
//! A deleted user stays in their groups, keeps roles and licences, and shows none of it: memberships are seen again
//! with the user. The sign-in name carries the object id in front meanwhile, so that somebody else can take it.
//!
//! Not responsible for: what Graph asks for and answers (`deleted_items`).

use super::audit::{Actor, DELETE_USER, PURGE_USER, RESTORE_USER};
use super::model::Directory;
use super::user::User;
use anyhow::{Context, anyhow, ensure};
use jiff::SignedDuration;
use uuid::Uuid;

/// So long a deleted user can be restored.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a restored user and another object cannot both have: the name of the property.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict(pub(super) &'static str);

impl Directory {
    /// Somebody deletes a user, who can be restored for 30 days and stays in their groups meanwhile, unseen.
    ///
    /// # Errors
    /// There is no such user.
    pub fn delete_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        let mut user = self.take_user(id)?;
        user.deleted = Some(self.now());
        user.user_principal_name.insert_str(0, &prefix(id));
        self.deleted_users.insert(id, user);
        self.record_on(DELETE_USER, id);
        self.show_memberships(id, false);
        Ok(())
    }

    /// Somebody removes a deleted user for good.
    ///
    /// # Errors
    /// No such user is deleted.
    pub fn purge_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        ensure!(self.deleted_users.contains_key(&id), "user {id} is not deleted");
        self.record_on(PURGE_USER, id);
        self.deleted_users.remove(&id);
        for group in self.groups.values_mut() {
            group.members.remove(&id);
        }
        for user in self.users.values_mut().chain(self.deleted_users.values_mut()) {
            user.sponsors.retain(|sponsor| *sponsor != id);
        }
        self.role_assignments.retain(|_, role| role.principal != id);
        self.role_eligibilities.retain(|_, role| role.principal != id);
        self.user_changed(id, None);
        Ok(())
    }

    /// Somebody restores a deleted user.
    ///
    /// # Errors
    /// No such user is deleted, or another object has the sign-in name or an address by now.
    pub fn restore_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.revived(id).with_context(|| format!("user {id} is not deleted"))?;
        self.put_back(user).map_err(|Conflict(property)| anyhow!("another object has the same {property} by now"))
    }

    /// A deleted user as they would be if they were restored.
    pub(super) fn revived(&self, id: Uuid) -> Option<User> {
        let mut user = self.deleted_users.get(&id)?.clone();
        user.deleted = None;
        if let Some(name) = user.user_principal_name.strip_prefix(&prefix(id)) {
            user.user_principal_name = name.to_owned();
        }
        Some(user)
    }

    /// Puts a deleted user back as `user` says, unless something else has the name or a proxy address by now.
    pub(super) fn put_back(&mut self, user: User) -> Result<(), Conflict> {
        if self.user_by_name(&user.user_principal_name).is_some() {
            return Err(Conflict("userPrincipalName"));
        }
        if user.proxy_addresses.iter().any(|address| self.is_taken(address)) {
            return Err(Conflict("proxyAddresses"));
        }
        let id = user.id;
        self.deleted_users.remove(&id);
        self.store_user(user);
        self.record_on(RESTORE_USER, id);
        self.show_memberships(id, true);
        Ok(())
    }

    /// Whether the mail address belongs to something that is not deleted: what else names a user does not count.
    pub(super) fn is_taken(&self, address: &str) -> bool {
        let bare = |address: &str| address.to_lowercase().trim_start_matches("smtp:").to_owned();
        let wanted = bare(address);
        let has = |user: &User| user.mail.iter().chain(&user.proxy_addresses).any(|address| bare(address) == wanted);
        self.holders(address).any(|holder| self.user(holder).is_none_or(has))
    }

    /// Removes for good whoever was deleted 30 days ago.
    pub(super) fn purge_expired(&mut self) {
        let now = self.clock().now();
        let expired = |user: &&User| user.deleted.is_some_and(|deleted| deleted + KEPT <= now);
        let expired: Vec<Uuid> = self.deleted_users.values().filter(expired).map(|user| user.id).collect();
        for id in expired {
            // Nobody is left to tell if it failed, and it cannot: they were just found.
            let _ = self.acting_as(Actor::Directory, |directory| directory.purge_user(id));
        }
    }

    /// The user is seen in their groups again, or no more.
    fn show_memberships(&mut self, id: Uuid, seen: bool) {
        let groups = self.groups.values().filter(|group| group.members.contains(&id));
        for group in groups.map(|group| group.id).collect::<Vec<_>>() {
            self.membership_changed(group, id, seen);
        }
    }
}

/// What stands before the sign-in name of a deleted user.
fn prefix(id: Uuid) -> String {
    id.simple().to_string()
}
