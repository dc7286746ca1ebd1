//! Queues in this process.
//!
//! Responsible for: visibility, dequeue counts and expiry, by the simulated clock.
//!
//! Not responsible for: how message texts are stored.

use super::super::Shared;
use super::super::config::MessageEncoding;
use super::{Delivery, LEASE, QueueMessage, Queues};
use crate::clock::SimClock;
use anyhow::{Result, ensure};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// After so long a message is gone, whether it was worked on or not.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most that Storage takes, as stored.
const LARGEST: usize = 64 * 1024;

/// The queues by name.
pub(super) struct MemoryQueues {
    clock: SimClock,
    queues: Shared<BTreeMap<String, Vec<Stored>>>,
}

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

impl MemoryQueues {
    pub(super) fn new(clock: SimClock) -> Self {
        Self { clock, queues: Shared::default() }
    }

    /// Works on the messages of a queue.
    fn with<T>(&self, queue: &str, work: impl FnOnce(&mut Vec<Stored>) -> T) -> T {
        work(self.queues.lock().entry(queue.to_owned()).or_default())
    }

    fn update(&self, queue: &str, id: Uuid, change: impl FnOnce(&mut Stored)) {
        self.with(queue, |messages| messages.iter_mut().find(|message| message.id == id).map(change));
    }
}

#[async_trait]
impl Queues for MemoryQueues {
    async fn put(&self, queue: &str, stored: String) -> Result<()> {
        ensure!(
            stored.len() <= LARGEST,
            "a message of {} bytes is larger than the {LARGEST} that a queue takes",
            stored.len()
        );
        let now = self.clock.now();
        let message = Stored {
            id: Uuid::new_v4(),
            stored,
            dequeue_count: 0,
            inserted: now,
            visible_at: now,
            state: MessageState::Waiting,
        };
        self.with(queue, |messages| messages.push(message));
        Ok(())
    }

    async fn take(&self, queue: &str) -> Result<Option<Delivery>> {
        let now = self.clock.now();
        Ok(self.with(queue, |messages| {
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
        }))
    }

    async fn delete(&self, queue: &str, message: &Delivery) -> Result<()> {
        self.with(queue, |messages| messages.retain(|other| other.id != message.id));
        Ok(())
    }

    async fn release(&self, queue: &str, message: &Delivery, delay: Duration) -> Result<()> {
        let visible_at = self.clock.now() + SignedDuration::try_from(delay)?;
        self.update(queue, message.id, |stored| {
            stored.state = MessageState::Waiting;
            stored.visible_at = visible_at;
        });
        Ok(())
    }

    async fn abandon(&self, queue: &str, message: &Delivery) -> Result<()> {
        let gone_at = self.clock.now() + TIME_TO_LIVE;
        self.update(queue, message.id, |stored| {
            stored.state = MessageState::Abandoned;
            stored.visible_at = gone_at;
        });
        Ok(())
    }

    fn lapse(&self, queue: &str, message: &Delivery) {
        self.update(queue, message.id, |stored| {
            if stored.state == MessageState::Leased {
                stored.state = MessageState::Waiting;
            }
        });
    }

    async fn visible(&self, queue: &str) -> Result<usize> {
        let now = self.clock.now();
        Ok(self.with(queue, |messages| messages.iter().filter(|message| message.is_visible(now)).count()))
    }

    fn next_visible(&self, queue: &str) -> Result<Option<Timestamp>> {
        Ok(self.with(queue, |messages| {
            let waiting = messages.iter().filter(|message| message.is_visible(message.visible_at));
            waiting.map(|message| message.visible_at).min()
        }))
    }

    async fn list(&self, queue: &str, encoding: MessageEncoding) -> Result<Vec<QueueMessage>> {
        let seen = |message: &Stored| QueueMessage {
            id: message.id,
            text: encoding.decode(&message.stored).ok(),
            dequeue_count: message.dequeue_count,
            visible_at: Some(message.visible_at),
        };
        Ok(self.with(queue, |messages| messages.iter().map(seen).collect()))
    }
}

impl Stored {
    fn is_visible(&self, now: Timestamp) -> bool {
        self.state == MessageState::Waiting && self.visible_at <= now && self.inserted + TIME_TO_LIVE > now
    }
}
