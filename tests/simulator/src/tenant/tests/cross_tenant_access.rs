//! Cross-tenant access settings, and invitations that nobody needs to accept because of them.

use super::invitation::user_id;
use super::{Client, code};
use crate::cloud::Cloud;
use crate::tenant::{AutomaticRedemption, ExternalUserState, Identity, PartnerConfiguration};
use serde_json::{Value, json};
use uuid::Uuid;

const ADDRESS: &str = "person-0001@fabrikam.us";
const POLICY: &str = "/policies/crossTenantAccessPolicy";
const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];

fn fabrikam() -> Uuid {
    Uuid::from_u128(0xfab)
}

fn partner() -> PartnerConfiguration {
    PartnerConfiguration::new(&["Fabrikam.us"])
}

impl Client {
    fn partner(&self, settings: PartnerConfiguration) {
        self.tenant.with_directory(|directory| directory.cross_tenant_access.partners.insert(fabrikam(), settings));
    }

    fn redeem_when(&self, when: AutomaticRedemption) {
        self.tenant.with_directory(|directory| directory.cross_tenant_access.automatic_redemption = when);
    }

    fn state(&self, id: Uuid) -> Option<ExternalUserState> {
        self.tenant.with_directory(|directory| directory.user(id).unwrap().external_user_state)
    }

    fn sign_in(&self, id: Uuid) -> anyhow::Result<()> {
        self.tenant.with_directory(|directory| directory.sign_in(id))
    }
}

#[tokio::test]
async fn the_default_redeems_nothing_by_itself_and_is_the_services_own() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        let (status, body) = client.get(&format!("{POLICY}/default")).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["automaticUserConsentSettings"], json!({"inboundAllowed": false, "outboundAllowed": false}));
        assert_eq!(body["isServiceDefault"], true);
        assert_eq!(body["inboundTrust"]["isMfaAccepted"], false);
        assert_eq!(body["b2bCollaborationInbound"]["usersAndGroups"]["accessType"], "allowed");
        assert_eq!(body["b2bDirectConnectInbound"]["applications"]["accessType"], "blocked");
        let (_, body) = client.get(&format!("{POLICY}/default?$select=automaticUserConsentSettings")).await;
        let names = body.as_object().unwrap().keys().filter(|name| !name.starts_with('@'));
        assert_eq!(names.collect::<Vec<_>>(), ["automaticUserConsentSettings"]);
    }
}

#[tokio::test]
async fn what_only_the_commercial_schema_has_can_be_selected_there_only() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        client.partner(partner());
        let there = cloud == Cloud::Global;
        let (_, body) = client.get(&format!("{POLICY}/default")).await;
        assert_eq!(body.get("tenantRestrictions").is_some(), there);
        for path in ["default?$select=tenantRestrictions", "partners?$select=isInMultiTenantOrganization"] {
            let (status, body) = client.get(&format!("{POLICY}/{path}")).await;
            assert_eq!(status, if there { 200 } else { 400 }, "{body}");
        }
    }
}

#[tokio::test]
async fn a_partner_that_nobody_has_touched_inherits_everything() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        client.partner(partner());
        let (status, body) = client.get(&format!("{POLICY}/partners/{}", fabrikam())).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["tenantId"], json!(fabrikam()));
        assert_eq!(body["b2bCollaborationInbound"], Value::Null);
        assert_eq!(body["automaticUserConsentSettings"], json!({"inboundAllowed": null, "outboundAllowed": null}));
        client.partner(PartnerConfiguration { consent: None, ..partner() });
        let (_, body) = client.get(&format!("{POLICY}/partners/{}", fabrikam())).await;
        assert_eq!(body["automaticUserConsentSettings"], Value::Null);
    }
}

#[tokio::test]
async fn partners_are_listed_and_read_with_what_is_selected() {
    let client = Client::new().await;
    client.partner(partner().inbound_redemption(Some(true)));
    let other = Uuid::from_u128(0xfac);
    client.tenant.with_directory(|directory| {
        directory.cross_tenant_access.partners.insert(other, PartnerConfiguration::new(&["tailspin.us"]));
    });
    let select = "$select=tenantId,automaticUserConsentSettings";
    let pages = client.pages(&format!("{POLICY}/partners?{select}")).await;
    let set = json!({"inboundAllowed": true, "outboundAllowed": null});
    let unset = json!({"inboundAllowed": null, "outboundAllowed": null});
    let items = vec![
        json!({"tenantId": fabrikam(), "automaticUserConsentSettings": set}),
        json!({"tenantId": other, "automaticUserConsentSettings": unset}),
    ];
    assert_eq!(pages, [items]);
    let (_, body) = client.get(&format!("{POLICY}/partners/{}?{select}", fabrikam())).await;
    assert_eq!(body["automaticUserConsentSettings"], set);
}

