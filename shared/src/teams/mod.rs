//! What people in a Teams channel see, and what programs get beside them.
//!
//! Responsible for: an Adaptive Card in the message that a Teams Workflows webhook takes, in which nothing from the
//! directory can be more than text, and which is never too large. Not responsible for: what is worth telling, and what a
//! card may show of a person (`report.personal_data`).
//!
//! - [`card`]: what a card is made of. [`text`]: text that stays text.
//! - `elements`: how it looks on the wire. `fit`: what is left out when it is too large.

pub mod card;
mod elements;
mod fit;
pub mod text;

pub use card::{Card, Priority, Section, Tone};
pub use text::Text;

#[cfg(test)]
mod tests;
