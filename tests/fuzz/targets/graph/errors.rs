//! Refusals. The first line of an input is a request, its status and a `Retry-After`; the rest is the body.

use super::super::catalogue;
use super::super::error::{GraphError, Headers, Kind};
use super::{clock, is_fit_for_the_log};

#[test]
fn errors() {
    usher_fuzz::check("errors", |input| {
        let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let Ok(line) = std::str::from_utf8(&input[..end]) else { return };
        let body = input.get(end + 1..).unwrap_or_default();
        let mut words = line.split(' ');
        let is_write = words.next() != Some("GET");
        let Some(status) = words.next().and_then(|word| word.parse::<u16>().ok()) else { return };
        let retry_after = words.next();
        let headers = Headers::read(|name| retry_after.filter(|_| name == "retry-after"), clock().now());
        let error = GraphError::from_answer("POST /invitations", is_write, status, &headers, body);
        is_fit_for_the_log(&error);
        match status {
            429 => assert_eq!(error.kind, Kind::Throttled),
            // That there is no such object, or that nothing was done, takes Graph's word for it.
            400..=499 => assert!(!matches!(error.kind, Kind::Throttled | Kind::OutcomeUnknown | Kind::Unavailable)),
            _ if is_write => assert_eq!(error.kind, Kind::OutcomeUnknown),
            _ => assert_eq!(error.kind, Kind::Unavailable),
        }
        assert_eq!(error.kind == Kind::NotFound, status == 404 && error.kind != Kind::ResyncNeeded);
        let refusal = catalogue::refusal(&error, uuid::Uuid::from_u128(1).into());
        assert!(!refusal.name.is_empty() && refusal.advice.ends_with('.'), "{refusal:?}");
    });
}
