//! One message on its way to one webhook.
//!
//! Responsible for: who is to get messages, sending one, sending it again where that helps, and what became of it. An
//! answer of the 2xx family says that the message was taken, never that anybody sees it. What may have arrived without an
//! answer is sent once more at most, and not at all after a silence. Not responsible for: what is in it; see
//! [`super::card`].

use super::address::{Address, AddressFault};
use crate::clock::Clock;
use crate::config::{Config, TEAMS_WEBHOOK_URL};
use crate::graph::error::parse_retry_after;
use crate::report::ErrorReport;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Waits between tries when the other side names none.
const BACKOFF: [Duration; MAX_TRIES - 1] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];
const MAX_TRIES: usize = 4;
/// All waits together. A report is not worth more of a run's time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a webhook takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A card in the message of Teams Workflows.
    TeamsCard,
    /// A JSON document.
    PlainJson,
}

/// Somebody who gets messages. Known by the environment variable that holds the URL, which is shown nowhere.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The variable's name.
    pub name: String,
    /// What it takes.
    pub format: Format,
    address: Result<Address, AddressFault>,
}

impl Receiver {
    /// All whom the configuration names and whose variables are set, each once: the Teams channel first.
    pub fn all(config: &Config) -> Vec<Self> {
        let plain = config.report.webhooks.iter().map(|name| (name.as_str(), Format::PlainJson));
        let mut seen = BTreeSet::new();
        [(TEAMS_WEBHOOK_URL, Format::TeamsCard)]
            .into_iter()
            .chain(plain)
            .filter(|(name, _)| seen.insert(*name))
            .filter_map(|(name, format)| {
                let address = Address::check(config.secret(name)?, format, config);
                Some(Self { name: name.to_owned(), format, address })
            })
            .collect()
    }

    /// Why nothing can be sent to it, when its URL is not one to send to.
    pub fn fault(&self) -> Option<AddressFault> {
        self.address.as_ref().err().copied()
    }
}

/// What became of one message for one receiver, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// The receiver's environment variable.
    pub receiver: String,
    /// When it was over.
    pub at: Timestamp,
    /// How often it was sent.
    pub tries: usize,
    /// Whether it was taken.
    pub arrival: Arrival,
    /// Why it was not, or why nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// Whether a message was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// It was. Whether the workflow then posts it shows in its run history only.
    Accepted,
    /// It was not.
    Refused,
    /// It may have been: there was no answer, or one that leaves it open.
    Unknown,
}

/// Why a message was not taken. Never shows the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The URL is not one to send to.
    #[error("{0}")]
    Address(#[from] AddressFault),
    /// An answer that another try does not change.
    #[error("it answered {0}")]
    Refused(u16),
    /// An answer that asks to come again.
    #[error("it answered {status}{}", asked(*.retry_after))]
    ComeAgain {
        /// 408, 429 or 5xx.
        status: u16,
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// No connection: nothing was sent.
    #[error("no connection{}", because(*.0))]
    Unreachable(Option<io::ErrorKind>),
    /// The connection broke, and no answer came.
    #[error("the connection broke before an answer")]
    Lost,
    /// It was sent, and no answer came in time.
    #[error("no answer within {} seconds", REQUEST_TIMEOUT.as_secs())]
    Silence,
}

fn asked(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(" and asked for {} seconds", wait.as_secs()))
}

fn because(kind: Option<io::ErrorKind>) -> String {
    kind.map_or_else(String::new, |kind| format!(": {kind}"))
}

impl SendError {
    /// Whether the message may have been taken all the same.
    const fn leaves_doubt(&self) -> bool {
        match self {
            Self::Address(_) | Self::Refused(_) | Self::Unreachable(_) => false,
            Self::ComeAgain { status, .. } => *status >= 500,
            Self::Lost | Self::Silence => true,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Address(_) => "webhook-url".to_owned(),
            Self::Refused(status) | Self::ComeAgain { status, .. } => format!("http-{status}"),
            Self::Unreachable(_) => "no-connection".to_owned(),
            Self::Lost | Self::Silence => "no-answer".to_owned(),
        }
    }

    const fn is_transient(&self) -> bool {
        !matches!(self, Self::Address(_) | Self::Refused(_))
    }

