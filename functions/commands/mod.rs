//! What an operator types.
//!
//! Responsible for: arguments, exit codes, signals, and choosing between people's output and one JSON document. Not
//! responsible for: what is done; every command is a few calls into `usher-shared`.

mod apply;
mod approve;
mod check_config;
mod circuit;
mod doctor;
mod explain;
mod grant;
mod output;
mod plan;
mod preview;
mod provision;
mod release;
mod serve;
mod setup;
mod status;
mod summary;
mod sync;
mod trust;

use clap::{Args, Parser, Subcommand};
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

/// Brings people of one Entra tenant into another as external users, and keeps them right.
#[derive(Parser)]
#[command(version, about, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command takes.
#[derive(Args, Clone)]
struct Global {
    /// The configuration [default: usher.toml beside host.json, or here]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON document on stdout instead of text for people
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run as the custom handler of the Functions host
    Serve,
    /// Show what would be done, and why nothing else; changes nothing
    Plan(plan::Options),
    /// Do it, as far as mode, pilot, waves and limits allow
    Apply(apply::Options),
    /// Tell why one person is treated as they are
    Explain(explain::Options),
    /// Bring people in, or retire them, now
    Provision(provision::Options),
    /// Forget what people decided about one person by hand, so that the rules apply again
    Release(release::Options),
    /// Approve a held plan
    Approve(approve::Options),
    /// Show the last runs and what they left; asks only the state
    Status(status::Options),
    /// Tell what happened since the last summary, here and to whoever is to get reports
    Summary(summary::Options),
    /// The circuit breaker that stops sending when Graph refuses for more than a person
    #[command(subcommand)]
    Circuit(circuit::Action),
    /// Look at everything that could keep usher from working, and tell what helps; changes nothing unless asked
    Doctor(doctor::Options),
    /// The permissions of Microsoft Graph that the function app's identity needs
    #[command(subcommand)]
    Grant(grant::Action),
    /// The cross-tenant access settings that a partner needs in this tenant
    #[command(subcommand)]
    Trust(trust::Action),
    /// Microsoft's cross-tenant synchronization from this tenant to a partner
    #[command(subcommand)]
    Sync(sync::Action),
    /// Check the configuration file, all of it
    CheckConfig,
}

/// How a command ended; the exit codes are part of the program's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Held = 3,
    Partly = 4,
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("usher: cannot start: {error}");
            return ExitCode::from(Exit::Failed as u8);
        }
    };
    let code = runtime.block_on(run(cli));
    // What still hangs (a lookup, a blocked read) must not keep a finished command alive.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> ExitCode {
    let global = cli.global;
    let exit = match cli.command {
        // These end by themselves on a signal, each in its own way.
        Command::Serve => return serve::run(&global).await,
        Command::Apply(options) => return apply::run(&global, &options).await,
        Command::CheckConfig => check_config::run(&global),
        Command::Doctor(options) => return or_signal(Box::pin(doctor::run(&global, &options))).await,
        Command::Grant(action) => return or_signal(Box::pin(grant::run(&global, &action))).await,
        Command::Sync(action) => return or_signal(Box::pin(sync::run(&global, &action))).await,
        Command::Trust(action) => return or_signal(Box::pin(trust::run(&global, &action))).await,
        Command::Circuit(circuit::Action::Close) => return or_signal(circuit::close(&global)).await,
        Command::Approve(options) => return approve::run(&global, &options).await,
        Command::Provision(options) => return Box::pin(provision::run(&global, &options)).await,
        Command::Release(options) => return or_signal(release::run(&global, &options)).await,
        Command::Plan(options) => return or_signal(plan::run(&global, &options)).await,
        Command::Explain(options) => return or_signal(explain::run(&global, &options)).await,
        Command::Summary(options) => return or_signal(summary::run(&global, &options)).await,
        Command::Status(options) => return or_signal(status::run(&global, &options)).await,
    };
    exit.into()
}

/// A command that only reads, or whose every write stands for itself, simply ends on a signal.
async fn or_signal(command: impl Future<Output = Exit>) -> ExitCode {
    tokio::select! {
        exit = command => exit.into(),
        code = signal() => ExitCode::from(code),
    }
}

/// Waits for Ctrl-C or a request to terminate; the exit code that says which. From the call on neither ends the process by
/// itself, even while nobody waits yet.
fn signal() -> impl Future<Output = u8> {
    use tokio::signal::unix::{SignalKind, signal};
    let handlers = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = handlers else {
            // Without handlers the signals end the process as they always do.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => 128 + 2,
            _ = terminate.recv() => 128 + 15,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
