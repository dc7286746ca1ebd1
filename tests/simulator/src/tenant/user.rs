//! A user of the directory.
//!
//! Not responsible for: what Graph shows of it (`user_properties`).

use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A user, internal or external.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Object id.
    pub id: Uuid,
    /// Sign-in name in this tenant.
    pub user_principal_name: String,
    /// Name for people.
    pub display_name: String,
    /// Primary address.
    pub mail: Option<String>,
    /// Further addresses.
    pub other_mails: Vec<String>,
    /// `SMTP:…` and `smtp:…`.
    pub proxy_addresses: Vec<String>,
    /// How the person may sign in.
    pub identities: Vec<Identity>,
    /// Member or guest; says nothing about where the person signs in.
    pub user_type: UserType,
    /// Whether sign-in is allowed.
    pub account_enabled: bool,
    /// `Invitation` for those born by one, null for school and work accounts, converted ones included.
    pub creation_type: Option<String>,
    /// Where an invitation stands; null for internal users.
    pub external_user_state: Option<ExternalUserState>,
    /// When that last changed.
    pub external_user_state_changed: Option<Timestamp>,
    /// When the object was made.
    pub created: Timestamp,
    /// When it was soft-deleted.
    pub deleted: Option<Timestamp>,
    /// What Entra Connect wrote.
    pub on_premises: OnPremises,
    /// Service plans.
    pub assigned_plans: Vec<AssignedPlan>,
    /// Licences; one that was assigned in two ways is there twice.
    pub assigned_licenses: Vec<AssignedLicense>,
    /// Object ids of users and groups.
    pub sponsors: Vec<Uuid>,
    /// Often null, whatever Exchange shows.
    pub show_in_address_list: Option<bool>,
    /// When the person last signed in.
    pub sign_in: Option<SignIn>,
    /// Plain text properties by their Graph name: `companyName`, `usageLocation`, …
    pub attributes: BTreeMap<&'static str, String>,
    /// Hidden from Graph: a conversion is refused because of the on-premises UPN, whatever value is shown for it.
    pub conversion_refused: bool,
    /// Hidden from Graph: the ticket in the newest redeem link, until it is redeemed.
    pub ticket: Option<String>,
}

/// Member or guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserType {
    /// `Member`
    Member,
    /// `Guest`
    Guest,
}

impl UserType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Guest => "Guest",
        }
    }
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalUserState {
    /// Sent, not redeemed.
    PendingAcceptance,
    /// Redeemed.
    Accepted,
}

impl ExternalUserState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PendingAcceptance => "PendingAcceptance",
            Self::Accepted => "Accepted",
        }
    }
}

/// One way to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `userPrincipalName`, `federated`, …
    pub sign_in_type: String,
    /// This tenant's initial domain, `ExternalAzureAD`, …
    pub issuer: String,
    /// The name at the issuer.
    pub issuer_assigned_id: Option<String>,
}

impl Identity {
    /// What the person has who signs in at another Entra tenant.
    pub fn external() -> Self {
        Self { sign_in_type: "federated".into(), issuer: "ExternalAzureAD".into(), issuer_assigned_id: None }
    }
}

/// What Entra Connect wrote; empty for cloud-only users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnPremises {
    /// `true` for synced users, null for those who never were.
    pub sync_enabled: Option<bool>,
    /// Shown on people who can be converted and on people who cannot.
    pub user_principal_name: Option<String>,
    /// Source anchor.
    pub immutable_id: Option<String>,
    /// Last export to this object.
    pub last_sync: Option<Timestamp>,
    /// `extensionAttribute1` to `15`, by number.
    pub extension_attributes: BTreeMap<u8, String>,
}

/// A service plan of a user.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignedPlan {
    /// When it was assigned.
    pub assigned: Timestamp,
    /// `Enabled`, `Deleted`, …
    pub capability_status: String,
    /// `exchange`, …
    pub service: String,
    /// Plan id.
    pub service_plan_id: Uuid,
}

/// A licence of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignedLicense {
    /// Product.
    pub sku: Uuid,
    /// The group that brings it; `None` for one that the user was given directly.
    pub by_group: Option<Uuid>,
    /// Since when.
    pub assigned: Timestamp,
}

/// When a person last signed in, tried to, or was signed in without being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// An attempt; moves with failed ones too.
    pub last: Option<Timestamp>,
    /// By a client on the person's behalf.
    pub last_non_interactive: Option<Timestamp>,
    /// A success.
    pub last_successful: Option<Timestamp>,
}

impl User {
    /// Changes the primary address; the primary proxy address goes along.
    pub(super) fn set_mail(&mut self, mail: Option<String>) {
        self.proxy_addresses.retain(|address| !address.starts_with("SMTP:"));
        self.proxy_addresses.splice(0..0, mail.iter().map(|mail| format!("SMTP:{mail}")));
        self.mail = mail;
    }

    /// Every address that names this user, as it is written.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let identities = self.identities.iter().filter_map(|identity| identity.issuer_assigned_id.as_deref());
        std::iter::once(self.user_principal_name.as_str())
            .chain(self.mail.as_deref())
            .chain(self.other_mails.iter().map(String::as_str))
            .chain(self.proxy_addresses.iter().map(String::as_str))
            .chain(identities)
    }
}
