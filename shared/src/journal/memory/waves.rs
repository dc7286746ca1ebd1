//! How far a partner's waves got.
//!
//! Responsible for: what was sent in the wave under way, across runs and processes. Not responsible for: how large a wave is;
//! see [`crate::people::guard`].

use crate::journal::record::Outcome;
use serde::{Deserialize, Serialize};

/// How far a partner's waves got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveMemory {
    /// Index of the next wave, or of the one under way.
    pub next: usize,
    /// How many people waited when the first wave was planned.
    pub waiting_at_first: Option<u64>,
    /// What was sent in the wave under way, if one is.
    pub under_way: Option<WaveCount>,
}

/// What was sent in a wave, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveCount {
    /// Sent, and not given back.
    pub sent: u64,
    /// Refused for the person's own reason.
    pub refused: u64,
    /// Of nobody knows what became.
    pub open: u64,
}

/// Where a wave begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum WaveStep {
    /// It begins.
    Begun {
        /// Index of the wave.
        wave: usize,
        /// How many people wait, those who will be in it included.
        waiting: u64,
    },
    /// It came to its end. One that is not clean is repeated.
    Ended {
        /// Whether it was clean.
        clean: bool,
    },
}

impl WaveCount {
    /// A wave is clean when nothing is unconfirmed, and at most a tenth was refused for the person's own reason.
    pub const fn is_clean(self) -> bool {
        self.open == 0 && self.refused * 10 <= self.sent
    }

    /// Counts somebody who is about to be sent an invitation.
    pub(super) const fn intended(&mut self) {
        self.sent += 1;
        self.open += 1;
    }

    /// Counts what became of it.
    pub(super) const fn came_out(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Unknown => return,
            Outcome::Done => {}
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::NotSent => self.sent = self.sent.saturating_sub(1),
        }
        self.open = self.open.saturating_sub(1);
    }
}

impl WaveMemory {
    pub(super) fn advance(&mut self, step: WaveStep) {
        match step {
            // Another process began it already; what was sent in it counts on.
            WaveStep::Begun { wave, .. } if self.under_way.is_some() && self.next == wave => {}
            WaveStep::Begun { wave, waiting } => {
                self.next = wave;
                self.waiting_at_first.get_or_insert(waiting);
                self.under_way = Some(WaveCount::default());
            }
            WaveStep::Ended { clean } => {
                self.under_way = None;
                self.next = self.next.saturating_add(usize::from(clean));
            }
        }
    }
}
