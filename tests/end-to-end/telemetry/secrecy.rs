//! No address, no name, no secret: in no log line, and in nothing that goes to a collector.

use super::{JSON, KEY, host, sweep};
use crate::support::contract::call;
use crate::support::{Config, World};
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeSet;
use usher_simulator::collector::{Collected, Collector};
use usher_simulator::teams::{Hook, Webhooks};
use usher_simulator::tenant::{Fault, Matcher};
use uuid::Uuid;

/// Whatever tells who somebody in the directory is, but for the object id.
fn personal(world: &World) -> BTreeSet<String> {
    world.directory(|directory| {
        let mut personal = BTreeSet::new();
        for user in directory.users() {
            let addresses = user.mail.iter().chain(&user.other_mails).chain(&user.proxy_addresses);
            for address in addresses.chain([&user.user_principal_name]) {
                personal.extend([address.clone(), address.split('@').next().unwrap_or_default().to_owned()]);
            }
            personal.insert(user.display_name.clone());
        }
        personal
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_but_the_object_id_and_no_secret_goes_into_a_log_a_span_or_a_metric() -> Result<()> {
    let rest = "[partner.invite]\nresend_after_days = [2]".into();
    let world = World::new(Config { rest, ..Config::default() }).await;
    let (collector, webhooks) = (Collector::start().await?, Webhooks::start().await?);
    world.clock.set_speed(50.0);
    let webhook = webhooks.url(Hook::Workflow);
    let settings = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=collector-secret"),
        ("TEAMS_WEBHOOK_URL", webhook.as_str()),
        ("WEBSITE_SITE_NAME", "func-usher"),
        ("REGION_NAME", "West Europe"),
    ];
    let host = host(&world, &collector, &settings).await?;
    // Conversions, one of them refused in words that name somebody, and one whose answer is lost.
    let ids = world.people(6);
    let refusal = Fault::status(400, "Request_BadRequest").message("person-0002@fabrikam.us is not welcome");
    world.tenant.fail_next(1, Matcher::post("/invitations"), refusal);
    world.tick(&host).await?;
    world.directory(|directory| directory.sync_people(7..=8, "fabrikam.us"));
    world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::disconnect().after_effect());
    world.tick(&host).await?;
    // By request: a stranger and one who is there, by address; one is retired; one is explained; and nonsense.
    let post = async |target: &str, body: serde_json::Value| {
        call(&host, "POST", target, &[KEY, JSON], body.to_string()).await.status
    };
    let people = json!({"people": ["maria.silva@fabrikam.us", "person-0001@fabrikam.us"]});
    assert_eq!(post("/api/provision", people).await, 200);
    assert_eq!(post("/api/provision", json!({"people": ["maria.silva@fabrikam.us"], "action": "retire"})).await, 200);
    assert_eq!(post("/api/people", json!({"address": "person-0003@fabrikam.us"})).await, 200);
    assert_eq!(post("/api/people", json!({"address": "not@an@address"})).await, 400);
    // What was told so far; a process that is killed tells nothing more.
    let provisioned = |collected: &Collected| collected.number("usher.provision.requests", &[]) >= 2.0;
    let told = |collected: &Collected| provisioned(collected) && collected.spans_named("people").count() == 2;
    let before = collector.until(told).await?;
    assert!(before.number("usher.actions", &[("usher.outcome", "failed")]) > 0.0, "{before}");
    // Mails that are sent again.
    world.pass_days(3);
    host.restart().await?;
    sweep(&host).await?;
    host.enqueue("usher-work-poison", "{\"wake\":\"person-0001@fabrikam.us\"}").await?;
    host.drain(10).await?;
    let collected = collector
        .until(|collected| {
            let of = |metric: &str| collected.number(metric, &[]) > 0.0;
            let resent = collected.number("usher.actions", &[("usher.action", "resend")]) > 0.0;
            resent && of("usher.messages.poison") && collected.spans_named("failed").next().is_some()
        })
        .await?;
    assert!(!collected.logs.is_empty() && !collected.spans.is_empty());
    assert_eq!(collected.headers.get("x-api-key").map(String::as_str), Some("collector-secret"));
    let resource = |key: &str| collected.resource.get(key).map(String::as_str);
    assert_eq!((resource("service.name"), resource("cloud.region")), (Some("usher"), Some("westeurope")));
    // An object id may be told, and is.
    let told = |id: &Uuid| collected.logs.iter().any(|log| log.attributes.get("user.id") == Some(&id.to_string()));
    assert!(ids.iter().any(told), "whose invitation was refused");

    let mut forbidden = personal(&world);
    assert!(forbidden.contains("maria.silva@fabrikam.us") && forbidden.contains("person-0001"), "{forbidden:?}");
    let token = world.tenant.token();
    let signature = webhook.rsplit('=').next().unwrap_or_default();
    let secrets = ["host-key", "collector-secret", &token, signature, &world.tenant.identity_header(), "an@address"];
    forbidden.extend(secrets.map(str::to_owned));
    let lines = host.console().into_iter().map(|line| line.text);
    for text in lines.chain(collected.texts) {
        let text = text.to_lowercase();
        let found = forbidden.iter().find(|word| !word.is_empty() && text.contains(&word.to_lowercase()));
        assert!(found.is_none() && !text.contains("fabrikam.us"), "{found:?} is in {text}");
    }
    Ok(())
}
