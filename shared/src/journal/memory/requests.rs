//! Who is in scope by request.
//!
//! Responsible for: holding that until the person is retired. Not responsible for: what the request counts for; see
//! [`crate::people::scope`].

use crate::ids::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A request that somebody be brought in, or kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// For which partner.
    pub partner: String,
    /// When.
    pub at: Timestamp,
    /// The invitation had expired then, and was not sent again since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
}

/// Everybody who is in scope by request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Requests(BTreeMap<UserId, Requested>);

impl Requests {
    pub(super) fn of(&self, person: UserId) -> Option<&Requested> {
        self.0.get(&person)
    }

    pub(super) fn insert(&mut self, person: UserId, partner: &str, renew: bool, at: Timestamp) {
        self.0.insert(person, Requested { partner: partner.to_owned(), at, renew });
    }

    /// The invitation was sent again.
    pub(super) fn renewed(&mut self, person: UserId) {
        if let Some(requested) = self.0.get_mut(&person) {
            requested.renew = false;
        }
    }

    /// Put back as it was before something that turned out not to have been sent.
    pub(super) fn not_renewed(&mut self, person: UserId) {
        if let Some(requested) = self.0.get_mut(&person) {
            requested.renew = true;
        }
    }

    pub(super) fn remove(&mut self, person: UserId) {
        self.0.remove(&person);
    }
}
