//! Looking at a tenant before anything is done: what is wrong is found by its id, and what cannot be seen never passes.
//!
//! - [`faults`]: each thing that can be wrong. [`unseen`]: what may not be read.
//! - [`sms`]: who signs in by text message, and switching that off. [`interrupted`]: killed while it is at it.
//! - [`home`]: the list of the home tenant. [`files`]: Entra Connect's rules. [`probe`]: one real invitation.

mod faults;
mod files;
mod home;
mod interrupted;
mod probe;
mod sms;
mod unseen;

use crate::support::{Config, Output, World, run};
use serde_json::Value;
use tokio::process::Command;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::PartnerConfiguration;
use uuid::Uuid;

/// The partner's tenant.
const PARTNER: Uuid = Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222);

/// The checks of a document that have this id.
fn of<'a>(document: &'a Value, id: &str) -> Vec<&'a Value> {
    let checks = document["checks"].as_array().unwrap_or_else(|| panic!("{document:#}"));
    checks.iter().filter(|check| check["id"] == id).collect()
}

/// The results of the checks that have this id.
fn results<'a>(document: &'a Value, id: &str) -> Vec<&'a str> {
    of(document, id).iter().filter_map(|check| check["result"].as_str()).collect()
}

/// The people of the first check with this id that is about any, sorted.
fn people(document: &Value, id: &str) -> Vec<Uuid> {
    let listed = |check: &&&Value| check["people"].is_array();
    let checks = of(document, id);
    let ids = checks.iter().find(listed).and_then(|check| check["people"].as_array()).cloned().unwrap_or_default();
    let mut ids: Vec<_> = ids.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
    ids.sort_unstable();
    ids
}

/// The command with the settings that a function app has.
fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command(&[&["doctor", "--json"], arguments].concat());
    command.envs([
        ("INVITE_SCHEDULE", "0 */5 * * * *"),
        ("RECONCILE_SCHEDULE", "0 30 */6 * * *"),
        ("SUMMARY_SCHEDULE", "0 0 7 * * *"),
        ("TEAMS_WEBHOOK_URL", "http://127.0.0.1:9/workflow?sig=secret"),
    ]);
    command
}

/// Runs it, and sees that nobody's address is in the log.
async fn looked(command: Command) -> Output {
    let output = run(command).await;
    assert!(!output.stderr.contains('@') && !output.stderr.contains("secret"), "{output:?}");
    assert!(!output.stdout.contains("secret"), "{output:?}");
    output
}

async fn doctor(world: &World, arguments: &[&str]) -> Output {
    looked(command(world, arguments)).await
}

/// A tenant that is set up for its partner.
async fn good(config: Config) -> World {
    let world = World::new(config).await;
    world.directory(|directory| {
        let access = &mut directory.cross_tenant_access;
        access.allowed_cloud_endpoints = vec![Cloud::UsGov.endpoint().to_owned()];
        let partner = PartnerConfiguration { cloud: Some(Cloud::UsGov), ..PartnerConfiguration::new(&["fabrikam.us"]) };
        access.partners.insert(PARTNER, partner);
        for surplus in ["AuditLog.Read.All", "GroupMember.ReadWrite.All"] {
            directory.permissions.remove(surplus);
        }
    });
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_tenant_passes_and_every_check_is_documented() {
    let world = good(Config::default()).await;
    world.people(3);
    world.sweep().await;
    let writes = world.writes();
    let home = home::written(&[("person-0001", None), ("person-0002", None), ("person-0003", None)]).await;
    let output = doctor(&world, &["--home", home.file()]).await.exits(0);
    let document = output.json();
    let page = include_str!("../../../docs/doctor.md");
    for check in document["checks"].as_array().expect("checks") {
        let id = check["id"].as_str().expect("an id");
        assert!(page.contains(&format!("| `{id}` |")), "{id} is not documented");
        assert!(["pass", "not-applicable"].contains(&check["result"].as_str().expect("a result")), "{check:#}");
    }
    assert!(document["checks"].as_array().is_some_and(|checks| checks.len() >= 35), "{document:#}");
    assert_eq!(world.writes(), writes, "it changes nothing");
    let people = run(world.command(&["doctor"])).await.exits(4);
    assert!(people.stdout.contains("schedules.invite") && people.stdout.contains("not set here"), "{people:?}");
}
