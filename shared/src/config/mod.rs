//! The configuration of one tenant: `usher.toml`.
//!
//! Responsible for: what may be written there, what it means, whether it makes sense by itself, and saying everything
//! that is wrong with it at once. Not responsible for: whether what it names exists; that is asked of the tenant by
//! `doctor`.
//!
//! The types are the one source of truth. The JSON schema is generated from them, the file is judged against that
//! schema (`walk`), single texts by their format (`formats`), and what only several keys together can get wrong by
//! `checks`.

mod attributes;
mod checks;
mod environment;
mod errors;
mod formats;
mod hash;
mod load;
mod markers;
mod partner;
mod schema;
mod secret;
mod settings;
mod suggest;
mod values;
mod walk;

pub use environment::{Environment, MODE, TEAMS_WEBHOOK_URL};
pub use errors::{ConfigError, ConfigErrors};
pub use partner::{
    Adopt, CrossTenantSync, HomeRedemption, Inactive, Invite, Leave, Limits, Partner, Scope, SyncFlow, SyncedPeople,
    Trust, UserType,
};
pub use schema::json_schema;
pub use secret::Secret;
pub use settings::{Access, Config, Mode, PersonalData, Report, Setup, State, Tenant};
pub use values::{AddressSource, Wave};

/// The documented example, `usher.example.toml`. It does not load before its placeholders are replaced.
pub const fn example() -> &'static str {
    include_str!("../../../usher.example.toml")
}

#[cfg(test)]
#[path = "../../../tests/fuzz/targets/config.rs"]
mod fuzz;
#[cfg(test)]
mod tests;
