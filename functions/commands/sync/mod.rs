//! `usher sync`: Microsoft's cross-tenant synchronization from this tenant to a partner.
//!
//! - `steer`: the job that is there, and one person now. `readiness`: who of the external users here could be handed over.

mod readiness;
mod steer;

use super::output::line;
use super::setup::{self, Session, SignIn, Tenant};
use super::{Exit, Global, output};
use clap::{Args, Subcommand};
use serde_json::json;
use usher_shared::config::{Config, CrossTenantSync, Partner};
use usher_shared::graph::setup::SetupReader;
use usher_shared::sync::{self, Allowed, SyncReport, status};

const READ: &[&str] = &["Application.Read.All", "Synchronization.Read.All", "ProvisioningLog.Read.All"];
const SET_UP: &[&str] =
    &["Application.ReadWrite.All", "Synchronization.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];

#[derive(Subcommand)]
pub(super) enum Action {
    /// Show what would be set up or changed
    Plan(Options),
    /// Set it up or change it; what is there already is found, not made again
    Apply(Options),
    /// How it goes: the job, its last cycle, the errors of the last day and what helps
    Status(One),
    /// Provision people of this tenant in the partner's now, and tell what each step did
    Provision(steer::People),
    /// Let the job rest; a cycle that runs goes to its end
    Pause(One),
    /// Let the job go on from where it rested
    Resume(One),
    /// Let the job look at everybody anew, errors and quarantine forgotten
    Restart(steer::Restart),
    /// Tell, in the tenant where they are external users, who could be handed over to the partner's synchronization
    Readiness(readiness::Options),
}

#[derive(Args)]
pub(super) struct Options {
    /// Allow a change that concerns people who are synchronized already: the key that the plan shows
    #[arg(long, value_name = "KEY")]
    allow_change: Vec<String>,
    #[command(flatten)]
    one: One,
}

#[derive(Args)]
pub(super) struct One {
    /// Only this partner
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
}

pub(super) async fn run(global: &Global, action: &Action) -> Exit {
    let exit = match action {
        Action::Plan(options) => plan_or_apply(global, options, false).await,
        Action::Apply(options) => plan_or_apply(global, options, true).await,
        Action::Status(one) => show_status(global, one).await,
        Action::Pause(one) => steer::pause(global, one).await,
        Action::Resume(one) => steer::resume(global, one).await,
        Action::Restart(restart) => steer::restart(global, restart).await,
        Action::Provision(people) => steer::provision(global, people).await,
        Action::Readiness(options) => readiness::run(global, options).await,
    };
    exit.unwrap_or_else(|exit| exit)
}

/// The partners that are synchronized to.
fn partners<'a>(
    global: &Global,
    config: &'a Config,
    one: &One,
) -> Result<Vec<(&'a Partner, &'a CrossTenantSync)>, Exit> {
    let chosen = setup::partners(global, config, one.partner.as_deref())?;
    let chosen: Vec<_> = chosen.into_iter().filter_map(|partner| Some((partner, partner.sync.as_ref()?))).collect();
    if chosen.is_empty() {
        let message = "the configuration has no [partner.sync]";
        return Err(output::bad_argument(global, message, "Add it to the partner whose tenant people are pushed to."));
    }
    Ok(chosen)
}

async fn plan_or_apply(global: &Global, options: &Options, apply: bool) -> Result<Exit, Exit> {
    let allowed = Allowed::new(&options.allow_change).map_err(|unknown| {
        let message = format!("--allow-change {unknown}: nothing waits under this name");
        output::bad_argument(global, &message, "Name the key that the plan shows, such as flow.")
    })?;
    let session = Session::open(global, if apply { SET_UP } else { READ }, apply)?;
    let mut reports = Vec::new();
    for (partner, sync) in partners(global, &session.tenant.config, &options.one)? {
        reports.push(sync::run(&session.reader, session.writer.as_ref(), partner, sync, &allowed).await);
    }
    show(global, &session.tenant, &reports);
    let told: Vec<_> = reports.iter().map(|report| (report.error.is_some(), report.changes.as_slice())).collect();
    Ok(session.exit(&told))
}

fn show(global: &Global, tenant: &Tenant, reports: &[SyncReport]) {
    if global.json {
        return output::json(&json!({ "mode": tenant.mode(), "partners": reports }));
    }
    let mut out = String::new();
    for report in reports {
        line!(out, "\n{}", report.partner);
        setup::show_changes(&mut out, &report.changes);
        report.left_alone.iter().for_each(|what| line!(out, "  left alone: {what}"));
        if let Some(error) = &report.error {
            line!(out, "  FAILED: {}\n  {}", error.message, error.advice);
        }
    }
    output::print(&out);
}

async fn show_status(global: &Global, one: &One) -> Result<Exit, Exit> {
    let tenant = Tenant::open(global, global.config.as_deref(), READ, SignIn::OrUsual)?;
    let reader = SetupReader::new(tenant.client.clone());
    let mut checks = Vec::new();
    for (partner, sync) in partners(global, &tenant.config, one)? {
        checks.extend(status::status(&reader, partner, sync, tenant.client.clock().now()).await);
    }
    Ok(setup::show_checks(global, &checks))
}
