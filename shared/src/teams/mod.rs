//! What people in a Teams channel see, and what programs get beside them.
//!
//! Responsible for: an Adaptive Card in the message that a Teams Workflows webhook takes, in which nothing from the
//! directory can be more than text, and which is never too large; and bringing it, or a plain JSON document, to the
//! webhooks of the configuration without ever failing or holding up whoever reports. Not responsible for: what is worth
//! telling, and what a card may show of a person (`report.personal_data`).
//!
//! - [`card`]: what a card is made of. [`text`]: text that stays text.
//! - `elements`: how it looks on the wire. `fit`: what is left out when it is too large.
//! - [`address`]: where a webhook may be. [`webhook`]: one message on its way.
//! - [`notifier`]: one report to all who are to get it.

pub mod address;
pub mod card;
mod elements;
mod fit;
pub mod notifier;
pub mod text;
pub mod webhook;

pub use card::{Card, Priority, Section, Tone};
pub use notifier::Notifier;
pub use text::Text;
pub use webhook::{Arrival, Delivery};

#[cfg(test)]
#[path = "../../../tests/fuzz/targets/webhook.rs"]
mod fuzz;
#[cfg(test)]
mod tests;
