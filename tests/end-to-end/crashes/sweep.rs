//! A sweep that has work of every kind to do is killed. Afterwards usher is run as at any other time, until nothing is due:
//! then the directory is as if nothing had happened, and nobody got a mail more than once for one step.

use super::{LAG, at_every_step, killed};
use crate::support::process::CONTAINER;
use crate::support::{Config, Swept, World, sorted};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use usher_simulator::storage::Storage;
use usher_simulator::tenant::{Group, OnPremises, User};
use uuid::Uuid;

/// What the sweep does; each of these people is the one to whom it does it.
const WORK: [&str; 9] =
    ["delete", "enable", "remove-from-group", "disable", "update", "resend", "add-to-group", "set-sponsor", "convert"];

/// Everything just before the sweep, to begin from any number of times.
struct Before {
    config: Config,
    now: Timestamp,
    users: Vec<User>,
    groups: Vec<Group>,
    state: Vec<(String, Vec<u8>)>,
    people: BTreeMap<&'static str, Uuid>,
}

/// What there is in the end, times and tickets apart.
#[derive(Debug, PartialEq)]
struct After {
    users: BTreeMap<Uuid, (User, bool)>,
    groups: Vec<Group>,
}

async fn world(config: Config) -> (World, Storage) {
    let (world, storage) = World::new(config).await.in_storage().await;
    // So slow that the lag does not pass while processes start.
    world.clock.set_speed(50.0);
    (world, storage)
}

/// Sweeps until there is nothing to do.
async fn until_quiet(world: &World) {
    for _ in 0..5 {
        if world.sweep().await.actions().is_empty() {
            return;
        }
    }
    panic!("there is always something to do");
}

/// A scope by a group, one group to join and one sponsor; people are brought to where their step is due.
async fn before() -> Result<Before> {
    let (mut world, storage) = world(Config::default()).await;
    let [scope, joined] = world.directory(|directory| ["scope", "joined"].map(|name| directory.create_group(name)));
    let sponsor = world.directory(|directory| directory.create_colleague("sponsor"));
    let config = Config {
        scope: format!("groups = [\"{scope}\"]"),
        limits: "waves = []\npercent = 100".into(),
        rest: format!(
            "[partner.invite]\ngroups = [\"{joined}\"]\nsponsors = [\"{sponsor}\"]\nresend_after_days = [7]\n\
             [partner.attributes]\ncompanyName = \"Fabrikam\""
        ),
        ..Config::default()
    };
    world.configure(|now| *now = config.clone());
    let mut people = BTreeMap::new();
    let mut arrive = |world: &World, names: &[&'static str]| {
        for name in names {
            let number = 1 + people.len() as u32;
            let person = world.directory(|directory| directory.sync_people(number..=number, "fabrikam.us")[0]);
            world.directory(|directory| directory.add_member(scope, person)).expect("the group is there");
            people.insert(*name, person);
        }
        people.clone()
    };
    // Entra Connect lets go of people once they are converted, so that all of their life is usher's affair.
    let let_go = |people: &[Uuid]| {
        world.directory(|directory| {
            people.iter().try_for_each(|id| directory.update_user(*id, |user| user.on_premises = OnPremises::default()))
        })
    };
    let redeem = |people: &[Uuid]| world.directory(|directory| people.iter().try_for_each(|id| directory.redeem(*id)));
    let leave = |id: Uuid| world.directory(|directory| directory.remove_member(scope, id));

    let first = arrive(&world, &["delete", "enable", "remove-from-group", "disable", "update"]);
    let everybody: Vec<_> = first.values().copied().collect();
    assert_eq!(world.sweep().await.done("convert"), sorted(&everybody));
    let_go(&everybody)?;
    redeem(&everybody)?;
    world.pass_days(1);
    until_quiet(&world).await;
    for name in ["delete", "enable"] {
        leave(first[name])?;
    }
    world.sweep().await.is_quiet();
    assert_eq!(world.sweep_after(7).await.done("disable").len(), 2);
    assert_eq!(world.sweep().await.done("remove-from-group").len(), 2);
    leave(first["remove-from-group"])?;
    world.sweep_after(22).await.is_quiet();
    leave(first["disable"])?;
    let second = arrive(&world, &["resend", "add-to-group"]);
    let invited = [second["resend"], second["add-to-group"]];
    assert_eq!(world.sweep_after(1).await.done("convert"), sorted(&invited));
    let_go(&invited)?;
    until_quiet(&world).await;
    let third = arrive(&world, &["set-sponsor"]);
    let swept = world.sweep_after(6).await;
    assert_eq!(swept.done("disable"), [first["remove-from-group"]], "{swept:#?}");
    assert_eq!(swept.done("convert"), [third["set-sponsor"]]);
    world.pass_days(1);
    let people = arrive(&world, &["convert"]);
    redeem(&[people["add-to-group"]])?;
    world.directory(|directory| {
        directory.add_member(scope, people["enable"])?;
        directory.update_user(people["update"], |user| _ = user.attributes.insert("companyName", "Other".into()))
    })?;
    let users = world.directory(|directory| directory.users().cloned().collect());
    let groups = world.directory(|directory| [scope, joined].map(|id| directory.group(id).cloned().expect("a group")));
    let names = storage.names(CONTAINER);
    let state = names.into_iter().filter_map(|name| Some((name.clone(), storage.read(CONTAINER, &name)?))).collect();
    Ok(Before { config, now: world.clock.now(), users, groups: groups.into(), state, people })
}

