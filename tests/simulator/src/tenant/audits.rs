//! `GET /auditLogs/directoryAudits`: the audit log as Graph shows it, newest first.

use super::audit::{Entry, Initiator, Modified, Target};
use super::auth::Caller;
use super::error::GraphError;
use super::filter::{AUDIT_RULES, Filter};
use super::model::Directory;
use super::property::{Property, Resource, Shown, maybe, owned, projection, text};
use super::query::{Direction, Query, collection, page};
use super::request::{GraphResult, Request};
use super::state::State;
use jiff::SignedDuration;
use uuid::Uuid;

/// So long the log goes back in a tenant with a licence.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Pages are this large, unless smaller ones are wanted.
const PAGE: usize = 1000;

/// `GET /auditLogs/directoryAudits`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    let directory = &state.directory;
    require_audit_log(directory, caller)?;
    if directory.audit.needs_directory_read && !caller.has_any(&["Directory.Read.All", "Directory.ReadWrite.All"]) {
        return Err(GraphError::permission_missing("Directory.Read.All"));
    }
    let query = Query::parse(request, &["$select", "$filter", "$orderby", "$top", "$skiptoken"])?;
    let names = projection::<Entry>(query.select.as_deref())?;
    let filter = query.filter.as_deref().map(|text| Filter::parse::<Entry>(text, AUDIT_RULES, false)).transpose()?;
    let newest_first = match query.order()? {
        None => true,
        Some((property, direction)) if property == "activityDateTime" => direction == Direction::Descending,
        Some((property, _)) => {
            return Err(GraphError::bad_request(format!("Sorting by '{property}' is not supported.")));
        }
    };
    let size = query.page_size_or(PAGE, PAGE)?;
    let after = query.after(state, request)?.map(|after| after.as_u128());
    let now = directory.clock().now();
    // The place in the log, counted from 1, is what a link to the next page remembers.
    let entries = (1u128..).zip(&directory.audit_log).map(|(place, entry)| (Uuid::from_u128(place), entry));
    let readable = |(_, entry): &(Uuid, &Entry)| entry.arrives <= now && now < entry.at + KEPT;
    let keep = |entry: &&Entry| filter.as_ref().map_or(Ok(true), |filter| filter.matches(*entry));
    let found: Vec<(Uuid, &Entry)> = entries.filter(readable).collect();
    let found = if newest_first {
        let rest = found.into_iter().rev().filter(|(place, _)| after.is_none_or(|after| place.as_u128() < after));
        page(rest, size, keep)?
    } else {
        let rest = found.into_iter().filter(|(place, _)| after.is_none_or(|after| place.as_u128() > after));
        page(rest, size, keep)?
    };
    let found = found.map(|entry| Shown { resource: entry, names: &names });
    Ok(collection(state, request, &query, "auditLogs/directoryAudits", found, None))
}

/// What reports of Entra ID need: a permission of their own and a licence.
pub(super) fn require_audit_log(directory: &Directory, caller: &Caller) -> Result<(), GraphError> {
    if !caller.has_any(&["AuditLog.Read.All"]) {
        return Err(GraphError::permission_missing("AuditLog.Read.All"));
    }
    if !directory.options.p1 {
        return Err(GraphError::new(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        ));
    }
    Ok(())
}

impl Resource for Entry {
    const TYPE: &'static str = "directoryAudit";
    const NAMES: &'static [&'static str] = &[
        "activityDateTime",
        "activityDisplayName",
        "additionalDetails",
        "category",
        "correlationId",
        "id",
        "initiatedBy",
        "loggedByService",
        "operationType",
        "result",
        "resultReason",
        "targetResources",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" | "correlationId" => owned(self.id),
            "activityDateTime" => Property::Time(self.at),
            "activityDisplayName" => text(self.activity.name),
            "category" => text(self.activity.category),
            "loggedByService" => text(self.activity.service),
            "operationType" => text(self.activity.operation),
            "result" => text("success"),
            "resultReason" => text(""),
            "additionalDetails" => Property::List(vec![]),
            "initiatedBy" => initiated_by(&self.by),
            "targetResources" => Property::List(self.targets.iter().map(target).collect()),
            _ => Property::Null,
        }
    }
}

fn initiated_by(by: &Initiator) -> Property<'_> {
    let (user, app) = match by {
        Initiator::User { id, name, user_principal_name } => {
            let user = vec![
                ("id", owned(id)),
                ("displayName", text(name)),
                ("userPrincipalName", text(user_principal_name)),
                ("ipAddress", Property::Null),
            ];
            (Property::Object(user), Property::Null)
        }
        Initiator::App { client_id, name, principal } => {
            let app = vec![
                ("appId", maybe(*client_id, owned)),
                ("displayName", text(name)),
                ("servicePrincipalId", owned(principal)),
                ("servicePrincipalName", Property::Null),
            ];
            (Property::Null, Property::Object(app))
        }
    };
    Property::Object(vec![("user", user), ("app", app)])
}

fn target(target: &Target) -> Property<'_> {
    let group_type = if target.kind == "Group" { text("azureAD") } else { Property::Null };
    Property::Object(vec![
        ("id", owned(target.id)),
        ("displayName", maybe(target.name.as_deref(), text)),
        ("type", text(target.kind)),
        ("userPrincipalName", maybe(target.user_principal_name.as_deref(), text)),
        ("groupType", group_type),
        ("modifiedProperties", Property::List(target.modified.iter().map(modified).collect())),
    ])
}

fn modified(modified: &Modified) -> Property<'_> {
    Property::Object(vec![
        ("displayName", text(&modified.name)),
        ("oldValue", maybe(modified.old.as_deref(), text)),
        ("newValue", maybe(modified.new.as_deref(), text)),
    ])
}
