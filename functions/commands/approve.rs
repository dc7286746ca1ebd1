//! `usher approve PLAN`: a person approves a held plan.

use super::apply::{Ended, carry_out, exit_of};
use super::plan::show;
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use usher_shared::held::HeldPlan;
use usher_shared::journal::record::Job;
use usher_shared::run::Order;
use usher_shared::until::Until;
use usher_shared::wishes::ApproveError;

#[derive(Args)]
pub(super) struct Options {
    /// The plan's name, as `usher status` shows it
    plan: String,
    /// Carry it out at once, with everything else that a full run does
    #[arg(long)]
    apply: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> ExitCode {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error).into(),
    };
    let token = usher.client.permissions().await;
    // Nothing else of approving asks Graph, which would notice it.
    if token.as_ref().and_then(|token| token.tenant()).is_some_and(|tenant| tenant != usher.config.tenant.id.uuid()) {
        return output::error(
            global,
            "wrong-tenant",
            "the person signed in to another tenant than the one of the configuration.",
            "Sign in with `az login --tenant`, and the id of this tenant.",
        )
        .into();
    }
    let Some(person) = token.and_then(|token| token.person()) else {
        return output::error(
            global,
            "no-person",
            "only a signed-in person can approve; this token is an application's, or there is none.",
            "Sign in with `az login`, on a machine without a managed identity.",
        )
        .into();
    };
    let (mut until, _stop) = Until::new(None);
    let approved = match usher.approve(&options.plan, person, &mut until).await {
        Ok(approved) => approved,
        Err(ApproveError::Approval(error)) => {
            return output::error(global, "not-approved", &error.to_string(), error.advice()).into();
        }
        Err(ApproveError::Run(error)) => return output::failed(global, &error).into(),
    };
    if !options.apply {
        tell(global, &approved);
        return Exit::Done.into();
    }
    let order = Order { job: Job::Reconcile, adopt_state: false, from_inbox: false };
    match carry_out(global, &usher, order).await {
        Ended::Signal(code) => ExitCode::from(code),
        Ended::Run(result, signalled) => {
            let exit = match &*result {
                Ok(report) if global.json => {
                    let mut answer = answer(&approved);
                    answer["report"] = json!(report);
                    output::json(&answer);
                    exit_of(report).into()
                }
                Ok(report) => {
                    tell(global, &approved);
                    show(global, report);
                    exit_of(report).into()
                }
                Err(error) => output::failed(global, error).into(),
            };
            signalled.map_or(exit, ExitCode::from)
        }
    }
}

fn answer(approved: &HeldPlan) -> serde_json::Value {
    let by = approved.approved.map(|approval| approval.by);
    json!({ "plan": approved.plan, "approved_by": by, "expires": approved.expires })
}

fn tell(global: &Global, approved: &HeldPlan) {
    if global.json {
        return output::json(&answer(approved));
    }
    let expires = approved.expires.strftime("%Y-%m-%d %H:%M UTC");
    output::print(&format!(
        "approved: {} actions of {} go with the next full run, as far as they are still due; until {expires}\n",
        approved.actions.len(),
        approved.partner
    ));
}
