//! `GET /api/people/{id}` and `POST /api/people`: why one person is treated as they are.
//!
//! An address comes in the body of a POST, because the path gets into request logs of the platform.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use serde::Deserialize;
use std::sync::Arc;
use usher_shared::address::Address;
use usher_shared::people::observe::Whom;

/// The body of a POST.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    address: String,
}

/// Answers with what `usher explain` prints.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let whom = whom(&invocation.payload)?;
    let usher = app.usher().await?;
    let explanations = usher.explain(&whom, usher.clock.now()).await?;
    let first = explanations.first().ok_or_else(Problem::internal)?;
    Ok(json_answer(200, first))
}

fn whom(request: &HttpRequest) -> Result<Whom, Problem> {
    match (request.method(), request.parameter("id")) {
        ("GET", Some(id)) => id.parse().map(Whom::Id).map_err(|_| {
            Problem::new(400, "no-object-id", "Name the person by object id; an address goes into the body of a POST.")
        }),
        ("POST", None) => {
            let Asked { address } = request.json()?;
            let parsed = Address::parse(address.trim());
            parsed.map(Whom::Address).map_err(|_| Problem::new(400, "no-address", "That is no mail address."))
        }
        _ => Err(Problem::not_found()),
    }
}
