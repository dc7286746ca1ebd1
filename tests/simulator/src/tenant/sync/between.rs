//! A job's two tenants: who is meant, and how what was decided is done and written down.

use super::attempt::Attempt;
use super::carry_out::{Outcome, carry_out};
use super::decide::Decision;
use super::job::Job;
use super::policy::{self, Trouble};
use crate::tenant::model::Directory;
use crate::tenant::server::lock;
use crate::tenant::state::State;
use crate::tenant::user::User;
use std::collections::BTreeSet;
use uuid::Uuid;

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

    pub(super) fn company(&self) -> Option<Uuid> {
        self.source.synchronizations.all.get(&self.principal)?.company()
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

    /// Does what was decided about somebody; nothing without a target.
    pub(super) fn carry_out(&mut self, job: &mut Job, id: Uuid, decision: Decision) -> Option<Outcome> {
        let home = self.source.tenant_id();
        self.target.as_deref_mut().map(|target| carry_out(target, home, job, id, decision))
    }

    fn find(&self, id: Uuid) -> Option<User> {
        self.source.user(id).or_else(|| self.source.deleted_user(id)).cloned()
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
