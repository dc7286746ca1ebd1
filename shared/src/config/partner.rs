//! What is configured per partner: one `[[partner]]` section.
//!
//! Responsible for: its keys, their defaults and their meaning. The comments here are the descriptions in the published
//! schema. Not responsible for: deciding about people; the planner does.

use super::attributes;
use super::markers::{AddressText, DomainText, Language, ObjectId, OptionalUrl, Slug};
use super::values::{AddressSource, Wave, empty_is_none};
use crate::address::{Address, Domain};
use crate::clouds::Cloud;
use crate::ids::{GroupId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Another tenant, and what is done about its people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Its name in URLs, logs and cards: 1 to 40 of a-z, 0-9 and hyphen.
    #[schemars(with = "Slug")]
    pub name: String,
    /// The id of the partner's tenant.
    pub tenant_id: TenantId,
    /// The cloud of the partner's tenant.
    pub cloud: Cloud,
    /// Addresses; when not empty nobody else is touched. A guard, not scope.
    #[serde(default)]
    #[schemars(with = "Vec<AddressText>")]
    pub pilot: Vec<Address>,
    /// Who belongs to this partner.
    pub scope: Scope,
    /// How people are invited.
    #[serde(default)]
    pub invite: Invite,
    /// Graph user properties kept at these values where usher may write them; "" clears.
    #[serde(default)]
    #[schemars(schema_with = "attributes::schema")]
    pub attributes: BTreeMap<String, String>,
    /// What happens to people out of scope.
    #[serde(default)]
    pub leave: Leave,
    /// What happens to people who no longer sign in.
    #[serde(default)]
    pub inactive: Inactive,
    /// How much may be done, per rolling 24 hours and over all paths.
    #[serde(default)]
    pub limits: Limits,
    /// The cross-tenant access settings that `usher trust` sets in this tenant for the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Trust")]
    pub trust: Option<Trust>,
    /// Microsoft's cross-tenant synchronization from this tenant to the partner; absent: not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CrossTenantSync")]
    pub sync: Option<CrossTenantSync>,
}

/// Who belongs to this partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The domains of the people's addresses. The whole domain is compared, without regard to case; there are no
    /// patterns.
    #[schemars(with = "Vec<DomainText>", length(min = 1))]
    pub domains: Vec<Domain>,
    /// Domains that keep people in scope, but are not newly invited.
    #[serde(default)]
    #[schemars(with = "Vec<DomainText>")]
    pub previous_domains: Vec<Domain>,
    /// Object ids of groups in this tenant; when given, membership, also nested, is needed too.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Object ids of groups in this tenant whose members are out of scope.
    #[serde(default)]
    pub exclude_groups: Vec<GroupId>,
    /// What is done about external users whom others invited.
    #[serde(default)]
    pub adopt: Adopt,
}

/// What is done about external users whom others invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Adopt {
    /// Nothing.
    #[default]
    None,
    /// Resend invitations and carry changes over.
    Follow,
    /// That, and the leave rules too.
    Full,
}

/// How people are invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Invite {
    /// Where the address to invite is taken from.
    pub address: AddressSource,
    /// The user type of people newly invited; a conversion keeps the account's type.
    pub user_type: UserType,
    /// Whether `user_type` is enforced on people who are there already.
    pub enforce_user_type: bool,
    /// Whether Microsoft mails the invitation.
    pub send_message: bool,
    /// Language of the mail, such as en-US.
    #[schemars(with = "Language")]
    pub language: String,
    /// Where people land after redeeming, an https URL; empty: My Apps of this cloud with this tenant's id.
    #[serde(with = "empty_is_none")]
    #[schemars(with = "OptionalUrl")]
    pub redirect_url: Option<String>,
    /// Whether the home tenant redeems automatically (its outbound setting). While unknown, usher does not rely on it.
    pub home_redeems_automatically: HomeRedemption,
    /// Days after the invitation on which it is sent again, ascending; an empty list: never.
    #[schemars(inner(range(min = 1, max = 365)))]
    pub resend_after_days: Vec<u16>,
    /// Days after the invitation from which no more mail is sent and a new person is taken away as expired; 0: never.
    #[schemars(range(min = 0, max = 3650))]
    pub expire_after_days: u16,
    /// Whether the redemption is reset when the address changes, so that the person redeems again with the new one.
    pub reset_on_address_change: bool,
    /// Object ids of groups in this tenant that people join once redeemed and leave when usher retires them.
    pub groups: Vec<GroupId>,
    /// Object ids of users or groups in this tenant that become sponsors; at most 5, which is Graph's limit.
    #[schemars(with = "Vec<ObjectId>", length(max = 5))]
    pub sponsors: Vec<Uuid>,
    /// Whether people show in address lists; absent: left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub show_in_address_list: Option<bool>,
}

impl Default for Invite {
    fn default() -> Self {
        Self {
            address: AddressSource::Mail,
            user_type: UserType::Guest,
            enforce_user_type: false,
            send_message: true,
            language: "en-US".to_owned(),
            redirect_url: None,
            home_redeems_automatically: HomeRedemption::Unknown,
            resend_after_days: vec![7, 14],
            expire_after_days: 30,
            reset_on_address_change: false,
            groups: Vec::new(),
            sponsors: Vec::new(),
            show_in_address_list: None,
        }
    }
}

impl Invite {
    /// Days until an invitation expires; none when it never does.
    pub fn expires_after_days(&self) -> Option<u16> {
        (self.expire_after_days > 0).then_some(self.expire_after_days)
    }
}

/// The type of an external user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UserType {
    /// A guest.
    Guest,
    /// A member.
    Member,
}

