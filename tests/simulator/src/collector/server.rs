//! HTTP in and out.

use super::{Collected, Mood, decode, lock};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

const PROTOBUF: &str = "application/x-protobuf";
/// Far more than ever comes.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Mutex<Collected>>) {
    let router = Router::new().fallback(move |request| answer(Arc::clone(&shared), request));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!("the collector stopped: {error}");
    }
}

async fn answer(
    shared: Arc<Mutex<Collected>>,
    request: Request,
) -> (StatusCode, [(header::HeaderName, &'static str); 1]) {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    let mood = {
        let mut collected = lock(&shared);
        collected.requests += 1;
        collected.mood
    };
    let status = match mood {
        Mood::Takes => take(&mut lock(&shared), &parts, &body),
        Mood::Refuses => StatusCode::SERVICE_UNAVAILABLE,
        Mood::Hangs => std::future::pending().await,
    };
    // An empty message of protobuf says that everything was taken.
    (status, [(header::CONTENT_TYPE, PROTOBUF)])
}

fn take(collected: &mut Collected, parts: &Parts, body: &Bytes) -> StatusCode {
    if parts.method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    if parts.headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    let taken = match parts.uri.path() {
        "/v1/traces" => decode::traces(collected, body),
        "/v1/metrics" => decode::metrics(collected, body),
        "/v1/logs" => decode::logs(collected, body),
        _ => return StatusCode::NOT_FOUND,
    };
    if taken.is_err() {
        return StatusCode::BAD_REQUEST;
    }
    for (name, value) in &parts.headers {
        collected.headers.insert(name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    StatusCode::OK
}
