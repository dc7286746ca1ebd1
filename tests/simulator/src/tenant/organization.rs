//! `GET /organization`.

use super::auth::Caller;
use super::licenses::plans;
use super::model::Directory;
use super::property::{Property, Resource, maybe, no_such_property, owned, projection, render, text};
use super::query::{Page, Query, collection};
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;

const PERMISSIONS: &[&str] =
    &["Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// In the schema of the commercial cloud only.
const COMMERCIAL_ONLY: &str = "defaultUsageLocation";

/// `GET /organization`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(PERMISSIONS)?;
    let query = Query::parse(request, &["$select"])?;
    let mut names = projection::<Organization>(query.select.as_deref())?;
    if state.directory.cloud() != Cloud::Global {
        if query.select.is_some() && names.contains(&COMMERCIAL_ONLY) {
            return Err(no_such_property(COMMERCIAL_ONLY, Organization::TYPE));
        }
        names.retain(|name| *name != COMMERCIAL_ONLY);
    }
    let page = Page { items: vec![render(&Organization(&state.directory), &names)], next: None };
    Ok(collection(state, request, &query, "organization", page, None))
}

/// The tenant as Graph shows it.
struct Organization<'a>(&'a Directory);

impl Organization<'_> {
    fn domain<'b>(&self, name: &'b str, is_initial: bool, is_default: bool) -> Property<'b> {
        Property::Object(vec![
            ("capabilities", text("Email, OfficeCommunicationsOnline")),
            ("isDefault", Property::Bool(is_default)),
            ("isInitial", Property::Bool(is_initial)),
            ("name", text(name)),
            ("type", text("Managed")),
        ])
    }
}

impl Resource for Organization<'_> {
    const TYPE: &'static str = "organization";
    const NAMES: &'static [&'static str] = &[
        "assignedPlans",
        "businessPhones",
        "city",
        "country",
        "countryLetterCode",
        "createdDateTime",
        "defaultUsageLocation",
        "deletedDateTime",
        "displayName",
        "id",
        "marketingNotificationEmails",
        "onPremisesLastSyncDateTime",
        "onPremisesSyncEnabled",
        "postalCode",
        "preferredLanguage",
        "provisionedPlans",
        "securityComplianceNotificationMails",
        "securityComplianceNotificationPhones",
        "state",
        "street",
        "technicalNotificationMails",
        "tenantType",
        "verifiedDomains",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        let options = &self.0.options;
        match name {
            "id" => owned(options.id),
            "displayName" => text(&options.display_name),
            "tenantType" => text("AAD"),
            "onPremisesSyncEnabled" => {
                let synced = self.0.users().any(|user| user.on_premises.sync_enabled == Some(true));
                if synced { Property::Bool(true) } else { Property::Null }
            }
            "onPremisesLastSyncDateTime" => {
                maybe(self.0.users().filter_map(|user| user.on_premises.last_sync).max(), Property::Time)
            }
            "assignedPlans" => {
                let plan = |id| {
                    Property::Object(vec![
                        ("assignedDateTime", Property::Null),
                        ("capabilityStatus", text("Enabled")),
                        ("service", text("AADPremiumService")),
                        ("servicePlanId", owned(id)),
                    ])
                };
                Property::List(plans(options).into_iter().map(plan).collect())
            }
            "verifiedDomains" => {
                let verified = options.verified_domains.iter().enumerate();
                let verified = verified.map(|(number, name)| self.domain(name, false, number == 0));
                let initial = self.domain(&options.initial_domain, true, options.verified_domains.is_empty());
                Property::List(std::iter::once(initial).chain(verified).collect())
            }
            "businessPhones"
            | "marketingNotificationEmails"
            | "provisionedPlans"
            | "securityComplianceNotificationMails"
            | "securityComplianceNotificationPhones"
            | "technicalNotificationMails" => Property::List(vec![]),
            _ => Property::Null,
        }
    }
}
