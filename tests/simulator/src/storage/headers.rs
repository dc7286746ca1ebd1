//! The headers of a request to Blob Storage.

use super::error::Refusal;
use super::lease::Action;
use axum::http::{HeaderMap, HeaderName};
use std::time::Duration;
use uuid::Uuid;

/// What is understood, by some operation at least.
const KNOWN: [&str; 14] = [
    "if-match",
    "if-none-match",
    "x-ms-blob-content-type",
    "x-ms-blob-type",
    "x-ms-client-request-id",
    "x-ms-date",
    "x-ms-lease-action",
    "x-ms-lease-break-period",
    "x-ms-lease-duration",
    "x-ms-lease-id",
    "x-ms-proposed-lease-id",
    "x-ms-range",
    "x-ms-return-client-request-id",
    "x-ms-version",
];

/// The headers of one request.
pub(super) struct Headers<'a>(pub(super) &'a HeaderMap);

impl Headers<'_> {
    /// The first header that means something to Azure and that nothing here understands.
    pub(super) fn unknown(&self) -> Option<&str> {
        let means_something =
            |name: &str| name.starts_with("x-ms-") || name.starts_with("if-") || name == "content-md5";
        let mut names = self.0.keys().map(HeaderName::as_str);
        names.find(|name| means_something(name) && !KNOWN.contains(name))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn id(&self, name: &str) -> Result<Option<Uuid>, Refusal> {
        self.text(name).map(|text| text.parse().map_err(|_| Refusal::invalid_header())).transpose()
    }

    fn needed_id(&self, name: &str) -> Result<Uuid, Refusal> {
        self.id(name)?.ok_or(Refusal::missing_header())
    }

    fn seconds(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.text(name).map(|text| text.parse().map_err(|_| Refusal::invalid_header())).transpose()
    }

    /// Of which type a blob is to be, by the first of these headers that is there.
    pub(super) fn content_type(&self, named_by: &[&str]) -> String {
        let named = named_by.iter().find_map(|name| self.text(name));
        named.unwrap_or("application/octet-stream").to_owned()
    }

    /// The part of a blob that is wanted. `x-ms-range` comes first.
    pub(super) fn range(&self) -> Option<&str> {
        self.text("x-ms-range").or_else(|| self.text("range"))
    }

    /// What is to be done with a lease.
    pub(super) fn lease_action(&self) -> Result<Action, Refusal> {
        let id = || self.needed_id("x-ms-lease-id");
        Ok(match self.text("x-ms-lease-action").ok_or(Refusal::missing_header())? {
            "acquire" => {
                let lasts = match self.seconds("x-ms-lease-duration")?.ok_or(Refusal::missing_header())? {
                    -1 => None,
                    seconds @ 15..=60 => Some(Duration::from_secs(seconds.unsigned_abs())),
                    _ => return Err(Refusal::invalid_header()),
                };
                Action::Acquire { proposed: self.id("x-ms-proposed-lease-id")?, lasts }
            }
            "renew" => Action::Renew { id: id()? },
            "change" => Action::Change { id: id()?, proposed: self.needed_id("x-ms-proposed-lease-id")? },
            "release" => Action::Release { id: id()? },
            "break" => {
                let seconds = self.seconds("x-ms-lease-break-period")?;
                let period = seconds.map(|seconds| u64::try_from(seconds).map_err(|_| Refusal::invalid_header()));
                Action::Break { period: period.transpose()?.map(Duration::from_secs) }
            }
            _ => return Err(Refusal::invalid_header()),
        })
    }
}
