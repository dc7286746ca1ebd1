//! Timer triggers.

use super::support::{App, Scripted};
use jiff::SignedDuration;
use serde_json::json;

#[tokio::test]
async fn a_due_timer_fires_once_with_its_nominal_time() {
    let test = Scripted::new().await;
    assert!(test.host.fire_due_timers().await.unwrap().is_empty());
    let (due, names) = test.host.next_due().await.unwrap();
    assert_eq!(due.to_string(), "2026-11-22T10:05:00Z");
    assert_eq!(names, ["tick"]);
    test.clock.set(due + SignedDuration::from_secs(2));
    assert_eq!(test.host.fire_due_timers().await.unwrap().len(), 1);
    assert!(test.host.fire_due_timers().await.unwrap().is_empty());
    assert_eq!(
        test.only().body["Data"]["timer"],
        json!({
            "Schedule": {"AdjustForDST": true},
            "ScheduleStatus": {
                "Last": "0001-01-01T00:00:00+00:00",
                "Next": "2026-11-22T10:05:00+00:00",
                "LastUpdated": "2026-11-22T10:00:00+00:00",
            },
            "IsPastDue": false,
        })
    );
}

#[tokio::test]
async fn missed_ticks_become_one_past_due_run() {
    let test = Scripted::new().await;
    test.clock.advance(SignedDuration::from_mins(23));
    assert_eq!(test.host.fire_due_timers().await.unwrap().len(), 1);
    let timer = &test.only().body["Data"]["timer"];
    assert_eq!(timer["IsPastDue"], true);
    assert_eq!(timer["ScheduleStatus"]["Next"], "2026-11-22T10:05:00+00:00");
    let (due, _) = test.host.next_due().await.unwrap();
    assert_eq!(due.to_string(), "2026-11-22T10:25:00Z");
}

#[tokio::test]
async fn the_status_moves_on_although_the_run_failed() {
    let test = Scripted::new().await;
    test.reply(500, "application/json", "{}");
    for _ in 0..2 {
        let (due, _) = test.host.next_due().await.unwrap();
        test.clock.set(due);
        test.host.fire_due_timers().await.unwrap();
    }
    let status = &test.received()[1].body["Data"]["timer"]["ScheduleStatus"];
    assert_eq!(status["Last"], "2026-11-22T10:05:00+00:00");
    assert_eq!(status["Next"], "2026-11-22T10:10:00+00:00");
}

#[tokio::test]
async fn a_run_can_be_repeated_under_the_same_nominal_time() {
    let test = Scripted::new().await;
    let due = "2026-11-22T09:55:00Z".parse().unwrap();
    for _ in 0..2 {
        test.host.fire_timer_as("tick", due, true).await.unwrap();
    }
    for received in test.received() {
        let timer = &received.body["Data"]["timer"];
        assert_eq!(timer["ScheduleStatus"]["Next"], "2026-11-22T09:55:00+00:00");
        assert_eq!(timer["IsPastDue"], true);
    }
}

#[tokio::test]
async fn a_schedule_below_a_minute_and_one_without_monitor_have_no_status() {
    let app = App::new();
    let timer = |schedule: &str, monitor: bool| {
        json!([{
            "type": "timerTrigger", "name": "timer", "direction": "in",
            "schedule": schedule, "useMonitor": monitor,
        }])
    };
    app.function("often", &timer("*/10 * * * * *", true));
    app.function("alone", &timer("0 0 * * * *", false));
    let test = Scripted::with(app).await;
    for name in ["often", "alone"] {
        test.host.fire_timer(name).await.unwrap();
    }
    for received in test.received() {
        assert!(received.body["Data"]["timer"]["ScheduleStatus"].is_null());
    }
}

#[tokio::test]
async fn only_a_timer_can_be_fired() {
    let test = Scripted::new().await;
    for name in ["work", "Tick", "nothing"] {
        assert!(test.host.fire_timer(name).await.is_err(), "{name}");
    }
}
