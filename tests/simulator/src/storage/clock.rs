//! The stand-in's time: the real one, because leases run by it.

use jiff::Timestamp;

/// Now, as HTTP writes it.
#[expect(clippy::disallowed_methods, reason = "Storage goes by its own clock, which no test moves")]
pub(super) fn http_date() -> String {
    Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
