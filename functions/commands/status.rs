//! `usher status`: the last runs and what they left.

use super::output::line;
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use comfy_table::Cell;
use usher_shared::journal::Journal;
use usher_shared::run::{RunError, Usher};
use usher_shared::status::{self, Status};
use usher_shared::teams::Arrival;

#[derive(Args)]
pub(super) struct Options {
    /// Follow the journal's chain from its first segment
    #[arg(long)]
    verify: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    match read(&usher, options.verify).await {
        Ok(status) => {
            show(global, &status);
            Exit::Done
        }
        Err(error) => output::failed(global, &error),
    }
}

async fn read(usher: &Usher, verify: bool) -> Result<Status, RunError> {
    let journal = Journal::open(usher.store.clone()).await?;
    if verify {
        journal.verify().await?;
    }
    Ok(status::read(usher.store.as_ref(), &usher.config, journal.memory(), usher.clock.now()).await?)
}

fn show(global: &Global, status: &Status) {
    if global.json {
        return output::json(status);
    }
    let mut out = String::new();
    line!(out, "usher {}, configuration {}", status.version, &status.config_hash[..12]);
    line!(out, "journal: segment {}, {}", status.journal_head.number, &status.journal_head.hash[..12]);
    for one in &status.failed {
        line!(out, "GIVEN UP {}: {}", one.at.strftime("%Y-%m-%d %H:%M:%S UTC"), one.cause);
    }
    for one in &status.receivers {
        let fate = match one.arrival {
            Arrival::Accepted => "taken",
            Arrival::Refused => "refused",
            Arrival::Unknown => "sent, and nobody knows whether it arrived",
        };
        let why = one.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
        line!(out, "last report to {}, {}: {fate}{why}", one.receiver, one.at.strftime("%Y-%m-%d %H:%M:%S UTC"));
    }
    for partner in &status.partners {
        line!(
            out,
            "\n{}{}",
            partner.partner,
            if partner.overdue { ": OVERDUE, no run went through for too long" } else { "" }
        );
        line!(out, "  backlog {}, of which {} wait for their wave or their day", partner.backlog, partner.waiting);
        if partner.unconfirmed > 0 {
            line!(
                out,
                "  {} people of whom it is not known yet what became of their last step, {} of them for more than a day",
                partner.unconfirmed,
                partner.unsettled
            );
        }
        if let Some(held) = &partner.held {
            line!(out, "  HELD. {}", held.reason.advice());
        }
        if let Some(plan) = &partner.held_plan {
            let state =
                if plan.approved.is_some() { "approved, goes with the next sweep" } else { "waits for approval" };
            let expires = plan.expires.strftime("%Y-%m-%d %H:%M UTC");
            line!(out, "  plan {} of {} actions {state}; over {expires}", plan.plan, plan.actions);
            if let Some(drift) = plan.drift.filter(|drift| drift.gone + drift.added > 0) {
                line!(out, "  since then {} are not due any more, and {} more would be held", drift.gone, drift.added);
            }
        }
        if partner.missed > 0 {
            line!(out, "  {} people whom the quick path had missed, found by the last sweep", partner.missed);
        }
        if let Some(circuit) = &partner.circuit {
            let next = circuit.next_try.map_or_else(
                || "`usher circuit close` closes it".to_owned(),
                |next| format!("next try {}", next.strftime("%H:%M:%S UTC")),
            );
            line!(
                out,
                "  CIRCUIT OPEN since {}: {}; {next}",
                circuit.opened.strftime("%Y-%m-%d %H:%M:%S UTC"),
                circuit.reason
            );
        }
        let mut table =
            output::table(&["finished", "job", "in scope", "planned", "done", "failed", "unconfirmed", "waiting"]);
        for run in &partner.runs {
            table.add_row([
                Cell::new(run.finished.strftime("%Y-%m-%d %H:%M:%S UTC")),
                Cell::new(run.job),
                Cell::new(run.observed),
                Cell::new(run.planned),
                Cell::new(run.done),
                Cell::new(run.failed),
                Cell::new(run.unconfirmed),
                Cell::new(run.waiting),
            ]);
        }
        if partner.runs.is_empty() {
            line!(out, "  no run yet");
        } else {
            line!(out, "{table}");
        }
    }
    output::print(&out);
}
