//! `usher doctor`: what could keep usher from working, looked at before it does, and what helps.
//!
//! Responsible for: which of the looks is asked for, asking before anything is changed, and how it ends. Not responsible for:
//! the checks; see `usher_shared::doctor`.

use super::output::line;
use super::plan::Bar;
use super::provision::ask;
use super::setup::{self, SignIn, Tenant};
use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use usher_shared::changes::Change;
use usher_shared::checks::Check;
use usher_shared::doctor::fix::{self, Switch};
use usher_shared::doctor::home::Home;
use usher_shared::doctor::sync_rules::{self, SyncRule};
use usher_shared::doctor::{self, Doctor, probe};
use usher_shared::graph::setup::authentication::Pace;
use usher_shared::graph::setup::{SetupReader, SetupWriter};
use usher_shared::people::request::Wish;
use usher_shared::provision::Asked;
use usher_shared::provision::desk::State;
use usher_shared::report::{ErrorReport, OutcomeReport};
use usher_shared::run::Usher;
use usher_shared::until::Until;

#[derive(Args)]
pub(super) struct Options {
    /// Also switch off signing in by text message for those whom the synchronization skips for it and who have another way;
    /// numbers stay
    #[arg(long)]
    fix: bool,
    /// Change it without asking; with --fix
    #[arg(long, requires = "fix")]
    yes: bool,
    /// Also send one real invitation, as `usher provision ADDRESS` does, and tell what this tenant allowed
    #[arg(long, value_name = "ADDRESS")]
    probe: Option<String>,
    /// In the home tenant: write what its people are called to a file for the other side, and look at nothing else. The
    /// file holds personal data
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "probe", "home", "sync_rules"])]
    export: Option<PathBuf>,
    /// The file that --export wrote in the home tenant
    #[arg(long, value_name = "FILE")]
    home: Option<PathBuf>,
    /// What `Get-ADSyncRule | ConvertTo-Json -Depth 10` wrote on the Entra Connect server
    #[arg(long, value_name = "FILE")]
    sync_rules: Option<PathBuf>,
}

/// What the arguments name, read.
struct Arguments {
    home: Option<Home>,
    rules: Option<Vec<SyncRule>>,
    probed: Option<Asked>,
}

