//! Runs that were cut short, met each other, or met a changed world: nobody is lost, mailed twice, or mailed wrongly.

use crate::support::{Config, World, run};
use anyhow::Result;
use std::process::Stdio;
use usher_simulator::tenant::ExternalUserState;
use uuid::Uuid;

/// Runs `usher` with these arguments at real speed and interrupts it as soon as the first mail is out.
async fn interrupted(world: &World, arguments: &[&str], signal: &str) -> Result<Option<i32>> {
    let mut command = world.command(arguments);
    command.env("USHER_SPEED", "1").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let pid = child.id().expect("it runs").to_string();
    while world.tenant.mails().is_empty() {
        tokio::task::yield_now().await;
    }
    std::process::Command::new("kill").args([signal, &pid]).status()?;
    Ok(child.wait().await?.code())
}

fn slow(limits: &str) -> Config {
    Config { tenant: "invitations_per_minute = 60".into(), limits: limits.into(), ..Config::default() }
}

fn at_full_pace(config: &mut Config) {
    config.tenant = "invitations_per_minute = 1200\nquota_percent = 100".into();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_planned_before_an_interruption_is_planned_anew_and_excluded_people_stay_out() -> Result<()> {
    let mut world = World::new(slow("waves = []\ninvitations = 40")).await;
    let ids = world.people(60);
    let group = world.directory(|directory| directory.create_group("excluded"));
    assert_eq!(interrupted(&world, &["apply", "--quick"], "-INT").await?, Some(130));
    let invited: Vec<_> = world.tenant.mails().iter().map(|mail| mail.user).collect();
    let excluded: Vec<Uuid> = ids.iter().copied().filter(|id| !invited.contains(id)).take(30).collect();
    world.directory(|directory| excluded.iter().try_for_each(|id| directory.add_member(group, *id)))?;
    world.configure(|config| {
        at_full_pace(config);
        config.scope = format!("exclude_groups = [\"{group}\"]");
    });
    world.usher(&["apply", "--quick"]).await.exits(0);
    assert_eq!(world.mails_of(&excluded), vec![0; 30], "whoever was excluded meanwhile is not mailed");
    assert!(world.tenant.mails().len() <= 40, "the daily ceiling holds across both runs");
    assert!(world.mails_of(&ids).iter().all(|mails| *mails <= 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_that_was_killed_goes_on_with_what_is_left_of_it() -> Result<()> {
    let mut world = World::new(slow("waves = [\"12\"]")).await;
    let ids = world.people(30);
    interrupted(&world, &["apply"], "-KILL").await?;
    let sent_before = world.tenant.mails().len();
    assert!((1..12).contains(&sent_before), "{sent_before}");
    world.configure(|config| {
        at_full_pace(config);
        config.limits = "waves = [\"12\"]".into();
    });
    world.usher(&["apply"]).await;
    assert!(world.tenant.mails().len() <= 12, "one wave, two runs: {}", world.tenant.mails().len());
    assert!(world.mails_of(&ids).iter().all(|mails| *mails <= 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_works_nobody_is_lost_and_nobody_mailed_twice() -> Result<()> {
    let mut world = World::new(slow("waves = []")).await;
    let ids = world.people(40);
    for _ in 0..3 {
        world.tenant.clear_exchanges();
        let mut command = world.command(&["apply"]);
        command.env("USHER_SPEED", "1").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let invited = || world.tenant.exchanges().iter().any(|exchange| exchange.path == "/invitations");
        while !invited() {
            tokio::task::yield_now().await;
        }
        child.kill().await?;
        world.clock.advance(jiff::SignedDuration::from_mins(11));
    }
    world.configure(at_full_pace);
    for _ in 0..3 {
        world.usher(&["apply"]).await;
        world.clock.advance(jiff::SignedDuration::from_mins(11));
    }
    assert_eq!(world.mails_of(&ids), vec![1; 40]);
    world.usher(&["status", "--verify"]).await.exits(0);
    Ok(())
}

/// A second partner, whose people are in second.example.
const SECOND: &str = "[[partner]]\nname = \"second\"\ntenant_id = \"33333333-3333-4333-8333-333333333333\"\n\
    cloud = \"global\"\n[partner.scope]\ndomains = [\"second.example\"]\n[partner.limits]\nwaves = []\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_state_without_birth_holds_every_partner_when_any_has_external_users() -> Result<()> {
    let world = World::new(Config { rest: SECOND.into(), ..Config::default() }).await;
    let second = world.directory(|directory| directory.sync_people(1..=5, "second.example"));
    world.people(1);
    world.directory(|directory| {
        let guest = directory.sync_people(9..=9, "fabrikam.us")[0];
        directory.update_user(guest, |user| user.external_user_state = Some(ExternalUserState::Accepted))
    })?;
    let report = world.usher(&["apply", "--json"]).await.exits(3).json();
    for partner in report["partners"].as_array().expect("partners") {
        assert_eq!(partner["held"]["reason"], "state-missing", "{partner:#}");
    }
    assert_eq!(world.writes(), 0);
    world.usher(&["apply", "--adopt-state"]).await.exits(0);
    assert_eq!(world.mails_of(&second), [1; 5]);
    world.usher(&["apply"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_not_adopted_for_a_tenant_that_was_not_seen() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    world.people(2);
    let text = std::fs::read_to_string(world.config_path())?;
    std::fs::write(world.config_path(), text.replace("0c0a11ed-0000", "0c0a11ed-1111"))?;
    world.usher(&["apply", "--adopt-state"]).await.exits(1);
    world.configure(|_| {});
    world.usher(&["apply", "--adopt-state"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_met_an_operators_apply_is_served_by_it() -> Result<()> {
    let mut world = World::new(slow("waves = [\"10\", \"20\"]")).await;
    world.people(30);
    let host = world.host().await?;
    let mut command = world.command(&["apply"]);
    command.env("USHER_SPEED", "20");
    let operator = tokio::spawn(run(command));
    while world.tenant.mails().is_empty() {
        tokio::task::yield_now().await;
    }
    host.fire_timer("invite").await?;
    assert!(host.drain(5).await?.iter().all(|invocation| invocation.succeeded()));
    let output = operator.await?.exits(0);
    assert!(!world.state().join("inbox/invite").exists(), "nothing is left lying: {output:?}");
    world.configure(|_| {});
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_below_a_batch_is_kept_across_runs() -> Result<()> {
    let world = World::new(Config { tenant: "invitations_per_minute = 1".into(), ..Config::default() }).await;
    world.people(10);
    let begun = world.clock.now();
    for _ in 0..2 {
        let mut command = world.command(&["apply", "--quick"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let before = world.tenant.mails().len();
        while world.tenant.mails().len() < before + 3 {
            tokio::task::yield_now().await;
        }
        child.kill().await?;
    }
    let minutes = world.clock.now().duration_since(begun).as_secs_f64() / 60.0;
    let sent = world.tenant.mails().len();
    let allowed = minutes + 2.0;
    assert!((sent as f64) <= allowed, "{sent} in {minutes} minutes");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_leaves_no_state_behind() {
    let world = World::new(Config::default()).await;
    world.people(2);
    world.usher(&["plan"]).await.exits(0);
    world.usher(&["explain", "person-0001@fabrikam.us"]).await.exits(0);
    world.usher(&["status"]).await.exits(0);
    assert!(!world.state().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_seen_enough_is_no_error() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.people(200);
    let mut child = world.command(&["plan"]).spawn()?;
    drop(child.stdout.take());
    let output = child.wait_with_output().await?;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    Ok(())
}
