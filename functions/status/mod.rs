//! `GET /api/status`: how everything stands, without asking Graph. It changes nothing.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use serde_json::json;
use std::sync::Arc;
use usher_shared::journal::Journal;
use usher_shared::run::RunError;
use usher_shared::status;

/// Answers with the last runs, backlog, what is held, overdue and open circuits; or with why usher cannot start.
pub(crate) async fn handle(app: Arc<App>, _: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let usher = match app.started().await {
        Ok(usher) => usher,
        // A bad configuration does not mend itself, and here is where people look.
        Err(error) => {
            let error = json!({ "code": "cannot-start", "message": error.to_string(), "advice": "Correct it and deploy again." });
            return Ok(json_answer(500, &json!({ "version": env!("CARGO_PKG_VERSION"), "error": error })));
        }
    };
    let journal = Journal::open(usher.store.clone()).await.map_err(RunError::from)?;
    let status = status::read(usher.store.as_ref(), &usher.config, journal.memory(), usher.clock.now()).await?;
    Ok(json_answer(200, &status))
}
