//! `GET /api/plans` and `GET /api/plans/{id}`: what a person has to approve.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use crate::openapi::Operation;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use usher_shared::held::{self, Approval, Drift, HeldPlan};
use usher_shared::people::guard::Held;
use usher_shared::people::plan::PlanName;

/// Every held plan.
#[derive(Serialize, JsonSchema)]
struct Plans {
    plans: Vec<Short>,
}

/// A held plan in short.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HeldPlanInShort")]
struct Short {
    /// Its name.
    #[schemars(with = "PlanName")]
    plan: String,
    /// The partner.
    partner: String,
    /// What held it.
    held: Held,
    /// When.
    created: Timestamp,
    /// When it is over.
    expires: Timestamp,
    /// How many actions are in it.
    actions: usize,
    /// How far later sweeps would hold something else.
    drift: Option<Drift>,
    /// Who approved it.
    approved: Option<Approval>,
}

/// What it answers.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/plans", "plans", "What waits for approval")
            .answers::<Plans>(200, "Every held plan in short."),
        Operation::get("/api/plans/{id}", "plan", "One held plan with all its actions")
            .parameter::<PlanName>("id", "The plan's name.")
            .answers::<HeldPlan>(200, "The plan.")
            .refuses(404, "not-found"),
    ]
}

/// Answers with every held plan in short, or with one in full.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let usher = app.usher().await?;
    let plans = held::all(usher.store.as_ref(), &usher.config, usher.clock.now()).await?;
    match invocation.payload.parameter("id") {
        None => Ok(json_answer(200, &Plans { plans: plans.into_iter().map(Short::from).collect() })),
        Some(id) => {
            let plan = plans.iter().find(|plan| plan.plan == id).ok_or_else(Problem::not_found)?;
            Ok(json_answer(200, plan))
        }
    }
}

impl From<HeldPlan> for Short {
    fn from(plan: HeldPlan) -> Self {
        Self {
            plan: plan.plan,
            partner: plan.partner,
            held: plan.held,
            created: plan.created,
            expires: plan.expires,
            actions: plan.actions.len(),
            drift: plan.drift,
            approved: plan.approved,
        }
    }
}
