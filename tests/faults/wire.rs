//! The way to Graph: usher's transport, which leads through the weather to the simulated tenant in this process.
//!
//! Responsible for: what each trouble means for a request to Graph, and showing every request that arrives to the witness. A
//! request that is on its way arrives even if its sender is gone. Not responsible for: choosing troubles.

use crate::breakage::{Breakage, lie};
use crate::disturbances::{Life, Weather, What};
use crate::vault::Leases;
use crate::witness::{Witness, is_write};
use async_trait::async_trait;
use axum::body::{Body, Bytes, to_bytes};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::OffsetDateTime;
use http_body::{Frame, SizeHint};
use reqwest::{Method, Request, Response};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use usher_shared::graph::transport::{Lost, Transport};
use usher_simulator::tenant::{Fault, Matcher, Tenant};

/// How long usher waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// What Graph may ask to wait, in seconds; the last is more than a run has patience for.
const RETRY_AFTER: [u64; 4] = [1, 10, 40, 200];
const LARGEST: usize = 1 << 24;

/// The way of one process.
pub(crate) struct Wire {
    pub(crate) tenant: Tenant,
    pub(crate) weather: Weather,
    pub(crate) life: Life,
    pub(crate) leases: Leases,
    pub(crate) witness: Arc<Witness>,
    pub(crate) credential: Arc<Credential>,
    pub(crate) process: u32,
    pub(crate) breakage: Option<Breakage>,
}

/// An answer as it left the tenant; `None` where the connection was cut.
type Answer = Option<(u16, Vec<(String, String)>, Bytes)>;

#[async_trait]
impl Transport for Wire {
    async fn carry(&self, request: Request) -> Result<Response, Lost> {
        let (what, number) = self.weather.request();
        let (method, url) = (request.method().clone(), request.url().clone());
        let took = Duration::from_millis(20 + number * 37 % 180);
        let result = self.meet(request, what, number, took).await;
        let status = result.as_ref().map(|answer| answer.status().as_u16());
        self.weather.tell(|| {
            let name = format!("process {}: {method} {}", self.process, url.path());
            (self.witness.now(), format!("{name} {what:?} {status:?}"))
        });
        if status == Ok(401) {
            self.credential.forget();
        }
        result
    }
}

impl Wire {
    async fn meet(&self, request: Request, what: Option<What>, number: u64, took: Duration) -> Result<Response, Lost> {
        let lost = |reason| Err(Lost { may_have_arrived: true, reason });
        let Some(what) = what else {
            let answer = self.deliver(&request, took).await;
            sleep(took).await;
            return arrived(answer);
        };
        match what {
            What::IsThrottled => {
                let wait = RETRY_AFTER[usize::try_from(number).unwrap_or_default() % RETRY_AFTER.len()];
                sleep(took).await;
                return Ok(refusal(429, "TooManyRequests", Some(wait)));
            }
            What::FailsBefore => {
                sleep(took).await;
                return Ok(refusal(503, "ServiceUnavailable", None));
            }
            What::FailsAfter => {
                self.deliver(&request, took).await;
                return Ok(refusal(if number.is_multiple_of(2) { 503 } else { 504 }, "ServiceUnavailable", None));
            }
            What::IsResetBefore => {
                let may_have_arrived = number.is_multiple_of(2);
                return Err(Lost { may_have_arrived, reason: "the connection failed" });
            }
            What::IsResetAfter => {
                self.deliver(&request, took).await;
                return lost("the connection failed");
            }
            What::IsNeverAnswered => {
                self.deliver(&request, took).await;
                sleep(PATIENCE).await;
                return lost("no answer in time");
            }
            What::IsLate => {
                let answer = self.deliver(&request, Duration::from_secs(5 + number % 20)).await;
                return arrived(answer);
            }
            What::IsCutShort => {
                let answer = self.deliver(&request, took).await;
                return answer.map_or_else(|| lost("the connection failed"), |answer| Ok(half(answer, number)));
            }
            What::IsIncomplete => self.spoil(&request, number),
            What::TokensExpire => self.tenant.revoke_tokens(),
            What::LeasesRunOut => self.leases.run_out(self.process),
            What::LeasesAreBroken => self.leases.are_broken(self.process),
            What::IsKilledSoon => self.life.end_soon(number),
            What::IsKilledBefore => self.life.end().await,
            What::IsKilledMeanwhile => {
                drop(self.deliver(&request, took * 50));
                self.life.end().await;
            }
            What::IsKilledAfter => {
                self.deliver(&request, took).await;
                self.life.end().await;
            }
        }
        let answer = self.deliver(&request, took).await;
        self.tenant.clear_faults();
        arrived(answer)
    }

