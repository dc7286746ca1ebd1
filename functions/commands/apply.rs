//! `usher apply`: carries out what `usher plan` shows, as far as mode, pilot, waves and limits allow.

use super::plan::{Bar, show};
use super::{Exit, Global, output, signal};
use crate::start;
use clap::Args;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use usher_shared::config::Mode;
use usher_shared::journal::record::Job;
use usher_shared::report::{OutcomeReport, Report};
use usher_shared::run::{Order, Progress};
use usher_shared::until::Until;

#[derive(Args)]
pub(super) struct Options {
    /// Only the quick path: people to be brought in
    #[arg(long)]
    quick: bool,
    /// Take the state for this tenant's although it knows of no earlier run
    #[arg(long)]
    adopt_state: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> ExitCode {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error).into(),
    };
    let bar = Bar::new(global);
    let (mut until, stop) = Until::new(None);
    let order = Order {
        job: if options.quick { Job::Invite } else { Job::Reconcile },
        adopt_state: options.adopt_state,
        from_inbox: false,
    };
    let writing = AtomicBool::new(false);
    let progress = |progress| {
        writing.fetch_or(matches!(progress, Progress::Planned(_)), Ordering::Relaxed);
        bar.show(progress);
    };
    let run = async {
        let report = usher.run(order, &mut until, &progress).await?;
        // Whoever found this command at work left their request to it. If it cannot be served, it stays asked for.
        if let Err(error) = usher.serve_inbox(&mut until, &|_, _| {}).await {
            eprintln!("usher: what was asked for meanwhile is left to the next run: {error}");
        }
        Ok(report)
    };
    tokio::pin!(run);
    let mut signalled = None;
    let result = tokio::select! {
        result = &mut run => result,
        code = signal() => {
            // While it only reads there is nothing to finish.
            if !writing.load(Ordering::Relaxed) {
                return ExitCode::from(code);
            }
            // The batch in flight ends and is journalled; a second signal ends the process at once, which loses nothing
            // but leaves that batch to be confirmed by later sweeps.
            signalled = Some(code);
            stop.ask();
            eprintln!("usher: stopping after the batch in flight; press Ctrl-C again to end at once");
            tokio::select! {
                result = &mut run => result,
                code = signal() => return ExitCode::from(code),
            }
        }
    };
    bar.clear();
    match result {
        Ok(report) => {
            show(global, &report);
            if usher.config.tenant.mode == Mode::Plan && !global.json {
                let note = "tenant.mode = \"apply\", or USHER_MODE, changes that";
                output::print(&format!("\nThis is plan mode: nothing was written; {note}.\n"));
            }
            signalled.map_or_else(|| exit_of(&report).into(), ExitCode::from)
        }
        Err(error) => signalled.map_or_else(|| output::failed(global, &error).into(), ExitCode::from),
    }
}

/// How a run ends the command: what was done and what was not.
fn exit_of(report: &Report) -> Exit {
    let count = |outcome| report.partners.iter().map(|partner| partner.count(outcome)).sum::<usize>();
    let (done, planned) = (count(OutcomeReport::Done), count(OutcomeReport::Planned));
    let not_done = count(OutcomeReport::Failed) + count(OutcomeReport::Unconfirmed);
    // What a guard stopped is told by the guard.
    let failed = report.partners.iter().any(|partner| partner.error.is_some() && partner.held.is_none());
    let held = report.partners.iter().any(|partner| partner.held.is_some());
    // In plan mode the mode itself is the guard that stopped it.
    let held = held || report.mode == Mode::Plan && planned > 0;
    if !failed && !held && not_done + planned == 0 {
        Exit::Done
    } else if done > 0 {
        Exit::Partly
    } else if held && !failed {
        Exit::Held
    } else {
        Exit::Failed
    }
}
