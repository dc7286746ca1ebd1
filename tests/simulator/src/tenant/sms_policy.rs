//! `GET /policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms`: who may be asked for a code by
//! text message, and who may sign in with nothing else.

use super::auth::Caller;
use super::plain::{no_such_segment, show};
use super::query::Query;
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

const PERMISSIONS: &[&str] =
    &["Policy.Read.AuthenticationMethod", "Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"];

/// The policy on text messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsPolicy {
    /// Text messages are used at all.
    pub enabled: bool,
    /// For whom.
    pub targets: Vec<SmsTarget>,
}

/// A group that text messages are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsTarget {
    /// The group; `None` for all users.
    pub group: Option<Uuid>,
    /// `isUsableForSignIn`: its members may sign in with their number.
    pub is_usable_for_sign_in: bool,
}

impl Default for SmsPolicy {
    /// All users, for signing in as well: what a migration of older settings leaves.
    fn default() -> Self {
        Self { enabled: true, targets: vec![SmsTarget { group: None, is_usable_for_sign_in: true }] }
    }
}

impl SmsPolicy {
    /// Whether somebody in these groups may sign in with a number.
    pub(super) fn allows_sign_in(&self, groups: &BTreeSet<Uuid>) -> bool {
        let is_for = |target: &SmsTarget| target.group.is_none_or(|group| groups.contains(&group));
        self.enabled && self.targets.iter().any(|target| target.is_usable_for_sign_in && is_for(target))
    }
}

/// `GET /policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms`
pub(super) fn get(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    if state.directory.cloud() == Cloud::China {
        return Err(no_such_segment("authenticationMethodsPolicy"));
    }
    caller.require(PERMISSIONS)?;
    let query = Query::parse(request, &[])?;
    let policy = &state.directory.sms;
    let targets = policy.targets.iter().map(|target| {
        json!({
            "id": target.group.map_or_else(|| "all_users".to_owned(), |group| group.to_string()),
            "targetType": "group",
            "isRegistrationRequired": false,
            "isUsableForSignIn": target.is_usable_for_sign_in,
        })
    });
    let object = json!({
        "@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration",
        "id": "Sms",
        "state": if policy.enabled { "enabled" } else { "disabled" },
        "excludeTargets": [],
        "includeTargets": targets.collect::<Vec<_>>(),
    });
    let set = "authenticationMethodConfigurations";
    show(state, &query, set, "smsAuthenticationMethodConfiguration", object)
}
