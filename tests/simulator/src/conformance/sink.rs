//! Collects the differences of one exchange.
//!
//! Responsible for: putting each at its place. Not responsible for: counting or explaining them.

use super::difference::{Difference, Part};

/// Knows which exchange is being looked at, so that whoever finds something need not.
pub(super) struct Sink<'e> {
    method: &'e str,
    path: &'e str,
    found: Vec<Difference>,
}

impl<'e> Sink<'e> {
    pub(super) fn new(method: &'e str, path: &'e str) -> Self {
        Self { method, path, found: Vec::new() }
    }

    pub(super) fn add(&mut self, part: Part, at: impl ToString, says: impl ToString, found: impl ToString) {
        self.found.push(Difference {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            part,
            at: at.to_string(),
            says: says.to_string(),
            found: found.to_string(),
        });
    }

    pub(super) fn into_differences(self) -> Vec<Difference> {
        self.found
    }
}
