//! HTTP in and out: which part of the tenant a path belongs to, and how requests and answers look on the wire.

use super::faults::Damage;
use super::identity;
use super::login;
use super::request::{Answer, Body, Payload, Request};
use super::site::Site;
use super::state::State;
use crate::connection::{CuttableListener, Line};
use crate::steps::{Hooks, Service, Stage, Step, Then, to_the_end};
use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Json, Response};
use futures::{StreamExt, stream};
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// Where the managed identity's endpoint is.
pub(super) const IDENTITY_PATH: &str = "/msi/token";
/// Below this come the sign-in endpoints of the cloud.
pub(super) const LOGIN_PATH: &str = "/login";
pub(super) const VERSION_PATH: &str = "/v1.0/";
const JSON: &str = "application/json";
/// Graph takes no larger body.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

pub(super) type Shared = Arc<Mutex<State>>;

pub(super) fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tenant as a port serves it.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) shared: Shared,
    pub(super) hooks: Hooks,
    pub(super) site: Site,
    /// Where the port is: links in answers lead back the way that the request came.
    pub(super) root: String,
}

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, desk: Desk) {
    let router = Router::new()
        .fallback(move |ConnectInfo(line): ConnectInfo<Line>, request| to_the_end(answer(desk.clone(), line, request)));
    let service = router.into_make_service_with_connect_info::<Line>();
    if let Err(error) = axum::serve(CuttableListener(listener), service).await {
        tracing::error!("the simulated tenant stopped: {error}");
    }
}

pub(super) async fn answer(desk: Desk, line: Line, request: axum::extract::Request) -> Response {
    let shared = &desk.shared;
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path();
    if path == IDENTITY_PATH && parts.method == "GET" {
        let (status, body) = identity::token(&lock(shared), parts.uri.query(), &parts.headers);
        return (status_code(status), Json(body)).into_response();
    }
    let below_login = path.strip_prefix(LOGIN_PATH).filter(|_| parts.method == "POST");
    if let Some((status, body)) = below_login.and_then(|path| login::answer(&mut state_at(&desk), path, &body)) {
        return (status_code(status), Json(body)).into_response();
    }
    let Some(below) = path.strip_prefix(VERSION_PATH) else {
        lock(shared).violate(format!("{} {}: nothing is simulated here", parts.method, parts.uri));
        return (StatusCode::NOT_IMPLEMENTED, Json(json!({"error": "not simulated"}))).into_response();
    };
    let request = graph_request(below, &parts, &body);
    let mut step = Step {
        stage: Stage::Received,
        service: Service::Graph,
        operation: request.method.clone(),
        target: request.path.clone(),
        is_write: request.is_write(),
    };
    let answer = carry_out(&desk, &request, &mut step).await;
    if answer.damage == Some(Damage::Lost) {
        line.cut();
    }
    step.stage = Stage::Answered;
    let mut response = response(answer, parts.headers.get("client-request-id"));
    // The tenant's clock, not this machine's, which the server would put there.
    let now = lock(shared).directory.now();
    if let Ok(date) = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().parse() {
        response.headers_mut().insert(header::DATE, date);
    }
    line.watch(response, move || {
        desk.hooks.tell(&step);
    })
}

/// Leads a request through its stages. The state is not locked while the hook is told.
async fn carry_out(desk: &Desk, request: &Request, step: &mut Step) -> Answer {
    let Desk { shared, hooks, .. } = desk;
    match hooks.step(step).await {
        Then::Cut => return lock(shared).lose(request),
        Then::Refuse(status, code) => return lock(shared).refuse(request, status, code),
        Then::GoOn | Then::Wait(_) | Then::Hold(_) => {}
    }
    let answer = serve_in_turn(desk, request);
    step.stage = Stage::Done;
    if matches!(hooks.step(step).await, Then::Cut) {
        return Answer::lost();
    }
    let (latency, clock) = {
        let options = &lock(shared).directory.options;
        (options.latency, options.clock.clone())
    };
    latency.pass(&clock, request).await;
    answer
}

fn serve_in_turn(desk: &Desk, request: &Request) -> Answer {
    let _turn = desk.site.turn();
    state_at(desk).serve(request)
}

/// The state, answering at the port that was asked.
fn state_at(desk: &Desk) -> MutexGuard<'_, State> {
    let mut state = lock(&desk.shared);
    state.root.clone_from(&desk.root);
    state
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
        minimal: text("prefer").is_some_and(|preference| is_minimal(&preference)),
        in_batch: false,
    }
}

/// Whether the header `Prefer` asks for changes only.
pub(super) fn is_minimal(preference: &str) -> bool {
    preference.split(',').any(|wish| wish.trim().eq_ignore_ascii_case("return=minimal"))
}

fn read_body(headers: &HeaderMap, body: &Bytes) -> Body {
    if body.is_empty() {
        return Body::Empty;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with(JSON) {
        return Body::Unreadable;
    }
    serde_json::from_slice(body).map_or(Body::Unreadable, Body::Json)
}

fn response(answer: Answer, client_request_id: Option<&header::HeaderValue>) -> Response {
    let text = answer.body.map(Payload::into_text);
    let json = |body: HttpBody| ([(header::CONTENT_TYPE, JSON)], body).into_response();
    let mut response = match (answer.damage, text) {
        (Some(Damage::Html), _) => Html("<html><body>Sign in to this network.</body></html>").into_response(),
        (_, None) => HttpBody::empty().into_response(),
        (Some(Damage::Truncated), Some(text)) => json(half(&text).into()),
        (Some(Damage::CutShort), Some(text)) => {
            let mut response = json(broken(half(&text)));
            response.headers_mut().insert(header::CONTENT_LENGTH, text.len().into());
            response
        }
        (_, Some(text)) => json(text.into()),
    };
    *response.status_mut() =
        if answer.damage == Some(Damage::Html) { StatusCode::OK } else { status_code(answer.status) };
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

fn half(text: &str) -> Vec<u8> {
    text.bytes().take(text.len() / 2).collect()
}

/// A body that breaks off after this.
fn broken(beginning: Vec<u8>) -> HttpBody {
    let end = async {
        // What was written so far is sent while the body has nothing to offer.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    HttpBody::from_stream(stream::once(async { Ok(beginning) }).chain(stream::once(end)))
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
