//! Whom of a partner's people usher could bring in, whom not and why, and what is to be known of those who are here.
//!
//! Responsible for: judging everybody by the planner's own rules, without the limits of a day. Not responsible for: reading
//! them; see `observed`.

use super::catalogue as ids;
use super::named;
use crate::checks::{Check, CheckResult};
use crate::config::Partner;
use crate::ids::UserId;
use crate::journal::memory::StepState;
use crate::people::case::{Case, View};
use crate::people::person::Standing;
use crate::people::reason::Reason;
use crate::people::rules::Rule;
use crate::tri::Tri;
use std::collections::BTreeMap;

/// What Graph's refusals are called that matter here.
const ON_PREMISES_NAME: &str = "on-premises-upn";
const ADDRESS_IN_USE: &str = "address-in-use";

/// A partner's people, sorted by what there is to say of them.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// Those who can be converted.
    pub convertible: Vec<UserId>,
    /// Internal people who cannot, by the planner's reason.
    pub held: BTreeMap<Reason, Vec<UserId>>,
    /// External users.
    pub external: Vec<UserId>,
    /// Those of them whom Entra Connect masters.
    pub mastered: Vec<UserId>,
    /// Whose conversion was refused for the on-premises name.
    pub refused_for_name: Vec<UserId>,
    /// Whose conversion was refused because something else has the address.
    pub refused_for_address: Vec<UserId>,
    /// How many conversions of synced people were taken.
    pub converted: usize,
}

/// Whose turn it would be if nothing bounded a run: those of whom the closer look is needed.
pub fn to_be_looked_at(view: View<'_>, partner: &Partner) -> Vec<UserId> {
    let cases = view.snapshot.people.values().map(|person| Case::new(view, partner, person));
    let is_candidate = |case: &Case<'_>| !is_external(case) && case.first_obstacle(Rule::FROM_SWEEP).is_none();
    cases.filter(is_candidate).map(|case| case.person.id).collect()
}

/// Sorts a partner's people, once the closer look at candidates was made.
pub fn sort(view: View<'_>, partner: &Partner) -> People {
    let mut people = People::default();
    for person in view.snapshot.people.values() {
        let case = Case::new(view, partner, person);
        if case.scope.domain == Tri::No {
            continue;
        }
        for (_, step) in view.memory.steps_of(person.id).filter(|(_, step)| step.partner == partner.name) {
            match &step.state {
                StepState::Refused { code, .. } if code == ON_PREMISES_NAME => people.refused_for_name.push(person.id),
                StepState::Refused { code, .. } if code == ADDRESS_IN_USE => people.refused_for_address.push(person.id),
                _ => {}
            }
        }
        if is_external(&case) {
            people.external.push(person.id);
            if person.synced.is_yes() {
                people.mastered.push(person.id);
                people.converted += usize::from(case.life().is_some_and(|life| !life.origin.adopted));
            }
            continue;
        }
        match case.first_obstacle(Rule::FROM_SWEEP).or_else(|| case.first_obstacle(Rule::FROM_CLOSER_LOOK)) {
            None => people.convertible.push(person.id),
            Some(reason) => people.held.entry(reason).or_default().push(person.id),
        }
    }
    people
}

fn is_external(case: &Case<'_>) -> bool {
    matches!(case.person.standing, Standing::Pending | Standing::Accepted)
}

/// What it means that somebody is left alone for a reason; `None` where that is as it should be.
fn weight(reason: Reason) -> Option<CheckResult> {
    match reason {
        // It has a check of its own.
        Reason::Twin => None,
        Reason::GroupUnknown
        | Reason::ExclusionUnknown
        | Reason::EnabledUnknown
        | Reason::ProtectionUnknown
        | Reason::ExchangeUnknown => Some(CheckResult::Unknown),
        Reason::InternalNotSynced | Reason::AccountDisabled | Reason::DirectoryRole | Reason::RefusedRecently => {
            Some(CheckResult::Warn)
        }
        reason if reason.needs_a_person() => Some(CheckResult::Warn),
        _ => None,
    }
}

