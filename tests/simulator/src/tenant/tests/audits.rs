//! The audit log: who did what to whom.

use super::invitation::user_id;
use super::{Client, answer, code};
use crate::cloud::Cloud;
use crate::tenant::{Actor, Limits, RoleState, TenantSize};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const LOG: &str = "/auditLogs/directoryAudits";
const ADDRESS: &str = "person-0001@fabrikam.us";

impl Client {
    /// A tenant whose application may read the log.
    async fn auditor(cloud: Cloud) -> Self {
        Self::with(|options| {
            options.cloud = cloud;
            options.permissions.insert("Directory.Read.All".into());
        })
        .await
    }

    /// What the log says of an object, newest first: what was done, and who did it.
    async fn log_of(&self, id: Uuid) -> Vec<(String, String)> {
        let pages = self.pages(&format!("{LOG}?$filter=targetResources/any(t:t/id%20eq%20'{id}')")).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let entries = pages.iter().flatten().map(|entry| {
            let by = &entry["initiatedBy"];
            let name = if by["user"].is_null() { &by["app"]["displayName"] } else { &by["user"]["userPrincipalName"] };
            (text(&entry["activityDisplayName"]), text(name))
        });
        entries.collect()
    }
}

fn lines(log: &[(String, String)]) -> Vec<(&str, &str)> {
    log.iter().map(|(what, who)| (what.as_str(), who.as_str())).collect()
}

#[tokio::test]
async fn whoever_does_something_to_a_user_is_in_the_log() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::China] {
        let client = Client::auditor(cloud).await;
        let id = client.sync(1)[0];
        client.invite(ADDRESS, json!({"invitedUser": {"id": id}})).await;
        client.tenant.with_directory(|directory| {
            directory.redeem(id).unwrap();
            directory.set_enabled(id, false).unwrap();
            directory
                .acting_as(Actor::Application("Payroll".into()), |directory| directory.set_enabled(id, true))
                .unwrap();
        });
        client.delete(&format!("/users/{id}")).await;
        client.post(&format!("/directory/deletedItems/{id}/restore"), json!({})).await;
        client.tenant.with_directory(|directory| {
            directory.connect().delete(id).unwrap();
            directory.purge_user(id).unwrap();
        });
        let (admin, sync) = ("admin@contoso.onmicrosoft.com", "Sync_CONNECT_0123456789ab@contoso.onmicrosoft.com");
        let person = "person-0001@contoso.onmicrosoft.com";
        let expected = [
            ("Hard Delete user", admin),
            ("Delete user", sync),
            ("Restore user", "Function app"),
            ("Delete user", "Function app"),
            ("Enable account", "Payroll"),
            ("Update user", "Payroll"),
            ("Disable account", admin),
            ("Update user", admin),
            ("Update user", person),
            ("Redeem external user invite", person),
            ("Invite internal user to B2B collaboration", "Function app"),
            ("Update user", "Function app"),
            ("Add user", sync),
        ];
        assert_eq!(lines(&client.log_of(id).await), expected);
    }
}

#[tokio::test]
async fn an_entry_says_what_changed_and_from_what_to_what() {
    let client = Client::auditor(Cloud::Global).await;
    let id = client.sync(1)[0];
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    let filter = "activityDisplayName%20eq%20'Update%20user'";
    let (_, body) = client.get(&format!("{LOG}?$filter={filter}")).await;
    let entry = &body["value"][0];
    assert_eq!(entry["activityDateTime"], "2026-11-22T10:00:00Z");
    assert_eq!((&entry["category"], &entry["result"]), (&json!("UserManagement"), &json!("success")));
    let target = &entry["targetResources"][0];
    assert_eq!((&target["id"], &target["type"]), (&json!(id), &json!("User")));
    let modified = json!([
        {"displayName": "AccountEnabled", "oldValue": "[true]", "newValue": "[false]"},
        {"displayName": "Included Updated Properties", "oldValue": null, "newValue": "\"AccountEnabled\""},
    ]);
    assert_eq!(target["modifiedProperties"], modified);
}

#[tokio::test]
async fn groups_roles_and_newcomers_are_in_the_log() {
    let client = Client::auditor(Cloud::Global).await;
    let id = user_id(&client.invite(ADDRESS, json!({})).await.1);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Team");
        directory.assign_role(id, Uuid::from_u128(7), RoleState::Active).unwrap();
        group
    });
    let link = json!({"@odata.id": format!("{}/v1.0/users/{id}", client.tenant.graph_root())});
    client.post(&format!("/groups/{group}/members/$ref"), link).await;
    client.delete(&format!("/groups/{group}/members/{id}/$ref")).await;
    let names = |log: Vec<(String, String)>| -> Vec<String> { log.into_iter().map(|(what, _)| what).collect() };
    let expected =
        ["Remove member from group", "Add member to group", "Add member to role", "Invite external user", "Add user"];
    assert_eq!(names(client.log_of(id).await), expected);
    assert_eq!(names(client.log_of(group).await), ["Remove member from group", "Add member to group", "Add group"]);
    let (_, body) = client.get(&format!("{LOG}?$filter=activityDisplayName%20eq%20'Add%20member%20to%20group'")).await;
    let targets = &body["value"][0]["targetResources"];
    assert_eq!(targets[0]["modifiedProperties"][0]["newValue"], format!("\"{group}\""));
    assert_eq!((&targets[1]["type"], &targets[1]["groupType"]), (&json!("Group"), &json!("azureAD")));
}

