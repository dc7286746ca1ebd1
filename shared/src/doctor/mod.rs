//! What could keep usher from working, looked at before it does, and what helps.
//!
//! Responsible for: making every check of the catalogue. What cannot be read is unknown, and never passes. Nothing here
//! changes anything, but for [`fix`], which has to be asked for. Not responsible for: how checks are shown.
//!
//! - [`catalogue`]: every check there is. `policies`: the policies read; [`access`], [`conditional_access`]: judged.
//!   `observed`: the people read; [`people`], [`home`]: judged.
//! - [`identity`]: the token. `surroundings`, [`schedule`]: the state, the clock, timers and webhooks.
//! - [`sms`]: who signs in by text message; [`fix`] switches that off.
//! - [`sync_rules`]: Entra Connect's rules. [`probe`]: one real invitation.

pub mod access;
pub mod catalogue;
pub mod conditional_access;
pub mod fix;
pub mod home;
pub mod identity;
mod observed;
pub mod people;
mod policies;
pub mod probe;
pub mod schedule;
pub mod sms;
mod surroundings;
pub mod sync_rules;

use crate::checks::Check;
use crate::clouds::Cloud;
use crate::config::{Config, Environment, Partner};
use crate::graph::setup::SetupReader;
use crate::graph::setup::authentication::Pace;
use crate::ids::UserId;
use crate::run::{OnProgress, Progress, RunError, Usher};
use catalogue as ids;
use home::Home;
use std::collections::BTreeSet;
use std::path::Path;
use sync_rules::SyncRule;

/// Of people so many are named in a sentence; all are listed beside it.
const NAMED: usize = 5;

/// Everything that the checks look through.
#[derive(Clone, Copy)]
pub struct Doctor<'a> {
    /// usher, as it runs every day.
    pub usher: &'a Usher,
    /// Whoever may read policies.
    pub policies: &'a SetupReader,
    /// The variables of this process.
    pub environment: &'a Environment,
    /// What people are called at home, if somebody brought it.
    pub home: Option<&'a Home>,
    /// Entra Connect's rules, if somebody brought them.
    pub sync_rules: Option<&'a [SyncRule]>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Examined {
    /// The checks.
    pub checks: Vec<Check>,
    /// People who are synchronized to a partner and sign in by text message.
    pub ready: BTreeSet<UserId>,
}

/// The permissions with which whoever sets tenants up is asked: to read, and to change only where that is meant.
pub fn permissions(config: &Config, fix: bool) -> Vec<&'static str> {
    let synchronizes = config.partners.iter().any(|partner| partner.sync.is_some());
    let mut all = vec!["Policy.Read.All"];
    if config.tenant.cloud == Cloud::Global {
        all.push("MultiTenantOrganization.ReadBasic.All");
    }
    if synchronizes {
        all.extend(["Policy.Read.AuthenticationMethod", "AuditLog.Read.All"]);
        all.push(if fix { "UserAuthMethod-Phone.ReadWrite.All" } else { "UserAuthMethod-Phone.Read.All" });
    }
    if synchronizes && fix {
        all.push("UserAuthenticationMethod.Read.All");
    }
    all
}

impl Doctor<'_> {
    /// Makes every check.
    pub async fn examine(&self, pace: &mut Pace, progress: OnProgress<'_>) -> Examined {
        let config = &self.usher.config;
        let usual = SetupReader::new(self.usher.client.clone());
        let state = surroundings::state(self.usher, self.environment.get("USHER_STATE").is_some()).await;
        let mut checks = state.checks;
        checks.extend(identity::permissions(config, self.usher.client.permissions().await.as_ref()));
        let swept = observed::sweep(self.usher, &state.memory, progress).await;
        let mut asker = policies::Asker::new(self.policies);
        let policies = policies::look(&mut asker, config, &state.memory).await;
        checks.extend(policies.checks);
        let sync_allowed = &policies.sync_allowed;
        checks.extend(observed::judge(self.usher, &state.memory, &swept, sync_allowed, self.home, state.birth));
        checks.push(observed::sign_in_data(&usual, config).await);
        let mut ready = BTreeSet::new();
        for partner in &config.partners {
            let found = self.synchronized(&usual, &asker, pace, partner, progress).await;
            ready.extend(found.ready);
            checks.extend(found.checks);
        }
        checks.extend(surroundings::schedules(self.environment));
        checks.extend(surroundings::webhooks(config));
        let difference = self.usher.client.clock_difference().or_else(|| self.policies.client().clock_difference());
        checks.push(surroundings::clock(&self.usher.clock, difference));
        checks.push(Check::not_applicable(
            ids::LEAVE_SETTING,
            "this tenant",
            "Graph v1.0 does not show it; usher does not go by it: whoever leaves is seen as gone. In the portal: External \
             Identities > External collaboration settings > External user leave settings",
        ));
        checks.extend(self.sync_rules.into_iter().flat_map(sync_rules::judge));
        Examined { checks: checks.into_iter().map(with_permission).collect(), ready }
    }

    async fn synchronized(
        &self,
        usual: &SetupReader,
        asker: &policies::Asker<'_>,
        pace: &mut Pace,
        partner: &Partner,
        progress: OnProgress<'_>,
    ) -> sms::Found {
        let name = &partner.name;
        let Some(sync) = &partner.sync else {
            let why = "nobody is synchronized from here to this partner";
            let checks =
                [ids::SYNC_STATUS, ids::SMS_POLICY, ids::SMS_SIGN_IN].map(|id| Check::not_applicable(id, name, why));
            return sms::Found { ready: Vec::new(), checks: checks.into() };
        };
        let elsewhere = Check::not_applicable(ids::SYNC_STATUS, name, "`usher sync status` looks at it");
        let mut found = match asker.nobody() {
            Some(error) => {
                let unread = |id| Check::unreadable(id, name, error, "UserAuthMethod-Phone.Read.All");
                sms::Found { ready: Vec::new(), checks: [ids::SMS_POLICY, ids::SMS_SIGN_IN].map(unread).into() }
            }
            None => sms::find(usual, self.policies, pace, partner, sync, progress).await,
        };
        found.checks.push(elsewhere);
        found
    }
}

