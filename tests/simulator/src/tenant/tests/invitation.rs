//! New guests, mails, redemption.

use super::{Client, code, invitation};
use crate::cloud::Cloud;
use crate::tenant::{ExternalUserState, Identity, UserType};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

const ADDRESS: &str = "person-0001@fabrikam.us";

pub(super) fn user_id(body: &Value) -> Uuid {
    body["invitedUser"]["id"].as_str().unwrap_or_else(|| panic!("no invited user: {body}")).parse().unwrap()
}

#[tokio::test]
async fn an_invitation_makes_a_pending_guest() {
    let client = Client::new().await;
    let more = json!({"invitedUserDisplayName": "Person 1", "invitedUserMessageInfo": {"messageLanguage": "en-US"}});
    let (status, body) = client.invite(ADDRESS, more).await;
    assert_eq!(status, 201);
    assert_eq!(body["status"], "PendingAcceptance");
    assert_eq!(body["invitedUserEmailAddress"], ADDRESS);
    assert_eq!(body["inviteRedirectUrl"], "https://myapps.microsoft.com");
    assert_eq!(body["sendInvitationMessage"], true);
    assert_eq!(body["invitedUserType"], "Guest");
    let url = body["inviteRedeemUrl"].as_str().unwrap();
    assert!(url.starts_with("https://login.microsoftonline.com/redeem?rd=https%3A%2F%2F"), "{url}");
    let user = client.tenant.with_directory(|directory| directory.user(user_id(&body)).cloned()).unwrap();
    assert_eq!(user.user_principal_name, "person-0001_fabrikam.us#EXT#@contoso.onmicrosoft.com");
    assert_eq!(user.display_name, "Person 1");
    assert_eq!(user.creation_type.as_deref(), Some("Invitation"));
    assert_eq!(user.user_type, UserType::Guest);
    assert_eq!(user.external_user_state, Some(ExternalUserState::PendingAcceptance));
    assert_eq!(user.external_user_state_changed, Some(user.created));
    assert_eq!(user.mail.as_deref(), Some(ADDRESS));
    assert_eq!(user.other_mails, [ADDRESS]);
    assert_eq!(user.identities[0].issuer, "contoso.onmicrosoft.com", "until redemption");
}

#[tokio::test]
async fn a_guest_may_be_invited_as_a_member() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({"invitedUserType": "Member"})).await;
    let user_type = client.tenant.with_directory(|directory| directory.user(user_id(&body)).unwrap().user_type);
    assert_eq!(user_type, UserType::Member);
    assert_eq!(client.invite("person-0002@fabrikam.us", json!({"invitedUserType": "Admin"})).await.0, 400);
}

#[tokio::test]
async fn a_mail_goes_out_only_when_asked_for() {
    let client = Client::in_cloud(Cloud::UsGov).await;
    client.invite(ADDRESS, json!({"sendInvitationMessage": false})).await;
    assert!(client.tenant.mails().is_empty());
    let info = json!({
        "messageLanguage": "de-DE",
        "ccRecipients": [{"emailAddress": {"name": "Helpdesk", "address": "helpdesk@contoso.com"}}],
    });
    let (_, body) = client.invite("person-0002@fabrikam.us", json!({"invitedUserMessageInfo": info})).await;
    let mails = client.tenant.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "person-0002@fabrikam.us");
    assert_eq!(mails[0].cc, ["helpdesk@contoso.com"]);
    assert_eq!(mails[0].from, "invites@azuread.us");
    assert_eq!(mails[0].user, user_id(&body));
    assert_eq!(mails[0].language.as_deref(), Some("de-DE"));
    assert_eq!(mails[0].redirect_url, "https://myapps.microsoft.com");
    assert_eq!(mails[0].redeem_url, body["inviteRedeemUrl"]);
}

#[tokio::test]
async fn inviting_a_pending_guest_again_is_another_mail_to_the_same_user() {
    let client = Client::new().await;
    let (_, first) = client.invite(ADDRESS, json!({})).await;
    let created = client.tenant.with_directory(|directory| {
        directory.clock().advance(SignedDuration::from_hours(24 * 7));
        directory.user(user_id(&first)).unwrap().external_user_state_changed
    });
    let (status, second) = client.invite(&ADDRESS.to_uppercase(), json!({})).await;
    assert_eq!(status, 201);
    assert_eq!(user_id(&second), user_id(&first));
    assert_ne!(second["inviteRedeemUrl"], first["inviteRedeemUrl"], "a fresh ticket");
    assert_eq!(client.tenant.mails().len(), 2);
    let (users, changed) = client.tenant.with_directory(|directory| {
        (directory.user_count(), directory.user(user_id(&first)).unwrap().external_user_state_changed)
    });
    assert_eq!((users, changed), (1, created), "the state has not changed");
    let (_, third) = client.invite(ADDRESS, json!({"invitedUser": {"id": user_id(&first)}})).await;
    assert_eq!(user_id(&third), user_id(&first));
}

