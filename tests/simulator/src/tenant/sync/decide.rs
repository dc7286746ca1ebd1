//! What a job is to do about one person, without doing it.
//!
//! Whom only the built-in filter keeps out is skipped, not taken away, although they were written before: people with SMS
//! sign-in are documented as skipped.

use super::attempt::{ProvisioningStep, Status};
use super::job::Job;
use super::schema;
use super::scope::{self, Scope};
use super::subject::{self, Subject, Wanted};
use crate::tenant::model::Directory;
use crate::tenant::policy::AllowInvitesFrom;
use crate::tenant::user::{ExternalUserState, User};
use serde_json::Value;
use uuid::Uuid;

pub(super) const MASTERED_ON_PREMISES: &str = "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// They were never meant.
    Nothing,
    Skip(&'static str, String),
    Fail(&'static str, String),
    /// Invited by this address, and called so.
    Create(String, String),
    Update(Uuid),
    Restore(Uuid),
    Remove(Uuid),
}

/// What is to be done, and how it came to that.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) plan: Plan,
    pub(super) wanted: Wanted,
    pub(super) steps: Vec<ProvisioningStep>,
    /// Somebody loses access by it.
    pub(super) takes_away: bool,
}

/// Why a job looks at somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    Cycle,
    /// Restores and takes away nobody.
    OnDemand,
}

/// Both tenants, and the job between them.
pub(super) struct View<'a> {
    pub(super) source: &'a Directory,
    pub(super) target: &'a Directory,
    pub(super) job: &'a Job,
}

