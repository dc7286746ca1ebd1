//! usher end to end: the real binary, started as a process, against the simulated tenant and the host stand-in.
//!
//! - [`conversions`]: people are found and converted, once each.
//! - [`untouched`]: people who must not be touched are not, and `explain` says why.
//! - [`bodies`]: what an invitation looks like on the wire, in each cloud.
//! - [`handler`]: the process as the Functions host sees it.
//! - [`crashes`]: a process that is killed at every step of its requests.
//! - [`resume`]: runs that were cut short or met each other.
//! - [`scale`]: large tenants.
//! - [`commands`]: arguments, exit codes and output.
//! - [`state`]: what usher keeps, and for how long.
//! - [`trouble`]: refusals, lost answers, limits.
//! - [`changes`]: the quick path, by change tracking.
//! - [`catalogue`]: every refusal that is known, and whom it stops.
//! - [`weather`]: what is lost, late or damaged on the way to Graph.
//! - [`lifecycle`]: external users until they redeem, and what is carried over to them.
//! - [`leaving`]: people who leave, come back, or do not sign in; and what people decided by hand.
//! - [`held`]: what a person has to approve.
//! - [`partners`]: two partners in one tenant.
//! - [`provision`]: people by request.
//! - [`recipes`]: what `docs/webhooks.md` shows.
//! - [`pages`]: what the documentation shows can be typed, names what there is, and links to it.
//! - [`summary`]: what people see in a Teams channel.
//! - [`telemetry`]: what a collector gets to see.
//! - [`http`]: the functions that answer over HTTP.
//! - [`setup`]: two tenants are set up by their administrators.
//! - [`doctor`]: a tenant looked at before anything is done.
//! - [`alerts`]: the lines of the log that raise an alert.
//! - [`deployment`]: what `infra/` and the program call by one name.
//! - [`writers`]: two writers, and a state that is late, refuses or forgets.

mod alerts;
mod bodies;
mod catalogue;
mod changes;
mod commands;
mod conversions;
mod crashes;
mod deployment;
mod doctor;
mod handler;
mod held;
mod http;
mod leaving;
mod lifecycle;
mod pages;
mod partners;
mod provision;
mod recipes;
mod resume;
mod scale;
mod setup;
mod state;
mod summary;
mod support;
mod telemetry;
mod trouble;
mod untouched;
mod weather;
mod writers;
