//! One report to all who are to get it.
//!
//! Responsible for: the card to Teams and the plain document to the others, all at the same time. Never fails: what became
//! of it is for the record. Not responsible for: keeping that record.

use super::card::Card;
use super::webhook::{Delivery, Format, Receiver, deliver};
use crate::clock::Clock;
use crate::config::Config;
use futures::future::join_all;
use serde_json::Value;

/// Knows who is to get reports.
#[derive(Clone, Debug)]
pub struct Notifier {
    receivers: Vec<Receiver>,
    clock: Clock,
}

impl Notifier {
    /// For the receivers of the configuration; nothing is connected before there is something to send.
    pub fn new(config: &Config, clock: Clock) -> Self {
        Self { receivers: Receiver::all(config), clock }
    }

    /// Whether anybody is to get anything. If not, a report is not worth making.
    pub fn has_receivers(&self) -> bool {
        !self.receivers.is_empty()
    }

    /// Sends the card to Teams and the document to plain webhooks. One result per receiver, in their order.
    pub async fn send(&self, card: &Card, document: &Value) -> Vec<Delivery> {
        let card = card.message();
        let document = document.to_string();
        let deliveries = self.receivers.iter().map(|receiver| {
            let message = match receiver.format {
                Format::TeamsCard => &card,
                Format::PlainJson => &document,
            };
            deliver(receiver, message, &self.clock)
        });
        join_all(deliveries).await
    }
}
