//! Bad weather between usher and Graph: whatever is lost, late, damaged or refused for rate, in the end everybody is
//! mailed exactly once.

use crate::support::{Config, World};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use usher_simulator::tenant::{Fault, Limits, Matcher, TenantSize};
use uuid::Uuid;

const PEOPLE: u32 = 5;
/// The first batch reads those who are to be converted once more; the second invites them.
const INVITING_BATCH: usize = 2;

fn as_http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Runs until everybody is mailed, four times at most, and then once more.
async fn everybody_is_mailed_once_in_the_end(world: &World, ids: &[Uuid], what: &str) {
    let once = vec![1; ids.len()];
    for _ in 0..4 {
        world.clock.advance(SignedDuration::from_mins(11));
        world.usher(&["apply"]).await.exits(0);
        if world.mails_of(ids) == once {
            break;
        }
    }
    world.clock.advance(SignedDuration::from_mins(11));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(ids), once, "{what}");
}

/// The people whose first run ended with `outcome`.
async fn apply(world: &World, exit: i32, outcome: &str) -> usize {
    let report = world.usher(&["apply", "--json"]).await.exits(exit).json();
    let actions = report["partners"][0]["actions"].as_array().expect("actions");
    actions.iter().filter(|action| action["outcome"] == outcome).count()
}

