//! Synchronisation of people into another tenant: its configuration, its jobs and their log.
//!
//! What Microsoft's pages leave open is in [`SyncOptions`], or said where it is done.
//!
//! - `model`, `job`, `attempt`: what there is.
//! - `policy`, `schema`, `expression`, `scope`, `subject`: what both tenants allow, and what is wanted of whom.
//! - `engine`, `between`, `decide`, `carry_out`: cycles.
//! - `routes`, `access`, `templates`, `secrets`, `jobs`, `status`, `schemas`, `validation`, `on_demand`,
//!   `provisioning`: Graph, by resource.

mod access;
mod attempt;
mod between;
mod carry_out;
mod decide;
mod engine;
mod expression;
mod job;
mod jobs;
mod model;
mod on_demand;
mod policy;
mod provisioning;
mod routes;
mod schema;
mod schemas;
mod scope;
mod secrets;
mod status;
mod subject;
mod templates;
mod validation;

pub use attempt::{Action, Attempt, ProvisioningStep, Status};
pub use job::Schedule;
pub use model::{FilterPlace, OnDemandShape, SyncJob, SyncOptions};

pub(super) use engine::{run_all, run_due};
pub(super) use model::Synchronizations;
pub(super) use provisioning::list as provisioning;
pub(super) use routes::dispatch;
pub(super) use templates::instantiate;
