//! The heart: what is known of people, what shall be done about them, and why.
//!
//! Responsible for: turning observations and configuration into a plan. Everything but [`observe`] is pure: no clock, no
//! I/O, sorted output. Not responsible for: carrying it out; see [`crate::run`].
//!
//! - [`person`]: one user as the directory shows it. [`snapshot`]: all of them, and how much of it is known.
//! - [`observe`]: reads a snapshot, in two rounds.
//! - [`scope`]: whose person it is. [`case`]: a person before a partner. [`rules`]: what else must hold for a conversion, one rule each, in order.
//! - [`lifecycle`]: every state and every way between them, for external users. [`conditions`]: when a way is gone.
//!   [`carry`]: what is carried over. [`guards`]: what stands against a step. [`decide`]: the steps. [`notice`]: what to
//!   remember.
//! - [`request`]: what somebody asked for.
//! - [`guard`]: what bounds or holds a partner. [`ceilings`]: what a person has to approve. [`plan`]: the plan. [`explain`]:
//!   the same, told for one person.

pub mod carry;
pub mod case;
pub mod ceilings;
pub mod conditions;
pub mod decide;
pub mod explain;
pub mod guard;
pub mod guards;
pub mod lifecycle;
pub mod notice;
pub mod observe;
pub mod person;
pub mod plan;
pub mod reason;
pub mod request;
pub mod rules;
pub mod scope;
pub mod snapshot;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
