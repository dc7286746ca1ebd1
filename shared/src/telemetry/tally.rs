//! What a run tells of itself in numbers, when it has ended.
//!
//! Responsible for: taking them from the report and the state, so that they are the ones that `status` shows. Not
//! responsible for: the run; what cannot be read here is left out and holds nothing up.

use super::metrics;
use crate::clock::Clock;
use crate::config::Config;
use crate::ids::UserId;
use crate::journal::record::Job;
use crate::report::{ActionReport, OutcomeReport, PartnerReport, Report};
use crate::run::Usher;
use crate::sight::{self, Sight};
use crate::state::{StateError, Store};
use crate::{held, status};
use jiff::Timestamp;
use std::collections::HashSet;

/// Tells of a run that ended; without a report if it failed.
pub(crate) async fn run_ended(usher: &Usher, job: Job, report: Option<&Report>) {
    if !metrics::is_on() {
        return;
    }
    if let Some(report) = report {
        let sight = sight::read(usher.store.as_ref()).await.ok().and_then(|(sight, _)| sight);
        for partner in &report.partners {
            tell(partner, job, sight.as_ref(), &usher.clock);
        }
    }
    if let Err(error) = tell_state(usher.store.as_ref(), &usher.config, &usher.clock).await {
        tracing::warn!("held plans and good runs could not be counted: {error}");
    }
}

fn tell(partner: &PartnerReport, job: Job, sight: Option<&Sight>, clock: &Clock) {
    let name = &partner.partner;
    // Whatever was only planned has not come to its end.
    for action in partner.actions.iter().filter(|action| action.outcome != OutcomeReport::Planned) {
        metrics::action(name, action.action, action.outcome);
    }
    if job == Job::Reconcile && partner.complete {
        metrics::people(name, &partner.states);
        metrics::missed(name, partner.missed.len());
    }
    let left = partner.actions.len() - partner.count(OutcomeReport::Done) + partner.waiting;
    let oldest = sight.filter(|_| left > 0).and_then(|sight| oldest(partner, sight));
    metrics::backlog(name, left, oldest, clock);
}

/// Since when the one is there who waits longest. What is remembered was written before anything was done.
fn oldest(partner: &PartnerReport, sight: &Sight) -> Option<Timestamp> {
    let is_done = |one: &&ActionReport| one.outcome == OutcomeReport::Done;
    let done: HashSet<UserId> = partner.actions.iter().filter(is_done).map(|one| one.person.id).collect();
    let of_partner = sight.backlog.iter().filter(|one| one.partner.as_deref() == Some(&partner.partner));
    of_partner.filter(|one| !done.contains(&one.id)).filter_map(|one| one.created).min()
}

async fn tell_state(store: &dyn Store, config: &Config, clock: &Clock) -> Result<(), StateError> {
    let held = held::all(store, config, clock.now()).await?;
    let last_good = status::last_good(store).await?;
    for partner in &config.partners {
        if let Some(at) = last_good.get(&partner.name) {
            metrics::last_good_run(&partner.name, *at, clock);
        }
        let waits = held.iter().filter(|plan| plan.partner == partner.name && plan.approved.is_none());
        metrics::held(&partner.name, waits.count());
    }
    Ok(())
}
