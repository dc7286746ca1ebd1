//! The Functions host's envelope, and what each kind of trigger takes out of it.

use super::Reply;
use super::envelope::{Envelope, object};
use super::http::{HttpRequest, Problem};
use super::principal::approver;
use super::trigger::{FromEnvelope, QueueMessage, TimerTick};
use serde_json::Value;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const ROLE: &str = "Usher.Approver";
/// What stands for personal data and secrets in the corpus.
const PERSONAL: &str = "@fabrikam";

#[test]
fn envelope() {
    usher_fuzz::check("envelope", |input| {
        let envelope = match Envelope::read(input) {
            Ok(envelope) => envelope,
            Err(failure) => return is_fit_for_the_log(&failure.to_string()),
        };
        // What nobody looks at may be no Unicode.
        let data = |binding: &str| serde_json::from_slice::<Value>(input).map(|raw| raw["Data"][binding].clone());

        let tick = TimerTick::from_envelope(&envelope, "timer").unwrap();
        let Ok(timer) = data("timer").map(|timer| object(&timer).unwrap_or_default()) else { return };
        assert!(!tick.is_past_due || timer["IsPastDue"] == true || timer["IsPastDue"].is_string());
        assert!(tick.due.is_none() || timer.contains_key("ScheduleStatus"));

        match QueueMessage::from_envelope(&envelope, "message") {
            Ok(message) => drop(message.traceparent()),
            Err(failure) => is_fit_for_the_log(&failure.to_string()),
        }

        match HttpRequest::from_envelope(&envelope, "req") {
            Ok(request) => request_is_judged(&request),
            Err(failure) => is_fit_for_the_log(&failure.to_string()),
        }
    });
}

fn request_is_judged(request: &HttpRequest) {
    let tenant = TENANT.parse().unwrap();
    assert_eq!(approver(request, false, tenant, ROLE), Err(Problem::unauthorized()), "nobody vouches for the header");
    if approver(request, true, tenant, ROLE).is_ok() {
        assert!(request.header("X-MS-CLIENT-PRINCIPAL").is_some());
    }
    assert_eq!(request.method(), request.method().to_uppercase());
    assert_eq!(request.header("content-type"), request.header("CONTENT-TYPE"));
    assert!(request.parameter("id").is_none_or(|id| !id.is_empty()));
    if let Err(problem) = request.json::<Value>() {
        is_fit_for_the_log(problem.code());
        let _: Reply = problem.into();
    }
}

fn is_fit_for_the_log(shown: &str) {
    assert!(!shown.contains(PERSONAL), "personal data is shown: {shown}");
    assert!(!shown.contains(char::is_control) && shown.len() < 1000, "{shown:?}");
}
