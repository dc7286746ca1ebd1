//! The Logic App between a lifecycle workflow of Entra and usher, as the page defines it.
//!
//! Responsible for: what it sends to usher, how long it goes on, and what it tells the workflow. Not responsible for: Logic Apps
//! itself, of which only what the definition uses is played here, nor for Entra, which is nowhere in these tests.

use super::expression::Scope;
use super::page::{WEBHOOKS, blocks};
use super::{KEY, deliver, world};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use usher_shared::graph::credential::Identity;
use usher_shared::state::Location;
use usher_simulator::host::Host;

/// What the page shows: what Entra sends, and the definition.
fn of_page() -> Result<[Value; 2]> {
    let blocks = blocks(WEBHOOKS, "json");
    let parsed = blocks.iter().map(|block| Ok(serde_json::from_str(block)?)).collect::<Result<Vec<Value>>>()?;
    parsed.try_into().ok().context("two blocks of JSON")
}

/// Runs the Logic App; the statuses of usher's answers, and what the workflow is sent at the end.
async fn run(host: &Host, definition: &Value, event: &Value) -> Result<(Vec<u16>, Value)> {
    let actions = &definition["actions"];
    let [until, resume] = [&actions["Until_answered"], &actions["Resume"]["inputs"]];
    let mut scope = Scope { trigger_body: event.clone(), ..Scope::default() };
    scope.parameters.insert("usherKey".to_owned(), KEY.into());
    for variable in actions["Begin"]["inputs"]["variables"].as_array().context("variables")? {
        scope.variables.insert(variable["name"].as_str().context("a name")?.to_owned(), variable["value"].clone());
    }
    let mut statuses = Vec::new();
    for _ in 0..until["limit"]["count"].as_u64().context("a limit")? {
        let inputs = scope.fill_in(&until["actions"]["Provision"]["inputs"])?;
        let uri = inputs["uri"].as_str().context("an address")?;
        let target = uri.strip_prefix("https://<app>.azurewebsites.net").context("the app's address")?;
        let method = inputs["method"].as_str().context("a method")?;
        let mut headers = Vec::new();
        for (name, value) in inputs["headers"].as_object().context("headers")? {
            headers.push((name.clone(), value.as_str().context("a text")?.to_owned()));
        }
        let answer = deliver(host, method, target, &headers, &inputs["body"].to_string()).await;
        statuses.push(answer.status);
        let body = answer.json().unwrap_or_default();
        scope.outputs.insert("Provision".to_owned(), json!({ "statusCode": answer.status, "body": body }));
        if (200..300).contains(&answer.status) {
            let keep = &until["actions"]["Keep"]["inputs"];
            let name = keep["name"].as_str().context("a name")?.to_owned();
            let value = scope.fill_in(&keep["value"])?;
            scope.variables.insert(name, value);
        }
        if scope.fill_in(&until["expression"])? == true {
            break;
        }
    }
    Ok((statuses, scope.fill_in(resume)?))
}

fn told(resume: &Value) -> &str {
    resume["body"]["data"]["operationStatus"].as_str().unwrap_or_default()
}

#[test]
fn the_key_has_no_default_and_is_in_no_history_and_location_is_not_followed() -> Result<()> {
    let [_, definition] = of_page()?;
    assert_eq!(definition["parameters"]["usherKey"], json!({ "type": "SecureString" }));
    let provision = &definition["actions"]["Until_answered"]["actions"]["Provision"];
    assert_eq!(provision["runtimeConfiguration"]["secureData"]["properties"], json!(["inputs"]));
    assert_eq!(provision["operationOptions"], "DisableAsyncPattern");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_is_invited_once_however_often_the_logic_app_is_started_and_the_task_completes() -> Result<()> {
    let world = world().await;
    let host = world.host().await?;
    let [event, definition] = of_page()?;
    for _ in 0..2 {
        let (statuses, resume) = run(&host, &definition, &event).await?;
        assert_eq!((statuses, told(&resume)), (vec![200], "Completed"), "{resume:#}");
        let path = event["data"]["callbackUriPath"].as_str().context("a path")?;
        assert_eq!(resume["uri"], format!("https://graph.microsoft.com/beta{path}"));
    }
    // Another run of the workflow.
    let mut again = event.clone();
    again["data"]["taskProcessingResult"]["id"] = json!("77777777-7777-4777-8777-777777777777");
    assert_eq!(told(&run(&host, &definition, &again).await?.1), "Completed");
    let mails: Vec<_> = world.tenant.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(mails, ["lifecycle@fabrikam.us"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_disabled_and_the_task_completes() -> Result<()> {
    let world = world().await;
    let host = world.host().await?;
    let [mut event, mut definition] = of_page()?;
    run(&host, &definition, &event).await?;
    definition["actions"]["Until_answered"]["actions"]["Provision"]["inputs"]["body"]["action"] = json!("retire");
    event["data"]["taskProcessingResult"]["id"] = json!("77777777-7777-4777-8777-777777777777");
    let (statuses, resume) = run(&host, &definition, &event).await?;
    assert_eq!((statuses, told(&resume)), (vec![200], "Completed"), "{resume:#}");
    let person = world.tenant.mails().first().context("the invitation")?.user;
    assert_eq!(world.enabled(&[person]), [Some(false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_brought_in_makes_the_task_fail() -> Result<()> {
    let mut world = world().await;
    let host = world.host().await?;
    let [event, definition] = of_page()?;
    let with = |address: Value, result: &str| {
        let mut event = event.clone();
        event["data"]["subject"]["email"] = address;
        event["data"]["taskProcessingResult"]["id"] = json!(result);
        event
    };
    for (event, status) in [
        (with(json!("x@elsewhere.example"), "out of scope"), 200),
        (with(json!("nobody"), "no address"), 400),
        (with(Value::Null, "nothing"), 400),
    ] {
        let (statuses, resume) = run(&host, &definition, &event).await?;
        assert_eq!((statuses, told(&resume)), (vec![status], "Failed"), "{event:#}");
    }
    world.configure(|config| config.mode = "plan");
    host.restart().await?;
    let (statuses, resume) = run(&host, &definition, &event).await?;
    assert_eq!((statuses, told(&resume)), (vec![200], "Failed"), "plan mode");
    assert!(world.tenant.mails().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_usher_says_202_the_logic_app_goes_on() -> Result<()> {
    let world = world().await;
    let host = world.host().await?;
    let [event, definition] = of_page()?;
    // Somebody else holds the desk, and will not serve.
    let store = Location::File(world.state()).open(&Identity::AzureCli);
    let desk = store.try_lease("desk").await?.context("the lease")?;
    let freed = async {
        while !host.invocations().iter().any(|invocation| invocation.function == "provision") {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        desk.release().await;
    };
    let (ran, ()) = tokio::join!(run(&host, &definition, &event), freed);
    let (statuses, resume) = ran?;
    assert_eq!((statuses, told(&resume)), (vec![202, 200], "Completed"), "{resume:#}");
    host.drain(10).await?;
    assert_eq!(world.tenant.mails().len(), 1);
    Ok(())
}
