//! The same on Microsoft's published schemas, where they are there; without them each test says that it was skipped.

mod caught;

use serde_json::{Value, json};
use std::sync::Arc;

use super::{bare, get, send};
use crate::cloud::Cloud;
use crate::conformance::{SKIPPED, Schema, check_all};
use crate::exchange::Exchange;

const CLOUDS: [Cloud; 4] = [Cloud::Global, Cloud::UsGov, Cloud::UsGovDod, Cloud::China];

fn schema(cloud: Cloud) -> Option<Arc<Schema>> {
    let schema = Schema::for_cloud(cloud).unwrap();
    if schema.is_none() {
        eprintln!("{SKIPPED}");
    }
    schema
}

#[track_caller]
fn passes(cloud: Cloud, exchange: &Exchange) {
    let report = check_all(cloud, std::slice::from_ref(exchange));
    assert!(report.is_clean(), "{cloud:?}: {report}");
    if let Some(reason) = report.skipped {
        eprintln!("{reason}");
    }
}

/// Exactly one difference, and its text contains all of these.
#[track_caller]
fn caught(cloud: Cloud, exchange: &Exchange, parts: &[&str]) {
    let Some(schema) = schema(cloud) else {
        return;
    };
    let found: Vec<_> = schema.check(exchange).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "one difference expected: {found:#?}");
    for part in parts {
        assert!(found[0].contains(part), "`{part}` expected in: {}", found[0]);
    }
}

fn invitation() -> Value {
    json!({
        "invitedUserEmailAddress": "person-0001@fabrikam.us",
        "inviteRedirectUrl": "https://myapps.microsoft.com/?tenantid=contoso.com",
        "invitedUserType": "Guest",
        "sendInvitationMessage": true,
        "resetRedemption": false,
        "invitedUser": {"id": "0f000000-0000-0000-0000-000000000001"},
        "invitedUserMessageInfo": {"messageLanguage": "en-US", "ccRecipients": []},
    })
}

#[test]
fn reads_that_graph_documents_pass_in_every_cloud() {
    for cloud in CLOUDS {
        for target in [
            "/users?$select=id,mail,externalUserState,identities,onPremisesExtensionAttributes&$top=999",
            "/users?$filter=mail eq 'o''brien@contoso.com' or otherMails/any(x:x eq 'a')",
            "/users?$filter=mail%20eq%20%27a%26b@contoso.com%27+and+accountEnabled+eq+true&$count=true",
            "/users?$filter=identities/any(c:c/issuerAssignedId eq 'a' and c/issuer eq 'b')",
            "/users?$filter=onPremisesExtensionAttributes/extensionAttribute1 eq 'a'&$expand=manager($select=id)",
            "/users?$filter=signInActivity/lastSignInDateTime le 2026-01-01T00:00:00Z&$select=id,signInActivity",
            "/users?$filter=userType in ('Guest','Member') and endsWith(mail,'@fabrikam.us')&$count=true",
            "/users/delta?$select=id,mail,accountEnabled,manager",
            "/users/delta?$deltatoken=abc",
            "/users/person-0001@fabrikam.us/sponsors",
            "/users/0f/memberOf/microsoft.graph.directoryRole?$select=id,roleTemplateId",
            "/users/0f/licenseDetails",
            "/groups/delta?$select=id,members",
            "/groups/0f/transitiveMembers?$select=id",
            "/groups/0f/transitiveMembers?$select=id,mail,userPrincipalName",
            "/groups/0f/transitiveMembers/microsoft.graph.user?$select=id,mail&$count=true",
            "/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime",
            "/roleManagement/directory/roleAssignments?$select=principalId",
            "/roleManagement/directory/roleAssignments?$filter=principalId eq '0f'&$expand=principal",
            "/organization?$select=id,verifiedDomains",
            "/policies/authorizationPolicy",
            "/policies/crossTenantAccessPolicy/default",
            "/policies/crossTenantAccessPolicy/partners/0f/identitySynchronization",
            "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')/appRoleAssignedTo",
            "/servicePrincipals/0f/appRoleAssignments",
            "/servicePrincipals/0f/synchronization/jobs/1/schema",
            "/users/0f/authentication/phoneMethods",
            "/roleManagement/directory/roleEligibilityScheduleInstances?$select=principalId",
            "/auditLogs/provisioning?$filter=jobId eq 'a' and activityDateTime gt 2026-01-01T00:00:00Z",
            "/tenantRelationships/findTenantInformationByTenantId(tenantId='0f')",
            "/auditLogs/directoryAudits?$filter=targetResources/any(t:t/id eq 'a') and activityDateTime ge 2026-01-01",
        ] {
            passes(cloud, &get(target));
        }
    }
}

