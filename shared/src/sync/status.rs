//! How a partner's synchronization goes.
//!
//! Ids begin with `sync.`. What a job shows before its first cycle (a failure without a code, in the year 1) is no failure.

use super::known;
use super::observe::{Observed, observe};
use super::schema::Schema;
use crate::changes::explained;
use crate::checks::Check;
use crate::config::{CrossTenantSync, Partner};
use crate::graph::GraphError;
use crate::graph::setup::SetupReader;
use crate::graph::setup::synchronization::{Job, Provisioned};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const READS: &str = "Synchronization.Read.All";
const LOG: &str = "ProvisioningLog.Read.All";
/// A cycle begins every 40 minutes; three missed ones are no coincidence.
const STALE: SignedDuration = SignedDuration::from_mins(3 * 40);
/// How far back errors count.
const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// How many lines of the log are read at most: ten pages, within the log's own limit of 5 requests in 10 seconds.
const MOST_LINES: usize = 5_000;
/// How many people are named for one code.
const NAMED: usize = 5;

/// Looks.
pub async fn status(reader: &SetupReader, partner: &Partner, sync: &CrossTenantSync, now: Timestamp) -> Vec<Check> {
    let observed = match observe(reader, partner, None).await {
        Ok(observed) => observed,
        Err(error) => {
            let check = Check::unreadable("sync.configuration", &partner.name, &error, READS);
            return vec![Check { evidence: explained(&error).message, ..check }];
        }
    };
    let log = match &observed.configuration {
        Some(configuration) => reader.provisioning_log(configuration.id, now - RECENT, MOST_LINES).await,
        None => Ok(Vec::new()),
    };
    judge(partner, sync, &observed, log, now)
}

/// What is to be said of it.
fn judge(
    partner: &Partner,
    sync: &CrossTenantSync,
    observed: &Observed,
    log: Result<Vec<Provisioned>, GraphError>,
    now: Timestamp,
) -> Vec<Check> {
    let name = partner.name.as_str();
    let Some(configuration) = &observed.configuration else {
        let hidden = observed.unclear.join(", ");
        return vec![if hidden.is_empty() {
            Check::fail(
                "sync.configuration",
                name,
                "there is no configuration for this partner",
                "Run `usher sync plan`.",
            )
        } else {
            let evidence = format!("of {hidden} it cannot be seen where they lead");
            Check::unknown(
                "sync.configuration",
                name,
                evidence,
                "Look in the portal, and name the one that is meant CTS-<partner>.",
            )
        }];
    };
    let called = configuration.display_name.as_deref().unwrap_or("without a name");
    let mut checks = vec![Check::pass("sync.configuration", name, format!("{called}, {}", configuration.id))];
    let others: Vec<_> = observed.duplicates.iter().chain(&observed.of_microsoft_365).map(String::as_str).collect();
    if !others.is_empty() {
        let evidence = format!("{} lead to the same tenant", others.join(", "));
        checks.push(Check::warn("sync.duplicate", name, evidence, "Keep one: two provision the same people."));
    }
    checks.extend([scope(name, observed), threshold(name, sync, observed)]);
    checks.extend(schema(name, observed.schema.as_ref()));
    checks.push(assigned(name, sync, observed));
    checks.extend(job(name, observed.job.as_ref(), now));
    checks.extend(match log {
        Ok(log) => errors(name, &log),
        Err(error) => vec![Check::unreadable("sync.errors", name, &error, LOG)],
    });
    checks
}

fn scope(name: &str, observed: &Observed) -> Check {
    let all = observed.setting("SyncAll");
    if all.is_some_and(|all| all.eq_ignore_ascii_case("false")) {
        return Check::pass("sync.scope", name, "assigned users and groups alone");
    }
    let evidence = format!("everybody is synchronized (SyncAll is {})", all.unwrap_or("not said"));
    Check::fail("sync.scope", name, evidence, "Run `usher sync plan`.")
}

