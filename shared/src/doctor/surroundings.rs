//! What is around usher: the state, the clock, the timers' schedules, the webhooks.

use super::catalogue as ids;
use super::schedule;
use crate::checks::{Check, CheckResult};
use crate::clock::Clock;
use crate::config::{Config, Environment, TEAMS_WEBHOOK_URL};
use crate::journal::Journal;
use crate::journal::memory::Memory;
use crate::people::guard::Birth;
use crate::run::{RunError, Usher};
use crate::teams::webhook::{Format, Receiver};
use jiff::SignedDuration;
use std::time::Duration;

const WARNS_FROM: Duration = Duration::from_secs(60);
const FAILS_FROM: Duration = Duration::from_secs(300);

/// What the state says, as far as it can be read.
pub(super) struct State {
    pub(super) memory: Memory,
    /// `None` where it could not be read.
    pub(super) birth: Option<Birth>,
    pub(super) checks: Vec<Check>,
}

/// Reads the state. `is_set` is whether `USHER_STATE` names one.
pub(super) async fn state(usher: &Usher, is_set: bool) -> State {
    let subject = "USHER_STATE";
    if !is_set {
        let unseen = |id| Check::unknown(id, subject, "it is not set here", "Set it to the state of the deployed app.");
        let checks = [ids::STATE, ids::BIRTH, ids::JOURNAL].map(unseen).into();
        return State { memory: Memory::default(), birth: None, checks };
    }
    let (birth, mut checks) = match usher.birth().await {
        Ok(birth) => (Some(birth), vec![Check::pass(ids::STATE, subject, "it answers")]),
        Err(error @ RunError::ForeignState { .. }) => (
            None,
            vec![
                Check::pass(ids::STATE, subject, "it answers"),
                Check::fail(ids::BIRTH, subject, error.to_string(), "Correct USHER_STATE, or tenant.id."),
            ],
        ),
        Err(error) => {
            let remedy = "Check USHER_STATE, and the identity's access to the container.";
            let unread = |id| Check::unknown(id, subject, "the state could not be reached", "See state.reachable.");
            let failed = Check::fail(ids::STATE, subject, error.to_string(), remedy);
            return State {
                memory: Memory::default(),
                birth: None,
                checks: vec![failed, unread(ids::BIRTH), unread(ids::JOURNAL)],
            };
        }
    };
    let remedy = "Look at `usher status --verify`. Do not delete a broken chain: ask who changed it.";
    let memory = match Journal::open(usher.store.clone()).await {
        Ok(journal) => {
            checks.push(match journal.verify().await {
                Ok(head) => Check::pass(ids::JOURNAL, subject, format!("whole, up to segment {}", head.number)),
                Err(error) => Check::fail(ids::JOURNAL, subject, error.to_string(), remedy),
            });
            journal.memory().clone()
        }
        Err(error) => {
            checks.push(Check::fail(ids::JOURNAL, subject, error.to_string(), remedy));
            Memory::default()
        }
    };
    State { memory, birth, checks }
}

/// Whether the state is known, with so many external users of the partners in the directory.
pub(super) fn birth(birth: Birth, external_users: usize) -> Check {
    let (id, subject) = (ids::BIRTH, "USHER_STATE");
    match (birth, external_users) {
        (Birth::Known, _) => Check::pass(id, subject, "it is this tenant's"),
        (Birth::Missing, 0) => Check::pass(id, subject, "it is new, and so is everybody: the first run begins it"),
        (Birth::Missing, _) => Check::fail(
            id,
            subject,
            format!(
                "it knows of no earlier run, and {external_users} external users are there: everything would be held"
            ),
            "Correct USHER_STATE; if this is usher's first run here, say so with `usher apply --adopt-state`.",
        ),
    }
}