impl Before {
    /// A world in which all this is so.
    async fn again(&self) -> (World, Storage) {
        let (world, storage) = world(self.config.clone()).await;
        world.clock.set(self.now);
        world.directory(|directory| {
            self.users.iter().for_each(|user| directory.insert_user(user.clone()));
            self.groups.iter().for_each(|group| directory.insert_group(group.clone()));
            directory.lag = LAG;
        });
        self.state.iter().for_each(|(name, bytes)| storage.write(CONTAINER, name, bytes.clone()));
        (world, storage)
    }

    /// The sweep, killed at the `nth` step, and everything after it; how many steps the sweep had.
    async fn killed_at(&self, nth: usize) -> (usize, After) {
        let (world, storage) = self.again().await;
        let steps = killed(&world, &storage, nth, &["apply", "--json"]).await;
        let mut was_quiet = false;
        for minutes in [0, 11, 11, 11, 11, 11, 11, 11] {
            // The lease of a dead process runs out.
            storage.forget_leases();
            world.clock.advance(SignedDuration::from_mins(minutes));
            let output = world.usher(&["apply", "--json"]).await;
            assert!(matches!(output.code, Some(0 | 4)), "killed at step {nth}: {output:?}");
            let swept = Swept(output.json()["partners"][0].take());
            let open = swept.untouched("unconfirmed") + swept.untouched("not-shown-yet");
            was_quiet = swept.actions().is_empty() && open == 0;
            if was_quiet {
                break;
            }
        }
        assert!(was_quiet, "killed at step {nth}: something is always due");
        world.usher(&["status", "--verify"]).await.exits(0);
        assert!(storage.violations().is_empty(), "killed at step {nth}: {:?}", storage.violations());
        for (step, person) in &self.people {
            let mails = world.mails_of(&[*person])[0];
            match *step {
                "convert" => assert_eq!(mails, 1, "killed at step {nth}"),
                // It leaves no trace, so it counts as sent from its intent on.
                "resend" => assert!(mails <= 1, "killed at step {nth}: {mails} mails"),
                _ => assert_eq!(mails, 0, "killed at step {nth}: {step}"),
            }
        }
        let after = self.after(&world);
        if nth <= steps {
            // The undisturbed run is held against the schema; it asks for the same.
            world.tenant.clear_exchanges();
        }
        (steps, after)
    }

    fn after(&self, world: &World) -> After {
        let timeless =
            |user: &User| User { external_user_state_changed: None, deleted: None, ticket: None, ..user.clone() };
        world.directory(|directory| {
            let there = |id| directory.user(id).or_else(|| directory.deleted_user(id)).map(timeless);
            let ids = self.users.iter().map(|user| user.id);
            let users = ids.filter_map(|id| Some((id, (there(id)?, directory.deleted_user(id).is_some()))));
            let groups = self.groups.iter().filter_map(|group| directory.group(group.id).cloned());
            After { users: users.collect(), groups: groups.collect() }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_with_work_of_every_kind_that_is_killed_at_any_step_ends_as_if_nothing_had_happened() -> Result<()> {
    let before = Arc::new(before().await?);
    let (world, _storage) = before.again().await;
    let swept = world.sweep().await;
    for step in WORK {
        assert_eq!(swept.done(step), [before.people[step]], "{step}: {swept:#?}");
    }
    assert_eq!(swept.actions().len(), WORK.len(), "{swept:#?}");
    let (steps, undisturbed) = before.killed_at(usize::MAX).await;
    assert!(steps > 100, "{steps} steps are too few");
    let undisturbed = Arc::new(undisturbed);
    at_every_step(steps, |nth| {
        let (before, undisturbed) = (Arc::clone(&before), Arc::clone(&undisturbed));
        async move { assert_eq!(before.killed_at(nth).await.1, *undisturbed, "killed at step {nth}") }
    })
    .await
}
