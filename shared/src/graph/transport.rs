//! What carries a request to Graph and its answer back.
//!
//! Responsible for: connections, how long an answer may take, and telling a request that certainly never left from one whose
//! answer was lost. Not responsible for: what is sent, nor for sending it again; see [`super::client`].

use async_trait::async_trait;
use reqwest::{Request, Response};
use std::time::Duration;
use tokio::sync::OnceCell;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whether it may have reached Graph.
    pub may_have_arrived: bool,
    /// What happened, in our own words.
    pub reason: &'static str,
}

/// Carries requests. Redirects are not followed: they would carry the token elsewhere.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and waits until its answer begins.
    ///
    /// # Errors
    /// When there is none.
    async fn carry(&self, request: Request) -> Result<Response, Lost>;
}

impl Lost {
    /// What an error of the connection says.
    pub(super) fn because(error: &reqwest::Error) -> Self {
        let reason = if error.is_timeout() { "no answer in time" } else { "the connection failed" };
        Self { may_have_arrived: !error.is_connect(), reason }
    }
}

/// The network. Nothing is connected before the first request.
#[derive(Default)]
pub(super) struct Network {
    /// Whether what is spoken is not encrypted, as only tests do on their own machine.
    pub(super) plain: bool,
    http: OnceCell<reqwest::Client>,
}

impl Network {
    pub(super) fn new(plain: bool) -> Self {
        Self { plain, ..Self::default() }
    }

    fn connect(&self) -> reqwest::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")));
        if self.plain {
            builder = builder.no_proxy();
        }
        builder.build()
    }
}

#[async_trait]
impl Transport for Network {
    async fn carry(&self, request: Request) -> Result<Response, Lost> {
        let http = self.http.get_or_try_init(|| async { self.connect() }).await;
        let unset = |_| Lost { may_have_arrived: false, reason: "the connection could not be set up" };
        http.map_err(unset)?.execute(request).await.map_err(|error| Lost::because(&error))
    }
}