fn threshold(name: &str, sync: &CrossTenantSync, observed: &Observed) -> Check {
    let id = "sync.deletion-threshold";
    let set = observed
        .setting("SyncNotificationSettings")
        .and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let on = set.as_ref().is_some_and(|set| set["DeleteThresholdEnabled"] == true);
    let value = set.as_ref().and_then(|set| set["DeleteThresholdValue"].as_u64());
    match (on, value) {
        (true, Some(value)) if value == u64::from(sync.deletion_threshold) => {
            Check::pass(id, name, format!("{value} in a cycle"))
        }
        (true, value) => {
            let evidence = format!("{} in a cycle, wanted {}", value.unwrap_or_default(), sync.deletion_threshold);
            Check::warn(id, name, evidence, "Run `usher sync plan`.")
        }
        (false, _) if sync.deletion_threshold == 0 => Check::pass(id, name, "off, as configured"),
        (false, _) => Check::fail(id, name, "off: nothing stops the deletion of everybody", "Run `usher sync plan`."),
    }
}

fn schema(name: &str, schema: Option<&Schema>) -> Vec<Check> {
    let Some(schema) = schema else {
        return vec![Check::unknown(
            "sync.schema",
            name,
            "there is no schema that can be understood",
            "Look in the portal.",
        )];
    };
    let matching = if schema.matching_is_untouched() {
        Check::pass("sync.matching", name, "people are matched by alternativeSecurityIds alone")
    } else {
        let remedy = "Restore the default schema in the portal, then run `usher sync apply`.";
        Check::fail("sync.matching", name, "the matching attribute was changed", remedy)
    };
    let filter = if schema.keeps_external_users_out() {
        Check::pass("sync.external-filter", name, "external users of this tenant are kept out")
    } else {
        let remedy = "Restore the default schema in the portal, then run `usher sync apply`.";
        Check::fail("sync.external-filter", name, "the filter that keeps external users out is gone", remedy)
    };
    vec![matching, filter]
}

fn assigned(name: &str, sync: &CrossTenantSync, observed: &Observed) -> Check {
    let missing: Vec<_> = sync.groups.iter().filter(|group| !observed.is_assigned(group.uuid())).collect();
    if missing.is_empty() {
        return Check::pass("sync.groups", name, format!("{} assigned", sync.groups.len()));
    }
    let missing: Vec<_> = missing.into_iter().map(ToString::to_string).collect();
    Check::fail("sync.groups", name, format!("not assigned: {}", missing.join(", ")), "Run `usher sync plan`.")
}

fn job(name: &str, job: Option<&Job>, now: Timestamp) -> Vec<Check> {
    let Some(job) = job else {
        return vec![Check::fail("sync.job", name, "there is no job", "Run `usher sync plan`.")];
    };
    let status = job.status.clone().unwrap_or_default();
    let mut checks = Vec::new();
    if job.is_quarantined() {
        let quarantine = status.quarantine.clone().unwrap_or_default();
        let reason = quarantine.reason.as_deref().unwrap_or("no reason is told");
        let words = quarantine.error.and_then(|error| error.message).unwrap_or_default();
        let evidence = format!("in quarantine: {reason} {words}").trim_end().to_owned();
        checks.push(Check::fail("sync.job", name, evidence, known::quarantine(reason)));
    } else if job.is_active() {
        checks.push(Check::pass("sync.job", name, "runs every 40 minutes"));
    } else {
        checks.push(Check::fail("sync.job", name, "is paused", "Start it: `usher sync resume`."));
    }
    checks.push(match (job.has_run(), status.last_successful_execution.as_ref().and_then(|last| last.ended())) {
        (false, None) => {
            Check::warn("sync.cycle", name, "no cycle has ended yet", "Wait: the first one can take hours.")
        }
        (true, None) => {
            let error = status.last_execution.as_ref().and_then(|last| last.error.clone()).unwrap_or_default();
            let evidence = format!(
                "no cycle went well yet: {} {}",
                error.code.unwrap_or_default(),
                error.message.unwrap_or_default()
            );
            Check::fail("sync.cycle", name, evidence.trim_end(), "See the errors below.")
        }
        (_, Some(last)) if now.duration_since(last) > STALE => {
            let evidence = format!("the last one that went well ended at {}", last.strftime("%Y-%m-%d %H:%M UTC"));
            Check::fail("sync.cycle", name, evidence, "One should end every 40 minutes: see the job and the errors.")
        }
        (_, Some(last)) => Check::pass(
            "sync.cycle",
            name,
            format!("the last one went well at {}", last.strftime("%Y-%m-%d %H:%M UTC")),
        ),
    });
    let counts: Vec<_> = status
        .synchronized_entry_count_by_type
        .iter()
        .map(|count| format!("{} ({})", count.value, count.key))
        .collect();
    let escrowed = status.last_execution.map_or(0, |last| last.count_escrowed);
    let counts = if counts.is_empty() { "nobody".to_owned() } else { counts.join(", ") };
    let evidence = format!("{counts} synchronized, {escrowed} waiting to be tried again");
    checks.push(Check::pass("sync.people", name, evidence));
    checks
}

