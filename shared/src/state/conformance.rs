//! The rules that every store keeps, as one suite that runs on each: here on the folder, the memory and a simulated Azure
//! Storage, elsewhere on real ones.

use super::{StateError, Store};
use std::sync::Arc;

type AnyStore = Arc<dyn Store>;

/// A rule is a function of an empty store; each becomes a test of its own, and part of [`all`].
macro_rules! rules {
    ($($(#[$doc:meta])* async fn $rule:ident($store:ident) $body:block)+) => {
        $($(#[$doc])* async fn $rule($store: AnyStore) $body)+

        /// Holds a kind of store against every rule; `empty` makes an empty one each time.
        ///
        /// # Panics
        /// When a rule is broken.
        pub async fn all<F: Future<Output = AnyStore>>(empty: impl Fn() -> F) {
            $(
                println!("rule: {}", stringify!($rule));
                $rule(empty().await).await;
            )+
        }

        #[cfg(test)]
        mod tests {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $rule() {
                    super::for_each_store(super::$rule).await;
                }
            )+
        }
    };
}

/// Runs a rule on every store that needs nothing but this machine.
#[cfg(test)]
async fn for_each_store<F: Future<Output = ()>>(rule: impl Fn(AnyStore) -> F) {
    rule(Arc::new(super::memory::MemoryStore::default())).await;
    let folder = tempfile::tempdir().unwrap();
    rule(Arc::new(super::file::FileStore::new(&folder.path().join("made/if/missing")))).await;
    let storage = usher_simulator::storage::Storage::start().await.unwrap();
    let container = storage.container_url("usher").parse().unwrap();
    rule(Arc::new(super::blob::BlobStore::in_azurite(container))).await;
    assert!(storage.violations().is_empty(), "{:?}", storage.violations());
}

rules! {
    async fn a_document_is_created_only_once(store) {
        assert!(store.get("a/b").await.unwrap().is_none());
        let etag = store.create("a/b", b"1".to_vec()).await.unwrap();
        assert!(matches!(store.create("a/b", b"2".to_vec()).await, Err(StateError::Exists(_))));
        let found = store.get("a/b").await.unwrap().unwrap();
        assert_eq!((found.bytes, found.etag), (b"1".to_vec(), etag));
    }

    async fn a_document_is_replaced_or_removed_only_as_it_was_read(store) {
        let first = store.create("a", b"1".to_vec()).await.unwrap();
        let second = store.replace("a", b"2".to_vec(), &first).await.unwrap();
        assert!(matches!(store.replace("a", b"3".to_vec(), &first).await, Err(StateError::Changed(_))));
        assert!(matches!(store.remove("a", &first).await, Err(StateError::Changed(_))));
        assert_eq!(store.get("a").await.unwrap().unwrap().etag, second);
        store.remove("a", &second).await.unwrap();
        assert!(store.get("a").await.unwrap().is_none());
        assert!(matches!(store.replace("a", b"4".to_vec(), &second).await, Err(StateError::Changed(_))));
        assert!(matches!(store.remove("a", &second).await, Err(StateError::Changed(_))));
        store.create("a", b"5".to_vec()).await.unwrap();
    }

    async fn who_repeats_a_write_whose_answer_was_lost_has_written(store) {
        let first = store.create("a", b"1".to_vec()).await.unwrap();
        assert_eq!(store.create("a", b"1".to_vec()).await.unwrap(), first);
        let second = store.replace("a", b"2".to_vec(), &first).await.unwrap();
        assert_eq!(store.replace("a", b"2".to_vec(), &first).await.unwrap(), second);
    }

    async fn of_many_who_create_or_replace_at_once_one_succeeds(store) {
        let created = futures::future::join_all((0..16).map(|n| store.create("one", vec![n]))).await;
        assert_eq!(created.iter().filter(|result| result.is_ok()).count(), 1);
        let etag = store.get("one").await.unwrap().unwrap().etag;
        let replaced = futures::future::join_all((16..32).map(|n| store.replace("one", vec![n], &etag))).await;
        assert_eq!(replaced.iter().filter(|result| result.is_ok()).count(), 1);
    }

    async fn large_and_empty_documents_come_back_whole(store) {
        for (name, size) in [("empty", 0), ("large", 9 * 1024 * 1024)] {
            let bytes: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[n as usize % 4]).collect();
            store.create(name, bytes.clone()).await.unwrap();
            let found = store.get(name).await.unwrap().unwrap();
            assert!(found.bytes == bytes, "{name}");
            store.replace(name, b"1".to_vec(), &found.etag).await.unwrap();
        }
    }

    async fn names_are_listed_by_prefix_in_order(store) {
        assert!(store.list("").await.unwrap().is_empty());
        for name in ["journal/00000002", "journal/00000001", "birth", "journals"] {
            store.create(name, b"{}".to_vec()).await.unwrap();
        }
        assert_eq!(store.list("journal/").await.unwrap(), ["journal/00000001", "journal/00000002"]);
        assert_eq!(store.list("").await.unwrap().len(), 4);
    }

    async fn a_lease_has_one_holder_until_it_is_released_and_is_no_document(store) {
        let held = store.try_lease("writer").await.unwrap().unwrap();
        assert!(held.certain_for() > super::LEASE / 2);
        assert!(store.try_lease("writer").await.unwrap().is_none());
        store.try_lease("other").await.unwrap().unwrap().release().await;
        held.release().await;
        let again = store.try_lease("writer").await.unwrap();
        assert!(again.is_some());
        assert!(store.list("").await.unwrap().is_empty());
    }

    async fn of_many_who_take_a_lease_at_once_one_has_it(store) {
        let taken = futures::future::join_all((0..16).map(|_| store.try_lease("one"))).await;
        assert_eq!(taken.iter().filter(|result| matches!(result, Ok(Some(_)))).count(), 1);
    }

    async fn names_that_leave_the_container_are_refused(store) {
        for name in ["", "/etc", "../x", "a/../b", "a//b", ".hidden", "a b", "a\\b", "ä"] {
            assert!(store.get(name).await.is_err(), "{name:?}");
            assert!(store.create(name, Vec::new()).await.is_err(), "{name:?}");
            assert!(store.try_lease(name).await.is_err(), "{name:?}");
        }
    }
}
