//! What usher keeps between invocations: small JSON documents with an `ETag`, created if absent or replaced if unchanged, and
//! locks.
//!
//! Responsible for: the [`Store`] that everything else is written on, and choosing one by `USHER_STATE`. Not responsible for
//! what is in a document; [`crate::journal`] and [`crate::inbox`] are.
//!
//! - [`mod@file`]: a folder, for local use.
//! - [`memory`]: this process, for tests.

pub mod file;
pub mod memory;

#[cfg(test)]
mod conformance;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::sync::Arc;

/// The version of a document's content. Opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub(crate) String);

/// A document's bytes with their version.
#[derive(Clone, Debug)]
pub struct Document {
    /// The content, as stored.
    pub bytes: Vec<u8>,
    /// Its version.
    pub etag: ETag,
}

/// What can go wrong; callers branch on the first two.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A document of that name is there already.
    #[error("the document {0} exists already")]
    Exists(String),
    /// The document was changed or removed since it was read.
    #[error("the document {0} was changed by somebody else")]
    Changed(String),
    /// The document is there and cannot be read as what it should be.
    #[error("the document {name} cannot be read ({reason}); it was written by a newer usher or damaged")]
    Damaged {
        /// The document's name.
        name: String,
        /// What the parser said.
        reason: String,
    },
    /// The store itself failed.
    #[error("the state could not be reached: {0}")]
    Unavailable(String),
    /// `USHER_STATE` names no store.
    #[error("USHER_STATE: {0}")]
    Setting(String),
}

impl StateError {
    fn io(what: &str, error: &std::io::Error) -> Self {
        Self::Unavailable(format!("{what}: {error}"))
    }
}

/// A held lock; released when dropped.
pub trait Lock: Send + Sync {}

/// A container of documents. Names are paths with `/`, of letters, digits, `-`, `_` and `.`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads a document; `None` if there is none.
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError>;

    /// Creates a document.
    ///
    /// # Errors
    /// [`StateError::Exists`] if there is one of that name; then nothing was changed.
    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError>;

    /// Replaces a document that is still as it was read.
    ///
    /// # Errors
    /// [`StateError::Changed`] if it is not; then nothing was changed.
    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError>;

    /// Removes a document that is still as it was read.
    ///
    /// # Errors
    /// [`StateError::Changed`] if it is not; then nothing was changed.
    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError>;

    /// The names that begin with `prefix`, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError>;

    /// Takes the lock `name`, or `None` if somebody holds it. It goes when dropped or when its holder dies.
    async fn try_lock(&self, name: &str) -> Result<Option<Box<dyn Lock>>, StateError>;
}

/// Typed reading and writing of documents as JSON.
pub struct Documents<'a>(pub &'a dyn Store);

impl Documents<'_> {
    /// Reads a document as `T`.
    ///
    /// # Errors
    /// When the store fails, or the document is not a `T`.
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<(T, ETag)>, StateError> {
        let Some(document) = self.0.get(name).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&document.bytes)
            .map_err(|error| StateError::Damaged { name: name.to_owned(), reason: error.to_string() })?;
        Ok(Some((value, document.etag)))
    }

    /// Writes a document: creates it when `read` is `None`, else replaces what was read.
    ///
    /// # Errors
    /// [`StateError::Exists`] or [`StateError::Changed`] when somebody else was faster.
    pub async fn put<T: Serialize>(&self, name: &str, value: &T, read: Option<&ETag>) -> Result<ETag, StateError> {
        let bytes = to_json(name, value)?;
        match read {
            None => self.0.create(name, bytes).await,
            Some(etag) => self.0.replace(name, bytes, etag).await,
        }
    }
}

/// The JSON form in which documents are stored.
pub(crate) fn to_json<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(value).map_err(|error| StateError::Damaged { name: name.to_owned(), reason: error.to_string() })
}

/// Where the state is kept, as `USHER_STATE` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `file:///dir`.
    File(PathBuf),
    /// `memory:`.
    Memory,
}

impl Location {
    /// Parses `USHER_STATE`.
    ///
    /// # Errors
    /// When it names no store that usher knows.
    pub fn parse(setting: &str) -> Result<Self, StateError> {
        let wrong = || {
            StateError::Setting(
                "this names no store; use file:///an/absolute/folder (local use) or memory: (tests)".to_owned(),
            )
        };
        if setting == "memory:" {
            return Ok(Self::Memory);
        }
        let url = url::Url::parse(setting).map_err(|_| wrong())?;
        match url.scheme() {
            "file" if url.host_str().is_none() && setting.starts_with("file:///") => {
                url.to_file_path().map(Self::File).map_err(|()| wrong())
            }
            _ => Err(wrong()),
        }
    }

    /// Whether the state outlives this machine and is shared by all instances: what a function app that writes to a real
    /// tenant needs.
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::File(_) | Self::Memory => false,
        }
    }

    /// The store there.
    pub fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::File(folder) => Arc::new(file::FileStore::new(folder)),
            Self::Memory => Arc::new(memory::MemoryStore::default()),
        }
    }
}

/// Refuses names that could leave a folder or that another store could not take.
fn check_name(name: &str) -> Result<(), StateError> {
    let fine = !name.is_empty()
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
    if fine { Ok(()) } else { Err(StateError::Unavailable(format!("{name:?} is no name for a document"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_names_no_store_is_refused_with_the_remedy() {
        for setting in [
            "",
            "nonsense",
            "file:state",
            "file:/state",
            "file://host/dir",
            "ftp://x/y",
            "https://example.com/container",
            "memory",
        ] {
            let error = Location::parse(setting).unwrap_err().to_string();
            assert!(error.starts_with("USHER_STATE: ") && error.contains("file:///"), "{setting}: {error}");
        }
        assert_eq!(Location::parse("file:///var/usher").unwrap(), Location::File("/var/usher".into()));
    }
}
