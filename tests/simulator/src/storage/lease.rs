//! The lease of a blob, by the tables of "Lease Blob".
//!
//! Responsible for: what each lease operation does in each state, and what the lease means for reading and writing. Leases
//! run in real time, as Azure's do.
//!
//! Not responsible for: the blob.

use super::error::Refusal;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The longest time until a lease that is being broken has ended.
const LONGEST_BREAK: Duration = Duration::from_secs(60);

/// The lease of one blob.
#[derive(Debug, Default)]
pub(super) struct Lease(Option<Held>);

/// A lease that was taken, and has not been released since.
#[derive(Clone, Copy, Debug)]
struct Held {
    id: Uuid,
    /// `None` is for ever.
    lasts: Option<Duration>,
    end: End,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Never,
    RunsOut(Instant),
    Breaks(Instant),
}

/// What is to be done with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// `lasts` is `None` for ever.
    Acquire {
        proposed: Option<Uuid>,
        lasts: Option<Duration>,
    },
    Renew {
        id: Uuid,
    },
    Change {
        id: Uuid,
        proposed: Uuid,
    },
    Release {
        id: Uuid,
    },
    /// `period` is `None` for when the lease ends anyhow.
    Break {
        period: Option<Duration>,
    },
}

impl Action {
    /// As in `Step::operation`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Acquire { .. } => "acquire-lease",
            Self::Renew { .. } => "renew-lease",
            Self::Change { .. } => "change-lease",
            Self::Release { .. } => "release-lease",
            Self::Break { .. } => "break-lease",
        }
    }
}

/// What a lease is, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Available,
    Leased,
    Expired,
    Breaking,
    Broken,
}

impl State {
    /// `x-ms-lease-state`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Leased => "leased",
            Self::Expired => "expired",
            Self::Breaking => "breaking",
            Self::Broken => "broken",
        }
    }

    /// `x-ms-lease-status`: whether writing needs the id.
    pub(super) const fn status(self) -> &'static str {
        if self.is_locked() { "locked" } else { "unlocked" }
    }

    const fn is_locked(self) -> bool {
        matches!(self, Self::Leased | Self::Breaking)
    }
}

impl Held {
    fn new(id: Uuid, lasts: Option<Duration>) -> Self {
        Self { id, lasts, end: lasts.map_or(End::Never, |lasts| End::RunsOut(Instant::now() + lasts)) }
    }

    fn state(self) -> State {
        let is_over = |at| at <= Instant::now();
        match self.end {
            End::Never => State::Leased,
            End::RunsOut(at) if is_over(at) => State::Expired,
            End::RunsOut(_) => State::Leased,
            End::Breaks(at) if is_over(at) => State::Broken,
            End::Breaks(_) => State::Breaking,
        }
    }

    /// How long it still lasts, if nobody renews it; `None` is for ever.
    fn remaining(self) -> Option<Duration> {
        match self.end {
            End::Never => None,
            End::RunsOut(at) | End::Breaks(at) => Some(at.saturating_duration_since(Instant::now())),
        }
    }
}

const fn mismatch() -> Refusal {
    Refusal::new(409, "LeaseIdMismatchWithLeaseOperation")
}

const fn not_present() -> Refusal {
    Refusal::new(409, "LeaseNotPresentWithLeaseOperation")
}

impl Lease {
    pub(super) fn state(&self) -> State {
        self.0.map_or(State::Available, Held::state)
    }

    /// Whether a lease that is held has no end.
    pub(super) fn is_infinite(&self) -> bool {
        self.0.is_some_and(|held| held.lasts.is_none())
    }

