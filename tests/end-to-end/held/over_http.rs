//! Held plans over HTTP: whoever may read them, and who may approve.

use super::Partner;
use crate::support::contract::call;
use crate::support::sorted;
use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use usher_simulator::host::{Host, HttpAnswer};
use uuid::Uuid;

const KEY: (&str, &str) = ("x-functions-key", "host-key");

/// What App Service Authentication would write of somebody.
fn principal(claims: &[(&str, String)]) -> String {
    let claims: Vec<_> = claims.iter().map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
    BASE64_STANDARD.encode(json!({ "auth_typ": "aad", "claims": claims }).to_string())
}

/// An app that signs people in, with a plan that waits.
async fn waiting(partner: &Partner) -> Result<(Host, String)> {
    partner.gone(&partner.people[..3]).await?;
    let plan = partner.world.sweep().await.held("disables-ceiling");
    let host = partner.world.host().await?;
    host.restart_with_env(&[("WEBSITE_AUTH_ENABLED", "True")]).await?;
    Ok((host, plan))
}

async fn approve(host: &Host, plan: &str, principal: Option<&str>) -> HttpAnswer {
    let target = format!("/api/plans/{plan}/approve");
    let headers: Vec<_> = [KEY].into_iter().chain(principal.map(|value| ("X-MS-CLIENT-PRINCIPAL", value))).collect();
    call(host, "POST", &target, &headers, "").await
}

fn approver(partner: &Partner) -> [(&'static str, String); 3] {
    let tenant = partner.world.directory(|directory| directory.tenant_id());
    [("oid", partner.approver.to_string()), ("tid", tenant.to_string()), ("roles", "Usher.Approver".to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_person_with_the_role_approves_and_the_sweep_carries_it_out() -> Result<()> {
    let partner = Partner::new("").await?;
    let (host, plan) = waiting(&partner).await?;
    let list = call(&host, "GET", "/api/plans", &[KEY], "").await.json()?;
    assert_eq!((&list["plans"][0]["plan"], &list["plans"][0]["actions"]), (&json!(plan), &json!(3)), "{list:#}");
    let whole = call(&host, "GET", &format!("/api/plans/{plan}"), &[KEY], "").await.json()?;
    assert!(
        whole["actions"].as_array().is_some_and(|actions| actions.iter().all(|one| one["kind"] == "disable")),
        "{whole:#}"
    );
    let answer = approve(&host, &plan, Some(&principal(&approver(&partner)))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json()?;
    assert_eq!((&body["plan"], &body["approved_by"]), (&json!(plan), &json!(partner.approver)));
    let [_, tenant, role] = approver(&partner);
    let second = principal(&[("oid", Uuid::from_u128(7).to_string()), tenant, role]);
    assert_eq!(approve(&host, &plan, Some(&second)).await.json()?, body, "it stays the first person's");
    for invocation in host.drain(50).await? {
        anyhow::ensure!(invocation.succeeded(), "{invocation:?}");
    }
    assert_eq!(partner.disabled(), sorted(&partner.people[..3]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_approves() -> Result<()> {
    let partner = Partner::new("").await?;
    let (host, plan) = waiting(&partner).await?;
    let [oid, tid, role] = approver(&partner);
    let other_tenant = ("tid", Uuid::from_u128(7).to_string());
    let application = ("idtyp", "app".to_owned());
    for (name, claims, status) in [
        ("nobody", None, 401),
        ("nonsense", Some("????".to_owned()), 401),
        ("no role", Some(principal(&[oid.clone(), tid.clone()])), 403),
        ("another role", Some(principal(&[oid.clone(), tid.clone(), ("roles", "Reader".into())])), 403),
        ("another tenant", Some(principal(&[oid.clone(), other_tenant, role.clone()])), 403),
        ("an application", Some(principal(&[oid.clone(), tid.clone(), role.clone(), application])), 403),
    ] {
        let answer = approve(&host, &plan, claims.as_deref()).await;
        assert_eq!(answer.status, status, "{name}");
        assert!(!answer.body_text().contains(&plan), "{name}: nothing is given away");
    }
    // Where the platform signs nobody in, anybody could have written the header.
    host.restart_with_env(&[("WEBSITE_AUTH_ENABLED", "False")]).await?;
    assert_eq!(approve(&host, &plan, Some(&principal(&[oid, tid, role]))).await.status, 401);
    assert!(partner.disabled().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_unknown_expired_or_of_another_configuration_is_refused_with_the_reason() -> Result<()> {
    let mut partner = Partner::new("").await?;
    let (host, plan) = waiting(&partner).await?;
    let person = principal(&approver(&partner));
    let title = |answer: HttpAnswer| -> Result<(u16, Value)> { Ok((answer.status, answer.json()?["title"].clone())) };
    assert_eq!(title(approve(&host, "0123456789abcdef", Some(&person)).await)?, (404, json!("unknown-plan")));
    partner.world.configure(|config| config.limits = "waves = []\ninvitations = 77".into());
    let on = [("WEBSITE_AUTH_ENABLED", "True")];
    host.restart_with_env(&on).await?;
    assert_eq!(title(approve(&host, &plan, Some(&person)).await)?, (409, json!("stale-plan")));
    partner.world.configure(|config| config.limits = "waves = []\n".into());
    partner.world.pass_days(3);
    host.restart_with_env(&on).await?;
    assert_eq!(title(approve(&host, &plan, Some(&person)).await)?, (410, json!("expired-plan")));
    Ok(())
}
