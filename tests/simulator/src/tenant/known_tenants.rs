//! What is to be known of other tenants, as a table that tests fill.

use crate::cloud::Cloud;
use std::collections::BTreeSet;

/// Another tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTenant {
    /// The organisation's name.
    pub display_name: String,
    /// Its default domain.
    pub default_domain: String,
    /// What its sign-in page is headed with.
    pub federation_brand_name: Option<String>,
    /// Its domains, in lower case; become those of a partner that is added with its id.
    pub domains: BTreeSet<String>,
    /// The cloud it stands in.
    pub cloud: Cloud,
}

impl KnownTenant {
    /// A tenant whose domains are `domains`; the first is the default.
    pub fn new(display_name: &str, cloud: Cloud, domains: &[&str]) -> Self {
        Self {
            display_name: display_name.to_owned(),
            default_domain: domains.first().map(|domain| domain.to_lowercase()).unwrap_or_default(),
            federation_brand_name: None,
            domains: domains.iter().map(|domain| domain.to_lowercase()).collect(),
            cloud,
        }
    }
}
