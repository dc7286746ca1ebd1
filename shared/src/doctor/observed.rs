//! Reads the directory for the checks of people: everybody once, and candidates closer.
//!
//! Responsible for: what cannot be read is unknown, for each check by itself. Not responsible for: judging; see
//! [`super::people`] and [`super::home`].

use super::home::{self, Home};
use super::{catalogue as ids, people, surroundings};
use crate::checks::Check;
use crate::config::{Config, Partner};
use crate::graph::GraphError;
use crate::graph::setup::SetupReader;
use crate::graph::setup::policies::Plan;
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::people::case::View;
use crate::people::guard::Birth;
use crate::people::observe::{ObserveError, Track};
use crate::people::snapshot::{Dear, Snapshot};
use crate::run::{OnProgress, Progress, Usher};
use crate::tri::Tri;
use std::collections::{BTreeMap, BTreeSet};
use uuid::{Uuid, uuid};

const TENANT: &str = "this tenant";
/// The plans with which sign-in data come.
const PREMIUM: [Uuid; 2] =
    [uuid!("41781fb2-bc02-4b7c-bd55-b576c07bb09d"), uuid!("eec0eb4f-6444-4f95-aba0-50c24d67f998")];
/// The checks of a partner's people.
const OF_PEOPLE: [&str; 8] = [
    ids::DOMAINS,
    ids::CANDIDATES,
    ids::HELD,
    ids::COLLISIONS,
    ids::ON_PREMISES_NAME,
    ids::HOME_NAME,
    ids::MASTERED,
    ids::ROLES,
];

/// Reads everybody, and closer those who could be converted.
pub(super) async fn sweep(usher: &Usher, memory: &Memory, progress: OnProgress<'_>) -> Result<Snapshot, ObserveError> {
    let observer = usher.observer(&usher.client);
    let now = usher.clock.now();
    let page_read = |read| progress(Progress::Read(read));
    let (mut snapshot, _) = observer.sweep(now, Track::Nothing, memory, &page_read).await?;
    let view = View { config: &usher.config, snapshot: &snapshot, memory, now };
    let candidates: BTreeSet<_> =
        usher.config.partners.iter().flat_map(|partner| people::to_be_looked_at(view, partner)).collect();
    // Roles are read with it, also where nobody is to be looked at.
    observer.look_closer(&mut snapshot, &candidates.into_iter().collect::<Vec<_>>(), true).await;
    Ok(snapshot)
}

/// What the directory says. `sync_allowed` is, by partner, whether Microsoft's synchronization may push people here.
pub(super) fn judge(
    usher: &Usher,
    memory: &Memory,
    swept: &Result<Snapshot, ObserveError>,
    sync_allowed: &BTreeMap<String, Tri>,
    home: Option<&Home>,
    birth: Option<Birth>,
) -> Vec<Check> {
    let config = &usher.config;
    let snapshot = match swept {
        Ok(snapshot) => snapshot,
        Err(ObserveError::WrongTenant { .. }) => {
            let error = swept.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let failed =
                Check::fail(ids::TENANT, TENANT, error, "Sign in to the configured tenant, or correct tenant.id.");
            let unseen = |id, name: &str| {
                Check::unknown(id, name, "the credential is for another tenant", "See tenant.identity.")
            };
            return std::iter::once(failed).chain(unread(config, birth, &unseen)).collect();
        }
        Err(ObserveError::Graph(error)) => {
            let unseen = |id, name: &str| match super::catalogue::permission_of(id) {
                Some(permission) => Check::unreadable(id, name, error, permission),
                None => Check::unknown(id, name, error.to_string(), "See people.candidates."),
            };
            return std::iter::once(unseen(ids::TENANT, TENANT)).chain(unread(config, birth, &unseen)).collect();
        }
    };
    let mut checks = vec![Check::pass(ids::TENANT, TENANT, format!("{} users were read", snapshot.users_read))];
    let view = View { config, snapshot, memory, now: usher.clock.now() };
    let mut external = BTreeSet::new();
    for partner in &config.partners {
        let sorted = people::sort(view, partner);
        let allowed = sync_allowed.get(&partner.name).copied().unwrap_or_default();
        checks.push(domains(partner, snapshot));
        checks.extend(people::judge(partner, &sorted, allowed));
        checks.push(people::roles(partner, holders(snapshot, &sorted.external)));
        checks.push(home::judge(view, partner, home, config.tenant.cloud));
        external.extend(sorted.external);
    }
    checks.extend(birth.map(|birth| surroundings::birth(birth, external.len())));
    checks
}

