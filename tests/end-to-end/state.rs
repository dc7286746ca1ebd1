//! What usher keeps: a chain that shows when it was touched, forgets what is old, and bounds all writers together.

use crate::support::{Config, World};
use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::json;
use std::path::PathBuf;
use usher_simulator::steps::{Stage, Then};
use usher_simulator::tenant::ExternalUserState;

fn segments(world: &World) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(world.state().join("journal"))?;
    let mut segments: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    segments.sort();
    Ok(segments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_somebody_touched_is_told_and_does_not_verify() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(50);
    world.usher(&["apply"]).await.exits(0);
    world.usher(&["status", "--verify"]).await.exits(0);
    let [first, second] = [0, 1].map(|number| segments(&world).ok()?.into_iter().nth(number));
    let (first, second) = (first.context("a segment")?, second.context("a second segment")?);
    let text = std::fs::read_to_string(&first)?;
    std::fs::write(&first, text.replace("@fabrikam.us", "@evil.example"))?;
    let error = world.usher(&["status", "--verify", "--json"]).await.exits(1).json();
    assert_eq!(error["error"]["code"], "journal", "{error:#}");
    std::fs::write(&first, text)?;
    world.usher(&["status", "--verify"]).await.exits(0);
    std::fs::remove_file(&second)?;
    let output = world.usher(&["status", "--verify"]).await.exits(1);
    assert!(output.stderr.contains("segment 2") && output.stderr.contains("missing"), "{output:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_a_newer_usher_is_refused_and_left_as_it_is() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(3);
    world.usher(&["apply"]).await.exits(0);
    let next = world.state().join(format!("journal/{:010}", segments(&world)?.len() + 1));
    std::fs::write(&next, json!({"version": 99, "content": "unheard of"}).to_string())?;
    for command in ["apply", "plan", "status"] {
        let output = world.usher(&[command]).await.exits(1);
        assert!(output.stderr.contains("newer usher"), "{output:?}");
    }
    assert_eq!(world.writes(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_reached_is_told_as_that_and_not_as_a_broken_journal() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    world.state_setting = format!("file://{}/state", world.config_path().display());
    for command in ["plan", "apply", "status"] {
        let error = world.usher(&[command, "--json"]).await.exits(1).json();
        assert_eq!(error["error"]["code"], "state", "{command}: {error:#}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_keep_journal_days_goes_and_nobody_is_forgotten_with_it() -> Result<()> {
    let config = Config { rest: "[state]\nkeep_journal_days = 90".into(), ..Config::default() };
    let world = World::new(config).await;
    let ids = world.people(40);
    world.usher(&["apply"]).await.exits(0);
    let old = segments(&world)?.len();
    world.clock.advance(SignedDuration::from_hours(24 * 91));
    let late = world.directory(|directory| directory.sync_people(41..=50, "fabrikam.us"));
    world.usher(&["apply"]).await.exits(0);
    let names = segments(&world)?;
    assert!(!names.iter().any(|name| name.ends_with("0000000001")), "{names:?}");
    assert!(names.len() < old + 4, "{names:?}");
    world.usher(&["status", "--verify"]).await.exits(0);

    // What was summed up still counts, with the saved memory and without.
    std::fs::remove_file(world.state().join("memory"))?;
    world.usher(&["status", "--verify"]).await.exits(0);
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1; 40]);
    assert_eq!(world.mails_of(&late), [1; 10]);
    let explained = world.json(&["explain", &ids[0].to_string()]).await;
    assert_eq!(
        explained["decision"], "expired-conversion",
        "usher knows that it brought them in, and when: {explained:#}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ceilings_and_waves_bound_all_writers_together() -> Result<()> {
    for (limits, most) in [("invitations = 50\nwaves = []", 50), ("invitations = 500\nwaves = [\"30\"]", 30)] {
        let (world, storage) =
            World::new(Config { limits: limits.into(), ..Config::default() }).await.in_storage().await;
        let ids = world.people(200);
        let forgetful = storage.clone();
        storage.on_step(move |step| {
            if step.stage == Stage::Done && step.operation == "acquire-lease" {
                forgetful.forget_leases();
            }
            Then::GoOn
        });
        let writers = (0..3).map(|_| crate::support::run(world.command(&["apply"])));
        futures::future::join_all(writers).await;
        storage.clear_hook();
        let mails = world.mails_of(&ids);
        assert!(mails.iter().all(|mails| *mails <= 1) && world.tenant.mails().len() <= most, "{limits}: {mails:?}");
        world.usher(&["status", "--verify"]).await.exits(0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_not_settled_within_a_day_needs_a_person_and_is_told() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(3);
    world.usher(&["apply"]).await.exits(0);
    // Graph took the invitation, and the directory went back on it.
    world.directory(|directory| directory.update_user(ids[0], |user| user.external_user_state = None))?;
    world.clock.advance(SignedDuration::from_hours(23));
    assert_eq!(world.json(&["explain", &ids[0].to_string()]).await["decision"], "unconfirmed");
    world.clock.advance(SignedDuration::from_hours(2));
    let explained = world.json(&["explain", &ids[0].to_string()]).await;
    assert_eq!((&explained["decision"], &explained["state"]), (&json!("unsettled"), &json!("unconfirmed")));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1; 3]);
    world.directory(|directory| {
        directory.update_user(ids[0], |user| user.external_user_state = Some(ExternalUserState::PendingAcceptance))
    })?;
    assert_eq!(world.json(&["explain", &ids[0].to_string()]).await["decision"], "pending");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_sweep_lets_the_quick_path_go_first_and_nothing_of_it_is_left_undone() -> Result<()> {
    let config = Config { tenant: "invitations_per_minute = 60\nquota_percent = 100".into(), ..Config::default() };
    let (world, storage) = World::new(config).await.in_storage().await;
    let host = world.host().await?;
    world.people(1);
    world.tick(&host).await?;
    let ids = world.directory(|directory| directory.sync_people(2..=100, "fabrikam.us"));
    // A sweep is asked for; when it sends, the quick path is asked for too.
    host.fire_timer("reconcile").await?;
    let quick = json!({"version": 1, "content": {"job": "invite", "requested": world.clock.now(), "due": null}});
    let (account, quick) = (storage.clone(), quick.to_string().into_bytes());
    let asked = std::sync::atomic::AtomicBool::new(false);
    world.tenant.on_step(move |step| {
        let sends = step.stage == Stage::Done && step.target == "/$batch" && step.is_write;
        if sends && !asked.swap(true, std::sync::atomic::Ordering::SeqCst) {
            account.write("usher", "inbox/invite", quick.clone());
        }
        Then::GoOn
    });
    let invocations = host.drain(20).await?;
    assert!(invocations.iter().all(|invocation| invocation.succeeded()), "{invocations:?}");
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    let status = world.json(&["status"]).await;
    let jobs: Vec<_> =
        status["partners"][0]["runs"].as_array().expect("runs").iter().map(|run| run["job"].clone()).collect();
    assert_eq!(jobs[..2], ["invite", "reconcile"], "the quick path took over: {status:#}");
    let sweep = &status["partners"][0]["runs"][1];
    assert!(sweep["done"].as_u64() < Some(99), "{sweep:#}");
    assert!(!storage.names("usher").iter().any(|name| name.starts_with("inbox/")), "nothing is asked any more");
    Ok(())
}