#[tokio::test]
async fn the_log_is_filtered_as_documented_and_no_further() {
    let client = Client::auditor(Cloud::Global).await;
    let people = client.sync(2);
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.advance(SignedDuration::from_hours(1));
    let body = json!({"accountEnabled": false});
    answer(client.request(Method::PATCH, &format!("/users/{}", people[0])).json(&body)).await;
    let count = async |filter: &str| {
        let (status, body) = client.get(&format!("{LOG}?$filter={}", filter.replace(' ', "%20"))).await;
        assert_eq!(status, 200, "{filter}: {body}");
        body["value"].as_array().unwrap().len()
    };
    let app = client.tenant.with_directory(|directory| directory.client_id());
    assert_eq!(count("activityDateTime ge 2026-11-22T10:30:00Z").await, 2);
    assert_eq!(count("activityDateTime le 2026-11-22T10:30:00Z").await, 2);
    assert_eq!(count(&format!("initiatedBy/app/appId eq '{app}'")).await, 2);
    assert_eq!(count("initiatedBy/app/displayName eq 'Function app'").await, 2);
    assert_eq!(count("startswith(initiatedBy/user/userPrincipalName,'Sync_')").await, 2);
    let both = "activityDateTime ge 2026-11-22T10:00:00Z and activityDisplayName eq 'Disable account'";
    assert_eq!(count(both).await, 1);
    assert_eq!(count("targetResources/any(t:startswith(t/displayName,'Person'))").await, 4);
    for filter in [
        "activityDisplayName ne 'Update user'",
        "result eq 'success'",
        "startswith(initiatedBy/user/id,'0')",
        "targetResources/any(t:t/type eq 'User')",
    ] {
        let (status, body) = client.get(&format!("{LOG}?$filter={}", filter.replace(' ', "%20"))).await;
        assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"), "{filter}");
    }
}

#[tokio::test]
async fn the_log_comes_in_pages_newest_first_or_oldest() {
    let client = Client::auditor(Cloud::Global).await;
    let people = client.sync(5);
    let seen = async |order: &str| -> Vec<String> {
        let pages = client.pages(&format!("{LOG}?$top=2{order}")).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        pages.iter().flatten().map(|entry| entry["targetResources"][0]["id"].as_str().unwrap().to_owned()).collect()
    };
    let forward: Vec<String> = people.iter().map(ToString::to_string).collect();
    let backward: Vec<String> = forward.iter().rev().cloned().collect();
    assert_eq!(seen("").await, backward);
    assert_eq!(seen("&$orderby=activityDateTime%20desc").await, backward);
    assert_eq!(seen("&$orderby=activityDateTime").await, forward);
    assert_eq!(client.get(&format!("{LOG}?$orderby=category")).await.0, 400);
    assert_eq!(client.get(&format!("{LOG}?$top=1001")).await.0, 400);
}

#[tokio::test]
async fn the_log_needs_permissions_and_a_licence() {
    let mut client = Client::new().await;
    let denied = "Authentication_MSGraphPermissionMissing";
    let (status, body) = client.get(LOG).await;
    assert_eq!((status, code(&body)), (403, denied), "the page asks for Directory.Read.All too");
    client.tenant.with_directory(|directory| directory.audit.needs_directory_read = false);
    assert_eq!(client.get(LOG).await.0, 200);
    client.permit(&["Directory.Read.All"]);
    let (status, body) = client.get(LOG).await;
    assert_eq!((status, code(&body)), (403, denied));
    let mut unlicensed = Client::with(|options| options.p1 = false).await;
    unlicensed.permit(&["AuditLog.Read.All", "Directory.Read.All"]);
    let (status, body) = unlicensed.get(LOG).await;
    assert_eq!((status, code(&body)), (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"));
}

#[tokio::test]
async fn the_log_can_be_asked_five_times_in_ten_seconds() {
    let client = Client::with(|options| {
        options.permissions.insert("Directory.Read.All".into());
        options.limits = Some(Limits::published(TenantSize::Small));
    })
    .await;
    for _ in 0..5 {
        let answer = client.request(Method::GET, LOG).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("x-ms-resource-unit")), (200, None));
    }
    let answer = client.request(Method::GET, LOG).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"2.000".parse().unwrap()));
    assert_eq!(client.get("/users?$select=id").await.0, 200, "which is another limit");
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.advance(SignedDuration::from_secs(2));
    assert_eq!(client.get(LOG).await.0, 200);
}

#[tokio::test]
async fn an_entry_arrives_late_and_is_kept_for_thirty_days() {
    let client = Client::auditor(Cloud::Global).await;
    let clock = client.tenant.with_directory(|directory| {
        directory.lag = SignedDuration::from_secs(30);
        directory.audit.client_ids = false;
        directory.clock().clone()
    });
    let id = user_id(&client.invite(ADDRESS, json!({})).await.1);
    assert!(client.log_of(id).await.is_empty());
    clock.advance(SignedDuration::from_secs(30));
    assert_eq!(client.log_of(id).await.len(), 2);
    let (_, body) = client.get(LOG).await;
    assert_eq!(
        body["value"][0]["initiatedBy"]["app"]["appId"],
        Value::Null,
        "as not every application is shown with it"
    );
    clock.advance(SignedDuration::from_hours(30 * 24));
    assert!(client.log_of(id).await.is_empty());
}

#[tokio::test]
async fn whoever_is_gone_after_thirty_days_was_removed_by_the_directory() {
    let client = Client::auditor(Cloud::Global).await;
    let id = client.sync(1)[0];
    client.delete(&format!("/users/{id}")).await;
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    clock.advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(lines(&client.log_of(id).await), [("Hard Delete user", "Microsoft Entra ID")]);
}
