//! What people and administrators do in the directory, other than through Graph.
//!
//! Not responsible for: deletions and restorations (`deletion`), Entra Connect (`connect`).

use super::audit::{ADD_ELIGIBLE, ADD_GROUP, ADD_MEMBER, ADD_ROLE, Actor, DELETE_GROUP, REDEEM, REMOVE_MEMBER};
use super::model::Directory;
use super::objects::{Group, RoleAssignment, RoleEligibility};
use super::user::{AssignedLicense, AssignedPlan, ExternalUserState, Identity, SignIn};
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
        self.acting_as(Actor::Person(id), |directory| {
            directory.record_on(REDEEM, id);
            directory.update_user(id, |user| {
                user.external_user_state = Some(ExternalUserState::Accepted);
                user.external_user_state_changed = Some(now);
                user.identities.insert(0, Identity::external());
                user.ticket = None;
            })
        })
    }

    /// The person signs in. An invitation that nobody needs to accept is redeemed by it, a converted user's too: they
    /// sign in with the account at home then.
    ///
    /// # Errors
    /// There is no such user, the account is disabled, or an invitation is pending that has to be accepted.
    pub fn sign_in(&mut self, id: Uuid) -> anyhow::Result<()> {
        let user = self.user(id).with_context(|| format!("there is no user {id}"))?;
        ensure!(user.account_enabled, "user {id} is disabled");
        let pending = user.external_user_state == Some(ExternalUserState::PendingAcceptance);
        if pending && self.redeems_automatically(user) {
            self.redeem(id)?;
        } else {
            ensure!(!pending || user.creation_type.is_none(), "user {id} has not redeemed the invitation");
        }
        let now = Some(self.now());
        self.update_user(id, |user| {
            let before = user.sign_in.unwrap_or_default();
            user.sign_in = Some(SignIn { last: now, last_successful: now, ..before });
        })
    }

    /// Somebody changes a user's address.
    ///
    /// # Errors
    /// There is no such user.
    pub fn change_mail(&mut self, id: Uuid, mail: Option<&str>) -> anyhow::Result<()> {
        self.update_user(id, |user| user.set_mail(mail.map(str::to_owned)))
    }

    /// Somebody allows or forbids sign-in.
    ///
    /// # Errors
    /// There is no such user.
    pub fn set_enabled(&mut self, id: Uuid, enabled: bool) -> anyhow::Result<()> {
        self.update_user(id, |user| user.account_enabled = enabled)
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
        self.record_on(ADD_GROUP, id);
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
            self.record_member(ADD_MEMBER, group, member);
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
            self.record_member(REMOVE_MEMBER, group, member);
        }
        Ok(())
    }

    /// An administrator deletes a security group, which is gone at once.
    ///
    /// # Errors
    /// There is no such group.
    pub fn delete_group(&mut self, id: Uuid) -> anyhow::Result<()> {
        self.require_group(id)?;
        self.record_on(DELETE_GROUP, id);
        let group = self.take_group(id).with_context(|| format!("there is no group {id}"))?;
        self.group_changed(id, Some(&group));
        Ok(())
    }

    /// An administrator gives a user, a group or the managed identity a directory role.
    ///
    /// # Errors
    /// There is no such object, or the group cannot hold roles.
    pub fn assign_role(&mut self, principal: Uuid, role: Uuid, state: RoleState) -> anyhow::Result<()> {
        self.require_object(principal)?;
        let assignable = self.group(principal).is_none_or(|group| group.is_assignable_to_role);
        ensure!(assignable, "group {principal} cannot hold roles");
        let id = self.new_id();
        self.record_on(if state == RoleState::Active { ADD_ROLE } else { ADD_ELIGIBLE }, principal);
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

    /// The active directory roles of a user, a group or the managed identity, by template id.
    pub fn directory_roles(&self, principal: Uuid) -> Vec<Uuid> {
        self.role_assignments.values().filter(|one| one.principal == principal).map(|one| one.role).collect()
    }

    /// An administrator takes all active directory roles from a user, a group or the managed identity.
    pub fn remove_roles(&mut self, principal: Uuid) {
        self.role_assignments.retain(|_, one| one.principal != principal);
    }

    /// An administrator gives a user a licence, directly or by a group that they are in.
    ///
    /// # Errors
    /// There is no such user, or the user is not in the group.
    pub fn assign_license(&mut self, id: Uuid, sku: Uuid, by_group: Option<Uuid>) -> anyhow::Result<()> {
        let is_in = |group| self.group(group).is_some_and(|group| group.members.contains(&id));
        ensure!(by_group.is_none_or(is_in), "user {id} is not in the group");
        let license = AssignedLicense { sku, by_group, assigned: self.now() };
        self.update_user(id, |user| user.assigned_licenses.push(license))
    }

    /// An administrator takes a licence from a user, however it was assigned.
    ///
    /// # Errors
    /// There is no such user.
    pub fn remove_license(&mut self, id: Uuid, sku: Uuid) -> anyhow::Result<()> {
        self.update_user(id, |user| user.assigned_licenses.retain(|license| license.sku != sku))
    }

    /// An administrator gives a user a licence with a mailbox.
    ///
    /// # Errors
    /// There is no such user.
    pub fn assign_exchange_plan(&mut self, id: Uuid) -> anyhow::Result<()> {
        let assigned = self.now();
        self.update_user(id, |user| {
            user.assigned_licenses.push(AssignedLicense { sku: OFFICE_LICENSE, by_group: None, assigned });
            user.assigned_plans.push(AssignedPlan {
                assigned,
                capability_status: "Enabled".into(),
                service: "exchange".into(),
                service_plan_id: EXCHANGE_PLAN,
            });
        })
    }
}
