//! Faults that a test orders: answers that a request gets instead of its own, or that are damaged on the way.

use super::error::GraphError;
use super::request::{Answer, Payload, Request};
use serde_json::Value;

/// Which requests a fault is for.
#[derive(Clone, Debug)]
pub struct Matcher {
    method: Option<&'static str>,
    path: String,
    /// Nothing may be below the path but a type.
    is_whole: bool,
}

impl Matcher {
    /// Every request.
    pub fn any() -> Self {
        Self::path("")
    }

    /// Requests whose path below the version begins with `path`; requests inside a `$batch` count.
    pub fn path(path: &str) -> Self {
        Self { method: None, path: path.to_owned(), is_whole: false }
    }

    /// `GET` of such a path.
    pub fn get(path: &str) -> Self {
        Self { method: Some("GET"), ..Self::path(path) }
    }

    /// `GET` of this collection, page by page, whole or restricted to a type; nothing else that is below the path.
    pub fn pages(path: &str) -> Self {
        Self { is_whole: true, ..Self::get(path) }
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

    /// `POST /$batch`: the fault is for the batch as a whole.
    pub fn batch() -> Self {
        Self::post("/$batch")
    }

    fn matches(&self, request: &Request) -> bool {
        let below = request.path.strip_prefix(&self.path);
        self.method.is_none_or(|method| request.method == method)
            && below.is_some_and(|below| !self.is_whole || below.is_empty() || below.starts_with("/microsoft.graph."))
    }
}

/// What happens to an answer on the way. Inside a `$batch` it happens to the answer of the batch, and the worst of
/// several is what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Damage {
    /// The body ends early, and its length says so.
    Truncated,
    /// The connection ends in the middle of the body.
    CutShort,
    /// A page of somebody on the way, with status 200.
    Html,
    /// The connection is cut.
    Lost,
}

/// What happens to a request instead of its own answer.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) after_effect: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Error(GraphError),
    Damage(Damage),
    /// The page is the last, with so many of its items.
    LastPage(usize),
}

impl Fault {
    /// An error answer.
    pub fn status(status: u16, code: &str) -> Self {
        Self::error(GraphError::new(status, code, "A fault that was ordered."))
    }

    /// 409: somebody else changes the object at the same time; it works a moment later.
    pub fn concurrency_violation() -> Self {
        Self::error(GraphError::new(
            409,
            "Directory_ConcurrencyViolation",
            "A conflicting object with one or more of the specified property values is present in the directory.",
        ))
    }

    /// The connection breaks before anything is answered. Inside a `$batch` that is the connection of the batch, whose
    /// other requests are carried out.
    pub fn disconnect() -> Self {
        Self::damage(Damage::Lost)
    }

    /// The request is carried out, and half of the answer's body arrives as if it were all.
    pub fn truncated() -> Self {
        Self::damage(Damage::Truncated).after_effect()
    }

    /// The request is carried out, and the connection breaks in the middle of the answer's body.
    pub fn cut_short() -> Self {
        Self::damage(Damage::CutShort).after_effect()
    }

    /// Something on the way answers 200 with a page of HTML.
    pub fn html() -> Self {
        Self::damage(Damage::Html)
    }

    /// The request is carried out, and its page of a collection is the last one without a word of why: of its items it
    /// has the first `items`, and it has no link to the next. `@odata.count` stays. What is not a page stays as it is.
    pub fn ends_early(items: usize) -> Self {
        Self { kind: Kind::LastPage(items), after_effect: true }
    }

    /// With a `Retry-After`: Graph sends whole and fractional seconds. Errors only.
    #[must_use]
    pub fn retry_after(mut self, seconds: &str) -> Self {
        if let Kind::Error(error) = &mut self.kind {
            error.headers.push(("retry-after", seconds.to_owned()));
        }
        self
    }

    /// With words of Graph's: errors whose code is not documented are told apart by them. Errors only.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        if let Kind::Error(error) = &mut self.kind {
            message.clone_into(&mut error.message);
        }
        self
    }

    /// The request is carried out before its answer is lost.
    #[must_use]
    pub fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    fn error(error: GraphError) -> Self {
        Self { kind: Kind::Error(error), after_effect: false }
    }

    fn damage(damage: Damage) -> Self {
        Self { kind: Kind::Damage(damage), after_effect: false }
    }
}

/// The page as the last one of its collection.
pub(super) fn last_page(mut answer: Answer, items: usize) -> Answer {
    let mut body = answer.body.map(Payload::into_tree);
    if let Some(Value::Object(page)) = &mut body
        && let Some(Value::Array(all)) = page.get_mut("value")
    {
        all.truncate(items);
        page.remove("@odata.nextLink");
    }
    answer.body = body.map(Payload::Tree);
    answer
}

/// The faults that are still to come, in the order in which they were ordered.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Order>);

#[derive(Debug)]
struct Order {
    /// So many matching requests go unharmed first.
    skip: usize,
    count: usize,
    matcher: Matcher,
    fault: Fault,
}

impl Faults {
    pub(super) fn order(&mut self, skip: usize, count: usize, matcher: Matcher, fault: Fault) {
        self.0.push(Order { skip, count, matcher, fault });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first one for this request, which is thereby used up.
    pub(super) fn take(&mut self, request: &Request) -> Option<Fault> {
        let mut due = None;
        for order in self.0.iter_mut().filter(|order| order.matcher.matches(request)) {
            if order.skip > 0 {
                order.skip -= 1;
            } else if due.is_none() {
                due = Some(order.fault.clone());
                order.count -= 1;
            }
        }
        self.0.retain(|order| order.count > 0);
        due
    }
}
