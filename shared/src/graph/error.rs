//! What went wrong with a request, as callers branch on it.

use super::limits::Said;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// The longest wait that anybody is believed to ask for.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Graph's code for two changes of one object at the same time.
const CONCURRENCY: &str = "Directory_ConcurrencyViolation";

/// Whether a code says that a link of change tracking has expired. Seen with different capitals, and with different statuses.
fn is_resync(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    code == "syncstatenotfound" || code.starts_with("resync") || code == "syncstateinvalid"
}

/// The kinds of failure that callers tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 429: refused for rate before it had an effect; nothing of this bucket before that time.
    Throttled,
    /// 401: the token was not accepted, or none could be had.
    Unauthenticated,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409 because somebody else was changing the same object: nothing was done.
    Conflict,
    /// The link of change tracking is not good any more: everything has to be read again.
    ResyncNeeded,
    /// Any other answer of the 4xx family: the request is refused as it stands.
    Refused,
    /// 5xx on a read, or no answer to a read: nothing is known, nothing was changed.
    Unavailable,
    /// A write without an answer that says what became of it (5xx, time-out, broken connection, unreadable answer).
    OutcomeUnknown,
    /// An answer that is not what Graph documents.
    Malformed,
}

impl Kind {
    /// Its name, for whoever counts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::ResyncNeeded => "resync-needed",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Malformed => "malformed",
        }
    }
}

/// Whether this can be a code, an id or a key of Graph's, and no address or text: these are shown in logs.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '$'));
    // `@odata.nextLink` and `members@delta` are keys. Any other `@` may be an address's.
    let is_annotation = |name: &str| name.starts_with("odata.") || matches!(name, "delta" | "removed");
    let is_harmless = match text.split_once('@') {
        Some((own, annotation)) => fits(own) && fits(annotation) && is_annotation(annotation),
        None => fits(text),
    };
    is_harmless && text.len() <= 100
}

/// A failed request. `Display` carries no text of Graph's, which may hold addresses; [`GraphError::message`] does, for the
/// operator's eyes only.
#[derive(Clone, Debug)]
pub struct GraphError {
    /// What callers branch on.
    pub kind: Kind,
    /// Method and path template of the request: `GET /users`.
    pub request: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Graph's most specific error code, if there was one.
    pub code: Option<String>,
    /// How long Graph asked to wait, if it did.
    pub retry_after: Option<Duration>,
    /// Graph's `request-id`, which Microsoft's support asks for.
    pub request_id: Option<String>,
    message: String,
}

/// The result of a request.
pub type Result<T> = std::result::Result<T, GraphError>;

impl GraphError {
    /// A failure without an answer from Graph. `message` is our own text.
    pub(crate) fn new(kind: Kind, request: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            request: request.to_owned(),
            status: None,
            code: None,
            retry_after: None,
            request_id: None,
            message: message.into(),
        }
    }

    /// A failure as an answer of Graph tells it.
    pub(super) fn from_answer(request: &str, is_write: bool, status: u16, headers: &Headers, body: &[u8]) -> Self {
        let envelope = serde_json::from_slice::<Envelope>(body).map(|envelope| envelope.error).unwrap_or_default();
        let name = |text: &String| is_name(text);
        let code = envelope.inner.code().filter(name).or(envelope.code.filter(name));
        let kind = match status {
            429 => Kind::Throttled,
            401 => Kind::Unauthenticated,
            403 => Kind::Forbidden,
            410 => Kind::ResyncNeeded,
            400..=499 if code.as_deref().is_some_and(is_resync) => Kind::ResyncNeeded,
            404 => Kind::NotFound,
            409 if code.as_deref() == Some(CONCURRENCY) => Kind::Conflict,
            400..=499 => Kind::Refused,
            _ if is_write => Kind::OutcomeUnknown,
            _ => Kind::Unavailable,
        };
        Self {
            kind,
            request: request.to_owned(),
            status: Some(status),
            retry_after: headers.retry_after,
            request_id: headers.request_id.clone().or_else(|| envelope.inner.request_id()).filter(name),
            code,
            message: envelope.message.unwrap_or_default(),
        }
    }

    /// Graph's or our own explanation. It may hold addresses: not for logs.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same request may succeed later without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Throttled | Kind::Unavailable | Kind::OutcomeUnknown | Kind::Conflict)
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.request)?;
        match (self.status, &self.code) {
            (Some(status), Some(code)) => write!(f, "Graph answered {status} {code}")?,
            (Some(status), None) => write!(f, "Graph answered {status}")?,
            (None, _) => f.write_str(&self.message)?,
        }
        match &self.request_id {
            Some(id) => write!(f, " (request-id {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for GraphError {}

/// The response headers that matter, taken from an answer or from an inner answer of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Headers {
    pub(super) retry_after: Option<Duration>,
    pub(super) request_id: Option<String>,
    pub(super) said: Said,
}

impl Headers {
    /// Reads them by name; `now` serves a `Retry-After` that is a date.
    pub(super) fn read<'a>(get: impl Fn(&str) -> Option<&'a str>, now: jiff::Timestamp) -> Self {
        Self {
            retry_after: get("retry-after").and_then(|value| parse_retry_after(value, now)),
            request_id: get("request-id").map(str::to_owned),
            said: Said {
                limit_percentage: get("x-ms-throttle-limit-percentage").and_then(|value| value.trim().parse().ok()),
                information: get("x-ms-throttle-information").map(str::to_owned),
            },
        }
    }
}

