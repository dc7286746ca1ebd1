//! HTTP in and out: steps, and what every answer carries.

use super::Shared;
use super::answer::{Answer, text};
use super::error::Refusal;
use super::operation::{Asked, Misread};
use crate::connection::{CuttableListener, Line};
use crate::steps::{Service, Stage, Step, Then, to_the_end};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Far more than what is to be tested; Azure takes 5,000 MiB at once.
const LARGEST_BODY: usize = 256 * 1024 * 1024;
/// Answered to whoever does not say which version is meant.
const VERSION: &str = "2026-04-06";

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, shared: Shared) {
    let router = Router::new().fallback(move |ConnectInfo(line): ConnectInfo<Line>, request| {
        to_the_end(answer(shared.clone(), line, request))
    });
    let service = router.into_make_service_with_connect_info::<Line>();
    if let Err(error) = axum::serve(CuttableListener(listener), service).await {
        tracing::error!("the storage stand-in stopped: {error}");
    }
}

async fn answer(shared: Shared, line: Line, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return Refusal::new(413, "RequestBodyTooLarge").answer();
    };
    let mut answer = match Asked::read(&parts.method, &parts.uri, &parts.headers, &body) {
        Ok(asked) => carry_out(&shared, &line, &parts, &asked, body).await,
        Err(Misread::Refused(refusal)) => refusal.answer(),
        Err(Misread::NotSimulated(what)) => {
            let violation = format!("{} {}: {what} is not simulated", parts.method, parts.uri);
            tracing::error!("{violation}");
            shared.lock().violations.push(violation);
            Refusal::new(501, "NotImplemented").answer()
        }
    };
    complete(answer.headers_mut(), &parts.headers);
    answer
}

/// Leads a request through its stages. The state is not locked while the hook is told.
async fn carry_out(shared: &Shared, line: &Line, parts: &Parts, asked: &Asked, body: Bytes) -> Answer {
    let mut step = Step {
        stage: Stage::Received,
        service: Service::Storage,
        operation: asked.operation.name().to_owned(),
        target: asked.blob.clone(),
        is_write: asked.operation.is_write(),
    };
    let hooks = &shared.hooks;
    let answer = match hooks.step(&step).await {
        Then::Cut => {
            shared.lock().note(asked, 0);
            line.cut();
            return StatusCode::OK.into_response();
        }
        Then::Refuse(status, code) => {
            shared.lock().note(asked, status);
            Refusal::new(status, code).answer()
        }
        Then::GoOn | Then::Wait(_) | Then::Hold(_) => {
            let answer = effect(shared, &parts.headers, asked, body);
            step.stage = Stage::Done;
            if matches!(hooks.step(&step).await, Then::Cut) {
                line.cut();
            }
            answer
        }
    };
    step.stage = Stage::Answered;
    let hooks = hooks.clone();
    line.watch(answer, move || {
        hooks.tell(&step);
    })
}

fn effect(shared: &Shared, headers: &HeaderMap, asked: &Asked, body: Bytes) -> Answer {
    let mut state = shared.lock();
    // Whether it is right is not looked at: the emulator does that, in the tests against it.
    let answer = if headers.contains_key(header::AUTHORIZATION) {
        state.serve(asked, body).unwrap_or_else(|refusal| refusal.answer())
    } else {
        Refusal::new(401, "NoAuthenticationInformation").answer()
    };
    state.note(asked, answer.status().as_u16());
    answer
}

/// What every answer carries, beside the date, which the server writes.
fn complete(headers: &mut HeaderMap, asked: &HeaderMap) {
    headers.insert(header::SERVER, text("Windows-Azure-Blob/1.0"));
    headers.insert("x-ms-request-id", text(&Uuid::new_v4().to_string()));
    headers.insert("x-ms-version", asked.get("x-ms-version").cloned().unwrap_or(text(VERSION)));
    if let Some(id) = asked.get("x-ms-client-request-id") {
        headers.insert("x-ms-client-request-id", id.clone());
    }
}