/// Writes the people of this tenant to a file, for the other side.
///
/// # Errors
/// When the directory cannot be read: part of a list would say that somebody is not there.
pub async fn export(usher: &Usher, path: &Path, progress: OnProgress<'_>) -> Result<Check, RunError> {
    let observer = usher.observer(&usher.client);
    let (snapshot, users) = observer.everybody(usher.clock.now(), &|read| progress(Progress::Read(read))).await?;
    let lens = observer.lens(&snapshot);
    let home = Home::of(usher.config.tenant.id, users, &lens);
    let shown = path.display();
    let check = match home.write(path) {
        Ok(()) => {
            let evidence = format!("{} people written; the file holds personal data", home.people.len());
            Check::pass(ids::EXPORT, &shown.to_string(), evidence)
        }
        Err(error) => {
            let evidence = format!("the file cannot be written: {error}");
            Check::fail(ids::EXPORT, &shown.to_string(), evidence, "Name a file in a folder that can be written to.")
        }
    };
    Ok(with_permission(check))
}

/// What `sms.sign-in` says after some of those who were found were switched.
pub fn after_fix(checks: &mut [Check], done: &BTreeSet<UserId>) {
    for check in checks.iter_mut().filter(|check| check.id == ids::SMS_SIGN_IN && !check.people.is_empty()) {
        if check.result != crate::checks::CheckResult::Fail {
            continue;
        }
        let left: Vec<_> = check.people.iter().copied().filter(|person| !done.contains(person)).collect();
        let evidence = if left.is_empty() {
            "nobody signs in by text message alone any more".to_owned()
        } else {
            format!("they still sign in by text message alone: {}", named(&left))
        };
        *check = with_permission(match left.is_empty() {
            true => Check::pass(ids::SMS_SIGN_IN, &check.subject, evidence),
            false => Check::fail(ids::SMS_SIGN_IN, &check.subject, evidence, check.remedy.clone()).about(left),
        });
    }
}

/// The same check with the permission that the catalogue names.
fn with_permission(check: Check) -> Check {
    match (check.permission, ids::permission_of(check.id)) {
        (None, Some(permission)) => check.needing(permission),
        _ => check,
    }
}

/// Whether a partner is in a cloud with another sign-in service.
fn across_clouds(own: Cloud, partner: &Partner) -> bool {
    own.facts().authority != partner.cloud.facts().authority
}

/// How many people, and who some of them are.
fn named(people: &[UserId]) -> String {
    let some: Vec<_> = people.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if people.len() > NAMED { ", …" } else { "" };
    format!("{} people: {}{more}", people.len(), some.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::fixtures::{config, id, plain};
    use crate::trust::observe::Observed;
    use crate::trust::verify::{Side, one_side};

    #[test]
    fn no_more_permissions_are_asked_for_than_what_is_to_be_done_needs() {
        let group = uuid::Uuid::from_u128(7);
        let synced = config("", "", "", &format!("[partner.sync]\ngroups = [\"{group}\"]"));
        assert_eq!(permissions(&plain(), true), ["Policy.Read.All", "MultiTenantOrganization.ReadBasic.All"]);
        assert!(permissions(&synced, false).iter().all(|name| !name.contains("Write")));
        assert!(permissions(&synced, true).contains(&"UserAuthMethod-Phone.ReadWrite.All"));
    }

    #[test]
    fn the_catalogue_knows_what_the_comparison_with_the_configuration_checks() {
        let all = "inbound = true\noutbound = true\ntrust_mfa = true\ntrust_compliant_device = true\n\
                   trust_hybrid_joined_device = true\nautomatic_redemption = true\nallow_sync_in = false";
        for rest in [String::new(), format!("[partner.trust]\n{all}")] {
            let config = config("", "", "", &rest);
            let (partner, observed) = (&config.partners[0], &Observed::default());
            for check in one_side(Side { cloud: Cloud::Global, partner, observed }) {
                assert!(ids::ALL.iter().any(|entry| entry.id == check.id), "{}", check.id);
            }
        }
    }

    #[test]
    fn whoever_was_switched_is_not_told_any_more() {
        use crate::checks::CheckResult::{Fail, Pass};
        for (done, expected, left) in [(&[1, 2][..], Pass, 0), (&[1], Fail, 1), (&[], Fail, 2)] {
            let mut checks = vec![sms::judge("fabrikam", 9, 3, &[id(1), id(2)])];
            after_fix(&mut checks, &done.iter().map(|number| id(*number)).collect());
            assert_eq!((checks[0].result, checks[0].people.len()), (expected, left), "{done:?}");
        }
    }
}