/// Whether the home tenant redeems automatically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HomeRedemption {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Nobody said.
    Unknown,
}

/// What happens to people out of scope. They stay enabled during the first days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Leave {
    /// Days out of scope after which a person is disabled.
    #[schemars(range(min = 1, max = 365))]
    pub disable_after_days: u16,
    /// Days after the disable on which a person is deleted; 0: never.
    #[schemars(range(min = 0, max = 3650))]
    pub delete_after_days: u16,
    /// What is done about people mastered by Entra Connect. They are never deleted.
    pub synced: SyncedPeople,
    /// Whether people who come back are restored, within Entra's 30 days, and re-enabled where usher disabled them.
    pub restore: bool,
    /// Whether what an administrator blocked, restored or deleted by hand is left so, and said.
    pub respect_people: bool,
}

impl Default for Leave {
    fn default() -> Self {
        Self {
            disable_after_days: 7,
            delete_after_days: 30,
            synced: SyncedPeople::Report,
            restore: true,
            respect_people: true,
        }
    }
}

/// What is done about people mastered by Entra Connect when they leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SyncedPeople {
    /// They are reported.
    Report,
    /// They are disabled.
    Disable,
}

/// What happens to people who no longer sign in. It needs sign-in data (Entra ID P1); no data counts as active.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inactive {
    /// Days without a sign-in after which a person is disabled; 0: off.
    #[schemars(range(min = 0, max = 3650))]
    pub disable_after_days: u16,
}

/// How much may be done, per rolling 24 hours and over all paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Invitations and conversions; the rest waits its turn.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub invitations: u32,
    /// Updates; the rest waits its turn.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub updates: u32,
    /// Disables; a plan with more is held for approval.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub disables: u32,
    /// Deletions; a plan with more is held for approval.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub deletes: u32,
    /// Percent of the people in scope, for disables and for deletions; rounded down, at least 1 person.
    #[schemars(range(min = 1, max = 100))]
    pub percent: u8,
    /// Fewer people in scope observed than this, and the snapshot is not believed.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub minimum_people: u32,
    /// How many invitations each of the first runs sends: a number ("10"), or a percentage ("10%") of those who waited
    /// when the first wave was planned. An empty list: no waves.
    pub waves: Vec<Wave>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            invitations: 500,
            updates: 1000,
            disables: 50,
            deletes: 50,
            percent: 10,
            minimum_people: 1,
            waves: vec![Wave::People(1), Wave::People(10), Wave::Percent(10)],
        }
    }
}

/// Cross-tenant access settings of this tenant for the partner. An absent key is left alone and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Whether the partner's people may be external users here (inbound B2B collaboration).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub inbound: Option<bool>,
    /// Whether this tenant's people may be external users there (outbound B2B collaboration).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub outbound: Option<bool>,
    /// Whether the partner's multifactor authentication is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub trust_mfa: Option<bool>,
    /// Whether the partner's compliant devices are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub trust_compliant_device: Option<bool>,
    /// Whether the partner's hybrid joined devices are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub trust_hybrid_joined_device: Option<bool>,
    /// Whether invitations are redeemed automatically, as far as this side says: those of the partner's people here, and
    /// where `outbound` is on or there is a [partner.sync], those of this tenant's people there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub automatic_redemption: Option<bool>,
    /// Whether the partner may push people into this tenant by cross-tenant synchronization.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub allow_sync_in: Option<bool>,
}

/// Microsoft's cross-tenant synchronization from this tenant to the partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossTenantSync {
    /// Object ids of the groups in this tenant that are synchronized; direct members only.
    #[schemars(length(min = 1))]
    pub groups: Vec<GroupId>,
    /// The user type in the partner's tenant.
    #[serde(default = "member")]
    pub user_type: UserType,
    /// What the synchronization does.
    #[serde(default = "all_flows")]
    #[schemars(length(min = 1))]
    pub flow: Vec<SyncFlow>,
    /// Deletions in one cycle above which Microsoft's service stops and asks.
    #[serde(default = "deletion_threshold")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub deletion_threshold: u32,
    /// Attribute mappings, target = "source or expression"; empty: Microsoft's defaults.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Scoping filter in the words of the synchronization's schema; empty: none.
    #[serde(default)]
    pub filter: String,
    /// Whether its health joins the summary.
    #[serde(default = "yes")]
    pub watch: bool,
}

const fn member() -> UserType {
    UserType::Member
}

fn all_flows() -> Vec<SyncFlow> {
    vec![SyncFlow::Add, SyncFlow::Update, SyncFlow::Delete]
}

const fn deletion_threshold() -> u32 {
    500
}

const fn yes() -> bool {
    true
}

/// What the synchronization does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SyncFlow {
    /// It creates people.
    Add,
    /// It updates them.
    Update,
    /// It deletes them.
    Delete,
}

impl Partner {
    /// Whether the domain, in lower-case ASCII, keeps a person in scope: listed now or previously.
    pub fn domain_is_listed(&self, domain: &str) -> bool {
        self.domain_is_invited(domain) || self.scope.previous_domains.iter().any(|listed| listed.as_str() == domain)
    }

    /// Whether people of the domain, in lower-case ASCII, are newly invited.
    pub fn domain_is_invited(&self, domain: &str) -> bool {
        self.scope.domains.iter().any(|listed| listed.as_str() == domain)
    }

    /// Whether the pilot lets this person be touched: there is none, or it names the address.
    pub fn pilot_allows(&self, address: &Address) -> bool {
        self.pilot.is_empty() || self.pilot.contains(address)
    }
}
