//! `usher check-config`: every error of the configuration, with file, line and remedy.

use super::{Exit, Global, output};
use crate::start::{self, StartError};
use serde_json::json;

pub(super) fn run(global: &Global) -> Exit {
    let environment = start::environment();
    match start::config(global.config.as_deref(), &environment) {
        Ok(config) => {
            if global.json {
                output::json(&json!({ "valid": true, "errors": [] }));
            } else {
                let path = start::config_path(global.config.as_deref(), &environment);
                output::print(&format!("{}: valid, {} partner(s)\n", path.display(), config.partners.len()));
            }
            Exit::Done
        }
        Err(StartError::Config(errors)) => {
            if global.json {
                output::json(&json!({ "valid": false, "errors": errors.errors }));
            } else {
                output::print(&format!("{errors}\n"));
            }
            Exit::Usage
        }
        Err(error) => output::cannot_start(global, &error),
    }
}
