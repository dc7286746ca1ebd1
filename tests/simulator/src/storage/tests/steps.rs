//! Steps: a test sees where each request stands and decides what happens next.

use super::{Account, CONTAINER, absent, answer, code};
use crate::steps::{Gate, Service, Stage, Step, Then};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a hook saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Step>>>);

impl Seen {
    fn note(&self, step: &Step) {
        self.0.lock().unwrap().push(step.clone());
    }

    fn stages(&self, target: &str) -> Vec<Stage> {
        self.0.lock().unwrap().iter().filter(|step| step.target == target).map(|step| step.stage).collect()
    }

    async fn wait_for(&self, target: &str, stage: Stage) {
        while !self.stages(target).contains(&stage) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn a_hook_sees_what_a_request_is_and_where_it_stands() {
    let account = Account::new().await;
    let seen = Seen::default();
    let (log, storage) = (seen.clone(), account.storage.clone());
    let there = Arc::new(Mutex::new(Vec::new()));
    let effect = Arc::clone(&there);
    account.storage.on_step(move |step| {
        log.note(step);
        effect.lock().unwrap().push(storage.read(CONTAINER, "runs/a").is_some());
        Then::GoOn
    });
    account.upload("runs/a", "1").await;
    seen.wait_for("runs/a", Stage::Answered).await;
    assert_eq!(seen.stages("runs/a"), [Stage::Received, Stage::Done, Stage::Answered]);
    assert_eq!(*there.lock().unwrap(), [false, true, true], "the hook may look at the storage");

    account.content("runs/a").await.unwrap();
    account.blob("runs/a").acquire_lease(60, None).await.unwrap();
    account.storage.clear_hook();
    account.content("runs/a").await.unwrap();
    let seen = seen.0.lock().unwrap();
    let received = seen.iter().filter(|step| step.stage == Stage::Received);
    let kinds: Vec<_> = received.map(|step| (step.service, step.operation.as_str(), step.is_write)).collect();
    let storage = Service::Storage;
    assert_eq!(kinds, [(storage, "put", true), (storage, "get", false), (storage, "acquire-lease", true)]);
}

#[tokio::test]
async fn an_answer_is_out_before_the_hook_hears_of_it() {
    let account = Account::new().await;
    let seen = Seen::default();
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        Then::GoOn
    });
    account.storage.write(CONTAINER, "large", vec![b'x'; 20_000_000]);
    let mut response = account.by_hand(reqwest::Method::GET, "/large").send().await.unwrap();
    response.chunk().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(seen.stages("large"), [Stage::Received, Stage::Done], "nobody has taken the rest");
    while response.chunk().await.unwrap().is_some() {}
    seen.wait_for("large", Stage::Answered).await;
}

#[tokio::test]
async fn a_request_that_is_cut_when_it_arrives_has_no_effect() {
    let account = Account::new().await;
    let seen = Seen::default();
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        if step.stage == Stage::Received { Then::Cut } else { Then::GoOn }
    });
    let error = account.upload_if("a", "1", absent()).await.unwrap_err();
    assert_eq!(error.http_status(), None, "{error}");
    assert!(account.storage.names(CONTAINER).is_empty());
    assert_eq!(seen.stages("a"), [Stage::Received]);
    assert_eq!(account.log(), [("put", "a".to_owned(), 0)]);
}

#[tokio::test]
async fn a_request_that_is_cut_when_it_is_done_has_its_effect_and_no_answer() {
    let account = Account::new().await;
    let seen = Seen::default();
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        if step.stage == Stage::Done { Then::Cut } else { Then::GoOn }
    });
    let error = account.upload_if("a", "1", absent()).await.unwrap_err();
    assert_eq!(error.http_status(), None, "{error}");
    assert_eq!(account.storage.read(CONTAINER, "a").unwrap(), b"1");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(seen.stages("a"), [Stage::Received, Stage::Done], "there was no answer");
}

#[tokio::test]
async fn a_refused_request_has_no_effect() {
    let account = Account::new().await;
    let seen = Seen::default();
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        Then::Refuse(503, "ServerBusy")
    });
    assert_eq!(answer(account.put("a")).await, code(503, "ServerBusy"));
    assert!(account.storage.names(CONTAINER).is_empty());
    seen.wait_for("a", Stage::Answered).await;
    assert_eq!(seen.stages("a"), [Stage::Received, Stage::Answered]);
}

#[tokio::test]
async fn a_request_waits_in_real_time() {
    let account = Account::new().await;
    let wait = Duration::from_millis(50);
    account.storage.on_step(move |_| Then::Wait(wait));
    let started = Instant::now();
    account.upload("a", "1").await;
    assert!(started.elapsed() >= 2 * wait, "once when it has arrived, once when it is done");
}

#[tokio::test]
async fn a_request_is_held_until_the_gate_is_opened_and_others_go_on() {
    let account = Account::new().await;
    let gate = Gate::default();
    let (held, seen) = (gate.clone(), Seen::default());
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        if step.target == "held" { Then::Hold(held.clone()) } else { Then::GoOn }
    });
    let request = tokio::spawn(answer(account.put("held")));
    seen.wait_for("held", Stage::Received).await;
    account.upload("other", "1").await;
    assert_eq!(account.storage.names(CONTAINER), ["other"]);
    gate.open();
    assert_eq!(request.await.unwrap(), code(201, ""));
    assert_eq!(account.storage.names(CONTAINER), ["held", "other"]);
}

#[tokio::test]
async fn a_request_whose_sender_is_gone_has_its_effect_all_the_same() {
    let account = Account::new().await;
    let gate = Gate::default();
    let (held, seen) = (gate.clone(), Seen::default());
    let log = seen.clone();
    account.storage.on_step(move |step| {
        log.note(step);
        if step.stage == Stage::Received { Then::Hold(held.clone()) } else { Then::GoOn }
    });
    let request = tokio::spawn(account.put("late").send());
    seen.wait_for("late", Stage::Received).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    tokio::time::sleep(Duration::from_millis(20)).await;
    gate.open();
    seen.wait_for("late", Stage::Done).await;
    assert_eq!(account.storage.names(CONTAINER), ["late"]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(seen.stages("late"), [Stage::Received, Stage::Done], "nobody was answered");
}