/// The checks of a partner's people.
pub fn judge(partner: &Partner, people: &People, sync_allowed: Tri) -> Vec<Check> {
    let name = &partner.name;
    let mut checks = vec![
        Check::pass(ids::CANDIDATES, name, format!("{} can be converted", people.convertible.len()))
            .about(people.convertible.clone()),
    ];
    let mut held = Vec::new();
    for (reason, ids) in &people.held {
        if let Some(result) = weight(*reason) {
            let evidence = format!("{reason}: {} {}", reason.text(), named(ids));
            let check = Check::unknown(ids::HELD, name, evidence, reason.advice());
            held.push(Check { result, ..check }.about(ids.clone()));
        }
    }
    if held.is_empty() {
        held.push(Check::pass(ids::HELD, name, "nobody, but for those whom the configuration leaves out"));
    }
    checks.append(&mut held);
    checks.extend([collisions(name, people), on_premises_name(name, people), mastered(name, people, sync_allowed)]);
    checks
}

fn collisions(name: &str, people: &People) -> Check {
    let id = ids::COLLISIONS;
    let twins = people.held.get(&Reason::Twin).map_or(&[][..], Vec::as_slice);
    let all: Vec<_> = twins.iter().chain(&people.refused_for_address).copied().collect();
    if all.is_empty() {
        let evidence = "no two users have an address in common; whether a contact has one shows an invitation, which is \
                        refused as address-in-use";
        return Check::pass(id, name, evidence);
    }
    let evidence = format!(
        "{} share an address with another user, {} were refused because a user, group or contact has theirs; {}",
        twins.len(),
        people.refused_for_address.len(),
        named(&all)
    );
    Check::warn(id, name, evidence, Reason::Twin.advice()).about(all)
}

fn on_premises_name(name: &str, people: &People) -> Check {
    let id = ids::ON_PREMISES_NAME;
    let refused = &people.refused_for_name;
    let remedy = "Let the outbound sync rule flow AuthoritativeNull to onPremisesUserPrincipalName; check the rules with \
                  `usher doctor --sync-rules FILE`.";
    match (refused.len(), people.converted) {
        (0, 0) if people.convertible.is_empty() => Check::not_applicable(id, name, "nobody is to be converted"),
        (0, 0) => Check::unknown(
            id,
            name,
            "nobody was converted yet, and the value that Graph shows decides nothing: only an attempt tells",
            "Try one: `usher doctor --probe ADDRESS`; and look at the rules: `usher doctor --sync-rules FILE`.",
        ),
        (0, converted) => {
            Check::pass(id, name, format!("{converted} were converted, and nobody refused for it lately"))
        }
        (_, 0) => {
            Check::fail(id, name, format!("nobody was converted, and refused for it: {}", named(refused)), remedy)
                .about(refused.clone())
        }
        (_, converted) => {
            Check::warn(id, name, format!("{converted} were converted, and refused for it: {}", named(refused)), remedy)
                .about(refused.clone())
        }
    }
}

fn mastered(name: &str, people: &People, sync_allowed: Tri) -> Check {
    let (id, mastered) = (ids::MASTERED, &people.mastered);
    if mastered.is_empty() {
        return Check::pass(id, name, "none");
    }
    let evidence = format!("{}; cross-tenant synchronization cannot manage them", named(mastered));
    match sync_allowed {
        Tri::No => Check::pass(id, name, format!("{evidence}, and is not allowed here")).about(mastered.clone()),
        Tri::Yes | Tri::Unknown => {
            let may = if sync_allowed.is_yes() { "is" } else { "may be" };
            Check::warn(id, name, format!("{evidence}, and {may} allowed here"), "Keep them out of its scope at home.")
                .about(mastered.clone())
        }
    }
}

