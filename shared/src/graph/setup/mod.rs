//! What sets a tenant up, as an operator's commands read and write it.
//!
//! Responsible for: these requests and what their answers mean. Reading and writing are different types here too, and a
//! [`SetupWriter`] takes a [`WritePermit`], so plan mode changes no setting either. Writes wait as long as Graph asks, and
//! for what was made a moment ago and is not visible yet; after a lost answer they leave it to the next run to see what
//! became of it. Not responsible for: what is to be changed.
//!
//! - [`access`]: cross-tenant access settings. [`policies`]: what else a tenant allows. [`applications`]: applications and
//!   what they may do. [`authentication`]: how people prove who they are.
//! - [`synchronization`]: Microsoft's cross-tenant synchronization.

pub mod access;
pub mod applications;
pub mod authentication;
pub mod policies;
pub mod synchronization;

use super::client::{Client, Request, Target};
use super::directory::Pages;
use super::error::{Kind, Result};
use super::path::Path;
use super::writer::WritePermit;
use reqwest::Method;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::time::Duration;

const MAX_TRIES: usize = 6;
/// How long to wait where Graph does not say it.
const WAIT: Duration = Duration::from_secs(5);

/// Reads what a tenant is set up like.
#[derive(Clone)]
pub struct SetupReader {
    client: Client,
}

/// Changes what a tenant is set up like.
pub struct SetupWriter {
    client: Client,
}

/// Whether the object of a write was made just now, and may not be visible everywhere yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    JustMade,
    Known,
}

impl SetupReader {
    /// Reads through `client`, which should be allowed to.
    pub fn new(client: Client) -> Self {
        Self { client: client.urgent() }
    }

    /// The client's connection and token.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    async fn get<T: DeserializeOwned>(&self, path: &Path) -> Result<T> {
        self.client.get(path).await
    }

    /// The same; `None` where there is no such object.
    async fn find<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn all<T: DeserializeOwned>(&self, path: Path) -> Result<Vec<T>> {
        Pages::new(self.client.clone(), path).all().await
    }
}

impl SetupWriter {
    /// Writes through `client`.
    pub fn new(client: Client, _: &WritePermit) -> Self {
        Self { client: client.urgent() }
    }

    async fn write(&self, method: Method, path: &Path, body: Option<&Value>, age: Age) -> Result<()> {
        self.send::<IgnoredAny>(method, path, body, age).await.map(|_| ())
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &Path,
        body: Option<&Value>,
        age: Age,
    ) -> Result<T> {
        for tried in 1.. {
            let request = Request { method: method.clone(), url: Target::Path(path), body, is_write: true, inner: 0 };
            let error = match self.client.send(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let again = match error.kind {
                Kind::Throttled | Kind::Conflict => true,
                Kind::NotFound => age == Age::JustMade,
                _ => false,
            };
            if !again || tried >= MAX_TRIES {
                return Err(error);
            }
            let wait = error.retry_after.unwrap_or(WAIT);
            tracing::info!(wait.seconds = wait.as_secs_f64(), "{error}; waiting");
            self.client.clock().sleep(wait).await;
        }
        unreachable!("the loop ends by returning")
    }
}
