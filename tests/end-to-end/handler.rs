//! The process as the Functions host sees it.

use crate::support::{Config, USHER, World};
use anyhow::Result;
use jiff::SignedDuration;
use std::process::Stdio;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn every_function_folder_is_indexed_and_answers() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    assert!(host.indexing_errors().is_empty(), "{:?}", host.indexing_errors());
    assert_eq!(
        host.functions(),
        [
            "approve",
            "failed",
            "invite",
            "openapi",
            "people",
            "plans",
            "provision",
            "reconcile",
            "run",
            "status",
            "summary",
            "work"
        ]
    );
    world.people(1);
    world.tick(&host).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_fails_every_invocation_and_ends_nothing() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    world.configure(|config| config.tenant = "nonsense = true".into());
    let host = world.host().await?;
    for _ in 0..3 {
        let invocation = host.fire_timer("invite").await?;
        assert!(!invocation.succeeded());
    }
    let line = host.console_line("nonsense").await?;
    assert!(line.text.contains("usher.toml"), "{line:?}");
    let pid = host.pid();
    host.running().await?;
    assert_eq!(host.pid(), pid, "the process is still the same");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_timer_and_work_nothing_is_lost() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(30);
    let host = world.host().await?;
    assert!(host.fire_timer("invite").await?.succeeded());
    host.restart().await?;
    host.drain(10).await?;
    assert_eq!(world.mails_of(&ids), vec![1; 30]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_twice_or_means_nothing_does_no_harm() -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(30);
    let host = world.host().await?;
    for text in ["{\"wake\":\"invite\"}", "not json", "", "[1,2]", "{\"wake\":\"format c:\"}"] {
        host.enqueue("usher-work", text).await?;
    }
    assert!(host.drain(10).await?.iter().all(|invocation| invocation.succeeded()));
    assert_eq!(world.writes(), 0, "a message only wakes; nobody asked for anything");
    host.fire_timer("invite").await?;
    host.enqueue("usher-work", "{\"wake\":\"invite\"}").await?;
    host.drain(10).await?;
    assert_eq!(world.mails_of(&ids), vec![1; 30]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_graph_of_hours_poisons_nothing_loses_nothing_and_shows() -> Result<()> {
    use usher_simulator::tenant::{Fault, Matcher};
    let world = World::new(Config::default()).await;
    let ids = world.people(5);
    let host = world.host().await?;
    for (what, fault) in
        [("forbidden", Fault::status(403, "Authorization_RequestDenied")), ("away", Fault::disconnect())]
    {
        world.tenant.fail_next(10_000, Matcher::any(), fault);
        for _ in 0..36 {
            world.clock.advance(SignedDuration::from_mins(5));
            world.tick(&host).await?;
        }
        assert!(host.messages("usher-work").await?.is_empty() && host.messages("usher-work-poison").await?.is_empty());
        let status = world.json(&["status"]).await;
        assert!(!status["partners"][0]["runs"][0]["error"].is_null(), "{what}: {status:#}");
        assert!(world.state().join("inbox/invite").exists(), "{what}: it stays asked for");
        world.tenant.clear_faults();
    }
    assert_eq!(world.json(&["status"]).await["partners"][0]["overdue"], true);
    // A process goes by the time that it started with.
    host.restart().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), [1; 5]);
    assert_eq!(world.json(&["status"]).await["partners"][0]["overdue"], false);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_carries_an_address() -> Result<()> {
    use usher_simulator::tenant::{Fault, Matcher};
    let world = World::new(Config::default()).await;
    world.people(40);
    let host = world.host().await?;
    let refusal = Fault::status(400, "Request_BadRequest").message("person-0001@fabrikam.us is not welcome");
    world.tenant.fail_next(1, Matcher::post("/invitations"), refusal);
    world.tick(&host).await?;
    let lines = host.console();
    assert!(lines.iter().any(|line| line.text.contains("run ended")), "{lines:?}");
    assert!(lines.iter().any(|line| line.text.contains("Request_BadRequest")), "{lines:?}");
    for line in lines {
        assert!(!line.text.contains('@') && !line.text.contains("fabrikam.us"), "{line:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_hosts_port_serve_says_who_starts_it() -> Result<()> {
    let output = Command::new(USHER).arg("serve").env_clear().stdin(Stdio::null()).output().await?;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("FUNCTIONS_CUSTOMHANDLER_PORT"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn against_a_real_graph_serve_refuses_a_state_that_would_be_lost() -> Result<()> {
    let world = World::new(Config::default()).await;
    let real = |(name, _): &(String, String)| !name.starts_with("USHER_") || name == "USHER_STATE";
    let settings = world.variables().into_iter().filter(real).collect();
    let mut options = usher_simulator::host::HostOptions::new(world.app(), world.clock.clone());
    options.settings = settings;
    for timer in ["INVITE", "RECONCILE", "SUMMARY"] {
        options.settings.push((format!("{timer}_SCHEDULE"), "0 */5 * * * *".into()));
    }
    let host = usher_simulator::host::Host::start(options).await?;
    assert!(!host.fire_timer("invite").await?.succeeded());
    host.console_line("USHER_STATE").await?;
    Ok(())
}
