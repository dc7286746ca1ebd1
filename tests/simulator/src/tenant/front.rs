//! One port for all tenants of a site, as Graph and the sign-in endpoints are one for all: whose request it is says the
//! token's `tid`, or the tenant's id in the path of a sign-in.
//!
//! The managed identity's endpoint is not behind it: every app has its own. It can speak https, without which some of
//! Microsoft's own clients send no token.

use super::auth::tenant_of;
use super::error::GraphError;
use super::server::{self, Desk, LOGIN_PATH, VERSION_PATH};
use super::site::Site;
use super::{Server, Tenant};
use crate::connection::{CuttableListener, Line, SecureListener};
use crate::steps::to_the_end;
use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::header::AUTHORIZATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::serve::{IncomingStream, Listener};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use uuid::Uuid;

/// A port on which all tenants of a site answer. Clones are the same; it stops when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Front {
    root: String,
    strays: Arc<Mutex<Vec<String>>>,
    _server: Arc<Server>,
}

impl Site {
    /// Starts another tenant of the site.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(&self, options: super::TenantOptions) -> anyhow::Result<Tenant> {
        Tenant::start_in(self, options).await
    }

    /// Opens a port on which all tenants of the site answer, those that start later as well.
    ///
    /// # Errors
    /// No port is free.
    pub async fn front(&self) -> anyhow::Result<Front> {
        let (listener, root) = bind("http").await?;
        Ok(self.open(CuttableListener(listener), root))
    }

    /// The same by https, with a certificate (DER) for `127.0.0.1` and its key (PKCS #8).
    ///
    /// # Errors
    /// No port is free, or the two do not belong together.
    pub async fn secure_front(&self, certificate: &[u8], key: &[u8]) -> anyhow::Result<Front> {
        let certificate = CertificateDer::from(certificate.to_vec());
        let key = PrivatePkcs8KeyDer::from(key.to_vec());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())?;
        let (listener, root) = bind("https").await?;
        Ok(self.open(SecureListener::new(listener, TlsAcceptor::from(Arc::new(config))), root))
    }

    fn open<L>(&self, listener: L, root: String) -> Front
    where
        L: Listener<Addr = Line>,
        Line: for<'a> Connected<IncomingStream<'a, L>>,
    {
        let strays = Arc::default();
        let (site, here, seen) = (self.clone(), root.clone(), Arc::clone(&strays));
        let router = Router::new().fallback(move |ConnectInfo(line): ConnectInfo<Line>, request: Request| {
            to_the_end(lead(site.clone(), here.clone(), Arc::clone(&seen), line, request))
        });
        let service = router.into_make_service_with_connect_info::<Line>();
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!("the front stopped: {error}");
            }
        });
        Front { root, strays, _server: Arc::new(Server(task.abort_handle())) }
    }
}

/// A free port of this machine, and its root.
async fn bind(scheme: &str) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the front")?;
    let root = format!("{scheme}://{}", listener.local_addr()?);
    Ok((listener, root))
}

impl Front {
    /// Graph's root without the version, for every tenant: `USHER_GRAPH_ROOT`.
    pub fn graph_root(&self) -> &str {
        &self.root
    }

    /// The root of the sign-in endpoints, for every tenant: `USHER_LOGIN_ROOT`.
    pub fn login_root(&self) -> String {
        format!("{}{LOGIN_PATH}", self.root)
    }

    /// What was asked of no tenant that there is: method and path.
    pub fn strays(&self) -> Vec<String> {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn lead(site: Site, root: String, strays: Arc<Mutex<Vec<String>>>, line: Line, request: Request) -> Response {
    if let Some((shared, hooks)) = addressee(&request).and_then(|tenant| site.find(tenant)) {
        return server::answer(Desk { shared, hooks, site, root }, line, request).await;
    }
    let stray = format!("{} {}", request.method(), request.uri().path());
    strays.lock().unwrap_or_else(PoisonError::into_inner).push(stray);
    if request.uri().path().starts_with(VERSION_PATH) {
        let error = GraphError::unauthenticated("Access token validation failure. Invalid tenant.");
        let envelope = error.envelope(Uuid::nil(), "", "");
        return (StatusCode::UNAUTHORIZED, Json(envelope)).into_response();
    }
    (StatusCode::NOT_FOUND, Json(json!({"error": "no such tenant"}))).into_response()
}

/// The tenant that the request is meant for.
fn addressee(request: &Request) -> Option<Uuid> {
    in_sign_in(request.uri()).or_else(|| tenant_of(request.headers().get(AUTHORIZATION)?.to_str().ok()?))
}

fn in_sign_in(uri: &Uri) -> Option<Uuid> {
    let below = uri.path().strip_prefix(LOGIN_PATH)?.strip_prefix('/')?;
    below.split('/').next()?.parse().ok()
}
