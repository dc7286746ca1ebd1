//! Refusals, lost answers and limits: what happens to the person, and to everybody else.

use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;
use serde_json::Value;
use usher_simulator::tenant::{Fault, Matcher, SyncedPerson};
use uuid::Uuid;

/// What a report says about a person.
fn of(report: &Value, person: Uuid) -> &Value {
    let actions = report["partners"][0]["actions"].as_array().expect("actions");
    actions.iter().find(|action| action["person"]["id"] == person.to_string()).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_persons_refusal_does_not_stop_the_others_and_is_not_repeated_within_a_day() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(30);
    let refused = world.directory(|directory| {
        directory.sync_person(SyncedPerson { conversion_refused: true, ..SyncedPerson::new("upn@fabrikam.us") })
    });
    let report = world.usher(&["apply", "--json"]).await.exits(4).json();
    assert_eq!(world.mails_of(&ids), vec![1; 30]);
    let action = of(&report, refused);
    assert_eq!(action["outcome"], "failed", "{action:#}");
    assert!(action["error"]["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{action:#}");

    let writes = world.writes();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.writes(), writes, "not within a day");
    let explained = world.json(&["explain", &refused.to_string()]).await;
    assert_eq!(explained["decision"], "refused-recently");
    world.clock.advance(SignedDuration::from_hours(25));
    world.usher(&["apply"]).await.exits(1);
    assert_eq!(world.writes(), writes + 1, "and once on the next");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_stands_in_the_log_and_in_the_digest_and_the_log_names_nobody() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(3);
    let refused = world.directory(|directory| {
        directory.sync_person(SyncedPerson { conversion_refused: true, ..SyncedPerson::new("upn@fabrikam.us") })
    });
    let host = world.host().await?;
    world.tick(&host).await?;
    let card = world.json(&["summary", "--dry-run"]).await;
    let digest = &card["summary"]["partners"][0]["errors"][0];
    assert_eq!((&digest["count"], &digest["people"][0]), (&1.into(), &refused.to_string().into()), "{card:#}");
    let code = digest["code"].as_str().expect("a code");
    let log: Vec<_> = host.console().into_iter().map(|line| line.text).collect();
    let told = log.iter().find(|line| line.contains("WARN") && line.contains(&refused.to_string()));
    assert!(told.is_some_and(|line| line.contains(code)), "{log:#?}");
    assert!(log.iter().all(|line| !line.contains("upn@fabrikam.us")), "{log:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_after_the_effect_is_read_and_never_sent_again() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(3);
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(504, "GatewayTimeout").after_effect());
    let report = world.usher(&["apply", "--json"]).await.exits(4).json();
    let actions = report["partners"][0]["actions"].as_array().expect("actions");
    assert_eq!(actions.iter().filter(|action| action["outcome"] == "unconfirmed").count(), 1, "{report:#}");
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(15));
        world.usher(&["apply"]).await.exits(0);
    }
    assert_eq!(world.mails_of(&ids), [1, 1, 1]);
    let explained = world.json(&["explain", &ids[0].to_string()]).await;
    assert_eq!(explained["state"], "pending");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_lost_before_the_effect_is_sent_again_after_two_readings() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(1);
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(504, "GatewayTimeout"));
    world.usher(&["apply"]).await.exits(1);
    assert_eq!(world.mails_of(&ids), [0]);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [0], "one reading is not enough");
    let explained = world.json(&["explain", &ids[0].to_string()]).await;
    assert_eq!(explained["state"], "unconfirmed");
    world.clock.advance(SignedDuration::from_mins(11));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_graph_refuses_for_rate_was_not_sent_and_goes_again_when_its_time_comes() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.clock.set_speed(20.0);
    let ids = world.people(25);
    let throttled = Fault::status(429, "TooManyRequests").retry_after("29.5");
    world.tenant.fail_next(3, Matcher::post("/invitations"), throttled);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; 25]);
    let sent: Vec<_> = world.tenant.mails().iter().map(|mail| mail.sent).collect();
    // The rest of the batch whose first three were refused, and everything after it. A mail's time is its second, so
    // that between two mails may be shown as a second less than it was.
    let waited = sent[17].duration_since(sent[16]);
    assert!(waited > SignedDuration::from_millis(28_500), "{waited}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_is_nobodys_refusal_and_opens_the_circuit() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(50);
    let inviting = |name: &String| name.contains("Invite") || name == "User.ReadWrite.All";
    world.directory(|directory| directory.permissions.retain(|name| !inviting(name)));
    let report = world.usher(&["apply", "--json"]).await.exits(3).json();
    let partner = &report["partners"][0];
    assert_eq!(
        (&partner["held"]["reason"], &partner["held"]["cause"]),
        (&"circuit".into(), &"permission-missing".into())
    );
    assert!(partner["error"]["advice"].as_str().is_some_and(|advice| advice.contains("User.Invite.All")), "{report:#}");
    assert_eq!(world.writes(), 20, "the rest is not tried");
    assert_eq!(world.json(&["status"]).await["partners"][0]["circuit"]["reason"], "permission-missing");
    world.directory(|directory| directory.permissions.insert("User.Invite.All".into()));

    world.usher(&["apply"]).await.exits(3);
    assert_eq!(world.writes(), 20, "while it is open nothing is sent");
    world.clock.advance(SignedDuration::from_mins(61));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids).iter().sum::<usize>(), 1, "one invitation tries");
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; 50], "and then all follow, nobody waits a day");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_breaks_off_touches_nobody() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(2500);
    // Change tracking, then page after page: the third breaks, and with it all that was read before.
    for nth in 4..30 {
        world.tenant.fail_nth(nth, Matcher::get("/users"), Fault::status(503, "ServiceUnavailable"));
    }
    world.usher(&["apply"]).await.exits(1);
    assert_eq!(world.writes(), 0);
    world.tenant.clear_faults();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; 2500]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_graph_says_it_made_without_a_user_is_settled_by_reading() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(2);
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(201, "Created"));
    let swept = world.sweep().await;
    assert_eq!(swept.people("convert", "unconfirmed").len(), 1, "{swept:#?}");
    world.sweep().await.is_quiet();
    assert_eq!(world.mails_of(&ids).iter().sum::<usize>(), 1, "one reading is not enough");
    world.clock.advance(SignedDuration::from_mins(11));
    world.sweep().await;
    assert_eq!(world.mails_of(&ids), [1, 1]);
    // By Graph's schema there is no such answer.
    world.tenant.clear_exchanges();
    Ok(())
}
