//! What an operator sees: exit codes, JSON documents, and errors that help.

use crate::support::{Config, World, run};
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_a_configuration_is_told_at_once_with_its_line() {
    let mut world = World::new(Config::default()).await;
    world.configure(|config| {
        config.tenant = "invitation_per_minute = 60\nquota_percent = 400".into();
        config.scope = "previous_domains = [\"*.fabrikam.us\"]".into();
    });
    let checked = world.usher(&["check-config", "--json"]).await.exits(2).json();
    assert_eq!(checked["valid"], false);
    let errors = checked["errors"].as_array().expect("a list");
    let lines: Vec<_> = errors.iter().map(|error| error["line"].as_u64()).collect();
    assert_eq!(lines, [Some(5), Some(6), Some(14)], "{checked:#}");
    assert!(errors.iter().all(|error| { error["advice"].as_str().is_some_and(|advice| !advice.is_empty()) }));
    for command in [&["plan"][..], &["apply"], &["explain", "x@fabrikam.us"], &["status"]] {
        let output = world.usher(command).await.exits(2);
        assert!(output.stderr.contains("invitations_per_minute"), "{command:?}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_ends_with_2_and_says_what_to_do() {
    let world = World::new(Config::default()).await;
    for (arguments, says) in [
        (&["plam"][..], "plan"),
        (&["plan", "--now", "tomorrow"], "--now"),
        (&["explain"], "PERSON"),
        (&["explain", "nobody"], "object id"),
        (&["apply", "extra"], "extra"),
    ] {
        let output = world.usher(arguments).await.exits(2);
        assert!(output.stderr.contains(says), "{arguments:?}: {output:?}");
    }
    let mut missing = world.command(&["check-config"]);
    missing.args(["--config", "/nowhere/usher.toml"]);
    assert_eq!(run(missing).await.code, Some(2), "given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn acting_without_a_state_is_refused_and_looking_is_not() {
    let world = World::new(Config::default()).await;
    world.people(2);
    for (arguments, code) in [(&["plan"][..], 0), (&["apply"], 2), (&["status"], 2)] {
        let mut command = world.command(arguments);
        command.env_remove("USHER_STATE");
        let output = run(command).await;
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains("USHER_STATE"), "{output:?}");
    }
    assert_eq!(world.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_who_and_why_and_ends_with_0_or_with_3_when_held() -> Result<()> {
    let mut world = World::new(Config { limits: "waves = [\"2\"]".into(), ..Config::default() }).await;
    let ids = world.people(5);
    let plan = world.usher(&["plan", "--json"]).await.exits(0).json();
    let partner = &plan["partners"][0];
    assert_eq!(plan["mode"], "plan");
    assert_eq!((&partner["observed"], &partner["waiting"]), (&5.into(), &3.into()), "{partner:#}");
    let first = &partner["actions"][0];
    assert_eq!((&first["action"], &first["outcome"]), (&"convert".into(), &"planned".into()), "{first:#}");
    assert!(ids.iter().any(|id| first["person"]["id"] == id.to_string()));
    assert!(first["person"]["address"].as_str().is_some_and(|address| address.ends_with("@fabrikam.us")));

    let text = world.usher(&["plan"]).await.exits(0).stdout;
    assert!(text.contains("5 in scope, 2 to do, 3 waiting (wave 1)"), "{text}");

    world.configure(|config| config.limits = "minimum_people = 6".into());
    let held = world.usher(&["plan", "--json"]).await.exits(3).json();
    let held = &held["partners"][0]["held"];
    assert_eq!(*held, serde_json::json!({"plan": null, "reason": "minimum-people", "limit": 6, "observed": 5}));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_mode_with_nothing_to_do_ends_with_0() {
    let world = World::new(Config { mode: "plan", limits: "waves = []".into(), ..Config::default() }).await;
    world
        .directory(|directory| {
            let id = directory.sync_people(1..=1, "fabrikam.us")[0];
            directory.set_enabled(id, false)
        })
        .expect("a person");
    world.usher(&["apply"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_shows_what_runs_left_and_follows_the_journal() -> Result<()> {
    let world = World::new(Config { limits: "waves = [\"2\"]".into(), ..Config::default() }).await;
    world.people(5);
    let before = world.json(&["status"]).await;
    assert_eq!(before["partners"][0]["overdue"], true, "no run yet");
    world.usher(&["apply"]).await.exits(0);
    let status = world.usher(&["status", "--verify", "--json"]).await.exits(0).json();
    let partner = &status["partners"][0];
    assert_eq!((&partner["waiting"], &partner["backlog"], &partner["overdue"]), (&3.into(), &3.into(), &false.into()));
    assert_eq!((&partner["runs"][0]["done"], &partner["runs"][0]["job"]), (&2.into(), &"reconcile".into()));
    assert_ne!(status["journal_head"]["number"], 0);

    let segment = world.state().join("journal/0000000001");
    let text = std::fs::read_to_string(&segment)?.replace("internal", "external");
    std::fs::write(segment, text)?;
    let broken = world.usher(&["status", "--verify"]).await.exits(1);
    assert!(broken.stderr.contains("journal segment 2"), "{broken:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_tenant_is_refused_before_anything_is_read() {
    let world = World::new(Config::default()).await;
    world.people(2);
    let text = std::fs::read_to_string(world.config_path()).expect("a configuration");
    let other = text.replace("0c0a11ed-0000", "0c0a11ed-1111");
    std::fs::write(world.config_path(), other).expect("written");
    let error = world.usher(&["apply", "--json"]).await.exits(1).json();
    assert_eq!(error["error"]["code"], "wrong-tenant", "{error:#}");
    assert!(world.tenant.exchanges().iter().all(|exchange| exchange.path == "/organization"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_person_is_explained_as_absent() {
    let world = World::new(Config::default()).await;
    for person in ["nobody@fabrikam.us", "00000000-0000-4000-8000-000000000009", "o'brien@fabrikam.us"] {
        let output = world.usher(&["explain", person, "--json"]).await.exits(0).json();
        assert_eq!(output["state"], "absent", "{output:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_apply_ends_its_batch_and_loses_nothing() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let ids = world.people(200);
    // Slow enough that the signal comes in the middle: 20 invitations take 20 seconds of real time.
    world.configure(|config| config.tenant = "invitations_per_minute = 60".into());
    let mut command = world.command(&["apply"]);
    command.env("USHER_SPEED", "1");
    let child = command.spawn()?;
    let pid = child.id().expect("it runs").to_string();
    while world.tenant.mails().is_empty() {
        tokio::task::yield_now().await;
    }
    std::process::Command::new("kill").args(["-INT", &pid]).status()?;
    let output = child.wait_with_output().await?;
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    world.configure(|config| config.tenant = "invitations_per_minute = 1200\nquota_percent = 100".into());
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; 200]);
    Ok(())
}
