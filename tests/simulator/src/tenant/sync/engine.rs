//! The cycles of a job: every 40 minutes, in quarantine more and more seldom.
//!
//! They are carried out when a request or a test next looks at any tenant of the site; those that were missed until then
//! are one. The first looks at everybody who is assigned, later ones at whom something changed about, and at those who
//! failed.

use super::attempt::{Action, Status};
use super::between::{Between, with_job};
use super::carry_out::Outcome;
use super::decide::{Decision, Occasion, Plan, View};
use super::job::{Execution, Job, Quarantine, Schedule};
use super::policy::Trouble;
use super::schema;
use super::scope::{self, Scope};
use super::subject::Subject;
use crate::tenant::state::State;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use uuid::Uuid;

/// From one cycle to the next.
pub(super) const INTERVAL: SignedDuration = SignedDuration::from_mins(40);
/// A job that is in quarantine so long is switched off.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(28 * 24);
/// So many failures, and this share of all, or so many whatever the share, bring a job into quarantine.
const PROPORTION: (usize, usize) = (5_000, 40);
const MOST_FAILURES: usize = 40_000;

/// Carries out what is due.
pub(in crate::tenant) fn run_due(state: &mut State) {
    let now = state.directory.clock().now();
    run(state, |job| job.next.is_some_and(|next| next <= now));
}

/// Carries out a cycle of every job that runs.
pub(in crate::tenant) fn run_all(state: &mut State) {
    run(state, |_| true);
}

fn run(state: &mut State, wanted: impl Fn(&Job) -> bool) {
    let all = state.directory.synchronizations.all.iter().flat_map(|(principal, synchronization)| {
        let running = synchronization.jobs.values().filter(|job| job.schedule == Schedule::Active && wanted(job));
        running.map(|job| (*principal, job.id.clone()))
    });
    for (principal, id) in all.collect::<Vec<_>>() {
        with_job(state, principal, &id, |between, job| between.cycle(job));
    }
}

