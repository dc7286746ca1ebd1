//! Service principals, their roles, and who has one.

use super::{Client, code, message};
use crate::cloud::Cloud;
use crate::tenant::GRAPH_APP_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];

impl Client {
    /// An application that may read and assign roles, beside what it may do anyway.
    async fn assigner(cloud: Cloud) -> Self {
        Self::with(|options| {
            options.cloud = cloud;
            let more = ["Application.Read.All", "AppRoleAssignment.ReadWrite.All"];
            options.permissions.extend(more.map(str::to_owned));
        })
        .await
    }

    fn ids(&self) -> (Uuid, Uuid) {
        self.tenant.with_directory(|directory| (directory.service_principal(), directory.graph_service_principal()))
    }

    /// The id of a role of Graph, as whoever assigns it has to find it.
    async fn role(&self, value: &str) -> Option<Uuid> {
        let (_, body) = self.get(&format!("/servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id,appRoles")).await;
        let roles = body["appRoles"].as_array().unwrap();
        let role = roles.iter().find(|role| role["value"] == value)?;
        Some(role["id"].as_str().unwrap().parse().unwrap())
    }
}

fn assignment(principal: Uuid, resource: Uuid, role: Uuid) -> Value {
    json!({"principalId": principal, "resourceId": resource, "appRoleId": role})
}

#[tokio::test]
async fn service_principals_are_found_by_application_name_and_id() {
    for cloud in CLOUDS {
        let client = Client::assigner(cloud).await;
        let (own, graph) = client.ids();
        for path in [
            format!("/servicePrincipals(appId='{GRAPH_APP_ID}')"),
            format!("/servicePrincipals/{graph}"),
            format!("/servicePrincipals?$filter=appId%20eq%20'{GRAPH_APP_ID}'"),
            "/servicePrincipals?$filter=displayName%20eq%20'Microsoft%20Graph'".to_owned(),
            "/servicePrincipals?$filter=startswith(displayName,'Micro')&$select=id,appRoles".to_owned(),
        ] {
            let (status, body) = client.get(&path).await;
            assert_eq!(status, 200, "{body}");
            let found = body["value"].get(0).unwrap_or(&body);
            assert_eq!(found["id"], json!(graph), "{path}");
            assert!(found["appRoles"].as_array().unwrap().len() > 20);
        }
        let (_, body) = client.get(&format!("/servicePrincipals/{own}?$select=servicePrincipalType")).await;
        assert_eq!(body["servicePrincipalType"], "ManagedIdentity");
        assert_eq!(client.get(&format!("/servicePrincipals(appId='{}')", Uuid::nil())).await.0, 404);
    }
}

#[tokio::test]
async fn what_the_managed_identity_may_do_and_its_assignments_are_one_truth() {
    for cloud in CLOUDS {
        let client = Client::assigner(cloud).await;
        let (own, graph) = client.ids();
        let path = format!("/servicePrincipals/{own}/appRoleAssignments");
        let granted = |client: &Client| client.tenant.with_directory(|directory| directory.permissions.clone());
        let (_, body) = client.get(&path).await;
        assert_eq!(body["value"].as_array().unwrap().len(), granted(&client).len());
        let role = client.role("User.DeleteRestore.All").await.unwrap();
        let (status, made) = client.post(&path, assignment(own, graph, role)).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(
            (&made["principalType"], &made["resourceDisplayName"]),
            (&json!("ServicePrincipal"), &json!("Microsoft Graph"))
        );
        assert!(granted(&client).contains("User.DeleteRestore.All"));
        let (status, body) = client.post(&path, assignment(own, graph, role)).await;
        assert_eq!((status, code(&body)), (400, "Request_BadRequest"));
        assert_eq!(message(&body), "Permission being assigned already exists on the object");
        let id = made["id"].as_str().unwrap();
        assert_eq!(client.delete(&format!("/servicePrincipals/{graph}/appRoleAssignedTo/{id}")).await.0, 204);
        assert!(!granted(&client).contains("User.DeleteRestore.All"));
        assert_eq!(client.delete(&format!("{path}/{id}")).await.0, 404);
    }
}

#[tokio::test]
async fn a_role_can_be_absent_from_a_cloud() {
    let client = Client::assigner(Cloud::China).await;
    let (own, graph) = client.ids();
    let role = client.role("User.Invite.All").await.unwrap();
    client.tenant.with_directory(|directory| directory.withdraw_graph_role("User.Invite.All"));
    assert_eq!(client.role("User.Invite.All").await, None);
    let path = format!("/servicePrincipals/{own}/appRoleAssignments");
    let (status, body) = client.post(&path, assignment(own, graph, role)).await;
    assert_eq!((status, message(&body)), (400, "Permission being assigned was not found on application"));
}

#[tokio::test]
async fn people_and_groups_have_roles_as_well_and_both_sides_show_it() {
    let client = Client::assigner(Cloud::Global).await;
    let person = client.sync(1)[0];
    let (group, other, resource) = client.tenant.with_directory(|directory| {
        let group = directory.create_group("Team");
        (group, directory.create_service_principal("Other"), directory.create_service_principal("App"))
    });
    let path = format!("/servicePrincipals/{resource}/appRoleAssignedTo");
    for principal in [person, group, other] {
        let (status, body) = client.post(&path, assignment(principal, resource, Uuid::nil())).await;
        assert_eq!(status, 201, "{body}");
    }
    let kinds = async || -> Vec<String> {
        let (_, body) = client.get(&path).await;
        let all = body["value"].as_array().unwrap();
        let mut kinds: Vec<String> = all.iter().map(|one| one["principalType"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds().await, ["Group", "ServicePrincipal", "User"]);
    let (_, body) = client.get(&format!("/servicePrincipals/{other}/appRoleAssignments")).await;
    assert_eq!(body["value"].as_array().unwrap().len(), 1);
    client.tenant.with_directory(|directory| directory.delete_user(person)).unwrap();
    assert_eq!(kinds().await, ["Group", "ServicePrincipal"]);
    let (status, _) = client.post(&path, assignment(Uuid::nil(), resource, Uuid::nil())).await;
    assert_eq!(status, 404);
    let elsewhere = assignment(group, other, Uuid::nil());
    assert_eq!(client.post(&path, elsewhere).await.0, 400);
}

#[tokio::test]
async fn assigning_takes_two_permissions_and_reading_one() {
    let mut client = Client::assigner(Cloud::Global).await;
    let (own, graph) = client.ids();
    let role = client.role("Mail.Send").await.unwrap();
    let path = format!("/servicePrincipals/{own}/appRoleAssignments");
    for permissions in [&["AppRoleAssignment.ReadWrite.All"][..], &["Application.Read.All"], &["User.Read.All"]] {
        client.permit(permissions);
        let (status, body) = client.post(&path, assignment(own, graph, role)).await;
        assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"), "{permissions:?}");
    }
    assert_eq!(client.get(&path).await.0, 403);
    assert_eq!(client.get("/servicePrincipals").await.0, 403);
    client.permit(&["Application.Read.All"]);
    assert_eq!(client.get(&path).await.0, 200);
}