impl View<'_> {
    /// What is to be done about a person of the source tenant.
    pub(super) fn decide(&self, id: Uuid, entitled: bool, occasion: Occasion) -> Decision {
        let user = self.source.user(id);
        let mut steps = vec![import(user.is_some())];
        let (plan, wanted) = self.plan(user, id, entitled, occasion, &mut steps);
        let disables = |here: &Uuid| {
            wanted.get("accountEnabled").is_some_and(|value| value == "False")
                && self.target.user(*here).is_some_and(|user| user.account_enabled)
        };
        let takes_away = match &plan {
            Plan::Remove(_) => true,
            Plan::Update(here) => disables(here),
            _ => false,
        };
        Decision { plan, wanted, steps, takes_away }
    }

    fn plan(
        &self,
        user: Option<&User>,
        id: Uuid,
        entitled: bool,
        occasion: Occasion,
        steps: &mut Vec<ProvisioningStep>,
    ) -> (Plan, Wanted) {
        let Some((_, mapping)) = schema::rule(&self.job.schema).filter(|(_, mapping)| mapping["enabled"] == true)
        else {
            return skip("EntityTypeNotSupported", "The mapping of users is switched off.");
        };
        let link = self.job.links.get(&id).copied();
        let on_demand = occasion == Occasion::OnDemand;
        let leave = || (link.map_or(Plan::Nothing, |here| self.remove(mapping, here)), Wanted::new());
        let Some(user) = user else {
            return if on_demand { skip("ImportSkipped", "The user is deleted.") } else { leave() };
        };
        if on_demand && !user.account_enabled {
            return skip("ImportSkipped", "Disabled users cannot be provisioned on demand.");
        }
        if !entitled {
            steps.push(scoping(Status::Skipped, "The user is not assigned.").with("IsEffectivelyEntitled", false));
            if !on_demand && user.account_enabled {
                return leave();
            }
            // Whoever was disabled first is not deleted.
            return match link {
                None if !on_demand => (Plan::Nothing, Wanted::new()),
                _ => skip("NotEffectivelyEntitled", "The user is not effectively entitled."),
            };
        }
        let subject = Subject::new(self.source, user);
        match scope::of(mapping, &subject) {
            Scope::In => steps.push(scoping(Status::Success, "The user is in scope.")),
            Scope::External => {
                let filter = "alternativeSecurityIds EQUALS 'None'";
                steps.push(scoping(Status::Skipped, "The user does not pass the filters.").with(filter, false));
                return skip("NotEffectivelyEntitled", "The user does not pass the filter on external users.");
            }
            Scope::Out(clause) => {
                steps.push(scoping(Status::Skipped, "The user does not pass the filters.").with(&clause, false));
                return match link {
                    Some(_) if !on_demand => leave(),
                    _ => skip("NotEffectivelyEntitled", "The user does not pass the scoping filters."),
                };
            }
        }
        let plan = self.matched(mapping, &subject, link, on_demand);
        let found = match plan {
            Plan::Update(here) | Plan::Restore(here) => Some(here),
            _ => None,
        };
        let words = if found.is_some() { "One object matches." } else { "No object matches." };
        let step = ProvisioningStep::new("EntryMatching", "matching", Status::Success, words);
        steps.push(found.into_iter().fold(step, |step, here| step.with("targetId", here)));
        let is_new = matches!(plan, Plan::Create(..));
        (plan, subject.wanted(mapping, is_new))
    }

    /// Who is found in the target, and whether they can be written.
    fn matched(&self, mapping: &Value, subject: &Subject<'_>, link: Option<Uuid>, on_demand: bool) -> Plan {
        let home = (self.source.tenant_id(), subject.user.id);
        let here = link.or_else(|| self.target.synchronizations.arrivals.get(&home).copied());
        if let Some(here) = here {
            if let Some(user) = self.target.user(here) {
                return self.update(mapping, subject, user);
            }
            if self.target.deleted_user(here).is_some() && !on_demand {
                if self.job.removed.contains(&subject.user.id) {
                    return Plan::Restore(here);
                }
                // Whoever was deleted in the target is restored there, by hand. The code is not documented.
                return fail("Directory_ObjectNotFound", "The user was deleted in the target tenant.");
            }
        }
        let addresses = std::iter::once(subject.user.user_principal_name.as_str()).chain(subject.user.mail.as_deref());
        let mut holders: Vec<Uuid> = addresses.flat_map(|address| self.target.holders(address)).collect();
        let proxies = subject.user.proxy_addresses.iter();
        holders.extend(proxies.flat_map(|address| self.target.holders(address)));
        holders.sort_unstable();
        holders.dedup();
        let users: Vec<&User> = holders.iter().filter_map(|id| self.target.user(*id)).collect();
        let external: Vec<&&User> = users.iter().filter(|user| user.external_user_state.is_some()).collect();
        match (external.as_slice(), users.len()) {
            ([user], 1) => self.update(mapping, subject, user),
            ([_, _, ..], _) => fail("DuplicateTargetEntries", "Several objects match."),
            (_, 0) if holders.iter().any(|id| self.target.group(*id).is_some()) => {
                fail("InvitationCreationFailureInvalidPropertyValue", "The address belongs to a group.")
            }
            (_, 0) => self.create(mapping, subject),
            _ => fail("InvitationCreationFailureAmbiguousUser", "An internal user has one of the addresses."),
        }
    }

    fn create(&self, mapping: &Value, subject: &Subject<'_>) -> Plan {
        if !flows(mapping, "Add") {
            return no_flow("Add");
        }
        if self.target.policy.allow_invites_from == AllowInvitesFrom::None {
            return fail("AzureActiveDirectoryForbidden", "Guest invitations are not allowed in the target tenant.");
        }
        let address = subject::address(subject.user);
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
        if self.target.policy.blocked_domains.contains_key(&domain) {
            return fail("InvitationCreationFailure", "The domain is blocked in the target tenant.");
        }
        Plan::Create(address.to_owned(), subject.user.display_name.clone())
    }

    fn update(&self, mapping: &Value, subject: &Subject<'_>, here: &User) -> Plan {
        if !flows(mapping, "Update") {
            return no_flow("Update");
        }
        let mut after = here.clone();
        let changes = subject::apply(&mut after, &subject.wanted(mapping, false));
        let is_pending = here.external_user_state == Some(ExternalUserState::PendingAcceptance);
        if changes.is_empty() && !is_pending {
            return Plan::Skip("RedundantExport", "The user is as wanted already.".to_owned());
        }
        if here.on_premises.sync_enabled == Some(true) {
            return fail(MASTERED_ON_PREMISES, "The user in the target tenant is mastered on-premises.");
        }
        if is_pending && !here.account_enabled {
            return fail("InvitationCreationFailureUserAccountDisabled", "The invited user is disabled.");
        }
        let belongs_to_exchange = |name: &str| name == "mail" || name == "showInAddressList";
        let has_mailbox = here.assigned_plans.iter().any(|plan| plan.service == "exchange");
        if has_mailbox && changes.iter().any(|(name, ..)| belongs_to_exchange(name)) {
            return fail(
                "AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService",
                "The attribute belongs to Exchange.",
            );
        }
        Plan::Update(here.id)
    }

    fn remove(&self, mapping: &Value, here: Uuid) -> Plan {
        let Some(user) = self.target.user(here) else {
            return Plan::Skip("RedundantExport", "The user is not there any more.".to_owned());
        };
        if !flows(mapping, "Delete") {
            return no_flow("Delete");
        }
        if user.on_premises.sync_enabled == Some(true) {
            return fail(MASTERED_ON_PREMISES, "The user in the target tenant is mastered on-premises.");
        }
        Plan::Remove(here)
    }
}

fn flows(mapping: &Value, flow: &str) -> bool {
    let flows = mapping["flowTypes"].as_str().unwrap_or_default();
    flows.split(',').any(|one| one.trim() == flow)
}

fn no_flow(flow: &str) -> Plan {
    Plan::Skip("EntrySynchronizationSkipped", format!("The mapping has no target object action {flow}."))
}

fn fail(code: &'static str, reason: &str) -> Plan {
    Plan::Fail(code, reason.to_owned())
}

fn skip(code: &'static str, reason: &str) -> (Plan, Wanted) {
    (Plan::Skip(code, reason.to_owned()), Wanted::new())
}

fn import(found: bool) -> ProvisioningStep {
    let words = if found { "The user was read." } else { "The user is deleted." };
    ProvisioningStep::new("EntryImport", "import", Status::Success, words)
}

fn scoping(status: Status, words: &str) -> ProvisioningStep {
    ProvisioningStep::new("EntryScoping", "scoping", status, words)
}