impl Between<'_> {
    /// One cycle.
    fn cycle(&mut self, job: &mut Job) {
        let now = self.source.clock().now();
        job.cycles += 1;
        let cycle = self.source.derived_id(&format!("cycle/{}/{}", job.id, job.cycles));
        let mut execution = Execution {
            id: cycle,
            at: now,
            state: "Succeeded",
            error: None,
            entitled: 0,
            imported: 0,
            exported: 0,
            escrowed: 0,
        };
        let trouble = match self.check() {
            Ok(()) => self.synchronize(job, &mut execution),
            Err(Trouble { code, message }) => {
                execution.state = "Failed";
                execution.error = Some((code.to_owned(), message.clone()));
                Some(("EncounteredQuarantineException", code.to_owned(), message))
            }
        };
        job.next = Some(now + INTERVAL);
        conclude(job, execution, now);
        match trouble {
            Some((reason, code, message)) => enter_quarantine(job, reason, code, message, now),
            None => job.quarantine = None,
        }
    }

    /// Deals with everybody; gives what brings the job into quarantine.
    fn synchronize(&mut self, job: &mut Job, execution: &mut Execution) -> Option<(&'static str, String, String)> {
        let synchronization = self.source.synchronizations.all.get(&self.principal)?;
        // Whoever is meant no more because only the assigned are meant now is only seen by looking at everybody.
        let syncs_all = synchronization.syncs_all();
        job.syncs_all = if job.full { syncs_all } else { job.syncs_all || syncs_all };
        let threshold = synchronization.delete_threshold();
        let entitled = self.entitled(job);
        let people: BTreeSet<Uuid> = entitled.iter().chain(job.links.keys()).copied().collect();
        let mut decisions: Vec<(Uuid, String, Decision)> = Vec::new();
        let target = self.target.as_deref()?;
        let view = View { source: self.source, target, job };
        for id in people {
            let is_entitled = entitled.contains(&id);
            let mark = view.mark(id, is_entitled);
            if job.full || job.escrows.contains(&id) || job.seen.get(&id) != Some(&mark) {
                decisions.push((id, mark, view.decide(id, is_entitled, Occasion::Cycle)));
            }
        }
        let taken = decisions.iter().filter(|(_, _, decision)| decision.takes_away).count();
        let held = threshold.is_some_and(|most| taken > most) && !job.deletes_approved;
        (execution.entitled, execution.imported) = (entitled.len(), decisions.len());
        for (id, mark, decision) in decisions {
            if decision.plan == Plan::Nothing {
                job.seen.insert(id, mark);
                continue;
            }
            if held && decision.takes_away {
                self.stage(job, id, decision, execution);
                continue;
            }
            let status = self.act(job, id, decision, execution.id)?;
            match status {
                Status::Success => execution.exported += 1,
                Status::Failure => execution.escrowed += 1,
                Status::Skipped => {}
            }
            if status == Status::Failure {
                job.escrows.insert(id)
            } else {
                job.escrows.remove(&id)
            };
            job.seen.insert(id, mark);
        }
        (job.full, job.deletes_approved) = (false, false);
        let failed = job.escrows.len();
        if execution.escrowed > 0 {
            execution.state = "EntryLevelErrors";
        }
        let share = failed * 100 > execution.entitled * PROPORTION.1;
        let too_many = |reason: &'static str, message: String| Some((reason, reason.to_owned(), message));
        if held {
            too_many("TooManyDeletes", format!("{taken} people would be taken away."))
        } else if failed > MOST_FAILURES {
            too_many("EncounteredBaseEscrowThreshold", format!("{failed} failed."))
        } else if failed >= PROPORTION.0 && share {
            too_many("EncounteredEscrowProportionThreshold", format!("{failed} failed."))
        } else {
            None
        }
    }

    /// Does what was decided about somebody, and writes it down.
    fn act(&mut self, job: &mut Job, id: Uuid, decision: Decision, cycle: Uuid) -> Option<Status> {
        let outcome = self.carry_out(job, id, decision)?;
        let status = outcome.status;
        self.log(job, id, cycle, outcome);
        Some(status)
    }

    /// Writes down that somebody would have been taken away.
    fn stage(&mut self, job: &Job, id: Uuid, decision: Decision, execution: &Execution) {
        let outcome = Outcome {
            action: Action::StagedDelete,
            status: Status::Skipped,
            code: Some("TooManyDeletes".to_owned()),
            reason: Some("Too many people would be taken away.".to_owned()),
            target: job.links.get(&id).copied(),
            modified: Vec::new(),
            steps: decision.steps,
        };
        self.log(job, id, execution.id, outcome);
    }
}

impl View<'_> {
    /// What somebody looks like to the job: whoever looks the same as last time is left alone.
    fn mark(&self, id: Uuid, entitled: bool) -> String {
        let Some(user) = self.source.user(id) else {
            return "deleted".to_owned();
        };
        let subject = Subject::new(self.source, user);
        let Some((_, mapping)) = schema::rule(&self.job.schema) else {
            return String::new();
        };
        let scope = match scope::of(mapping, &subject) {
            Scope::External if !self.source.sync.sms_is_a_change => Scope::In,
            scope => scope,
        };
        format!("{entitled} {scope:?} {:?}", subject.wanted(mapping, true))
    }
}

/// Keeps what a cycle came to.
fn conclude(job: &mut Job, execution: Execution, now: Timestamp) {
    if execution.state == "Failed" {
        job.failures += 1;
    } else {
        job.failures = 0;
        job.steady = Some((job.steady.map_or(now, |(first, _)| first), now));
        job.last_successful = Some(execution.clone());
        if execution.exported > 0 {
            job.last_with_exports = Some(execution.clone());
        }
    }
    job.last = Some(execution);
}

/// The next attempts come after 6, 12 and 24 hours, then daily.
fn enter_quarantine(job: &mut Job, reason: &'static str, code: String, message: String, now: Timestamp) {
    let (series_began, count) = job.quarantine.as_ref().map_or((now, 0), |old| (old.series_began, old.count));
    let hours = match count {
        0 => 6,
        1 => 12,
        _ => 24,
    };
    job.next = Some(now + SignedDuration::from_hours(hours));
    job.quarantine = Some(Quarantine { reason, code, message, series_began, began: now, count: count + 1 });
    if now.duration_since(series_began) >= GIVEN_UP {
        job.schedule = Schedule::Disabled;
    }
}
