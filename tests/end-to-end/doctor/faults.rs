//! What is wrong is found by its id.

use super::{PARTNER, command, doctor, good, looked, people, results};
use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::tenant::{
    AccessType, AllowInvitesFrom, B2bSetting, ConditionalAccessPolicy, Directory, ExternalUserState,
    MultiTenantOrganization, PartnerConfiguration, RoleState, SyncedPerson,
};
use uuid::Uuid;

/// What an administrator did, what the check says then, and how the command ends.
type Fault = (&'static str, &'static str, fn(&mut Directory));

fn settings(directory: &mut Directory) -> &mut PartnerConfiguration {
    directory.cross_tenant_access.partners.get_mut(&PARTNER).expect("the partner is there")
}

fn devices_for_all(directory: &mut Directory) {
    let controls = vec!["compliantDevice".into()];
    directory.conditional_access =
        vec![ConditionalAccessPolicy { controls, ..ConditionalAccessPolicy::mfa_for_all("D") }];
}

fn many_partners(directory: &mut Directory) {
    let partners = (1..=80).map(|number| (Uuid::from_u128(number), PartnerConfiguration::new(&["x.example"])));
    directory.cross_tenant_access.partners.extend(partners);
}

const FAULTS: &[Fault] = &[
    ("invites.setting", "fail", |directory| directory.policy.allow_invites_from = AllowInvitesFrom::None),
    ("invites.setting", "fail", |directory| {
        directory.policy.allow_invites_from = AllowInvitesFrom::AdminsAndGuestInviters;
    }),
    ("access.inbound", "fail", |directory| {
        let blocked = Some(B2bSetting::everybody(AccessType::Blocked));
        directory.cross_tenant_access.default.blocks.b2b_collaboration_inbound = blocked;
    }),
    ("access.cloud", "fail", |directory| directory.cross_tenant_access.allowed_cloud_endpoints.clear()),
    ("access.sync-in", "warn", |directory| *settings(directory) = settings(directory).clone().inbound_sync(true)),
    ("access.redemption", "warn", |directory| {
        *settings(directory) = settings(directory).clone().inbound_redemption(Some(true));
    }),
    ("access.organization", "warn", |directory| {
        directory.permissions.insert("MultiTenantOrganization.ReadBasic.All".into());
        let (display_name, created) = ("Contoso and others".into(), directory.now());
        directory.multi_tenant_organization = Some(MultiTenantOrganization { display_name, created, active: true });
    }),
    ("access.policy-size", "fail", many_partners),
    ("conditional-access.external", "fail", devices_for_all),
    ("conditional-access.external", "warn", |directory| {
        directory.conditional_access = vec![ConditionalAccessPolicy::mfa_for_all("MFA")];
    }),
    ("permissions.needed", "fail", |directory| _ = directory.permissions.remove("User.Invite.All")),
    ("permissions.surplus", "warn", |directory| _ = directory.permissions.insert("Sites.Read.All".into())),
    ("people.held", "warn", |directory| {
        _ = directory.sync_person(SyncedPerson { enabled: false, ..SyncedPerson::new("off@fabrikam.us") });
    }),
    ("people.collisions", "warn", |directory| {
        directory.sync_people(1..=1, "fabrikam.us");
        let mail = Some("person-0001@fabrikam.us".into());
        _ = directory.sync_person(SyncedPerson { mail, ..SyncedPerson::new("twin@fabrikam.us") });
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found_by_its_id_with_something_to_do() {
    for (id, expected, break_it) in FAULTS {
        let world = good(Config::default()).await;
        let before = doctor(&world, &[]).await.json();
        assert!(!results(&before, id).contains(expected), "{id}: {before:#}");
        world.directory(break_it);
        let output = doctor(&world, &[]).await;
        let document = output.json();
        let found = super::of(&document, id).into_iter().find(|check| check["result"] == *expected).cloned();
        let found = found.unwrap_or_else(|| panic!("{id} is not {expected}: {document:#}"));
        assert!(found["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{found:#}");
        // Nobody was invited here yet, so that something is always unknown.
        assert_eq!(output.code, Some(if *expected == "fail" { 1 } else { 4 }), "{id}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_attempts_have_shown_of_the_on_premises_name_is_told() {
    let world = good(Config::default()).await;
    world.directory(|directory| {
        for number in 1..=2 {
            let person = SyncedPerson::new(&format!("refused-{number}@fabrikam.us"));
            directory.sync_person(SyncedPerson { conversion_refused: true, ..person });
        }
    });
    let id = "people.on-premises-name";
    assert_eq!(results(&doctor(&world, &[]).await.exits(4).json(), id), ["unknown"]);
    world.sweep().await;
    let document = doctor(&world, &[]).await.exits(1).json();
    assert_eq!((results(&document, id), people(&document, id).len()), (vec!["fail"], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn external_users_with_roles_and_those_mastered_elsewhere_are_listed() -> Result<()> {
    let world = good(Config::default()).await;
    let converted = world.people(2);
    world.sweep().await;
    let admin = world.guest(9, ExternalUserState::Accepted);
    world.directory(|directory| directory.assign_role(admin, Uuid::from_u128(7), RoleState::Active))?;
    world.directory(|directory| *settings(directory) = settings(directory).clone().inbound_sync(true));
    let document = doctor(&world, &[]).await.exits(4).json();
    assert_eq!((results(&document, "people.roles"), people(&document, "people.roles")), (vec!["warn"], vec![admin]));
    let mut sorted = converted.clone();
    sorted.sort_unstable();
    assert_eq!((results(&document, "people.mastered"), people(&document, "people.mastered")), (vec!["warn"], sorted));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_surroundings_are_judged_where_they_are_seen() -> Result<()> {
    let world = good(Config::default()).await;
    world.people(1);
    world.sweep().await;
    let later = (world.clock.now() + SignedDuration::from_hours(24 * 30)).to_string();
    for (id, variable, value) in [
        ("schedules.invite", "INVITE_SCHEDULE", "every five minutes"),
        ("webhooks.teams", "TEAMS_WEBHOOK_URL", "https://evil.example/?sig=x"),
        ("clock.difference", "USHER_NOW", later.as_str()),
    ] {
        let mut command = command(&world, &[]);
        command.env(variable, value);
        let document = looked(command).await.exits(1).json();
        assert_eq!(results(&document, id), ["fail"], "{document:#}");
    }
    let segment = std::fs::read_dir(world.state().join("journal"))?.next().expect("a segment")?.path();
    std::fs::write(segment, "{\"version\": 1}")?;
    let document = doctor(&world, &[]).await.exits(1).json();
    assert_eq!(results(&document, "state.journal"), ["fail"], "{document:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_knows_of_nobody_although_people_are_there_fails() {
    let world = good(Config::default()).await;
    assert_eq!(results(&doctor(&world, &[]).await.json(), "state.birth"), ["pass"]);
    world.guest(1, ExternalUserState::Accepted);
    assert_eq!(results(&doctor(&world, &[]).await.exits(1).json(), "state.birth"), ["fail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_of_this_tenant_and_a_missing_licence_fail() {
    let rest = "[partner.inactive]\ndisable_after_days = 90".into();
    let config = Config { rest, ..Config::default() };
    let world = World::with(usher_simulator::cloud::Cloud::Global, config, |options| {
        options.verified_domains.push("fabrikam.us".into());
        (options.p1, options.p2) = (false, false);
    })
    .await;
    let document = doctor(&world, &[]).await.exits(1).json();
    assert_eq!(results(&document, "people.domains"), ["fail"]);
    assert_eq!(results(&document, "licence.sign-in-data"), ["fail"]);
}
