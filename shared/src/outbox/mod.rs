//! Reports on their way to the webhooks.
//!
//! Responsible for: each report once, by its name; keeping it until it was sent or given up, so that a process that ends
//! loses none; and what became of the last ones, for `status`. Not responsible for: how a message travels, see
//! [`crate::teams`], nor for what is worth reporting. No run waits for a report, or fails with one.
//!
//! - [`alarm`]: what somebody should know at once.
//! - [`people`]: how people are called in reports.
//! - [`request`]: what somebody asked for.

pub mod alarm;
pub mod people;
pub mod request;

use crate::people::request::Wish;
use crate::provision::Answer;
use crate::run::Usher;
use crate::state::{Documents, ETag, StateError, Store, Versioned};
use crate::summary::{self, Summary};
use crate::teams::{Card, Delivery, Notifier};
use alarm::Alarm;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const OUTBOX: &str = "outbox/";
/// What became of the last report, by receiver.
const DELIVERIES: &str = "deliveries";
/// Whoever sends holds this lease, so that nothing is sent twice.
const POSTMAN: &str = "postman";
/// How long it is remembered that a report was sent.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(2 * 24);

/// A report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// When it was written.
    pub at: Timestamp,
    /// What it is about; `None` once it was sent or given up.
    pub about: Option<About>,
}

/// What a report is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// What somebody asked for was worked off.
    Request {
        /// What was asked.
        wish: Wish,
        /// What became of it.
        answer: Answer,
    },
    /// The daily summary.
    Summary(Box<Summary>),
    /// Something that somebody should know at once.
    Alarm(Alarm),
}

impl Versioned for Letter {
    const VERSION: u32 = 1;
}

/// What became of the last report, by receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries(pub BTreeMap<String, Delivery>);

impl Versioned for Deliveries {
    const VERSION: u32 = 1;
}

/// Writes a report. One of that name that is there, sent or not, stays as it is.
///
/// # Errors
/// When the store fails.
pub async fn put(store: &dyn Store, name: &str, about: About, at: Timestamp) -> Result<(), StateError> {
    let letter = Letter { at, about: Some(about) };
    match Documents(store).put(&format!("{OUTBOX}{name}"), &letter, None).await {
        Ok(_) | Err(StateError::Exists(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What became of the last reports.
///
/// # Errors
/// When the store fails.
pub async fn deliveries(store: &dyn Store) -> Result<Deliveries, StateError> {
    Ok(Documents(store).get::<Deliveries>(DELIVERIES).await?.map(|(deliveries, _)| deliveries).unwrap_or_default())
}

impl Usher {
    /// Sends what waits. What cannot be done now is tried again the next time; nothing comes of a failure but a line in the
    /// log and in `status`.
    pub async fn send_reports(&self) {
        if let Err(error) = self.try_send_reports().await {
            tracing::warn!("reports wait for the next run: {error}");
        }
    }

    async fn try_send_reports(&self) -> Result<(), StateError> {
        let store = self.store.as_ref();
        alarm::raise_overdue(store, &self.config, self.clock.now()).await?;
        if store.list(OUTBOX).await?.is_empty() {
            return Ok(());
        }
        let Some(alone) = store.try_lease(POSTMAN).await? else { return Ok(()) };
        let sent = self.send_alone().await;
        alone.release().await;
        sent
    }

    async fn send_alone(&self) -> Result<(), StateError> {
        let store = self.store.as_ref();
        let notifier = Notifier::new(&self.config, self.clock.clone());
        for name in store.list(OUTBOX).await? {
            let letter = match Documents(store).get::<Letter>(&name).await {
                // One that cannot be read must not keep the others.
                Err(error @ (StateError::Damaged { .. } | StateError::Newer { .. })) => {
                    tracing::warn!("a report cannot be read and waits: {error}");
                    continue;
                }
                other => other?,
            };
            let Some((letter, version)) = letter else { continue };
            match letter.about {
                None if self.clock.now().duration_since(letter.at) > REMEMBERED => {
                    forget(store, &name, &version).await?
                }
                None => {}
                Some(about) => {
                    if notifier.has_receivers() {
                        let (card, document) = self.write_report(&about).await;
                        self.send_one(&notifier, &card, &document).await?;
                    }
                    let sent = Letter { about: None, ..letter };
                    match Documents(store).put(&name, &sent, Some(&version)).await {
                        Ok(_) | Err(StateError::Changed(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends one report, and remembers what became of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn send_one(
        &self,
        notifier: &Notifier,
        card: &Card,
        document: &Value,
    ) -> Result<Vec<Delivery>, StateError> {
        let deliveries = notifier.send(card, document).await;
        let remember = |known: &mut Deliveries| {
            known.0.extend(deliveries.iter().map(|delivery| (delivery.receiver.clone(), delivery.clone())));
        };
        Documents(self.store.as_ref()).update(DELIVERIES, remember).await?;
        Ok(deliveries)
    }

    /// The summary as a card and as a plain document.
    pub async fn card_of_summary(&self, summary: &Summary) -> (Card, Value) {
        let names = self.names_of(summary.people()).await;
        let document = json!({ "report": "summary", "summary": summary });
        (summary::card::card(summary, &names, &self.config.report.zone()), document)
    }

    /// The report as a card and as a plain document.
    async fn write_report(&self, about: &About) -> (Card, Value) {
        match about {
            About::Request { wish, answer } => {
                let names = self.names_of(answer.people.iter().filter_map(|person| person.id)).await;
                (request::card(*wish, answer, &names), request::document(*wish, answer, &names))
            }
            About::Summary(summary) => self.card_of_summary(summary).await,
            About::Alarm(alarm) => (alarm.card(), json!({ "report": "alarm", "alarm": alarm })),
        }
    }
}

async fn forget(store: &dyn Store, name: &str, version: &ETag) -> Result<(), StateError> {
    match store.remove(name, version).await {
        Err(StateError::Changed(_)) => Ok(()),
        other => other,
    }
}
