//! `GET /api/openapi`: what can be called and what is answered, as an OpenAPI 3.1 document.
//!
//! - [`operation`]: one operation, as the function that serves it describes it.
//! - [`document`]: the document of all of them.

mod document;
mod operation;

pub(crate) use operation::Operation;

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/openapi", "openapi", "What can be called and what is answered")
            .answers::<Map<String, Value>>(200, "This document."),
    ]
}

/// Answers with the document. It needs neither configuration nor state.
pub(crate) async fn handle(_: Arc<App>, _: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    Ok(json_answer(200, &document::document()))
}
