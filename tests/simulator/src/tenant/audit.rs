//! The audit log: who did what to whom. Everything that changes a user, who is in a group or who has a role is in it,
//! whoever did it and in whatever way; so is everything that Graph changes of a policy (`policy_audit`).
//!
//! Refused attempts are not in it. Who acts is the managed identity while a request to Graph is carried out, and an
//! administrator otherwise; [`Directory::acting_as`] says it differently.
//!
//! Not responsible for: how Graph shows it (`audits`).

use super::model::Directory;
use super::property::{Resource, property_set};
use super::user::User;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// Who acts in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Actor {
    /// An administrator of this tenant.
    #[default]
    Administrator,
    /// The function app, through Graph.
    ManagedIdentity,
    /// Another application, by its name.
    Application(String),
    /// A registered application that signed in by its own, by its client id.
    Client(Uuid),
    /// Entra Connect, under the account that it writes with.
    EntraConnect,
    /// A user of this directory.
    Person(Uuid),
    /// The directory itself, when time is up.
    Directory,
}

/// How the audit log behaves where the documentation leaves room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// Reading it takes `Directory.Read.All` as well, as its page says.
    pub needs_directory_read: bool,
    /// Applications are shown with their client id; otherwise with name and service principal only.
    pub client_ids: bool,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self { needs_directory_read: true, client_ids: true }
    }
}

/// What can be done. The names are Microsoft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
}

impl Activity {
    pub(super) const fn of(category: &'static str, name: &'static str, operation: &'static str) -> Self {
        Self { name, category, service: "Core Directory", operation }
    }

    const fn user(name: &'static str, operation: &'static str) -> Self {
        Self::of("UserManagement", name, operation)
    }

    const fn invited(name: &'static str) -> Self {
        Self { service: "Invited Users", ..Self::user(name, "Update") }
    }
}

const ADD_USER: Activity = Activity::user("Add user", "Add");
const UPDATE_USER: Activity = Activity::user("Update user", "Update");
const ENABLE: Activity = Activity::user("Enable account", "Update");
const DISABLE: Activity = Activity::user("Disable account", "Update");
const CHANGE_LICENSE: Activity = Activity::user("Change user license", "Update");
pub(super) const DELETE_USER: Activity = Activity::user("Delete user", "Delete");
pub(super) const RESTORE_USER: Activity = Activity::user("Restore user", "Update");
pub(super) const PURGE_USER: Activity = Activity::user("Hard Delete user", "Delete");
pub(super) const INVITE: Activity = Activity::invited("Invite external user");
pub(super) const RESET: Activity = Activity::invited("Invite external user with reset invitation status");
pub(super) const CONVERT: Activity = Activity::invited("Invite internal user to B2B collaboration");
pub(super) const REDEEM: Activity = Activity::invited("Redeem external user invite");
pub(super) const ADD_GROUP: Activity = Activity::of("GroupManagement", "Add group", "Add");
pub(super) const DELETE_GROUP: Activity = Activity::of("GroupManagement", "Delete group", "Delete");
pub(super) const ADD_MEMBER: Activity = Activity::of("GroupManagement", "Add member to group", "Assign");
pub(super) const REMOVE_MEMBER: Activity = Activity::of("GroupManagement", "Remove member from group", "Unassign");
pub(super) const ADD_ROLE: Activity = Activity::of("RoleManagement", "Add member to role", "Assign");
pub(super) const REMOVE_ROLE: Activity = Activity::of("RoleManagement", "Remove member from role", "Unassign");
pub(super) const ADD_ELIGIBLE: Activity = Activity::of("RoleManagement", "Add eligible member to role", "Assign");

/// One line of the log.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Uuid,
    /// When it can be read.
    pub(super) arrives: Timestamp,
    pub(super) at: Timestamp,
    pub(super) activity: Activity,
    pub(super) by: Initiator,
    pub(super) targets: Vec<Target>,
}

/// Who it was, as they were called then.
#[derive(Debug)]
pub(super) enum Initiator {
    User { id: Uuid, name: String, user_principal_name: String },
    App { client_id: Option<Uuid>, name: String, principal: Uuid },
}

/// What it was done to, as it was called then.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) kind: &'static str,
    pub(super) id: Uuid,
    pub(super) name: Option<String>,
    pub(super) user_principal_name: Option<String>,
    pub(super) modified: Vec<Modified>,
}

/// A property that changed; the values are JSON.
#[derive(Debug)]
pub(super) struct Modified {
    pub(super) name: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

impl Directory {
    /// Lets somebody else act.
    pub fn acting_as<T>(&mut self, actor: Actor, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.actor, actor);
        let result = work(self);
        self.actor = before;
        result
    }

    /// Writes down that something was done.
    pub(super) fn record(&mut self, activity: Activity, targets: Vec<Target>) {
        let number = self.audit_log.len();
        let now = self.clock().now();
        let entry = Entry {
            id: self.derived_id(&format!("audit/{number}")),
            arrives: now + self.lag,
            at: self.now(),
            activity,
            by: self.initiator(),
            targets,
        };
        self.audit_log.push(entry);
    }

