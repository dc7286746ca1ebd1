//! The properties that Graph shows of a user.

use super::property::{Properties, Property, Resource, maybe, owned, property_set, text, texts};
use super::user::{SignIn, User};
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Plain text properties, null unless set in [`User::attributes`].
pub(super) const ATTRIBUTES: &[&str] = &[
    "ageGroup",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "department",
    "employeeId",
    "employeeType",
    "faxNumber",
    "givenName",
    "jobTitle",
    "legalAgeGroupClassification",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "passwordPolicies",
    "postalCode",
    "preferredDataLocation",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
];

const EXTENSION_ATTRIBUTES: [&str; 15] = [
    "extensionAttribute1",
    "extensionAttribute2",
    "extensionAttribute3",
    "extensionAttribute4",
    "extensionAttribute5",
    "extensionAttribute6",
    "extensionAttribute7",
    "extensionAttribute8",
    "extensionAttribute9",
    "extensionAttribute10",
    "extensionAttribute11",
    "extensionAttribute12",
    "extensionAttribute13",
    "extensionAttribute14",
    "extensionAttribute15",
];

impl User {
    /// The properties in which two versions of a user differ, as far as change tracking knows them: sign-in activity
    /// is kept elsewhere.
    pub(super) fn differences(&self, other: &Self) -> Properties {
        let fields = [
            ("userPrincipalName", self.user_principal_name != other.user_principal_name),
            ("displayName", self.display_name != other.display_name),
            ("mail", self.mail != other.mail),
            ("otherMails", self.other_mails != other.other_mails),
            ("proxyAddresses", self.proxy_addresses != other.proxy_addresses),
            ("identities", self.identities != other.identities),
            ("userType", self.user_type != other.user_type),
            ("accountEnabled", self.account_enabled != other.account_enabled),
            ("creationType", self.creation_type != other.creation_type),
            ("externalUserState", self.external_user_state != other.external_user_state),
            ("externalUserStateChangeDateTime", self.external_user_state_changed != other.external_user_state_changed),
            ("createdDateTime", self.created != other.created),
            ("deletedDateTime", self.deleted != other.deleted),
            ("onPremisesSyncEnabled", self.on_premises.sync_enabled != other.on_premises.sync_enabled),
            (
                "onPremisesUserPrincipalName",
                self.on_premises.user_principal_name != other.on_premises.user_principal_name,
            ),
            ("onPremisesImmutableId", self.on_premises.immutable_id != other.on_premises.immutable_id),
            ("onPremisesLastSyncDateTime", self.on_premises.last_sync != other.on_premises.last_sync),
            (
                "onPremisesExtensionAttributes",
                self.on_premises.extension_attributes != other.on_premises.extension_attributes,
            ),
            ("assignedPlans", self.assigned_plans != other.assigned_plans),
            ("assignedLicenses", self.assigned_licenses() != other.assigned_licenses()),
            ("licenseAssignmentStates", self.assigned_licenses != other.assigned_licenses),
            ("showInAddressList", self.show_in_address_list != other.show_in_address_list),
        ];
        let attributes = ATTRIBUTES.iter().map(|name| (*name, self.attributes.get(name) != other.attributes.get(name)));
        let different = fields.into_iter().chain(attributes).filter(|(_, differs)| *differs);
        different.fold(0, |set, (name, _)| set | property_set::<Self>(name))
    }

    fn extension_attributes(&self) -> Property<'_> {
        let values = (1u8..).zip(EXTENSION_ATTRIBUTES).map(|(number, name)| {
            (name, maybe(self.on_premises.extension_attributes.get(&number), |value| text(value)))
        });
        Property::Object(values.collect())
    }

    fn assigned_plans(&self) -> Property<'_> {
        let plans = self.assigned_plans.iter().map(|plan| {
            Property::Object(vec![
                ("assignedDateTime", Property::Time(plan.assigned)),
                ("capabilityStatus", text(&plan.capability_status)),
                ("service", text(&plan.service)),
                ("servicePlanId", owned(plan.service_plan_id)),
            ])
        });
        Property::List(plans.collect())
    }

    fn assigned_licenses(&self) -> Property<'_> {
        let skus: BTreeSet<Uuid> = self.assigned_licenses.iter().map(|license| license.sku).collect();
        let license = |sku| Property::Object(vec![("disabledPlans", Property::List(vec![])), ("skuId", owned(sku))]);
        Property::List(skus.into_iter().map(license).collect())
    }

    /// One for each way in which a licence was assigned: there may be several for the same.
    fn license_assignment_states(&self) -> Property<'_> {
        let states = self.assigned_licenses.iter().map(|license| {
            Property::Object(vec![
                ("assignedByGroup", maybe(license.by_group, owned)),
                ("disabledPlans", Property::List(vec![])),
                ("error", text("None")),
                ("lastUpdatedDateTime", Property::Time(license.assigned)),
                ("skuId", owned(license.sku)),
                ("state", text("Active")),
            ])
        });
        Property::List(states.collect())
    }

    fn identities(&self) -> Property<'_> {
        let identities = self.identities.iter().map(|identity| {
            Property::Object(vec![
                ("signInType", text(&identity.sign_in_type)),
                ("issuer", text(&identity.issuer)),
                ("issuerAssignedId", maybe(identity.issuer_assigned_id.as_deref(), text)),
            ])
        });
        Property::List(identities.collect())
    }
}