/// What came of everything that was asked for.
#[derive(Default)]
struct Result {
    checks: Vec<Check>,
    switches: Option<Vec<Switch>>,
    /// Something waits for a word, or for another mode.
    held: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let usher = match start::command(global.config.as_deref(), options.probe.is_some()) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    if let Some(file) = &options.export {
        let bar = Bar::new(global);
        let exported = doctor::export(&usher, file, &|progress| bar.show(progress)).await;
        bar.clear();
        return match exported {
            Ok(check) => show(global, &Result { checks: vec![check], ..Result::default() }),
            Err(error) => output::failed(global, &error),
        };
    }
    let Arguments { home, rules, probed } = match arguments(global, options, &usher) {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let permissions = doctor::permissions(&usher.config, options.fix);
    let changes = options.fix && usher.config.partners.iter().any(|partner| partner.sync.is_some());
    let sign_in = if changes { SignIn::Needed } else { SignIn::OrUsual };
    let tenant = match Tenant::open(global, global.config.as_deref(), &permissions, sign_in) {
        Ok(tenant) => tenant,
        Err(exit) => return exit,
    };
    let reader = SetupReader::new(tenant.client.clone());
    let mut pace = Pace::new(usher.clock.clone(), usher.config.tenant.quota_percent);
    let environment = start::environment();
    let mut result = Result::default();
    // First, so that the checks see what it has shown.
    let probe = match &probed {
        Some(asked) => Some(Box::pin(send_probe(&usher, asked, &mut result.held)).await),
        None => None,
    };
    let bar = Bar::new(global);
    let look = Doctor {
        usher: &usher,
        policies: &reader,
        environment: &environment,
        home: home.as_ref(),
        sync_rules: rules.as_deref(),
    };
    let examined = Box::pin(look.examine(&mut pace, &|progress| bar.show(progress))).await;
    bar.clear();
    result.checks = examined.checks;
    result.checks.extend(probe);
    if options.fix {
        let ready: Vec<_> = examined.ready.into_iter().collect();
        Box::pin(switch(global, options, &tenant, &reader, &mut pace, &ready, &mut result)).await;
    }
    show(global, &result)
}

/// What the arguments name, read before anybody is asked anything.
fn arguments(global: &Global, options: &Options, usher: &Usher) -> std::result::Result<Arguments, Exit> {
    let home = match &options.home {
        None => None,
        Some(file) => Some(Home::read(file, &usher.config.partners).map_err(|error| {
            let message = format!("--home {}: {error}", file.display());
            let advice = "Let the home tenant's operator write it: `usher doctor --export FILE`.";
            output::bad_argument(global, &message, advice)
        })?),
    };
    let rules = match &options.sync_rules {
        None => None,
        Some(file) => Some(sync_rules::read(file).map_err(|error| {
            let message = format!("--sync-rules {}: {error}", file.display());
            let advice = "On the server of Entra Connect run `Get-ADSyncRule | ConvertTo-Json -Depth 10`.";
            output::bad_argument(global, &message, advice)
        })?),
    };
    let probed = match &options.probe {
        None => None,
        Some(address) => {
            let people = std::slice::from_ref(address);
            let asked = Asked::of(&usher.config, None, people, Wish::Provision, false);
            Some(asked.map_err(|error| output::bad_argument(global, &format!("--probe: {error}"), error.advice()))?)
        }
    };
    Ok(Arguments { home, rules, probed })
}

/// Sends the pilot's invitation, behind every guard; `held` becomes true where one stopped it.
async fn send_probe(usher: &Usher, asked: &Asked, held: &mut bool) -> Check {
    let (mut until, _stop) = Until::new(None);
    let failed = |code: &str, message: String, advice: &str| {
        let (code, advice) = (code.to_owned(), advice.to_owned());
        probe::failed(&asked.partner, &ErrorReport { code, message, advice, transient: true })
    };
    match Box::pin(ask(usher, asked, &mut until)).await {
        Ok(State::Answered(answer)) => match answer.people.first() {
            Some(person) => {
                *held = person.stopped || person.outcome == OutcomeReport::Planned;
                probe::judge(&asked.partner, person)
            }
            None => failed("no-answer", "nobody was asked for".to_owned(), "Try again."),
        },
        Ok(State::Failed(error)) => probe::failed(&asked.partner, &error),
        Ok(State::Waiting) => failed("waiting", "it was not worked off".to_owned(), "It waits for the next run."),
        Err(error) => failed("not-sent", error.to_string(), "See the other checks, and try again."),
    }
}

/// Plans the switching off, and carries it out once somebody has agreed.
async fn switch(
    global: &Global,
    options: &Options,
    tenant: &Tenant,
    reader: &SetupReader,
    pace: &mut Pace,
    ready: &[usher_shared::ids::UserId],
    result: &mut Result,
) {
    let mut switches = fix::plan(reader, pace, ready).await;
    let to_do = switches.iter().filter(|switch| switch.change.held.is_none()).count();
    if to_do > 0 {
        let permit = tenant.permit(global);
        if permit.is_some() && !global.json {
            let mut out = String::new();
            setup::show_changes(&mut out, &rows(&switches));
            output::print(&out);
        }
        match permit {
            Some(permit) if options.yes || agreed(global, to_do) => {
                let writer = SetupWriter::new(tenant.client.clone(), &permit);
                fix::apply(&writer, reader, pace, &mut switches).await;
                let done: BTreeSet<_> = fix::done(&switches).into_iter().collect();
                doctor::after_fix(&mut result.checks, &done);
            }
            _ => result.held = true,
        }
    }
    result.switches = Some(switches);
}

/// Asks whoever sits at a terminal and sees the plan.
fn agreed(global: &Global, to_do: usize) -> bool {
    if global.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    eprint!("usher: switch off signing in by text message for {to_do} people? Type yes: ");
    let mut answer = String::new();
    std::io::stderr().flush().is_ok() && std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

fn rows(switches: &[Switch]) -> Vec<Change> {
    switches.iter().map(|switch| switch.change.clone()).collect()
}

fn show(global: &Global, result: &Result) -> Exit {
    let changes = result.switches.as_deref().map(rows);
    let undo = result.switches.as_deref().map(fix::undo).unwrap_or_default();
    if global.json {
        let mut document = json!({ "checks": result.checks });
        if let Some(changes) = &changes {
            document["changes"] = json!(changes);
            document["undo"] = json!(undo);
        }
        output::json(&document);
    } else {
        output::print(&setup::table_of_checks(&result.checks));
        if let Some(changes) = &changes {
            let mut out = String::new();
            setup::show_changes(&mut out, changes);
            for one in undo {
                line!(
                    out,
                    "  {} was {}; undo: POST /users/{}/authentication/phoneMethods/{}/enableSmsSignIn",
                    one.person,
                    one.sms_sign_in_state,
                    one.person,
                    one.phone_method
                );
            }
            output::print(&out);
        }
    }
    if result.held {
        return Exit::Held;
    }
    match changes.as_ref().map_or(Exit::Done, setup::exit_of_changes) {
        Exit::Done => setup::exit_of_checks(&result.checks),
        exit => exit,
    }
}
