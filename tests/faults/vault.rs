//! The state, as a process reaches it: documents in memory, behind the weather, with leases that run out.
//!
//! Responsible for: what each trouble means for a request to the state, and leases as Azure Storage keeps them: 60 seconds,
//! renewed every 20, lost when nobody renews them or somebody breaks them. Not responsible for: choosing troubles.

use crate::breakage::Breakage;
use crate::disturbances::{Life, Weather, What};
use crate::witness::Witness;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use usher_shared::state::memory::MemoryStore;
use usher_shared::state::{Document, ETag, LEASE, Lease, StateError, Store};

const RENEWED_EVERY: Duration = Duration::from_secs(20);

/// The state of one process.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(crate) documents: MemoryStore,
    pub(crate) leases: Leases,
    pub(crate) weather: Weather,
    pub(crate) life: Life,
    pub(crate) witness: Arc<Witness>,
    pub(crate) process: u32,
    pub(crate) breakage: Option<Breakage>,
}

impl Vault {
    /// Leads one request through the weather.
    async fn request<T: Send + 'static>(
        &self,
        name: String,
        effect: impl Future<Output = Result<T, StateError>> + Send + 'static,
    ) -> Result<T, StateError> {
        let (what, number) = self.weather.request();
        let took = Duration::from_millis(3 + number * 11 % 17);
        sleep(took).await;
        let failed = || Err(StateError::Unavailable("a disturbance".to_owned()));
        let result = match what {
            None | Some(What::TokensExpire) => effect.await,
            Some(What::IsThrottled | What::FailsBefore | What::IsResetBefore) => failed(),
            Some(What::FailsAfter | What::IsResetAfter | What::IsCutShort | What::IsIncomplete) => {
                _ = effect.await;
                failed()
            }
            Some(What::IsNeverAnswered) => {
                _ = effect.await;
                sleep(LEASE).await;
                failed()
            }
            Some(What::IsLate) => {
                sleep(Duration::from_secs(1 + number % 15)).await;
                let result = effect.await;
                sleep(Duration::from_secs(1 + number % 10)).await;
                result
            }
            Some(What::LeasesRunOut) => {
                self.leases.run_out(self.process);
                effect.await
            }
            Some(What::LeasesAreBroken) => {
                self.leases.are_broken(self.process);
                effect.await
            }
            Some(What::IsKilledSoon) => {
                self.life.end_soon(number);
                effect.await
            }
            Some(What::IsKilledBefore) => {
                self.life.end().await;
                failed()
            }
            Some(What::IsKilledMeanwhile) => {
                tokio::spawn(async move {
                    sleep(took * 100).await;
                    _ = effect.await;
                });
                self.life.end().await;
                failed()
            }
            Some(What::IsKilledAfter) => {
                _ = effect.await;
                self.life.end().await;
                failed()
            }
        };
        let ended = if result.is_ok() { "well" } else { "not" };
        self.weather.tell(|| {
            let name = format!("process {}: state {name}", self.process);
            (self.witness.now(), format!("{name} {what:?} went {ended}"))
        });
        result
    }

    /// Whether a document shall seem written and is not.
    fn forgets(&self, name: &str) -> bool {
        self.breakage == Some(Breakage::StateForgetsTheJournal) && name.starts_with("journal/")
    }
}

