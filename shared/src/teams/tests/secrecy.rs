//! Whoever knows a webhook's URL can post to it, so nothing shows it.

use super::config;
use crate::clock::Clock;
use crate::config::TEAMS_WEBHOOK_URL;
use crate::teams::webhook::Receiver;
use crate::teams::{Card, Notifier, Tone};
use serde_json::json;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use usher_simulator::teams::{Fault, Hook, Webhooks};

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What this thread logs from now on, at every level. The subscriber is everybody's: one of this thread alone would miss
    /// what other threads come by first.
    fn listen() -> Self {
        let log = Self::default();
        let (writer, here) = (log.clone(), thread::current().id());
        let only_here = dynamic_filter_fn(move |_, _| thread::current().id() == here);
        let everything = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
        let subscriber = everything.with_writer(move || writer.clone()).finish().with(only_here);
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The parts of a URL that make it a secret: all but its beginning.
fn secrets(url: &str) -> Vec<String> {
    url.split(['/', '?', '&', '=', '@']).filter(|part| part.len() >= 32).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn no_log_no_error_and_no_debug_output_shows_a_url() {
    let log = Log::listen();
    let webhooks = Webhooks::start().await.unwrap();
    let (workflow, plain) = (webhooks.url(Hook::Workflow), webhooks.url(Hook::Plain));
    let closed = workflow.replacen("http://127.0.0.1:", "http://127.0.0.1:1/", 1).replacen(":1/", ":1/x", 1);
    let elsewhere = workflow.replacen("http://127.0.0.1", "https://contoso.com", 1);
    let with_user = workflow.replacen("http://", "http://user:passwordpasswordpasswordpassword@", 1);
    let no_url = workflow.replacen("http://", "", 1);
    let variables = [
        (TEAMS_WEBHOOK_URL, workflow.as_str()),
        ("PLAIN", &plain),
        ("CLOSED", &closed),
        ("ELSEWHERE", &elsewhere),
        ("WITH_USER", &with_user),
        ("NO_URL", &no_url),
    ];
    let report = "webhooks = [\"PLAIN\", \"CLOSED\", \"ELSEWHERE\", \"WITH_USER\", \"NO_URL\"]";
    let config = config("global", report, &variables);
    let notifier = Notifier::new(&config, Clock::system());
    let mut shown = format!("{notifier:?} {:?} {config:?}", Receiver::all(&config));
    for fault in [
        Fault::status(400),
        Fault::status(500),
        Fault::retry_after(429, "3600"),
        Fault::redirect(302, &workflow),
        Fault::disconnect(),
        Fault::silence(),
        Fault::html(),
    ] {
        // Whatever another thread came by at the very moment of the beginning is found now.
        tracing::callsite::rebuild_interest_cache();
        webhooks.fail(Hook::Workflow, 1, fault.clone());
        webhooks.fail(Hook::Plain, 4, fault);
        let deliveries = notifier.send(&Card::new(Tone::Good, "x"), &json!({})).await;
        assert_eq!(deliveries.len(), 6);
        shown.push_str(&format!("{deliveries:?} {}", serde_json::to_string(&deliveries).unwrap()));
    }
    shown.push_str(&String::from_utf8(log.0.lock().unwrap().clone()).unwrap());

    assert!(shown.contains("a report was not accepted: it answered 302"), "the log is looked at");
    let secrets: Vec<_> = [workflow, plain, with_user].iter().flat_map(|url| secrets(url)).collect();
    assert!(secrets.len() >= 4, "{secrets:?}");
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} is shown");
    }
    assert!(!shown.contains("sig="));
}