    /// Takes the lease; whoever holds it by that id has it anew. The id.
    pub(super) fn acquire(&mut self, proposed: Option<Uuid>, lasts: Option<Duration>) -> Result<Uuid, Refusal> {
        if let Some(held) = self.0 {
            let is_own = proposed == Some(held.id);
            match held.state() {
                State::Breaking if is_own => return Err(Refusal::new(409, "LeaseIsBreakingAndCannotBeAcquired")),
                State::Leased if is_own => {}
                State::Leased | State::Breaking => return Err(Refusal::new(409, "LeaseAlreadyPresent")),
                State::Available | State::Expired | State::Broken => {}
            }
        }
        let id = proposed.unwrap_or_else(Uuid::new_v4);
        self.0 = Some(Held::new(id, lasts));
        Ok(id)
    }

    /// Renews the lease, also one that has run out, as long as nobody has taken it and nothing was written since.
    pub(super) fn renew(&mut self, id: Uuid) -> Result<(), Refusal> {
        let held = self.0.filter(|held| held.id == id).ok_or(mismatch())?;
        if matches!(held.state(), State::Breaking | State::Broken) {
            return Err(Refusal::new(409, "LeaseIsBrokenAndCannotBeRenewed"));
        }
        self.0 = Some(Held::new(id, held.lasts));
        Ok(())
    }

    /// Gives the lease another id; repeated, it finds it done.
    pub(super) fn change(&mut self, id: Uuid, proposed: Uuid) -> Result<(), Refusal> {
        let held = self.0.as_mut().ok_or(not_present())?;
        match held.state() {
            State::Available | State::Expired | State::Broken => Err(not_present()),
            State::Breaking if held.id == id => Err(Refusal::new(409, "LeaseIsBreakingAndCannotBeChanged")),
            State::Leased if held.id == id || held.id == proposed => {
                held.id = proposed;
                Ok(())
            }
            State::Leased | State::Breaking => Err(mismatch()),
        }
    }

    /// Gives the lease up, whatever has become of it, as long as nobody else has taken it.
    pub(super) fn release(&mut self, id: Uuid) -> Result<(), Refusal> {
        self.0.filter(|held| held.id == id).ok_or(mismatch())?;
        self.0 = None;
        Ok(())
    }

    /// Ends the lease, whoever holds it; after how long.
    pub(super) fn break_off(&mut self, period: Option<Duration>) -> Result<Duration, Refusal> {
        if period.is_some_and(|period| period > LONGEST_BREAK) {
            return Err(Refusal::invalid_header());
        }
        let held = self.0.as_mut().ok_or(not_present())?;
        let longest = if held.state().is_locked() { held.remaining() } else { Some(Duration::ZERO) };
        let after = match (period, longest) {
            (Some(period), Some(longest)) => period.min(longest),
            (period, longest) => period.or(longest).unwrap_or_default(),
        };
        held.end = End::Breaks(Instant::now() + after);
        Ok(after)
    }

    /// Whether the blob may be written or deleted by whoever names this lease.
    pub(super) fn check_write(&self, id: Option<Uuid>) -> Result<(), Refusal> {
        if self.state().is_locked() && id.is_none() {
            return Err(Refusal::new(412, "LeaseIdMissing"));
        }
        self.check_read(id)
    }

    /// Whether the blob may be read by whoever names this lease. Nobody needs to name one.
    pub(super) fn check_read(&self, id: Option<Uuid>) -> Result<(), Refusal> {
        match (self.0.filter(|held| held.state().is_locked()), id) {
            (_, None) => Ok(()),
            (None, Some(_)) => Err(Refusal::new(412, "LeaseNotPresentWithBlobOperation")),
            (Some(held), Some(id)) if held.id != id => Err(Refusal::new(412, "LeaseIdMismatchWithBlobOperation")),
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// The blob was written: a lease that had ended cannot be renewed any more.
    pub(super) fn written(&mut self) {
        self.0.take_if(|held| !held.state().is_locked());
    }

    /// As if its time were over.
    pub(super) fn run_out(&mut self) {
        if let Some(held) = &mut self.0 {
            held.end = match held.end {
                End::Never | End::RunsOut(_) => End::RunsOut(Instant::now()),
                End::Breaks(_) => End::Breaks(Instant::now()),
            };
        }
    }
}
