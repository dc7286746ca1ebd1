//! `usher explain PERSON`: every rule with its evidence.

use super::output::line;
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use comfy_table::Cell;
use jiff::Timestamp;
use usher_shared::people::explain::Explanation;
use usher_shared::provision::whom;

#[derive(Args)]
pub(super) struct Options {
    /// Object id or address
    person: String,
    /// Judge as if it were then, such as 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let Some(whom) = whom(&options.person) else { return no_person(global) };
    let usher = match start::command(global.config.as_deref(), false) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    let now = options.now.unwrap_or_else(|| usher.clock.now());
    match usher.explain(&whom, now).await {
        Ok(explanations) => {
            show(global, &explanations);
            Exit::Done
        }
        Err(error) => output::failed(global, &error),
    }
}

/// The argument names nobody.
pub(super) fn no_person(global: &Global) -> Exit {
    output::bad_argument(
        global,
        "PERSON is neither an object id nor an address",
        "Name the person as person@fabrikam.us or by object id.",
    )
}

fn show(global: &Global, explanations: &[Explanation]) {
    let Some((first, others)) = explanations.split_first() else {
        return;
    };
    if global.json {
        return output::json(first);
    }
    let mut out = String::new();
    show_one(&mut out, first);
    for other in others {
        line!(out, "\nAnother object matches too:");
        show_one(&mut out, other);
    }
    output::print(&out);
}

fn show_one(out: &mut String, explanation: &Explanation) {
    let person = &explanation.person;
    let id = person.id.map(|id| id.to_string()).unwrap_or_default();
    line!(out, "{} {id}", person.address.as_deref().unwrap_or_default());
    line!(
        out,
        "  partner {}, in scope: {}, state: {}{}",
        explanation.partner.as_deref().unwrap_or("none"),
        explanation.in_scope,
        explanation.state.name(),
        explanation.by.map(|by| format!(" (by {})", by.name())).unwrap_or_default()
    );
    line!(out, "  {}: {}", explanation.decision, explanation.text);
    if explanation.rules.is_empty() {
        return;
    }
    let mut table = output::table(&["rule", "holds", "evidence"]);
    for rule in &explanation.rules {
        table.add_row([Cell::new(&rule.rule), Cell::new(rule.result), Cell::new(&rule.evidence)]);
    }
    line!(out, "{table}");
}
