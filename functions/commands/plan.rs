//! `usher plan`: what would be done, and why nothing else.

use super::output::line;
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use comfy_table::Cell;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::time::Duration;
use usher_shared::report::{OutcomeReport, PartnerReport, Report};
use usher_shared::run::Progress;

/// People shown of a partner; the rest is counted.
const SHOWN: usize = 25;

#[derive(Args)]
pub(super) struct Options {
    /// Plan as if it were then, such as 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let usher = match start::command(global.config.as_deref(), false) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    let bar = Bar::new(global);
    let now = options.now.unwrap_or_else(|| usher.clock.now());
    let report = usher.plan(now, &|progress| bar.show(progress)).await;
    bar.clear();
    match report {
        Ok(report) => {
            show(global, &report);
            if report.partners.iter().any(|partner| partner.error.is_some()) {
                Exit::Failed
            } else if report.partners.iter().any(|partner| partner.held.is_some()) {
                Exit::Held
            } else {
                Exit::Done
            }
        }
        Err(error) => output::failed(global, &error),
    }
}

/// Shows a report: JSON for programs, else a section for each partner.
pub(super) fn show(global: &Global, report: &Report) {
    if global.json {
        return output::json(report);
    }
    let mut out = String::new();
    for partner in &report.partners {
        show_partner(&mut out, partner);
    }
    for removed in &report.removed_partners {
        line!(
            out,
            "\n{} is not configured any more; nothing is done to the {} people that usher looked after.",
            removed.partner,
            removed.people
        );
    }
    output::print(&out);
}

fn show_partner(out: &mut String, report: &PartnerReport) {
    line!(out, "\n{}", report.partner);
    line!(
        out,
        "  {} in scope, {} to do, {} waiting{}",
        report.observed,
        report.actions.len(),
        report.waiting,
        report.wave.map(|wave| format!(" (wave {wave})")).unwrap_or_default()
    );
    if !report.states.is_empty() {
        let states: Vec<_> = report.states.iter().map(|(state, people)| format!("{people} {}", state.name())).collect();
        line!(out, "  {}", states.join(", "));
    }
    if !report.missed.is_empty() {
        line!(out, "  MISSED by the quick path: {} people, found by this sweep", report.missed.len());
    }
    if let Some(error) = &report.error {
        line!(out, "  FAILED {}: {} {}", error.code, error.message, error.advice);
    }
    if let Some(held) = &report.held {
        let reason = held.reason.name();
        let plan = held.plan.as_ref().map(|plan| format!(", plan {plan}")).unwrap_or_default();
        line!(out, "  HELD by {reason} (limit {}, observed {}{plan}).", number(held.limit), number(held.observed));
        line!(out, "  {}", held.reason.advice());
    }
    if !report.actions.is_empty() {
        let mut table = output::table(&["action", "person", "address", "outcome", "why"]);
        for action in report.actions.iter().take(SHOWN) {
            let outcome = match action.outcome {
                OutcomeReport::Planned => "planned",
                OutcomeReport::Done => "done",
                OutcomeReport::Failed => "FAILED",
                OutcomeReport::Unconfirmed => "unconfirmed",
                OutcomeReport::Skipped => "skipped",
            };
            let why = match &action.error {
                Some(error) => format!("{}: {} {}", error.code, error.message, error.advice),
                None => format!("{} → {}", action.before, action.after),
            };
            table.add_row([
                Cell::new(action.action),
                Cell::new(action.person.id),
                Cell::new(action.person.address.as_deref().unwrap_or_default()),
                Cell::new(outcome),
                Cell::new(why),
            ]);
        }
        line!(out, "{table}");
        if report.actions.len() > SHOWN {
            line!(out, "  … and {} more; --json shows all", report.actions.len() - SHOWN);
        }
    }
    if !report.untouched.is_empty() {
        let mut table = output::table(&["left alone", "people", "because"]);
        for (reason, people) in &report.untouched {
            table.add_row([Cell::new(reason.name()), Cell::new(people), Cell::new(reason.text())]);
        }
        line!(out, "{table}");
    }
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// A progress bar on a terminal; nothing elsewhere.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(global: &Global) -> Self {
        // indicatif draws on stderr, and only if that is a terminal.
        let bar = if global.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    pub(super) fn show(&self, progress: Progress) {
        match progress {
            Progress::Read(users) => self.0.set_message(format!("{users} users read")),
            Progress::Planned(actions) => {
                if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} {eta}") {
                    self.0.set_style(style);
                }
                self.0.set_length(actions as u64);
                self.0.set_message("done");
            }
            Progress::Applied(actions) => self.0.inc(actions as u64),
        }
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
