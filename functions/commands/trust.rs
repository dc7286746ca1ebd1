//! `usher trust`: the cross-tenant access settings that a partner needs in this tenant.

use super::output::line;
use super::setup::{self, SignIn, Tenant};
use super::{Exit, Global, output};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use usher_shared::changes::explained;
use usher_shared::checks::Check;
use usher_shared::config::Partner;
use usher_shared::graph::setup::{SetupReader, SetupWriter};
use usher_shared::trust::observe::{Observed, observe};
use usher_shared::trust::verify::{Side, both_sides, one_side};
use usher_shared::trust::{self, Allowed, TrustReport};

const READ: &[&str] = &["Policy.Read.All"];
const WRITE: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"];

#[derive(Subcommand)]
pub(super) enum Action {
    /// Show what would be changed, and what is left alone
    Plan(Options),
    /// Change it, in the order that Graph needs
    Apply(Options),
    /// Check whether it is so, on this side or on both
    Verify(Sides),
}

#[derive(Args)]
pub(super) struct Options {
    /// Allow a change that lets more in than a person once decided, or switches something off: KEY of [partner.trust], or
    /// PARTNER.KEY
    #[arg(long, value_name = "KEY")]
    allow_change: Vec<String>,
    /// Only this partner
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
}

#[derive(Args)]
pub(super) struct Sides {
    /// The configuration of the other tenant: both sides are looked at, and whether they fit
    #[arg(long, value_name = "FILE")]
    other: Option<PathBuf>,
}

pub(super) async fn run(global: &Global, action: &Action) -> Exit {
    match action {
        Action::Plan(options) => plan_or_apply(global, options, false).await,
        Action::Apply(options) => plan_or_apply(global, options, true).await,
        Action::Verify(sides) => verify(global, sides).await,
    }
}

async fn plan_or_apply(global: &Global, options: &Options, apply: bool) -> Exit {
    let allowed = match Allowed::new(&options.allow_change) {
        Ok(allowed) => allowed,
        Err(unknown) => {
            let message = format!("--allow-change {unknown}: this is no key of [partner.trust]");
            return output::bad_argument(global, &message, "Name the key that the plan shows, such as inbound.");
        }
    };
    let (permissions, sign_in) = if apply { (WRITE, SignIn::Needed) } else { (READ, SignIn::OrUsual) };
    let tenant = match Tenant::open(global, global.config.as_deref(), permissions, sign_in) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let chosen = match setup::partners(global, &tenant.config, options.partner.as_deref()) {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let reader = SetupReader::new(tenant.client.clone());
    let permit = if apply { tenant.permit(global) } else { None };
    let writer = permit.map(|permit| SetupWriter::new(tenant.client.clone(), &permit));
    let mut reports = Vec::new();
    for partner in chosen {
        reports.push(trust::run(&reader, writer.as_ref(), partner, tenant.config.tenant.cloud, &allowed).await);
    }
    show(global, &tenant, &reports);
    exit_of(&reports, apply)
}

fn exit_of(reports: &[TrustReport], apply: bool) -> Exit {
    let failed = reports.iter().filter(|report| report.error.is_some()).count();
    if failed == reports.len() {
        return Exit::Failed;
    }
    let exit =
        if apply { setup::exit_of_changes(reports.iter().flat_map(|report| &report.changes)) } else { Exit::Done };
    if failed > 0 { Exit::Partly } else { exit }
}

fn show(global: &Global, tenant: &Tenant, reports: &[TrustReport]) {
    if global.json {
        return output::json(&json!({ "mode": tenant.mode(), "partners": reports }));
    }
    let mut out = String::new();
    for report in reports {
        line!(out, "\n{}", report.partner);
        if let Some(error) = &report.error {
            line!(out, "  FAILED: {}\n  {}", error.message, error.advice);
            continue;
        }
        setup::show_changes(&mut out, &report.changes);
        report.by_hand.iter().for_each(|what| line!(out, "  by hand: {what}"));
        for left in &report.left_alone {
            line!(out, "  left alone: {} = {}", left.setting, left.value);
        }
    }
    output::print(&out);
}

async fn verify(global: &Global, sides: &Sides) -> Exit {
    let here = match Tenant::open(global, global.config.as_deref(), READ, SignIn::OrUsual) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let there = match &sides.other {
        None => None,
        Some(file) => match Tenant::open(global, Some(file), READ, SignIn::OrUsual) {
            Ok(tenant) => Some(tenant),
            Err(exit) => return exit,
        },
    };
    let mut checks = Vec::new();
    let mut met = false;
    for partner in &here.config.partners {
        let Some(observed) = seen(&here, partner, &mut checks).await else { continue };
        let side = Side { cloud: here.config.tenant.cloud, partner, observed: &observed };
        checks.extend(one_side(side));
        let Some(there) = there.as_ref().filter(|there| there.config.tenant.id == partner.tenant_id) else { continue };
        let Some(this) = there.config.partners.iter().find(|other| other.tenant_id == here.config.tenant.id) else {
            continue;
        };
        met = true;
        let Some(observed_there) = seen(there, this, &mut checks).await else { continue };
        let other = Side { cloud: there.config.tenant.cloud, partner: this, observed: &observed_there };
        checks.extend(one_side(other));
        checks.extend(both_sides(side, other));
    }
    if there.is_some() && !met {
        let advice = "Each must have the other's tenant_id in a [[partner]].";
        return output::bad_argument(global, "the two configurations are not of partners of each other", advice);
    }
    if global.json {
        output::json(&json!({ "checks": checks }));
    } else {
        setup::show_checks(&checks);
    }
    setup::exit_of_checks(&checks)
}

/// What there is for a partner; a check says why where it cannot be seen.
async fn seen(tenant: &Tenant, partner: &Partner, checks: &mut Vec<Check>) -> Option<Observed> {
    match observe(&SetupReader::new(tenant.client.clone()), partner.tenant_id).await {
        Ok(observed) => Some(observed),
        Err(error) => {
            let said = explained(&error).message;
            let check = Check::unreadable("trust.settings", &partner.name, &error, READ[0]);
            checks.push(Check { evidence: said, ..check });
            None
        }
    }
}
