//! The one writer of a tenant, in slices.
//!
//! Responsible for: holding the writer's lease for a short while at a time, so that whoever waits gets a turn; reading what
//! others journalled meanwhile before going on; and telling when the lease is no longer certain, so that nothing is sent
//! under it. Not responsible for: what is written; see [`crate::apply`].
//!
//! Two fences guard a request: its intent must stand in the journal, which only one of two writers can append to, and the
//! lease must be certain for longer than the request can take. A writer that was stalled fails at one of them.

use crate::clock::Clock;
use crate::ids::UserId;
use crate::journal::record::Record;
use crate::journal::{Journal, JournalError};
use crate::state::{Lease, StateError, Store};
use crate::until::Until;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The lease of the one writer.
const WRITER: &str = "writer";
/// How long a slice lasts, on the run's clock. The batch in flight is finished.
const SLICE: Duration = Duration::from_secs(5);
/// How long a lease must be certain when a request is sent: longer than the request can take.
const CERTAIN_FOR_A_REQUEST: Duration = Duration::from_secs(35);
/// How long it must be certain when the intents for that request are journalled.
const CERTAIN_FOR_A_BATCH: Duration = Duration::from_secs(45);
/// How often somebody else's lease is tried again, on the run's clock; in real time not more often than [`LEAST_PAUSE`].
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
const LEAST_PAUSE: Duration = Duration::from_millis(5);
/// How long nobody holds the lease between two slices of a run, on its clock: whoever tries has their turn.
const BETWEEN_SLICES: Duration = Duration::from_millis(300);
/// How long somebody else's slice is waited for, in real time: longer than the lease of one that died.
const PATIENCE: Duration = Duration::from_secs(90);

/// Why no slice began.
#[derive(Debug, thiserror::Error)]
pub enum SliceError {
    /// The run's time is over.
    #[error("the time is over")]
    NoTime,
    /// Somebody holds the lease for longer than a slice may last.
    #[error("another usher has been writing for this tenant for more than a minute")]
    Busy,
    /// The state failed, or the journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<StateError> for SliceError {
    fn from(error: StateError) -> Self {
        Self::Journal(error.into())
    }
}

/// The tenant's writer: the journal, and the lease while a slice goes on.
pub struct Writer {
    store: Arc<dyn Store>,
    journal: Journal,
    clock: Clock,
    slice: Option<Slice>,
    last_ended: Option<Instant>,
    /// What goes into the journal with the next segment.
    records: Vec<Record>,
    /// Whom others were about to touch since the journal was opened.
    touched: HashSet<UserId>,
}

struct Slice {
    lease: Box<dyn Lease>,
    begun: Instant,
}

impl Writer {
    /// A writer that holds nothing yet.
    ///
    /// # Errors
    /// When the journal cannot be opened.
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, JournalError> {
        let journal = Journal::open(Arc::clone(&store)).await?;
        Ok(Self { store, journal, clock, slice: None, last_ended: None, records: Vec::new(), touched: HashSet::new() })
    }

    /// The journal, as far as it was read.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The store that the journal is in.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// Whether a slice goes on that is not over.
    pub fn has_begun(&self) -> bool {
        !self.is_over(Duration::ZERO)
    }

    /// Whether somebody else was about to touch this person since the journal was opened.
    pub fn was_touched(&self, person: UserId) -> bool {
        self.touched.contains(&person)
    }

    /// Whether the slice has lasted long enough, or would have after `wait` on the clock, so that others shall have a turn.
    pub fn is_over(&self, wait: Duration) -> bool {
        let Some(slice) = &self.slice else { return true };
        let lasts = slice.begun.elapsed() + self.clock.in_real_time(wait);
        lasts >= self.clock.in_real_time(SLICE) || slice.lease.certain_for() < CERTAIN_FOR_A_BATCH
    }