    /// Something inside the request goes wrong, and the rest well.
    fn spoil(&self, request: &Request, number: u64) {
        let fault = match number % 3 {
            0 => Fault::status(429, "TooManyRequests").retry_after("7"),
            1 => Fault::status(503, "ServiceUnavailable").after_effect(),
            _ => Fault::concurrency_violation(),
        };
        match *request.method() {
            Method::GET => self.tenant.fail_next(1, Matcher::any(), Fault::ends_early(1)),
            // The one for the batch itself, which comes first, is not meant.
            _ => self.tenant.fail_next(1, Matcher::post("/invitations"), fault),
        }
    }

    /// Sends a request on its way, on which it takes so long. It arrives whatever becomes of its sender.
    fn deliver(&self, request: &Request, takes: Duration) -> Delivery {
        let repeated = self.breakage == Some(Breakage::GraphDoesItTwice);
        let is_lie = self.breakage == Some(Breakage::GraphOnlySaysSo);
        let parts = Parts::of(request);
        let (tenant, witness) = (self.tenant.clone(), Arc::clone(&self.witness));
        Delivery(tokio::spawn(async move {
            sleep(takes).await;
            witness.expects().await;
            if is_lie && is_write(&parts.body) {
                return Some((200, Vec::new(), lie(&parts.body)));
            }
            let answer = parts.call(&tenant).await;
            if let Some((_, _, body)) = &answer {
                witness.saw(&parts.body, body);
            }
            if repeated {
                parts.call(&tenant).await;
            }
            answer
        }))
    }
}

/// A request that is on its way.
struct Delivery(JoinHandle<Answer>);

impl Future for Delivery {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.0).poll(cx).map(|ended| ended.expect("the tenant answers"))
    }
}

/// What a request consists of.
struct Parts {
    method: Method,
    target: String,
    headers: reqwest::header::HeaderMap,
    body: Bytes,
}

impl Parts {
    fn of(request: &Request) -> Self {
        let query = request.url().query().map(|query| format!("?{query}")).unwrap_or_default();
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        Self {
            method: request.method().clone(),
            target: format!("{}{query}", request.url().path()),
            headers: request.headers().clone(),
            body: Bytes::copy_from_slice(body),
        }
    }

    async fn call(&self, tenant: &Tenant) -> Answer {
        let mut request = axum::extract::Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.target.parse().expect("a path and a query");
        *request.headers_mut() = self.headers.clone();
        let (parts, body) = tenant.call(request).await?.into_parts();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Some((parts.status.as_u16(), headers, to_bytes(body, LARGEST).await.ok()?))
    }
}

fn arrived(answer: Answer) -> Result<Response, Lost> {
    let (status, headers, body) = answer.ok_or(Lost { may_have_arrived: true, reason: "the connection failed" })?;
    Ok(response(status, &headers, body))
}

fn response(status: u16, headers: &[(String, String)], body: impl Into<reqwest::Body>) -> Response {
    let mut builder = axum::http::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(body).expect("an answer").into()
}

fn refusal(status: u16, code: &str, retry_after: Option<u64>) -> Response {
    let body = json!({"error": {"code": code, "message": "A disturbance."}}).to_string();
    let headers: Vec<_> =
        retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())).into_iter().collect();
    response(status, &headers, body)
}

/// Half of the answer, as if it were all, or broken off.
fn half((status, headers, body): (u16, Vec<(String, String)>, Bytes), number: u64) -> Response {
    let half = body.slice(..body.len() / 2);
    if number.is_multiple_of(2) {
        return response(status, &headers, half);
    }
    response(status, &headers, reqwest::Body::wrap(BrokenOff(Some(half))))
}

/// A body that ends in an error.
struct BrokenOff(Option<Bytes>);

impl http_body::Body for BrokenOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let next = self.0.take().map(|bytes| Ok(Frame::data(bytes)));
        Poll::Ready(Some(next.unwrap_or_else(|| Err(std::io::ErrorKind::ConnectionAborted.into()))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// The managed identity: gives the same token until Graph has not taken it.
pub(crate) struct Credential {
    tenant: Tenant,
    kept: Mutex<Option<String>>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

impl Credential {
    pub(crate) fn new(tenant: Tenant) -> Self {
        Self { tenant, kept: Mutex::default() }
    }

    fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let token = kept.get_or_insert_with(|| self.tenant.token()).clone();
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + Duration::from_secs(3600)))
    }
}

/// The requests of a batch with their answers' statuses: method, path, body, status.
pub(crate) fn writes(request: &Bytes, answer: &Bytes) -> Vec<(String, String, Value, u16)> {
    let read = |bytes: &Bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (request, answer) = (read(request), read(answer));
    let none = Vec::new();
    let answers = answer["responses"].as_array().unwrap_or(&none);
    let status = |id: &Value| answers.iter().find(|one| one["id"] == *id).and_then(|one| one["status"].as_u64());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let inner = request["requests"].as_array().unwrap_or(&none).iter();
    let told = inner.filter_map(|one| {
        let status = u16::try_from(status(&one["id"])?).ok()?;
        Some((text(&one["method"]), text(&one["url"]), one["body"].clone(), status))
    });
    told.collect()
}