#[tokio::test]
async fn redemption_changes_state_and_identity_and_happens_once() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let id = user_id(&body);
    client.tenant.with_directory(|directory| {
        directory.clock().advance(SignedDuration::from_hours(1));
        directory.redeem(id).unwrap();
        assert!(directory.redeem(id).is_err());
        let user = directory.user(id).unwrap();
        assert_eq!(user.external_user_state, Some(ExternalUserState::Accepted));
        assert_eq!(user.external_user_state_changed, Some(directory.now()));
        assert_eq!(user.identities[0], Identity::external());
        assert_eq!(user.ticket, None);
    });
}

#[tokio::test]
async fn a_reset_makes_the_same_user_pending_again() {
    let client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let id = user_id(&body);
    let new = "person-0001-new@fabrikam.us";
    client.tenant.with_directory(|directory| directory.redeem(id)).unwrap();
    let reset = json!({"resetRedemption": true, "invitedUser": {"id": id}});
    let (status, _) = client.invite(new, reset.clone()).await;
    assert_eq!(status, 400, "the address is not on the user");
    client
        .tenant
        .with_directory(|directory| directory.update_user(id, |user| user.other_mails.push(new.into())))
        .unwrap();
    let (status, body) = client.invite(new, reset).await;
    assert_eq!((status, user_id(&body)), (201, id));
    assert_eq!(client.tenant.mails().last().unwrap().to, new);
    client.tenant.with_directory(|directory| {
        let user = directory.user(id).unwrap();
        assert_eq!(user.external_user_state, Some(ExternalUserState::PendingAcceptance));
        assert!(!user.identities.contains(&Identity::external()));
        assert_eq!(user.user_principal_name, "person-0001_fabrikam.us#EXT#@contoso.onmicrosoft.com");
    });
}

#[tokio::test]
async fn a_reset_needs_an_id_more_than_the_right_to_invite_and_a_target_without_roles() {
    let mut client = Client::new().await;
    let (_, body) = client.invite(ADDRESS, json!({})).await;
    let id = user_id(&body);
    assert_eq!(client.invite(ADDRESS, json!({"resetRedemption": true})).await.0, 400);
    let reset = json!({"resetRedemption": true, "invitedUser": {"id": id}});
    let role = Uuid::from_u128(7);
    client
        .tenant
        .with_directory(|directory| directory.assign_role(id, role, crate::tenant::RoleState::Active))
        .unwrap();
    assert_eq!(client.invite(ADDRESS, reset.clone()).await.0, 403);
    client.tenant.with_directory(|directory| directory.permissions = ["User.Invite.All".to_owned()].into());
    client.token = client.tenant.token();
    let (status, body) = client.invite(ADDRESS, reset).await;
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    assert_eq!(client.invite("person-0002@fabrikam.us", json!({})).await.0, 201);
}

#[tokio::test]
async fn sponsors_are_in_the_commercial_schema_only() {
    let client = Client::new().await;
    let sponsor = client.tenant.with_directory(|directory| directory.create_group("Bosses"));
    let listed = json!({"invitedUserSponsors": [{"id": sponsor}]});
    let link = format!("https://graph.microsoft.com/v1.0/users/{sponsor}");
    let bound = json!({"invitedUserSponsors@odata.bind": [link]});
    for (address, sponsors) in [(ADDRESS, listed.clone()), ("person-0002@fabrikam.us", bound)] {
        let (_, body) = client.invite(address, sponsors).await;
        let sponsors =
            client.tenant.with_directory(|directory| directory.user(user_id(&body)).unwrap().sponsors.clone());
        assert_eq!(sponsors, [sponsor]);
    }
    for cloud in [Cloud::UsGov, Cloud::UsGovDod, Cloud::China] {
        let client = Client::in_cloud(cloud).await;
        assert_eq!(client.invite(ADDRESS, listed.clone()).await.0, 400);
    }
}

#[tokio::test]
async fn the_body_is_held_to_the_schema() {
    let client = Client::new().await;
    for more in [
        json!({"inviteRedirectUrl": null}),
        json!({"invitedUserEmailAddress": ""}),
        json!({"companyName": "Fabrikam"}),
        json!({"sendInvitationMessage": "true"}),
        json!({"invitedUser": "id"}),
        json!({"invitedUser": {"id": "no id"}}),
    ] {
        let (status, body) = client.post("/invitations", invitation(ADDRESS, more.clone())).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"), "{more}");
    }
    assert_eq!(client.tenant.with_directory(|directory| directory.user_count()), 0);
}
