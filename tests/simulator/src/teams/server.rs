//! HTTP in and out: whether a request is let in, and what it is answered.

use super::fault::{Fault, Outcome};
use super::{Hook, Shared, State, WebhookRequest, card, lock};
use crate::connection::{CuttableListener, Line};
use crate::steps::to_the_end;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Far more than is ever taken.
const LARGEST_BODY: usize = 4 * 1024 * 1024;
/// What Teams allows a message to be after it was wrapped once more, which escapes its quotes.
const LARGEST_MESSAGE: usize = 28_672;

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Shared) {
    let router = Router::new().fallback(move |ConnectInfo(line): ConnectInfo<Line>, request| {
        to_the_end(answer(Arc::clone(&shared), line, request))
    });
    let service = router.into_make_service_with_connect_info::<Line>();
    if let Err(error) = axum::serve(CuttableListener(listener), service).await {
        tracing::error!("the webhooks stopped: {error}");
    }
}

async fn answer(shared: Shared, line: Line, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (hook, outcome) = outcome(&mut lock(&shared), &parts, &body);
    let status = match &outcome {
        Outcome::Answer(answer) => answer.status().as_u16(),
        Outcome::Cut | Outcome::Silence => 0,
    };
    lock(&shared).requests.push(WebhookRequest { hook, size: body.len(), status });
    match outcome {
        Outcome::Answer(answer) => answer,
        Outcome::Cut => {
            line.cut();
            StatusCode::OK.into_response()
        }
        Outcome::Silence => std::future::pending().await,
    }
}

fn outcome(state: &mut State, parts: &Parts, body: &Bytes) -> (Option<Hook>, Outcome) {
    let Some(hook) = state.hook(parts.uri.path()) else {
        return (None, Outcome::Answer(StatusCode::NOT_FOUND.into_response()));
    };
    let fault = state.faults.take(hook);
    if let Some(fault) = fault.as_ref().filter(|fault| !fault.after_effect) {
        return (Some(hook), fault.carry_out());
    }
    let status = take(state, hook, parts, body);
    (Some(hook), fault.as_ref().map_or_else(|| Outcome::Answer(status.into_response()), Fault::carry_out))
}

/// Takes a message, if it may come in.
fn take(state: &mut State, hook: Hook, parts: &Parts, body: &[u8]) -> StatusCode {
    if parts.method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    // Byte for byte: the signature is over the query as it was handed out.
    if parts.uri.path_and_query().map(|target| target.as_str()) != Some(state.target(hook)) {
        return StatusCode::UNAUTHORIZED;
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    let (Ok(text), true) = (std::str::from_utf8(body), is_json) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(message) = serde_json::from_str(text) else {
        return StatusCode::BAD_REQUEST;
    };
    if hook == Hook::Plain {
        state.documents.push(message);
        return StatusCode::NO_CONTENT;
    }
    if wrapped(text) > LARGEST_MESSAGE {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    if !card::is_message(&message) {
        return StatusCode::BAD_REQUEST;
    }
    state.failed_runs.extend(card::problems(&message));
    state.messages.push(message);
    StatusCode::ACCEPTED
}

/// The size of a message as a text within another.
fn wrapped(text: &str) -> usize {
    text.len() + text.chars().filter(|c| matches!(c, '"' | '\\')).count()
}