/// `Retry-After` in seconds, fractions included, or as an HTTP date; a day at most. Anything else counts as absent.
pub(crate) fn parse_retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_RETRY_AFTER.as_secs_f64())));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(now.into()).unwrap_or(Duration::ZERO).min(LONGEST_RETRY_AFTER))
}

#[derive(Deserialize)]
struct Envelope {
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    #[serde(default, rename = "innerError", alias = "innererror")]
    inner: Inner,
}

/// Inner errors nest; the deepest code is the most specific.
#[derive(Default, Deserialize)]
struct Inner {
    code: Option<String>,
    #[serde(rename = "request-id")]
    request_id: Option<String>,
    #[serde(rename = "innerError", alias = "innererror")]
    inner: Option<Box<Inner>>,
}

impl Inner {
    fn code(&self) -> Option<String> {
        self.inner.as_ref().and_then(|inner| inner.code()).or_else(|| self.code.clone())
    }

    fn request_id(&self) -> Option<String> {
        self.request_id.clone().or_else(|| self.inner.as_ref().and_then(|inner| inner.request_id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_decimal_seconds_or_a_date_and_a_day_at_most() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("2.128", Some(Duration::from_millis(2128))),
            ("30", Some(Duration::from_secs(30))),
            (" 0 ", Some(Duration::ZERO)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(Duration::from_secs(60))),
            ("Wed, 31 Dec 2025 00:01:00 GMT", Some(Duration::ZERO)),
            ("-1", None),
            ("NaN", None),
            ("90000", Some(LONGEST_RETRY_AFTER)),
            ("10000000000000000000", Some(LONGEST_RETRY_AFTER)),
            ("1e300", Some(LONGEST_RETRY_AFTER)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST_RETRY_AFTER)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse_retry_after(value, now), expected, "{value:?}");
        }
    }

    #[test]
    fn the_most_specific_code_is_kept_and_the_text_stays_out_of_display() {
        let body = br#"{"error":{"code":"Request_BadRequest","message":"person-0001@fabrikam.us is taken",
            "innerError":{"request-id":"r-1","innerError":{"code":"ObjectConflict"}}}}"#;
        let error = GraphError::from_answer("POST /invitations", true, 400, &Headers::default(), body);
        assert_eq!(error.code.as_deref(), Some("ObjectConflict"));
        assert_eq!(error.to_string(), "POST /invitations: Graph answered 400 ObjectConflict (request-id r-1)");
        assert!(error.message().contains("is taken"));
    }

    #[test]
    fn a_code_or_an_id_that_is_none_is_not_shown() {
        for odd in ["person-0001@fabrikam.us", "a b", "a\nb", "\u{7}", &"x".repeat(101)] {
            let inner = serde_json::json!({ "code": odd, "request-id": odd });
            let body = serde_json::json!({"error": {"code": "Request_BadRequest", "innerError": inner}}).to_string();
            let error = GraphError::from_answer("GET /users", false, 400, &Headers::default(), body.as_bytes());
            assert_eq!(error.to_string(), "GET /users: Graph answered 400 Request_BadRequest", "{odd:?}");
        }
    }

    #[test]
    fn a_server_error_leaves_the_outcome_of_a_write_unknown_and_a_read_without_effect() {
        let of = |write, status| GraphError::from_answer("X", write, status, &Headers::default(), b"<html>").kind;
        for status in [500, 502, 503, 504, 509] {
            assert_eq!(of(true, status), Kind::OutcomeUnknown);
            assert_eq!(of(false, status), Kind::Unavailable);
        }
        assert_eq!(of(true, 429), Kind::Throttled);
        assert_eq!(of(true, 400), Kind::Refused);
    }
}