/// External users who hold a directory role; `None` where roles could not be read, for this reason.
pub fn roles(partner: &Partner, holders: Result<Vec<UserId>, &str>) -> Check {
    let (id, name) = (ids::ROLES, &partner.name);
    match holders {
        Err(why) => Check::unknown(id, name, why, "Grant RoleManagement.Read.Directory: `usher grant apply`."),
        Ok(holders) if holders.is_empty() => Check::pass(id, name, "none holds a directory role"),
        Ok(holders) => {
            let remedy =
                "usher never touches them: not when they leave either. Take the role away if that is not meant.";
            Check::warn(id, name, named(&holders), remedy).about(holders)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{Fail, NotApplicable, Pass, Unknown, Warn};
    use crate::people::fixtures::{World, id, now, plain, synced};
    use serde_json::json;

    fn sorted(world: &World) -> People {
        let snapshot = world.snapshot();
        let view = View { config: &world.config, snapshot: &snapshot, memory: &world.memory, now: now() };
        sort(view, &world.config.partners[0])
    }

    fn result(checks: &[Check], id: &str) -> CheckResult {
        checks.iter().find(|check| check.id == id).expect("the check is made").result
    }

    #[test]
    fn everybody_is_sorted_by_the_planners_own_reasons_and_all_are_listed() {
        let mut people = vec![
            synced(1, json!({})),
            synced(2, json!({"onPremisesSyncEnabled": null})),
            synced(3, json!({"accountEnabled": false})),
            synced(4, json!({"externalUserState": "Accepted", "creationType": "Invitation"})),
            synced(5, json!({"mail": "person@elsewhere.example"})),
        ];
        people.extend((6..40).map(|number| synced(number, json!({"onPremisesSyncEnabled": false}))));
        let world = World::of(plain(), people);
        let people = sorted(&world);
        assert_eq!(people.convertible, [id(1)]);
        assert_eq!(people.external, [id(4)]);
        assert_eq!(people.mastered, [id(4)]);
        assert_eq!(people.held[&Reason::AccountDisabled], [id(3)]);
        assert_eq!(people.held[&Reason::InternalNotSynced].len(), 35);
        let checks = judge(&world.config.partners[0], &people, Tri::No);
        let named = checks.iter().find(|check| check.evidence.starts_with("internal-not-synced")).unwrap();
        assert_eq!((named.result, named.people.len()), (Warn, 35));
        assert!(named.evidence.contains("35 people") && named.evidence.ends_with('…'), "{}", named.evidence);
    }

    #[test]
    fn what_could_not_be_read_is_unknown() {
        let mut world = World::of(plain(), vec![synced(1, json!({}))]);
        world.evidence.clear();
        let checks = judge(&world.config.partners[0], &sorted(&world), Tri::Unknown);
        assert_eq!(result(&checks, ids::HELD), Unknown);
        assert!(roles(&world.config.partners[0], Err("no")).result == Unknown);
    }

    #[test]
    fn the_on_premises_name_is_judged_by_attempts_alone() {
        let partner = &plain().partners[0];
        for (convertible, refused, converted, expected) in
            [(0, 0, 0, NotApplicable), (3, 0, 0, Unknown), (3, 0, 2, Pass), (3, 1, 0, Fail), (3, 1, 2, Warn)]
        {
            let people = People {
                convertible: (0..convertible).map(id).collect(),
                refused_for_name: (0..refused).map(id).collect(),
                converted,
                ..People::default()
            };
            let checks = judge(partner, &people, Tri::No);
            assert_eq!(result(&checks, ids::ON_PREMISES_NAME), expected, "{convertible} {refused} {converted}");
        }
    }

    #[test]
    fn two_with_one_address_and_people_mastered_elsewhere_are_told() {
        let same = json!({"mail": "person-0001@fabrikam.us"});
        let world = World::of(plain(), vec![synced(1, json!({})), synced(2, same)]);
        let checks = judge(&world.config.partners[0], &sorted(&world), Tri::No);
        assert_eq!(result(&checks, ids::COLLISIONS), Warn);
        let people = People { mastered: vec![id(1)], ..People::default() };
        for (allowed, expected) in [(Tri::No, Pass), (Tri::Yes, Warn), (Tri::Unknown, Warn)] {
            let checks = judge(&world.config.partners[0], &people, allowed);
            assert_eq!(result(&checks, ids::MASTERED), expected);
        }
    }
}