/// How far this machine's clock is from Graph's. A clock that runs faster than real time is judged by real time.
pub(super) fn clock(clock: &Clock, ahead: Option<SignedDuration>) -> Check {
    let (id, subject) = (ids::CLOCK, "this machine");
    let Some(ahead) = ahead else {
        return Check::unknown(id, subject, "no answer of Graph told the time", "Try again when Graph can be reached.");
    };
    let apart = clock.in_real_time(ahead.unsigned_abs());
    let evidence =
        format!("{} seconds {} Graph's", apart.as_secs(), if ahead.is_positive() { "behind" } else { "before" });
    let remedy = "Set this machine's clock by a time server: tokens and leases go by it.";
    match apart {
        apart if apart > FAILS_FROM => Check::fail(id, subject, evidence, remedy),
        apart if apart > WARNS_FROM => Check::warn(id, subject, evidence, remedy),
        _ => Check::pass(id, subject, "it agrees with Graph's"),
    }
}

/// The timers' schedules, where they are set here.
pub(super) fn schedules(environment: &Environment) -> Vec<Check> {
    [
        (ids::INVITE_SCHEDULE, "INVITE_SCHEDULE", "0 */5 * * * *"),
        (ids::RECONCILE_SCHEDULE, "RECONCILE_SCHEDULE", "0 30 */6 * * *"),
        (ids::SUMMARY_SCHEDULE, "SUMMARY_SCHEDULE", "0 0 7 * * *"),
    ]
    .map(|(id, variable, example)| match environment.get(variable) {
        None => Check::unknown(id, variable, "it is not set here", "Look at the function app's settings."),
        Some(text) => {
            let (result, evidence) = schedule::judge(text);
            let remedy = match result {
                CheckResult::Pass => String::new(),
                _ => format!("Use six fields (second minute hour day month weekday), such as {example}."),
            };
            Check { result, remedy, ..Check::unknown(id, variable, evidence, "") }
        }
    })
    .into()
}

/// The webhooks' URLs, which are shown nowhere and sent nothing.
pub(super) fn webhooks(config: &Config) -> Vec<Check> {
    let receivers = Receiver::all(config);
    let judged = |id, name: &str, format: Format| match receivers
        .iter()
        .find(|receiver| receiver.name == name && receiver.format == format)
    {
        None => Check::unknown(id, name, "it is not set here", "Look at the function app's settings."),
        Some(receiver) => match receiver.fault() {
            None => Check::pass(id, name, "reports may go there"),
            Some(fault) => Check::fail(id, name, fault.to_string(), fault.advice()),
        },
    };
    let mut checks = vec![judged(ids::TEAMS, TEAMS_WEBHOOK_URL, Format::TeamsCard)];
    checks.extend(config.report.webhooks.iter().map(|name| judged(ids::PLAIN, name, Format::PlainJson)));
    if config.report.webhooks.is_empty() {
        checks.push(Check::not_applicable(ids::PLAIN, "report.webhooks", "none is configured"));
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_clock_may_be_a_minute_off_and_fails_from_five() {
        use CheckResult::{Fail, Pass, Unknown, Warn};
        for (speed, seconds, expected) in [
            (1.0, Some(0), Pass),
            (1.0, Some(59), Pass),
            (1.0, Some(-61), Warn),
            (1.0, Some(299), Warn),
            (1.0, Some(301), Fail),
            (1.0, Some(-3600), Fail),
            (1000.0, Some(3600), Pass),
            (1.0, None, Unknown),
        ] {
            let machine = Clock::starting_at(Timestamp::UNIX_EPOCH, speed);
            let check = clock(&machine, seconds.map(SignedDuration::from_secs));
            assert_eq!(check.result, expected, "{seconds:?} at {speed}");
        }
    }

    #[test]
    fn a_state_that_knows_nobody_is_wrong_only_where_there_is_somebody() {
        use CheckResult::{Fail, Pass};
        for (known, people, expected) in [(Birth::Known, 5, Pass), (Birth::Missing, 0, Pass), (Birth::Missing, 1, Fail)]
        {
            assert_eq!(birth(known, people).result, expected);
        }
    }
}
