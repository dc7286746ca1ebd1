//! Answers of Blob Storage: the headers of each.

use super::container::{Blob, Version};
use super::error::Refusal;
use super::lease::State;
use super::range::Wanted;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use uuid::Uuid;

pub(super) type Answer = Response;

/// A blob or container was written.
pub(super) fn written(version: &Version) -> Answer {
    (StatusCode::CREATED, headers(version)).into_response()
}

/// A lease operation was carried out; it leaves the blob's version alone.
pub(super) fn leased(status: StatusCode, blob: &Blob, id: Option<Uuid>) -> Answer {
    let mut headers = headers(&blob.version);
    if let Some(id) = id {
        headers.insert("x-ms-lease-id", text(&id.to_string()));
    }
    (status, headers).into_response()
}

/// A lease ends after this; Azure counts in whole seconds.
pub(super) fn broken(blob: &Blob, after: Duration) -> Answer {
    let mut answer = leased(StatusCode::ACCEPTED, blob, None);
    answer.headers_mut().insert("x-ms-lease-time", after.as_secs().into());
    answer
}

/// A blob's content, or the part of it that was asked for.
pub(super) fn content(blob: &Blob, wanted: Option<Wanted>) -> Result<Answer, Refusal> {
    let mut headers = headers(&blob.version);
    headers.insert(header::CONTENT_TYPE, text(&blob.content_type));
    headers.insert(header::ACCEPT_RANGES, text("bytes"));
    headers.insert("x-ms-blob-type", text("BlockBlob"));
    headers.insert("x-ms-creation-time", text(&blob.created));
    let state = blob.lease.state();
    headers.insert("x-ms-lease-state", text(state.name()));
    headers.insert("x-ms-lease-status", text(state.status()));
    if state == State::Leased {
        headers.insert("x-ms-lease-duration", text(if blob.lease.is_infinite() { "infinite" } else { "fixed" }));
    }
    let Some(wanted) = wanted else {
        return Ok((StatusCode::OK, headers, blob.bytes.clone()).into_response());
    };
    let whole = blob.bytes.len();
    let range = wanted.of(whole)?;
    let shown = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
    headers.insert(header::CONTENT_RANGE, text(&shown));
    Ok((StatusCode::PARTIAL_CONTENT, headers, blob.bytes.slice(range)).into_response())
}

fn headers(version: &Version) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, text(&format!("\"{}\"", version.etag)));
    headers.insert(header::LAST_MODIFIED, text(&version.modified));
    headers
}

/// The value of a header.
pub(super) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("unprintable"))
}