/// The errors of the last day by their code, and who is skipped.
fn errors(name: &str, log: &[Provisioned]) -> Vec<Check> {
    // Of each person only what was logged last counts; the log begins with the latest.
    let mut seen = BTreeSet::new();
    let mut failed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut skipped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in log {
        let person = line.source_identity.as_ref().and_then(|identity| identity.id.as_deref()).unwrap_or("nobody");
        if !seen.insert(person) {
            continue;
        }
        let status = line.provisioning_status_info.as_ref();
        let code =
            status.and_then(|status| status.error_information.as_ref()).and_then(|why| why.error_code.as_deref());
        let of = match status.and_then(|status| status.status.as_deref()).unwrap_or_default().to_lowercase().as_str() {
            "failure" => &mut failed,
            "skipped" => &mut skipped,
            _ => continue,
        };
        let code = if line.is_kept_out_as_external() { "external-or-sms" } else { code.unwrap_or("no code") };
        if !known::is_harmless(code) {
            of.entry(code).or_default().push(person);
        }
    }
    let mut checks: Vec<Check> = failed
        .iter()
        .map(|(code, people)| {
            let known = known::known(code);
            let cause = known.map_or_else(String::new, |known| format!(": {}", known.cause));
            let fix = known.map_or("Look into the provisioning log in the portal.", |known| known.fix);
            Check::fail("sync.errors", name, format!("{code}{cause}; {}", named(people)), fix)
        })
        .collect();
    if checks.is_empty() {
        checks.push(Check::pass(
            "sync.errors",
            name,
            format!("none in the last day; people in the log: {}", seen.len()),
        ));
    }
    checks.extend(skipped.iter().map(|(code, people)| match *code {
        "external-or-sms" => {
            let evidence = format!("skipped as external users, or for SMS sign-in; {}", named(people));
            let remedy = "Whoever is a colleague here signs in by SMS: `usher doctor` finds them, `usher doctor --fix` switches that off.";
            Check::warn("sync.skipped", name, evidence, remedy)
        }
        code => {
            let known = known::known(code);
            let cause = known.map_or_else(String::new, |known| format!(": {}", known.cause));
            Check::warn("sync.skipped", name, format!("{code}{cause}; {}", named(people)), known.map_or("", |known| known.fix))
        }
    }));
    checks
}

fn named(people: &[&str]) -> String {
    let some = people.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if people.len() > NAMED { ", …" } else { "" };
    format!("{} people: {some}{more}", people.len())
}