    /// The same of one object; a user may be deleted.
    pub(super) fn record_on(&mut self, activity: Activity, id: Uuid) {
        let target = self.target(id);
        self.record(activity, vec![target]);
    }

    /// The same of a member and the group that it was put into or taken out of.
    pub(super) fn record_member(&mut self, activity: Activity, group: Uuid, member: Uuid) {
        let mut target = self.target(member);
        let modified = |name: &str, value: Value| {
            let (old, new) = if activity == ADD_MEMBER { (None, Some(value)) } else { (Some(value), None) };
            let text = |value: Option<Value>| value.map(|value| value.to_string());
            Modified { name: name.to_owned(), old: text(old), new: text(new) }
        };
        let name = self.group(group).map(|group| group.display_name.clone());
        target.modified = vec![modified("Group.ObjectID", json!(group)), modified("Group.DisplayName", json!(name))];
        let group = self.target(group);
        self.record(activity, vec![target, group]);
    }

    /// Writes down what is different of a user who was `before`, or was not there.
    pub(super) fn record_changes(&mut self, before: Option<&User>, after: &User) {
        let Some(before) = before else {
            return self.record(ADD_USER, vec![user_target(after)]);
        };
        let changed = before.differences(after);
        let names = User::NAMES.iter().filter(|name| property_set::<User>(name) & changed != 0);
        let mut modified: Vec<Modified> = names.map(|name| difference(name, before, after)).collect();
        if before.sponsors != after.sponsors {
            let text = |user: &User| Some(json!(user.sponsors).to_string());
            modified.push(Modified { name: "Sponsors".to_owned(), old: text(before), new: text(after) });
        }
        if modified.is_empty() {
            return;
        }
        let all: Vec<&str> = modified.iter().map(|property| property.name.as_str()).collect();
        let all = Some(json!(all.join(", ")).to_string());
        modified.push(Modified { name: "Included Updated Properties".to_owned(), old: None, new: all });
        self.record(UPDATE_USER, vec![Target { modified, ..user_target(after) }]);
        if before.account_enabled != after.account_enabled {
            let switch = if after.account_enabled { ENABLE } else { DISABLE };
            self.record(switch, vec![user_target(after)]);
        }
        if before.assigned_licenses != after.assigned_licenses {
            self.record(CHANGE_LICENSE, vec![user_target(after)]);
        }
    }

    fn target(&self, id: Uuid) -> Target {
        if let Some(user) = self.user(id).or_else(|| self.deleted_user(id)) {
            return user_target(user);
        }
        let (kind, name) = match self.group(id) {
            Some(group) => ("Group", Some(group.display_name.clone())),
            None => ("Other", self.others.get(&id).map(|other| other.display_name.clone())),
        };
        Target { kind, id, name, user_principal_name: None, modified: Vec::new() }
    }

    fn initiator(&self) -> Initiator {
        let account = |name: &str, alias: &str| Initiator::User {
            id: self.derived_id(alias),
            name: name.to_owned(),
            user_principal_name: format!("{alias}@{}", self.initial_domain()),
        };
        let app = |client_id: Uuid, name: &str, principal: Uuid| Initiator::App {
            client_id: self.audit.client_ids.then_some(client_id),
            name: name.to_owned(),
            principal,
        };
        let named = |name: &str| app(self.derived_id(&format!("client/{name}")), name, self.derived_id(name));
        match &self.actor {
            Actor::Administrator => account("Administrator", "admin"),
            Actor::EntraConnect => {
                account("On-Premises Directory Synchronization Service Account", "Sync_CONNECT_0123456789ab")
            }
            Actor::Person(id) => {
                let target = self.target(*id);
                let user_principal_name = target.user_principal_name.unwrap_or_default();
                Initiator::User { id: *id, name: target.name.unwrap_or_default(), user_principal_name }
            }
            Actor::ManagedIdentity => app(self.client_id(), "Function app", self.service_principal()),
            Actor::Client(id) => app(*id, "Registered application", self.derived_id(&id.to_string())),
            Actor::Application(name) => named(name),
            // Under which name the directory does it is not documented.
            Actor::Directory => named("Microsoft Entra ID"),
        }
    }
}

fn user_target(user: &User) -> Target {
    Target {
        kind: "User",
        id: user.id,
        name: Some(user.display_name.clone()),
        user_principal_name: Some(user.user_principal_name.clone()),
        modified: Vec::new(),
    }
}

/// The names begin with a capital letter here, and values are lists.
fn difference(name: &str, before: &User, after: &User) -> Modified {
    let mut letters = name.chars();
    let name_here = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let text = |user: &User| {
        let value = match serde_json::to_value(user.property(name)).unwrap_or_default() {
            Value::Null => json!([]),
            Value::Array(values) => Value::Array(values),
            value => json!([value]),
        };
        Some(value.to_string())
    };
    Modified { name: name_here, old: text(before), new: text(after) }
}
