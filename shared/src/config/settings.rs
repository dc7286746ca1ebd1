//! What is configured once per tenant, and the whole.
//!
//! Responsible for: the keys outside of `[[partner]]`, their defaults and their meaning. The comments here are the
//! descriptions in the published schema. Not responsible for: reading the file.

use super::markers::{AppRole, HostName, OptionalId, TimeZoneName, VariableName};
use super::partner::Partner;
use super::secret::Secret;
use super::values::empty_is_none;
use crate::address::Domain;
use crate::clouds::Cloud;
use crate::ids::{GroupId, TenantId};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use uuid::Uuid;

/// Configuration of usher for one Microsoft Entra tenant.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The tenant that usher runs in: the resource tenant, where people are external users.
    pub tenant: Tenant,
    /// Who may do what over HTTP.
    #[serde(default)]
    pub access: Access,
    /// What the operator's commands need.
    #[serde(default)]
    pub setup: Setup,
    /// The Teams card and other notices.
    #[serde(default)]
    pub report: Report,
    /// What usher remembers.
    #[serde(default)]
    pub state: State,
    /// The other tenants, one `[[partner]]` section each.
    #[serde(rename = "partner")]
    #[schemars(length(min = 1))]
    pub partners: Vec<Partner>,
    /// The file it was read from, where there is one.
    #[serde(skip)]
    pub source: Option<PathBuf>,
    #[serde(skip)]
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// The tenant that usher runs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The id of this tenant.
    pub id: TenantId,
    /// The cloud of this tenant.
    #[serde(default = "global")]
    pub cloud: Cloud,
    /// Whether usher writes to the directory. The environment variable `USHER_MODE` overrides it.
    #[serde(default)]
    pub mode: Mode,
    /// Object id of a group whose members usher never touches; empty: there is none.
    #[serde(default, with = "empty_is_none")]
    #[schemars(with = "OptionalId")]
    pub protected_group: Option<GroupId>,
    /// Invitations per minute, over all partners. Graph's abuse protection is not published, so begin slowly.
    #[serde(default = "invitations_per_minute")]
    #[schemars(range(min = 1, max = 1200))]
    pub invitations_per_minute: u32,
    /// Percent of Graph's published limits that usher uses, for everything it does.
    #[serde(default = "quota_percent")]
    #[schemars(range(min = 1, max = 100))]
    pub quota_percent: u8,
}

const fn global() -> Cloud {
    Cloud::Global
}

const fn invitations_per_minute() -> u32 {
    60
}

const fn quota_percent() -> u8 {
    50
}

/// Whether usher writes to the directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Say what would be done; write nothing to the directory.
    #[default]
    Plan,
    /// Do it.
    Apply,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        })
    }
}

/// Who may do what over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Value of the app role that may approve held plans. Nobody has it before it is assigned.
    #[schemars(with = "AppRole")]
    pub approver_role: String,
}

impl Default for Access {
    fn default() -> Self {
        Self { approver_role: "Usher.Approver".to_owned() }
    }
}

/// What the operator's commands need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Application (client) id of the public client that operators sign in to by device code; empty: none is set up.
    #[serde(with = "empty_is_none")]
    #[schemars(with = "OptionalId")]
    pub client_id: Option<Uuid>,
}

/// The Teams card and other notices. The address of the Teams webhook is a secret: the environment variable
/// `TEAMS_WEBHOOK_URL`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// What a card may show of a person.
    pub personal_data: PersonalData,
    /// Time zone for the times on the card, by its IANA name, such as Europe/Berlin.
    #[schemars(with = "TimeZoneName")]
    pub time_zone: String,
    /// Hours without a good run after which the channel is told.
    #[schemars(range(min = 1, max = 720))]
    pub no_good_run_after_hours: u16,
    /// Domains of further hosts that webhooks may be on; hosts below a domain are included.
    #[schemars(with = "Vec<HostName>")]
    pub webhook_hosts: Vec<Domain>,
    /// Names of environment variables that hold URLs of plain JSON webhooks.
    #[schemars(with = "Vec<VariableName>")]
    pub webhooks: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            personal_data: PersonalData::Names,
            time_zone: "UTC".to_owned(),
            no_good_run_after_hours: 6,
            webhook_hosts: Vec::new(),
            webhooks: Vec::new(),
        }
    }
}

impl Report {
    /// The time zone; UTC should its data have vanished since the file was loaded.
    pub fn zone(&self) -> TimeZone {
        super::formats::time_zone(jiff::tz::db(), &self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether the host, in lower case, is one of `webhook_hosts` or below one.
    pub fn host_is_listed(&self, host: &str) -> bool {
        self.webhook_hosts
            .iter()
            .any(|domain| host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

/// What a card may show of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalData {
    /// Object ids only.
    None,
    /// Display names.
    Names,
    /// Display names and addresses.
    Addresses,
}

/// What usher remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// Days that journal segments are kept. At least 30: what usher may still restore, count or follow must be on
    /// record.
    #[schemars(range(min = 30, max = 3650))]
    pub keep_journal_days: u16,
}

impl Default for State {
    fn default() -> Self {
        Self { keep_journal_days: 400 }
    }
}

impl Config {
    /// The partner of that name.
    pub fn partner(&self, name: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.name == name)
    }

    /// The secret in the environment variable of that name: `TEAMS_WEBHOOK_URL` or one of `report.webhooks`. None when
    /// it is not set or empty.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }

    /// Where people of the partner land after they redeemed: what is configured, or else My Apps with this tenant.
    pub fn redirect_url(&self, partner: &Partner) -> String {
        partner.invite.redirect_url.clone().unwrap_or_else(|| self.tenant.cloud.my_apps_of(self.tenant.id))
    }
}
