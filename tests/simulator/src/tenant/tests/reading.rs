//! Users, the organisation, paging.

use super::{Client, code, message};
use crate::cloud::Cloud;
use crate::tenant::{SignIn, SyncedPerson};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

#[tokio::test]
async fn a_page_holds_100_unless_told_otherwise_and_the_link_leads_on() {
    let client = Client::new().await;
    let people = client.sync(101);
    let pages = client.pages("/users?$select=id,mail").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 1]);
    let seen: BTreeSet<String> = pages.iter().flatten().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, people.iter().map(ToString::to_string).collect());
    assert!(pages.iter().flatten().all(|user| user.as_object().unwrap().len() == 2), "only what was selected");
}

#[tokio::test]
async fn a_thousand_people_come_in_two_pages_of_999() {
    let client = Client::new().await;
    let people = client.sync(1000);
    let pages = client.pages("/users?$select=id&$top=999").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [999, 1]);
    client.tenant.with_directory(|directory| directory.delete_user(people[0])).unwrap();
    let pages = client.pages("/users?$select=id&$top=999").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [999], "a full last page has no link");
}

#[tokio::test]
async fn a_page_link_belongs_to_its_query() {
    let client = Client::new().await;
    client.sync(3);
    let (_, body) = client.get("/users?$top=2&$select=id").await;
    let link = body["@odata.nextLink"].as_str().unwrap();
    let path = link.split_once("/v1.0").unwrap().1;
    assert_eq!(client.get(path).await.0, 200);
    let (status, body) = client.get(&path.replace("$select=id", "$select=mail")).await;
    assert_eq!((status, code(&body)), (400, "Directory_ExpiredPageToken"));
}

#[tokio::test]
async fn page_sizes_out_of_range_and_skip_are_refused() {
    let client = Client::new().await;
    for size in ["0", "1000", "x"] {
        let (status, body) = client.get(&format!("/users?$top={size}")).await;
        assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"), "{size}");
    }
    assert_eq!(client.get("/users?$skip=1").await.0, 400);
    assert_eq!(client.get("/users?$select=id&$select=mail").await.0, 400);
    assert!(client.tenant.violations().is_empty());
}

#[tokio::test]
async fn sign_in_activity_needs_a_licence_a_permission_and_smaller_pages() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let now = client.tenant.with_directory(|directory| directory.now());
    let sign_in = SignIn { last: Some(now), ..SignIn::default() };
    client.tenant.with_directory(|directory| directory.update_user(id, |user| user.sign_in = Some(sign_in))).unwrap();
    let path = "/users?$select=id,signInActivity&$top=";
    let (_, body) = client.get(&format!("{path}500")).await;
    assert_eq!(body["value"][0]["signInActivity"]["lastSignInDateTime"], "2026-11-22T10:00:00Z");
    assert_eq!(client.get(&format!("{path}501")).await.0, 400);
    assert_eq!(client.get(&format!("/users/{id}?$select=signInActivity")).await.0, 200);
    let by_name = "/users/person-0001@contoso.onmicrosoft.com?$select=signInActivity";
    assert_eq!(client.get(by_name).await.0, 400, "it is found by id only");
    let mut unpermitted = Client::new().await;
    unpermitted.permit(&["User.Read.All"]);
    let (status, body) = unpermitted.get(&format!("{path}500")).await;
    assert_eq!((status, code(&body)), (403, "Authentication_MSGraphPermissionMissing"));
    let unlicensed = Client::with(|options| options.p1 = false).await;
    let (status, body) = unlicensed.get(&format!("{path}500")).await;
    assert_eq!((status, code(&body)), (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"));
}

#[tokio::test]
async fn who_never_signed_in_has_no_activity_and_others_are_found_by_theirs() {
    let client = Client::new().await;
    let people = client.sync(3);
    let clock = client.tenant.with_directory(|directory| directory.clock().clone());
    client.tenant.with_directory(|directory| directory.sign_in(people[0])).unwrap();
    clock.advance(jiff::SignedDuration::from_hours(24));
    client.tenant.with_directory(|directory| directory.sign_in(people[1])).unwrap();
    let (_, body) = client.get("/users?$select=id,signInActivity").await;
    let of = |id: Uuid| body["value"].as_array().unwrap().iter().find(|user| user["id"] == id.to_string()).unwrap();
    assert_eq!(of(people[2]), &json!({"id": people[2]}));
    assert_eq!(of(people[1])["signInActivity"]["lastSuccessfulSignInDateTime"], "2026-11-23T10:00:00Z");
    assert_eq!(of(people[1])["signInActivity"]["lastNonInteractiveSignInDateTime"], Value::Null);
    let before = "/users?$select=id&$filter=signInActivity/lastSignInDateTime%20le%202026-11-22T12:00:00Z";
    assert_eq!(client.get(before).await.1["value"], json!([{"id": people[0]}]));
    let (status, body) = client.get(&format!("{before}%20and%20accountEnabled%20eq%20true")).await;
    assert_eq!((status, code(&body)), (400, "BadRequest"), "not together with anything else");
    client.tenant.with_directory(|directory| directory.set_enabled(people[2], false)).unwrap();
    assert!(client.tenant.with_directory(|directory| directory.sign_in(people[2])).is_err());
}

#[tokio::test]
async fn licences_are_shown_with_how_they_were_assigned() {
    for cloud in [Cloud::Global, Cloud::UsGov] {
        let client = Client::in_cloud(cloud).await;
        let id = client.sync(1)[0];
        let (sku, other) = (Uuid::from_u128(0x51), Uuid::from_u128(0x52));
        let group = client.tenant.with_directory(|directory| {
            let group = directory.create_group("Licensed");
            assert!(directory.assign_license(id, sku, Some(group)).is_err(), "not in the group");
            directory.add_member(group, id).unwrap();
            directory.assign_license(id, sku, Some(group)).unwrap();
            directory.assign_license(id, sku, None).unwrap();
            directory.assign_license(id, other, None).unwrap();
            directory.remove_license(id, other).unwrap();
            group
        });
        let (_, user) = client.get(&format!("/users/{id}?$select=assignedLicenses,licenseAssignmentStates")).await;
        assert_eq!(user["assignedLicenses"], json!([{"disabledPlans": [], "skuId": sku}]));
        let state = |by_group: Value| {
            json!({
                "assignedByGroup": by_group, "disabledPlans": [], "error": "None", "state": "Active",
                "lastUpdatedDateTime": "2026-11-22T10:00:00Z", "skuId": sku,
            })
        };
        assert_eq!(user["licenseAssignmentStates"], json!([state(json!(group)), state(Value::Null)]));
    }
}

#[tokio::test]
async fn without_select_only_the_default_projection_is_shown() {
    let client = Client::new().await;
    let id = client.sync(1)[0];
    let (_, user) = client.get(&format!("/users/{id}")).await;
    let names: Vec<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "@odata.context",
            "businessPhones",
            "displayName",
            "givenName",
            "id",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName"
        ]
    );
    assert_eq!(user["givenName"], Value::Null);
}