#[test]
fn writes_that_graph_documents_pass_in_every_cloud() {
    for cloud in CLOUDS {
        passes(cloud, &send("POST", "/invitations", invitation()));
        passes(
            cloud,
            &send("PATCH", "/users/0f", json!({"accountEnabled": false, "usageLocation": null, "otherMails": ["a"]})),
        );
        passes(cloud, &send("POST", "/users/0f/checkMemberGroups", json!({"groupIds": ["1"]})));
        passes(cloud, &send("POST", "/users/0f/sponsors/$ref", json!({"@odata.id": "https://x"})));
        passes(cloud, &send("POST", "/directoryObjects/getByIds", json!({"ids": ["1"], "types": ["user"]})));
        passes(cloud, &bare("POST", "/directory/deletedItems/0f/restore"));
        passes(cloud, &bare("DELETE", "/groups/0f/members/0e/$ref"));
        passes(cloud, &bare("DELETE", "/users/0f"));
        passes(cloud, &bare("POST", "/users/0f/revokeSignInSessions"));
        passes(cloud, &send("POST", "/$batch", json!({"requests": []})));
        passes(
            cloud,
            &send(
                "PATCH",
                "/policies/crossTenantAccessPolicy/partners/0f",
                json!({
                    "automaticUserConsentSettings": {"inboundAllowed": true, "outboundAllowed": null},
                    "b2bCollaborationInbound": {"usersAndGroups": {"accessType": "allowed", "targets": [
                        {"target": "AllUsers", "targetType": "user"}]}},
                }),
            ),
        );
        passes(
            cloud,
            &send(
                "PUT",
                "/policies/crossTenantAccessPolicy/partners/0f/identitySynchronization",
                json!({"displayName": "a", "userSyncInbound": {"isSyncAllowed": true}}),
            ),
        );
    }
}

#[test]
fn setting_up_a_sync_job_passes_in_every_cloud() {
    let app = "/servicePrincipals/0f";
    let secrets = json!([{"key": "AuthenticationType", "value": "SyncPolicy"}, {"key": "CompanyId", "value": "0e"}]);
    for cloud in CLOUDS {
        for (method, path, body) in [
            ("POST", "/applicationTemplates/0f/instantiate".to_owned(), json!({"displayName": "a"})),
            ("POST", format!("{app}/synchronization/jobs"), json!({"templateId": "Azure2Azure"})),
            ("PUT", format!("{app}/synchronization/secrets"), json!({"value": secrets})),
            (
                "POST",
                format!("{app}/synchronization/jobs/validateCredentials"),
                json!({"useSavedCredentials": false, "templateId": "Azure2Azure", "credentials": secrets}),
            ),
            ("POST", format!("{app}/synchronization/jobs/1/restart"), json!({"criteria": {"resetScope": "Watermark"}})),
            (
                "POST",
                format!("{app}/synchronization/jobs/1/provisionOnDemand"),
                json!({"parameters": [{"ruleId": "a", "subjects": [{"objectId": "b", "objectTypeName": "User"}]}]}),
            ),
            (
                "POST",
                format!("{app}/appRoleAssignedTo"),
                json!({
                    "principalId": "0f000000-0000-0000-0000-000000000001",
                    "resourceId": "0f000000-0000-0000-0000-000000000002",
                    "appRoleId": "0f000000-0000-0000-0000-000000000003",
                }),
            ),
        ] {
            passes(cloud, &send(method, &path, body));
        }
        passes(cloud, &bare("POST", &format!("{app}/synchronization/jobs/1/start")));
        passes(cloud, &bare("POST", &format!("{app}/synchronization/jobs/1/pause")));
        passes(
            cloud,
            &get(&format!("{app}/synchronization/jobs")).answered(
                200,
                json!({"value": [{
                    "id": "Azure2Azure.0f", "templateId": "Azure2Azure",
                    "schedule": {"expiration": null, "interval": "PT40M", "state": "Active"},
                    "status": {"code": "Quarantine", "lastExecution": {"state": "Succeeded", "countEntitled": 2},
                        "quarantine": {"reason": "EncounteredEscrowProportionThreshold",
                            "currentBegan": "2026-11-22T04:17:20Z", "seriesCount": 3}},
                }]}),
            ),
        );
    }
}

#[test]
fn answers_as_graph_documents_them_pass() {
    let cloud = Cloud::UsGov;
    let mut created = invitation();
    created["id"] = json!("0f");
    created["status"] = json!("PendingAcceptance");
    created["inviteRedeemUrl"] = json!("https://login.microsoftonline.us/redeem?rd=x");
    passes(cloud, &send("POST", "/invitations", invitation()).answered(201, created));
    passes(
        cloud,
        &bare("POST", "/directory/deletedItems/0f/restore").answered(
            200,
            json!({
                "@odata.context": "https://graph.microsoft.us/v1.0/$metadata#directoryObjects/$entity",
                "@odata.type": "#microsoft.graph.user", "id": "0f", "mail": "person-0001@fabrikam.us",
            }),
        ),
    );
    passes(cloud, &get("/users?$select=id,signInActivity").answered(200, json!({"value": [
        {"id": "0f", "signInActivity": {"lastSignInDateTime": "2026-11-22T04:17:20Z", "lastSignInRequestId": "a"}},
    ]})));
    passes(
        cloud,
        &get("/users/0f/authentication/methods").answered(
            200,
            json!({"value": [
                {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "id": "a", "phoneType": "mobile"},
            ]}),
        ),
    );
    passes(
        cloud,
        &bare("POST", "/users/0f/revokeSignInSessions").answered(200, json!({"@odata.context": "x", "value": true})),
    );
    passes(cloud, &get("/policies/authorizationPolicy").answered(200, json!({"allowInvitesFrom": "everyone"})));
}
