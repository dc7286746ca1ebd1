//! `usher sync`: Microsoft's cross-tenant synchronization from this tenant to a partner.

use super::output::line;
use super::setup::{self, SignIn, Tenant};
use super::{Exit, Global, output};
use crate::start;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use usher_shared::changes::explained;
use usher_shared::config::{CrossTenantSync, Partner};
use usher_shared::graph::GraphError;
use usher_shared::graph::setup::{SetupReader, SetupWriter};
use usher_shared::journal::record::Owner;
use usher_shared::sync::demand::Demand;
use usher_shared::sync::observe::{Observed, observe};
use usher_shared::sync::readiness::Readiness as PartnerReadiness;
use usher_shared::sync::{self, Allowed, SyncReport, status};
use usher_shared::until::Until;
use uuid::Uuid;

const READ: &[&str] = &["Application.Read.All", "Synchronization.Read.All", "ProvisioningLog.Read.All"];
const SET_UP: &[&str] =
    &["Application.ReadWrite.All", "Synchronization.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"];
const STEER: &[&str] = &["Application.Read.All", "Synchronization.ReadWrite.All"];

#[derive(Subcommand)]
pub(super) enum Action {
    /// Show what would be set up or changed
    Plan(Options),
    /// Set it up or change it; what is there already is found, not made again
    Apply(Options),
    /// How it goes: the job, its last cycle, the errors of the last day and what helps
    Status(One),
    /// Provision people of this tenant in the partner's now, and tell what each step did
    Provision(Provision),
    /// Let the job rest; a cycle that runs goes to its end
    Pause(One),
    /// Let the job go on from where it rested
    Resume(One),
    /// Let the job look at everybody anew, errors and quarantine forgotten
    Restart(Restart),
    /// Tell, in the tenant where they are external users, who could be handed over to the partner's synchronization
    Readiness(Readiness),
}

#[derive(Args)]
pub(super) struct Readiness {
    /// Say whose the external users are whom Entra Connect does not master; needs one partner
    #[arg(long, value_enum, value_name = "OWNER")]
    owner: Option<OwnerOption>,
    #[command(flatten)]
    one: One,
}

#[derive(Clone, Copy, ValueEnum)]
enum OwnerOption {
    /// usher's, also where the partner may push people here
    Usher,
    /// Microsoft's synchronization's: usher neither changes nor takes away
    Synchronization,
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

#[derive(Args)]
pub(super) struct Provision {
    /// Object ids in this tenant
    #[arg(required = true)]
    people: Vec<Uuid>,
    #[command(flatten)]
    one: One,
}

#[derive(Args)]
pub(super) struct Restart {
    /// Also carry out the deletions that the threshold held back
    #[arg(long)]
    approve_deletions: bool,
    #[command(flatten)]
    one: One,
}

/// What a command does with the job that is there.
enum Steer<'a> {
    Pause,
    Resume,
    Restart { approve_deletions: bool },
    Provision(&'a [Uuid]),
}

pub(super) async fn run(global: &Global, action: &Action) -> Exit {
    match action {
        Action::Plan(options) => plan_or_apply(global, options, false).await,
        Action::Apply(options) => plan_or_apply(global, options, true).await,
        Action::Status(one) => show_status(global, one).await,
        Action::Pause(one) => steer(global, one, &Steer::Pause).await,
        Action::Resume(one) => steer(global, one, &Steer::Resume).await,
        Action::Restart(Restart { approve_deletions, one }) => {
            steer(global, one, &Steer::Restart { approve_deletions: *approve_deletions }).await
        }
        Action::Readiness(options) => readiness(global, options).await,
        Action::Provision(Provision { people, one }) => steer(global, one, &Steer::Provision(people)).await,
    }
}

async fn readiness(global: &Global, options: &Readiness) -> Exit {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    let chosen = match setup::partners(global, &usher.config, options.one.partner.as_deref()) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    if let Some(owner) = options.owner {
        let [partner] = chosen[..] else {
            return output::bad_argument(
                global,
                "there are several partners",
                "Name the one that is meant: --partner.",
            );
        };
        let owner = match owner {
            OwnerOption::Usher => Owner::Usher,
            OwnerOption::Synchronization => Owner::Synchronization,
        };
        let (mut until, _stop) = Until::new(None);
        if let Err(error) = usher.settle_owner(&partner.name, owner, &mut until).await {
            return output::failed(global, &error);
        }
    }
    let told = match usher.readiness(options.one.partner.as_deref()).await {
        Ok(told) => told,
        Err(error) => return output::failed(global, &error),
    };
    if global.json {
        output::json(&json!({ "partners": told }));
    } else {
        show_readiness(&told);
    }
    if told.iter().all(|partner| partner.not_ready == 0) { Exit::Done } else { Exit::Partly }
}

fn show_readiness(told: &[PartnerReadiness]) {
    let mut out = String::new();
    for partner in told {
        let owner = match partner.owner {
            Some(Owner::Usher) => "usher's",
            Some(Owner::Synchronization) => "the synchronization's",
            None => "not said whose",
        };
        line!(
            out,
            "\n{}: {} can go, {} cannot; external users are {owner}",
            partner.partner,
            partner.ready,
            partner.not_ready
        );
        let mut table = output::table(&["person", "can go", "why", "to do"]);
        for one in &partner.people {
            let who = one.address.clone().unwrap_or_else(|| one.id.to_string());
            table.add_row([who, one.ready.to_string(), one.reason.to_owned(), one.advice.to_owned()]);
        }
        line!(out, "{table}");
    }
    output::print(&out);
}

/// The partners that are synchronized to.
fn partners<'a>(
    global: &Global,
    tenant: &'a Tenant,
    one: &One,
) -> Result<Vec<(&'a Partner, &'a CrossTenantSync)>, Exit> {
    let chosen = setup::partners(global, &tenant.config, one.partner.as_deref())?;
    let chosen: Vec<_> = chosen.into_iter().filter_map(|partner| Some((partner, partner.sync.as_ref()?))).collect();
    if chosen.is_empty() {
        let message = "the configuration has no [partner.sync]";
        return Err(output::bad_argument(global, message, "Add it to the partner whose tenant people are pushed to."));
    }
    Ok(chosen)
}

