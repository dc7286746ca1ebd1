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
use usher_shared::run::{Order, Progress, RunError, Usher};
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
    let order = Order {
        job: if options.quick { Job::Invite } else { Job::Reconcile },
        adopt_state: options.adopt_state,
        from_inbox: false,
    };
    match carry_out(global, &usher, order).await {
        Ended::Run(result, signalled) => {
            let exit = match &*result {
                Ok(report) => {
                    show_run(global, &usher, report);
                    exit_of(report).into()
                }
                Err(_) if signalled.is_some() => ExitCode::SUCCESS,
                Err(error) => output::failed(global, error).into(),
            };
            signalled.map_or(exit, ExitCode::from)
        }
        Ended::Signal(code) => ExitCode::from(code),
    }
}

/// How carrying out came to an end.
pub(super) enum Ended {
    /// With a report or an error; with the signal that asked for it, if one did.
    Run(Box<Result<Report, RunError>>, Option<u8>),
    /// By a signal, before there was anything to finish.
    Signal(u8),
}

/// Shows what a run did.
fn show_run(global: &Global, usher: &Usher, report: &Report) {
    show(global, report);
    if usher.config.tenant.mode == Mode::Plan && !global.json {
        let note = "tenant.mode = \"apply\", or USHER_MODE, changes that";
        output::print(&format!("\nThis is plan mode: nothing was written; {note}.\n"));
    }
}

/// Carries out a job, with a progress bar, and so that a signal ends it after the batch in flight.
pub(super) async fn carry_out(global: &Global, usher: &Usher, order: Order) -> Ended {
    let bar = Bar::new(global);
    let (mut until, stop) = Until::new(None);
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
                return Ended::Signal(code);
            }
            // The batch in flight ends and is journalled; a second signal ends the process at once, which loses nothing
            // but leaves that batch to be confirmed by later sweeps.
            signalled = Some(code);
            stop.ask();
            eprintln!("usher: stopping after the batch in flight; press Ctrl-C again to end at once");
            tokio::select! {
                result = &mut run => result,
                code = signal() => return Ended::Signal(code),
            }
        }
    };
    bar.clear();
    Ended::Run(Box::new(result), signalled)
}

/// How a run ends the command: what was done and what was not.
pub(super) fn exit_of(report: &Report) -> Exit {
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