#[tokio::test]
async fn a_partner_or_a_synchronisation_that_was_never_made_is_not_found() {
    let client = Client::new().await;
    let path = format!("{POLICY}/partners/{}", fabrikam());
    let sync = format!("{path}/identitySynchronization");
    for path in [path.as_str(), sync.as_str(), &format!("{POLICY}/partners/fabrikam.us")] {
        let (status, body) = client.get(path).await;
        assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
    }
    assert_eq!(client.get(&format!("{POLICY}/partners")).await.1["value"], json!([]));
    client.partner(partner());
    assert_eq!(client.get(&path).await.0, 200);
    assert_eq!(client.get(&sync).await.0, 404);
}

#[tokio::test]
async fn a_synchronisation_says_whether_it_is_allowed() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        for allowed in [true, false] {
            client.partner(partner().inbound_sync(allowed));
            let path = format!("{POLICY}/partners/{}/identitySynchronization", fabrikam());
            let (status, body) = client.get(&path).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body["tenantId"], json!(fabrikam()));
            assert_eq!(body["displayName"], "fabrikam.us");
            assert_eq!(body["userSyncInbound"], json!({"isSyncAllowed": allowed}));
        }
    }
}

#[tokio::test]
async fn the_settings_need_a_permission_for_policies() {
    let mut client = Client::new().await;
    client.partner(partner().inbound_sync(true));
    let partner = format!("partners/{}", fabrikam());
    let sync = format!("{partner}/identitySynchronization");
    for (permission, expected) in
        [("Directory.Read.All", 403), ("Policy.Read.All", 200), ("Policy.ReadWrite.CrossTenantAccess", 200)]
    {
        client.permit(&[permission]);
        for path in ["default", "partners", &partner, &sync] {
            let (status, body) = client.get(&format!("{POLICY}/{path}")).await;
            assert_eq!(status, expected, "{body}");
            assert!(status == 200 || code(&body) == "Authorization_RequestDenied");
        }
    }
}

#[tokio::test]
async fn an_invitation_that_nobody_needs_to_accept_is_redeemed_by_the_first_sign_in() {
    let client = Client::new().await;
    client.partner(partner().inbound_redemption(Some(true)).home_redemption(true));
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let id = user_id(&body);
    assert_eq!(body["status"], "PendingAcceptance");
    assert_eq!(client.state(id), Some(ExternalUserState::PendingAcceptance));
    client.sign_in(id).unwrap();
    assert_eq!(client.state(id), Some(ExternalUserState::Accepted));
    client.tenant.with_directory(|directory| {
        let user = directory.user(id).unwrap();
        assert_eq!(user.identities[0], Identity::external());
        assert_eq!(user.sign_in.unwrap().last_successful, Some(directory.now()));
    });
}

#[tokio::test]
async fn an_invitation_that_nobody_needs_to_accept_may_be_redeemed_at_once() {
    let client = Client::new().await;
    client.partner(partner().inbound_redemption(Some(true)).home_redemption(true));
    client.redeem_when(AutomaticRedemption::AtOnce);
    let internal = client.sync(1)[0];
    let more = json!({"invitedUser": {"id": internal}});
    for (address, more) in [(ADDRESS, more), ("person-0002@fabrikam.us", json!({}))] {
        let (status, body) = client.invite(address, more).await;
        assert_eq!((status, &body["status"]), (201, &json!("Completed")));
        assert_eq!(client.state(user_id(&body)), Some(ExternalUserState::Accepted));
        client.sign_in(user_id(&body)).unwrap();
    }
    let (_, body) = client.invite("person@tailspin.us", json!({})).await;
    assert_eq!(body["status"], "PendingAcceptance", "nobody's partner");
    assert!(client.sign_in(user_id(&body)).is_err());
}

#[tokio::test]
async fn both_tenants_must_want_automatic_redemption() {
    for (inbound, home) in [(Some(true), false), (Some(false), true), (None, true)] {
        let client = Client::new().await;
        client.partner(partner().inbound_redemption(inbound).home_redemption(home));
        client.redeem_when(AutomaticRedemption::AtOnce);
        let id = user_id(&client.invite(ADDRESS, json!({})).await.1);
        assert_eq!(client.state(id), Some(ExternalUserState::PendingAcceptance), "{inbound:?} {home}");
        assert!(client.sign_in(id).is_err());
        client.tenant.with_directory(|directory| {
            directory.cross_tenant_access.default.consent.inbound = Some(true);
        });
        assert_eq!(client.sign_in(id).is_ok(), inbound.is_none(), "only what is null inherits");
    }
}

#[tokio::test]
async fn automatic_redemption_goes_by_the_settings_at_the_sign_in() {
    let client = Client::new().await;
    let id = user_id(&client.invite(ADDRESS, json!({})).await.1);
    assert!(client.sign_in(id).is_err());
    client.partner(partner().inbound_redemption(Some(true)).home_redemption(true));
    client.tenant.with_directory(|directory| directory.set_enabled(id, false)).unwrap();
    assert!(client.sign_in(id).is_err(), "disabled");
    assert_eq!(client.state(id), Some(ExternalUserState::PendingAcceptance));
    client.tenant.with_directory(|directory| directory.set_enabled(id, true)).unwrap();
    client.sign_in(id).unwrap();
    assert_eq!(client.state(id), Some(ExternalUserState::Accepted));
}
