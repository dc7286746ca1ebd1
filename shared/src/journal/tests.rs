//! The chain as a fence, a record and a thing to prune.

use super::*;
use crate::address::Address;
use crate::ids::UserId;
use crate::journal::record::{ActionKind, Intent, Outcome};
use crate::state::memory::MemoryStore;
use jiff::SignedDuration;

fn day(number: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * number)
}

fn person(number: u64) -> UserId {
    Uuid::from_u128(number.into()).into()
}

/// The records of somebody who was converted.
fn converted(number: u64, at: Timestamp) -> Vec<Record> {
    let run = Uuid::nil().into();
    let intent = Intent {
        run,
        partner: "p".into(),
        action: ActionKind::Convert,
        person: person(number),
        address: Some(Address::parse("x@fabrikam.us").unwrap()),
        object: None,
        day: None,
        cause: None,
        by_request: false,
        reason: String::new(),
        before: "internal".into(),
        after: "pending".into(),
        at,
    };
    let step = intent.step();
    vec![Record::Intent(intent), Record::Outcome { run, step, at, outcome: Outcome::Done }]
}

/// A journal with one segment a day, from day 1.
async fn journal_of(days: u64) -> (MemoryStore, Journal) {
    let store = MemoryStore::default();
    let mut journal = Journal::open(Arc::new(store.clone())).await.unwrap();
    for number in 1..=days {
        let at = day(number.try_into().unwrap());
        journal.append(converted(number, at), at).await.unwrap();
    }
    (store, journal)
}

async fn open(store: &MemoryStore) -> Journal {
    Journal::open(Arc::new(store.clone())).await.unwrap()
}

async fn overwrite(store: &MemoryStore, name: &str, from: &str, to: &str) {
    let document = store.get(name).await.unwrap().unwrap();
    let changed = String::from_utf8(document.bytes).unwrap().replace(from, to);
    store.replace(name, changed.into_bytes(), &document.etag).await.unwrap();
}

async fn remove(store: &MemoryStore, name: &str) {
    let etag = store.get(name).await.unwrap().unwrap().etag;
    store.remove(name, &etag).await.unwrap();
}

const KEEP: SignedDuration = SignedDuration::from_hours(24 * 10);

#[tokio::test]
async fn of_two_writers_the_slower_is_fenced_off_even_with_the_same_words() {
    let (store, mut first) = journal_of(1).await;
    let mut second = open(&store).await;
    first.append(Vec::new(), day(2)).await.unwrap();
    assert!(matches!(second.append(Vec::new(), day(2)).await, Err(JournalError::Fenced(2))));
}

#[tokio::test]
async fn who_catches_up_learns_whom_others_were_about_to_touch() {
    let (store, mut first) = journal_of(1).await;
    let mut second = open(&store).await;
    assert_eq!(second.catch_up().await.unwrap(), None);
    first.append(converted(7, day(2)), day(2)).await.unwrap();
    assert_eq!(second.catch_up().await.unwrap(), Some(HashSet::from([person(7)])));
    assert_eq!(second.memory(), first.memory());
    second.append(Vec::new(), day(3)).await.unwrap();
    assert_eq!(second.catch_up().await.unwrap(), None, "its own segments are no news");
}

#[tokio::test]
async fn memory_saved_or_not_or_damaged_the_journal_opens_the_same() {
    let (store, mut journal) = journal_of(3).await;
    assert_eq!(open(&store).await.memory(), journal.memory(), "not saved");
    journal.save().await.unwrap();
    assert_eq!(open(&store).await.memory(), journal.memory(), "saved");
    journal.append(converted(4, day(4)), day(4)).await.unwrap();
    assert_eq!(open(&store).await.memory(), journal.memory(), "saved before");
    overwrite(&store, MEMORY, "{", "[").await;
    let mut mended = open(&store).await;
    assert_eq!(mended.memory(), journal.memory(), "damaged");
    mended.save().await.unwrap();
    let saved: Memory = Documents(&store).get(MEMORY).await.unwrap().unwrap().0;
    assert_eq!(&saved, journal.memory(), "a damaged one is replaced");
}

