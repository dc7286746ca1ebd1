//! Steps that are not simply done.
//!
//! Responsible for: finding them by person and by step. Not responsible for: what an outcome means; see [`super::Memory`].

use super::lives::{Fingerprint, Mark};
use crate::address::Address;
use crate::ids::{RunId, UserId};
use crate::journal::record::{ActionKind, Cause, Intent, StepId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// A step that is not simply done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The run that intended it: an outcome of another run is not its outcome.
    pub(super) run: RunId,
    /// For which partner.
    pub partner: String,
    /// The address invited, where one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Of a resend: the configured day that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) day: Option<u16>,
    /// Of what takes away: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Of an update: the values written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<Fingerprint>,
    /// Somebody asked for it, so that no wave counts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) by_request: bool,
    /// When it was intended.
    pub at: Timestamp,
    /// What became of it.
    pub state: StepState,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StepState {
    /// Sent, or about to be; no outcome is known.
    Open {
        /// The first reading that showed no effect.
        unchanged_since: Option<Timestamp>,
    },
    /// The same of something that leaves no trace, so that it counts as done until an outcome says otherwise.
    Sent {
        /// What was remembered of the person before.
        before: Option<Mark>,
    },
    /// An invitation that made somebody: the directory may not show them by the address for a while.
    Made,
    /// Refused for the person's own reason.
    Refused {
        /// When.
        at: Timestamp,
        /// Graph's code.
        code: String,
    },
}

impl Step {
    pub(super) fn of(intent: &Intent) -> Self {
        Self {
            run: intent.run,
            partner: intent.partner.clone(),
            address: intent.address.clone(),
            day: intent.day,
            cause: intent.cause,
            values: (intent.action == ActionKind::Update).then(|| Fingerprint::of_text(&intent.after)),
            by_request: intent.by_request,
            at: intent.at,
            state: StepState::Open { unchanged_since: None },
        }
    }

    /// Whether it was sent, or about to be, and nobody knows what became of it; reading the directory will tell.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, StepState::Open { .. })
    }

    /// Whether an outcome may still come.
    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.state, StepState::Open { .. } | StepState::Sent { .. })
    }
}

/// Steps by person, action and object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Steps(BTreeMap<StepId, Step>);

impl Steps {
    pub(super) fn get(&self, id: &StepId) -> Option<&Step> {
        self.0.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &StepId) -> Option<&mut Step> {
        self.0.get_mut(id)
    }

    pub(super) fn insert(&mut self, id: StepId, step: Step) {
        self.0.insert(id, step);
    }

    pub(super) fn remove(&mut self, id: &StepId) {
        self.0.remove(id);
    }

    pub(super) fn take(&mut self, id: &StepId) -> Option<Step> {
        self.0.remove(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&StepId, &Step)> {
        self.0.iter()
    }

    pub(super) fn of(&self, person: UserId) -> impl Iterator<Item = (&StepId, &Step)> {
        // The first kind and no object come first in the order of the ids.
        let first = StepId { person, action: ActionKind::ALL[0], object: None };
        self.0.range(first..).take_while(move |(id, _)| id.person == person)
    }

    /// Forgets a person's open steps of these kinds, as if they had not been sent.
    pub(super) fn forget_open(&mut self, person: UserId, kinds: impl Fn(ActionKind) -> bool) {
        self.0.retain(|id, step| id.person != person || !step.is_open() || !kinds(id.action));
    }

    /// Forgets refusals from before `cutoff`, and what counts as sent since then.
    pub(super) fn forget_refusals(&mut self, cutoff: Timestamp) {
        self.0.retain(|_, step| match step.state {
            StepState::Refused { at, .. } => at > cutoff,
            StepState::Sent { .. } | StepState::Made => step.at > cutoff,
            StepState::Open { .. } => true,
        });
    }
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Vec::<(StepId, Step)>::deserialize(deserializer)?.into_iter().collect()))
    }
}
