//! usher: external users from tenant to tenant, as Azure Functions and as a command.
//!
//! - [`handler`]: the custom-handler protocol. [`functions`]: the table of functions; [`invite`], [`reconcile`], [`work`],
//!   [`failed`], and over HTTP [`people`], [`plans`], [`approve`], [`run`], [`status`], [`openapi`]: one folder each,
//!   with its `function.json`. [`timer`]: what the timers have in common.
//! - [`commands`]: what an operator types.
//! - [`start`]: configuration, state and Graph put together.
//!
//! Everything that is not about being called, by the host or by an operator, is in the crate `usher-shared`.

mod approve;
mod commands;
mod failed;
mod functions;
mod handler;
mod invite;
mod openapi;
mod people;
mod plans;
mod provision;
mod reconcile;
mod run;
mod start;
mod status;
mod summary;
mod timer;
mod work;

#[cfg(test)]
mod app_tests;

fn main() -> std::process::ExitCode {
    commands::main()
}
