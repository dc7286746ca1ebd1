//! Two writers for one tenant, and a state that is late, refuses or forgets: nothing is sent twice, and who cannot be sure of
//! its lease sends nothing.

use crate::support::process::{CONTAINER, Pid};
use crate::support::{Config, Output, World, run};
use anyhow::Result;
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use usher_simulator::host::Host;
use usher_simulator::steps::{Gate, Service, Stage, Step, Then};
use usher_simulator::storage::Storage;
use uuid::Uuid;

/// A lease lasts 60 seconds and must be certain for 35 when something is sent, so after this it is not certain enough.
const TOO_LONG: Duration = Duration::from_secs(26);
/// Each answer of a state that is late, but not so late that it counts as none.
const LATE: Duration = Duration::from_secs(14);
/// A lease is renewed after 20 seconds.
const BEYOND_RENEWAL: Duration = Duration::from_secs(22);

async fn world(config: Config) -> (World, Storage) {
    World::new(config).await.in_storage().await
}

fn is(step: &Step, stage: Stage, operation: &str, target: &str) -> bool {
    step.stage == stage && step.operation == operation && step.target.starts_with(target)
}

/// Holds the first request of this kind before it has an effect; the gate, and what tells that it is there.
fn hold_first(storage: &Storage, operation: &'static str, target: &'static str) -> (Gate, Arc<Notify>) {
    let (gate, arrived) = (Gate::default(), Arc::new(Notify::new()));
    let first = AtomicBool::new(true);
    let (held, reached) = (gate.clone(), Arc::clone(&arrived));
    storage.on_step(move |step| {
        if !is(step, Stage::Received, operation, target) || !first.swap(false, Ordering::SeqCst) {
            return Then::GoOn;
        }
        reached.notify_one();
        Then::Hold(held.clone())
    });
    (gate, arrived)
}

fn invitations(world: &World) -> usize {
    world.tenant.exchanges().iter().filter(|exchange| exchange.path == "/invitations").count()
}

/// Runs usher until everybody is mailed, and then once more.
async fn everybody_is_mailed_once_in_the_end(world: &World, storage: &Storage, ids: &[Uuid]) {
    let once = vec![1; ids.len()];
    for _ in 0..4 {
        storage.forget_leases();
        world.clock.advance(SignedDuration::from_mins(11));
        world.usher(&["apply"]).await;
        if world.mails_of(ids) == once {
            break;
        }
    }
    storage.forget_leases();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(ids), once);
    world.usher(&["status", "--verify"]).await.exits(0);
    assert!(storage.violations().is_empty(), "{:?}", storage.violations());
}

