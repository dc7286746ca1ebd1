//! What an invitation looks like on the wire, in each cloud and for each kind of account.

use crate::support::{Config, World};
use anyhow::Result;
use serde_json::{Value, json};
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::UserType;

async fn bodies(cloud: Cloud, config: Config) -> Result<Vec<Value>> {
    let world = World::in_cloud(cloud, config).await;
    let ids = world.people(2);
    world.directory(|directory| directory.update_user(ids[1], |user| user.user_type = UserType::Guest))?;
    world.usher(&["apply"]).await.exits(0);
    let sent = world.tenant.exchanges().into_iter().filter(|exchange| exchange.path == "/invitations");
    let mut bodies: Vec<Value> = sent.filter_map(|exchange| exchange.request).collect();
    bodies.sort_by_key(|body| body["invitedUserEmailAddress"].to_string());
    assert_eq!(bodies[0]["invitedUser"]["id"], ids[0].to_string());
    assert_eq!(bodies[1]["invitedUser"]["id"], ids[1].to_string());
    Ok(bodies)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invitation_converts_in_place_and_leads_to_my_apps_of_this_cloud_and_tenant() -> Result<()> {
    for (cloud, my_apps) in [
        (Cloud::Global, "https://myapps.microsoft.com/"),
        (Cloud::UsGov, "https://myapps.microsoft.us/"),
        (Cloud::UsGovDod, "https://myapps.microsoft.us/"),
        (Cloud::China, "https://myapplications.windowsazure.cn/"),
    ] {
        let bodies = bodies(cloud, Config::default()).await?;
        let id = &bodies[0]["invitedUser"]["id"];
        assert_eq!(
            bodies[0],
            json!({
                "invitedUserEmailAddress": "person-0001@fabrikam.us",
                "inviteRedirectUrl": format!("{my_apps}?tenantid=0c0a11ed-0000-4000-8000-000000000001"),
                "sendInvitationMessage": true,
                "invitedUserMessageInfo": {"messageLanguage": "en-US"},
                "invitedUserType": "Member",
                "invitedUser": {"id": id},
            }),
            "{cloud:?}"
        );
        assert_eq!(bodies[1]["invitedUserType"], "Guest", "a conversion keeps the account's type");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn language_redirect_and_silence_are_configured() -> Result<()> {
    let invite = |keys: &str| Config { rest: format!("[partner.invite]\n{keys}"), ..Config::default() };
    let keys = "language = \"de-DE\"\nredirect_url = \"https://start.contoso.com/?a=b&c=d\"\nuser_type = \"member\"";
    let bodies_loud = bodies(Cloud::Global, invite(keys)).await?;
    assert_eq!(bodies_loud[0]["invitedUserMessageInfo"]["messageLanguage"], "de-DE");
    assert_eq!(bodies_loud[0]["inviteRedirectUrl"], "https://start.contoso.com/?a=b&c=d");
    assert_eq!(bodies_loud[1]["invitedUserType"], "Guest", "user_type is for people newly invited");
    let silent = bodies(Cloud::Global, invite("send_message = false")).await?;
    assert_eq!(silent[0]["sendInvitationMessage"], false);
    assert_eq!(silent[0].get("invitedUserMessageInfo"), None);
    Ok(())
}