fn unread(config: &Config, birth: Option<Birth>, unseen: &dyn Fn(&'static str, &str) -> Check) -> Vec<Check> {
    let of = |partner: &Partner| OF_PEOPLE.map(|id| unseen(id, &partner.name));
    let mut checks: Vec<_> = config.partners.iter().flat_map(of).collect();
    checks.extend(birth.map(|birth| match birth {
        Birth::Known => surroundings::birth(birth, 0),
        Birth::Missing => unseen(ids::BIRTH, "USHER_STATE"),
    }));
    checks
}

fn domains(partner: &Partner, snapshot: &Snapshot) -> Check {
    let listed = partner.scope.domains.iter().chain(&partner.scope.previous_domains).map(|domain| domain.as_str());
    let own: Vec<_> = listed.filter(|domain| snapshot.verified_domains.contains(*domain)).collect();
    if own.is_empty() {
        return Check::pass(ids::DOMAINS, &partner.name, "none is verified here");
    }
    let evidence = format!("{} verified here: its people are colleagues, and everything is held", own.join(", "));
    Check::fail(ids::DOMAINS, &partner.name, evidence, "Correct scope.domains.")
}

fn holders<'a>(snapshot: &'a Snapshot, external: &[UserId]) -> Result<Vec<UserId>, &'a str> {
    match &snapshot.roles {
        Dear::Read(roles) => Ok(external.iter().copied().filter(|person| roles.holds_role(*person)).collect()),
        Dear::Unreadable(why) => Err(why),
        Dear::NotRead => Err("it was not read"),
    }
}

/// Whether sign-in data can be there where the configuration goes by them.
pub(super) async fn sign_in_data(usual: &SetupReader, config: &Config) -> Check {
    if config.partners.iter().all(|partner| partner.inactive.disable_after_days == 0) {
        return Check::not_applicable(ids::SIGN_IN_DATA, TENANT, "no [partner.inactive] goes by it");
    }
    licence(usual.plans().await)
}

fn licence(plans: Result<Vec<Plan>, GraphError>) -> Check {
    let id = ids::SIGN_IN_DATA;
    let is_premium = |plan: &Plan| {
        plan.capability_status.as_deref() == Some("Enabled")
            && plan.service_plan_id.is_some_and(|plan| PREMIUM.contains(&plan))
    };
    match plans {
        Ok(plans) if plans.iter().any(is_premium) => Check::pass(id, TENANT, "Entra ID P1 or P2 is there"),
        Ok(_) => Check::fail(
            id,
            TENANT,
            "neither Entra ID P1 nor P2: without sign-in data everybody counts as active",
            "Buy it, or set inactive.disable_after_days = 0.",
        ),
        Err(error) => Check::unreadable(id, TENANT, &error, "Organization.Read.All"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{Fail, Pass, Unknown};
    use crate::graph::Kind;

    #[test]
    fn only_a_plan_that_is_in_force_brings_sign_in_data() {
        let plan =
            |id: Uuid, status: &str| Plan { capability_status: Some(status.to_owned()), service_plan_id: Some(id) };
        for (plans, expected) in [
            (Ok(vec![plan(PREMIUM[0], "Enabled")]), Pass),
            (Ok(vec![plan(Uuid::nil(), "Enabled"), plan(PREMIUM[1], "Enabled")]), Pass),
            (Ok(vec![plan(PREMIUM[0], "Deleted")]), Fail),
            (Ok(Vec::new()), Fail),
            (Err(GraphError::new(Kind::Forbidden, "GET /organization", "no")), Unknown),
        ] {
            assert_eq!(licence(plans).result, expected);
        }
    }
}
