//! Tests of reports as Teams and its webhooks see them.

mod addresses;
mod cards;
mod delivery;
mod secrecy;

use crate::config::Config;

/// The configuration of a tenant in `cloud` with this `[report]` and these variables.
pub(super) fn config(cloud: &str, report: &str, variables: &[(&str, &str)]) -> Config {
    let text = format!(
        "[tenant]\nid = \"11111111-1111-1111-1111-111111111111\"\ncloud = \"{cloud}\"\n[report]\n{report}\n[[partner]]\n\
         name = \"contoso\"\ntenant_id = \"22222222-2222-2222-2222-222222222222\"\ncloud = \"{cloud}\"\n\
         [partner.scope]\ndomains = [\"contoso.com\"]\n"
    );
    Config::parse(&text, "usher.toml", &variables.iter().copied().collect()).unwrap()
}
