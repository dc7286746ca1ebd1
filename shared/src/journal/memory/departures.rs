//! Those who are leaving, and what usher took away from whom.
//!
//! Responsible for: since when somebody is out of scope, for which causes something was taken away, and how far it got. Not
//! responsible for: deciding; see [`crate::people::lifecycle`].

use crate::journal::record::Cause;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is remembered of somebody who is leaving, or who was taken something away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Since when the person has been seen out of scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_since: Option<Timestamp>,
    /// What was taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// Causes for which something was taken away that others gave back, each since when it had held. While it is the same
    /// cause still, it is not taken again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overruled: BTreeMap<Cause, Timestamp>,
    /// When somebody asked for the person to be retired; until that is done, or taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Timestamp>,
    /// When a person last wanted human decisions about them forgotten; until the account is enabled, or in scope, again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Timestamp>,
    /// Somebody other than usher has disabled the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
}

/// That signing in was taken away, by usher or by others, and for which causes usher keeps to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The causes that hold, each since when.
    pub causes: BTreeMap<Cause, Timestamp>,
    /// When usher disabled the account; `None` if somebody else had done it before.
    pub disabled: Option<Timestamp>,
    /// The directory has shown that.
    pub shown_disabled: bool,
    /// When usher deleted it.
    pub deleted: Option<Timestamp>,
    /// The directory has shown that.
    pub shown_deleted: bool,
}

impl Departure {
    /// Whether nothing is left to be remembered.
    pub(super) fn is_over(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the days of grace run, and neither usher nor anybody else has done anything about it.
    pub fn is_only_leaving(&self) -> bool {
        self.out_since.is_some() && self.taken.is_none() && self.overruled.is_empty()
    }

    pub(super) fn disabled(&mut self, cause: Cause, at: Timestamp) {
        self.overruled.remove(&cause);
        self.retired_for(cause);
        let taken = self.taken_or_begin();
        taken.causes.insert(cause, at);
        taken.disabled = Some(at);
        taken.shown_disabled = false;
    }

    /// Others gave back what was taken away: usher has taken nothing any more.
    pub(super) fn given_back(&mut self) {
        self.released = None;
        self.blocked = false;
        if let Some(taken) = self.taken.take() {
            self.overruled.extend(taken.causes);
        }
    }

    pub(super) fn also_taken(&mut self, cause: Cause, at: Timestamp) {
        self.retired_for(cause);
        self.taken_or_begin().causes.entry(cause).or_insert(at);
    }

    /// A retirement that was asked for is done with what is taken for it.
    fn retired_for(&mut self, cause: Cause) {
        if cause == Cause::Request {
            self.retirement = None;
        }
    }

    pub(super) fn retirement_requested(&mut self, at: Timestamp) {
        self.retirement = Some(at);
    }

    /// Somebody asked for the person: every cause has ended, and usher still has to give back what it took itself.
    pub(super) fn requested(&mut self) {
        let Self { out_since, taken, overruled, retirement, released, blocked: _ } = self;
        (*out_since, *retirement, *released) = (None, None, None);
        overruled.clear();
        match taken {
            Some(taken) if taken.disabled.is_some() => taken.causes.clear(),
            taken => *taken = None,
        }
    }

    pub(super) fn shown_disabled(&mut self) {
        if let Some(taken) = &mut self.taken {
            taken.shown_disabled = true;
        }
    }

    pub(super) fn deleted(&mut self, at: Timestamp) {
        let taken = self.taken_or_begin();
        taken.deleted = Some(at);
        taken.shown_deleted = false;
    }

    pub(super) fn shown_deleted(&mut self) {
        if let Some(taken) = self.taken.as_mut().filter(|taken| taken.deleted.is_some()) {
            taken.shown_deleted = true;
        }
    }

    pub(super) fn restored(&mut self) {
        if let Some(taken) = &mut self.taken {
            taken.deleted = None;
            taken.shown_deleted = false;
        }
    }

    pub(super) fn enabled(&mut self) {
        self.taken = None;
        self.released = None;
        self.blocked = false;
    }

    /// Somebody else disabled the account again: usher has nothing to give back any more.
    pub(super) fn taken_over(&mut self) {
        self.taken = None;
        self.blocked = true;
    }

    /// Nobody could tell whether the person stayed out of scope. What people decided about them stays.
    pub(super) fn not_watched(&mut self) {
        if self.is_only_leaving() {
            self.out_since = None;
        }
    }

    pub(super) fn out_of_scope(&mut self, at: Timestamp) {
        self.out_since = Some(at);
    }

    /// In scope again: that cause has ended. Where it was the only one, usher still has to give back what it took itself.
    pub(super) fn in_scope(&mut self) {
        self.out_since = None;
        self.released = None;
        self.overruled.remove(&Cause::LeftScope);
        if let Some(taken) = &mut self.taken {
            if taken.causes.keys().all(|cause| *cause == Cause::LeftScope) && taken.disabled.is_some() {
                return;
            }
            taken.causes.remove(&Cause::LeftScope);
            if taken.causes.is_empty() {
                self.taken = None;
            }
        }
    }

    /// What people decided is forgotten: the rules apply as if it had happened by itself, with all days to come again.
    pub(super) fn released(&mut self, disabled: bool, at: Timestamp) {
        self.released = Some(at);
        self.retirement = None;
        let overruled = std::mem::take(&mut self.overruled);
        if disabled && self.taken.is_none() {
            // It is not usher's to give back any more, but the causes count again.
            overruled.into_keys().for_each(|cause| self.also_taken(cause, at));
        }
        if self.out_since.is_some() {
            self.out_since = Some(at);
        }
        match &mut self.taken {
            Some(taken) if disabled => {
                taken.causes.values_mut().for_each(|since| *since = at);
                taken.deleted = None;
                taken.shown_deleted = false;
            }
            taken => *taken = None,
        }
    }

    fn taken_or_begin(&mut self) -> &mut Taken {
        self.taken.get_or_insert_with(|| Taken {
            causes: BTreeMap::new(),
            disabled: None,
            shown_disabled: false,
            deleted: None,
            shown_deleted: false,
        })
    }
}
