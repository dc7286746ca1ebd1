//! The cycles of a job: every 40 minutes, in quarantine more and more seldom.
//!
//! They are carried out when a request or a test next looks at any tenant of the site; those that were missed until then
//! are one. The first looks at everybody who is assigned, later ones at whom something changed about, and at those who
//! failed.

use super::attempt::{Action, Attempt, Status};
use super::carry_out::{Outcome, carry_out};
use super::decide::{Decision, Occasion, Plan, View};
use super::model::{Execution, Job, Quarantine, Schedule};
use super::policy::{self, Trouble};
use super::schema;
use super::scope::{self, Scope};
use super::subject::Subject;
use crate::tenant::model::Directory;
use crate::tenant::server::lock;
use crate::tenant::state::State;
use crate::tenant::user::User;
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

/// A job's two tenants.
pub(super) struct Between<'a> {
    pub(super) source: &'a mut Directory,
    pub(super) target: Option<&'a mut Directory>,
    /// The configuration.
    pub(super) principal: Uuid,
}

/// Works with a job and both of its tenants; `None` if there is no such job.
pub(super) fn with_job<T>(
    state: &mut State,
    principal: Uuid,
    id: &str,
    work: impl FnOnce(&mut Between<'_>, &mut Job) -> T,
) -> Option<T> {
    let synchronization = state.directory.synchronizations.all.get_mut(&principal)?;
    let mut job = synchronization.jobs.remove(id)?;
    let company = synchronization.company();
    let result =
        with_target(state, company, |source, target| work(&mut Between { source, target, principal }, &mut job));
    state.directory.synchronizations.all.entry(principal).or_default().jobs.insert(id.to_owned(), job);
    Some(result)
}

/// Works with this tenant and the one of the id, if there is one.
pub(super) fn with_target<T>(
    state: &mut State,
    id: Option<Uuid>,
    work: impl FnOnce(&mut Directory, Option<&mut Directory>) -> T,
) -> T {
    let other = id.and_then(|id| state.other_tenant(id));
    let mut other = other.as_deref().map(lock);
    work(&mut state.directory, other.as_mut().map(|other| &mut other.directory))
}

impl Between<'_> {
    /// Refuses what either tenant does not allow.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        policy::check(self.source, self.target.as_deref(), self.company())
    }

    fn company(&self) -> Option<Uuid> {
        self.source.synchronizations.all.get(&self.principal)?.company()
    }

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
            let outcome = self.act(job, id, decision, execution.id);
            match outcome {
                Status::Success => execution.exported += 1,
                Status::Failure => execution.escrowed += 1,
                Status::Skipped => {}
            }
            if outcome == Status::Failure {
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

    /// Who is assigned, directly or as a direct member of a group; or everybody.
    pub(super) fn entitled(&self, job: &Job) -> BTreeSet<Uuid> {
        let source = &self.source;
        if job.syncs_all {
            return source.users().map(|user| user.id).collect();
        }
        let assigned = source.app_role_assignments().into_iter().filter(|given| given.resource == self.principal);
        let principals = assigned.flat_map(|given| match source.group(given.principal) {
            Some(group) => group.members.iter().copied().collect::<Vec<_>>(),
            None => vec![given.principal],
        });
        principals.filter(|id| source.user(*id).is_some()).collect()
    }

    /// Does what was decided about somebody, and writes it down.
    fn act(&mut self, job: &mut Job, id: Uuid, decision: Decision, cycle: Uuid) -> Status {
        let outcome = self.carry_out(job, id, decision);
        let status = outcome.status;
        self.log(job, id, cycle, outcome);
        status
    }

    /// Does what was decided about somebody.
    pub(super) fn carry_out(&mut self, job: &mut Job, id: Uuid, decision: Decision) -> Outcome {
        let home = self.source.tenant_id();
        let user = self.find(id);
        match (self.target.as_deref_mut(), user) {
            (Some(target), Some(user)) => carry_out(target, home, job, &user, decision),
            (target, _) => {
                // Gone for good at home: what is left is to take them away there.
                let here = job.links.get(&id).copied();
                if let (Some(target), Some(here)) = (target, here) {
                    // Whoever is not there any more cannot be taken away again.
                    let _ = target.delete_user(here);
                }
                job.removed.insert(id);
                Outcome {
                    action: Action::Delete,
                    status: Status::Success,
                    code: None,
                    reason: None,
                    target: here,
                    modified: Vec::new(),
                    steps: decision.steps,
                }
            }
        }
    }

    fn find(&self, id: Uuid) -> Option<User> {
        self.source.user(id).or_else(|| self.source.deleted_user(id)).cloned()
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

    /// Writes down what came of it.
    pub(super) fn log(&mut self, job: &Job, id: Uuid, cycle: Uuid, outcome: Outcome) -> Uuid {
        let name = self.find(id).map(|user| user.display_name).unwrap_or_default();
        let configuration = self.source.service_principal_of(self.principal).map(|own| own.display_name.clone());
        let at = self.source.now();
        let attempt = Attempt {
            id,
            at,
            arrives: at,
            job: job.id.clone(),
            cycle,
            service_principal: self.principal,
            configuration: configuration.unwrap_or_default(),
            target_tenant: self.company(),
            action: outcome.action,
            status: outcome.status,
            code: outcome.code,
            reason: outcome.reason,
            source: (id, name),
            target: outcome.target,
            modified: outcome.modified,
            steps: outcome.steps,
        };
        self.source.log_attempt(attempt)
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