#[tokio::test]
async fn of_two_who_save_the_memory_the_later_one_stays() {
    let (store, mut first) = journal_of(2).await;
    first.save().await.unwrap();
    let mut second = open(&store).await;
    second.append(converted(3, day(3)), day(3)).await.unwrap();
    second.save().await.unwrap();
    first.save().await.unwrap();
    first.catch_up().await.unwrap();
    first.append(converted(4, day(4)), day(4)).await.unwrap();
    first.save().await.unwrap();
    second.save().await.unwrap();
    let saved: Memory = Documents(&store).get(MEMORY).await.unwrap().unwrap().0;
    assert_eq!(&saved, first.memory());
}

#[tokio::test]
async fn a_rewritten_or_missing_segment_breaks_the_chain() {
    let (store, journal) = journal_of(4).await;
    assert_eq!(journal.verify().await.unwrap().number, 4);
    overwrite(&store, "journal/0000000002", "fabrikam", "evil").await;
    assert!(matches!(journal.verify().await, Err(JournalError::Broken { number: 3, .. })));
    remove(&store, "journal/0000000002").await;
    let error = journal.verify().await.unwrap_err();
    assert!(matches!(error, JournalError::Broken { number: 2, .. }), "{error}");
    remove(&store, "journal/0000000004").await;
    assert!(journal.verify().await.is_err());
}

#[tokio::test]
async fn a_last_segment_that_is_remembered_and_gone_is_noticed() {
    let (store, mut journal) = journal_of(3).await;
    journal.save().await.unwrap();
    remove(&store, "journal/0000000003").await;
    assert!(matches!(open(&store).await.verify().await, Err(JournalError::Broken { number: 3, .. })));
}

