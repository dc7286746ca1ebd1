//! The variables that say where things are: Graph, the state, the time, the identity.
//!
//! Responsible for: reading them once, and refusing what would let a test's setting reach a real tenant, or a real tenant's
//! run lose its state. Not responsible for: the configuration file; see [`crate::config`].

use crate::clock::Clock;
use crate::clouds::Cloud;
use crate::config::{Config, Environment, Tenant};
use crate::graph::credential::{Identity, Tokens};
use crate::graph::limits::Limits;
use crate::graph::sign_in::{Application, Certificate, DeviceCode, Show};
use crate::graph::{Client, Endpoint};
use crate::loopback::is_loopback;
use crate::state::{Location, StateError};
use azure_core::credentials::TokenCredential;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use url::Url;
use uuid::Uuid;

const GRAPH_ROOT: &str = "USHER_GRAPH_ROOT";
const LOGIN_ROOT: &str = "USHER_LOGIN_ROOT";
const NOW: &str = "USHER_NOW";
const SPEED: &str = "USHER_SPEED";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const STATE: &str = "USHER_STATE";

/// A variable that cannot be used as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {message}")]
pub struct SettingError {
    /// The variable's name.
    pub variable: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// Who runs usher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The Functions host: the managed identity, and a state that outlives the instance.
    FunctionApp,
    /// Somebody at a terminal: `az login`, or the managed identity where there is one.
    Operator,
}

/// Where things are.
#[derive(Debug)]
pub struct Surroundings {
    /// Graph.
    pub endpoint: Endpoint,
    /// Who asks for tokens.
    pub identity: Identity,
    /// The time.
    pub clock: Clock,
    /// The state; `None` if none is named.
    pub state: Option<Location>,
    /// The sign-in service.
    authority: Url,
    /// The file and the application of a certificate to set tenants up with.
    certificate: Option<(String, Option<String>)>,
    cloud: Cloud,
}

impl Surroundings {
    /// Reads the variables for a tenant in `cloud`.
    ///
    /// # Errors
    /// When a variable cannot be used; the error names it.
    pub fn read(environment: &Environment, cloud: Cloud, caller: Caller) -> Result<Self, SettingError> {
        let graph_root = loopback(environment, GRAPH_ROOT)?;
        let login_root = loopback(environment, LOGIN_ROOT)?;
        let simulated = graph_root.is_some();
        let state = match environment.get(STATE) {
            None => None,
            Some(setting) => Some(Location::parse(setting).map_err(|error| SettingError {
                variable: STATE,
                message: match error {
                    StateError::Setting(message) => message,
                    other => other.to_string(),
                },
            })?),
        };
        if caller == Caller::FunctionApp && !simulated && !state.as_ref().is_some_and(Location::is_shared) {
            return Err(SettingError {
                variable: STATE,
                message: "a function app needs a state that all its instances share and that outlives them: set it to \
                          the https address of a blob container"
                    .to_owned(),
            });
        }
        if !simulated && state.as_ref().is_some_and(Location::takes_tokens_on_this_machine) {
            let message = "a token for Azure Storage goes to Azure Storage alone; on this machine use http".to_owned();
            return Err(SettingError { variable: STATE, message });
        }
        if !simulated && state == Some(Location::Memory) {
            let message = "memory: forgets what was done with the process, and is for tests only".to_owned();
            return Err(SettingError { variable: STATE, message });
        }
        Ok(Self {
            endpoint: Endpoint { root: graph_root.map_or_else(|| real(GRAPH_ROOT, cloud.facts().graph_root), Ok)? },
            authority: login_root.map_or_else(|| real(LOGIN_ROOT, cloud.facts().authority), Ok)?,
            certificate: environment
                .get(CERTIFICATE)
                .map(|path| (path.to_owned(), environment.get(CLIENT_ID).map(str::to_owned))),
            identity: identity(environment, caller),
            clock: clock(environment, simulated)?,
            state,
            cloud,
        })
    }

