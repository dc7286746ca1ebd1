//! The state in this process's memory, for tests.

use super::{Document, ETag, Lease, StateError, Store, check_name};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Documents in memory. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    documents: BTreeMap<String, (u64, Vec<u8>)>,
    versions: u64,
    leased: BTreeSet<String>,
}

impl MemoryStore {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn put(&mut self, name: &str, bytes: Vec<u8>) -> ETag {
        self.versions += 1;
        self.documents.insert(name.to_owned(), (self.versions, bytes));
        ETag(self.versions.to_string())
    }

    fn is_unchanged(&self, name: &str, read: &ETag) -> bool {
        self.documents.get(name).is_some_and(|(version, _)| version.to_string() == read.0)
    }

    /// The version of a document that has this content.
    fn with_content(&self, name: &str, bytes: &[u8]) -> Option<ETag> {
        let (version, present) = self.documents.get(name)?;
        (present == bytes).then(|| ETag(version.to_string()))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError> {
        check_name(name)?;
        let inner = self.inner();
        Ok(inner
            .documents
            .get(name)
            .map(|(version, bytes)| Document { bytes: bytes.clone(), etag: ETag(version.to_string()) }))
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError> {
        check_name(name)?;
        let mut inner = self.inner();
        if let Some(etag) = inner.with_content(name, &bytes) {
            return Ok(etag);
        }
        if inner.documents.contains_key(name) {
            return Err(StateError::Exists(name.to_owned()));
        }
        Ok(inner.put(name, bytes))
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError> {
        check_name(name)?;
        let mut inner = self.inner();
        if let Some(etag) = inner.with_content(name, &bytes) {
            return Ok(etag);
        }
        if !inner.is_unchanged(name, read) {
            return Err(StateError::Changed(name.to_owned()));
        }
        Ok(inner.put(name, bytes))
    }

    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError> {
        check_name(name)?;
        let mut inner = self.inner();
        if !inner.is_unchanged(name, read) {
            return Err(StateError::Changed(name.to_owned()));
        }
        inner.documents.remove(name);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        Ok(self.inner().documents.keys().filter(|name| name.starts_with(prefix)).cloned().collect())
    }

    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn Lease>>, StateError> {
        check_name(name)?;
        if !self.inner().leased.insert(name.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(MemoryLease { store: self.clone(), name: name.to_owned() })))
    }
}

struct MemoryLease {
    store: MemoryStore,
    name: String,
}

#[async_trait]
impl Lease for MemoryLease {
    fn certain_for(&self) -> Duration {
        Duration::MAX
    }

    async fn release(self: Box<Self>) {}
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        self.store.inner().leased.remove(&self.name);
    }
}
