//! HTTP in and out: which part of the tenant a path belongs to, and how requests and answers look on the wire.

use super::connection::{Cut, CuttableListener};
use super::identity;
use super::request::{Answer, Body, Request};
use super::state::State;
use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// Where the managed identity's endpoint is.
pub(super) const IDENTITY_PATH: &str = "/msi/token";
/// Below this come the sign-in endpoints of the cloud.
pub(super) const LOGIN_PATH: &str = "/login";
const VERSION_PATH: &str = "/v1.0/";
/// Graph takes no larger body.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub(super) type Shared = Arc<Mutex<State>>;

pub(super) fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Shared) {
    let router = Router::new()
        .fallback(move |ConnectInfo(cut): ConnectInfo<Cut>, request| answer(Arc::clone(&shared), cut, request));
    let service = router.into_make_service_with_connect_info::<Cut>();
    if let Err(error) = axum::serve(CuttableListener(listener), service).await {
        tracing::error!("the simulated tenant stopped: {error}");
    }
}

async fn answer(shared: Shared, cut: Cut, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path();
    if path == IDENTITY_PATH && parts.method == "GET" {
        let (status, body) = identity::token(&lock(&shared), parts.uri.query(), &parts.headers);
        return (status_code(status), Json(body)).into_response();
    }
    let Some(below) = path.strip_prefix(VERSION_PATH) else {
        lock(&shared).violate(format!("{} {}: nothing is simulated here", parts.method, parts.uri));
        return (StatusCode::NOT_IMPLEMENTED, Json(json!({"error": "not simulated"}))).into_response();
    };
    let answer = lock(&shared).serve(&graph_request(below, &parts, &body));
    if answer.cut {
        cut.cut();
    }
    response(answer, parts.headers.get("client-request-id"))
}

fn graph_request(below: &str, parts: &Parts, body: &Bytes) -> Request {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Request {
        method: parts.method.to_string(),
        path: format!("/{below}"),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: read_body(&parts.headers, body),
        authorization: text("authorization"),
        eventual: text("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual")),
        priority: text("x-ms-throttle-priority"),
        client_request_id: text("client-request-id"),
        in_batch: false,
    }
}

fn read_body(headers: &HeaderMap, body: &Bytes) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Body::Unreadable;
    }
    serde_json::from_slice(body).map_or(Body::Unreadable, Body::Json)
}

fn response(answer: Answer, client_request_id: Option<&header::HeaderValue>) -> Response {
    let mut response = match answer.body {
        Some(body) => Json(body).into_response(),
        None => HttpBody::empty().into_response(),
    };
    *response.status_mut() = status_code(answer.status);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            headers.insert(header::HeaderName::from_static(name), value);
        }
    }
    if let Some(id) = client_request_id {
        headers.insert("client-request-id", id.clone());
    }
    response
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
