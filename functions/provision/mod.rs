//! `POST /api/provision` and `GET /api/provision/{id}`: people brought in, or retired, now.
//!
//! Responsible for: reading what is asked, and answering in time: after [`PATIENCE`] the caller is told where the answer will
//! be. Not responsible for: doing it; see [`usher_shared::provision`].

use crate::handler::http::{json_answer, json_answer_with};
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::openapi::Operation;
use crate::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::Instrument;
use usher_shared::address::Address;
use usher_shared::config::Config;
use usher_shared::ids::UserId;
use usher_shared::journal::record::Job;
use usher_shared::people::request::Wish;
use usher_shared::provision::desk::{self, PlaceError, RequestId, State};
use usher_shared::provision::{Answer, AskError, Asked, LONGEST_ADDRESS, MOST_PEOPLE};
use usher_shared::telemetry;
use usher_shared::until::Until;

/// How long a caller waits at most.
const PATIENCE: Duration = Duration::from_secs(20);
/// When to look again for an answer.
const LOOK_AGAIN: &str = "5";
/// No key that names a request is longer.
const LONGEST_KEY: usize = 255;

/// The body of a POST.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The partner's name; may be left out where the addresses tell.
    #[serde(default)]
    partner: Option<String>,
    /// Addresses and object ids, 1 to 50.
    #[schemars(with = "Vec<Named>", extend("minItems" = 1, "maxItems" = MOST_PEOPLE))]
    people: Vec<String>,
    /// What shall happen.
    #[serde(default)]
    action: Wish,
    /// Only tell what would be done.
    #[serde(default)]
    dry_run: bool,
    /// Post the answer to the Teams channel too.
    #[serde(default)]
    notify: bool,
}

