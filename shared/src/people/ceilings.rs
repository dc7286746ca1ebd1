//! What a person has to approve before it is done.
//!
//! Responsible for: ceilings of what takes away, and what follows first from a changed configuration. Not responsible for:
//! daily limits and waves of what adds, see [`super::guard`], nor for keeping held plans, see [`crate::held`].

use super::case::View;
use super::decide::Action;
use super::guard::{Held, HeldReason};
use crate::config::Partner;
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, Budget, Cause, Settings};
use jiff::Timestamp;

fn spent(view: View<'_>, partner: &Partner, budget: Budget) -> u32 {
    view.memory.partner(&partner.name).map_or(0, |known| known.spent_within_a_day(budget, view.now))
}

/// The parts of the partner's configuration whose change a person has to approve.
pub fn settings_of(partner: &Partner) -> Settings {
    Settings { scope: partner.scope_hash(), attributes: partner.attributes_hash() }
}

/// Takes out of `actions` what a person has to approve first, with the reason; `in_scope` is how many people were observed
/// in scope.
pub fn hold_back(
    view: View<'_>,
    partner: &Partner,
    actions: &mut Vec<Action>,
    in_scope: usize,
) -> (Vec<Action>, Option<Held>) {
    let known = view.memory.partner(&partner.name).and_then(|known| known.in_force.as_ref());
    let scope_changed = || known.is_some_and(|known| known.scope != partner.scope_hash());
    let takes_away = |action: &Action| action.kind.takes_away();
    // What somebody asked for does not follow from the configuration.
    let by_rules = |action: &Action| takes_away(action) && action.cause != Some(Cause::Request);
    let of_attributes = |action: &Action| is_of_attributes(partner, action);
    let count = |wanted: &dyn Fn(&Action) -> bool| actions.iter().filter(|action| wanted(action)).count() as u64;
    let held = |reason, limit: u64, observed: u64| Held {
        plan: None,
        reason,
        limit: Some(limit),
        observed: Some(observed),
        cause: None,
    };
    let above = |kind: ActionKind, reason| {
        let budget = kind.budget();
        let observed = count(&|action| action.kind == kind);
        let today = observed + u64::from(spent(view, partner, budget));
        let limit = ceiling(partner, budget, in_scope);
        (observed > 0 && today > limit).then(|| held(reason, limit, today))
    };
    let after_change = Some(count(&by_rules))
        .filter(|takings| *takings > 0 && scope_changed())
        .map(|takings| held(HeldReason::ChangedScope, 0, takings));
    let above_ceiling = above(ActionKind::Disable, HeldReason::DisablesCeiling)
        .or_else(|| above(ActionKind::Delete, HeldReason::DeletesCeiling));
    let (hold_by_rules, hold_takings) = (after_change.is_some(), above_ceiling.is_some());
    let reason = after_change.or(above_ceiling);
    let updates =
        Some(count(&of_attributes)).filter(|updates| *updates > 0 && attributes_changed(view, partner)).unwrap_or(0);
    let reason = reason.or_else(|| (updates > 0).then(|| held(HeldReason::ChangedAttributes, 0, updates)));
    let is_held = |action: &mut Action| {
        hold_takings && takes_away(action) || hold_by_rules && by_rules(action) || updates > 0 && of_attributes(action)
    };
    let held_back = actions.extract_if(.., is_held).collect();
    (held_back, reason)
}

/// Whether `[partner.attributes]` is not the one that is in force.
pub fn attributes_changed(view: View<'_>, partner: &Partner) -> bool {
    let known = view.memory.partner(&partner.name).and_then(|known| known.in_force.as_ref());
    known.is_some_and(|known| known.attributes != partner.attributes_hash())
}

/// Whether an action writes a value of `[partner.attributes]`.
pub fn is_of_attributes(partner: &Partner, action: &Action) -> bool {
    action.differences.iter().any(|difference| partner.attributes.contains_key(&difference.name))
}

/// How many more disables or deletions need nobody's approval today, over all paths.
pub fn left(partner: &Partner, memory: &Memory, kind: ActionKind, in_scope: usize, now: Timestamp) -> usize {
    let spent = memory.partner(&partner.name).map_or(0, |known| known.spent_within_a_day(kind.budget(), now));
    let left = ceiling(partner, kind.budget(), in_scope).saturating_sub(u64::from(spent));
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// How many disables or deletions a day needs nobody's approval: the smaller of the number and the percentage.
fn ceiling(partner: &Partner, budget: Budget, in_scope: usize) -> u64 {
    let number = match budget {
        Budget::Deletes => partner.limits.deletes,
        _ => partner.limits.disables,
    };
    let percent = (in_scope as u64 * u64::from(partner.limits.percent) / 100).max(1);
    u64::from(number).min(percent)
}
