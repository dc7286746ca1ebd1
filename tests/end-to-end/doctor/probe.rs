//! One real invitation, as `usher provision` sends it.

use super::{doctor, good, of, results};
use crate::support::Config;
use usher_simulator::tenant::AllowInvitesFrom;

const ID: &str = "invites.probe";
const PILOT: &str = "pilot@fabrikam.us";

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_is_invited_once_and_what_the_tenant_allowed_is_told() {
    let world = good(Config::default()).await;
    world.sweep().await;
    let document = doctor(&world, &["--probe", PILOT]).await.exits(4).json();
    assert_eq!(results(&document, ID), ["pass"], "{document:#}");
    assert_eq!(results(&document, "invites.domain-lists"), ["pass"], "the invitation has shown it");
    let again = doctor(&world, &["--probe", PILOT]).await.exits(4).json();
    assert_eq!(results(&again, ID), ["unknown"], "{again:#}");
    assert_eq!(world.tenant.mails().len(), 1);
    world.usher(&["status", "--verify"]).await.exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_fails_with_what_it_means() {
    let world = good(Config::default()).await;
    world.sweep().await;
    world.directory(|directory| directory.policy.allow_invites_from = AllowInvitesFrom::None);
    let document = doctor(&world, &["--probe", PILOT]).await.exits(1).json();
    let check = of(&document, ID)[0];
    assert_eq!(check["result"], "fail", "{check:#}");
    assert!(check["evidence"].as_str().is_some_and(|text| text.contains("invitations-not-allowed")), "{check:#}");
    assert!(check["remedy"].as_str().is_some_and(|text| text.contains("external collaboration")), "{check:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_stop_it_and_plan_mode_does() {
    let mut world = good(Config::default()).await;
    world.sweep().await;
    let stranger = doctor(&world, &["--probe", "somebody@elsewhere.example"]).await.exits(3).json();
    assert_eq!(results(&stranger, ID), ["unknown"]);
    doctor(&world, &["--probe", "nobody"]).await.exits(2);
    world.configure(|config| config.mode = "plan");
    let planned = doctor(&world, &["--probe", PILOT]).await.exits(3).json();
    assert_eq!(results(&planned, ID), ["unknown"]);
    let without_state = {
        let mut command = super::command(&world, &["--probe", PILOT]);
        command.env_remove("USHER_STATE");
        command
    };
    assert_eq!(crate::support::run(without_state).await.code, Some(2));
    assert!(world.tenant.mails().is_empty());
}
