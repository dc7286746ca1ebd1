//! What the audit log says of changed policies. The names are Microsoft's.
//!
//! Not responsible for: the log itself (`audit`).

use super::audit::{Activity, Modified, Target};
use super::model::Directory;
use serde_json::Value;
use uuid::Uuid;

const ACCESS: &str = "CrossTenantAccessSettings";
const SYNCHRONIZATION: &str = "CrossTenantIdentitySyncSettings";

pub(super) const UPDATE_POLICY: Activity = Activity::of("Policy", "Update policy", "Update");
pub(super) const UPDATE_AUTHORIZATION: Activity =
    Activity::of("AuthorizationPolicy", "Update authorization policy", "Update");
pub(super) const UPDATE_DEFAULT: Activity =
    Activity::of(ACCESS, "Update the company default cross-tenant access setting", "Update");
pub(super) const ADD_PARTNER: Activity = Activity::of(ACCESS, "Add a partner to cross-tenant access setting", "Add");
pub(super) const UPDATE_PARTNER: Activity =
    Activity::of(ACCESS, "Update a partner cross-tenant access setting", "Update");
pub(super) const DELETE_PARTNER: Activity =
    Activity::of(ACCESS, "Delete partner specific cross-tenant access setting", "Delete");
pub(super) const ADD_SYNCHRONIZATION: Activity =
    Activity::of(SYNCHRONIZATION, "Create a partner cross-tenant identity sync setting", "Add");
pub(super) const UPDATE_SYNCHRONIZATION: Activity =
    Activity::of(SYNCHRONIZATION, "Update a partner cross-tenant identity sync setting", "Update");
pub(super) const DELETE_SYNCHRONIZATION: Activity =
    Activity::of(SYNCHRONIZATION, "Delete a partner cross-tenant identity sync setting", "Delete");

impl Directory {
    /// Writes down what is different of a policy; null stands for one that is not there.
    pub(super) fn record_policy(&mut self, activity: Activity, id: Uuid, before: &Value, after: &Value) {
        let names = before.as_object().into_iter().chain(after.as_object()).flat_map(|object| object.keys());
        let mut names: Vec<&String> = names.filter(|name| before[*name] != after[*name]).collect();
        names.sort();
        names.dedup();
        let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
        let modified = names.into_iter().map(|name| Modified {
            name: name.clone(),
            old: text(&before[name]),
            new: text(&after[name]),
        });
        let target = Target { kind: "Policy", id, name: None, user_principal_name: None, modified: modified.collect() };
        self.record(activity, vec![target]);
    }
}
