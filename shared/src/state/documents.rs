//! Documents as values: JSON with a version in each.
//!
//! Responsible for: reading and writing a type, and refusing what a newer usher wrote before it is misread or lost. Not
//! responsible for: where documents are kept.

use super::{ETag, StateError, Store};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

/// What is kept as a document of its own.
pub trait Versioned: Serialize + DeserializeOwned {
    /// The version of its form that this usher writes, and the newest that it reads. A change that an older usher would
    /// misread makes it larger.
    const VERSION: u32;
}

/// Typed reading and writing of a store's documents.
pub struct Documents<'a>(pub &'a dyn Store);

/// How a document looks: `{"version": 1, "content": …}`.
#[derive(Serialize, Deserialize)]
struct Form<T> {
    version: u32,
    content: T,
}

impl Documents<'_> {
    /// Reads a document as `T`.
    ///
    /// # Errors
    /// When the store fails, the document is not a `T`, or a newer usher wrote it.
    pub async fn get<T: Versioned>(&self, name: &str) -> Result<Option<(T, ETag)>, StateError> {
        let Some(document) = self.0.get(name).await? else {
            return Ok(None);
        };
        Ok(Some((from_json(name, &document.bytes)?, document.etag)))
    }

    /// Writes a document: creates it when `read` is `None`, else replaces what was read.
    ///
    /// # Errors
    /// [`StateError::Exists`] or [`StateError::Changed`] when somebody else was faster.
    pub async fn put<T: Versioned>(&self, name: &str, value: &T, read: Option<&ETag>) -> Result<ETag, StateError> {
        let bytes = to_json(name, value)?;
        match read {
            None => self.0.create(name, bytes).await,
            Some(etag) => self.0.replace(name, bytes, etag).await,
        }
    }

    /// Changes a document, or makes it from `T`'s default; again when somebody else changes it at the same moment.
    ///
    /// # Errors
    /// When the store fails, or the document cannot be read.
    pub async fn update<T: Versioned + Default>(
        &self,
        name: &str,
        mut change: impl FnMut(&mut T),
    ) -> Result<(), StateError> {
        loop {
            let (mut value, etag) = match self.get::<T>(name).await? {
                Some((value, etag)) => (value, Some(etag)),
                None => (T::default(), None),
            };
            change(&mut value);
            match self.put(name, &value, etag.as_ref()).await {
                Err(StateError::Exists(_) | StateError::Changed(_)) => {}
                other => return other.map(|_| ()),
            }
        }
    }
}

/// The form in which a document is stored.
pub(crate) fn to_json<T: Versioned>(name: &str, content: &T) -> Result<Vec<u8>, StateError> {
    serde_json::to_vec(&Form { version: T::VERSION, content })
        .map_err(|error| StateError::Damaged { name: name.to_owned(), reason: error.to_string() })
}

/// Reads the form in which a document is stored.
pub(crate) fn from_json<T: Versioned>(name: &str, bytes: &[u8]) -> Result<T, StateError> {
    /// The version is read first: what is newer may not be of this shape at all.
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let damaged = |error: serde_json::Error| StateError::Damaged { name: name.to_owned(), reason: place_of(&error) };
    let Version { version } = serde_json::from_slice(bytes).map_err(damaged)?;
    if version > T::VERSION {
        return Err(StateError::Newer { name: name.to_owned(), found: version, known: T::VERSION });
    }
    serde_json::from_slice::<Form<T>>(bytes).map(|form| form.content).map_err(damaged)
}

/// Where a document cannot be read. The parser's own words may repeat its content, which may be an address.
fn place_of(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Eof => "it ends too early",
        Category::Syntax => "it is no JSON",
        Category::Data | Category::Io => "it has another form",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Count(u32);

    impl Versioned for Count {
        const VERSION: u32 = 2;
    }

    #[tokio::test]
    async fn what_a_newer_usher_wrote_is_neither_read_nor_replaced() {
        let store = MemoryStore::default();
        store.create("newer", br#"{"version":3,"content":{"of":"another shape"}}"#.to_vec()).await.unwrap();
        let documents = Documents(&store);
        let read = documents.get::<Count>("newer").await.unwrap_err();
        assert!(matches!(read, StateError::Newer { found: 3, known: 2, .. }), "{read}");
        assert!(documents.update::<Count>("newer", |count| count.0 += 1).await.is_err());
        assert!(documents.put("newer", &Count(1), None).await.is_err());
    }

    #[tokio::test]
    async fn an_older_version_is_read_and_a_document_without_one_is_damaged() {
        let store = MemoryStore::default();
        store.create("older", br#"{"version":1,"content":7}"#.to_vec()).await.unwrap();
        assert_eq!(Documents(&store).get::<Count>("older").await.unwrap().unwrap().0, Count(7));
        for bytes in ["7", "{}", "{\"version\":1,\"content\":", "{\"version\":1,\"content\":\"x\"}"] {
            assert!(matches!(from_json::<Count>("x", bytes.as_bytes()), Err(StateError::Damaged { .. })), "{bytes}");
        }
    }

    #[test]
    fn the_error_of_a_damaged_document_repeats_nothing_of_it() {
        let error = from_json::<Count>("x", br#"{"version":1,"content":"person@fabrikam.us"}"#).unwrap_err();
        assert_eq!(error.to_string(), "the document x is damaged: it has another form, at line 1 column 43");
    }

    #[tokio::test]
    async fn changes_made_at_the_same_time_are_all_kept() {
        let store = MemoryStore::default();
        let documents = Documents(&store);
        let changes = (0..20).map(|_| documents.update::<Count>("count", |count| count.0 += 1));
        futures::future::try_join_all(changes).await.unwrap();
        assert_eq!(documents.get::<Count>("count").await.unwrap().unwrap().0, Count(20));
    }
}
