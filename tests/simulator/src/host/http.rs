//! HTTP triggers: the host's front door.
//!
//! Responsible for: routes, keys, the request as data, and a listener for callers outside the test.
//!
//! Not responsible for: what Azure's front end does before the host (sign-in, TLS, its 230 s limit).

use super::function::{Function, HttpTrigger, Level, Trigger};
use super::route::Parameters;
use super::{Host, Inner, envelope, listener};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use url::form_urlencoded;

const CLAIMS: &str = "http://schemas.microsoft.com/2017/07/functions/claims";
/// Headers whose spelling Kestrel corrects; others arrive as they were sent.
const KNOWN_HEADERS: [&str; 8] = [
    "Accept",
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Host",
    "Transfer-Encoding",
    "User-Agent",
    "X-Forwarded-For",
];

/// A key that callers show in `x-functions-key` or `?code=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionKey {
    /// Its name, which the handler learns.
    pub name: String,
    /// The secret.
    pub value: String,
    /// The function that it opens; `None` for a host key, which opens all of level `function`.
    pub function: Option<String>,
}

/// What the host answers a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The headers, names as they were given.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// One request from outside.
struct Request<'a> {
    method: String,
    target: &'a str,
    headers: BTreeMap<String, Vec<String>>,
    query: BTreeMap<String, String>,
    body: &'a [u8],
}

impl HttpAnswer {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        let mut answer = Self::empty(status);
        answer.body = body.into();
        answer.set_header("Content-Type", "text/plain; charset=utf-8".to_owned());
        answer
    }

    pub(super) fn set_header(&mut self, name: &str, value: String) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
    }

    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Result<Value> {
        serde_json::from_slice(&self.body)
    }
}

impl Host {
    /// Calls the app from outside. `target` is path and query; Content-Length is added to a body unless the headers say
    /// `Transfer-Encoding`, and then, as in the real host, the handler does not get the body.
    pub async fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> HttpAnswer {
        let request = Request::new(method, target, headers, body.as_ref());
        self.0.answer(&request).await
    }

    /// Listens on a free port of 127.0.0.1 for callers outside the test, as long as this host lives.
    pub async fn listen(&self) -> Result<SocketAddr> {
        let (address, task) = listener::start(Arc::downgrade(&self.0)).await?;
        self.0.listeners.lock().push(task);
        Ok(address)
    }
}

impl Inner {
    async fn answer(&self, request: &Request<'_>) -> HttpAnswer {
        if self.ensure_running().is_err() {
            return HttpAnswer::empty(503);
        }
        let Some((function, trigger, parameters)) = self.route(request) else {
            return HttpAnswer::empty(404);
        };
        let (level, key) = self.authenticate(request, function);
        if level < trigger.level {
            return HttpAnswer::empty(401);
        }
        let mut metadata = Map::new();
        let joined: BTreeMap<&String, String> =
            (request.headers.iter()).map(|(name, values)| (name, values.join(","))).collect();
        metadata.insert("Headers".to_owned(), json!(joined));
        metadata.insert("Query".to_owned(), json!(request.query));
        let data = request.data(&parameters, &identities(level, key));
        let now = self.clock.now();
        let envelope = envelope::envelope(&function.name, now, &trigger.binding, data, metadata);
        let (_, answer) = self.invoke(function, &envelope).await;
        answer.unwrap_or_else(|| HttpAnswer::empty(500))
    }

    fn route(&self, request: &Request<'_>) -> Option<(&Function, &HttpTrigger, Parameters)> {
        let mut segments = request.segments();
        for prefix in self.config.route_prefix.split('/').filter(|part| !part.is_empty()) {
            if segments.is_empty() || !segments.remove(0).eq_ignore_ascii_case(prefix) {
                return None;
            }
        }
        let matching = self.functions.iter().filter_map(|function| {
            let Trigger::Http(trigger) = &function.trigger else {
                return None;
            };
            let allowed = trigger.methods.is_empty() || trigger.methods.contains(&request.method);
            let parameters = trigger.route.matches(&segments)?;
            allowed.then_some((function, trigger, parameters))
        });
        matching.min_by(|(_, a, _), (_, b, _)| a.route.precedence().cmp(&b.route.precedence()))
    }