    /// Whether a request may be sent now: the lease outlasts it.
    pub fn may_send(&self) -> bool {
        self.slice.as_ref().is_some_and(|slice| slice.lease.certain_for() >= CERTAIN_FOR_A_REQUEST)
    }

    /// Begins a slice, unless one goes on that is not over: takes the lease and reads what others journalled. `true` if
    /// they did.
    ///
    /// # Errors
    /// When the time is over before, the lease is not to be had, or the state fails.
    pub async fn begin(&mut self, until: &mut Until) -> Result<bool, SliceError> {
        if self.slice.is_some() {
            if self.has_begun() {
                return Ok(false);
            }
            self.end().await?;
        }
        if let Some(ended) = self.last_ended {
            let pause = self.clock.in_real_time(BETWEEN_SLICES).saturating_sub(ended.elapsed());
            if !pause.is_zero() && !until.rest(pause).await {
                return Err(SliceError::NoTime);
            }
        }
        let pause = self.clock.in_real_time(BETWEEN_TRIES).max(LEAST_PAUSE);
        let asked = Instant::now();
        let lease = loop {
            if let Some(lease) = self.store.try_lease(WRITER).await? {
                break lease;
            }
            if asked.elapsed() > PATIENCE {
                return Err(SliceError::Busy);
            }
            if !until.rest(pause).await {
                return Err(SliceError::NoTime);
            }
        };
        self.slice = Some(Slice { lease, begun: Instant::now() });
        let others = match self.journal.catch_up().await {
            Ok(others) => others,
            Err(error) => {
                self.let_go().await;
                return Err(error.into());
            }
        };
        let found = others.is_some();
        self.touched.extend(others.into_iter().flatten());
        // What was noticed about somebody before others touched them may not be so any more; the next sweep looks again.
        let touched = &self.touched;
        self.records.retain(|record| !record.notices().is_some_and(|person| touched.contains(&person)));
        Ok(found)
    }

    /// Adds a record to the next segment.
    pub fn note(&mut self, records: impl IntoIterator<Item = Record>) {
        self.records.extend(records);
    }

    /// Appends what was noted, if anything was. A slice must go on.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing may be sent, and the writer has let go of its lease.
    pub async fn write(&mut self) -> Result<(), JournalError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let written = self.journal.append(std::mem::take(&mut self.records), now).await;
        if written.is_err() {
            self.let_go().await;
        }
        written
    }

    /// Ends the slice: what was noted is appended, and others have their turn. What was noted under a lease that was lost
    /// meanwhile stays for the next slice: only a holder may append.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn end(&mut self) -> Result<(), JournalError> {
        let Some(slice) = &self.slice else { return Ok(()) };
        if !slice.lease.certain_for().is_zero() {
            self.write().await?;
        }
        self.let_go().await;
        self.journal.save_now_and_then().await
    }

    /// Ends the last slice, if need be after taking the lease once more for what is still noted, and saves the memory if it has grown. When
    /// there is no time for that, what was sent stays without outcome, and the next runs read what became of it.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn finish(&mut self, until: &mut Until) -> Result<(), JournalError> {
        self.end().await?;
        if !self.records.is_empty() {
            match self.begin(until).await {
                Ok(_) => self.end().await?,
                Err(SliceError::Journal(error)) => return Err(error),
                Err(SliceError::NoTime | SliceError::Busy) => {
                    tracing::warn!("the time was over before the last outcomes could be journalled");
                }
            }
        }
        self.journal.save_at_the_end().await
    }

    /// Removes segments that need not be kept any more. A slice must go on.
    ///
    /// # Errors
    /// When the state fails; nothing is lost then.
    pub async fn prune(&mut self, keep: jiff::SignedDuration) -> Result<(), JournalError> {
        let now = self.clock.now();
        self.journal.prune(keep, now).await
    }

    /// Lets go of the lease, whatever happened.
    pub async fn let_go(&mut self) {
        if let Some(slice) = self.slice.take() {
            slice.lease.release().await;
            self.last_ended = Some(Instant::now());
        }
    }
}
