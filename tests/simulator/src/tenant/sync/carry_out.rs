//! Does to the target tenant what was decided, and says what came of it.

use super::attempt::{Action, ProvisioningStep, Status};
use super::decide::{Decision, Plan};
use super::job::Job;
use super::subject::{self, Changes, Wanted};
use crate::tenant::audit::Actor;
use crate::tenant::model::Directory;
use crate::tenant::user::{ExternalUserState, Identity, User, UserType};
use uuid::Uuid;

/// Under which name the target's audit log knows it.
const APPLICATION: &str = "Microsoft.Azure.SyncFabric";

/// What came of a decision.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) action: Action,
    pub(super) status: Status,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) target: Option<Uuid>,
    pub(super) modified: Changes,
    pub(super) steps: Vec<ProvisioningStep>,
}

/// Carries out a decision about somebody of the home tenant.
pub(super) fn carry_out(target: &mut Directory, home: Uuid, job: &mut Job, id: Uuid, decision: Decision) -> Outcome {
    let Decision { plan, wanted, mut steps, .. } = decision;
    let known = job.links.get(&id).copied();
    let actor = Actor::Application(APPLICATION.to_owned());
    let (action, here, result) = target.acting_as(actor, |target| match plan {
        Plan::Nothing => (Action::Other, known, Err((Status::Skipped, "NotEffectivelyEntitled", String::new()))),
        Plan::Skip(code, reason) => (Action::Other, known, Err((Status::Skipped, code, reason))),
        Plan::Fail(code, reason) => {
            let action = if known.is_some() { Action::Update } else { Action::Create };
            (action, known, Err((Status::Failure, code, reason)))
        }
        Plan::Create(address, name) => {
            let (here, changes) = create(target, &address, &name, wanted);
            (Action::Create, Some(here), Ok(changes))
        }
        Plan::Update(here) => {
            let (action, changes) = update(target, here, &wanted);
            (action, Some(here), Ok(changes))
        }
        Plan::Restore(here) => (Action::Update, Some(here), restore(target, here, &wanted)),
        // It was there when this was decided, and nothing has happened since.
        Plan::Remove(here) => {
            (Action::Delete, Some(here), target.delete_user(here).map(|()| Changes::new()).or(Ok(Changes::new())))
        }
    });
    let (status, code, reason, modified) = match result {
        Ok(modified) => (Status::Success, None, None, modified),
        Err((status, code, reason)) => (status, Some(code.to_owned()), Some(reason), Changes::new()),
    };
    if status == Status::Success
        && let Some(here) = here
    {
        if action == Action::Delete {
            job.removed.insert(id);
        } else {
            job.removed.remove(&id);
        }
        job.links.insert(id, here);
        target.synchronizations.arrivals.insert((home, id), here);
    }
    if status != Status::Skipped || code.as_deref() == Some("RedundantExport") {
        let words = reason.clone().unwrap_or_else(|| "The user was written.".to_owned());
        steps.push(ProvisioningStep::new("EntryExport", "export", status, words));
    }
    Outcome { action, status, code, reason, target: here, modified, steps }
}

/// A user who has redeemed already. What a contact has as its address is only one of the others.
fn create(target: &mut Directory, address: &str, name: &str, mut wanted: Wanted) -> (Uuid, Changes) {
    let contact = target.holders(address).next().is_some();
    let mut made = target.invited_user(address, name, UserType::Member);
    if contact {
        made.set_mail(None);
        wanted.remove("mail");
    }
    accept(target, &mut made);
    let mut changes = subject::apply(&mut made, &wanted);
    changes.iter_mut().for_each(|(_, before, _)| *before = None);
    let id = made.id;
    target.insert_user(made);
    (id, changes)
}

/// Automatic redemption is what a synchronisation takes for granted.
fn accept(target: &Directory, user: &mut User) {
    if user.external_user_state != Some(ExternalUserState::Accepted) {
        user.external_user_state = Some(ExternalUserState::Accepted);
        user.external_user_state_changed = Some(target.now());
        user.identities.insert(0, Identity::external());
        user.ticket = None;
    }
}

fn update(target: &mut Directory, here: Uuid, wanted: &Wanted) -> (Action, Changes) {
    let Some(mut user) = target.user(here).cloned() else {
        return (Action::Update, Changes::new());
    };
    let was_enabled = user.account_enabled;
    accept(target, &mut user);
    let changes = subject::apply(&mut user, wanted);
    let disables = was_enabled && !user.account_enabled;
    target.insert_user(user);
    (if disables { Action::Disable } else { Action::Update }, changes)
}

fn restore(target: &mut Directory, here: Uuid, wanted: &Wanted) -> Result<Changes, (Status, &'static str, String)> {
    let conflict = |words: String| (Status::Failure, "AzureActiveDirectoryDuplicateUserPrincipalName", words);
    target.restore_user(here).map_err(|error| conflict(error.to_string()))?;
    Ok(update(target, here, wanted).1)
}
