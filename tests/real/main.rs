//! usher against the real components that run on a machine: Azurite, Microsoft's emulator of Azure Storage, and curl.
//!
//! Responsible for: what only a real Storage shows, such as leases that run out, queues that hide messages by the real
//! clock, and requests that it does not take; and whether what the documentation shows can be typed. The variable `AZURITE`
//! names Azurite's executable. Not responsible for: what the tests in `../end-to-end` prove without them.
//!
//! - [`conformance`]: usher's state in a blob container keeps the rules of every store.
//! - [`queues`]: what the host stand-in makes of real queues.
//! - [`end_to_end`]: the real binary under the host stand-in, with queues and state in Azurite.
//! - [`token`]: the state by the way that production takes, https and a token.
//! - [`curl`]: the lines for curl in the documentation.
//! - [`azurite`]: Azurite itself.

mod azurite;
mod conformance;
mod curl;
mod end_to_end;
#[path = "../end-to-end/recipes/page.rs"]
#[allow(dead_code, reason = "the end-to-end tests use more of it")]
mod page;
mod queues;
#[path = "../end-to-end/support/mod.rs"]
#[allow(dead_code, reason = "the end-to-end tests use more of it")]
mod support;
mod token;
