//! One request to Graph: its token, its limits in time and size, and its repetition where that harms nobody.
//!
//! Reads are repeated while the deadline allows. Writes are never repeated here, but for a token that had to be renewed:
//! Graph did nothing then. What a refused or lost write means is the caller's to judge. How it gets there is
//! [`super::transport`]'s affair.

use super::credential::{Permissions, Tokens};
use super::error::{GraphError, Headers, Kind, Result, is_name};
use super::limits::{Cost, Limits};
use super::path::Path;
use super::transport::{Lost, Network, Transport};
use crate::clock::Clock;
use crate::telemetry::spans::Call;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

/// A page of 999 users is about a megabyte.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// Waits between tries when Graph names none; the last is repeated.
const BACKOFF: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];
const MAX_TRIES: usize = 6;

/// Where Graph is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The root without version, such as `https://graph.microsoft.com`.
    pub root: Url,
}

/// A client of one tenant's Graph. Clones share the connections, the token and the limits.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    tokens: Arc<Tokens>,
    limits: Arc<Limits>,
    /// The root without version.
    root: Url,
    /// The version's root, without a slash at the end.
    base: String,
    clock: Clock,
    deadline: Option<Instant>,
    priority: &'static str,
    /// How far Graph's clock was from this one in the last answer.
    difference: Arc<Mutex<Option<SignedDuration>>>,
}

/// A request, before it is sent.
pub(super) struct Request<'a> {
    pub(super) method: reqwest::Method,
    pub(super) url: Target<'a>,
    pub(super) body: Option<&'a Value>,
    /// A write has been paid for by its caller before it was journalled.
    pub(super) is_write: bool,
    /// How many requests are in it, if it is a batch.
    pub(super) inner: usize,
}

/// A path that we made, or a link that Graph handed out for one.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Path(&'a Path),
    Link(&'a Link),
}

/// A link that points to the Graph it came from.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) url: Url,
    template: &'static str,
    cost: Cost,
}

impl Client {
    /// A client; nothing is connected before the first request.
    pub fn new(endpoint: &Endpoint, tokens: Tokens, limits: Limits, clock: Clock) -> Self {
        Self {
            transport: Arc::new(Network::new(endpoint.root.scheme() == "http")),
            tokens: Arc::new(tokens),
            limits: Arc::new(limits),
            root: endpoint.root.clone(),
            base: format!("{}/v1.0", endpoint.root.as_str().trim_end_matches('/')),
            clock,
            deadline: None,
            priority: "low",
            difference: Arc::default(),
        }
    }

    /// The same client, whose requests go another way.
    #[must_use]
    pub fn through(self, transport: Arc<dyn Transport>) -> Self {
        Self { transport, ..self }
    }

    /// The same client, whose reads and waits end at `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// The same client, of whose requests Graph drops none in favour of others: for somebody who waits.
    #[must_use]
    pub fn urgent(&self) -> Self {
        Self { priority: "normal", ..self.clone() }
    }

