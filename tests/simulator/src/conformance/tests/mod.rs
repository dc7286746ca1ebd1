//! What the check accepts and what it catches: on a small schema of its own, and on Microsoft's where they are there.

mod published;
mod small;

use serde_json::Value;

use crate::exchange::Exchange;

/// A GET that succeeded, without bodies; the target is path and query as written, spaces and quotes included.
fn get(target: &str) -> Exchange {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Exchange {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        request: None,
        status: 200,
        response: None,
        in_batch: false,
        eventual: false,
        priority: None,
    }
}

/// A request of any method that succeeded.
fn send(method: &str, target: &str, request: Value) -> Exchange {
    Exchange { method: method.to_owned(), request: Some(request), ..get(target) }
}

/// A request without a body.
fn bare(method: &str, target: &str) -> Exchange {
    Exchange { method: method.to_owned(), status: 204, ..get(target) }
}

impl Exchange {
    fn answered(mut self, status: u16, response: Value) -> Self {
        self.status = status;
        self.response = Some(response);
        self
    }
}
