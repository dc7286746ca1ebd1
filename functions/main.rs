//! usher: external users from tenant to tenant, as Azure Functions and as a command.
//!
//! - [`handler`]: the custom-handler protocol. [`functions`]: the table of functions; [`invite`], [`work`], [`failed`]: one
//!   folder each, with its `function.json`.
//! - [`commands`]: what an operator types.
//! - [`start`]: configuration, state and Graph put together.
//!
//! Everything that is not about being called, by the host or by an operator, is in the crate `usher-shared`.

mod commands;
mod failed;
mod functions;
mod handler;
mod invite;
mod start;
mod work;

#[cfg(test)]
mod app_tests;

fn main() -> std::process::ExitCode {
    commands::main()
}
