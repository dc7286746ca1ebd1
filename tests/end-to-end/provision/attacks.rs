//! What somebody with bad intentions may send, each with its status. Approvals that are forged are in `held::over_http`.

use super::{JSON, KEY, one, post, world};
use crate::support::Config;
use anyhow::Result;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_it_should_be_is_refused_and_nothing_is_written() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    world.tenant.clear_exchanges();
    let many: Vec<_> = (0..51).map(|number| format!("p{number}@fabrikam.us")).collect();
    let person = "new@fabrikam.us";
    for (body, expected) in [
        (json!({"people": many}), (400, "people-count")),
        (json!({"people": []}), (400, "people-count")),
        (json!({"people": "all"}), (400, "wrong-form")),
        (json!({"people": [7]}), (400, "wrong-form")),
        (json!({"people": ["nobody"]}), (400, "no-person")),
        (json!({"people": [format!("{person}\u{0}")]}), (400, "control-character")),
        (json!({"people": ["../../users"]}), (400, "no-person")),
        (json!({"people": [person], "partner": "elsewhere"}), (404, "unknown-partner")),
        (json!({"people": [person], "partner": "../fabrikam"}), (404, "unknown-partner")),
        (json!({"people": [person], "action": "delete"}), (400, "wrong-form")),
        (json!({"people": [person], "dry_run": "yes"}), (400, "wrong-form")),
        (json!({"people": [person], "mode": "apply"}), (400, "wrong-form")),
        (json!({"people": [person], "padding": "x".repeat(70_000)}), (413, "too-large")),
        (json!({}), (400, "wrong-form")),
        (json!([]), (400, "wrong-form")),
    ] {
        let answer = post(&host, &[], &body).await;
        let told: Value = answer.json()?;
        assert_eq!((answer.status, told["title"].as_str()), (expected.0, Some(expected.1)), "{told:#}");
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
    }
    let long = "k".repeat(256);
    for key in ["", " ", "käse", long.as_str()] {
        let answer = post(&host, &[("Idempotency-Key", key)], &one(person)).await;
        let told: Value = answer.json()?;
        // A header that says nothing is none.
        let expected = if key.trim().is_empty() { [200, 400] } else { [400, 400] };
        assert!(expected.contains(&answer.status), "{key:?}: {told:#}");
    }
    assert!(world.writes() <= 2, "nothing but that");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_an_injection_somewhere_else_is_an_address_like_any_other_or_none() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    let ids = world.people(2);
    for address in ["a'or'1'eq'1@fabrikam.us", "x'%20or%201@fabrikam.us", "$filter=1@fabrikam.us", "a/../b@fabrikam.us"]
    {
        let answer = post(&host, &[], &one(address)).await;
        assert!([200, 400].contains(&answer.status), "{address}: {answer:?}");
        let told = answer.body_text();
        assert!(!ids.iter().any(|id| told.contains(&id.to_string())), "{address}: {told}");
    }
    assert_eq!(world.mails_of(&ids), [0, 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_given_away() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    for headers in [vec![JSON], vec![JSON, ("x-functions-key", "guess")]] {
        let answer = host.request("POST", "/api/provision", &headers, one("new@fabrikam.us").to_string()).await;
        assert_eq!((answer.status, answer.body_text()), (401, String::new()));
    }
    for target in ["/api/work", "/api/failed", "/work", "/admin/functions/work", "/api/provision/../work"] {
        let answer = host.request("POST", target, &[KEY, JSON], "{}").await;
        assert!([401, 404].contains(&answer.status), "{target}: {answer:?}");
    }
    assert!(world.tenant.mails().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_of_a_request_is_in_a_log_or_a_message() -> Result<()> {
    let world = world(Config::default()).await;
    let host = world.host().await?;
    let key = [("Idempotency-Key", "secret-ticket")];
    post(&host, &key, &one("new@fabrikam.us")).await;
    post(&host, &[], &one("a+b@fabrikam.us")).await;
    post(&host, &[], &json!({"people": ["x@elsewhere.example"], "partner": "wrong@fabrikam.us"})).await;
    host.console_line("answered").await?;
    let is_telling = |text: &str| ["new@", "a+b@", "x@e", "wrong@", "host-key"].iter().any(|part| text.contains(part));
    let told: Vec<_> = host.console().into_iter().filter(|line| is_telling(&line.text)).collect();
    assert!(told.is_empty(), "{told:?}");
    Ok(())
}
