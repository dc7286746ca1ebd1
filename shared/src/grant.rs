//! Giving the function app's identity the permissions that its configuration needs, and no more.
//!
//! Responsible for: which to give and which to take, by name, because ids of permissions are Graph's own. Not responsible
//! for: which are needed; see [`crate::permissions`].

use crate::changes::{Change, explained};
use crate::config::Config;
use crate::graph::error::Result;
use crate::graph::setup::applications::ServicePrincipal;
use crate::graph::setup::{SetupReader, SetupWriter};
use crate::permissions::{Duties, INVITE, is_of_use, needed};
use crate::report::ErrorReport;
use serde::Serialize;
use uuid::Uuid;

/// What is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// What the identity does.
    pub duties: Duties,
    /// Take away what is not needed.
    pub prune: bool,
    /// Make it a Guest Inviter instead of giving `User.Invite.All`.
    pub guest_inviter: bool,
}

/// What is to be changed, or what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct GrantReport {
    /// The identity's object id.
    pub identity: Uuid,
    /// Its name.
    pub name: String,
    /// The changes; each key is a permission's name, or the directory role's.
    pub changes: Vec<Change>,
    /// Permissions of Graph that it has and does not need.
    pub surplus: Vec<String>,
    /// Permissions that it needs and Graph does not offer in this cloud.
    pub not_offered: Vec<String>,
}

/// A write.
enum Step {
    Grant(Uuid),
    Revoke(String),
    GuestInviter,
}

/// The directory role's name.
const ROLE: &str = "Guest Inviter";

/// Plans, and carries it out where there is a writer.
///
/// # Errors
/// When the identity or its permissions cannot be read: then nothing is changed.
pub async fn run(
    reader: &SetupReader,
    writer: Option<&SetupWriter>,
    config: &Config,
    identity: Uuid,
    wish: Wish,
) -> std::result::Result<GrantReport, ErrorReport> {
    let (mut report, steps, graph) =
        plan(reader, config, identity, wish).await.map_err(|error| explained(&error))?.ok_or_else(|| ErrorReport {
            code: "no-such-identity".to_owned(),
            message: format!("no application {identity} is in this tenant"),
            advice: "Name the managed identity by its object (principal) id or its client id: --identity ID."
                .to_owned(),
            transient: false,
        })?;
    if let Some(writer) = writer {
        for (change, step) in report.changes.iter_mut().zip(&steps) {
            let result = match step {
                Step::Grant(role) => writer.grant(report.identity, graph, *role).await,
                Step::Revoke(assignment) => writer.revoke(report.identity, assignment).await,
                Step::GuestInviter => writer.make_guest_inviter(report.identity).await,
            };
            change.became(&result);
        }
    }
    Ok(report)
}

async fn plan(
    reader: &SetupReader,
    config: &Config,
    identity: Uuid,
    wish: Wish,
) -> Result<Option<(GrantReport, Vec<Step>, Uuid)>> {
    let Some(principal) = reader.service_principal(identity).await? else { return Ok(None) };
    let graph = reader.graph().await?;
    let assignments = reader.app_role_assignments(principal.id).await?;
    let held: Vec<_> = assignments.iter().filter(|assignment| assignment.resource_id == graph.id).collect();
    let has = |role: Uuid| held.iter().any(|assignment| assignment.app_role_id == role);
    let mut needed = needed(config, wish.duties);
    needed.retain(|permission| !(wish.guest_inviter && permission.name == INVITE));

    let (mut changes, mut steps, mut not_offered) = (Vec::new(), Vec::new(), Vec::new());
    for permission in &needed {
        match graph.app_role(permission.name) {
            None => not_offered.push(permission.name.to_owned()),
            Some(role) if has(role) => {}
            Some(role) => {
                changes.push(Change::new(permission.name, "not granted", format!("granted, for {}", permission.why)));
                steps.push(Step::Grant(role));
            }
        }
    }
    if wish.guest_inviter && !reader.is_guest_inviter(principal.id).await? {
        changes.push(Change::new(ROLE, "no such role", "directory role, for inviting and converting"));
        steps.push(Step::GuestInviter);
    }
    let mut surplus = Vec::new();
    for assignment in held {
        let name = name(&graph, assignment.app_role_id);
        if needed.iter().any(|permission| permission.name == name) || is_of_use(config, &name) {
            continue;
        }
        if wish.prune {
            changes.push(Change::new(&name, "granted", "taken away: nothing in the configuration needs it"));
            steps.push(Step::Revoke(assignment.id.clone()));
        } else {
            surplus.push(name);
        }
    }
    let name = principal.display_name.clone().unwrap_or_default();
    Ok(Some((GrantReport { identity: principal.id, name, changes, surplus, not_offered }, steps, graph.id)))
}

/// A permission that Graph does not offer any more has no name.
fn name(graph: &ServicePrincipal, role: Uuid) -> String {
    graph.name_of(role).map_or_else(|| role.to_string(), str::to_owned)
}
