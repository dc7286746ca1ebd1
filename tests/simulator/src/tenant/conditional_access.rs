//! `GET /identity/conditionalAccess/policies`: a list that tests set, and nothing here goes by.

use super::auth::Caller;
use super::model::Directory;
use super::plain::show_all;
use super::query::Query;
use super::request::{GraphResult, Request};
use super::state::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

const PERMISSIONS: &[&str] =
    &["Policy.Read.ConditionalAccess", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"];

/// A Conditional Access policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionalAccessPolicy {
    /// What the administrators call it.
    pub display_name: String,
    /// Whether it is in force.
    pub state: ConditionalAccessState,
    /// `includeUsers`: ids, or `All`, `None`, `GuestsOrExternalUsers`.
    pub include_users: Vec<String>,
    /// `excludeUsers`
    pub exclude_users: Vec<String>,
    /// `includeGroups`
    pub include_groups: Vec<Uuid>,
    /// `excludeGroups`
    pub exclude_groups: Vec<Uuid>,
    /// `includeGuestsOrExternalUsers`
    pub include_external: Option<ExternalUsers>,
    /// `excludeGuestsOrExternalUsers`
    pub exclude_external: Option<ExternalUsers>,
    /// `grantControls.builtInControls`: `mfa`, `block`, …; one of them is enough. Empty for no grant controls.
    pub controls: Vec<String>,
}

/// Whether a policy is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConditionalAccessState {
    /// `enabled`
    Enabled,
    /// `disabled`
    Disabled,
    /// `enabledForReportingButNotEnforced`
    EnabledForReportingButNotEnforced,
}

/// External users of kinds and tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUsers {
    /// `b2bCollaborationGuest`, `b2bCollaborationMember`, …
    pub kinds: Vec<String>,
    /// The tenants; `None` for all.
    pub tenants: Option<Vec<Uuid>>,
}

impl ConditionalAccessPolicy {
    /// A policy that is in force for all users and asks for MFA.
    pub fn mfa_for_all(display_name: &str) -> Self {
        Self {
            display_name: display_name.to_owned(),
            state: ConditionalAccessState::Enabled,
            include_users: vec!["All".into()],
            exclude_users: Vec::new(),
            include_groups: Vec::new(),
            exclude_groups: Vec::new(),
            include_external: None,
            exclude_external: None,
            controls: vec!["mfa".into()],
        }
    }

    fn object(&self, directory: &Directory, number: usize) -> Value {
        let grant = (!self.controls.is_empty()).then(|| {
            json!({
                "builtInControls": self.controls,
                "customAuthenticationFactors": [],
                "operator": "OR",
                "termsOfUse": [],
            })
        });
        json!({
            "id": directory.derived_id(&format!("conditional-access/{number}")),
            "createdDateTime": Timestamp::UNIX_EPOCH.to_string(),
            "description": null,
            "displayName": self.display_name,
            "modifiedDateTime": null,
            "state": self.state,
            "templateId": null,
            "conditions": {
                "applications": {
                    "includeApplications": ["All"],
                    "excludeApplications": [],
                    "includeUserActions": [],
                    "includeAuthenticationContextClassReferences": [],
                    "applicationFilter": null,
                },
                "clientAppTypes": ["all"],
                "locations": null,
                "platforms": null,
                "users": {
                    "includeUsers": self.include_users,
                    "excludeUsers": self.exclude_users,
                    "includeGroups": self.include_groups,
                    "excludeGroups": self.exclude_groups,
                    "includeRoles": [],
                    "excludeRoles": [],
                    "includeGuestsOrExternalUsers": self.include_external.as_ref().map(ExternalUsers::object),
                    "excludeGuestsOrExternalUsers": self.exclude_external.as_ref().map(ExternalUsers::object),
                },
            },
            "grantControls": grant,
            "sessionControls": null,
        })
    }
}

impl ExternalUsers {
    fn object(&self) -> Value {
        let tenants = match &self.tenants {
            None => json!({
                "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                "membershipKind": "all",
            }),
            Some(members) => json!({
                "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                "membershipKind": "enumerated",
                "members": members,
            }),
        };
        json!({"guestOrExternalUserTypes": self.kinds.join(","), "externalTenants": tenants})
    }
}

/// `GET /identity/conditionalAccess/policies`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(PERMISSIONS)?;
    let query = Query::parse(request, &["$select"])?;
    let directory = &state.directory;
    let policies = directory.conditional_access.iter().enumerate();
    let policies = policies.map(|(number, policy)| policy.object(directory, number));
    let set = "identity/conditionalAccess/policies";
    show_all(state, request, &query, set, "conditionalAccessPolicy", policies)
}
