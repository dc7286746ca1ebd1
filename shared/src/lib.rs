//! What usher's functions and commands share.
//!
//! One way through everything: *observe* the directory into a snapshot, *plan* by a pure function, let *guards* bound or
//! hold the plan, *apply* it behind a journal, *record* and *report*.
//!
//! - [`people`]: the heart. Snapshot, rules, guards, plan, explanation. Pure but for the reading.
//! - [`run`]: one run from observing to recording: [`planning`] and [`execution`], which sends by [`apply`] in the slices
//!   of the one [`writer`].
//! - [`held`]: what a person has to approve first.
//! - [`provision`]: people by request, now and with an answer.
//! - [`single`]: what is asked about one person; [`wishes`]: what a person wants changed in what is remembered.
//! - [`quick`]: the quick path from what changed to a plan; [`sight`]: what it remembers.
//! - [`journal`]: what was done, as a hash-chained fence; [`state`]: the documents it is made of; [`inbox`]: what is asked;
//!   [`ticks`]: when timers asked last.
//! - [`graph`]: Microsoft Graph. [`clouds`]: what differs by cloud.
//! - [`config`]: `usher.toml`. [`environment`]: the variables beside it.
//! - [`trust`]: cross-tenant access settings. [`sync`]: Microsoft's own synchronization. [`grant`]: the [`permissions`] of the function app's identity. [`changes`],
//!   [`checks`]: how setting up a tenant is told.
//! - [`doctor`]: what could keep usher from working, and what helps.
//! - [`summary`]: the daily one. [`outbox`]: reports on their way; [`teams`]: cards and webhooks.
//! - [`report`], [`status`], [`failures`]: what people and programs get to see.
//! - [`telemetry`]: what a collector gets to see.

pub mod address;
pub mod apply;
pub mod changes;
pub mod checks;
pub mod clock;
pub mod clouds;
pub mod config;
pub mod doctor;
pub mod environment;
pub mod execution;
pub mod failures;
pub mod grant;
pub mod graph;
pub mod held;
pub mod ids;
pub mod inbox;
pub mod journal;
mod loopback;
pub mod outbox;
pub mod people;
pub mod permissions;
pub mod planning;
pub mod provision;
pub mod quick;
pub mod report;
pub mod run;
pub mod sight;
pub mod single;
pub mod state;
pub mod status;
pub mod summary;
pub mod sync;
pub mod teams;
pub mod telemetry;
pub mod ticks;
pub mod tri;
pub mod trust;
pub mod until;
pub mod wishes;
pub mod writer;
