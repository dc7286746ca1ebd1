//! Where reports go, and where they do not.

use super::config;
use crate::config::TEAMS_WEBHOOK_URL;
use crate::teams::address::AddressFault;
use crate::teams::webhook::{Format, Receiver};

const HOST: &str = "0a1b.2c.environment.api.powerplatform.com";
const PATH: &str = "/powerautomate/automations/direct/workflows/0f/triggers/manual/paths/invoke";
const QUERY: &str = "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=hush-_";

fn fault_in(cloud: &str, report: &str, url: &str) -> Option<AddressFault> {
    let config = config(cloud, report, &[(TEAMS_WEBHOOK_URL, url)]);
    Receiver::all(&config)[0].fault()
}

fn fault(url: &str) -> Option<AddressFault> {
    fault_in("global", "", url)
}

#[test]
fn every_receiver_is_named_once_and_only_when_it_is_set() {
    let report = "webhooks = [\"HOOK\", \"UNSET\", \"HOOK\", \"OTHER\"]";
    let url = format!("https://{HOST}{PATH}{QUERY}");
    let receivers = |variables: &[_]| -> Vec<_> {
        let all = Receiver::all(&config("global", report, variables));
        all.into_iter().map(|receiver| (receiver.name, receiver.format)).collect()
    };
    assert!(receivers(&[("NOT_NAMED", &url)]).is_empty());
    let plain = |name: &str| (name.to_owned(), Format::PlainJson);
    assert_eq!(
        receivers(&[("OTHER", &url), ("HOOK", &url), (TEAMS_WEBHOOK_URL, &url)]),
        [(TEAMS_WEBHOOK_URL.to_owned(), Format::TeamsCard), plain("HOOK"), plain("OTHER")]
    );
}

#[test]
fn the_url_of_a_workflow_is_taken_as_it_is_handed_out() {
    for host in [HOST, &format!("{HOST}:443"), &HOST.to_uppercase()] {
        assert_eq!(fault(&format!("https://{host}{PATH}{QUERY}")), None, "{host}");
    }
}

#[test]
fn a_cloud_keeps_its_reports_unless_the_configuration_says_otherwise() {
    use AddressFault::OtherCloud;
    for (cloud, host, expected) in [
        ("global", "x.environment.api.gov.powerplatform.microsoft.us", None),
        ("us-gov", "x.environment.api.high.powerplatform.microsoft.us", None),
        ("us-gov", "prod-1.usgovtexas.logic.azure.us", None),
        ("us-gov-dod", "x.environment.api.appsplatform.us", None),
        ("us-gov-dod", "prod-1.usgovtexas.logic.azure.us", None),
        ("us-gov", HOST, Some(OtherCloud)),
        ("us-gov", "x.environment.api.gov.powerplatform.microsoft.us", Some(OtherCloud)),
        ("us-gov-dod", "x.environment.api.high.powerplatform.microsoft.us", Some(OtherCloud)),
        ("global", "x.environment.api.high.powerplatform.microsoft.us", Some(OtherCloud)),
        ("china", HOST, Some(OtherCloud)),
    ] {
        assert_eq!(fault_in(cloud, "", &format!("https://{host}{PATH}{QUERY}")), expected, "{cloud} {host}");
    }
    let listed = "webhook_hosts = [\"environment.api.powerplatform.com\"]";
    assert_eq!(fault_in("us-gov", listed, &format!("https://{HOST}{PATH}{QUERY}")), None);
}

