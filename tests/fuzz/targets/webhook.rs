//! Webhook URLs: reports go encrypted to a host that takes them in this cloud, or stay here, and the URL is shown nowhere.

use super::address::Address;
use super::webhook::Format;
use crate::config::{Config, Secret};
use std::sync::LazyLock;

static CONFIGS: LazyLock<Vec<Config>> = LazyLock::new(|| {
    ["", "webhook_hosts = [\"contoso.com\"]"].map(|report| super::tests::config("us-gov", report, &[])).into()
});

#[test]
fn webhook() {
    usher_fuzz::check("webhook", |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let secret = Secret::new(text);
        for (config, listed) in CONFIGS.iter().zip([None, Some("contoso.com")]) {
            for format in [Format::TeamsCard, Format::PlainJson] {
                match Address::check(&secret, format, config) {
                    Ok(address) => {
                        let url = address.url();
                        let host = url.host_str().unwrap();
                        let here = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
                        assert!(url.scheme() == "https" || (here && url.scheme() == "http"), "{url}");
                        let suffixes = [".api.high.powerplatform.microsoft.us", ".logic.azure.us"];
                        let is_listed = listed.is_some_and(|name| host == name || host.ends_with(&format!(".{name}")));
                        assert!(here || is_listed || suffixes.iter().any(|suffix| host.ends_with(suffix)), "{url}");
                        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
                        assert!(url.path() == "/" || text.contains(url.path()), "{url} is not as it was written");
                        assert!(url.query().is_none_or(|query| text.ends_with(&format!("?{query}"))), "{url}");
                        assert_eq!(format!("{address:?} {secret:?}"), "Address(…) Secret(…)");
                    }
                    Err(fault) => assert!(!fault.to_string().contains("hush") && fault.advice().ends_with('.')),
                }
            }
        }
    });
}
