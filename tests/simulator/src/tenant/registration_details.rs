//! `GET /reports/authenticationMethods/userRegistrationDetails`: who has registered what.

use super::audits::require_audit_log;
use super::auth::Caller;
use super::authentication_methods::AuthenticationMethods;
use super::filter::Rules;
use super::listing::list;
use super::model::Directory;
use super::property::{Property, Resource, owned, text};
use super::request::{GraphResult, Request};
use super::state::State;
use super::user::{User, UserType};
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

const RULES: Rules = &[
    ("id", "D--------"),
    ("isAdmin", "D--------"),
    ("isMfaCapable", "D--------"),
    ("isMfaRegistered", "D--------"),
    ("methodsRegistered", "D--------"),
    ("userPrincipalName", "D-----D--"),
    ("userType", "D--------"),
];

/// What needs more than a password and is no address.
const SECOND_FACTORS: &[&str] = &[
    "alternateMobilePhone",
    "fido2",
    "microsoftAuthenticatorPush",
    "mobilePhone",
    "officePhone",
    "softwareOneTimePasscode",
];

/// `GET /reports/authenticationMethods/userRegistrationDetails`
pub(super) fn report(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let directory = &state.directory;
    require_audit_log(directory, caller)?;
    let details: BTreeMap<Uuid, Details> =
        directory.users().map(|user| (user.id, Details::of(directory, user))).collect();
    list(state, request, "reports/authenticationMethods/userRegistrationDetails", RULES, &details)
}

/// A line of the report.
struct Details {
    id: Uuid,
    name: String,
    user_principal_name: String,
    user_type: &'static str,
    is_admin: bool,
    registered: Vec<&'static str>,
    updated: Timestamp,
}

impl Details {
    fn of(directory: &Directory, user: &User) -> Self {
        let methods = directory.authentication_methods.get(&user.id);
        Self {
            id: user.id,
            name: user.display_name.clone(),
            user_principal_name: user.user_principal_name.clone(),
            user_type: if user.user_type == UserType::Guest { "guest" } else { "member" },
            is_admin: directory.has_role(user.id),
            registered: methods.map(AuthenticationMethods::registered).unwrap_or_default(),
            updated: directory.now(),
        }
    }
}

impl Resource for Details {
    const TYPE: &'static str = "userRegistrationDetails";
    const NAMES: &'static [&'static str] = &[
        "id",
        "isAdmin",
        "isMfaCapable",
        "isMfaRegistered",
        "isPasswordlessCapable",
        "isSsprCapable",
        "isSsprEnabled",
        "isSsprRegistered",
        "isSystemPreferredAuthenticationMethodEnabled",
        "lastUpdatedDateTime",
        "methodsRegistered",
        "systemPreferredAuthenticationMethods",
        "userDisplayName",
        "userPreferredMethodForSecondaryAuthentication",
        "userPrincipalName",
        "userType",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        let has = |kinds: &[&str]| self.registered.iter().any(|method| kinds.contains(method));
        match name {
            "id" => owned(self.id),
            "isAdmin" => Property::Bool(self.is_admin),
            "isMfaCapable" | "isMfaRegistered" => Property::Bool(has(SECOND_FACTORS)),
            "isPasswordlessCapable" => Property::Bool(has(&["fido2"])),
            // Nobody resets a password here.
            "isSsprCapable" | "isSsprEnabled" | "isSsprRegistered" | "isSystemPreferredAuthenticationMethodEnabled" => {
                Property::Bool(false)
            }
            "lastUpdatedDateTime" => Property::Time(self.updated),
            "methodsRegistered" => Property::List(self.registered.iter().copied().map(text).collect()),
            "systemPreferredAuthenticationMethods" => Property::List(vec![]),
            "userDisplayName" => text(&self.name),
            "userPreferredMethodForSecondaryAuthentication" => text(if has(&["mobilePhone"]) { "sms" } else { "none" }),
            "userPrincipalName" => text(&self.user_principal_name),
            "userType" => text(self.user_type),
            _ => Property::Null,
        }
    }
}