/// What may happen to a read. Dates are near `now`.
fn faults(now: Timestamp) -> [(&'static str, Fault); 10] {
    let date = as_http_date(now + SignedDuration::from_mins(5));
    let unavailable = || Fault::status(503, "ServiceUnavailable");
    [
        ("503", unavailable()),
        ("503 with decimal seconds", unavailable().retry_after("2.128")),
        ("503 with a date", unavailable().retry_after(&date)),
        ("504", Fault::status(504, "GatewayTimeout")),
        ("500", Fault::status(500, "InternalServerError")),
        ("429 with a date", Fault::status(429, "TooManyRequests").retry_after(&date)),
        ("connection reset", Fault::disconnect()),
        ("truncated", Fault::truncated()),
        ("cut short", Fault::cut_short()),
        ("HTML", Fault::html()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_for_a_while_is_repeated_and_the_run_succeeds() -> Result<()> {
    let get = Matcher::get;
    // Of the batches only the first one reads.
    for (reads, times, matcher) in [
        ("organization", 2, get("/organization")),
        ("links of change tracking", 2, get("/users/delta")),
        ("pages of users", 2, get("/users")),
        ("single users", 2, get("/users/")),
        ("roles", 2, get("/roleManagement")),
        ("a batch", 1, Matcher::batch()),
    ] {
        for kind in 0..faults(Timestamp::UNIX_EPOCH).len() {
            let world = World::new(Config::default()).await;
            let ids = world.people(PEOPLE);
            let (what, fault) = faults(world.clock.now())[kind].clone();
            world.tenant.fail_next(times, matcher.clone(), fault);
            world.usher(&["apply"]).await.exits(0);
            assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{what}: {reads}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_refused_for_rate_goes_again_when_its_time_comes() -> Result<()> {
    for retry_after in ["5400.5".to_owned(), "date".to_owned()] {
        let world = World::new(Config::default()).await;
        let ids = world.people(PEOPLE);
        let begun = world.clock.now();
        let due = begun + SignedDuration::from_mins(90);
        let value = if retry_after == "date" { as_http_date(due) } else { retry_after };
        world.tenant.fail_next(1, Matcher::get("/users"), Fault::status(429, "TooManyRequests").retry_after(&value));
        world.usher(&["apply"]).await.exits(0);
        // A date has no fractions of a second.
        assert!(world.clock.now() >= due - SignedDuration::from_secs(1), "not before its time: {value}");
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_invitations_whose_answer_is_lost_is_not_repeated_blindly() -> Result<()> {
    for (what, fault, unconfirmed, mailed) in [
        ("503 before the effect", Fault::status(503, "ServiceUnavailable"), PEOPLE, 0),
        ("503 after the effect", Fault::status(503, "ServiceUnavailable").after_effect(), PEOPLE, PEOPLE),
        ("504 after the effect", Fault::status(504, "GatewayTimeout").after_effect(), PEOPLE, PEOPLE),
        ("reset before the effect", Fault::disconnect(), PEOPLE, 0),
        ("reset after the effect", Fault::disconnect().after_effect(), PEOPLE, PEOPLE),
        ("truncated", Fault::truncated(), PEOPLE, PEOPLE),
        ("cut short", Fault::cut_short(), PEOPLE, PEOPLE),
        ("HTML before the effect", Fault::html(), PEOPLE, 0),
        ("HTML after the effect", Fault::html().after_effect(), PEOPLE, PEOPLE),
    ] {
        let world = World::new(Config::default()).await;
        let ids = world.people(PEOPLE);
        world.tenant.fail_nth(INVITING_BATCH, Matcher::batch(), fault);
        assert_eq!(apply(&world, 1, "unconfirmed").await, unconfirmed as usize, "{what}");
        assert_eq!(world.tenant.mails().len(), mailed as usize, "{what}");
        everybody_is_mailed_once_in_the_end(&world, &ids, what).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_whose_answer_is_lost_is_not_repeated_blindly() -> Result<()> {
    // Damage on the way concerns the batch's answer; a status concerns the one invitation in it.
    for (what, fault, exit, unconfirmed) in [
        ("500 before the effect", Fault::status(500, "InternalServerError"), 4, 1),
        ("500 after the effect", Fault::status(500, "InternalServerError").after_effect(), 4, 1),
        ("504 after the effect", Fault::status(504, "GatewayTimeout").after_effect(), 4, 1),
        ("reset before the effect", Fault::disconnect(), 1, PEOPLE),
        ("reset after the effect", Fault::disconnect().after_effect(), 1, PEOPLE),
        ("HTML before the effect", Fault::html(), 1, PEOPLE),
        ("truncated", Fault::truncated(), 1, PEOPLE),
        ("cut short", Fault::cut_short(), 1, PEOPLE),
    ] {
        let world = World::new(Config::default()).await;
        let ids = world.people(PEOPLE);
        world.tenant.fail_next(1, Matcher::post("/invitations"), fault);
        assert_eq!(apply(&world, exit, "unconfirmed").await, unconfirmed as usize, "{what}");
        everybody_is_mailed_once_in_the_end(&world, &ids, what).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_graph_says_it_did_not_do_goes_again_in_the_same_run_or_the_next() -> Result<()> {
    let throttled = || Fault::status(429, "TooManyRequests").retry_after("2.128");
    let unauthorised = || Fault::status(401, "InvalidAuthenticationToken");
    let not_found = || Fault::status(404, "Request_ResourceNotFound");
    let inviting = || Matcher::post("/invitations");
    for (what, nth, count, matcher, fault, exit, done) in [
        ("a whole batch refused for rate", 2, 1, Matcher::batch(), throttled(), 0, PEOPLE),
        ("every invitation refused for rate three times", 1, 3 * PEOPLE, inviting(), throttled(), 0, PEOPLE),
        ("a storm that outlasts the run", 1, 15 * PEOPLE, inviting(), throttled(), 1, 0),
        ("a whole batch whose token is refused", 2, 1, Matcher::batch(), unauthorised(), 0, PEOPLE),
        ("an invitation whose token is refused", 1, 1, inviting(), unauthorised(), 4, PEOPLE - 1),
        ("two changes at the same time", 1, 1, inviting(), Fault::concurrency_violation(), 4, PEOPLE - 1),
        ("an account that has not arrived everywhere", 1, 1, inviting(), not_found(), 4, PEOPLE - 1),
    ] {
        let world = World::new(Config::default()).await;
        let ids = world.people(PEOPLE);
        for more in 0..count as usize {
            world.tenant.fail_nth(nth + more, matcher.clone(), fault.clone());
        }
        assert_eq!(apply(&world, exit, "done").await, done as usize, "{what}");
        assert_eq!(world.tenant.mails().len(), done as usize, "{what}: nothing is unconfirmed");
        // The storm's rest may take one more run.
        world.usher(&["apply"]).await.exits(0);
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{what}: the next run at once");
        everybody_is_mailed_once_in_the_end(&world, &ids, what).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_tokens_are_renewed_once_and_the_run_succeeds() -> Result<()> {
    let world = World::new(Config::default()).await;
    let first = world.people(PEOPLE);
    let host = world.host().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&first), vec![1; first.len()]);

    world.tenant.revoke_tokens();
    world.tenant.clear_exchanges();
    let second = world.directory(|directory| directory.sync_people(PEOPLE + 1..=2 * PEOPLE, "fabrikam.us"));
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&second), vec![1; second.len()], "{:?}", host.console());
    let refused = world.tenant.exchanges().iter().filter(|exchange| exchange.status == 401).count();
    assert_eq!(refused, 1, "the token is renewed once");

    world.tenant.fail_next(1000, Matcher::any(), Fault::status(401, "InvalidAuthenticationToken"));
    world.tenant.clear_exchanges();
    world.usher(&["apply"]).await.exits(1);
    assert_eq!(world.tenant.exchanges().len(), 2, "and not again and again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_arrived_everywhere_is_found_when_they_have() -> Result<()> {
    let world = World::new(Config::default()).await;
    let first = world.people(PEOPLE);
    let late = world.directory(|directory| {
        directory.lag = SignedDuration::from_mins(30);
        directory.sync_people(PEOPLE + 1..=2 * PEOPLE, "fabrikam.us")
    });
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&first), vec![1; first.len()]);
    assert_eq!(world.mails_of(&late), vec![0; late.len()], "nobody has heard of them yet");
    world.directory(|directory| directory.lag = SignedDuration::ZERO);
    world.clock.advance(SignedDuration::from_mins(31));
    world.usher(&["apply", "--quick"]).await.exits(0);
    assert_eq!(world.mails_of(&late), vec![1; late.len()]);
    assert_eq!(world.mails_of(&first), vec![1; first.len()]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn under_graphs_published_limits_nothing_has_to_be_refused_for_rate() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.tenant.limit(Some(Limits::published(TenantSize::Small)));
    let ids = world.people(300);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    assert_eq!(world.tenant.throttled(), 0);
    assert_eq!(world.tenant.usage().invitations, 300);
    everybody_is_mailed_once_in_the_end(&world, &ids, "within the limits").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_the_directory_does_not_show_yet_is_not_sent_again() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(3);
    // So slow that the lag does not pass while processes start.
    world.clock.set_speed(50.0);
    world.directory(|directory| directory.lag = SignedDuration::from_mins(30));
    for arguments in [&["apply"][..], &["apply", "--quick"], &["apply"], &["apply", "--quick"]] {
        world.usher(arguments).await.exits(0);
    }
    assert_eq!(world.mails_of(&ids), [1; 3]);
    let explained = world.json(&["explain", &ids[0].to_string()]).await;
    assert_eq!(explained["state"], "unconfirmed", "{explained:#}");
    world.clock.advance(SignedDuration::from_mins(31));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1; 3]);
    assert_eq!(world.json(&["explain", &ids[0].to_string()]).await["state"], "pending");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_says_when_it_is_back_is_not_asked_before() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(1);
    let away = Fault::status(503, "ServiceUnavailable").retry_after("5400");
    world.tenant.fail_next(1, Matcher::get("/users"), away);
    let begun = world.clock.now();
    world.usher(&["apply"]).await.exits(0);
    assert!(world.clock.now().duration_since(begun) >= SignedDuration::from_secs(5400));
    assert_eq!(world.mails_of(&ids), [1]);
    Ok(())
}
