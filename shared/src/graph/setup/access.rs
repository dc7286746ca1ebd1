//! Cross-tenant access settings: what this tenant lets a partner's people do, and its own people there.
//!
//! Wire forms: Graph v1.0, `crossTenantAccessPolicy` and what is below it. A block that is null, and a value in one, is the
//! default's.

use super::{Age, SetupReader, SetupWriter};
use crate::graph::error::Result;
use crate::graph::model::IdentitySynchronization;
use crate::graph::path::Path;
use crate::ids::TenantId;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// `crossTenantAccessPolicy`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicy {
    /// Microsoft's other clouds that this tenant works with, by the host of their sign-in service; `None` where this cloud's
    /// Graph does not show it.
    #[serde(default)]
    pub allowed_cloud_endpoints: Option<Vec<String>>,
}

/// The default settings, or a partner's.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessSettings {
    /// The partner; absent in the default settings.
    #[serde(default)]
    pub tenant_id: Option<TenantId>,
    /// The partner's people here.
    #[serde(default)]
    pub b2b_collaboration_inbound: Option<Collaboration>,
    /// This tenant's people there.
    #[serde(default)]
    pub b2b_collaboration_outbound: Option<Collaboration>,
    /// What is trusted of the partner's people.
    #[serde(default)]
    pub inbound_trust: Option<InboundTrust>,
    /// Whether people are spared the question if they agree.
    #[serde(default)]
    pub automatic_user_consent_settings: Option<Consent>,
    /// All other settings.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Who may, with which applications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collaboration {
    /// The people.
    pub users_and_groups: Option<Scope>,
    /// The applications.
    pub applications: Option<Scope>,
}

/// An allowed or blocked list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// `allowed` or `blocked`.
    pub access_type: String,
    /// What is in the list.
    #[serde(default)]
    pub targets: Vec<Member>,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// An object id, or a word such as `AllUsers`.
    pub target: String,
    /// `user`, `group` or `application`.
    pub target_type: String,
}

/// `inboundTrust`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundTrust {
    /// Multifactor authentication done at home counts here.
    #[serde(default, rename = "isMfaAccepted", skip_serializing_if = "Option::is_none")]
    pub mfa: Option<bool>,
    /// So does a device that is compliant at home.
    #[serde(default, rename = "isCompliantDeviceAccepted", skip_serializing_if = "Option::is_none")]
    pub compliant_device: Option<bool>,
    /// So does one that is hybrid joined at home.
    #[serde(default, rename = "isHybridAzureADJoinedDeviceAccepted", skip_serializing_if = "Option::is_none")]
    pub hybrid_joined_device: Option<bool>,
}

/// `automaticUserConsentSettings`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// For the partner's people here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_allowed: Option<bool>,
    /// For this tenant's people there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_allowed: Option<bool>,
}

/// How far a list reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// None.
    None,
    /// Some, or all but some.
    Some,
}

impl Scope {
    /// A list of all people or all applications, allowed or blocked.
    fn everything(allowed: bool, target: &str, target_type: &str) -> Self {
        Self {
            access_type: if allowed { "allowed" } else { "blocked" }.to_owned(),
            targets: vec![Member { target: target.to_owned(), target_type: target_type.to_owned() }],
        }
    }

    /// How far it reaches.
    pub fn reach(&self) -> Reach {
        let all = self.targets.iter().any(|member| matches!(member.target.as_str(), "AllUsers" | "AllApplications"));
        match (self.access_type.as_str(), all) {
            ("allowed", true) => Reach::All,
            ("blocked", true) => Reach::None,
            _ => Reach::Some,
        }
    }

    fn describe(&self) -> String {
        let listed: Vec<_> = self.targets.iter().map(|member| member.target.as_str()).collect();
        match (self.reach(), self.access_type.as_str()) {
            (Reach::All, _) => "all".to_owned(),
            (Reach::None, _) => "none".to_owned(),
            (Reach::Some, "blocked") => format!("all but {}", listed.join(", ")),
            (Reach::Some, _) => format!("only {}", listed.join(", ")),
        }
    }
}

impl Collaboration {
    /// Everybody with everything, or nobody with anything.
    pub fn everybody(allowed: bool) -> Self {
        Self {
            users_and_groups: Some(Scope::everything(allowed, "AllUsers", "user")),
            applications: Some(Scope::everything(allowed, "AllApplications", "application")),
        }
    }

    /// This, where it says something, and else the default.
    #[must_use]
    pub fn or(&self, default: &Self) -> Self {
        Self {
            users_and_groups: self.users_and_groups.clone().or_else(|| default.users_and_groups.clone()),
            applications: self.applications.clone().or_else(|| default.applications.clone()),
        }
    }