    /// What to do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Address(fault) => fault.advice(),
            Self::Refused(300..=399) => "The URL leads elsewhere, which is not followed: copy the webhook's URL again.",
            Self::Refused(400) => {
                "See in the workflow's run history what it objects to, that it is switched on, and that it begins with \
                 \"When a Teams webhook request is received\"."
            }
            Self::Refused(401 | 403) => {
                "The signature is not this workflow's, or it wants its callers to sign in: let anyone trigger it, and \
                 copy its URL again."
            }
            Self::Refused(404 | 410) => "The workflow is gone or has a new URL: copy its URL again.",
            Self::Refused(413) => {
                "The receiver takes no message of this size; what it should have said is in the status."
            }
            Self::Refused(_) => "See at the receiver what it objects to.",
            Self::ComeAgain { .. } | Self::Lost | Self::Silence => {
                "Nothing to do: the next report is sent as usual. If it lasts, see whether the service has trouble."
            }
            Self::Unreachable(_) => {
                "Check that the host exists, that the app's network lets it out there, and that nothing on the way puts \
                 another certificate in the place of the host's."
            }
        }
    }

    /// How it is told to people and programs.
    pub fn report(&self, receiver: &str) -> ErrorReport {
        ErrorReport {
            code: self.code(),
            message: format!("The message for {receiver} was not taken: {self}."),
            advice: self.advice().to_owned(),
            transient: self.is_transient(),
        }
    }

    /// How long to wait before the try after this many; `None` when there is to be none.
    fn wait(&self, tries: usize, in_doubt: bool) -> Option<Duration> {
        let backoff = BACKOFF.get(tries - 1).copied();
        match self {
            Self::ComeAgain { retry_after, .. } => backoff.map(|backoff| retry_after.unwrap_or(backoff)),
            Self::Unreachable(_) => backoff,
            // It may have arrived: once more is better than never, and twice is enough.
            Self::Lost if !in_doubt => backoff,
            // Whoever was silent for so long has probably taken it, and would cost as much time again.
            Self::Lost | Self::Silence | Self::Address(_) | Self::Refused(_) => None,
        }
    }
}

/// Sends the message, and says what became of it. Takes a bit more than a minute at most.
pub(super) async fn deliver(receiver: &Receiver, message: &str, clock: &Clock) -> Delivery {
    let name = &receiver.name;
    let Sent { tries, arrival, error } = send(receiver, message, clock).await;
    match &error {
        None => tracing::info!(webhook.variable = name, webhook.tries = tries, "a report was accepted"),
        Some(error) => {
            tracing::warn!(webhook.variable = name, webhook.tries = tries, "a report was not accepted: {error}");
        }
    }
    let error = error.map(|error| error.report(name));
    Delivery { receiver: name.clone(), at: clock.now(), tries, arrival, error }
}

struct Sent {
    tries: usize,
    arrival: Arrival,
    error: Option<SendError>,
}

/// Sends the message until it is taken or no further try helps.
async fn send(receiver: &Receiver, message: &str, clock: &Clock) -> Sent {
    let unsent = |error| Sent { tries: 0, arrival: Arrival::Refused, error: Some(error) };
    let address = match &receiver.address {
        Ok(address) => address,
        Err(fault) => return unsent(SendError::Address(*fault)),
    };
    let Ok(http) = connect(address) else {
        return unsent(SendError::Unreachable(None));
    };
    let mut waited = Duration::ZERO;
    let mut tries = 0;
    let mut in_doubt = false;
    loop {
        tries += 1;
        let Err(error) = send_once(&http, address, message, clock).await else {
            return Sent { tries, arrival: Arrival::Accepted, error: None };
        };
        let wait = error.wait(tries, in_doubt).filter(|wait| waited.saturating_add(*wait) <= LONGEST_WAIT);
        in_doubt |= error.leaves_doubt();
        let Some(wait) = wait else {
            let arrival = if in_doubt { Arrival::Unknown } else { Arrival::Refused };
            return Sent { tries, arrival, error: Some(error) };
        };
        let (name, seconds) = (&receiver.name, wait.as_secs_f64());
        tracing::info!(webhook.variable = name, wait.seconds = seconds, "a report was not accepted: {error}; waiting");
        clock.sleep(wait).await;
        waited += wait;
    }
}

async fn send_once(http: &reqwest::Client, address: &Address, message: &str, clock: &Clock) -> Result<(), SendError> {
    let request = http.post(address.url().clone()).header(CONTENT_TYPE, "application/json; charset=utf-8");
    // The client's errors name the URL; nothing of them is shown.
    let answer = request.body(message.to_owned()).send().await.map_err(|error| match () {
        () if error.is_connect() => SendError::Unreachable(io_kind(&error)),
        () if error.is_timeout() => SendError::Silence,
        () => SendError::Lost,
    })?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        status @ (408 | 429 | 500..=599) => {
            let header = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = header.and_then(|value| parse_retry_after(value, clock.now()));
            Err(SendError::ComeAgain { status, retry_after })
        }
        status => Err(SendError::Refused(status)),
    }
}

/// A client for one message: reports are rare. Connections are not kept between tries; one that died meanwhile would leave
/// a doubt where there is none.
fn connect(address: &Address) -> reqwest::Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")));
    if address.url().scheme() == "http" {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Why the network refused, in the words of the standard library, which know no URL.
fn io_kind(error: &reqwest::Error) -> Option<io::ErrorKind> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = cause.source();
    }
    None
}