    /// A client of Graph; nothing is connected yet. The token's resource is the cloud's, wherever requests go.
    pub fn client(&self, tenant: &Tenant) -> Client {
        self.client_of(self.identity.clone(), tenant)
    }

    /// A client of Graph with the permissions that set a tenant up: of the application whose certificate
    /// `AZURE_CLIENT_CERTIFICATE_PATH` names, else of a person who signs in to `[setup] client_id` by device code. `None`
    /// where neither is named. Nobody is asked before the first request.
    ///
    /// # Errors
    /// When a variable cannot be used; the error names it.
    pub fn setup_client(
        &self,
        config: &Config,
        permissions: &[&str],
        show: Show,
    ) -> Result<Option<Client>, SettingError> {
        let resource = self.cloud.facts().graph_root;
        let application =
            |client_id| Application { authority: self.authority.clone(), tenant: config.tenant.id, client_id };
        let credential: Arc<dyn TokenCredential> = match (&self.certificate, config.setup.client_id) {
            (Some((path, client_id)), setup) => {
                let refused = |variable, message| SettingError { variable, message };
                let named = client_id.as_deref().map(str::parse::<Uuid>).transpose();
                let named = named.map_err(|_| refused(CLIENT_ID, "this is no application (client) id".to_owned()))?;
                let client_id = named.or(setup).ok_or_else(|| {
                    refused(
                        CLIENT_ID,
                        "set it to the application (client) id that the certificate belongs to".to_owned(),
                    )
                })?;
                let certificate = Certificate::read(Path::new(path));
                let certificate = certificate.map_err(|error| refused(CERTIFICATE, error.to_string()))?;
                Arc::new(certificate.sign_in(application(client_id), resource))
            }
            (None, Some(client_id)) => {
                Arc::new(DeviceCode::new(application(client_id), resource, permissions, self.clock.clone(), show))
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(self.client_of(Identity::Setup(credential), &config.tenant)))
    }

    fn client_of(&self, identity: Identity, tenant: &Tenant) -> Client {
        let tokens = Tokens::new(identity, self.cloud.facts().graph_root);
        let limits = Limits::new(self.clock.clone(), tenant);
        Client::new(&self.endpoint, tokens, limits, self.clock.clone())
    }
}

fn real(variable: &'static str, root: &str) -> Result<Url, SettingError> {
    Url::parse(root).map_err(|error| SettingError { variable, message: format!("{root}: {error}") })
}

/// A root for tests and demos, which must be on this machine: a token must go nowhere else.
fn loopback(environment: &Environment, variable: &'static str) -> Result<Option<Url>, SettingError> {
    let Some(setting) = environment.get(variable) else {
        return Ok(None);
    };
    let refused = |message: &str| SettingError { variable, message: message.to_owned() };
    let url = Url::parse(setting).map_err(|_| refused("this is no URL such as http://127.0.0.1:8080"))?;
    if !url.host().is_some_and(|host| is_loopback(&host)) || !matches!(url.scheme(), "http" | "https") {
        return Err(refused(
            "this is for tests and may only name this machine (127.0.0.1); remove it to use the real service",
        ));
    }
    Ok(Some(url))
}

fn clock(environment: &Environment, simulated: bool) -> Result<Clock, SettingError> {
    let refuse_real = |variable| {
        let message = "time can only be moved against simulated tenants (USHER_GRAPH_ROOT on this machine)".to_owned();
        if simulated { Ok(()) } else { Err(SettingError { variable, message }) }
    };
    let speed = match environment.get(SPEED) {
        None => 1.0,
        Some(setting) => {
            refuse_real(SPEED)?;
            let usable = |speed: &f64| speed.is_finite() && (1e-3..=1e6).contains(speed);
            setting.parse().ok().filter(usable).ok_or_else(|| SettingError {
                variable: SPEED,
                message: "this is no factor between 0.001 and 1000000".to_owned(),
            })?
        }
    };
    let start: Timestamp = match environment.get(NOW) {
        None => Clock::system().now(),
        Some(setting) => {
            refuse_real(NOW)?;
            setting.parse().map_err(|_| SettingError {
                variable: NOW,
                message: "this is no time such as 2026-01-31T08:00:00Z".to_owned(),
            })?
        }
    };
    Ok(Clock::starting_at(start, speed))
}

fn identity(environment: &Environment, caller: Caller) -> Identity {
    let here = environment.get("IDENTITY_ENDPOINT").is_some();
    match caller {
        Caller::Operator if !here => Identity::AzureCli,
        _ => Identity::Managed { client_id: environment.get(CLIENT_ID).map(str::to_owned) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)], caller: Caller) -> Result<Surroundings, SettingError> {
        Surroundings::read(&variables.iter().copied().collect(), Cloud::UsGov, caller)
    }