/// Somebody, by object id or by address.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema; the texts are read by `Asked::of`")]
enum Named {
    /// By object id.
    Id(UserId),
    /// By address.
    Address(#[schemars(extend("maxLength" = LONGEST_ADDRESS))] Address),
}

/// Part of a key that names a request.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "for the schema; headers are read by `key_part`")]
struct KeyPart(#[schemars(length(min = 1, max = LONGEST_KEY), regex(pattern = "[^ \t]"))] String);

/// The answer while there is none.
#[derive(Serialize, JsonSchema)]
struct Waiting {
    /// The request's id.
    #[schemars(with = "RequestId")]
    id: String,
    /// Always `waiting`.
    #[schemars(extend("const" = "waiting"))]
    state: &'static str,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    const LATER: &str = "It takes longer; the answer will be where `Location` says.";
    const ANSWER: &str = "What became of each person, step by step, or why nothing was done.";
    vec![
        Operation::post("/api/provision", "provision", "Bring people in, or retire them, now")
            .header::<KeyPart>("Idempotency-Key", "A key of the caller's: a request that is repeated with it is one.")
            .takes::<Body>()
            .answers::<Answer>(200, ANSWER)
            .answers_later::<Waiting>(LATER)
            .refuses(400, "people-count")
            .refuses(400, "no-person")
            .refuses(400, "which-partner")
            .refuses(400, "bad-idempotency-key")
            .refuses(404, "unknown-partner")
            .refuses(422, "another-request"),
        Operation::get("/api/provision/{id}", "provisioned", "What became of a request")
            .parameter::<RequestId>("id", "The request's id.")
            .answers::<Answer>(200, ANSWER)
            .answers_later::<Waiting>(LATER)
            .refuses(404, "not-found"),
    ]
}

/// Places a request and waits for its answer, or gives the answer to an earlier one.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let request = &invocation.payload;
    match (request.method(), request.parameter("id")) {
        ("GET", Some(id)) => {
            let id = id.parse().map_err(|()| Problem::not_found())?;
            let known = desk::read(app.usher().await?.store.as_ref(), &id).await?;
            told(&id, known.map(|request| request.state).ok_or_else(Problem::not_found)?)
        }
        ("POST", None) => post(app, invocation).await,
        _ => Err(Problem::not_found()),
    }
}

async fn post(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let request = &invocation.payload;
    let body: Body = request.json()?;
    let id = request_id(request)?;
    let usher = app.usher().await?;
    let asked = asked(&usher.config, &body)?;
    if body.dry_run {
        return Ok(json_answer(200, &usher.rehearse(&asked).await?));
    }
    desk::place(usher.store.as_ref(), &id, &asked, usher.clock.now()).await.map_err(not_placed)?;
    let deadline = invocation.context.deadline;
    let (tell, told_later) = oneshot::channel();
    // It goes on when the caller is told to come back; `work` takes over if this process is ended meanwhile.
    let work = {
        let (app, id) = (Arc::clone(&app), id.clone());
        async move {
            let (mut until, _stop) = Until::new(Some(deadline));
            let usher = app.usher().await?;
            // Nobody listens any more where the caller was told to come back.
            _ = tell.send(usher.answer(&id, app.desk(), &mut until).await);
            usher.send_reports().await;
            Ok::<_, Problem>(())
        }
    };
    tokio::spawn(telemetry::follow(work.in_current_span()));
    match tokio::time::timeout(PATIENCE, told_later).await {
        Ok(Ok(state)) => told(&id, state?.ok_or_else(Problem::internal)?),
        Ok(Err(_)) => Err(Problem::internal()),
        Err(_) => Ok(work::wake(later(&id), Job::Provision, &invocation.context)),
    }
}

/// The answer to a request, as far as it is known.
fn told(id: &RequestId, state: State) -> Result<Reply, Problem> {
    match state {
        State::Answered(answer) => Ok(json_answer(200, &answer)),
        State::Waiting => Ok(later(id)),
        State::Failed(error) => {
            tracing::error!(error.code = error.code, "a request could not be worked off: {}", error.message);
            Err(Problem::unavailable())
        }
    }
}

fn later(id: &RequestId) -> Reply {
    let headers = vec![("Location", format!("/api/provision/{id}")), ("Retry-After", LOOK_AGAIN.to_owned())];
    json_answer_with(202, &Waiting { id: id.to_string(), state: "waiting" }, headers)
}

fn asked(config: &Config, body: &Body) -> Result<Asked, Problem> {
    let Body { partner, people, action, notify, .. } = body;
    Asked::of(config, partner.as_deref(), people, *action, *notify).map_err(|error| {
        let status = if error == AskError::UnknownPartner { 404 } else { 400 };
        Problem::new(status, error.code(), &format!("{error}. {}", error.advice()))
    })
}

/// The request's id: by the caller's own key, or else a new one. Events by the HTTP binding of `CloudEvents` have an id of their own.
fn request_id(request: &HttpRequest) -> Result<RequestId, Problem> {
    let (key, event) = (key_part(request, "Idempotency-Key")?, key_part(request, "ce-id")?);
    let source = key_part(request, "ce-source")?.unwrap_or_default();
    Ok(match (key, event) {
        (Some(key), _) => RequestId::of_key(&[request.key(), key]),
        (None, Some(event)) => RequestId::of_key(&[request.key(), source, event]),
        (None, None) => RequestId::random(),
    })
}

fn key_part<'a>(request: &'a HttpRequest, header: &str) -> Result<Option<&'a str>, Problem> {
    let Some(part) = request.header(header) else { return Ok(None) };
    let is_fine = !part.trim().is_empty() && part.len() <= LONGEST_KEY && part.chars().all(|c| matches!(c, ' '..='~'));
    if !is_fine {
        let detail = format!("{header} is 1 to {LONGEST_KEY} visible characters of ASCII.");
        return Err(Problem::new(400, "bad-idempotency-key", &detail));
    }
    Ok(Some(part))
}

fn not_placed(error: PlaceError) -> Problem {
    match error {
        PlaceError::AnotherRequest => Problem::new(
            422,
            "another-request",
            "This key came with another request before. Send a new request with a key of its own.",
        ),
        PlaceError::State(error) => error.into(),
    }
}
