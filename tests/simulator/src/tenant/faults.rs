//! Faults that a test orders: answers that a request gets instead of its own.

use super::error::GraphError;
use super::request::Request;

/// Which requests a fault is for.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Option<&'static str>,
    path: String,
}

impl Matcher {
    /// Every request.
    pub fn any() -> Self {
        Self { method: None, path: String::new() }
    }

    /// Requests whose path below the version begins with `path`; requests inside a `$batch` count.
    pub fn path(path: &str) -> Self {
        Self { method: None, path: path.to_owned() }
    }

    /// `GET` of such a path.
    pub fn get(path: &str) -> Self {
        Self { method: Some("GET"), ..Self::path(path) }
    }

    /// `POST` to such a path.
    pub fn post(path: &str) -> Self {
        Self { method: Some("POST"), ..Self::path(path) }
    }

    /// `PATCH` of such a path.
    pub fn patch(path: &str) -> Self {
        Self { method: Some("PATCH"), ..Self::path(path) }
    }

    /// `DELETE` of such a path.
    pub fn delete(path: &str) -> Self {
        Self { method: Some("DELETE"), ..Self::path(path) }
    }

    fn matches(&self, request: &Request) -> bool {
        self.method.is_none_or(|method| request.method == method) && request.path.starts_with(&self.path)
    }
}

/// What happens to a request instead of its own answer.
#[derive(Clone, Debug)]
pub struct Fault {
    /// `None`: the connection is cut.
    pub(super) error: Option<GraphError>,
    pub(super) retry_after: Option<String>,
    pub(super) after_effect: bool,
}

impl Fault {
    /// An error answer.
    pub fn status(status: u16, code: &str) -> Self {
        let error = GraphError::new(status, code, "A fault that was ordered.");
        Self { error: Some(error), retry_after: None, after_effect: false }
    }

    /// The connection breaks before anything is answered. Inside a `$batch` that is the connection of the batch, whose
    /// other requests are carried out.
    pub fn disconnect() -> Self {
        Self { error: None, retry_after: None, after_effect: false }
    }

    /// With a `Retry-After`: Graph sends whole and fractional seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: &str) -> Self {
        self.retry_after = Some(seconds.to_owned());
        self
    }

    /// The request is carried out before its answer is lost.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }
}

/// The faults that are still to come, in the order in which they were ordered.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(usize, Matcher, Fault)>);

impl Faults {
    pub(super) fn order(&mut self, count: usize, matcher: Matcher, fault: Fault) {
        self.0.push((count, matcher, fault));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first one for this request, which is thereby used up.
    pub(super) fn take(&mut self, request: &Request) -> Option<Fault> {
        let (count, _, fault) = self.0.iter_mut().find(|(count, matcher, _)| *count > 0 && matcher.matches(request))?;
        *count -= 1;
        Some(fault.clone())
    }
}
