//! The storage queues.
//!
//! Responsible for: what the host asks of a queue, whichever Storage keeps it, and how message texts are stored.
//!
//! Not responsible for: when messages are delivered, and what happens after an attempt.
//!
//! - [`memory`]: queues in this process, on the simulated clock.
//! - [`azurite`]: queues in Azurite, on the real one.

mod azurite;
mod memory;

use super::config::MessageEncoding;
use crate::clock::SimClock;
use anyhow::{Context, Result};
use async_trait::async_trait;
use azurite::AzuriteQueues;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use memory::MemoryQueues;
use std::time::Duration;
use uuid::Uuid;

/// For how long a message is invisible while the host works on it. The real host renews that; no test works so long.
pub(super) const LEASE: SignedDuration = SignedDuration::from_mins(10);

/// Where a host's queues are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum QueueStorage {
    /// In this process, on the simulated clock.
    #[default]
    Memory,
    /// In Azurite on this machine, on the real clock, under its publicly known development account.
    Azurite {
        /// The account's address at the queue service, such as `http://127.0.0.1:10001/devstoreaccount1`.
        endpoint: String,
    },
}

/// A message as a test sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// Its id.
    pub id: Uuid,
    /// Decoded, if it can be.
    pub text: Option<String>,
    /// How often it was taken out so far.
    pub dequeue_count: u32,
    /// From when on it can be taken out; `None` from Azurite, which shows only messages that can be.
    pub visible_at: Option<Timestamp>,
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

/// All queues of a host, made when first written to.
#[async_trait]
pub(super) trait Queues: Send + Sync {
    /// Puts a message as it is stored.
    async fn put(&self, queue: &str, stored: String) -> Result<()>;

    /// Takes out the oldest visible message, for as long as [`LEASE`].
    async fn take(&self, queue: &str) -> Result<Option<Delivery>>;

    /// Removes a taken message.
    async fn delete(&self, queue: &str, message: &Delivery) -> Result<()>;

    /// Gives a taken message back, to be taken again after `delay`.
    async fn release(&self, queue: &str, message: &Delivery, delay: Duration) -> Result<()>;

    /// Leaves a taken message where no attempt will find it.
    async fn abandon(&self, queue: &str, message: &Delivery) -> Result<()>;

    /// Stops renewing the lease of a message that was neither deleted nor given back.
    fn lapse(&self, queue: &str, message: &Delivery);

    /// How many messages can be taken now; of very many, some.
    async fn visible(&self, queue: &str) -> Result<usize>;

    /// When the next message that waits becomes visible. An error where that cannot be known.
    fn next_visible(&self, queue: &str) -> Result<Option<Timestamp>>;

    /// What lies in a queue, as far as it can be seen.
    async fn list(&self, queue: &str, encoding: MessageEncoding) -> Result<Vec<QueueMessage>>;
}

impl QueueStorage {
    /// The queues there. A client that reaches this machine, whatever proxy is set, is needed for Azurite.
    pub(super) fn open(&self, clock: &SimClock, client: &reqwest::Client) -> Result<Box<dyn Queues>> {
        Ok(match self {
            Self::Memory => Box::new(MemoryQueues::new(clock.clone())),
            Self::Azurite { endpoint } => Box::new(AzuriteQueues::new(endpoint, client)?),
        })
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
