//! What one real invitation has shown of the tenant.
//!
//! Responsible for: telling it. Not responsible for: sending it; that is [`crate::provision`]'s, with every guard.

use super::catalogue as ids;
use crate::checks::Check;
use crate::provision::{PersonAnswer, StepName};
use crate::report::{ErrorReport, OutcomeReport};

/// What came of the pilot's invitation.
pub fn judge(partner: &str, person: &PersonAnswer) -> Check {
    let id = ids::PROBE;
    let written = person.steps.iter().filter(|step| step.step == StepName::Written);
    let steps: Vec<_> = written.map(|step| format!("{}: {}", step.result, step.detail)).collect();
    let who = person.id.map_or_else(String::new, |id| format!(" ({id})"));
    match (person.outcome, &person.error) {
        (_, Some(error)) => failed(partner, error),
        (OutcomeReport::Done, None) => {
            let how = if steps.is_empty() { person.text.clone() } else { steps.join("; ") };
            Check::pass(id, partner, format!("this tenant took it{who}: {how}"))
        }
        (OutcomeReport::Unconfirmed, None) => {
            Check::unknown(id, partner, format!("it was sent{who}, and the answer was lost"), "Run it again later.")
        }
        (OutcomeReport::Failed, None) => Check::fail(id, partner, person.text.clone(), "Correct it, and try again."),
        (OutcomeReport::Planned, None) => {
            let evidence = "plan mode: nothing was sent, so nothing was shown";
            Check::unknown(id, partner, evidence, "Set USHER_MODE=apply before the command to send this one.")
        }
        (OutcomeReport::Skipped, None) => {
            let evidence = format!("nothing was sent{who}, {}: {}", person.reason, person.text);
            Check::unknown(id, partner, evidence, "Name somebody in scope who was not invited yet.")
        }
    }
}

/// It could not be sent, or the tenant refused.
pub fn failed(partner: &str, error: &ErrorReport) -> Check {
    Check::fail(ids::PROBE, partner, format!("{}: {}", error.code, error.message), error.advice.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{Fail, Pass, Unknown};

    #[test]
    fn only_what_the_tenant_took_has_passed() {
        let error = ErrorReport {
            code: "invitations-not-allowed".into(),
            message: "Graph answered 403".into(),
            advice: "Let somebody invite.".into(),
            transient: false,
        };
        for (outcome, error, expected) in [
            (OutcomeReport::Done, None, Pass),
            (OutcomeReport::Planned, None, Unknown),
            (OutcomeReport::Skipped, None, Unknown),
            (OutcomeReport::Unconfirmed, None, Unknown),
            (OutcomeReport::Failed, None, Fail),
            (OutcomeReport::Failed, Some(error), Fail),
        ] {
            let person = PersonAnswer {
                address: None,
                id: None,
                outcome,
                reason: String::new(),
                text: String::new(),
                stopped: false,
                error,
                steps: Vec::new(),
            };
            assert_eq!(judge("fabrikam", &person).result, expected, "{outcome:?}");
        }
    }
}
