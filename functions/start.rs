//! Starting usher: configuration, surroundings, state and Graph, put together.
//!
//! Responsible for: which file and which variables count, and errors that say what to do. Not responsible for: when it
//! happens; `serve` starts late and keeps a failure, commands start at once and end with it.

use std::path::{Path, PathBuf};
use usher_shared::config::{Config, ConfigErrors, Environment};
use usher_shared::environment::{Caller, SettingError, Surroundings};
use usher_shared::run::Usher;
use usher_shared::state::Location;

/// Why usher cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The configuration has errors, all of them.
    #[error("{0}")]
    Config(ConfigErrors),
    /// A variable cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The command needs the state of the deployed app.
    #[error(
        "USHER_STATE is not set: it names where usher keeps its journal, and without it this command would forget or repeat what was done"
    )]
    NoState,
}

/// The variables of this process.
pub(crate) fn environment() -> Environment {
    std::env::vars_os().collect()
}

/// The configuration file: `--config`, else `USHER_CONFIG`, else `usher.toml` beside host.json, else here.
pub(crate) fn config_path(option: Option<&Path>, environment: &Environment) -> PathBuf {
    let named = || environment.get("USHER_CONFIG").map(PathBuf::from);
    let beside_host_json = || environment.get("FUNCTIONS_APP_ROOT_PATH").map(|root| Path::new(root).join("usher.toml"));
    option
        .map(Path::to_owned)
        .or_else(named)
        .or_else(|| beside_host_json().filter(|path| path.exists()))
        .unwrap_or_else(|| PathBuf::from("usher.toml"))
}

/// Reads the configuration.
pub(crate) fn config(option: Option<&Path>, environment: &Environment) -> Result<Config, StartError> {
    Config::load(&config_path(option, environment), environment).map_err(StartError::Config)
}

/// usher as the function app runs it.
pub(crate) fn function_app(option: Option<&Path>) -> Result<Usher, StartError> {
    let environment = environment();
    let config = config(option, &environment)?;
    let surroundings = Surroundings::read(&environment, config.tenant.cloud, Caller::FunctionApp)?;
    let location = surroundings.state.clone().unwrap_or(Location::Memory);
    Ok(assemble(config, &surroundings, &location))
}

/// usher as an operator's command runs it. Without a state it can look but not act.
pub(crate) fn command(option: Option<&Path>, needs_state: bool) -> Result<Usher, StartError> {
    let environment = environment();
    let config = config(option, &environment)?;
    let surroundings = Surroundings::read(&environment, config.tenant.cloud, Caller::Operator)?;
    let location = match surroundings.state.clone() {
        None if needs_state => return Err(StartError::NoState),
        None => {
            eprintln!("usher: USHER_STATE is not set, so nothing that was done before is known here");
            Location::Memory
        }
        Some(location) => location,
    };
    Ok(assemble(config, &surroundings, &location))
}

fn assemble(config: Config, surroundings: &Surroundings, location: &Location) -> Usher {
    Usher {
        store: location.open(&surroundings.identity),
        client: surroundings.client(&config.tenant),
        clock: surroundings.clock.clone(),
        config,
    }
}
