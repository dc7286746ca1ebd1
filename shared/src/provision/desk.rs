//! Requests and answers as documents.
//!
//! Responsible for: each request once, however often it is sent; which of them wait; answers until they are forgotten. Not
//! responsible for: working them off; see [`super::serve`]. The documents hold the addresses that were asked for, and are
//! removed after [`KEPT`].

use super::{Answer, Asked};
use crate::report::ErrorReport;
use crate::state::{Documents, ETag, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// How long a request and its answer are kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const REQUESTS: &str = "provision/";
const WAITING: &str = "inbox/provision/";

/// The id of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(String);

/// A request with what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// What was asked.
    pub asked: Asked,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub state: State,
}

/// What became of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing yet.
    Waiting,
    /// It was worked off.
    Answered(Answer),
    /// The directory could not be read, so nothing was done; sent again, it waits again.
    Failed(ErrorReport),
}

impl Versioned for Request {
    const VERSION: u32 = 1;
}

/// What waits, by name only.
#[derive(Serialize, Deserialize)]
struct Mark {}

impl Versioned for Mark {
    const VERSION: u32 = 1;
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The same key came with something else.
    #[error("this key came with another request before")]
    AnotherRequest,
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl RequestId {
    /// A new one.
    pub fn random() -> Self {
        Self(hex::encode(Uuid::new_v4().as_bytes()))
    }

    /// The one for a caller's own key, given in parts: the same whenever that caller sends that key.
    pub fn of_key(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hex::encode(&hash.finalize()[..16]))
    }
}

impl JsonSchema for RequestId {
    fn schema_name() -> Cow<'static, str> {
        "RequestId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{32}$" })
    }
}

impl FromStr for RequestId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let fine = text.len() == 32 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if fine { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Places a request. One that is there already stays as it is, unless it had failed or its answer was not the last word.
///
/// # Errors
/// When the id stands for something else, or the store fails.
pub async fn place(store: &dyn Store, id: &RequestId, asked: &Asked, now: Timestamp) -> Result<(), PlaceError> {
    let request = Request { asked: asked.clone(), at: now, state: State::Waiting };
    loop {
        let known = read_with_version(store, id).await?;
        match &known {
            Some((known, _)) if known.asked != *asked => return Err(PlaceError::AnotherRequest),
            Some((Request { state: State::Answered(answer), .. }, _)) if answer.is_final() => return Ok(()),
            // Whoever placed it may have been cut off before the mark.
            Some((Request { state: State::Waiting, .. }, _)) => break,
            Some((Request { state: State::Answered(_) | State::Failed(_), .. }, _)) | None => {}
        }
        let version = known.map(|(_, version)| version);
        match Documents(store).put(&name_of(id), &request, version.as_ref()).await {
            Ok(_) => break,
            // The same request came twice at once.
            Err(StateError::Exists(_) | StateError::Changed(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match Documents(store).put(&mark_of(id), &Mark {}, None).await {
        Ok(_) | Err(StateError::Exists(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a request.
///
/// # Errors
/// When the store fails.
pub async fn read(store: &dyn Store, id: &RequestId) -> Result<Option<Request>, StateError> {
    Ok(read_with_version(store, id).await?.map(|(request, _)| request))
}

/// The requests that wait, in the order in which they came.
///
/// # Errors
/// When the store fails.
pub async fn waiting(store: &dyn Store) -> Result<Vec<(RequestId, Request)>, StateError> {
    let mut waiting = Vec::new();
    for name in store.list(WAITING).await? {
        let Some(id) = name.strip_prefix(WAITING).and_then(|id| id.parse().ok()) else { continue };
        let request = match read(store, &id).await {
            // One that cannot be read must not keep the others.
            Err(error @ (StateError::Damaged { .. } | StateError::Newer { .. })) => {
                tracing::warn!("a request cannot be read and waits: {error}");
                continue;
            }
            other => other?,
        };
        match request {
            Some(request) if matches!(request.state, State::Waiting) => waiting.push((id, request)),
            // Whoever answered it was cut off before the mark was removed.
            _ => unmark(store, &id).await?,
        }
    }
    waiting.sort_by(|(one, a), (other, b)| (a.at, one).cmp(&(b.at, other)));
    Ok(waiting)
}

/// Whether any request waits.
///
/// # Errors
/// When the store fails.
pub async fn is_waiting(store: &dyn Store) -> Result<bool, StateError> {
    Ok(!store.list(WAITING).await?.is_empty())
}

/// Answers a request that waits.
///
/// # Errors
/// When the store fails; then it waits still, and whoever serves it again finds everybody as they are by then.
pub async fn settle(store: &dyn Store, id: &RequestId, state: State) -> Result<(), StateError> {
    if let Some((request, version)) = read_with_version(store, id).await? {
        Documents(store).put(&name_of(id), &Request { state, ..request }, Some(&version)).await?;
    }
    unmark(store, id).await
}

/// Forgets requests that were answered long ago.
///
/// # Errors
/// When the store fails.
pub async fn forget_old(store: &dyn Store, now: Timestamp) -> Result<(), StateError> {
    for name in store.list(REQUESTS).await? {
        let Some(id) = name.strip_prefix(REQUESTS).and_then(|id| id.parse().ok()) else { continue };
        let Ok(Some((request, version))) = read_with_version(store, &id).await else { continue };
        // What waits for so long has lost its mark, and nobody asks any more.
        if now.duration_since(request.at) > KEPT {
            match store.remove(&name, &version).await {
                Ok(()) | Err(StateError::Changed(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

async fn read_with_version(store: &dyn Store, id: &RequestId) -> Result<Option<(Request, ETag)>, StateError> {
    Documents(store).get(&name_of(id)).await
}

async fn unmark(store: &dyn Store, id: &RequestId) -> Result<(), StateError> {
    let name = mark_of(id);
    let Some(mark) = store.get(&name).await? else { return Ok(()) };
    match store.remove(&name, &mark.etag).await {
        Err(StateError::Changed(_)) => Ok(()),
        other => other,
    }
}

fn name_of(id: &RequestId) -> String {
    format!("{REQUESTS}{id}")
}

fn mark_of(id: &RequestId) -> String {
    format!("{WAITING}{id}")
}
