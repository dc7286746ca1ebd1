//! What usher keeps between invocations: small JSON documents with an `ETag`, created if absent or replaced if unchanged, and
//! leases.
//!
//! Responsible for: the [`Store`] that everything else is written on. Not responsible for what is in a document;
//! [`crate::journal`] and [`crate::inbox`] are.
//!
//! - [`location`]: choosing a store by `USHER_STATE`.
//! - [`blob`]: a container of Azure Blob Storage, or of Azurite on this machine; [`shared_key`] signs for the latter.
//! - [`mod@file`]: a folder, for local use. [`memory`]: this process, for tests.
//! - [`documents`]: documents as values, each with its version.
//! - `conformance`: the rules that every store keeps, as one suite that runs on each.

pub mod blob;
pub mod documents;
pub mod file;
pub mod location;
pub mod memory;
pub mod shared_key;

#[cfg(any(test, feature = "conformance"))]
#[allow(clippy::unwrap_used, reason = "it is a test, also where it is compiled for others")]
pub mod conformance;

pub use documents::{Documents, Versioned};
pub use location::Location;

use async_trait::async_trait;
use std::time::Duration;

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

/// What can go wrong; callers branch on the first three.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A document of that name is there already, with another content.
    #[error("the document {0} exists already")]
    Exists(String),
    /// The document was changed or removed since it was read.
    #[error("the document {0} was changed by somebody else")]
    Changed(String),
    /// The document is there and cannot be read as what it should be.
    #[error("the document {name} is damaged: {reason}")]
    Damaged {
        /// The document's name.
        name: String,
        /// What the parser said.
        reason: String,
    },
    /// A newer usher wrote the document. It is neither read nor replaced.
    #[error(
        "the document {name} was written by a newer usher (version {found}; this one reads up to {known}): deploy that one again"
    )]
    Newer {
        /// The document's name.
        name: String,
        /// Its version.
        found: u32,
        /// The newest version that this usher reads.
        known: u32,
    },
    /// The store itself failed. Whether a change was made is not known.
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

/// How long a lease lasts that nobody renews: the longest that Azure Storage gives.
pub const LEASE: Duration = Duration::from_secs(60);

/// A lease that this process holds. Dropped without [`Lease::release`], it ends by itself: with the process in a folder,
/// after [`LEASE`] in Azure Storage.
#[async_trait]
pub trait Lease: Send + Sync {
    /// For how long from now nobody else can have it, in real time; zero once somebody might. Whoever does what only the
    /// holder may do looks here before, and must be done within it.
    fn certain_for(&self) -> Duration;

    /// Lets go, so that the next one need not wait until it has run out. A failure does no harm.
    async fn release(self: Box<Self>);
}

/// A container of documents. Names are paths with `/`, of letters, digits, `-`, `_` and `.`.
///
/// What is there already to the byte counts as written: a request that is repeated because its answer was lost must not
/// take itself for somebody else.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads a document; `None` if there is none.
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError>;

    /// Creates a document.
    ///
    /// # Errors
    /// [`StateError::Exists`] if there is another one of that name; then nothing was changed.
    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError>;

    /// Replaces a document that is still as it was read.
    ///
    /// # Errors
    /// [`StateError::Changed`] if it is not; then nothing was changed.
    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError>;

    /// Removes a document that is still as it was read.
    ///
    /// # Errors
    /// [`StateError::Changed`] if it is not, or not there any more; then nothing was changed.
    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError>;

    /// The names that begin with `prefix`, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError>;

    /// Takes the lease `name`; `None` if somebody holds it.
    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn Lease>>, StateError>;
}

/// Refuses names that could leave a folder or that another store could not take.
fn check_name(name: &str) -> Result<(), StateError> {
    let fine = !name.is_empty()
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
    if fine { Ok(()) } else { Err(StateError::Unavailable(format!("{name:?} is no name for a document"))) }
}
