//! Who signs in by text message: found within Graph's rate, and switched off only where that locks nobody out.

use super::{doctor, looked, of, people, results};
use crate::setup::certificate;
use crate::support::{Config, World, sorted};
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::process::Command;
use usher_simulator::tenant::{
    AuthenticationMethods, Directory, Limits, OtherMethod, PhoneMethod, PhoneType, SmsPolicy, SmsSignInState,
    TenantSize,
};
use uuid::Uuid;

const CLIENT: Uuid = Uuid::from_u128(0xd0c);
const READS: &[&str] = &[
    "Policy.Read.All",
    "MultiTenantOrganization.ReadBasic.All",
    "Policy.Read.AuthenticationMethod",
    "AuditLog.Read.All",
    "UserAuthMethod-Phone.Read.All",
];
const WRITES: &[&str] = &["UserAuthMethod-Phone.ReadWrite.All", "UserAuthenticationMethod.Read.All"];

/// A home tenant that pushes a group's people to a partner.
pub(super) struct Home {
    pub(super) world: World,
    /// In the group and ready, with a password or a key besides the phone.
    pub(super) ready: Vec<Uuid>,
    /// In the group and ready, with nothing else.
    pub(super) phone_only: Uuid,
}

impl Home {
    pub(super) async fn new() -> Result<Self> {
        let mut world = super::good(Config::default()).await;
        let (group, ready, phone_only) = world.directory(|directory| -> Result<_> {
            let group = directory.create_group("Pushed");
            let nested = directory.create_group("Nested");
            let mut number = 0;
            let mut person = |directory: &mut Directory,
                              state: Option<SmsSignInState>,
                              others: &[OtherMethod],
                              member| {
                number += 1;
                let id = directory.create_colleague(&format!("colleague-{number}"));
                let mobile = |state| PhoneMethod::new(PhoneType::Mobile, &format!("+1 20655501{number:02}")).sms(state);
                let methods =
                    AuthenticationMethods { phones: state.map(mobile).into_iter().collect(), others: others.to_vec() };
                directory.authentication_methods.insert(id, methods);
                directory.add_member(if member { group } else { nested }, id)?;
                Ok::<_, anyhow::Error>(id)
            };
            let password = &[OtherMethod::Password];
            let ready = Some(SmsSignInState::Ready);
            let mut found = vec![
                person(directory, ready, password, true)?,
                person(directory, ready, &[OtherMethod::Fido2("key".into())], true)?,
            ];
            let phone_only = person(directory, ready, &[OtherMethod::Email("x@example.com".into())], true)?;
            for state in
                [SmsSignInState::NotEnabled, SmsSignInState::NotAllowedByPolicy, SmsSignInState::PhoneNumberNotUnique]
            {
                person(directory, Some(state), password, true)?;
            }
            // No mobile phone; and ready, but in a nested group, which is not synchronized.
            person(directory, None, password, true)?;
            person(directory, ready, password, false)?;
            for _ in 0..6 {
                person(directory, Some(SmsSignInState::NotEnabled), password, true)?;
            }
            found.push(person(directory, ready, password, true)?);
            directory.add_member(group, nested)?;
            Ok((group, found, phone_only))
        })?;
        world.configure(|config| {
            config.rest =
                format!("[partner.sync]\ngroups = [\"{group}\"]\nwatch = false\n[setup]\nclient_id = \"{CLIENT}\"");
        });
        Ok(Self { world, ready, phone_only })
    }

    /// The command of an application that signs in by its certificate, with these permissions.
    pub(super) fn command(&self, permissions: &[&[&str]], arguments: &[&str]) -> Result<Command> {
        let (pem, public) = certificate();
        self.world
            .directory(|directory| directory.register_certificate_client(CLIENT, public, &permissions.concat()))?;
        let file = self.world.app().join("certificate.pem");
        std::fs::write(&file, pem)?;
        let mut command = super::command(&self.world, arguments);
        command.env("AZURE_CLIENT_CERTIFICATE_PATH", file);
        Ok(command)
    }

    /// What everybody has registered.
    pub(super) fn methods(&self) -> BTreeMap<Uuid, AuthenticationMethods> {
        self.world.directory(|directory| directory.authentication_methods.clone())
    }

    /// The same, with these people's text messages switched off and nothing else changed.
    pub(super) fn switched_off(&self, people: &[Uuid]) -> BTreeMap<Uuid, AuthenticationMethods> {
        let mut methods = self.methods();
        for (_, methods) in methods.iter_mut().filter(|(person, _)| people.contains(person)) {
            methods.phones[0].sms_sign_in = SmsSignInState::NotEnabled;
        }
        methods
    }

