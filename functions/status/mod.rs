//! `GET /api/status`: how everything stands, without asking Graph. It changes nothing.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::openapi::Operation;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use usher_shared::journal::Journal;
use usher_shared::report::ErrorReport;
use usher_shared::run::RunError;
use usher_shared::status::{self, Status};

/// The answer of an app that cannot start.
#[derive(Serialize, JsonSchema)]
struct CannotStart {
    /// usher's version.
    version: &'static str,
    /// Why, with every error of the configuration.
    error: ErrorReport,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/status", "status", "How everything stands; changes nothing and asks Graph nothing")
            .answers::<Status>(200, "The last runs, backlog, what is held, overdue and open circuits.")
            .answers::<CannotStart>(
                500,
                "The configuration cannot be used. Where usher could not even answer, the body is empty.",
            ),
    ]
}

/// Answers with the last runs, backlog, what is held, overdue and open circuits; or with why usher cannot start.
pub(crate) async fn handle(app: Arc<App>, _: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let usher = match app.started().await {
        Ok(usher) => usher,
        // A bad configuration does not mend itself, and here is where people look.
        Err(error) => {
            let error = ErrorReport {
                code: "cannot-start".to_owned(),
                message: error.to_string(),
                advice: "Correct it and deploy again.".to_owned(),
                transient: false,
            };
            return Ok(json_answer(500, &CannotStart { version: env!("CARGO_PKG_VERSION"), error }));
        }
    };
    let journal = Journal::open(usher.store.clone()).await.map_err(RunError::from)?;
    let status = status::read(usher.store.as_ref(), &usher.config, journal.memory(), usher.clock.now()).await?;
    Ok(json_answer(200, &status))
}