#[test]
fn a_host_that_only_looks_like_one_of_theirs_is_not() {
    use AddressFault::{Ended, OtherHost};
    for (host, expected) in [
        ("environment.api.powerplatform.com", OtherHost),
        ("evilenvironment.api.powerplatform.com", OtherHost),
        ("x.environment.api.powerplatform.com.evil.example", OtherHost),
        ("x.environment.api.powerplatform.com.", OtherHost),
        ("contoso.com", OtherHost),
        ("localhost.evil.example", OtherHost),
        ("10.0.0.1", OtherHost),
        ("[fd00::1]", OtherHost),
        ("contoso.webhook.office.com", Ended),
        ("outlook.office.com", Ended),
        ("prod-1.westeurope.logic.azure.com:443", Ended),
    ] {
        assert_eq!(fault(&format!("https://{host}{PATH}{QUERY}")), Some(expected), "{host}");
    }
    let listed = "webhook_hosts = [\"contoso.com\", \"logic.azure.com\"]";
    for (host, expected) in [
        ("contoso.com", None),
        ("hooks.contoso.com:8443", None),
        ("prod-1.westeurope.logic.azure.com", None),
        ("evilcontoso.com", Some(OtherHost)),
        ("contoso.com.evil.example", Some(OtherHost)),
    ] {
        assert_eq!(fault_in("global", listed, &format!("https://{host}/hook")), expected, "{host}");
    }
}

#[test]
fn nothing_leaves_this_machine_unencrypted() {
    use AddressFault::NotEncrypted;
    for (url, expected) in [
        (format!("http://{HOST}{PATH}{QUERY}"), Some(NotEncrypted)),
        ("ftp://127.0.0.1/hook".to_owned(), Some(NotEncrypted)),
        ("file://localhost/hook".to_owned(), Some(AddressFault::NoUrl)),
        ("http://127.0.0.1.evil.example/hook".to_owned(), Some(NotEncrypted)),
        ("http://10.0.0.1/hook".to_owned(), Some(NotEncrypted)),
        ("http://127.0.0.1:1/hook".to_owned(), None),
        ("http://[::1]:1/hook".to_owned(), None),
        ("http://localhost/hook".to_owned(), None),
        ("https://127.0.0.1:1/hook".to_owned(), None),
    ] {
        assert_eq!(fault(&url), expected, "{url}");
    }
    assert_eq!(fault_in("global", "webhook_hosts = [\"contoso.com\"]", "http://contoso.com/"), Some(NotEncrypted));
}

#[test]
fn a_url_with_a_user_a_fragment_or_no_signature_is_not_used() {
    for (url, expected) in [
        (format!("https://name@{HOST}{PATH}{QUERY}"), AddressFault::Surplus),
        (format!("https://:pass@{HOST}{PATH}{QUERY}"), AddressFault::Surplus),
        (format!("https://{HOST}@evil.example{PATH}{QUERY}"), AddressFault::Surplus),
        (format!("https://{HOST}{PATH}{QUERY}#x"), AddressFault::Surplus),
        ("http://name:pass@127.0.0.1/hook".to_owned(), AddressFault::Surplus),
        (format!("https://{HOST}{PATH}?api-version=1"), AddressFault::NoSignature),
        (format!("https://{HOST}{PATH}?sig="), AddressFault::NoSignature),
        (format!("https://{HOST}{PATH}"), AddressFault::NoSignature),
        ("hush".to_owned(), AddressFault::NoUrl),
        ("data:hush".to_owned(), AddressFault::NoUrl),
    ] {
        assert_eq!(fault(&url), Some(expected), "{url}");
    }
    let plain = config("global", "webhooks = [\"HOOK\"]", &[("HOOK", &format!("https://{HOST}{PATH}"))]);
    assert_eq!(Receiver::all(&plain)[0].fault(), None, "only a workflow's trigger is signed");
}

#[test]
fn a_url_that_would_be_sent_in_another_form_is_not_sent_at_all() {
    for target in [
        "/a?sig=it's",
        "/a?sig=a b",
        "/a?sig=\"a\"",
        "/a?sig=ä",
        "/a/../b?sig=x",
        "/a\\b?sig=x",
        "/ä?sig=x",
        "/a?\ts=x",
    ] {
        assert_eq!(fault(&format!("https://{HOST}{target}")), Some(AddressFault::Altered), "{target}");
    }
    for target in ["?sig=x", "/?sig=x", "//a//?sig=x&&=", "/%2e%2F?sig=%2f%2F%zz+~!*()|[]^`{}", "/a?sig=a?b/../c\\d"] {
        assert_eq!(fault(&format!("https://{HOST}{target}")), None, "{target}");
    }
    assert_eq!(fault(&format!("https:\\\\{HOST}{PATH}{QUERY}")), Some(AddressFault::Altered));
}
