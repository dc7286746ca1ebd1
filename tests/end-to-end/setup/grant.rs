//! The permissions of the function app's identity.

use super::Pair;
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeSet;
use usher_simulator::tenant::RoleState;

fn permissions(pair: &Pair) -> BTreeSet<String> {
    pair.resource.directory(|directory| directory.permissions.clone())
}

fn identity(pair: &Pair) -> String {
    pair.resource.directory(|directory| directory.service_principal()).to_string()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(|change| change["key"].as_str()).collect()
}

const PLAIN: [&str; 7] = [
    "GroupMember.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "User.Invite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_gets_what_its_configuration_needs_and_no_more() -> Result<()> {
    let pair = Pair::new("", "").await?;
    let held = ["AuditLog.Read.All", "Directory.ReadWrite.All"].map(str::to_owned);
    pair.resource.directory(|directory| directory.permissions = held.into());
    let id = identity(&pair);
    let planned = pair.usher(&pair.resource, &["grant", "plan", "--identity", &id]).await.exits(0).json();
    assert_eq!(names(&planned["grant"]["changes"]), PLAIN);
    assert_eq!(planned["grant"]["surplus"], serde_json::json!(["Directory.ReadWrite.All"]));
    pair.usher(&pair.resource, &["grant", "apply", "--identity", &id]).await.exits(0);
    assert_eq!(permissions(&pair).len(), PLAIN.len() + 2);
    pair.usher(&pair.resource, &["grant", "apply", "--identity", &id, "--prune"]).await.exits(0);
    // The audit log tells who disabled an account, and is kept.
    let kept = PLAIN.into_iter().chain(["AuditLog.Read.All"]).map(str::to_owned).collect();
    assert_eq!(permissions(&pair), kept);
    let writes = pair.resource.writes();
    pair.usher(&pair.resource, &["grant", "apply", "--identity", &id, "--prune"]).await.exits(0);
    assert_eq!(pair.resource.writes(), writes, "a second time changes nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn duties_can_be_split_and_inviting_can_rest_on_a_directory_role() -> Result<()> {
    let pair = Pair::new("", "").await?;
    pair.resource.directory(|directory| directory.permissions.clear());
    let id = identity(&pair);
    let inviting = ["grant", "apply", "--identity", &id, "--duties", "inviting", "--guest-inviter"];
    pair.usher(&pair.resource, &inviting).await.exits(0);
    let without =
        |names: &[&str]| PLAIN.iter().filter(|name| !names.contains(name)).map(|name| (*name).to_owned()).collect();
    assert_eq!(permissions(&pair), without(&["User.Invite.All", "User.ReadWrite.All"]));
    let principal = pair.resource.directory(|directory| directory.service_principal());
    let roles = pair.resource.directory(|directory| directory.directory_roles(principal).len());
    assert_eq!(roles, 1);
    let writes = pair.resource.writes();
    pair.usher(&pair.resource, &inviting).await.exits(0);
    assert_eq!(pair.resource.writes(), writes);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_is_not_there_or_not_named_is_told() -> Result<()> {
    let pair = Pair::new("", "").await?;
    pair.usher(&pair.resource, &["grant", "plan"]).await.exits(2);
    let unknown = uuid::Uuid::from_u128(99).to_string();
    let told = pair.usher(&pair.resource, &["grant", "plan", "--identity", &unknown]).await.exits(1).json();
    assert_eq!(told["error"]["code"], "no-such-identity", "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_a_cloud_does_not_offer_is_told() -> Result<()> {
    let pair = Pair::new("", "").await?;
    pair.resource.directory(|directory| {
        directory.permissions.clear();
        directory.withdraw_graph_role("RoleManagement.Read.Directory");
    });
    let told = pair.usher(&pair.resource, &["grant", "apply", "--identity", &identity(&pair)]).await.exits(0).json();
    assert_eq!(told["grant"]["not_offered"], serde_json::json!(["RoleManagement.Read.Directory"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_no_role_for_it_is_refused_and_told_what_is_missing() -> Result<()> {
    let pair = Pair::new("", "").await?;
    pair.resource.directory(|directory| -> Result<()> {
        directory.permissions.clear();
        directory.remove_roles(pair.resource.administrator);
        let reader = usher_simulator::tenant::AdministratorRole::GlobalReader.id();
        directory.assign_role(pair.resource.administrator, reader, RoleState::Active)
    })?;
    let told = pair.usher(&pair.resource, &["grant", "apply", "--identity", &identity(&pair)]).await.exits(1).json();
    let error = &told["grant"]["changes"][0]["error"];
    assert!(error["advice"].as_str().is_some_and(|advice| advice.contains("directory role")), "{told:#}");
    assert!(permissions(&pair).is_empty());
    Ok(())
}
