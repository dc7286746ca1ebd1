//! The port, the routes, and the layers around every function.

use super::envelope::Envelope;
use super::http::{HttpRequest, Problem};
use super::invocation::{Context, Invocation, MARGIN};
use super::rate::Rates;
use super::reply::{Failure, Reply};
use super::trigger::FromEnvelope;
use crate::start::{self, StartError};
use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use futures::StreamExt;
use serde_json::json;
use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, OnceCell};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use usher_shared::run::Usher;
use usher_shared::telemetry::{self, spans};

/// Far above a queue message (64 KiB) in its envelope, far below what would hurt.
const MAX_BODY: usize = 1024 * 1024;

/// What all functions share. It starts when first used, so that the host's readiness probe waits for nothing.
pub(crate) struct App {
    load: Box<dyn Fn() -> Result<Usher, StartError> + Send + Sync>,
    usher: OnceCell<Result<Usher, StartError>>,
    rates: Rates,
    authentication_is_on: bool,
    desk: Mutex<()>,
}

impl App {
    /// An app that starts by `load`.
    pub(crate) fn new(load: impl Fn() -> Result<Usher, StartError> + Send + Sync + 'static) -> Self {
        Self {
            load: Box::new(load),
            usher: OnceCell::new(),
            rates: Rates::default(),
            authentication_is_on: false,
            desk: Mutex::default(),
        }
    }

    /// The app of this process: its configuration and its environment, read when first used.
    pub(crate) fn of_process(config: Option<std::path::PathBuf>) -> Self {
        // The platform sets this variable while it signs people in, and only then writes who they are.
        let authentication_is_on =
            std::env::var("WEBSITE_AUTH_ENABLED").is_ok_and(|on| on.eq_ignore_ascii_case("true"));
        Self { authentication_is_on, ..Self::new(move || start::function_app(config.as_deref())) }
    }

    /// Held by the one call of this process that works off requests.
    pub(crate) const fn desk(&self) -> &Mutex<()> {
        &self.desk
    }

    /// Whether App Service Authentication is switched on.
    pub(crate) const fn authentication_is_on(&self) -> bool {
        self.authentication_is_on
    }

    /// usher, or why it cannot start, for whoever wants to tell that.
    pub(crate) async fn started(&self) -> Result<&Usher, &StartError> {
        self.usher.get_or_init(|| async { (self.load)() }).await.as_ref()
    }

    /// usher, or why it cannot start. A configuration does not mend itself, so the answer stays.
    pub(crate) async fn usher(&self) -> Result<&Usher, Failure> {
        self.started().await.map_err(Failure::new)
    }
}

/// Makes a route of a function that takes the payload `T` of `binding`.
pub(crate) fn function<T, F, Fut>(binding: &'static str, handle: F) -> MethodRouter<Arc<App>>
where
    T: FromEnvelope + Send + 'static,
    F: Fn(Arc<App>, Invocation<T>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Failure>> + Send,
{
    post(async move |State(app): State<Arc<App>>, path: MatchedPath, headers: HeaderMap, body: Body| -> Response {
        let context = Context::read(&headers);
        let body = match read(body).await {
            Ok(Some(body)) => body,
            Ok(None) => {
                let refused = refuse(StatusCode::PAYLOAD_TOO_LARGE, "the envelope is too large");
                // A failed invocation would be an empty 500 for whoever sent it.
                return T::too_large().map_or(refused, IntoResponse::into_response);
            }
            Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let envelope = match Envelope::read(&body) {
            Ok(envelope) => envelope,
            Err(error) => return refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let payload = T::from_envelope(&envelope, binding);
        let sender = payload.as_ref().ok().and_then(T::traceparent);
        let traced = spans::invocation(&spans::Called {
            function: path.as_str().trim_start_matches('/'),
            trigger: T::TRIGGER,
            id: &context.id,
            host: context.traceparent.as_deref(),
            sender: sender.as_deref(),
        });
        let span = tracing::info_span!("invocation", faas.invocation_id = context.id);
        let call = async move {
            let backstop = context.deadline + MARGIN / 2;
            let invocation = Invocation { payload: payload?, context };
            // Functions keep their deadline themselves; this ends one that does not, before the host ends them all.
            tokio::time::timeout_at(backstop, handle(app, invocation))
                .await
                .unwrap_or_else(|_| Err(Failure::new("the function did not end in time")))
        };
        let failed = traced.clone();
        let logged = async move {
            let result = call.await.inspect_err(|failure| {
                tracing::error!("the invocation failed: {failure}");
                spans::failed(&failed, "failed");
            });
            result.into_response()
        };
        let response = logged.instrument(span).instrument(traced).await;
        // From here on the platform may freeze this process.
        telemetry::flush_soon();
        response
    })
}

/// Reads a body; `None` if it is too large. Then it is read to its end all the same, and thrown away, because who still
/// sends does not hear the answer.
async fn read(body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut chunks = body.into_data_stream();
    let mut read = Some(Vec::new());
    while let Some(chunk) = chunks.next().await.transpose()? {
        read = read.filter(|read| read.len() + chunk.len() <= MAX_BODY);
        if let Some(read) = &mut read {
            read.extend_from_slice(&chunk);
        }
    }
    Ok(read)
}

/// Makes a route of a function that answers callers from outside. What goes wrong is an answer too: a failed invocation
/// would be an empty 500.
pub(crate) fn http<F, Fut>(handle: F) -> MethodRouter<Arc<App>>
where
    F: Fn(Arc<App>, Invocation<HttpRequest>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Reply, Problem>> + Send,
{
    function("req", move |app: Arc<App>, invocation: Invocation<HttpRequest>| {
        let handle = handle.clone();
        async move {
            let (key, method) = (invocation.payload.key().to_owned(), invocation.payload.method().to_owned());
            let result = match app.rates.count(&key, Instant::now()) {
                Ok(()) => handle(app, invocation).await,
                Err(seconds) => Err(Problem::too_many(seconds)),
            };
            // The key by its name; neither path nor body, which may hold an address.
            match &result {
                Ok(_) => tracing::info!(caller = key, http.request.method = method, "answered"),
                Err(problem) => {
                    tracing::info!(caller = key, http.request.method = method, problem = problem.code(), "refused");
                }
            }
            Ok(result.unwrap_or_else(Reply::from))
        }
    })
}

/// All routes: readiness, and one for each function.
pub(crate) fn router(functions: Vec<(&'static str, MethodRouter<Arc<App>>)>, app: App) -> Router {
    let router = functions
        .into_iter()
        .fold(Router::new(), |router, (name, function)| router.route(&format!("/{name}"), function));
    router
        .route("/", get(|| async { Json(json!({ "ready": true })) }))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "no such function") })
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "functions are called by POST")
        })
        .layer(CatchPanicLayer::custom(after_panic))
        .with_state(Arc::new(app))
}

/// Serves until the process ends.
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    axum::serve(listener, router).await
}

/// Refuses what the host would never send. Always a JSON object, and always logged.
fn refuse(status: StatusCode, reason: &str) -> Response {
    tracing::warn!(http.response.status_code = status.as_u16(), "a request was refused: {reason}");
    (status, Json(json!({ "error": reason }))).into_response()
}

/// A panic fails its invocation and nothing else; its message went to stderr already.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!("the invocation panicked: {message}");
    Failure::new("the invocation panicked").into_response()
}
