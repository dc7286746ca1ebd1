//! usher against the real components that run on a machine: Azurite, Microsoft's emulator of Azure Storage; schemathesis,
//! which tests what is answered over HTTP; curl; Chromium; oteltap, a collector of OpenTelemetry; and Microsoft's own clients
//! of Graph.
//!
//! Responsible for: what only a real Storage shows, such as leases that run out, queues that hide messages by the real
//! clock, and requests that it does not take; what is answered to requests that nobody thought of; and whether what the
//! documentation shows can be typed. The variables `AZURITE`, `SCHEMATHESIS`, `CHROMIUM`, `OTELTAP`, `GRAPH_PYTHON`, `NODE` and
//! `XTASK` name the executables, and `CARD_SCHEMA` the schema of Adaptive Cards. Not responsible for: what the tests in
//! `../end-to-end` prove without them.
//!
//! - [`conformance`]: usher's state in a blob container keeps the rules of every store.
//! - [`queues`]: what the host stand-in makes of real queues.
//! - [`end_to_end`]: the real binary under the host stand-in, with queues and state in Azurite.
//! - [`token`]: the state by the way that production takes, https and a token.
//! - [`openapi`]: what is answered over HTTP is what the OpenAPI document says.
//! - [`cards`]: cards for Teams in a real browser, and by the schema.
//! - [`telemetry`]: what a collector takes of a run.
//! - [`package`]: the package of the function app, as it is deployed.
//! - [`curl`]: the lines for curl in the documentation. [`local`]: those of the page for developers.
//! - [`clients`]: Microsoft's clients of Graph, in Python and JavaScript, against the simulated tenant.
//! - [`azurite`]: Azurite itself. [`certificates`]: for what speaks https here.

mod azurite;
mod cards;
mod certificates;
mod clients;
mod conformance;
mod curl;
mod end_to_end;
mod local;
mod openapi;
mod package;
#[path = "../end-to-end/recipes/page.rs"]
#[allow(dead_code, reason = "the end-to-end tests use more of it")]
mod page;
mod queues;
#[path = "../end-to-end/support/mod.rs"]
#[allow(dead_code, reason = "the end-to-end tests use more of it")]
mod support;
mod telemetry;
mod token;
