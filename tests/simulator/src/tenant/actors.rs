//! What people, administrators and Entra Connect do in the directory, other than through Graph.

use super::model::Directory;
use super::objects::{Group, RoleAssignment, RoleEligibility};
use super::user::{AssignedPlan, ExternalUserState, Identity};
use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use uuid::{Uuid, uuid};

/// The plan of Exchange Online (Plan 2), and a licence that brings it.
const EXCHANGE_PLAN: Uuid = uuid!("efb87545-963c-4e0d-99df-69c6916d9eb0");
const OFFICE_LICENSE: Uuid = uuid!("05e9a617-0261-4cee-bb44-138d3ef5d965");

/// Whether a role is had, or may be activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleState {
    /// Had.
    Active,
    /// May be activated; needs Entra ID P2.
    Eligible,
}

impl Directory {
    /// The person opens the redeem link and accepts.
    ///
    /// # Errors
    /// There is no such user, no invitation is pending, or the account is disabled.
    pub fn redeem(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.user(id).with_context(|| format!("there is no user {id}"))?;
        let pending = user.external_user_state == Some(ExternalUserState::PendingAcceptance);
        ensure!(pending, "user {id} has no pending invitation");
        ensure!(user.account_enabled, "user {id} is disabled");
        let now = self.now();
        self.update_user(id, |user| {
            user.external_user_state = Some(ExternalUserState::Accepted);
            user.external_user_state_changed = Some(now);
            user.identities.insert(0, Identity::external());
            user.ticket = None;
        })
    }

    /// Somebody allows or forbids sign-in.
    ///
    /// # Errors
    /// There is no such user.
    pub fn set_enabled(&mut self, id: Uuid, enabled: bool) -> anyhow::Result<()> {
        self.update_user(id, |user| user.account_enabled = enabled)
    }

    /// Somebody deletes a user, who can be restored for 30 days and stays in their groups meanwhile, unseen.
    ///
    /// # Errors
    /// There is no such user.
    pub fn delete_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        let mut user = self.take_user(id)?;
        user.deleted = Some(self.now());
        self.deleted_users.insert(id, user);
        self.show_memberships(id, false);
        Ok(())
    }

    /// Somebody removes a deleted user for good.
    ///
    /// # Errors
    /// No such user is deleted.
    pub fn purge_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        self.deleted_users.remove(&id).with_context(|| format!("user {id} is not deleted"))?;
        for group in self.groups.values_mut() {
            group.members.remove(&id);
        }
        self.user_changed(id, None);
        Ok(())
    }

    /// The user is seen in their groups again, or no more.
    fn show_memberships(&mut self, id: Uuid, seen: bool) {
        let groups = self.groups.values().filter(|group| group.members.contains(&id));
        for group in groups.map(|group| group.id).collect::<Vec<_>>() {
            self.membership_changed(group, id, seen);
        }
    }

    /// Somebody restores a deleted user.
    ///
    /// # Errors
    /// No such user is deleted, or another one has the sign-in name by now.
    pub fn restore_user(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.deleted_users.get(&id).with_context(|| format!("user {id} is not deleted"))?;
        let taken = self.user_by_name(&user.user_principal_name).is_some();
        ensure!(!taken, "another user is called {} by now", user.user_principal_name);
        if let Some(mut user) = self.deleted_users.remove(&id) {
            user.deleted = None;
            self.insert_user(user);
            self.show_memberships(id, true);
        }
        Ok(())
    }

    /// An administrator makes a security group.
    pub fn create_group(&mut self, display_name: &str) -> Uuid {
        self.security_group(display_name, false)
    }

    /// An administrator makes a security group that can hold directory roles.
    pub fn create_role_group(&mut self, display_name: &str) -> Uuid {
        self.security_group(display_name, true)
    }

    fn security_group(&mut self, display_name: &str, is_assignable_to_role: bool) -> Uuid {
        let id = self.new_id();
        self.insert_group(Group {
            id,
            display_name: display_name.to_owned(),
            mail: None,
            proxy_addresses: Vec::new(),
            security_enabled: true,
            group_types: Vec::new(),
            is_assignable_to_role,
            on_premises_sync_enabled: None,
            created: self.now(),
            members: BTreeSet::new(),
        });
        id
    }

    /// An administrator puts an object of any kind into a group.
    ///
    /// # Errors
    /// There is no such group or object.
    pub fn add_member(&mut self, group: Uuid, member: Uuid) -> anyhow::Result<()> {
        self.require_object(member)?;
        if self.require_group(group)?.members.insert(member) {
            self.membership_changed(group, member, true);
        }
        Ok(())
    }

    /// An administrator takes an object out of a group.
    ///
    /// # Errors
    /// There is no such group.
    pub fn remove_member(&mut self, group: Uuid, member: Uuid) -> anyhow::Result<()> {
        if self.require_group(group)?.members.remove(&member) {
            self.membership_changed(group, member, false);
        }
        Ok(())
    }

    /// An administrator deletes a security group, which is gone at once.
    ///
    /// # Errors
    /// There is no such group.
    pub fn delete_group(&mut self, id: Uuid) -> anyhow::Result<()> {
        let group = self.take_group(id).with_context(|| format!("there is no group {id}"))?;
        self.group_changed(id, Some(&group));
        Ok(())
    }

    /// An administrator gives a user or a group a directory role.
    ///
    /// # Errors
    /// There is no such user or group, or the group cannot hold roles.
    pub fn assign_role(&mut self, principal: Uuid, role: Uuid, state: RoleState) -> anyhow::Result<()> {
        self.require_object(principal)?;
        let assignable = self.group(principal).is_none_or(|group| group.is_assignable_to_role);
        ensure!(assignable, "group {principal} cannot hold roles");
        let id = self.new_id();
        match state {
            RoleState::Active => {
                self.role_assignments.insert(id, RoleAssignment { id, principal, role });
            }
            RoleState::Eligible => {
                let start = self.now();
                self.role_eligibilities.insert(id, RoleEligibility { id, principal, role, start });
            }
        }
        Ok(())
    }

    /// An administrator gives a user a licence with a mailbox.
    ///
    /// # Errors
    /// There is no such user.
    pub fn assign_exchange_plan(&mut self, id: Uuid) -> anyhow::Result<()> {
        let assigned = self.now();
        self.update_user(id, |user| {
            user.assigned_licenses.push(OFFICE_LICENSE);
            user.assigned_plans.push(AssignedPlan {
                assigned,
                capability_status: "Enabled".into(),
                service: "exchange".into(),
                service_plan_id: EXCHANGE_PLAN,
            });
        })
    }
}
