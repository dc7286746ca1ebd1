//! What usher is tested against: a simulated Entra tenant behind Microsoft Graph's protocol, and a stand-in for the Azure
//! Functions host that starts a custom handler and talks to it as the real host does.
//!
//! Responsible for: following the *documented* rules of the services, not what is convenient for usher. It depends on no
//! usher crate, so that an error in usher cannot hide in a type that both sides share.
//!
//! Not responsible for: anything that runs in production.
//!
//! - [`tenant`]: the directory as a model, its HTTP front (Graph, managed identity), people and administrators as actors.
//! - [`host`]: the Functions host: process, timers, queues, envelopes.
//! - [`conformance`]: holds every Graph exchange against Microsoft's published schema of the cloud it is meant for.
//! - [`storage`]: a stand-in for Azure Blob Storage. [`steps`]: where a test hooks into a request to it or to the tenant.
//! - [`teams`]: webhooks of a Teams channel and of somebody who takes plain JSON.
//! - [`collector`]: takes telemetry as an OpenTelemetry collector does.
//! - [`standing`]: a tenant that stays up, for developers; the program `usher-simulator` serves it.
//! - [`clock`]: the time that they share, which tests move.

pub mod clock;
pub mod cloud;
pub mod collector;
pub mod conformance;
mod connection;
pub mod exchange;
pub mod host;
pub mod standing;
pub mod steps;
pub mod storage;
pub mod teams;
pub mod tenant;