async fn output_of(child: tokio::process::Child) -> Output {
    let output = child.wait_with_output().await.expect("it ends");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_of_a_state_that_forgets_every_lease_mail_nobody_twice() -> Result<()> {
    for round in 0..5 {
        let (world, storage) = world(Config::default()).await;
        let ids = world.people(200);
        let forgetful = storage.clone();
        storage.on_step(move |step| {
            if is(step, Stage::Done, "acquire-lease", "") {
                forgetful.forget_leases();
            }
            Then::GoOn
        });
        let writers = (0..3).map(|_| run(world.command(&["apply"])));
        let outputs = futures::future::join_all(writers).await;
        let sent: Vec<_> = world.mails_of(&ids).into_iter().filter(|mails| *mails > 1).collect();
        assert!(sent.is_empty(), "round {round}: {outputs:#?}");
        storage.clear_hook();
        everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_place_in_the_journal_was_taken_sends_nothing() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(60);
    // Its lease is certain; only the journal shows that somebody else has it too.
    let (gate, arrived) = hold_first(&storage, "put", "journal/");
    let late = world.spawn(&["apply", "--json"], &Pid::default());
    arrived.notified().await;
    storage.forget_leases();
    world.usher(&["apply"]).await.exits(0);
    let before = invitations(&world);
    gate.open();
    let error = output_of(late).await.exits(1).json();
    assert_eq!(error["error"]["code"], "journal", "{error:#}");
    assert_eq!((before, invitations(&world)), (60, 60));
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_touched_by_another_writer_since_they_were_observed_is_left_out() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(60);
    // The first is held when it has planned and takes the lease for its first slice.
    let (gate, arrived) = hold_first(&storage, "acquire-lease", ".leases/writer");
    let late = world.spawn(&["apply", "--json"], &Pid::default());
    arrived.notified().await;
    storage.forget_leases();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), vec![1; 60]);
    let before = invitations(&world);
    gate.open();
    let report = output_of(late).await.exits(0).json();
    let actions = report["partners"][0]["actions"].as_array().expect("actions");
    assert_eq!(actions.len(), 60);
    assert!(actions.iter().all(|action| action["outcome"] == "skipped"), "{report:#}");
    assert_eq!(invitations(&world), before);
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_was_stalled_past_its_lease_sends_nothing() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(60);
    // Stopped just when its intents stand in the journal: nothing but the lease could still hold it back.
    let (pid, gate, stopped) = (Pid::default(), Gate::default(), Arc::new(Notify::new()));
    let first = AtomicBool::new(true);
    let (stalled, held, reached) = (pid.clone(), gate.clone(), Arc::clone(&stopped));
    storage.on_step(move |step| {
        if !is(step, Stage::Done, "put", "journal/") || !first.swap(false, Ordering::SeqCst) {
            return Then::GoOn;
        }
        stalled.signal("-STOP");
        reached.notify_one();
        Then::Hold(held.clone())
    });
    let begun = Instant::now();
    let child = world.spawn(&["apply"], &pid);
    stopped.notified().await;
    storage.forget_leases();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.tenant.mails().len(), 40, "the other leaves out whom the journal shows as open");
    tokio::time::sleep(TOO_LONG.saturating_sub(begun.elapsed())).await;
    let before = invitations(&world);
    gate.open();
    pid.signal("-CONT");
    let output = output_of(child).await.exits(1);
    assert_eq!(invitations(&world), before, "{output:?}");
    assert!(output.stdout.contains("state-too-slow"), "{output:?}");
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_whose_renewal_was_refused_appends_nothing_before_it_has_the_lease_again() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(60);
    // Graph takes its time with the first invitations; meanwhile the lease is lost and another one works.
    let (gate, arrived) = (Gate::default(), Arc::new(Notify::new()));
    let batches = AtomicUsize::new(0);
    let (held, reached) = (gate.clone(), Arc::clone(&arrived));
    world.tenant.on_step(move |step| {
        // The first three batches look at those who are to be converted.
        if !is(step, Stage::Received, "POST", "/$batch") || batches.fetch_add(1, Ordering::SeqCst) != 3 {
            return Then::GoOn;
        }
        reached.notify_one();
        Then::Hold(held.clone())
    });
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    storage.on_step(move |step| {
        if !is(step, Stage::Received, "renew-lease", "") {
            return Then::GoOn;
        }
        count.fetch_add(1, Ordering::SeqCst);
        Then::Refuse(409, "LeaseIdMismatchWithLeaseOperation")
    });
    let late = world.spawn(&["apply", "--json"], &Pid::default());
    arrived.notified().await;
    storage.forget_leases();
    let other = world.usher(&["apply", "--json"]).await.exits(0).json();
    assert_eq!(other["partners"][0]["actions"].as_array().map(Vec::len), Some(40), "{other:#}");
    tokio::time::sleep(BEYOND_RENEWAL).await;
    gate.open();
    let report = output_of(late).await.exits(0).json();
    assert!(refused.load(Ordering::SeqCst) >= 1, "a renewal was tried");
    let count = |outcome| {
        let actions = report["partners"][0]["actions"].as_array().expect("actions");
        actions.iter().filter(|action| action["outcome"] == outcome).count()
    };
    assert_eq!((count("done"), count("skipped")), (20, 40), "{report:#}");
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_answers_so_late_that_the_lease_may_run_out_stops_the_run_before_anything_is_sent() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(60);
    let written = AtomicBool::new(false);
    storage.on_step(move |step| {
        // The renewals would make it certain again.
        if is(step, Stage::Received, "renew-lease", "") {
            return Then::Refuse(503, "ServerBusy");
        }
        let is_journal = step.stage == Stage::Done && step.target.starts_with("journal/");
        if is_journal && step.is_write && !written.swap(true, Ordering::SeqCst) {
            // No answer at all: the SDK asks again after 15 seconds, and finds what it wrote.
            return Then::Wait(TOO_LONG);
        }
        if is_journal && written.load(Ordering::SeqCst) { Then::Wait(LATE) } else { Then::GoOn }
    });
    let report = world.usher(&["apply", "--json"]).await.exits(1).json();
    assert_eq!(report["partners"][0]["error"]["code"], "state-too-slow", "{report:#}");
    assert_eq!(invitations(&world), 0);
    storage.clear_hook();
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_refuses_a_change_fails_the_run_and_the_next_one_goes_on() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let mut ids = world.people(20);
    // Each change of the state is refused once, at another place in every run.
    for nth in 0..14 {
        let changes = AtomicUsize::new(0);
        storage.on_step(move |step| {
            let is_change = step.stage == Stage::Received && step.is_write && !step.operation.ends_with("-lease");
            if is_change && changes.fetch_add(1, Ordering::SeqCst) == nth {
                return Then::Refuse(403, "AuthorizationPermissionMismatch");
            }
            Then::GoOn
        });
        let output = world.usher(&["apply"]).await;
        if output.code != Some(0) {
            assert!(output.stderr.contains("Storage Blob Data Contributor"), "{output:?}");
        }
        world.clock.advance(SignedDuration::from_mins(11));
        let number = 21 + 20 * u32::try_from(nth)?;
        ids.extend(world.directory(|directory| directory.sync_people(number..=number + 19, "fabrikam.us")));
    }
    storage.clear_hook();
    everybody_is_mailed_once_in_the_end(&world, &storage, &ids).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_messages_at_once_wake_one_writer() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(100);
    let hosts: Vec<Host> = futures::future::try_join_all((0..4).map(|_| world.host())).await?;
    // Only the request is of interest: its own message is one of the twenty.
    assert!(hosts[0].fire_timer("invite").await?.succeeded());
    for (number, host) in hosts.iter().enumerate() {
        for _ in usize::from(number == 0)..5 {
            host.enqueue("usher-work", "{\"wake\":\"invite\"}").await?;
        }
    }
    let drained = futures::future::try_join_all(hosts.iter().map(|host| host.drain(10))).await?;
    let invocations: Vec<_> = drained.into_iter().flatten().collect();
    assert_eq!(invocations.len(), 20);
    assert!(invocations.iter().all(|invocation| invocation.succeeded()), "{invocations:?}");
    assert_eq!(world.mails_of(&ids), vec![1; 100]);
    let sweeps = world.tenant.exchanges().iter().filter(|exchange| exchange.path == "/users").count();
    assert_eq!(sweeps, 1, "one of them read everybody, and the others left it to that one");
    assert!(storage.violations().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wake_ups_cost_no_poison_message_and_no_request_to_graph() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let host = world.host().await?;
    for _ in 0..1000 {
        host.enqueue("usher-work", "{\"wake\":\"invite\"}").await?;
    }
    let invocations = host.drain(1001).await?;
    assert_eq!(invocations.iter().filter(|invocation| invocation.succeeded()).count(), 1000);
    assert!(host.messages("usher-work-poison").await?.is_empty());
    assert!(world.tenant.exchanges().is_empty());
    assert!(storage.names(CONTAINER).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_work_gave_up_is_recorded_with_its_cause_and_the_next_tick_does_it() -> Result<()> {
    let (world, storage) = world(Config::default()).await;
    let ids = world.people(5);
    let host = world.host().await?;
    let refuses = Arc::new(AtomicBool::new(true));
    let flag = Arc::clone(&refuses);
    storage.on_step(move |step| {
        let is_birth = is(step, Stage::Received, "put", "birth") && step.service == Service::Storage;
        if is_birth && flag.load(Ordering::SeqCst) { Then::Refuse(403, "AuthorizationFailure") } else { Then::GoOn }
    });
    host.fire_timer("invite").await?;
    let invocations = host.drain_advancing(20).await?;
    let failed = invocations.iter().filter(|invocation| !invocation.succeeded()).count();
    assert_eq!(failed, 5, "{invocations:?}");
    let last = invocations.last().expect("an invocation");
    assert!(last.function == "failed" && last.succeeded(), "{last:?}");
    assert!(host.messages("usher-work-poison").await?.is_empty(), "it was taken");
    let status = world.usher(&["status", "--json"]).await.exits(0).json();
    let cause = status["failed"][0]["cause"].as_str().expect("a cause");
    assert!(cause.contains("Storage Blob Data Contributor"), "{cause}");

    refuses.store(false, Ordering::SeqCst);
    assert_eq!(world.mails_of(&ids), [0; 5]);
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), [1; 5], "what was asked for was not lost");
    Ok(())
}