#[async_trait]
impl Store for Vault {
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError> {
        let (documents, owned) = (self.documents.clone(), name.to_owned());
        self.request(format!("get {name}"), async move { documents.get(&owned).await }).await
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError> {
        let (documents, owned, forgets) = (self.documents.clone(), name.to_owned(), self.forgets(name));
        let effect = async move {
            if forgets {
                let elsewhere = MemoryStore::default();
                return elsewhere.create(&owned, bytes).await;
            }
            documents.create(&owned, bytes).await
        };
        self.request(format!("create {name}"), effect).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError> {
        let (documents, owned, read) = (self.documents.clone(), name.to_owned(), read.clone());
        self.request(format!("replace {name}"), async move { documents.replace(&owned, bytes, &read).await }).await
    }

    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError> {
        let (documents, owned, read) = (self.documents.clone(), name.to_owned(), read.clone());
        self.request(format!("remove {name}"), async move { documents.remove(&owned, &read).await }).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        let (documents, owned) = (self.documents.clone(), prefix.to_owned());
        self.request(format!("list {prefix}"), async move { documents.list(&owned).await }).await
    }

    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn Lease>>, StateError> {
        let (vault, owned) = (self.clone(), name.to_owned());
        // One that nobody hears of runs out like one that was dropped.
        let effect = async move {
            let held = vault.leases.take(&owned, vault.process);
            Ok(held.map(|held| Box::new(VaultLease { vault, name: owned, held }) as Box<dyn Lease>))
        };
        self.request(format!("lease {name}"), effect).await
    }
}

/// Who holds which lease. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Leases(Arc<Mutex<BTreeMap<String, Held>>>);

/// One lease that was taken, shared by whoever holds it.
#[derive(Clone)]
struct Held {
    process: u32,
    taken: Instant,
    /// Nobody renews it since then.
    left: Arc<Mutex<Option<Instant>>>,
    /// Somebody broke it then: others can have it, and its holder hears of it at the next renewal.
    broken: Arc<Mutex<Option<Instant>>>,
}

impl Leases {
    fn inner(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, name: &str, process: u32) -> Option<Held> {
        let mut inner = self.inner();
        if inner.get(name).is_some_and(|held| !held.is_free()) {
            return None;
        }
        let held = Held { process, taken: Instant::now(), left: Arc::default(), broken: Arc::default() };
        inner.insert(name.to_owned(), held.clone());
        Some(held)
    }

    /// The leases of a process are not renewed any more.
    pub(crate) fn run_out(&self, process: u32) {
        self.inner().values().filter(|held| held.process == process).for_each(Held::leave);
    }

    /// The leases of a process are broken.
    pub(crate) fn are_broken(&self, process: u32) {
        let inner = self.inner();
        for held in inner.values().filter(|held| held.process == process) {
            lock(&held.broken).get_or_insert_with(Instant::now);
        }
    }
}

fn lock(moment: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    moment.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    /// When it was renewed last, as of `at`.
    fn renewed(&self, at: Instant) -> Instant {
        let renewals = at.duration_since(self.taken).as_secs() / RENEWED_EVERY.as_secs();
        self.taken + RENEWED_EVERY * u32::try_from(renewals).unwrap_or(u32::MAX)
    }

    fn leave(&self) {
        lock(&self.left).get_or_insert_with(Instant::now);
    }

    fn is_free(&self) -> bool {
        let ran_out = lock(&self.left).is_some_and(|left| Instant::now() >= self.renewed(left) + LEASE);
        ran_out || lock(&self.broken).is_some()
    }

    fn certain_for(&self) -> Duration {
        let now = Instant::now();
        let heard = lock(&self.broken).is_some_and(|broken| now >= self.renewed(broken) + RENEWED_EVERY);
        if heard {
            return Duration::ZERO;
        }
        let last = lock(&self.left).unwrap_or(now);
        (self.renewed(last) + LEASE).saturating_duration_since(now)
    }
}

/// A lease of one process. Dropped, it runs out.
struct VaultLease {
    vault: Vault,
    name: String,
    held: Held,
}

#[async_trait]
impl Lease for VaultLease {
    fn certain_for(&self) -> Duration {
        self.held.certain_for()
    }

    async fn release(self: Box<Self>) {
        let (leases, name, held) = (self.vault.leases.clone(), self.name.clone(), self.held.clone());
        let effect = async move {
            let mut inner = leases.inner();
            if inner.get(&name).is_some_and(|other| Arc::ptr_eq(&other.left, &held.left)) {
                inner.remove(&name);
            }
            Ok(())
        };
        // What cannot be released runs out.
        _ = self.vault.request(format!("release {}", self.name), effect).await;
    }
}

impl Drop for VaultLease {
    fn drop(&mut self) {
        self.held.leave();
    }
}
