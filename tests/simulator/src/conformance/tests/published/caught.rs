//! What is caught there, and what one cloud has and another does not.

use serde_json::json;

use super::super::{bare, get, send};
use super::{caught, invitation, passes, schema};
use crate::cloud::Cloud;
use crate::conformance::check_in_each_cloud;
use crate::conformance::explained::ELSEWHERE;

#[test]
fn a_misspelled_property_in_select_is_caught() {
    caught(Cloud::Global, &get("/users?$select=id,externalUserStatus"), &["query $select", "`externalUserStatus`"]);
}

#[test]
fn a_misspelled_property_in_filter_is_caught() {
    let lambda = get("/users?$filter=identities/any(c:c/issuerAssignedID eq 'a')");
    caught(Cloud::Global, &lambda, &["query $filter", "microsoft.graph.objectIdentity", "`c/issuerAssignedID`"]);
    caught(Cloud::Global, &get("/users?$filter=usertype eq 'Guest'"), &["query $filter", "`usertype`"]);
}

#[test]
fn a_misspelled_property_in_a_body_is_caught() {
    let mut body = invitation();
    body["invitedUserMessageInfo"]["language"] = json!("en-US");
    let says = "microsoft.graph.invitedUserMessageInfo has no such property";
    caught(Cloud::China, &send("POST", "/invitations", body), &["request $.invitedUserMessageInfo.language", says]);
}

#[test]
fn a_value_of_the_wrong_type_is_caught() {
    let body = json!({"accountEnabled": "false"});
    caught(Cloud::Global, &send("PATCH", "/users/0f", body), &["request $.accountEnabled", "Edm.Boolean"]);
}

#[test]
fn a_value_outside_an_enumeration_is_caught() {
    let answer = get("/policies/authorizationPolicy").answered(200, json!({"allowInvitesFrom": "nobody"}));
    caught(Cloud::Global, &answer, &["response $.allowInvitesFrom", "microsoft.graph.allowInvitesFrom", "nobody"]);
}

#[test]
fn an_unknown_path_is_caught() {
    caught(Cloud::Global, &get("/invitation"), &["path", "`invitation`"]);
    caught(Cloud::Global, &get("/users/0f/managers"), &["path", "`managers`"]);
}

#[test]
fn an_unknown_action_is_caught() {
    caught(
        Cloud::UsGov,
        &bare("POST", "/users/0f/convertExternalToInternalMemberUser"),
        &["convertExternalToInternalMemberUser"],
    );
}

#[test]
fn what_is_asked_in_one_cloud_is_held_against_the_others_as_well() {
    let sponsored = json!({"invitedUserSponsors": [{"@odata.type": "#microsoft.graph.user", "id": "0f"}]});
    let exchange = send("POST", "/invitations", sponsored);
    passes(Cloud::Global, &exchange);
    let report = check_in_each_cloud(Cloud::Global, std::slice::from_ref(&exchange));
    let clouds: Vec<Cloud> = report.findings.iter().map(|finding| finding.cloud).collect();
    assert!(report.skipped.is_some() || clouds == [Cloud::UsGov, Cloud::China], "{report}");
    let answer = get("/policies/crossTenantAccessPolicy").answered(200, json!({"allowedCloudEndpoints": []}));
    assert!(check_in_each_cloud(Cloud::Global, &[answer]).is_clean(), "an answer is of its own cloud");
}

#[test]
fn what_is_excused_elsewhere_is_in_the_commercial_cloud_and_not_in_the_other() {
    for entry in ELSEWHERE {
        let path = entry.path.replace("{id}", "0f");
        let exchange = match entry.at.strip_prefix("$.") {
            Some(property) => send("PATCH", &path, json!({ property: [] })),
            None if entry.path.ends_with("disableSmsSignIn") => bare("POST", &path),
            None => get(&path),
        };
        passes(Cloud::Global, &exchange);
        let elsewhere =
            [Cloud::UsGov, Cloud::China].into_iter().filter(|cloud| entry.cloud.is_none_or(|only| only == *cloud));
        for cloud in elsewhere {
            let Some(there) = schema(cloud) else { return };
            let missing = there.check_request(&exchange);
            assert!(missing.iter().any(|found| entry.covers(cloud, found)), "{cloud:?}, {entry:?}: {missing:?}");
        }
    }
}

#[test]
fn what_china_does_not_have_is_caught_there() {
    let methods = get("/users/0f/authentication/methods?$select=id");
    passes(Cloud::Global, &methods);
    passes(Cloud::UsGov, &methods);
    caught(Cloud::China, &methods, &["path", "`methods`"]);
}

#[test]
fn what_only_the_global_cloud_has_is_caught_elsewhere() {
    let mut body = invitation();
    body["invitedUserSponsors"] = json!([{"@odata.type": "#microsoft.graph.user", "id": "0f"}]);
    let invite = send("POST", "/invitations", body);
    passes(Cloud::Global, &invite);
    let endpoints =
        send("PATCH", "/policies/crossTenantAccessPolicy", json!({"allowedCloudEndpoints": ["microsoftonline.us"]}));
    passes(Cloud::Global, &endpoints);
    for cloud in [Cloud::UsGov, Cloud::UsGovDod, Cloud::China] {
        caught(cloud, &invite, &["request $.invitedUserSponsors", "microsoft.graph.invitation"]);
        caught(cloud, &endpoints, &["request $.allowedCloudEndpoints"]);
    }
}

#[test]
fn an_error_without_a_code_is_caught() {
    let answer = get("/users/0f").answered(404, json!({"error": {"message": "Resource does not exist."}}));
    caught(Cloud::Global, &answer, &["response $.error.code"]);
}

#[test]
fn a_property_in_an_answer_that_the_schema_does_not_have_is_caught() {
    let answer = get("/users").answered(200, json!({"value": [{"id": "0f", "emailAddress": "a@contoso.com"}]}));
    caught(Cloud::Global, &answer, &["response $.value[0].emailAddress", "microsoft.graph.user has no such property"]);
}

#[test]
fn deleting_a_member_instead_of_the_membership_is_caught() {
    caught(Cloud::Global, &bare("DELETE", "/groups/0f/members/0e"), &["only GET fits"]);
}
