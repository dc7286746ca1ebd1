//! `usher provision PERSON…`: people brought in, or retired, now.

use super::output::line;
use super::{Exit, Global, output, signal};
use crate::start;
use clap::Args;
use comfy_table::Cell;
use std::process::ExitCode;
use tokio::sync::Mutex;
use usher_shared::config::Mode;
use usher_shared::people::request::Wish;
use usher_shared::provision::desk::{self, PlaceError, RequestId, State};
use usher_shared::provision::{Answer, Asked, PersonAnswer, Went};
use usher_shared::report::{ErrorReport, OutcomeReport};
use usher_shared::run::{RunError, Usher};
use usher_shared::until::Until;

#[derive(Args)]
pub(super) struct Options {
    /// Addresses and object ids
    #[arg(required = true, value_name = "PERSON")]
    people: Vec<String>,
    /// The partner whose people they are [default: the one whose domains the addresses are in]
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    /// Take signing in away from them instead; the rules for leaving decide about the deletion
    #[arg(long)]
    retire: bool,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> ExitCode {
    let usher = match start::command(global.config.as_deref(), !options.dry_run) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error).into(),
    };
    let wish = if options.retire { Wish::Retire } else { Wish::Provision };
    let asked = match Asked::of(&usher.config, options.partner.as_deref(), &options.people, wish, false) {
        Ok(asked) => asked,
        Err(error) => {
            output::error(global, error.code(), &error.to_string(), error.advice());
            return Exit::Usage.into();
        }
    };
    if options.dry_run {
        let rehearsal = tokio::select! {
            rehearsal = usher.rehearse(&asked) => rehearsal,
            code = signal() => return ExitCode::from(code),
        };
        return match rehearsal {
            Ok(answer) => {
                show(global, &answer);
                Exit::Done.into()
            }
            Err(error) => output::failed(global, &error).into(),
        };
    }
    let (mut until, stop) = Until::new(None);
    let work = ask(&usher, &asked, &mut until);
    tokio::pin!(work);
    let (result, signalled) = tokio::select! {
        result = &mut work => (result, None),
        code = signal() => {
            // The batch in flight ends and is journalled; what is left stays asked for. A second signal ends it at once.
            stop.ask();
            eprintln!("usher: stopping after the batch in flight; press Ctrl-C again to end at once");
            tokio::select! {
                result = &mut work => (result, Some(code)),
                code = signal() => return ExitCode::from(code),
            }
        }
    };
    let exit = match result {
        Ok(State::Answered(answer)) => {
            show(global, &answer);
            exit_of(&usher, &answer)
        }
        Ok(State::Failed(ErrorReport { code, message, advice, .. })) => output::error(global, &code, &message, &advice),
        Ok(State::Waiting) | Err(_) if signalled.is_some() => Exit::Failed,
        Ok(State::Waiting) => {
            output::error(global, "waiting", "the request was not worked off.", "It waits for the next run.")
        }
        Err(error) => output::failed(global, &error),
    };
    signalled.map_or_else(|| exit.into(), ExitCode::from)
}

/// Places a request, and waits until it is worked off.
pub(super) async fn ask(usher: &Usher, asked: &Asked, until: &mut Until) -> Result<State, RunError> {
    let id = RequestId::random();
    match desk::place(usher.store.as_ref(), &id, asked, usher.clock.now()).await {
        Ok(()) => {}
        Err(PlaceError::State(error)) => return Err(error.into()),
        // The id is new.
        Err(PlaceError::AnotherRequest) => return Ok(State::Waiting),
    }
    Ok(usher.answer(&id, &Mutex::default(), until).await?.unwrap_or(State::Waiting))
}

fn exit_of(usher: &Usher, answer: &Answer) -> Exit {
    let is_planned = |person: &PersonAnswer| person.outcome == OutcomeReport::Planned;
    // In plan mode the mode itself is the guard that stopped it.
    if usher.config.tenant.mode == Mode::Plan && answer.people.iter().any(is_planned) {
        return Exit::Held;
    }
    match answer.went() {
        Went::Well => Exit::Done,
        Went::Stopped => Exit::Held,
        Went::Failed => Exit::Failed,
        Went::Partly => Exit::Partly,
    }
}

fn show(global: &Global, answer: &Answer) {
    if global.json {
        return output::json(answer);
    }
    let mut out = String::new();
    for person in &answer.people {
        let id = person.id.map(|id| id.to_string()).unwrap_or_default();
        line!(out, "{} {id}", person.address.as_deref().unwrap_or_default());
        line!(out, "  {}", person.text);
        let mut table = output::table(&["step", "result", "detail"]);
        for step in &person.steps {
            table.add_row([Cell::new(step.step), Cell::new(step.result), Cell::new(&step.detail)]);
        }
        line!(out, "{table}");
    }
    output::print(&out);
}
