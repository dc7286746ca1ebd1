//! How commands speak: tables and sentences for people, one JSON document for programs.

use super::{Exit, Global};
use crate::start::StartError;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;
use std::io::{ErrorKind, Write};
use usher_shared::graph::{GraphError, Kind};
use usher_shared::people::observe::ObserveError;
use usher_shared::report::ErrorReport;
use usher_shared::run::RunError;

/// Prints one JSON document.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&format!(
            "{text}
"
        )),
        Err(error) => eprintln!("usher: the answer could not be written as JSON: {error}"),
    }
}

/// Prints text for people. A reader who has seen enough, as `head` does, is no error.
pub(super) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("usher: the answer could not be written: {error}");
    }
}

/// Adds a line to a text; writing into a `String` cannot fail.
macro_rules! line {
    ($out:expr, $($format:tt)*) => {{
        use std::fmt::Write;
        let _ = writeln!($out, $($format)*);
    }};
}
pub(super) use line;

/// A table for people.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table
}

/// Tells that usher could not start, and how that ends the command.
pub(super) fn cannot_start(global: &Global, error: &StartError) -> Exit {
    let (code, advice) = match error {
        StartError::Config(errors) => {
            if global.json {
                json(&json!({ "error": {
                    "code": "configuration",
                    "message": errors.to_string(),
                    "advice": "Correct the file; `usher check-config` shows all of it.",
                    "errors": errors.errors,
                }}));
            } else {
                eprintln!("{errors}");
            }
            return Exit::Usage;
        }
        StartError::Setting(error) => (error.variable, "Correct the environment variable."),
        StartError::NoState => {
            ("USHER_STATE", "Set it to the state of the deployed app, or to file:///an/absolute/folder.")
        }
    };
    tell(global, code, &error.to_string(), advice);
    Exit::Usage
}

/// Tells that the run failed as a whole.
pub(super) fn failed(global: &Global, error: &RunError) -> Exit {
    let (code, advice) = match error {
        RunError::Observe(ObserveError::Graph(error)) => {
            let report = ErrorReport::from(error);
            // Where no token was to be had, the message says what to do for which identity.
            let no_token = error.kind == Kind::Unauthenticated && error.status.is_none();
            let (code, advice) =
                if no_token { ("no-token", "") } else { (report.code.as_str(), report.advice.as_str()) };
            tell(global, code, &sentence(error), advice);
            return Exit::Failed;
        }
        RunError::Observe(ObserveError::WrongTenant { .. }) => ("wrong-tenant", "Sign in to the configured tenant."),
        RunError::State(_) => ("state", "Check USHER_STATE, and that the state can be reached."),
        RunError::Journal(_) => {
            ("journal", "Look at `usher status`; if the chain is broken, do not delete it: ask who changed it.")
        }
        RunError::Busy => ("busy", "Wait until the other run is done; `usher status` shows it."),
        RunError::NoTime => ("no-time", "Nothing to do: the next run goes on."),
        RunError::ForeignState { .. } => ("foreign-state", "Correct USHER_STATE, or tenant.id."),
    };
    tell(global, code, &error.to_string(), advice);
    Exit::Failed
}

/// Tells of a failure of the command itself.
pub(super) fn error(global: &Global, code: &str, message: &str, advice: &str) -> Exit {
    tell(global, code, message, advice);
    Exit::Failed
}

/// Tells that an argument is not what it should be.
pub(super) fn bad_argument(global: &Global, message: &str, advice: &str) -> Exit {
    tell(global, "usage", message, advice);
    Exit::Usage
}

fn tell(global: &Global, code: &str, message: &str, advice: &str) {
    if global.json {
        json(&json!({ "error": { "code": code, "message": message, "advice": advice } }));
    } else {
        eprintln!("usher: {message}\n       {advice}");
    }
}

/// The error with Graph's own text, which only the operator sees.
fn sentence(error: &GraphError) -> String {
    match error.message() {
        "" => error.to_string(),
        text if error.status.is_some() => format!("{error}: {text}"),
        _ => error.to_string(),
    }
}
