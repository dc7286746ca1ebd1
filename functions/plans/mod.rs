//! `GET /api/plans` and `GET /api/plans/{id}`: what a person has to approve.

use crate::handler::http::json_answer;
use crate::handler::{App, HttpRequest, Invocation, Problem, Reply};
use serde_json::json;
use std::sync::Arc;
use usher_shared::held::{self, HeldPlan};

/// Answers with every held plan in short, or with one in full.
pub(crate) async fn handle(app: Arc<App>, invocation: Invocation<HttpRequest>) -> Result<Reply, Problem> {
    let usher = app.usher().await?;
    let plans = held::all(usher.store.as_ref(), &usher.config, usher.clock.now()).await?;
    match invocation.payload.parameter("id") {
        None => Ok(json_answer(200, &json!({ "plans": plans.iter().map(in_short).collect::<Vec<_>>() }))),
        Some(id) => {
            let plan = plans.iter().find(|plan| plan.plan == id).ok_or_else(Problem::not_found)?;
            Ok(json_answer(200, plan))
        }
    }
}

fn in_short(plan: &HeldPlan) -> serde_json::Value {
    json!({
        "plan": plan.plan, "partner": plan.partner, "held": plan.held, "created": plan.created, "expires": plan.expires,
        "actions": plan.actions.len(), "drift": plan.drift, "approved": plan.approved,
    })
}