fn sign_in(sign_in: SignIn) -> Property<'static> {
    let time = |time: Option<Timestamp>| maybe(time, Property::Time);
    let id = |time: Option<Timestamp>| maybe(time, |_| owned(Uuid::nil()));
    Property::Object(vec![
        ("lastSignInDateTime", time(sign_in.last)),
        ("lastSignInRequestId", id(sign_in.last)),
        ("lastNonInteractiveSignInDateTime", time(sign_in.last_non_interactive)),
        ("lastNonInteractiveSignInRequestId", id(sign_in.last_non_interactive)),
        ("lastSuccessfulSignInDateTime", time(sign_in.last_successful)),
        ("lastSuccessfulSignInRequestId", id(sign_in.last_successful)),
    ])
}

impl Resource for User {
    const TYPE: &'static str = "user";

    const NAMES: &'static [&'static str] = &[
        "accountEnabled",
        "ageGroup",
        "assignedLicenses",
        "assignedPlans",
        "businessPhones",
        "city",
        "companyName",
        "consentProvidedForMinor",
        "country",
        "createdDateTime",
        "creationType",
        "deletedDateTime",
        "department",
        "displayName",
        "employeeHireDate",
        "employeeId",
        "employeeLeaveDateTime",
        "employeeOrgData",
        "employeeType",
        "externalUserState",
        "externalUserStateChangeDateTime",
        "faxNumber",
        "givenName",
        "id",
        "identities",
        "imAddresses",
        "jobTitle",
        "lastPasswordChangeDateTime",
        "legalAgeGroupClassification",
        "licenseAssignmentStates",
        "mail",
        "mailNickname",
        "mobilePhone",
        "officeLocation",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesExtensionAttributes",
        "onPremisesImmutableId",
        "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "onPremisesUserPrincipalName",
        "otherMails",
        "passwordPolicies",
        "postalCode",
        "preferredDataLocation",
        "preferredLanguage",
        "provisionedPlans",
        "proxyAddresses",
        "securityIdentifier",
        "showInAddressList",
        "signInActivity",
        "signInSessionsValidFromDateTime",
        "state",
        "streetAddress",
        "surname",
        "usageLocation",
        "userPrincipalName",
        "userType",
    ];

    const DEFAULT: &'static [&'static str] = &[
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ];

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(self.id),
            "userPrincipalName" => text(&self.user_principal_name),
            "displayName" => text(&self.display_name),
            "mail" => maybe(self.mail.as_deref(), text),
            "otherMails" => texts(&self.other_mails),
            "proxyAddresses" => texts(&self.proxy_addresses),
            "identities" => self.identities(),
            "userType" => text(self.user_type.name()),
            "accountEnabled" => Property::Bool(self.account_enabled),
            "creationType" => maybe(self.creation_type.as_deref(), text),
            "externalUserState" => maybe(self.external_user_state, |state| text(state.name())),
            "externalUserStateChangeDateTime" => maybe(self.external_user_state_changed, Property::Time),
            "createdDateTime" => Property::Time(self.created),
            "deletedDateTime" => maybe(self.deleted, Property::Time),
            "onPremisesSyncEnabled" => maybe(self.on_premises.sync_enabled, Property::Bool),
            "onPremisesUserPrincipalName" => maybe(self.on_premises.user_principal_name.as_deref(), text),
            "onPremisesImmutableId" => maybe(self.on_premises.immutable_id.as_deref(), text),
            "onPremisesLastSyncDateTime" => maybe(self.on_premises.last_sync, Property::Time),
            "onPremisesExtensionAttributes" => self.extension_attributes(),
            "assignedPlans" => self.assigned_plans(),
            "assignedLicenses" => self.assigned_licenses(),
            "showInAddressList" => maybe(self.show_in_address_list, Property::Bool),
            "signInActivity" => maybe(self.sign_in, sign_in),
            "licenseAssignmentStates" => self.license_assignment_states(),
            "businessPhones" | "imAddresses" | "provisionedPlans" | "onPremisesProvisioningErrors" => {
                Property::List(vec![])
            }
            name if ATTRIBUTES.contains(&name) => maybe(self.attributes.get(name), |value| text(value)),
            // Real properties that nothing here ever sets.
            _ => Property::Null,
        }
    }

    /// Who never signed in has no activity, not an empty one.
    fn is_absent(&self, name: &str) -> bool {
        name == "signInActivity" && self.sign_in.is_none()
    }
}