    pub(super) const fn priority(&self) -> &'static str {
        self.priority
    }

    /// The clock by which it waits.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// How far Graph's clock is ahead of this one, by its last answer; `None` before one that told the time. What may have
    /// passed on the way counts as no difference.
    pub fn clock_difference(&self) -> Option<SignedDuration> {
        *self.difference.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compare_clocks(&self, date: Option<&str>, sent: Timestamp) {
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else { return };
        let Ok(date) = Timestamp::try_from(date) else { return };
        let difference = difference(date, sent, self.clock.now());
        *self.difference.lock().unwrap_or_else(PoisonError::into_inner) = Some(difference);
    }

    /// The limits that it keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The address by which a reference names an object: in the same cloud.
    pub(super) fn address_of(&self, object: Uuid) -> String {
        format!("{}/directoryObjects/{object}", self.base)
    }

    /// What the present token allows, as far as it can be told.
    pub async fn permissions(&self) -> Option<Permissions> {
        Permissions::of(&self.tokens.get().await.ok()?)
    }

    /// Reads one JSON answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &Path) -> Result<T> {
        self.read(Target::Path(path)).await
    }

    /// Reads one JSON answer from a path or a link.
    pub(super) async fn read<T: DeserializeOwned>(&self, url: Target<'_>) -> Result<T> {
        self.send(Request { method: reqwest::Method::GET, url, body: None, is_write: false, inner: 0 }).await
    }

    /// Takes a link from an answer.
    ///
    /// # Errors
    /// When it leads anywhere else than to this Graph: the token must not go there.
    pub(super) fn link(&self, url: &str, template: &'static str, cost: Cost) -> Result<Link> {
        // Judged as it will be sent: with what `..` and the like lead to.
        let is_here = |url: &Url| url.as_str().strip_prefix(&self.base).is_some_and(|rest| rest.starts_with('/'));
        match Url::parse(url).ok().filter(is_here) {
            Some(url) => Ok(Link { url, template, cost }),
            None => Err(GraphError::new(Kind::Malformed, template, "the link in the answer leads to another host")),
        }
    }

    /// Sends a request, again where that harms nobody, and decodes the answer.
    pub(super) async fn send<T: DeserializeOwned>(&self, request: Request<'_>) -> Result<T> {
        let name = format!("{} {}", request.method, request.url.template());
        let mut renewed = false;
        for attempt in 1.. {
            if !request.is_write {
                self.pay(request.url.cost(), &name).await?;
            }
            let answer = self.send_once(&request, &name, attempt - 1).await;
            let error = match answer.and_then(|body| decode(&name, request.is_write, &body)) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let wait = match &error.kind {
                // Only a status shows that it was Graph who did not take the token.
                Kind::Unauthenticated if error.status.is_some() && !renewed => {
                    renewed = true;
                    self.tokens.forget();
                    continue;
                }
                Kind::Throttled | Kind::Unavailable | Kind::Malformed if !request.is_write => error.retry_after,
                _ => return Err(error),
            };
            let wait = wait.unwrap_or(BACKOFF[(attempt - 1).min(BACKOFF.len() - 1)]);
            if attempt >= MAX_TRIES || !self.has_time_for(wait) {
                return Err(error);
            }
            // A refusal for rate stands in the log already.
            if error.kind != Kind::Throttled {
                let seconds = wait.as_secs_f64();
                tracing::info!(
                    graph.request = name,
                    graph.status = error.status,
                    wait.seconds = seconds,
                    "{error}; waiting"
                );
            }
            self.clock.sleep(wait).await;
        }
        unreachable!("the loop ends by returning")
    }

    /// Waits until the limits let a read pass.
    async fn pay(&self, cost: Cost, name: &str) -> Result<()> {
        loop {
            let wait = self.limits.take(cost);
            if wait.is_zero() {
                return Ok(());
            }
            if !self.has_time_for(wait) {
                return Err(GraphError::new(
                    Kind::Unavailable,
                    name,
                    "Graph's limits leave no time for it in this run",
                ));
            }
            self.clock.sleep(wait).await;
        }
    }

    fn has_time_for(&self, wait: Duration) -> bool {
        self.deadline.is_none_or(|deadline| Instant::now() + self.clock.in_real_time(wait) < deadline)
    }

    async fn send_once(&self, request: &Request<'_>, name: &str, resent: usize) -> Result<Vec<u8>> {
        let token = self.tokens.get().await?;
        let template = request.url.template();
        let mut call = Call::begin(request.method.as_str(), template, &self.root, resent, request.inner);
        let span = call.span();
        let result = self.exchange(&token, request, name, &mut call).instrument(span).await;
        call.end(result.as_ref().err().map(|error| error.kind.name()));
        result
    }

    async fn exchange(&self, token: &str, request: &Request<'_>, name: &str, call: &mut Call) -> Result<Vec<u8>> {
        let lost = |lost: Lost| {
            let unknown = request.is_write && lost.may_have_arrived;
            let kind = if unknown { Kind::OutcomeUnknown } else { Kind::Unavailable };
            GraphError::new(kind, name, lost.reason)
        };
        let message = self.message(token, request).map_err(|reason| GraphError::new(Kind::Refused, name, reason))?;
        let sent = self.clock.now();
        let mut response = self.transport.carry(message).await.map_err(lost)?;
        let status = response.status().as_u16();
        call.answered(status);
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let headers = Headers::read(header, self.clock.now());
        self.compare_clocks(header("date"), sent);
        self.limits.heard(&headers.said);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(Lost::because(&error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err(malformed(name, request.is_write, "the answer is larger than 32 MiB"));
            }
        }
        if (200..=299).contains(&status) {
            return Ok(body);
        }
        let error = GraphError::from_answer(name, request.is_write, status, &headers, &body);
        if error.kind == Kind::Throttled {
            self.limits.refused(request.url.cost(), &headers.said, error.retry_after);
            log_throttled(name, 1, error.retry_after);
        }
        Err(error)
    }

    /// The request as it goes over the wire.
    fn message(&self, token: &str, request: &Request<'_>) -> std::result::Result<reqwest::Request, String> {
        let url = match request.url {
            Target::Path(path) => {
                Url::parse(&format!("{}{}", self.base, path.as_str())).map_err(|error| error.to_string())?
            }
            Target::Link(link) => link.url.clone(),
        };
        let mut message = reqwest::Request::new(request.method.clone(), url);
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| error.to_string())?;
        bearer.set_sensitive(true);
        message.headers_mut().insert(AUTHORIZATION, bearer);
        message.headers_mut().insert("x-ms-throttle-priority", HeaderValue::from_static(self.priority));
        if let Some(body) = request.body {
            message.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *message.body_mut() = Some(body.to_string().into());
        }
        Ok(message)
    }
}

