//! Carrying out what is planned: look, plan, do one thing, and look again.

use super::observe::{Observed, observe};
use super::plan::{Allowed, Step, plan};
use super::{SyncReport, capital, known};
use crate::changes::{Change, explained};
use crate::config::{CrossTenantSync, Partner};
use crate::graph::error::Result;
use crate::graph::setup::applications::ServicePrincipal;
use crate::graph::setup::synchronization::Job;
use crate::graph::setup::{SetupReader, SetupWriter};
use crate::report::ErrorReport;
use std::mem::discriminant;

/// What was made in this run and may not be visible yet.
#[derive(Default)]
struct Made {
    configuration: Option<ServicePrincipal>,
    job: Option<Job>,
    /// What was sent. What is planned again all the same is on its way.
    sent: Vec<Step>,
}

/// Carries it out.
pub(super) async fn apply(
    reader: &SetupReader,
    writer: &SetupWriter,
    partner: &Partner,
    sync: &CrossTenantSync,
    allowed: &Allowed,
) -> SyncReport {
    let mut made = Made::default();
    let mut done: Vec<Change> = Vec::new();
    let mut report = SyncReport { partner: partner.name.clone(), ..SyncReport::default() };
    loop {
        let mut observed = match observe(reader, partner, made.configuration.as_ref()).await {
            Ok(observed) => observed,
            Err(error) => {
                report.error = Some(explained(&error));
                break;
            }
        };
        if observed.job.is_none() {
            observed.job.clone_from(&made.job);
        }
        let mut planned = plan(partner, sync, &observed, allowed);
        let next = planned.steps.iter().position(|(step, _)| !made.has_sent(step));
        report.left_alone.clone_from(&planned.left_alone);
        let Some((step, places)) = next.map(|place| planned.steps.swap_remove(place)) else {
            let on_its_way: Vec<_> = planned.steps.into_iter().flat_map(|(_, places)| places).collect();
            let open = planned.changes.into_iter().enumerate().filter(|(place, _)| !on_its_way.contains(place));
            report.changes = done.into_iter().chain(open.map(|(_, change)| change)).collect();
            return report;
        };
        let result = send(reader, writer, partner, &observed, &step, &mut made).await;
        for place in &places {
            planned.changes[*place].became(&result);
            if let Err(error) = &result {
                planned.changes[*place].error = Some(meant(explained(error)));
            }
        }
        if result.is_err() {
            report.changes = done.into_iter().chain(planned.changes).collect();
            return report;
        }
        done.extend(places.into_iter().map(|place| planned.changes[place].clone()));
        made.sent.push(step);
    }
    report.changes = done;
    report
}

impl Made {
    fn has_sent(&self, step: &Step) -> bool {
        self.sent.iter().any(|sent| match (sent, step) {
            (Step::Assign(sent), Step::Assign(step)) => sent == step,
            _ => discriminant(sent) == discriminant(step),
        })
    }
}

async fn send(
    reader: &SetupReader,
    writer: &SetupWriter,
    partner: &Partner,
    observed: &Observed,
    step: &Step,
    made: &mut Made,
) -> Result<()> {
    let configuration = observed.configuration.as_ref().map(|configuration| configuration.id).unwrap_or_default();
    let job = observed.job.as_ref().map(|job| job.id.as_str()).unwrap_or_default();
    match step {
        Step::Configure(name) => made.configuration = Some(writer.new_sync_configuration(reader, name).await?),
        Step::CreateJob => {
            // Without the policies of both tenants a job would go straight into quarantine.
            writer.validate_sync(configuration, partner.tenant_id).await?;
            made.job = Some(writer.new_sync_job(configuration).await?);
        }
        Step::Settings(settings) => writer.change_sync_settings(configuration, settings).await?,
        Step::Schema(schema, expressions) => {
            let mut schema = schema.clone();
            for (target, source) in expressions {
                let parsed = super::expression(writer, configuration, job, source).await?;
                schema.set_source(target, source, Some(&parsed));
            }
            writer.change_sync_schema(configuration, job, schema.value()).await?;
        }
        Step::Assign(group) => writer.assign_group(configuration, observed.role(), *group).await?,
        Step::Start => {
            writer.validate_sync(configuration, partner.tenant_id).await?;
            writer.start_sync(configuration, job).await?;
        }
    }
    Ok(())
}

/// The advice for a code of the synchronization.
fn meant(error: ErrorReport) -> ErrorReport {
    match known::known(&error.code).filter(|known| !known.fix.is_empty()) {
        Some(known) => ErrorReport { advice: format!("{}. {}", capital(known.cause), known.fix), ..error },
        None => error,
    }
}
