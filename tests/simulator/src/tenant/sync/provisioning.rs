//! `GET /auditLogs/provisioning`: what jobs did, newest first.
//!
//! Filters regard the case of letters here, unlike elsewhere.

use super::attempt::{Attempt, ProvisioningStep, Status};
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::filter::{Filter, Rules};
use crate::tenant::property::{Property, Resource, Shown, maybe, owned, projection, text};
use crate::tenant::query::{Direction, Query, collection, page};
use crate::tenant::request::{GraphResult, Request};
use crate::tenant::state::State;
use jiff::SignedDuration;
use uuid::Uuid;

const READ: &[&str] = &["ProvisioningLog.Read.All", "AuditLog.Read.All"];
/// How long entries are kept is not documented for this log; it is that of the others.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
const PAGE: usize = 1000;

/// Microsoft's list: `eq`, `gt`, `lt` for times, `eq` and `contains` for texts.
const RULES: Rules = &[
    ("activityDateTime", "D--------DD-"),
    ("changeId", "D----------D"),
    ("cycleId", "D----------D"),
    ("id", "D----------D"),
    ("jobId", "D----------D"),
    ("provisioningAction", "D----------D"),
    ("provisioningStatusInfo/status", "D----------D"),
    ("servicePrincipal/displayName", "D----------D"),
    ("servicePrincipal/id", "D----------D"),
    ("sourceIdentity/displayName", "D----------D"),
    ("sourceIdentity/id", "D----------D"),
    ("targetIdentity/displayName", "D----------D"),
    ("targetIdentity/id", "D----------D"),
    ("tenantId", "D----------D"),
];

/// `GET /auditLogs/provisioning`
pub(in crate::tenant) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    if !caller.has_any(READ) {
        return Err(GraphError::permission_missing("ProvisioningLog.Read.All"));
    }
    let query = Query::parse(request, &["$filter", "$orderby", "$top", "$skiptoken"])?;
    let names = projection::<Line<'_>>(None)?;
    let filter = query.filter.as_deref().map(|text| Filter::parse_exact::<Line<'_>>(text, RULES)).transpose()?;
    let newest_first = match query.order()? {
        None => true,
        Some((property, direction)) if property == "activityDateTime" => direction == Direction::Descending,
        Some((property, _)) => {
            return Err(GraphError::bad_request(format!("Sorting by '{property}' is not supported.")));
        }
    };
    let size = query.page_size_or(PAGE, PAGE)?;
    let after = query.after(state, request)?.map(|after| after.as_u128());
    let directory = &state.directory;
    let now = directory.clock().now();
    let entries = (1u128..).zip(directory.provisioning_log());
    let readable = entries.filter(|(_, entry)| entry.arrives <= now && now < entry.at + KEPT);
    let line = |(place, attempt)| (Uuid::from_u128(place), Line { attempt, tenant: directory.tenant_id() });
    let mut found: Vec<(Uuid, Line<'_>)> = readable.map(line).collect();
    if newest_first {
        found.reverse();
    }
    let is_rest = |place: u128| after.is_none_or(|after| if newest_first { place < after } else { place > after });
    let rest = found.into_iter().filter(|(place, _)| is_rest(place.as_u128()));
    let keep = |line: &Line<'_>| filter.as_ref().map_or(Ok(true), |filter| filter.matches(line));
    let found = page(rest, size, keep)?;
    let shown = found.items.iter().map(|resource| Shown { resource, names: &names }).collect();
    let shown = crate::tenant::query::Page { items: shown, next: found.next };
    Ok(collection(state, request, &query, "auditLogs/provisioning", shown, None))
}

/// An entry as the tenant shows it.
struct Line<'a> {
    attempt: &'a Attempt,
    tenant: Uuid,
}

impl Resource for Line<'_> {
    const TYPE: &'static str = "provisioningObjectSummary";
    const NAMES: &'static [&'static str] = &[
        "activityDateTime",
        "changeId",
        "cycleId",
        "durationInMilliseconds",
        "id",
        "initiatedBy",
        "jobId",
        "modifiedProperties",
        "provisioningAction",
        "provisioningStatusInfo",
        "provisioningSteps",
        "servicePrincipal",
        "sourceIdentity",
        "sourceSystem",
        "targetIdentity",
        "targetSystem",
        "tenantId",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        let entry = self.attempt;
        match name {
            "id" | "changeId" => owned(entry.id),
            "activityDateTime" => Property::Time(entry.at),
            "cycleId" => owned(entry.cycle),
            "jobId" => text(&entry.job),
            "tenantId" => owned(self.tenant),
            "durationInMilliseconds" => Property::Number(0),
            "provisioningAction" => text(entry.action.name()),
            "initiatedBy" => Property::Object(vec![
                ("id", text("")),
                ("displayName", text("Azure AD Provisioning Service")),
                ("initiatorType", text("system")),
            ]),
            "servicePrincipal" => Property::Object(vec![
                ("id", owned(entry.service_principal)),
                ("displayName", text(&entry.configuration)),
            ]),
            "sourceSystem" => system(Some(self.tenant), "Microsoft Entra ID"),
            "targetSystem" => system(entry.target_tenant, "Microsoft Entra ID (target tenant)"),
            "sourceIdentity" => identity(Some(entry.source.0), &entry.source.1),
            "targetIdentity" => identity(entry.target, &entry.source.1),
            "provisioningStatusInfo" => {
                Property::Object(vec![("status", text(entry.status.name())), ("errorInformation", error(entry))])
            }
            "provisioningSteps" => Property::List(entry.steps.iter().map(step).collect()),
            "modifiedProperties" => {
                let modified = entry.modified.iter().map(|(name, old, new)| {
                    Property::Object(vec![
                        ("displayName", text(name)),
                        ("oldValue", maybe(old.as_deref(), text)),
                        ("newValue", maybe(new.as_deref(), text)),
                    ])
                });
                Property::List(modified.collect())
            }
            _ => Property::Null,
        }
    }
}

fn system(tenant: Option<Uuid>, name: &str) -> Property<'_> {
    Property::Object(vec![
        ("id", maybe(tenant, owned)),
        ("displayName", text(name)),
        ("details", Property::Object(vec![])),
    ])
}

fn identity(id: Option<Uuid>, name: &str) -> Property<'_> {
    Property::Object(vec![
        ("id", maybe(id, owned)),
        ("displayName", text(name)),
        ("identityType", text("User")),
        ("details", Property::Object(vec![])),
    ])
}

/// What is no success has a code. Informational ones are no failures of the service.
fn error(entry: &Attempt) -> Property<'_> {
    let Some(code) = &entry.code else {
        return Property::Null;
    };
    let category = if entry.status == Status::Failure { "failure" } else { "nonServiceFailure" };
    Property::Object(vec![
        ("errorCode", text(code)),
        ("errorCategory", text(category)),
        ("reason", maybe(entry.reason.as_deref(), text)),
        ("additionalDetails", Property::Null),
        ("recommendedAction", Property::Null),
    ])
}

fn step(step: &ProvisioningStep) -> Property<'_> {
    let mut details = Vec::new();
    if !step.details.is_empty() {
        let values: Vec<String> = step.details.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        details.push(("details", owned(values.join("; "))));
    }
    Property::Object(vec![
        ("name", text(step.name)),
        ("provisioningStepType", text(step.kind)),
        ("status", text(step.status.name())),
        ("description", text(&step.description)),
        ("details", Property::Object(details)),
    ])
}
