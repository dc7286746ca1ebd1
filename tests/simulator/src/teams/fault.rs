//! Faults that a test orders: what a request to a webhook gets instead of its own answer.

use super::Hook;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION, RETRY_AFTER};
use axum::response::{Html, IntoResponse, Response};
use std::collections::VecDeque;

/// What happens to a request.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: Kind,
    pub(super) after_effect: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    Status(u16, Option<(HeaderName, String)>),
    Html,
    Disconnect,
    Silence,
}

/// How a fault is carried out.
pub(super) enum Outcome {
    Answer(Response),
    Cut,
    Silence,
}

impl Fault {
    /// An answer with this status. Nothing is taken, whatever it says.
    pub const fn status(status: u16) -> Self {
        Self::of(Kind::Status(status, None))
    }

    /// An answer with this status that asks to wait.
    pub fn retry_after(status: u16, value: &str) -> Self {
        Self::of(Kind::Status(status, Some((RETRY_AFTER, value.to_owned()))))
    }

    /// An answer that leads elsewhere.
    pub fn redirect(status: u16, url: &str) -> Self {
        Self::of(Kind::Status(status, Some((LOCATION, url.to_owned()))))
    }

    /// Something on the way answers 200 with a page of its own.
    pub const fn html() -> Self {
        Self::of(Kind::Html)
    }

    /// The connection breaks without an answer.
    pub const fn disconnect() -> Self {
        Self::of(Kind::Disconnect)
    }

    /// There is never an answer, and the connection stays.
    pub const fn silence() -> Self {
        Self::of(Kind::Silence)
    }

    /// The message is taken first, so that only its answer is lost.
    #[must_use]
    pub const fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, after_effect: false }
    }

    pub(super) fn carry_out(&self) -> Outcome {
        match &self.kind {
            Kind::Status(status, header) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut answer = status.into_response();
                if let Some((name, value)) = header
                    && let Ok(value) = value.parse()
                {
                    answer.headers_mut().insert(name, value);
                }
                Outcome::Answer(answer)
            }
            Kind::Html => Outcome::Answer(Html("<html><body>Sign in to this network.</body></html>").into_response()),
            Kind::Disconnect => Outcome::Cut,
            Kind::Silence => Outcome::Silence,
        }
    }
}

/// The faults that are still to come, in the order in which they were ordered.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Hook, Fault)>);

impl Faults {
    pub(super) fn order(&mut self, hook: Hook, times: usize, fault: Fault) {
        self.0.extend(std::iter::repeat_n((hook, fault), times));
    }

    /// The next one for this webhook, which is thereby used up.
    pub(super) fn take(&mut self, hook: Hook) -> Option<Fault> {
        let place = self.0.iter().position(|(one, _)| *one == hook)?;
        self.0.remove(place).map(|(_, fault)| fault)
    }
}