    #[test]
    fn a_root_for_tests_is_refused_unless_it_is_this_machine() {
        for root in
            ["https://graph.microsoft.com", "http://127.0.0.1.evil.example", "http://10.0.0.1", "ftp://127.0.0.1", "x"]
        {
            let error = read(&[("USHER_GRAPH_ROOT", root)], Caller::Operator).unwrap_err();
            assert_eq!(error.variable, "USHER_GRAPH_ROOT", "{root}");
        }
        for root in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"] {
            assert!(read(&[("USHER_GRAPH_ROOT", root)], Caller::Operator).is_ok(), "{root}");
        }
    }

    #[test]
    fn time_is_moved_only_against_simulated_tenants() {
        for (name, value) in [("USHER_NOW", "2030-01-01T00:00:00Z"), ("USHER_SPEED", "10")] {
            assert_eq!(read(&[(name, value)], Caller::Operator).unwrap_err().variable, name);
            let simulated = [("USHER_GRAPH_ROOT", "http://127.0.0.1:1"), (name, value)];
            assert!(read(&simulated, Caller::Operator).is_ok());
        }
        for speed in ["0", "-1", "NaN", "inf", "fast"] {
            let variables = [("USHER_GRAPH_ROOT", "http://127.0.0.1:1"), ("USHER_SPEED", speed)];
            assert_eq!(read(&variables, Caller::Operator).unwrap_err().variable, "USHER_SPEED", "{speed}");
        }
    }

    #[test]
    fn a_root_for_sign_in_alone_makes_nothing_a_test() {
        let login = ("USHER_LOGIN_ROOT", "http://127.0.0.1:1");
        assert!(read(&[login], Caller::FunctionApp).is_err(), "the state is still asked for");
        assert_eq!(read(&[login, ("USHER_SPEED", "10")], Caller::Operator).unwrap_err().variable, "USHER_SPEED");
        assert_eq!(read(&[("USHER_STATE", "memory:")], Caller::Operator).unwrap_err().variable, "USHER_STATE");
    }

    #[test]
    fn a_function_app_refuses_a_state_that_would_be_lost_with_its_instance() {
        for state in [&[][..], &[("USHER_STATE", "memory:")], &[("USHER_STATE", "file:///tmp")]] {
            assert_eq!(read(state, Caller::FunctionApp).unwrap_err().variable, "USHER_STATE");
        }
        assert!(read(&[("USHER_STATE", "file:///var/usher")], Caller::Operator).is_ok());
        let here = ("USHER_STATE", "https://127.0.0.1:1/devstoreaccount1/usher");
        assert!(read(&[here], Caller::FunctionApp).is_err(), "a real token stays away from this machine");
        assert!(read(&[here, ("USHER_GRAPH_ROOT", "http://127.0.0.1:1")], Caller::FunctionApp).is_ok());
        let simulated = [("USHER_GRAPH_ROOT", "http://127.0.0.1:1"), ("USHER_STATE", "file:///var/usher")];
        assert!(read(&simulated, Caller::FunctionApp).is_ok());
    }

    #[test]
    fn the_real_graph_is_the_clouds_own() {
        assert_eq!(read(&[], Caller::Operator).unwrap().endpoint.root.as_str(), "https://graph.microsoft.us/");
    }
}
