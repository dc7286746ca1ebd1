//! One person now: what the service did, step by step.
//!
//! Responsible for: reading both forms of the answer that Microsoft documents. `key` is a type's name and `value` a list of
//! steps, or `key` holds how it ended and `value` an object with the steps in it.

use super::{capital, known};
use crate::graph::setup::synchronization::{Answer, ErrorInformation, Identity, Step};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// `done`, `unchanged`, `skipped` or `failed`.
    pub outcome: &'static str,
    /// The service's code, where there is one.
    pub code: Option<String>,
    /// In words, with what helps.
    pub reason: String,
    /// The object id in the target, where it is told.
    pub target: Option<String>,
    /// What was done.
    pub steps: Vec<DemandStep>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemandStep {
    /// `import`, `scoping`, `matching` or `export`, as the service names it.
    pub step: String,
    /// `success`, `failure`, `skipped` or `warning`.
    pub result: String,
    /// In the service's words.
    pub detail: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ended {
    result: String,
    details: Option<EndedDetails>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EndedDetails {
    error_code: Option<String>,
    error_message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Whole {
    provisioning_steps: Vec<Step>,
    status_info: Option<Info>,
    target_identity: Option<Identity>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    status: Option<String>,
    error_information: Option<ErrorInformation>,
    error_code: Option<String>,
    reason: Option<String>,
}

impl Demand {
    /// Reads an answer; `None` where it has neither form.
    pub fn read(answer: &Answer) -> Option<Self> {
        let value: Value = serde_json::from_str(&answer.value).ok()?;
        let ended = serde_json::from_str::<Ended>(&answer.key).unwrap_or_default();
        let whole = match value {
            Value::Array(entries) => {
                // A list of entries with steps in them, or of the steps themselves.
                let nested = entries.iter().any(|entry| entry.get("provisioningSteps").is_some());
                if nested {
                    let mut whole = Whole::default();
                    for entry in entries {
                        let one: Whole = serde_json::from_value(entry).ok()?;
                        whole.provisioning_steps.extend(one.provisioning_steps);
                        whole.status_info = one.status_info.or(whole.status_info);
                        whole.target_identity = one.target_identity.or(whole.target_identity);
                    }
                    whole
                } else {
                    Whole {
                        provisioning_steps: serde_json::from_value(Value::Array(entries)).ok()?,
                        ..Whole::default()
                    }
                }
            }
            object => serde_json::from_value(object).ok()?,
        };
        Some(Self::of(&ended, whole))
    }

    fn of(ended: &Ended, whole: Whole) -> Self {
        let info = whole.status_info.unwrap_or_default();
        let details = ended.details.as_ref();
        let why = info.error_information.as_ref();
        let code = why
            .and_then(|why| why.error_code.clone())
            .or(info.error_code)
            .or_else(|| details.and_then(|details| details.error_code.clone()))
            .filter(|code| !code.is_empty() && !code.eq_ignore_ascii_case("none"));
        let said = why
            .and_then(|why| why.reason.clone())
            .or(info.reason)
            .or_else(|| details.and_then(|details| details.error_message.clone()))
            .unwrap_or_default();
        let is =
            |step: &Step, word: &str| step.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case(word));
        let any = |word: &str| whole.provisioning_steps.iter().any(|step| is(step, word));
        let result = info.status.as_deref().unwrap_or(&ended.result).to_lowercase();
        let unchanged = code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case("RedundantExport"));
        let outcome = match () {
            () if unchanged => "unchanged",
            () if result.starts_with("fail") || any("failure") => "failed",
            () if result.starts_with("skip") || any("skipped") => "skipped",
            () if result.starts_with("success") || any("success") => "done",
            () => "failed",
        };
        let help = code.as_deref().and_then(known::known);
        let help = help.map_or_else(String::new, |known| format!("{}. {}", capital(known.cause), known.fix));
        let reason = [said, help].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        let steps = whole.provisioning_steps.iter().map(|step| DemandStep {
            step: step.provisioning_step_type.clone().or_else(|| step.name.clone()).unwrap_or_default().to_lowercase(),
            result: step.status.clone().unwrap_or_default().to_lowercase(),
            detail: step.description.clone().unwrap_or_default(),
        });
        Self {
            outcome,
            code,
            reason: reason.trim().to_owned(),
            target: whole.target_identity.and_then(|identity| identity.id).filter(|id| !id.is_empty()),
            steps: steps.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(key: &Value, value: &Value) -> Demand {
        let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
        Demand::read(&Answer { key, value: value.to_string() }).unwrap()
    }

    fn step(kind: &str, status: &str) -> Value {
        json!({ "name": "EntryX", "type": kind, "status": status, "description": "it did", "details": {} })
    }

    #[test]
    fn both_documented_forms_are_read() {
        let steps = json!([step("Import", "Success"), step("Export", "success")]);
        let listed = read(&json!("Microsoft.Identity…StatusInfo"), &json!([{ "provisioningSteps": steps }]));
        let object = read(
            &json!({ "result": "Success", "details": { "errorCode": "", "errorMessage": "" } }),
            &json!({ "action": "Create", "provisioningSteps": steps, "targetIdentity": { "id": "7" } }),
        );
        assert_eq!((listed.outcome, listed.steps.len()), ("done", 2));
        assert_eq!((object.outcome, object.target.as_deref()), ("done", Some("7")));
        assert_eq!(listed.steps, object.steps);
        assert!(Demand::read(&Answer { key: String::new(), value: "<html>".into() }).is_none());
    }

    #[test]
    fn in_sync_already_is_no_failure_and_a_skip_says_why() {
        let key = |result: &str, code: &str| json!({ "result": result, "details": { "errorCode": code, "errorMessage": "Because." } });
        let whole = json!({ "provisioningSteps": [step("Export", "Skipped")] });
        assert_eq!(read(&key("Skipped", "RedundantExport"), &whole).outcome, "unchanged");
        let skipped = read(&key("Skipped", "NotEffectivelyEntitled"), &whole);
        assert_eq!(skipped.outcome, "skipped");
        assert!(skipped.reason.contains("not in a synchronized group"), "{}", skipped.reason);
        let nothing = read(&json!({ "result": "" }), &json!({}));
        assert_eq!(nothing.outcome, "failed", "what says nothing is not taken for success");
    }
}
