//! What each kind of trigger brings.

use super::envelope::{Envelope, object, text};
use super::reply::{Failure, Reply};
use jiff::Timestamp;
use serde_json::Value;
use usher_shared::telemetry::spans::Trigger;

/// A payload that can be taken out of an envelope.
pub(crate) trait FromEnvelope: Sized {
    /// What calls a function with such a payload.
    const TRIGGER: Trigger;

    /// Takes the payload of the binding.
    fn from_envelope(envelope: &Envelope, binding: &str) -> Result<Self, Failure>;

    /// The trace of whoever sent it, if it says so.
    fn traceparent(&self) -> Option<String> {
        None
    }

    /// What is answered to an envelope that is too large to be read. `None`: the invocation fails.
    fn too_large() -> Option<Reply> {
        None
    }
}

/// A timer's tick. Everything is optional: a manual start brings next to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TimerTick {
    /// When this tick was due by the schedule, also when it comes late: the host's `ScheduleStatus.Next` at the call.
    pub(crate) due: Option<Timestamp>,
    /// Whether ticks were missed before it.
    pub(crate) is_past_due: bool,
}

/// A message of a queue. It only wakes; nothing in it is believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QueueMessage {
    /// The text, as the producer wrote it.
    pub(crate) text: String,
    /// Which try this is, from 1.
    pub(crate) dequeue_count: u64,
}

impl FromEnvelope for TimerTick {
    const TRIGGER: Trigger = Trigger::Timer;

    fn from_envelope(envelope: &Envelope, binding: &str) -> Result<Self, Failure> {
        let timer = envelope.data(binding).and_then(object).unwrap_or_default();
        let due = timer.get("ScheduleStatus").and_then(object).and_then(|status| {
            // A timer that never ran shows the year 1, without an offset.
            status.get("Next")?.as_str()?.parse().ok()
        });
        let is_past_due = match timer.get("IsPastDue") {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(value)) => value.eq_ignore_ascii_case("true"),
            _ => false,
        };
        Ok(Self { due, is_past_due })
    }
}

impl FromEnvelope for QueueMessage {
    const TRIGGER: Trigger = Trigger::Message;

    fn from_envelope(envelope: &Envelope, binding: &str) -> Result<Self, Failure> {
        let value = envelope.data(binding).ok_or_else(|| Failure::new("the envelope holds no message"))?;
        let text = text(value).unwrap_or_else(|| value.to_string());
        Ok(Self { text, dequeue_count: envelope.metadata_number("DequeueCount").unwrap_or(1) })
    }

    fn traceparent(&self) -> Option<String> {
        let message: Value = serde_json::from_str(&self.text).ok()?;
        message.get("traceparent")?.as_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each shape in which hosts were seen, or are documented, to send a payload.
    macro_rules! fixture {
        ($name:literal) => {
            serde_json::from_str::<Envelope>(include_str!(concat!("fixtures/", $name, ".json"))).unwrap()
        };
    }

    #[test]
    fn a_timer_with_its_schedule_brings_when_it_was_due() {
        let tick = TimerTick::from_envelope(&fixture!("timer-monitored"), "timer").unwrap();
        assert_eq!(tick, TimerTick { due: Some("2026-01-31T08:05:00Z".parse().unwrap()), is_past_due: true });
    }

    #[test]
    fn a_timer_without_monitor_or_started_by_hand_brings_nothing_and_is_taken() {
        let nothing = TimerTick { due: None, is_past_due: false };
        for envelope in [fixture!("timer-unmonitored"), fixture!("timer-first-run"), fixture!("timer-by-hand")] {
            assert_eq!(TimerTick::from_envelope(&envelope, "timer").unwrap(), nothing);
        }
    }

    #[test]
    fn an_http_request_is_an_object_whose_query_may_be_text_and_whose_body_may_be_missing() {
        let request = |envelope: Envelope| object(envelope.data("req").unwrap()).unwrap();
        let post = request(fixture!("http-post"));
        assert_eq!((&post["Method"], text(&post["Body"]).as_deref()), (&"POST".into(), Some("{}")));
        assert_eq!(object(&post["Query"]).unwrap()["a"], "1");
        let get = request(fixture!("http-get-of-an-older-host"));
        assert_eq!((get.get("Body"), object(&get["Query"]).map(|query| query.len())), (None, Some(0)));
    }

    #[test]
    fn a_message_is_the_same_encoded_once_or_twice() {
        for envelope in [fixture!("queue-encoded-twice"), fixture!("queue-encoded-once")] {
            let message = QueueMessage::from_envelope(&envelope, "message").unwrap();
            assert_eq!(message, QueueMessage { text: "{\"wake\":\"invite\"}".into(), dequeue_count: 2 });
        }
    }
}
