//! What is this machine: where tests and demos have their services, and where nothing leaves it unencrypted.
//!
//! Responsible for: telling so from a URL's host. Not responsible for: what is allowed there; that differs by service.

use url::Host;

/// Whether the host is this machine by its address or by the one name that means it.
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost",
    }
}
