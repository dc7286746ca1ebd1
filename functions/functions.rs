//! The functions of the app, each with its route. The folders with `function.json` and the routes are held against each
//! other by a test.

use crate::handler::server::{App, function};
use crate::{failed, invite, reconcile, work};
use axum::routing::MethodRouter;
use std::sync::Arc;

/// Every function by name.
pub(crate) fn all() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("failed", function("message", failed::handle)),
        ("invite", function("timer", invite::handle)),
        ("reconcile", function("timer", reconcile::handle)),
        ("work", function("message", work::handle)),
    ]
}