impl Provisioned {
    /// Whether the filter that keeps external users out kept this person out: an external user, or SMS sign-in.
    pub fn is_kept_out_as_external(&self) -> bool {
        self.provisioning_steps.iter().any(|step| {
            let scoping =
                step.provisioning_step_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("scoping"))
                    || step.name.as_deref().is_some_and(|name| name.to_lowercase().contains("scop"));
            let said = |text: String| text.to_lowercase().contains("alternativesecurityids");
            scoping
                && (step.details.as_ref().is_some_and(|details| said(details.to_string()))
                    || step.description.clone().is_some_and(said))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{self, Fail, Pass, Warn};
    use crate::people::fixtures::{config, now};
    use serde_json::{Value, json};

    /// What is said of a job that Graph shows so.
    fn of_job(value: Value) -> Vec<(&'static str, CheckResult)> {
        let checks = job("contoso", Some(&serde_json::from_value(value).unwrap()), now());
        checks.into_iter().map(|check| (check.id, check.result)).collect()
    }

    fn cycle(state: &str, ended: &str) -> Value {
        json!({ "state": state, "timeEnded": ended, "countEscrowed": 0, "error": { "code": "None", "message": "" } })
    }

    #[test]
    fn before_its_first_cycle_a_job_shows_a_failure_in_the_year_1_that_is_none() {
        let never = cycle("Failed", "0001-01-01T00:00:00Z");
        let job = json!({ "id": "1", "schedule": { "state": "Active" }, "status": {
            "code": "NotRun", "lastExecution": never, "lastSuccessfulExecution": null, "quarantine": null,
        } });
        assert_eq!(of_job(job), [("sync.job", Pass), ("sync.cycle", Warn), ("sync.people", Pass)]);
    }

    #[test]
    fn a_cycle_is_stale_after_three_that_should_have_been() {
        let with = |ended: &str| {
            of_job(json!({ "id": "1", "schedule": { "state": "Active" }, "status": {
                "code": "Active",
                "lastExecution": cycle("Succeeded", ended),
                "lastSuccessfulExecution": cycle("Succeeded", ended),
            } }))[1]
        };
        assert_eq!(with("2026-03-01T10:01:00Z"), ("sync.cycle", Pass));
        assert_eq!(with("2026-03-01T09:59:00Z"), ("sync.cycle", Fail));
    }

    #[test]
    fn every_quarantine_says_what_helps() {
        for reason in ["TooManyDeletes", "EncounteredQuarantineException", "EncounteredTotalEscrowThreshold", "Unknown"]
        {
            let job = json!({ "id": "1", "schedule": { "state": "Active" }, "status": {
                "code": "Quarantine", "quarantine": { "reason": reason, "error": null },
            } });
            let checks = super::job("contoso", Some(&serde_json::from_value(job).unwrap()), now());
            assert_eq!((checks[0].id, checks[0].result), ("sync.job", Fail));
            assert!(checks[0].evidence.contains(reason) && !checks[0].remedy.is_empty());
        }
    }

    #[test]
    fn of_each_person_only_the_latest_line_counts_and_harmless_codes_are_quiet() {
        let line = |person: &str, status: &str, code: &str| -> Provisioned {
            serde_json::from_value(json!({
                "sourceIdentity": { "id": person },
                "provisioningStatusInfo": { "status": status, "errorInformation": { "errorCode": code } },
            }))
            .unwrap()
        };
        let log = [
            line("a", "success", ""),
            line("a", "failure", "InvitationCreationFailure"),
            line("b", "Failure", "SomethingNew"),
            line("c", "skipped", "RedundantExport"),
        ];
        let checks = errors("contoso", &log);
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert!(checks[0].evidence.contains("SomethingNew") && checks[0].evidence.contains("1 people: b"));
    }

    #[test]
    fn what_cannot_be_seen_is_unknown_and_a_log_that_cannot_is_not_taken_for_no_errors() {
        let config = config("", "", "", "[partner.sync]\ngroups = [\"00000000-0000-0000-0000-000000000007\"]");
        let (partner, sync) = (&config.partners[0], config.partners[0].sync.as_ref().unwrap());
        let hidden = Observed { unclear: vec!["CTS".into()], ..Observed::default() };
        let checks = judge(partner, sync, &hidden, Ok(Vec::new()), now());
        assert_eq!(checks[0].result, CheckResult::Unknown);
        let known = serde_json::from_value(json!({ "id": uuid::Uuid::nil(), "appId": uuid::Uuid::nil() })).unwrap();
        let observed = Observed { configuration: Some(known), ..Observed::default() };
        let denied = GraphError::new(crate::graph::Kind::Forbidden, "GET /auditLogs/provisioning", "no");
        let checks = judge(partner, sync, &observed, Err(denied), now());
        let errors = checks.iter().find(|check| check.id == "sync.errors").unwrap();
        assert_eq!(errors.result, CheckResult::Unknown);
    }
}
