//! `POST …/jobs/{job}/provisionOnDemand`: people at once, one after the other, each as a cycle would treat them. It takes
//! nobody away and restores nobody: for whoever is soft-deleted in the target it makes another user.

use super::attempt::{Status, capital};
use super::between::{Between, with_job};
use super::carry_out::Outcome;
use super::decide::{Decision, Occasion, Plan, View};
use super::job::Job;
use super::jobs::require;
use super::model::OnDemandShape;
use super::schema;
use super::validation::refusal;
use crate::tenant::error::GraphError;
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Value, json};
use uuid::Uuid;

/// `POST …/jobs/{job}/provisionOnDemand`
pub(super) fn provision(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let parameters = request.object()?.get("parameters").and_then(Value::as_array);
    let Some([parameters]) = parameters.map(Vec::as_slice) else {
        return Err(GraphError::bad_request("Exactly one rule must be given."));
    };
    let job = require(state, principal, key)?;
    let rule = schema::rule(&job.schema).map(|(rule, _)| rule["id"].clone());
    if rule.as_ref() != Some(&parameters["ruleId"]) {
        return Err(GraphError::bad_request("There is no rule of this id."));
    }
    let Some([subject]) = parameters["subjects"].as_array().map(Vec::as_slice) else {
        return Err(GraphError::bad_request("Exactly one user must be given."));
    };
    if subject["objectTypeName"] != "User" {
        return Err(GraphError::new(400, "EntityTypeNotSupported", "Only users are provisioned on demand."));
    }
    let id = subject["objectId"].as_str().and_then(|id| id.parse::<Uuid>().ok());
    let known = id.filter(|id| state.directory.user(*id).is_some() || state.directory.deleted_user(*id).is_some());
    let id = known.ok_or_else(|| GraphError::not_found(subject["objectId"].as_str().unwrap_or_default()))?;
    let answer = with_job(state, principal, key, |between, job| between.on_demand(job, id));
    let (key, value) = answer.ok_or_else(|| GraphError::not_found(key))??;
    let context = context_url(state, "microsoft.graph.stringKeyStringValuePair");
    Ok(Answer::ok(json!({"@odata.context": context, "key": key, "value": value})))
}

impl Between<'_> {
    fn on_demand(&mut self, job: &mut Job, id: Uuid) -> Result<(String, String), GraphError> {
        self.check().map_err(refusal)?;
        let entitled = self.entitled(job).contains(&id);
        let gone = || GraphError::bad_request("The target tenant is not there.");
        let target = self.target.as_deref().ok_or_else(gone)?;
        let decision = View { source: self.source, target, job }.decide(id, entitled, Occasion::OnDemand);
        let decision = match decision.plan {
            Plan::Nothing => Decision { plan: Plan::Skip("NotEffectivelyEntitled", String::new()), ..decision },
            _ => decision,
        };
        job.cycles += 1;
        let cycle = self.source.derived_id(&format!("on-demand/{}/{}", job.id, job.cycles));
        let outcome = self.carry_out(job, id, decision).ok_or_else(gone)?;
        if outcome.status == Status::Success {
            job.escrows.remove(&id);
        }
        let answer = self.answer(id, &outcome, cycle);
        self.log(job, id, cycle, outcome);
        Ok(answer)
    }

    fn answer(&self, id: Uuid, outcome: &Outcome, change: Uuid) -> (String, String) {
        let at = self.source.now();
        let steps: Vec<Value> = outcome.steps.iter().map(|step| step.on_demand(at)).collect();
        let details = json!({
            "errorCode": outcome.code.clone().unwrap_or_default(),
            "errorMessage": outcome.reason.clone().unwrap_or_default(),
        });
        let modified = outcome
            .modified
            .iter()
            .map(|(name, old, new)| json!({"displayName": name, "oldValue": old, "newValue": new}));
        let identity = |id: Option<Uuid>| json!({"id": id, "type": "User", "details": {}});
        let status = capital(outcome.status.name());
        let value = json!({
            "action": capital(outcome.action.name()),
            "changeId": change,
            "modifiedProperties": modified.collect::<Vec<_>>(),
            "provisioningSteps": steps,
            "statusInfo": {"status": status, "errorCode": outcome.code, "reason": outcome.reason},
            "sourceIdentity": identity(Some(id)),
            "targetIdentity": identity(outcome.target),
        });
        match self.source.sync.on_demand {
            OnDemandShape::Reference => (json!({"result": status, "details": details}).to_string(), value.to_string()),
            OnDemandShape::Guide => {
                let kind = "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo";
                (kind.to_owned(), json!([value]).to_string())
            }
        }
    }
}
