//! A socket in front of the HTTP functions.
//!
//! Responsible for: taking requests from outside the test to the host and its answers back.
//!
//! Not responsible for: what is answered.

use super::{Host, Inner};
use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Weak;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The largest body that the real host takes.
const LARGEST_BODY: usize = 104_857_600;

/// Listens until the returned set is dropped. The host is held weakly, or it would keep itself alive.
pub(super) async fn start(host: Weak<Inner>) -> Result<(SocketAddr, JoinSet<()>)> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    let app = Router::new().fallback(answer).with_state(host);
    let mut task = JoinSet::new();
    task.spawn(async move {
        // It ends only with its task.
        axum::serve(socket, app).await.ok();
    });
    Ok((address, task))
}

async fn answer(State(host): State<Weak<Inner>>, request: Request) -> Response<Body> {
    let Some(host) = host.upgrade().map(Host) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers: Vec<(&str, &str)> =
        head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let answer = host.request(head.method.as_str(), target, &headers, &body).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    match response.body(Body::from(answer.body)) {
        Ok(response) => response,
        // The handler asked for a status or a header that HTTP does not have.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
