//! The rules that every store keeps, as one suite that runs on each.

use super::{Documents, StateError, Store, file::FileStore, memory::MemoryStore};
use std::sync::Arc;

/// Each store with whatever must stay alive beside it.
fn stores() -> Vec<(&'static str, Arc<dyn Store>, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let file = FileStore::new(&folder.path().join("made/if/missing"));
    vec![("file", Arc::new(file), Some(folder)), ("memory", Arc::new(MemoryStore::default()), None)]
}

#[tokio::test]
async fn a_document_is_created_only_once() {
    for (kind, store, _kept) in stores() {
        assert!(store.get("a/b").await.unwrap().is_none(), "{kind}");
        store.create("a/b", b"1".to_vec()).await.unwrap();
        assert!(matches!(store.create("a/b", b"2".to_vec()).await, Err(StateError::Exists(_))), "{kind}");
        assert_eq!(store.get("a/b").await.unwrap().unwrap().bytes, b"1", "{kind}");
    }
}

#[tokio::test]
async fn a_document_is_replaced_or_removed_only_as_it_was_read() {
    for (kind, store, _kept) in stores() {
        let first = store.create("a", b"1".to_vec()).await.unwrap();
        let second = store.replace("a", b"2".to_vec(), &first).await.unwrap();
        assert!(matches!(store.replace("a", b"3".to_vec(), &first).await, Err(StateError::Changed(_))), "{kind}");
        assert!(matches!(store.remove("a", &first).await, Err(StateError::Changed(_))), "{kind}");
        assert_eq!(store.get("a").await.unwrap().unwrap().etag, second, "{kind}");
        store.remove("a", &second).await.unwrap();
        assert!(store.get("a").await.unwrap().is_none(), "{kind}");
        assert!(matches!(store.replace("a", b"4".to_vec(), &second).await, Err(StateError::Changed(_))), "{kind}");
    }
}

#[tokio::test]
async fn of_many_who_create_or_replace_at_once_one_succeeds() {
    for (kind, store, _kept) in stores() {
        let created = futures::future::join_all((0..16).map(|n| store.create("one", vec![n]))).await;
        assert_eq!(created.iter().filter(|result| result.is_ok()).count(), 1, "{kind}");
        let etag = store.get("one").await.unwrap().unwrap().etag;
        let replaced = futures::future::join_all((16..32).map(|n| store.replace("one", vec![n], &etag))).await;
        assert_eq!(replaced.iter().filter(|result| result.is_ok()).count(), 1, "{kind}");
    }
}

#[tokio::test]
async fn names_are_listed_by_prefix_in_order() {
    for (kind, store, _kept) in stores() {
        for name in ["journal/00000002", "journal/00000001", "birth", "journals"] {
            store.create(name, b"{}".to_vec()).await.unwrap();
        }
        assert_eq!(store.list("journal/").await.unwrap(), ["journal/00000001", "journal/00000002"], "{kind}");
        assert_eq!(store.list("").await.unwrap().len(), 4, "{kind}");
    }
}

#[tokio::test]
async fn a_lock_has_one_holder_until_it_is_dropped() {
    for (kind, store, _kept) in stores() {
        let held = store.try_lock("writer").await.unwrap();
        assert!(held.is_some(), "{kind}");
        assert!(store.try_lock("writer").await.unwrap().is_none(), "{kind}");
        assert!(store.try_lock("other").await.unwrap().is_some(), "{kind}");
        drop(held);
        assert!(store.try_lock("writer").await.unwrap().is_some(), "{kind}");
        assert!(store.list("").await.unwrap().is_empty(), "{kind}: a lock is no document");
    }
}

#[tokio::test]
async fn names_that_leave_the_container_are_refused() {
    for (kind, store, _kept) in stores() {
        for name in ["", "/etc", "../x", "a/../b", "a//b", ".hidden", "a b", "a\\b", "ä"] {
            assert!(store.get(name).await.is_err(), "{kind} {name:?}");
            assert!(store.create(name, Vec::new()).await.is_err(), "{kind} {name:?}");
        }
    }
}

#[tokio::test]
async fn a_damaged_document_is_an_error_and_never_taken_for_missing() {
    for (kind, store, _kept) in stores() {
        store.create("a", b"{\"half\":".to_vec()).await.unwrap();
        let read = Documents(store.as_ref()).get::<serde_json::Value>("a").await;
        assert!(matches!(read, Err(StateError::Damaged { .. })), "{kind}");
    }
}