    fn all_ready(&self) -> Vec<Uuid> {
        sorted(&[&self.ready[..], &[self.phone_only]].concat())
    }
}

fn outcomes(document: &Value) -> Vec<&str> {
    let changes = document["changes"].as_array().expect("changes");
    let mut all: Vec<_> = changes.iter().filter_map(|change| change["outcome"].as_str()).collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_those_who_are_ready_are_found_and_graph_never_has_to_refuse() -> Result<()> {
    let home = Home::new().await?;
    home.world.tenant.limit(Some(Limits::published(TenantSize::Small)));
    let document = looked(home.command(&[READS], &[])?).await.exits(1).json();
    assert_eq!((results(&document, "sms.sign-in"), people(&document, "sms.sign-in")), (vec!["fail"], home.all_ready()));
    assert_eq!(results(&document, "sms.policy"), ["warn"]);
    assert_eq!(home.world.tenant.throttled(), 0);
    let asked = home.world.tenant.exchanges();
    let phones = asked.iter().filter(|one| one.path.ends_with("/phoneMethods")).count();
    assert_eq!(phones, 13, "nobody without a mobile phone, or outside of the group, is asked about");
    // A policy that lets nobody in any more does not hide those who are.
    home.world.directory(|directory| directory.sms = SmsPolicy { enabled: false, targets: Vec::new() });
    let document = looked(home.command(&[READS], &[])?).await.exits(1).json();
    assert_eq!((results(&document, "sms.policy"), results(&document, "sms.sign-in")), (vec!["pass"], vec!["fail"]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_of_them_is_unknown() -> Result<()> {
    let home = Home::new().await?;
    for missing in ["AuditLog.Read.All", "UserAuthMethod-Phone.Read.All"] {
        let permissions: Vec<_> = READS.iter().copied().filter(|name| *name != missing).collect();
        let document = looked(home.command(&[&permissions], &[])?).await.exits(4).json();
        assert_eq!(results(&document, "sms.sign-in"), ["unknown"], "{missing}: {document:#}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_changed_before_somebody_agrees_and_in_plan_mode_never() -> Result<()> {
    let mut home = Home::new().await?;
    let before = home.methods();
    let document = looked(home.command(&[READS, WRITES], &["--fix"])?).await.exits(3).json();
    assert_eq!(outcomes(&document), ["planned"; 4]);
    home.world.configure(|config| config.mode = "plan");
    looked(home.command(&[READS, WRITES], &["--fix", "--yes"])?).await.exits(3);
    let mut typed = home.world.command(&["doctor", "--yes"]);
    typed.env_remove("IDENTITY_ENDPOINT");
    assert_eq!(looked(typed).await.code, Some(2), "--yes is for --fix");
    assert_eq!((home.methods(), home.world.writes()), (before, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_with_another_way_are_switched_and_numbers_stay() -> Result<()> {
    let home = Home::new().await?;
    home.world.tenant.limit(Some(Limits::published(TenantSize::Small)));
    let expected = home.switched_off(&home.ready);
    let document = looked(home.command(&[READS, WRITES], &["--fix", "--yes"])?).await.exits(4).json();
    assert_eq!(home.methods(), expected);
    assert_eq!(outcomes(&document), ["done", "done", "done", "planned"]);
    assert_eq!(people(&document, "sms.sign-in"), [home.phone_only], "who is left");
    let undo: Vec<Uuid> = serde_json::from_value::<Vec<Value>>(document["undo"].clone())?
        .iter()
        .filter_map(|one| one["person"].as_str()?.parse().ok())
        .collect();
    assert_eq!(sorted(&undo), sorted(&home.ready));
    assert_eq!((home.world.writes(), home.world.tenant.throttled()), (3, 0));
    looked(home.command(&[READS, WRITES], &["--fix", "--yes"])?).await.exits(3);
    assert_eq!((home.methods(), home.world.writes()), (expected, 3), "a second time changes nothing");
    let document = looked(home.command(&[READS], &[])?).await.exits(1).json();
    assert_eq!(people(&document, "sms.sign-in"), [home.phone_only]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_synchronized_nothing_of_it_is_asked() {
    let world = super::good(Config::default()).await;
    let document = doctor(&world, &["--fix", "--yes"]).await.exits(4).json();
    assert_eq!(of(&document, "sms.sign-in")[0]["result"], "not-applicable");
    let asked = world.tenant.exchanges();
    assert!(asked.iter().all(|one| !one.path.contains("uthentication")), "{asked:?}");
}
