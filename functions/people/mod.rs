//! `GET /api/people/{id}` and `POST /api/people`: why one person is treated as they are.
//!
//! An address comes in the body of a POST, because the path gets into request logs of the platform.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::openapi::Operation;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use usher_shared::address::Address;
use usher_shared::ids::UserId;
use usher_shared::people::explain::Explanation;
use usher_shared::people::observe::Whom;
use usher_shared::provision::LONGEST_ADDRESS;

/// The body of a POST.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// An address of the person.
    #[schemars(with = "Address", extend("maxLength" = LONGEST_ADDRESS))]
    address: String,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    const ANSWER: &str = "Every rule with its evidence; state `absent` where there is no such person.";
    vec![
        Operation::get("/api/people/{id}", "person", "Why one person is treated as they are")
            .parameter::<UserId>("id", "The person's object id.")
            .answers::<Explanation>(200, ANSWER)
            .refuses(400, "no-object-id"),
        Operation::post("/api/people", "personByAddress", "The same by address, which so stays out of request logs")
            .takes::<Asked>()
            .answers::<Explanation>(200, ANSWER)
            .refuses(400, "no-address"),
    ]
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
            let text = address.trim();
            let parsed = Address::parse(text).ok().filter(|_| text.chars().count() <= LONGEST_ADDRESS);
            parsed.map(Whom::Address).ok_or_else(|| Problem::new(400, "no-address", "That is no mail address."))
        }
        _ => Err(Problem::not_found()),
    }
}
