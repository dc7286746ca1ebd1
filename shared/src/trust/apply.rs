//! Changing what was planned, step by step.

use super::plan::{Step, TrustPlan};
use crate::config::Partner;
use crate::graph::error::Result;
use crate::graph::setup::SetupWriter;

/// Sends the steps in their order. After one that failed nothing more is sent: the next may need it.
pub(super) async fn apply(writer: &SetupWriter, partner: &Partner, plan: &mut TrustPlan) {
    for (step, changes) in &plan.steps {
        let result = send(writer, partner, step).await;
        for change in changes {
            plan.changes[*change].became(&result);
        }
        if result.is_err() {
            return;
        }
    }
}

async fn send(writer: &SetupWriter, partner: &Partner, step: &Step) -> Result<()> {
    match step {
        Step::AllowClouds(endpoints) => writer.allow_clouds(endpoints).await,
        Step::AddPartner => writer.add_partner(partner.tenant_id).await,
        Step::Change(blocks) => writer.change_partner(partner.tenant_id, blocks).await,
        Step::AllowSync(allowed) => writer.allow_sync(partner.tenant_id, &partner.name, *allowed).await,
    }
}