impl Target<'_> {
    const fn template(&self) -> &'static str {
        match self {
            Self::Path(path) => path.template(),
            Self::Link(link) => link.template,
        }
    }

    const fn cost(&self) -> Cost {
        match self {
            Self::Path(path) => path.cost(),
            Self::Link(link) => link.cost,
        }
    }
}

/// How far a clock that showed `date`, to the second, at some moment between `sent` and `answered` is ahead.
fn difference(date: Timestamp, sent: Timestamp, answered: Timestamp) -> SignedDuration {
    let (earliest, latest) = (date, date + SignedDuration::from_secs(1));
    match () {
        () if earliest > answered => earliest.duration_since(answered),
        () if latest < sent => latest.duration_since(sent),
        () => SignedDuration::ZERO,
    }
}

/// Tells the log that Graph refused for rate: one line for each of its answers, however many requests were in it. An alert
/// counts them.
pub(super) fn log_throttled(name: &str, refused: usize, retry_after: Option<Duration>) {
    tracing::info!(
        graph.request = name,
        graph.status = 429,
        graph.refused = refused,
        wait.seconds = retry_after.map(|wait| wait.as_secs_f64()),
        "Graph refused for rate"
    );
}

fn malformed(name: &str, is_write: bool, reason: impl Into<String>) -> GraphError {
    GraphError::new(if is_write { Kind::OutcomeUnknown } else { Kind::Malformed }, name, reason)
}

/// Decodes an answer; an error names the place in it and not its content. An empty one (204) says as much as null.
pub(super) fn decode<T: DeserializeOwned>(name: &str, is_write: bool, body: &[u8]) -> Result<T> {
    let body = if body.is_empty() { b"null" } else { body };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let unreadable = |place: String| malformed(name, is_write, format!("the answer could not be read at {place}"));
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| unreadable(place(error.path())))?;
    deserializer.end().map_err(|_| unreadable("its end".to_owned()))?;
    Ok(value)
}

/// A place in an answer. A key that is no name may be a text of Graph's.
fn place(path: &serde_path_to_error::Path) -> String {
    let part = |segment: &Segment| match segment {
        Segment::Map { key } if !is_name(key) => "…".to_owned(),
        segment => segment.to_string(),
    };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::super::fuzz::client;
    use super::super::model::{ObjectId, Page};
    use super::*;

    #[test]
    fn a_link_is_judged_by_where_it_leads() {
        let leads_here = |root: &str, url: &str| client(root).link(url, "/users/delta", Cost::default()).is_ok();
        let root = "https://graph.microsoft.us";
        for (url, expected) in [
            ("https://graph.microsoft.us/v1.0/users/delta?$deltatoken=a%2bb", true),
            ("https://graph.microsoft.us/v1.0/users/../groups/delta", true),
            ("https://graph.microsoft.us/v1.0/../beta/users", false),
            ("https://graph.microsoft.us/v1.0/%2e%2e/beta/users", false),
            ("https://graph.microsoft.us/v1.0", false),
            ("https://graph.microsoft.us/v1.0.evil/users", false),
            ("https://graph.microsoft.us.evil.example/v1.0/users", false),
            ("https://graph.microsoft.us@evil.example/v1.0/users", false),
            ("https://graph.microsoft.us:8443/v1.0/users", false),
            ("http://graph.microsoft.us/v1.0/users", false),
            ("/v1.0/users", false),
            ("", false),
        ] {
            assert_eq!(leads_here(root, url), expected, "{url}");
        }
        assert!(leads_here("http://127.0.0.1:1/root", "http://127.0.0.1:1/root/v1.0/users"));
        assert!(!leads_here("http://127.0.0.1:1/root", "http://127.0.0.1:1/v1.0/users"));
    }

    #[test]
    fn an_answer_is_read_to_its_end_and_an_error_shows_keys_of_graphs_and_no_address() {
        for (answer, place) in [
            (r#"{"value":[{"id":7}]}"#, "value.[0].id"),
            (r#"{"value":[],"@odata.nextLink":7}"#, "@odata.nextLink"),
            (r#"{"person-0001@fabrikam.us":"#, "…"),
            (r#"{"@person-0001@fabrikam":"#, "…"),
            (r#"{"person-0001@fabrikam":"#, "…"),
            ("{\"a\\nb\":", "…"),
            (r#"{"value":[]}{"error":{}}"#, "its end"),
        ] {
            let error = decode::<Page<ObjectId>>("GET /users", false, answer.as_bytes()).unwrap_err();
            let expected = format!("GET /users: the answer could not be read at {place}");
            assert_eq!(error.to_string(), expected, "{answer}");
        }
    }

    #[test]
    fn what_may_have_passed_on_the_way_is_no_difference_of_clocks() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (date, sent, answered, ahead) in
            [(100, 100, 100, 0), (100, 90, 110, 0), (100, 101, 102, 0), (100, 150, 160, -49), (200, 150, 160, 40)]
        {
            let found = difference(at(date), at(sent), at(answered));
            assert_eq!(found.as_secs(), ahead, "{date} between {sent} and {answered}");
        }
    }
}