    /// How far it reaches: all only where all people may with all applications. `None` where that is not shown.
    pub fn reach(&self) -> Option<Reach> {
        let (people, applications) = (self.users_and_groups.as_ref()?.reach(), self.applications.as_ref()?.reach());
        Some(match (people, applications) {
            (Reach::All, Reach::All) => Reach::All,
            (Reach::None, _) | (_, Reach::None) => Reach::None,
            _ => Reach::Some,
        })
    }

    /// In words.
    pub fn describe(&self) -> String {
        let part = |scope: &Option<Scope>| scope.as_ref().map_or_else(|| "not shown".to_owned(), Scope::describe);
        format!("people: {}; applications: {}", part(&self.users_and_groups), part(&self.applications))
    }
}

impl SetupReader {
    /// The policy itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn access_policy(&self) -> Result<AccessPolicy> {
        self.get(&Path::access_policy()).await
    }

    /// The default settings.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn access_default(&self) -> Result<AccessSettings> {
        self.get(&Path::access_default()).await
    }

    /// The settings of all partners.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn access_partners(&self) -> Result<Vec<Value>> {
        self.all(Path::access_partners()).await
    }

    /// Whether the partner may push people here; `None` where that was never said, which is no.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sync_allowed(&self, partner: TenantId) -> Result<Option<bool>> {
        let found = self.find::<IdentitySynchronization>(&Path::identity_synchronization(partner)).await?;
        Ok(found.and_then(|found| found.user_sync_inbound).and_then(|inbound| inbound.is_sync_allowed))
    }
}

impl SetupWriter {
    /// Sets the other clouds that this tenant works with, all of them.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn allow_clouds(&self, endpoints: &[String]) -> Result<()> {
        let body = json!({ "allowedCloudEndpoints": endpoints });
        self.write(Method::PATCH, &Path::change_access_policy(), Some(&body), Age::Known).await
    }

    /// Adds a partner whose settings are all the default's. One that is there already stays as it is.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn add_partner(&self, partner: TenantId) -> Result<()> {
        let body = json!({ "tenantId": partner });
        let added = self.write(Method::POST, &Path::add_access_partner(), Some(&body), Age::Known).await;
        added.or_else(|error| match error.code.as_deref() {
            Some("Request_MultipleObjectsWithSameKeyValue") => Ok(()),
            _ => Err(error),
        })
    }

    /// Changes these blocks of a partner's settings and no other.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn change_partner(&self, partner: TenantId, blocks: &Value) -> Result<()> {
        // It may have been added just now.
        self.write(Method::PATCH, &Path::change_access_partner(partner), Some(blocks), Age::JustMade).await
    }

    /// Lets the partner push people here, or no longer. Graph has one call to say it first and another to say it again.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn allow_sync(&self, partner: TenantId, name: &str, allowed: bool) -> Result<()> {
        let path = Path::change_identity_synchronization(partner);
        let inbound = json!({ "isSyncAllowed": allowed });
        let first = json!({ "displayName": name, "userSyncInbound": inbound });
        match self.write(Method::PUT, &path, Some(&first), Age::JustMade).await {
            Err(error) if error.status == Some(409) => {
                let again = json!({ "userSyncInbound": inbound });
                self.write(Method::PATCH, &path, Some(&again), Age::Known).await
            }
            said => said,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collaboration(people: &str, target: &str) -> Collaboration {
        let member = Member { target: target.to_owned(), target_type: "user".to_owned() };
        let scope = Scope { access_type: people.to_owned(), targets: vec![member] };
        Collaboration { users_and_groups: Some(scope), ..Collaboration::everybody(true) }
    }

    #[test]
    fn a_list_reaches_all_only_where_nothing_narrows_it() {
        for (people, target, reach, words) in [
            ("allowed", "AllUsers", Reach::All, "people: all; applications: all"),
            ("blocked", "AllUsers", Reach::None, "people: none; applications: all"),
            ("allowed", "7", Reach::Some, "people: only 7; applications: all"),
            ("blocked", "7", Reach::Some, "people: all but 7; applications: all"),
        ] {
            let collaboration = collaboration(people, target);
            assert_eq!(collaboration.reach(), Some(reach), "{people} {target}");
            assert_eq!(collaboration.describe(), words);
        }
        assert_eq!(Collaboration::default().reach(), None);
    }

    #[test]
    fn what_a_partner_does_not_say_is_the_defaults() {
        let default = Collaboration::everybody(false);
        assert_eq!(Collaboration::default().or(&default), default);
        assert_eq!(Collaboration::everybody(true).or(&default), Collaboration::everybody(true));
    }
}
