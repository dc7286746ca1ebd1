//! What may not be read is unknown, and never passes.

use super::{good, looked, of, results};
use crate::support::Config;

#[tokio::test(flavor = "multi_thread")]
async fn who_may_read_nothing_sees_nothing_pass_that_needs_a_permission() {
    let world = good(Config::default()).await;
    let person = world.directory(|directory| {
        directory.permissions = ["profile".to_owned()].into();
        directory.create_colleague("operator")
    });
    let document = looked(world.command_of(person, &["doctor", "--json"])).await.exits(4).json();
    let checks = document["checks"].as_array().expect("checks");
    let with_permission: Vec<_> = checks.iter().filter(|check| check["permission"].is_string()).collect();
    assert!(with_permission.len() > 12, "{document:#}");
    for check in with_permission {
        assert!(["unknown", "not-applicable"].contains(&check["result"].as_str().expect("a result")), "{check:#}");
    }
    assert_eq!(results(&document, "permissions.needed"), ["unknown"], "a person asks");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_permission_that_is_missing_makes_its_own_checks_unknown() {
    let world = good(Config::default()).await;
    let operator = world.directory(|directory| directory.create_colleague("operator"));
    let all = world.directory(|directory| directory.permissions.clone());
    for (missing, ids) in [
        (
            &["Policy.Read.All"][..],
            &[
                "invites.setting",
                "access.inbound",
                "access.redemption",
                "access.cloud",
                "access.sync-in",
                "access.policy-size",
                "conditional-access.external",
            ][..],
        ),
        (
            &["User.Read.All", "User.ReadWrite.All"],
            &["tenant.identity", "people.candidates", "people.held", "people.roles"],
        ),
        (&["RoleManagement.Read.Directory"], &["people.roles"]),
        (&["Organization.Read.All"], &["tenant.identity", "people.domains"]),
    ] {
        world.directory(|directory| {
            directory.permissions = all.iter().filter(|name| !missing.contains(&name.as_str())).cloned().collect();
        });
        let document = looked(world.command_of(operator, &["doctor", "--json"])).await.exits(4).json();
        for id in ids {
            assert!(!of(&document, id).is_empty(), "{id}");
            assert!(results(&document, id).iter().all(|result| *result == "unknown"), "{missing:?}: {document:#}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_state_nothing_that_rests_on_it_passes() {
    let world = good(Config::default()).await;
    let mut command = super::command(&world, &[]);
    command.env_remove("USHER_STATE");
    let document = looked(command).await.exits(4).json();
    for id in ["state.reachable", "state.birth", "state.journal", "invites.domain-lists"] {
        assert_eq!(results(&document, id), ["unknown"], "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_declined_is_asked_for_once() {
    let client = uuid::Uuid::from_u128(0xd0c);
    let rest = format!("[setup]\nclient_id = \"{client}\"");
    let world = good(Config { rest, ..Config::default() }).await;
    let wanted = ["Policy.Read.All", "MultiTenantOrganization.ReadBasic.All"];
    world.directory(|directory| directory.register_public_client(client, &wanted));
    let child = super::command(&world, &[]).spawn().expect("it starts");
    let decline = async {
        loop {
            if let Some(code) = world.tenant.device_codes().first() {
                assert!(wanted.iter().all(|name| code.scopes.iter().any(|scope| scope == name)), "{code:?}");
                assert!(code.scopes.iter().all(|scope| !scope.contains("Write")), "{code:?}");
                break world.tenant.decline_device_code(&code.user_code).expect("it waits");
            }
            tokio::task::yield_now().await;
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), decline);
    let output = output.expect("it ends");
    let asked = String::from_utf8_lossy(&output.stderr).matches("enter the code").count();
    assert_eq!((output.status.code(), asked), (Some(4), 1), "{output:?}");
}
