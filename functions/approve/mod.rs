//! `POST /api/plans/{id}/approve`: a signed-in person approves a held plan.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply, principal};
use crate::openapi::Operation;
use crate::work;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use usher_shared::held::ApprovalError;
use usher_shared::inbox::{self, Request};
use usher_shared::journal::record::Job;
use usher_shared::people::plan::PlanName;
use usher_shared::until::Until;
use usher_shared::wishes::ApproveError;
use uuid::Uuid;

/// So long the writer's turn is waited for; the platform's front end ends requests after 230 seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// The answer.
#[derive(Serialize, JsonSchema)]
struct Approved {
    /// The plan's name.
    #[schemars(with = "PlanName")]
    plan: String,
    /// The object id of the person who approved it first.
    approved_by: Uuid,
    /// When the plan is over.
    expires: Timestamp,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/plans/{id}/approve", "approve", "Approves a held plan for the signed-in person")
            .parameter::<PlanName>("id", "The plan's name.")
            .needs_sign_in()
            .answers::<Approved>(200, "It is approved, and a full sweep is asked for, which carries it out.")
            .refuses(404, "unknown-plan")
            .refuses(409, "stale-plan")
            .refuses(410, "expired-plan"),
    ]
}

/// Approves, journals who did, and lets the next full sweep, which is asked for at once, carry it out.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let usher = app.usher().await?;
    let role = &usher.config.access.approver_role;
    let by = principal::approver(&invocation.payload, app.authentication_is_on(), usher.config.tenant.id, role)?;
    let plan = invocation.payload.parameter("id").ok_or_else(Problem::not_found)?;
    let (mut until, _stop) = Until::new(Some(Instant::now() + PATIENCE));
    let approved = usher.approve(plan, by, &mut until).await.map_err(refusal)?;
    let request = Request { job: Job::Reconcile, requested: usher.clock.now(), due: None };
    inbox::ask(usher.store.as_ref(), &request).await?;
    let approved_by = approved.approved.map_or(by, |first| first.by);
    let answer = Approved { plan: approved.plan, approved_by, expires: approved.expires };
    Ok(work::wake(json_answer(200, &answer), Job::Reconcile, &invocation.context))
}

fn refusal(error: ApproveError) -> Problem {
    let told =
        |status, code, error: &ApprovalError| Problem::new(status, code, &format!("{error}. {}", error.advice()));
    match error {
        ApproveError::Approval(error @ ApprovalError::Unknown(_)) => told(404, "unknown-plan", &error),
        ApproveError::Approval(error @ ApprovalError::Expired { .. }) => told(410, "expired-plan", &error),
        ApproveError::Approval(error @ ApprovalError::Stale(_)) => told(409, "stale-plan", &error),
        ApproveError::Approval(ApprovalError::State(error)) => error.into(),
        ApproveError::Run(error) => error.into(),
    }
}
