//! `usher status`: the last runs and what they left.

use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use comfy_table::Cell;
use usher_shared::journal::Journal;
use usher_shared::run::{RunError, Usher};
use usher_shared::status::{self, Status};

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
    let head = journal.memory().head.clone();
    Ok(status::read(usher.store.as_ref(), &usher.config, head, usher.clock.now()).await?)
}

fn show(global: &Global, status: &Status) {
    if global.json {
        return output::json(status);
    }
    println!("usher {}, configuration {}", status.version, &status.config_hash[..12]);
    println!("journal: segment {}, {}", status.journal_head.number, &status.journal_head.hash[..12]);
    for partner in &status.partners {
        println!(
            "\n{}{}",
            partner.partner,
            if partner.overdue { ": OVERDUE, no run went through for too long" } else { "" }
        );
        println!("  backlog {}, of which {} wait for their wave or their day", partner.backlog, partner.waiting);
        if let Some(held) = &partner.held {
            println!("  HELD. {}", held.reason.advice());
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
            println!("  no run yet");
        } else {
            println!("{table}");
        }
    }
}
