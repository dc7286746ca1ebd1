//! The functions of the app, each with its route, and what they answer over HTTP. The folders with `function.json`, the
//! routes and the operations are held against each other by tests.

use crate::handler::server::{App, function, http};
use crate::openapi::{self, Operation};
use crate::{approve, failed, invite, people, plans, provision, reconcile, run, status, summary, work};
use axum::routing::MethodRouter;
use std::sync::Arc;

/// Every function by name.
pub(crate) fn all() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("approve", http(approve::handle)),
        ("failed", function("message", failed::handle)),
        ("invite", function("timer", invite::handle)),
        ("openapi", http(openapi::handle)),
        ("people", http(people::handle)),
        ("plans", http(plans::handle)),
        ("provision", http(provision::handle)),
        ("reconcile", function("timer", reconcile::handle)),
        ("run", http(run::handle)),
        ("status", http(status::handle)),
        ("summary", function("timer", summary::handle)),
        ("work", function("message", work::handle)),
    ]
}

/// Every operation over HTTP, as the functions describe them.
pub(crate) fn operations() -> Vec<Operation> {
    let functions = [
        approve::operations(),
        openapi::operations(),
        people::operations(),
        plans::operations(),
        provision::operations(),
        run::operations(),
        status::operations(),
    ];
    functions.into_iter().flatten().collect()
}