async fn plan_or_apply(global: &Global, options: &Options, apply: bool) -> Exit {
    let allowed = match Allowed::new(&options.allow_change) {
        Ok(allowed) => allowed,
        Err(unknown) => {
            let message = format!("--allow-change {unknown}: nothing waits under this name");
            return output::bad_argument(global, &message, "Name the key that the plan shows, such as flow.");
        }
    };
    let (permissions, sign_in) = if apply { (SET_UP, SignIn::Needed) } else { (READ, SignIn::OrUsual) };
    let tenant = match Tenant::open(global, global.config.as_deref(), permissions, sign_in) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let chosen = match partners(global, &tenant, &options.one) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let reader = SetupReader::new(tenant.client.clone());
    let permit = if apply { tenant.permit(global) } else { None };
    let writer = permit.map(|permit| SetupWriter::new(tenant.client.clone(), &permit));
    let mut reports = Vec::new();
    for (partner, sync) in chosen {
        reports.push(sync::run(&reader, writer.as_ref(), partner, sync, &allowed).await);
    }
    show(global, &tenant, &reports);
    let failed = reports.iter().filter(|report| report.error.is_some()).count();
    if failed == reports.len() {
        return Exit::Failed;
    }
    let changes = reports.iter().flat_map(|report| &report.changes);
    let exit = if apply { setup::exit_of_changes(changes) } else { Exit::Done };
    if failed > 0 { Exit::Partly } else { exit }
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

async fn show_status(global: &Global, one: &One) -> Exit {
    let tenant = match Tenant::open(global, global.config.as_deref(), READ, SignIn::OrUsual) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let chosen = match partners(global, &tenant, one) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let reader = SetupReader::new(tenant.client.clone());
    let mut checks = Vec::new();
    for (partner, sync) in chosen {
        checks.extend(status::status(&reader, partner, sync, tenant.client.clock().now()).await);
    }
    if global.json {
        output::json(&json!({ "checks": checks }));
    } else {
        setup::show_checks(&checks);
    }
    setup::exit_of_checks(&checks)
}

/// Does something with the job of each partner.
async fn steer(global: &Global, one: &One, what: &Steer<'_>) -> Exit {
    let tenant = match Tenant::open(global, global.config.as_deref(), STEER, SignIn::Needed) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let chosen = match partners(global, &tenant, one) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    if chosen.len() > 1 {
        return output::bad_argument(global, "several partners are synchronized to", "Name one: --partner.");
    }
    let Some(permit) = tenant.permit(global) else {
        if global.json {
            output::json(&json!({ "mode": tenant.mode(), "partners": [] }));
        }
        return Exit::Held;
    };
    let reader = SetupReader::new(tenant.client.clone());
    let writer = SetupWriter::new(tenant.client.clone(), &permit);
    let (partner, _) = chosen[0];
    let observed = match observe(&reader, partner, None).await {
        Ok(observed) => observed,
        Err(error) => return failed(global, &error),
    };
    let (Some(configuration), Some(job)) = (&observed.configuration, &observed.job) else {
        return output::error(
            global,
            "no-job",
            "there is no synchronization to this partner",
            "Run `usher sync apply`.",
        );
    };
    let (configuration, job) = (configuration.id, job.id.as_str());
    let result = match what {
        Steer::Pause => writer.pause_sync(configuration, job).await,
        Steer::Resume => writer.start_sync(configuration, job).await,
        Steer::Restart { approve_deletions: false } => {
            writer.restart_sync(configuration, job, "Watermark, Escrows, QuarantineState").await
        }
        Steer::Restart { approve_deletions: true } => writer.restart_sync(configuration, job, "ForceDeletes").await,
        Steer::Provision(people) => return provision(global, partner, &writer, &observed, people).await,
    };
    match result {
        Ok(()) => {
            let word = match what {
                Steer::Pause => "paused",
                Steer::Resume => "resumed",
                Steer::Restart { .. } | Steer::Provision(_) => "restarted",
            };
            if global.json {
                output::json(&json!({ "partner": partner.name, "job": job, "done": word }));
            } else {
                output::print(&format!("{}: {word}\n", partner.name));
            }
            Exit::Done
        }
        Err(error) => failed(global, &error),
    }
}

fn failed(global: &Global, error: &GraphError) -> Exit {
    let error = explained(error);
    output::error(global, &error.code, &error.message, &error.advice)
}

async fn provision(
    global: &Global,
    partner: &Partner,
    writer: &SetupWriter,
    observed: &Observed,
    people: &[Uuid],
) -> Exit {
    let rule = observed.schema.as_ref().and_then(|schema| schema.rule());
    let (Some(configuration), Some(job), Some(rule)) = (&observed.configuration, &observed.job, rule) else {
        let message = "the synchronization has no rule for people";
        return output::error(global, "no-rule", message, "Run `usher sync status`.");
    };
    let mut told = Vec::new();
    for person in people {
        let answer = writer.provision_on_demand(configuration.id, &job.id, rule, *person).await;
        told.push(match answer {
            Ok(answer) => match Demand::read(&answer) {
                Some(demand) => {
                    json!({ "id": person, "outcome": demand.outcome, "code": demand.code, "reason": demand.reason,
                    "target": demand.target, "steps": demand.steps })
                }
                None => json!({ "id": person, "outcome": "failed", "code": "unreadable", "steps": [],
                    "reason": "The service's answer could not be read; `usher sync status` shows what it logged." }),
            },
            Err(error) => {
                let error = explained(&error);
                json!({ "id": person, "outcome": "failed", "code": error.code, "steps": [],
                    "reason": format!("{} {}", error.message, error.advice) })
            }
        });
    }
    if global.json {
        output::json(&json!({ "partner": partner.name, "people": told }));
    } else {
        show_people(&told);
    }
    let good = |one: &&Value| matches!(one["outcome"].as_str(), Some("done" | "unchanged"));
    match told.iter().filter(good).count() {
        all if all == told.len() => Exit::Done,
        0 if told.iter().all(|one| one["outcome"] == "skipped") => Exit::Held,
        0 => Exit::Failed,
        _ => Exit::Partly,
    }
}

fn show_people(told: &[Value]) {
    let mut out = String::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for one in told {
        line!(out, "{}: {}  {} {}", text(&one["id"]), text(&one["outcome"]), text(&one["code"]), text(&one["reason"]));
        for step in one["steps"].as_array().into_iter().flatten() {
            line!(out, "  {}: {}  {}", text(&step["step"]), text(&step["result"]), text(&step["detail"]));
        }
    }
    output::print(&out);
}
