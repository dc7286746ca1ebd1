//! What Entra Connect does with the people whom it wrote: it disables, deletes and brings back, and changes addresses.
//!
//! It finds people by what the directory remembers of them, and changes nobody who is mastered here.
//!
//! Not responsible for: writing new people (`population`).

use super::audit::Actor;
use super::model::Directory;
use super::user::User;
use anyhow::{Context, ensure};
use uuid::Uuid;

/// Entra Connect at work in a directory.
#[derive(Debug)]
pub struct EntraConnect<'a>(&'a mut Directory);

impl Directory {
    /// Entra Connect, which acts under its own account.
    pub fn connect(&mut self) -> EntraConnect<'_> {
        EntraConnect(self)
    }
}

impl EntraConnect<'_> {
    /// The account was disabled, or enabled again, on premises.
    ///
    /// # Errors
    /// There is no such synced user.
    pub fn set_enabled(&mut self, id: Uuid, enabled: bool) -> anyhow::Result<()> {
        self.export(id, |user| user.account_enabled = enabled)
    }

    /// The address was changed on premises.
    ///
    /// # Errors
    /// There is no such synced user.
    pub fn change_mail(&mut self, id: Uuid, mail: Option<&str>) -> anyhow::Result<()> {
        self.export(id, |user| user.set_mail(mail.map(str::to_owned)))
    }

    /// Everybody moves from one domain to another, with mail and on-premises sign-in name. Names in this tenant stay.
    /// Gives those who moved, by id.
    pub fn change_domain(&mut self, from: &str, to: &str) -> Vec<Uuid> {
        let moved = |address: &str| {
            let (local, domain) = address.rsplit_once('@')?;
            domain.eq_ignore_ascii_case(from).then(|| format!("{local}@{to}"))
        };
        let names = |user: &User| {
            let on_premises = user.on_premises.user_principal_name.as_deref().and_then(moved);
            (user.mail.as_deref().and_then(moved), on_premises)
        };
        let synced = self.0.users().filter(|user| is_synced(user)).map(|user| (user.id, names(user)));
        let all: Vec<_> = synced.filter(|(_, (mail, name))| mail.is_some() || name.is_some()).collect();
        let mut ids = Vec::new();
        for (id, (mail, name)) in all {
            let change = |user: &mut User| {
                if mail.is_some() {
                    user.set_mail(mail);
                }
                if name.is_some() {
                    user.on_premises.user_principal_name = name;
                }
            };
            if self.export(id, change).is_ok() {
                ids.push(id);
            }
        }
        ids
    }

    /// Any other change on premises.
    ///
    /// # Errors
    /// There is no such synced user.
    pub fn export(&mut self, id: Uuid, change: impl FnOnce(&mut User)) -> anyhow::Result<()> {
        let user = self.0.user(id).with_context(|| format!("there is no user {id}"))?;
        ensure!(is_synced(user), "user {id} is not synced");
        let now = self.0.now();
        self.0.acting_as(Actor::EntraConnect, |directory| {
            directory.update_user(id, |user| {
                change(user);
                user.on_premises.last_sync = Some(now);
            })
        })
    }

    /// The person was deleted on premises, or is out of scope.
    ///
    /// # Errors
    /// There is no such synced user.
    pub fn delete(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.0.user(id).with_context(|| format!("there is no user {id}"))?;
        ensure!(is_synced(user), "user {id} is not synced");
        self.0.acting_as(Actor::EntraConnect, |directory| directory.delete_user(id))
    }

    /// The person is in scope again: the deleted object with the same source anchor comes back as the same.
    ///
    /// # Errors
    /// No such synced user is deleted, or another object has the sign-in name or an address by now.
    pub fn restore(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.0.deleted_user(id).with_context(|| format!("user {id} is not deleted"))?;
        ensure!(is_synced(user), "user {id} is not synced");
        self.0.acting_as(Actor::EntraConnect, |directory| directory.restore_user(id))?;
        self.export(id, |_| {})
    }
}

fn is_synced(user: &User) -> bool {
    user.on_premises.sync_enabled == Some(true)
}
