//! The functions of the app, each with its route. The folders with `function.json` and the routes are held against each
//! other by a test.

use crate::handler::server::{App, function, http};
use crate::{approve, failed, invite, people, plans, provision, reconcile, run, status, work};
use axum::routing::MethodRouter;
use std::sync::Arc;

/// Every function by name.
pub(crate) fn all() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("approve", http(approve::handle)),
        ("failed", function("message", failed::handle)),
        ("invite", function("timer", invite::handle)),
        ("people", http(people::handle)),
        ("plans", http(plans::handle)),
        ("provision", http(provision::handle)),
        ("reconcile", function("timer", reconcile::handle)),
        ("run", http(run::handle)),
        ("status", http(status::handle)),
        ("work", function("message", work::handle)),
    ]
}