#[tokio::test]
async fn a_segment_of_a_newer_usher_is_refused_clearly() {
    let (store, _) = journal_of(1).await;
    store.create("journal/0000000002", br#"{"version":99,"what":"ever"}"#.to_vec()).await.unwrap();
    let Err(error) = Journal::open(Arc::new(store)).await else { panic!("opened") };
    assert!(error.to_string().contains("newer usher"), "{error}");
}

#[tokio::test]
async fn what_is_older_than_it_must_be_kept_goes_and_the_chain_still_verifies() {
    let (store, mut journal) = journal_of(30).await;
    assert!(!journal.has_older_than(day(1)).await.unwrap());
    assert!(journal.has_older_than(day(30) - KEEP).await.unwrap());
    journal.prune(KEEP, day(30)).await.unwrap();
    let kept = store.list("journal/").await.unwrap();
    assert_eq!(kept.first().unwrap(), "journal/0000000020", "ten days are kept");
    assert_eq!(journal.verify().await.unwrap().number, 31, "the thirty, and one that names the checkpoint");
    assert!(journal.memory().life(person(1)).is_some(), "whom usher brought in is known for ever");

    // Without the saved memory everything is made anew from the checkpoint.
    remove(&store, MEMORY).await;
    let mut anew = open(&store).await;
    assert_eq!(anew.memory(), journal.memory());
    for number in 31..=45 {
        anew.append(converted(number, day(number.cast_signed())), day(number.cast_signed())).await.unwrap();
    }
    anew.prune(KEEP, day(45)).await.unwrap();
    anew.verify().await.unwrap();
    assert_eq!(store.list("checkpoint/").await.unwrap().len(), 1, "one replaces the other");
    assert!(!anew.has_older_than(day(45) - KEEP).await.unwrap());
    assert_eq!(open(&store).await.memory(), anew.memory());
}

#[tokio::test]
async fn a_memory_from_before_the_checkpoint_that_was_put_back_is_not_believed() {
    let (store, mut journal) = journal_of(5).await;
    journal.save().await.unwrap();
    let old = store.get(MEMORY).await.unwrap().unwrap();
    for number in 6..=30 {
        journal.append(converted(number, day(number.cast_signed())), day(number.cast_signed())).await.unwrap();
    }
    journal.prune(KEEP, day(30)).await.unwrap();
    let newer = store.get(MEMORY).await.unwrap().unwrap();
    store.replace(MEMORY, old.bytes, &newer.etag).await.unwrap();
    let opened = open(&store).await;
    assert_eq!(opened.memory(), journal.memory());
    opened.verify().await.unwrap();
}

#[tokio::test]
async fn a_gap_in_the_journal_is_not_written_over_when_the_memory_is_lost_too() {
    let (store, _) = journal_of(5).await;
    remove(&store, "journal/0000000003").await;
    let Err(error) = Journal::open(Arc::new(store)).await else { panic!("opened") };
    assert!(matches!(error, JournalError::Broken { number: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_checkpoint_that_an_interrupted_prune_of_another_version_left_is_replaced() {
    let (store, mut journal) = journal_of(30).await;
    store.create("checkpoint/0000000019", b"left by another version".to_vec()).await.unwrap();
    journal.prune(KEEP, day(30)).await.unwrap();
    journal.verify().await.unwrap();
}

#[tokio::test]
async fn pruning_again_or_when_everything_is_new_changes_nothing() {
    let (store, mut journal) = journal_of(30).await;
    journal.prune(SignedDuration::from_hours(24 * 40), day(30)).await.unwrap();
    assert_eq!(store.list("").await.unwrap().len(), 30);
    journal.prune(KEEP, day(30)).await.unwrap();
    let kept = store.list("").await.unwrap();
    journal.prune(KEEP, day(30)).await.unwrap();
    assert_eq!(store.list("").await.unwrap(), kept);
}

#[tokio::test]
async fn a_journal_that_slept_for_years_keeps_its_last_segment() {
    let (store, mut journal) = journal_of(3).await;
    journal.prune(KEEP, day(3000)).await.unwrap();
    assert_eq!(store.list("journal/").await.unwrap(), ["journal/0000000003", "journal/0000000004"]);
    journal.verify().await.unwrap();
}

#[tokio::test]
async fn a_checkpoint_that_is_changed_exchanged_or_missing_breaks_the_chain() {
    for spoil in ["change", "remove"] {
        let (store, mut journal) = journal_of(30).await;
        journal.prune(KEEP, day(30)).await.unwrap();
        let name = store.list("checkpoint/").await.unwrap().remove(0);
        match spoil {
            "change" => overwrite(&store, &name, "fabrikam.us", "evil.example").await,
            _ => remove(&store, &name).await,
        }
        assert!(matches!(journal.verify().await, Err(JournalError::Broken { number: 19, .. })), "{spoil}");
    }
}

/// A store that lets only so many changes through and then fails, as when the process ends there.
struct Dying {
    inner: MemoryStore,
    changes_left: std::sync::atomic::AtomicUsize,
}

impl Dying {
    fn change(&self) -> Result<(), StateError> {
        use std::sync::atomic::Ordering::Relaxed;
        let left = self.changes_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| StateError::Unavailable("it died".into()))
    }
}

#[async_trait::async_trait]
impl Store for Dying {
    async fn get(&self, name: &str) -> Result<Option<crate::state::Document>, StateError> {
        self.inner.get(name).await
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError> {
        self.change()?;
        self.inner.create(name, bytes).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError> {
        self.change()?;
        self.inner.replace(name, bytes, read).await
    }

    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError> {
        self.change()?;
        self.inner.remove(name, read).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        self.inner.list(prefix).await
    }

    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn crate::state::Lease>>, StateError> {
        self.inner.try_lease(name).await
    }
}

#[tokio::test]
async fn pruning_that_is_cut_short_anywhere_loses_nothing_and_goes_on_the_next_time() {
    for changes in 0..25 {
        let (store, journal) = journal_of(30).await;
        let dying = Dying { inner: store.clone(), changes_left: changes.into() };
        let mut cut_short = Journal::open(Arc::new(dying)).await.unwrap();
        let died = cut_short.prune(KEEP, day(30)).await.is_err();
        assert_eq!(died, changes < 22, "{changes}: checkpoint, segment, memory, nineteen removed");

        let mut next = open(&store).await;
        next.verify().await.unwrap_or_else(|error| panic!("after {changes}: {error}"));
        next.prune(KEEP, day(30)).await.unwrap();
        next.verify().await.unwrap();
        let kept = store.list("journal/").await.unwrap();
        assert_eq!(kept.first().unwrap(), "journal/0000000020", "after {changes}");
        for number in 1..=30 {
            let (known, expected) = (next.memory().life(person(number)), journal.memory().life(person(number)));
            assert_eq!(known, expected, "after {changes}");
        }
    }
}
