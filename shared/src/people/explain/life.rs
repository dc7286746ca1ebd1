//! The table's conditions and the guards, told for an external user whom usher looks after.

use super::{RuleResult, Told, rules};
use crate::journal::record::{ActionKind, StepId};
use crate::people::carry::{differences, in_words, missing_groups, missing_sponsors};
use crate::people::case::{Case, Finding};
use crate::people::decide::decide;
use crate::people::guards::Guard;
use crate::people::lifecycle::{State, When};
use crate::people::reason::Reason;
use crate::people::rules::Rule;
use crate::tri::Tri;
use jiff::Timestamp;

/// The scope's rules, the conditions of the person's state, and the guards of the step that is due.
pub(super) fn tell(case: &Case<'_>) -> Told {
    let decision = decide(case);
    let mut told = rules(case, &[Rule::Domain, Rule::Group, Rule::NotExcluded, Rule::NothingUnconfirmed]);
    // Before an earlier step is settled, no condition counts.
    let ways: Vec<_> = if case.state() == State::Unconfirmed { Vec::new() } else { case.state().ways().collect() };
    for (when, ..) in &ways {
        let found = case.condition(*when).unwrap_or(Finding::unknown(Reason::ProtectionUnknown));
        told.push(RuleResult {
            rule: when.name().to_owned(),
            result: found.holds,
            evidence: evidence(case, *when, found),
        });
    }
    let due = decision.actions.first().map(|action| (action.step(), action.cause));
    let holds = |(when, ..): &&(When, ActionKind, State)| case.condition(*when).is_ok_and(|found| found.holds.is_yes());
    let step = |action| StepId { person: case.person.id, action, object: None };
    if let Some((step, cause)) = due.or_else(|| ways.iter().find(holds).map(|(_, action, _)| (step(*action), None))) {
        for guard in Guard::ALL.iter().filter(|guard| guard.concerns(step.action)) {
            let found = case.guard(*guard, step, cause).unwrap_or(Finding::unknown(Reason::ProtectionUnknown));
            let evidence =
                found.reason.map_or_else(|| "nothing stands against it".to_owned(), |reason| reason.text().to_owned());
            told.push(RuleResult { rule: guard.name().to_owned(), result: found.holds, evidence });
        }
    }
    let actions: Vec<_> = decision.actions.iter().map(|action| action.kind).collect();
    Told { decision: if actions.is_empty() { Err(decision.reason) } else { Ok(actions) }, rules: told }
}

/// What was seen, in words.
fn evidence(case: &Case<'_>, when: When, found: Finding) -> String {
    let leave = &case.partner.leave;
    let invite = &case.partner.invite;
    let since = |at: Option<Timestamp>| at.map_or_else(|| "not known".to_owned(), day);
    let seen = match when {
        When::InvitationRequested | When::Convertible => String::new(),
        When::RetirementRequested => match case.departure().and_then(|departure| departure.retirement) {
            Some(at) => format!("asked for: {}", day(at)),
            None => "nobody asked for it".to_owned(),
        },
        When::GraceOver => match (case.scope.in_scope(), case.departure().and_then(|one| one.out_since)) {
            (Tri::Yes, _) => "in scope".to_owned(),
            (_, Some(out)) => {
                format!("out of scope since {}; disabled after {} days", day(out), leave.disable_after_days)
            }
            (scope, None) => format!("in scope: {scope}; not noticed out of scope before"),
        },
        When::Inactive => match case.partner.inactive.disable_after_days {
            0 => "inactive.disable_after_days is 0".to_owned(),
            limit => format!("last sign-in: {}; disabled after {limit} days without one", since(last_sign_in(case))),
        },
        When::InvitationExpired => match invite.expires_after_days() {
            None => "invite.expire_after_days is 0".to_owned(),
            Some(limit) => format!("invited: {}; expires after {limit} days", since(case.pending_since())),
        },
        When::AddressChanged => match case.address() {
            Some(address) => format!("address now: {}", address.as_str()),
            None => "no address, or several".to_owned(),
        },
        When::ResendDue => {
            let sent = case.life().map_or(0, |life| life.resent);
            let list: Vec<_> = invite.resend_after_days.iter().map(u16::to_string).collect();
            let last = if sent == 0 { "not yet".to_owned() } else { format!("for day {sent}") };
            format!("invited: {}; sent again: {last}; days: {}", since(case.pending_since()), list.join(", "))
        }
        When::ValuesDiffer => {
            let found = differences(case.config(), case.partner, case.person);
            let (is, shall) = in_words(&found.to_write);
            if is.is_empty() {
                "nothing differs that usher would write".to_owned()
            } else {
                format!("is {is}; shall be {shall}")
            }
        }
        When::SponsorMissing => {
            format!("{} of {} sponsors to be set", missing_sponsors(case).len(), invite.sponsors.len())
        }
        When::GroupMissing => {
            format!("{} of {} groups to be joined", missing_groups(case).0.len(), invite.groups.len())
        }
        When::BackInScope => format!("in scope: {}; taken away for: {}", case.scope.in_scope(), causes(case)),
        When::StillInGroup => format!("groups that usher put the person into: {}", case.groups_to_leave().len()),
        When::DeletionDue => {
            let disabled = case.taken().and_then(|taken| taken.disabled);
            format!(
                "disabled by usher: {}; taken away for: {}; deleted after {} days",
                since(disabled),
                causes(case),
                leave.delete_after_days
            )
        }
    };
    let reason = found.reason.map_or_else(String::new, |reason| format!(". {}", reason.text()));
    format!("{seen}{reason}")
}

fn causes(case: &Case<'_>) -> String {
    let causes: Vec<_> =
        case.taken().into_iter().flat_map(|taken| taken.causes.keys()).map(|cause| cause.name()).collect();
    if causes.is_empty() { "nothing".to_owned() } else { causes.join(", ") }
}

fn last_sign_in(case: &Case<'_>) -> Option<Timestamp> {
    case.view.snapshot.sign_ins.read()?.get(&case.person.id).copied()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_time_shows_its_month_and_its_minutes_each_in_its_place() {
        assert_eq!(day("2026-03-04T05:06:07Z".parse().unwrap()), "2026-03-04 05:06 UTC");
    }
}
