//! The custom handler: how the Azure Functions host and usher talk.
//!
//! Responsible for: the host's protocol in envelope mode, over HTTP on loopback. It decodes an envelope into a typed
//! [`Invocation`], calls a function, and answers with a JSON object or with a failure; around every call stand layers
//! that catch a panic, trace, and keep the deadline. Not responsible for: what functions do.
//!
//! - [`envelope`]: the host's JSON, decoded tolerantly. [`trigger`]: the payload of each kind of trigger.
//! - [`invocation`]: one call with its context. [`reply`]: what the host takes for an answer.
//! - [`http`]: requests from outside and their answers. [`principal`]: who is signed in. [`rate`]: how often a key may call.
//! - [`server`]: the port, the routes and the layers.

pub(crate) mod envelope;
pub(crate) mod http;
pub(crate) mod invocation;
pub(crate) mod principal;
pub(crate) mod rate;
pub(crate) mod reply;
pub(crate) mod server;
pub(crate) mod trigger;

#[cfg(test)]
#[path = "../../tests/fuzz/targets/envelope.rs"]
mod fuzz;

pub(crate) use http::{HttpRequest, Problem};
pub(crate) use invocation::Invocation;
pub(crate) use reply::{Failure, Reply};
pub(crate) use server::App;
pub(crate) use trigger::{QueueMessage, TimerTick};
