//! `usher grant`: the permissions of Microsoft Graph that the function app's identity needs.

use super::output::line;
use super::setup::{self, Session, Tenant};
use super::{Exit, Global, output};
use crate::start;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use usher_shared::environment::{Caller, Surroundings};
use usher_shared::grant::{self, GrantReport, Wish};
use usher_shared::permissions::Duties;
use uuid::Uuid;

const READ: &[&str] = &["Application.Read.All", "RoleManagement.Read.Directory"];
const WRITE: &[&str] =
    &["Application.Read.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"];

#[derive(Subcommand)]
pub(super) enum Action {
    /// Show which permissions are missing, and which are not needed
    Plan(Options),
    /// Grant what is missing
    Apply(Options),
}

#[derive(Args)]
pub(super) struct Options {
    /// The managed identity, by object (principal) id or client id [default: the one that runs this]
    #[arg(long, value_name = "ID")]
    identity: Option<Uuid>,
    /// What the identity shall be able to do
    #[arg(long, value_enum, default_value = "lifecycle")]
    duties: DutiesOption,
    /// Take away what is not needed
    #[arg(long)]
    prune: bool,
    /// Make it a Guest Inviter instead of granting User.Invite.All, where only such may invite
    #[arg(long)]
    guest_inviter: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum DutiesOption {
    /// Read and invite
    Inviting,
    /// All that the configuration says
    Lifecycle,
}

pub(super) async fn run(global: &Global, action: &Action) -> Exit {
    let exit = match action {
        Action::Plan(options) => plan_or_apply(global, options, false).await,
        Action::Apply(options) => plan_or_apply(global, options, true).await,
    };
    exit.unwrap_or_else(|exit| exit)
}

async fn plan_or_apply(global: &Global, options: &Options, apply: bool) -> Result<Exit, Exit> {
    let mut permissions = if apply { WRITE } else { READ };
    if !options.guest_inviter {
        // No more than is asked for.
        permissions = &permissions[..permissions.len() - 1];
    }
    let session = Session::open(global, permissions, apply)?;
    let Some(identity) = identity(&session.tenant, options).await else {
        let message = "it is not said which identity is meant, and none runs here";
        let advice = "Name it: --identity with its object (principal) id or client id.";
        return Err(output::bad_argument(global, message, advice));
    };
    let duties = match options.duties {
        DutiesOption::Inviting => Duties::Inviting,
        DutiesOption::Lifecycle => Duties::Lifecycle,
    };
    let wish = Wish { duties, prune: options.prune, guest_inviter: options.guest_inviter };
    let report = grant::run(&session.reader, session.writer.as_ref(), &session.tenant.config, identity, wish).await;
    let report = report.map_err(|error| output::error(global, &error.code, &error.message, &error.advice))?;
    show(global, &session.tenant, &report);
    Ok(session.exit(&[(false, report.changes.as_slice())]))
}

/// The identity that is named, or the managed identity of this machine.
async fn identity(tenant: &Tenant, options: &Options) -> Option<Uuid> {
    if options.identity.is_some() {
        return options.identity;
    }
    let environment = start::environment();
    environment.get("IDENTITY_ENDPOINT")?;
    let surroundings = Surroundings::read(&environment, tenant.config.tenant.cloud, Caller::Operator).ok()?;
    surroundings.client(&tenant.config.tenant).permissions().await?.principal()
}

fn show(global: &Global, tenant: &Tenant, report: &GrantReport) {
    if global.json {
        return output::json(&json!({ "mode": tenant.mode(), "grant": report }));
    }
    let mut out = String::new();
    line!(out, "{} {}", report.identity, report.name);
    setup::show_changes(&mut out, &report.changes);
    if !report.surplus.is_empty() {
        line!(out, "  not needed, and kept: {}; --prune takes them away", report.surplus.join(", "));
    }
    if !report.not_offered.is_empty() {
        line!(out, "  not offered in this cloud: {}", report.not_offered.join(", "));
    }
    output::print(&out);
}