#[tokio::test]
async fn a_synced_person_is_an_internal_member_named_in_the_initial_domain() {
    let client = Client::new().await;
    let mut person = SyncedPerson::new("person-0001@fabrikam.us");
    person.extension_attributes.insert(3, "three".into());
    let id = client.tenant.with_directory(|directory| directory.sync_person(person));
    let select = "userPrincipalName,mail,proxyAddresses,otherMails,identities,userType,accountEnabled,creationType,\
                  externalUserState,onPremisesSyncEnabled,onPremisesUserPrincipalName,onPremisesExtensionAttributes,\
                  createdDateTime,companyName,assignedPlans";
    let (_, mut user) = client.get(&format!("/users/{id}?$select={select}")).await;
    let extensions = user["onPremisesExtensionAttributes"].take();
    assert_eq!(extensions.as_object().unwrap().len(), 15);
    assert_eq!(extensions["extensionAttribute3"], "three");
    assert_eq!(extensions["extensionAttribute1"], Value::Null);
    user.as_object_mut().unwrap().remove("@odata.context");
    let name = "person-0001@contoso.onmicrosoft.com";
    assert_eq!(
        user,
        json!({
            "userPrincipalName": name,
            "mail": "person-0001@fabrikam.us",
            "proxyAddresses": ["SMTP:person-0001@fabrikam.us"],
            "otherMails": [],
            "identities": [
                {"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com", "issuerAssignedId": name},
            ],
            "userType": "Member",
            "accountEnabled": true,
            "creationType": null,
            "externalUserState": null,
            "onPremisesSyncEnabled": true,
            "onPremisesUserPrincipalName": "person-0001@fabrikam.us",
            "onPremisesExtensionAttributes": null,
            "createdDateTime": "2026-11-22T10:00:00Z",
            "companyName": null,
            "assignedPlans": [],
        })
    );
}

#[tokio::test]
async fn ids_depend_on_tenant_and_address_alone() {
    let (first, second) = (Client::new().await, Client::new().await);
    assert_eq!(first.sync(3), second.sync(3));
    let other = Client::with(|options| options.id = "0f000000-0000-4000-8000-000000000002".parse().unwrap()).await;
    assert_ne!(first.sync(1), other.sync(1));
}

#[tokio::test]
async fn a_user_is_found_by_id_or_sign_in_name_and_not_when_deleted() {
    let client = Client::new().await;
    let (_, body) = client.invite("person-0001@fabrikam.us", json!({})).await;
    let id = body["invitedUser"]["id"].as_str().unwrap().to_owned();
    let name = "person-0001_fabrikam.us%23EXT%23@contoso.onmicrosoft.com";
    assert_eq!(client.get(&format!("/users/{name}?$select=id")).await.1["id"], id);
    assert_eq!(client.get("/users/person-0001@fabrikam.us").await.0, 404, "a mail address is no name");
    let uuid = id.parse().unwrap();
    client.tenant.with_directory(|directory| directory.delete_user(uuid)).unwrap();
    let (status, body) = client.get(&format!("/users/{id}")).await;
    assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
    client.tenant.with_directory(|directory| directory.restore_user(uuid)).unwrap();
    assert_eq!(client.get(&format!("/users/{id}")).await.0, 200);
}

#[tokio::test]
async fn an_unknown_property_is_refused() {
    let client = Client::new().await;
    let (status, body) = client.get("/users?$select=id,nickname").await;
    assert_eq!((status, code(&body)), (400, "BadRequest"));
    assert!(message(&body).contains("'nickname'"));
}

#[tokio::test]
async fn the_organization_lists_its_domains() {
    let client = Client::new().await;
    let (_, body) = client.get("/organization?$select=id,verifiedDomains").await;
    let tenant = client.tenant.with_directory(|directory| directory.tenant_id());
    assert_eq!(body["value"][0]["id"], tenant.to_string());
    let domain = |name: &str, initial: bool, default: bool| {
        json!({
            "name": name, "isInitial": initial, "isDefault": default, "type": "Managed",
            "capabilities": "Email, OfficeCommunicationsOnline",
        })
    };
    let expected = json!([domain("contoso.onmicrosoft.com", true, false), domain("contoso.com", false, true)]);
    assert_eq!(body["value"][0]["verifiedDomains"], expected);
}