    /// The level of the key that was shown, and its name; the header wins over the query.
    fn authenticate(&self, request: &Request<'_>, function: &Function) -> (Level, Option<&str>) {
        let shown = request.header("x-functions-key");
        let Some(shown) = shown.or_else(|| request.query.get("code").map(String::as_str)) else {
            return (Level::Anonymous, None);
        };
        if shown == self.master_key {
            return (Level::Admin, Some("master"));
        }
        let key = self
            .keys
            .iter()
            .find(|key| key.value == shown && key.function.as_ref().is_none_or(|name| *name == function.name));
        match key {
            Some(key) => (Level::Function, Some(&key.name)),
            None => (Level::Anonymous, None),
        }
    }
}

impl<'a> Request<'a> {
    fn new(method: &str, target: &'a str, headers: &[(&str, &str)], body: &'a [u8]) -> Self {
        let mut request =
            Self { method: method.to_uppercase(), target, headers: BTreeMap::new(), query: BTreeMap::new(), body };
        for (name, value) in headers {
            request.add_header(name, value);
        }
        if request.header("Host").is_none() {
            request.add_header("Host", "localhost");
        }
        if !body.is_empty()
            && request.header("Transfer-Encoding").is_none()
            && request.header("Content-Length").is_none()
        {
            request.add_header("Content-Length", &body.len().to_string());
        }
        let query = target.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = request.query.entry(name.into_owned());
            known.and_modify(|known| *known = format!("{known},{value}")).or_insert(value.into_owned());
        }
        request
    }

    fn add_header(&mut self, name: &str, value: &str) {
        let known = KNOWN_HEADERS.into_iter().chain(self.headers.keys().map(String::as_str));
        let name = known.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned();
        self.headers.entry(name).or_default().push(value.to_owned());
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, values) = headers.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        values.first().map(String::as_str)
    }

    /// The path's segments, percent-decoded.
    fn segments(&self) -> Vec<String> {
        let path = self.target.split('?').next().unwrap_or_default();
        path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    fn data(&self, parameters: &Parameters, identities: &Value) -> Value {
        let host = self.header("Host").unwrap_or_default();
        let mut data = json!({
            "Url": format!("https://{host}{}", self.target),
            "Method": self.method,
            "Query": self.query,
            "Headers": self.headers,
            "Params": parameters,
            "Identities": identities,
        });
        let length = self.header("Content-Length").and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > 0) {
            let kind = self.header("Content-Type").unwrap_or_default().to_lowercase();
            let binary = kind.starts_with("application/octet-stream") || kind.starts_with("multipart/");
            data["Body"] = match binary {
                true => json!(STANDARD.encode(self.body)),
                false => json!(String::from_utf8_lossy(self.body)),
            };
        }
        data
    }
}

/// The caller as .NET writes a `ClaimsIdentity`; without a key an empty one.
fn identities(level: Level, key: Option<&str>) -> Value {
    let claim = |kind: &str, value: &str| {
        json!({
            "Issuer": "LOCAL AUTHORITY",
            "OriginalIssuer": "LOCAL AUTHORITY",
            "Properties": {},
            "Type": format!("{CLAIMS}/{kind}"),
            "Value": value,
            "ValueType": "http://www.w3.org/2001/XMLSchema#string",
        })
    };
    let level = if level == Level::Admin { "Admin" } else { "Function" };
    let claims = key.map(|name| vec![claim("authlevel", level), claim("invoke", "true"), claim("keyid", name)]);
    json!([{
        "AuthenticationType": claims.as_ref().map(|_| "WebJobsAuthLevel"),
        "IsAuthenticated": claims.is_some(),
        "Actor": null,
        "BootstrapContext": null,
        "Claims": claims.unwrap_or_default(),
        "Label": null,
        "Name": null,
        "NameClaimType": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "RoleClaimType": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    }])
}

/// Percent-decodes one segment of a path.
fn decode(segment: &str) -> String {
    // As a form value, but for the plus sign, which stands for itself in a path.
    let form = format!("={}", segment.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
