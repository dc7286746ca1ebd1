//! A job as Graph shows it. Before its first cycle it reads as if one had failed in the year 1.

use super::job::{Execution, Job, Quarantine, Schedule};
use super::templates::TEMPLATE;
use jiff::Timestamp;
use serde_json::{Value, json};

const NEVER: &str = "0001-01-01T00:00:00Z";
const NONE: &str = "00000000-0000-0000-0000-000000000000";

/// The job with schedule and status.
pub(super) fn shown(job: &Job) -> Value {
    json!({
        "id": job.id,
        "templateId": TEMPLATE,
        "schedule": {
            "expiration": null,
            "interval": "PT40M",
            "state": match job.schedule {
                Schedule::Disabled => "Disabled",
                Schedule::Active => "Active",
                Schedule::Paused => "Paused",
            },
        },
        "status": status(job),
        "synchronizationJobSettings": [],
    })
}

fn status(job: &Job) -> Value {
    let code = match (job.schedule, &job.quarantine) {
        (Schedule::Active, Some(_)) => "Quarantine",
        (Schedule::Active, None) if job.last.is_some() => "Active",
        (Schedule::Active, None) => "NotRun",
        (Schedule::Disabled | Schedule::Paused, _) => "Paused",
    };
    let (first, last) = job.steady.map_or((NEVER.to_owned(), NEVER.to_owned()), |(a, b)| (time(a), time(b)));
    let present = job.links.keys().filter(|id| !job.removed.contains(id)).count();
    let counted = job.last.is_some().then(|| json!({"key": "User to User", "value": present}));
    json!({
        "code": code,
        "countSuccessiveCompleteFailures": job.failures,
        "escrowsPruned": false,
        "lastExecution": execution(job.last.as_ref()),
        "lastSuccessfulExecution": job.last_successful.as_ref().map(|last| execution(Some(last))),
        "lastSuccessfulExecutionWithExports": job.last_with_exports.as_ref().map(|last| execution(Some(last))),
        "progress": [],
        "quarantine": job.quarantine.as_ref().map(|own| quarantine(own, job.next)),
        "steadyStateFirstAchievedTime": first,
        "steadyStateLastAchievedTime": last,
        "synchronizedEntryCountByType": counted.into_iter().collect::<Vec<_>>(),
        "troubleshootingUrl": null,
    })
}

fn quarantine(quarantine: &Quarantine, next: Option<Timestamp>) -> Value {
    json!({
        "currentBegan": time(quarantine.began),
        "error": {"code": quarantine.code, "message": quarantine.message, "tenantActionable": true},
        "nextAttempt": time(next.unwrap_or(quarantine.began)),
        "reason": quarantine.reason,
        "seriesBegan": time(quarantine.series_began),
        "seriesCount": quarantine.count,
    })
}

fn execution(execution: Option<&Execution>) -> Value {
    let error = |code: &str, message: &str| json!({"code": code, "message": message, "tenantActionable": false});
    let (id, at, state, error, counts) = match execution {
        None => (NONE.to_owned(), NEVER.to_owned(), "Failed", error("None", ""), (0, 0, 0, 0)),
        Some(execution) => (
            execution.id.to_string(),
            time(execution.at),
            execution.state,
            execution.error.as_ref().map_or(Value::Null, |(code, message)| error(code, message)),
            (execution.entitled, execution.imported, execution.exported, execution.escrowed),
        ),
    };
    let (entitled, imported, exported, escrowed) = counts;
    json!({
        "activityIdentifier": id,
        "countEntitled": entitled,
        "countEntitledForProvisioning": entitled,
        "countEscrowed": escrowed,
        "countEscrowedRaw": escrowed,
        "countExported": exported,
        "countExports": exported,
        "countImported": imported,
        "countImportedDeltas": 0,
        "countImportedReferenceDeltas": 0,
        "error": error,
        "state": state,
        "timeBegan": at,
        "timeEnded": at,
    })
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
