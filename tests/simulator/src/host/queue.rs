//! The storage queues.
//!
//! Responsible for: visibility, dequeue counts, expiry and how message texts are stored.
//!
//! Not responsible for: when messages are delivered, and what happens after an attempt.

use super::config::MessageEncoding;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use uuid::Uuid;

/// For how long a message is invisible while the host works on it; the host renews that.
pub(super) const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// After so long a message is gone, whether it was worked on or not.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most that Storage takes, as stored.
const LARGEST: usize = 64 * 1024;

/// A message as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// Its id.
    pub id: Uuid,
    /// Decoded, if it can be.
    pub text: Option<String>,
    /// How often it was taken out so far.
    pub dequeue_count: u32,
    /// From when on it can be taken out.
    pub visible_at: Timestamp,
}

/// A message that was taken out for one attempt.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) id: Uuid,
    pub(super) stored: String,
    pub(super) dequeue_count: u32,
    pub(super) pop_receipt: String,
    pub(super) inserted: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) next_visible: Timestamp,
}

/// All queues, made when first used.
#[derive(Debug, Default)]
pub(super) struct Queues(BTreeMap<String, Vec<Stored>>);

#[derive(Debug)]
struct Stored {
    id: Uuid,
    stored: String,
    dequeue_count: u32,
    inserted: Timestamp,
    visible_at: Timestamp,
    state: MessageState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageState {
    Waiting,
    Leased,
    /// Its attempts are used up and there is no poison queue for it: it lies there until it expires.
    Abandoned,
}

impl Queues {
    /// Puts a message as it is stored.
    pub(super) fn put(&mut self, queue: &str, stored: String, now: Timestamp) -> Result<()> {
        ensure!(
            stored.len() <= LARGEST,
            "a message of {} bytes is larger than the {LARGEST} that a queue takes",
            stored.len()
        );
        self.0.entry(queue.to_owned()).or_default().push(Stored {
            id: Uuid::new_v4(),
            stored,
            dequeue_count: 0,
            inserted: now,
            visible_at: now,
            state: MessageState::Waiting,
        });
        Ok(())
    }

    /// Takes out the oldest visible message.
    pub(super) fn take(&mut self, queue: &str, now: Timestamp) -> Option<Delivery> {
        let messages = self.0.get_mut(queue)?;
        messages.retain(|message| message.inserted + TIME_TO_LIVE > now);
        let message = messages.iter_mut().find(|message| message.is_visible(now))?;
        message.dequeue_count += 1;
        message.visible_at = now + LEASE;
        message.state = MessageState::Leased;
        Some(Delivery {
            id: message.id,
            stored: message.stored.clone(),
            dequeue_count: message.dequeue_count,
            pop_receipt: STANDARD.encode(Uuid::new_v4()),
            inserted: message.inserted,
            expires: message.inserted + TIME_TO_LIVE,
            next_visible: message.visible_at,
        })
    }

    pub(super) fn delete(&mut self, queue: &str, id: Uuid) {
        if let Some(messages) = self.0.get_mut(queue) {
            messages.retain(|message| message.id != id);
        }
    }

    /// Gives a taken message back, to be taken again from `visible_at` on.
    pub(super) fn release(&mut self, queue: &str, id: Uuid, visible_at: Timestamp) {
        self.update(queue, id, MessageState::Waiting, visible_at);
    }

    /// Leaves a taken message where no attempt will find it.
    pub(super) fn abandon(&mut self, queue: &str, id: Uuid, now: Timestamp) {
        self.update(queue, id, MessageState::Abandoned, now + TIME_TO_LIVE);
    }

    /// Stops renewing the lease of a message that was neither deleted nor given back.
    pub(super) fn lapse(&mut self, queue: &str, id: Uuid) {
        let messages = self.0.get_mut(queue).into_iter().flatten();
        for message in messages.filter(|m| m.id == id && m.state == MessageState::Leased) {
            message.state = MessageState::Waiting;
        }
    }

    pub(super) fn visible(&self, queue: &str, now: Timestamp) -> usize {
        let messages = self.0.get(queue).into_iter().flatten();
        messages.filter(|message| message.is_visible(now)).count()
    }

    /// When the next message that waits becomes visible.
    pub(super) fn next_visible(&self, queue: &str) -> Option<Timestamp> {
        let messages = self.0.get(queue).into_iter().flatten();
        messages.filter(|message| message.is_visible(message.visible_at)).map(|message| message.visible_at).min()
    }

    pub(super) fn list(&self, queue: &str, encoding: MessageEncoding) -> Vec<QueueMessage> {
        let messages = self.0.get(queue).into_iter().flatten();
        messages
            .map(|message| QueueMessage {
                id: message.id,
                text: encoding.decode(&message.stored).ok(),
                dequeue_count: message.dequeue_count,
                visible_at: message.visible_at,
            })
            .collect()
    }

    fn update(&mut self, queue: &str, id: Uuid, state: MessageState, visible_at: Timestamp) {
        let messages = self.0.get_mut(queue).into_iter().flatten();
        for message in messages.filter(|message| message.id == id) {
            message.state = state;
            message.visible_at = visible_at;
        }
    }
}

impl Stored {
    fn is_visible(&self, now: Timestamp) -> bool {
        self.state == MessageState::Waiting && self.visible_at <= now && self.inserted + TIME_TO_LIVE > now
    }
}

impl MessageEncoding {
    /// How the text of a message is stored.
    pub(super) fn encode(self, text: Vec<u8>) -> Result<String> {
        match self {
            Self::Base64 => Ok(STANDARD.encode(text)),
            Self::None => String::from_utf8(text).context("the message is not text"),
        }
    }

    pub(super) fn decode(self, stored: &str) -> Result<String> {
        match self {
            Self::None => Ok(stored.to_owned()),
            Self::Base64 => {
                let bytes = STANDARD.decode(stored).context("the message is not base64")?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }
}
