//! Ways in which usher's surroundings break it on purpose: each must be caught by the invariant that is about it. A harness
//! that looks at nothing would let them pass.

use crate::history::History;
use crate::replay::{judge, live};
use crate::witness::Rule;
use axum::body::Bytes;
use serde_json::{Value, json};

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// Whatever is written to the journal seems written, and is not.
    StateForgetsTheJournal,
    /// Every request to Graph is carried out twice.
    GraphDoesItTwice,
    /// Whatever is sent in a batch of writes is answered as done, and not done.
    GraphOnlySaysSo,
    /// Somebody vanishes from the group that is the scope, although nobody took them out.
    GroupsLoseMembers,
    /// The clock of each process of usher's is weeks ahead of the one before.
    ClocksRunAhead,
    /// Somebody changes a segment of the journal afterwards.
    JournalIsRewritten,
    /// Nothing wakes usher any more.
    NobodyWakesIt,
    /// Somebody else disables whom usher brought in, in the disturbed world only.
    SomebodyDisables,
    /// Somebody else overwrites what usher keeps, again and again.
    SomebodyOverwrites,
}

/// What Graph would answer if it had done what a batch asks.
pub(crate) fn lie(request: &Bytes) -> Bytes {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let answer = |one: &Value| {
        let user = json!({"invitedUser": {"id": one["body"]["invitedUser"]["id"]}});
        let is_invitation = one["url"] == "/invitations";
        json!({
            "id": one["id"],
            "status": if is_invitation { 201 } else { 204 },
            "body": if is_invitation { user } else { Value::Null },
        })
    };
    let answers: Vec<_> = request["requests"].as_array().into_iter().flatten().map(answer).collect();
    json!({ "responses": answers }).to_string().into()
}

/// Asserts that this way of breaking is seen, by this rule.
#[track_caller]
fn is_caught(breakage: Breakage, rule: Rule) {
    let history = History::plain();
    let undisturbed = live(&history, None, false);
    assert!(undisturbed.violations.is_empty(), "{:#?}", undisturbed.violations);
    let violations = judge(&history, &undisturbed, Some(breakage));
    assert!(violations.iter().any(|violation| violation.rule == rule), "{violations:#?}");
}

#[test]
fn a_state_that_forgets_the_journal_is_caught_because_intents_come_first() {
    is_caught(Breakage::StateForgetsTheJournal, Rule::IntentsComeFirst);
}

#[test]
fn a_tenant_that_does_everything_twice_is_caught_because_nobody_is_mailed_twice() {
    is_caught(Breakage::GraphDoesItTwice, Rule::NobodyIsMailedTwice);
}

#[test]
fn a_tenant_that_only_says_that_it_did_it_is_caught_because_done_is_done() {
    is_caught(Breakage::GraphOnlySaysSo, Rule::DoneIsDone);
}

#[test]
fn a_group_that_loses_members_is_caught_because_nothing_is_taken_from_who_is_in_scope() {
    is_caught(Breakage::GroupsLoseMembers, Rule::NothingIsTakenOnMissingEvidence);
}

#[test]
fn clocks_that_run_ahead_by_weeks_are_caught_because_nothing_is_taken_before_its_days_are_over() {
    is_caught(Breakage::ClocksRunAhead, Rule::NothingIsTakenOnMissingEvidence);
}

#[test]
fn a_journal_that_is_rewritten_is_caught_because_the_chain_holds() {
    is_caught(Breakage::JournalIsRewritten, Rule::TheChainHolds);
}

#[test]
fn a_host_that_wakes_nobody_is_caught_because_nobody_is_forgotten() {
    is_caught(Breakage::NobodyWakesIt, Rule::NobodyIsForgotten);
}

#[test]
fn somebody_who_disables_people_in_one_world_only_is_caught_because_it_ends_as_undisturbed() {
    is_caught(Breakage::SomebodyDisables, Rule::ItEndsAsUndisturbed);
}

#[test]
fn somebody_who_overwrites_without_end_is_caught_because_it_comes_to_rest() {
    is_caught(Breakage::SomebodyOverwrites, Rule::ItComesToRest);
}
