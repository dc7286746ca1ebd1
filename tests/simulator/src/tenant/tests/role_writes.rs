//! Directory roles given and taken away through Graph.

use super::{Client, code};
use crate::cloud::Cloud;
use serde_json::{Value, json};
use uuid::Uuid;

const ASSIGNMENTS: &str = "/roleManagement/directory/roleAssignments";
const DEFINITIONS: &str = "/roleManagement/directory/roleDefinitions";
const GUEST_INVITER: &str = "95e79109-95c0-4d8e-aee3-d01accf2d47b";

async fn client(cloud: Cloud) -> Client {
    Client::with(|options| {
        options.cloud = cloud;
        options.permissions.insert("RoleManagement.ReadWrite.Directory".into());
    })
    .await
}

fn assignment(principal: Uuid, role: &str) -> Value {
    json!({"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"})
}

#[tokio::test]
async fn a_role_is_found_given_once_and_taken_away() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::China] {
        let client = client(cloud).await;
        let own = client.tenant.with_directory(|directory| directory.service_principal());
        for filter in
            ["displayName%20eq%20'Guest%20Inviter'".to_owned(), format!("templateId%20eq%20'{GUEST_INVITER}'")]
        {
            let (status, body) = client.get(&format!("{DEFINITIONS}?$filter={filter}")).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body["value"][0]["id"], GUEST_INVITER);
        }
        assert_eq!(client.get(&format!("{DEFINITIONS}/{GUEST_INVITER}")).await.1["displayName"], "Guest Inviter");
        let (status, made) = client.post(ASSIGNMENTS, assignment(own, GUEST_INVITER)).await;
        assert_eq!(status, 201, "{made}");
        let (status, body) = client.post(ASSIGNMENTS, assignment(own, GUEST_INVITER)).await;
        assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
        let held = async || {
            let (_, body) = client.get(&format!("{ASSIGNMENTS}?$filter=principalId%20eq%20'{own}'")).await;
            body["value"].as_array().unwrap().len()
        };
        assert_eq!(held().await, 1);
        let path = format!("{ASSIGNMENTS}/{}", made["id"].as_str().unwrap());
        assert_eq!(client.delete(&path).await.0, 204);
        assert_eq!(held().await, 0);
        assert_eq!(client.delete(&path).await.0, 404);
    }
}

#[tokio::test]
async fn what_cannot_hold_a_role_gets_none() {
    let mut client = client(Cloud::Global).await;
    let group = client.tenant.with_directory(|directory| directory.create_group("Team"));
    let own = client.tenant.with_directory(|directory| directory.service_principal());
    assert_eq!(client.post(ASSIGNMENTS, assignment(group, GUEST_INVITER)).await.0, 400);
    assert_eq!(client.post(ASSIGNMENTS, assignment(Uuid::nil(), GUEST_INVITER)).await.0, 404);
    assert_eq!(client.post(ASSIGNMENTS, assignment(own, &Uuid::nil().to_string())).await.0, 404);
    let mut scoped = assignment(own, GUEST_INVITER);
    scoped["directoryScopeId"] = json!("/somewhere");
    assert_eq!(client.post(ASSIGNMENTS, scoped).await.0, 400);
    client.permit(&["RoleManagement.Read.Directory"]);
    assert_eq!(client.post(ASSIGNMENTS, assignment(own, GUEST_INVITER)).await.0, 403);
    assert_eq!(client.delete(&format!("{ASSIGNMENTS}/{group}")).await.0, 403);
}
