//! `usher trust`: the cross-tenant access settings that a partner needs in this tenant.

use super::output::line;
use super::setup::{self, Session, SignIn, Tenant};
use super::{Exit, Global, output};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use usher_shared::changes::explained;
use usher_shared::checks::Check;
use usher_shared::config::Partner;
use usher_shared::graph::setup::SetupReader;
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
    let exit = match action {
        Action::Plan(options) => plan_or_apply(global, options, false).await,
        Action::Apply(options) => plan_or_apply(global, options, true).await,
        Action::Verify(sides) => verify(global, sides).await,
    };
    exit.unwrap_or_else(|exit| exit)
}

async fn plan_or_apply(global: &Global, options: &Options, apply: bool) -> Result<Exit, Exit> {
    let allowed = Allowed::new(&options.allow_change).map_err(|unknown| {
        let message = format!("--allow-change {unknown}: this is no key of [partner.trust]");
        output::bad_argument(global, &message, "Name the key that the plan shows, such as inbound.")
    })?;
    let session = Session::open(global, if apply { WRITE } else { READ }, apply)?;
    let config = &session.tenant.config;
    let mut reports = Vec::new();
    for partner in setup::partners(global, config, options.partner.as_deref())? {
        let writer = session.writer.as_ref();
        reports.push(trust::run(&session.reader, writer, partner, config.tenant.cloud, &allowed).await);
    }
    show(global, &session.tenant, &reports);
    let told: Vec<_> = reports.iter().map(|report| (report.error.is_some(), report.changes.as_slice())).collect();
    Ok(session.exit(&told))
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

async fn verify(global: &Global, sides: &Sides) -> Result<Exit, Exit> {
    let here = Tenant::open(global, global.config.as_deref(), READ, SignIn::OrUsual)?;
    let there =
        sides.other.as_deref().map(|file| Tenant::open(global, Some(file), READ, SignIn::OrUsual)).transpose()?;
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
        return Err(output::bad_argument(global, "the two configurations are not of partners of each other", advice));
    }
    Ok(setup::show_checks(global, &checks))
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
