//! Who there is: people, administrators and Entra Connect, who go by their scripts, each deed as soon as it can be.
//!
//! Responsible for: doing it in the directory and telling the witness what is really so. Not responsible for: usher.

use crate::breakage::Breakage;
use crate::history::{Deed, History, Person};
use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use usher_shared::people::request::Wish;
use usher_shared::provision::Asked;
use usher_shared::provision::desk::RequestId;
use usher_simulator::tenant::{Actor, Directory, ExternalUserState, OnPremises, RoleState, SyncedPerson, User};
use uuid::Uuid;

/// Some directory role.
const ROLE: Uuid = Uuid::from_u128(7);

/// Everybody.
pub(crate) struct Cast {
    began: Timestamp,
    by_group: bool,
    pub(crate) players: Vec<Player>,
}

/// Somebody on the stage.
pub(crate) struct Player {
    pub(crate) person: Person,
    /// How much of the script is done.
    pub(crate) done: usize,
    /// The object, once there is one.
    pub(crate) id: Option<Uuid>,
    /// How often the directory was looked at for them.
    looks: u32,
}

/// The attribute that usher keeps.
pub(crate) fn company(user: &User) -> Option<&str> {
    user.attributes.get("companyName").map(String::as_str)
}

impl Player {
    /// The address.
    pub(crate) fn address(&self) -> String {
        format!("person-{:04}@fabrikam.us", self.person.number)
    }

    /// What was done so far.
    pub(crate) fn did(&self, deed: Deed) -> bool {
        self.person.script.iter().take(self.done).any(|(_, done)| *done == deed)
    }

    /// What comes next.
    pub(crate) fn next(&self) -> Option<(u32, Deed)> {
        self.person.script.get(self.done).copied()
    }
}

impl Cast {
    /// Everybody before the history begins. One is always there, so that a snapshot is believed.
    pub(crate) fn new(history: &History, world: &World) -> Self {
        let anchor = Person { number: 0, stays_synced: false, script: vec![(0, Deed::Arrives), (0, Deed::Redeems)] };
        let people = std::iter::once(anchor).chain(history.people.iter().cloned());
        let players = people.map(|person| Player { person, done: 0, id: None, looks: 0 }).collect();
        Self { began: world.now(), by_group: history.setup.by_group, players }
    }

    /// Everybody does what they can do by now.
    pub(crate) async fn act(&mut self, world: &mut World) {
        let (began, by_group) = (self.began, self.by_group);
        for player in &mut self.players {
            player.look(world);
            while let Some((hour, deed)) = player.next() {
                let due = world.now() >= began + SignedDuration::from_hours(hour.into());
                if !due || !player.can(world, deed) || !player.does(world, deed, by_group).await {
                    break;
                }
                player.done += 1;
                world.weather.tell(|| (world.now(), format!("person {} {deed:?}", player.person.number)));
            }
        }
    }
}

impl Player {
    /// Finds the object that an invitation made, and lets Entra Connect let go of a converted account. So that usher's
    /// next reading may show both at once, nothing waits for anything here.
    fn look(&mut self, world: &World) {
        let address = self.address();
        let Person { number, stays_synced, .. } = self.person;
        let loses_members = world.breakage == Some(Breakage::GroupsLoseMembers);
        let is_disabled = world.breakage == Some(Breakage::SomebodyDisables);
        self.looks += 1;
        // Every other time, so that usher sees in between what it wrote, and by turns.
        let is_overwritten =
            world.breakage == Some(Breakage::SomebodyOverwrites) && (self.looks + number).is_multiple_of(2);
        self.id = world
            .tenant
            .with_directory(|directory| {
                let id = self.id.or_else(|| directory.find(&address).map(|user| user.id))?;
                let user = directory.user(id)?.clone();
                let is_external = user.external_user_state.is_some();
                if is_external && !stays_synced && user.on_premises.sync_enabled.is_some() {
                    directory
                        .acting_as(Actor::EntraConnect, |directory| {
                            directory.update_user(id, |user| user.on_premises = OnPremises::default())
                        })
                        .expect("the user is there");
                }
                if loses_members && number == 1 && company(&user) == Some("Fabrikam") {
                    directory.remove_member(world.groups.scope, id).expect("the group is there");
                }
                if is_external && is_overwritten {
                    let overwrite = |user: &mut User| _ = user.attributes.insert("companyName", "Elsewhere".to_owned());
                    directory.update_user(id, overwrite).expect("the user is there");
                }
                if is_external && is_disabled {
                    directory.set_enabled(id, false).expect("the user is there");
                }
                Some(id)
            })
            .or(self.id);
        if let Some(id) = self.id.filter(|_| self.did(Deed::IsAskedFor)) {
            world.witness.knows(id, |truth| truth.asked_for = true);
        }
    }

    /// Whether what the deed presupposes has happened.
    fn can(&self, world: &World, deed: Deed) -> bool {
        let is = |wanted: &dyn Fn(&Directory, &User) -> bool| {
            world.tenant.with_directory(|directory| {
                self.id.and_then(|id| directory.user(id)).is_some_and(|user| wanted(directory, user))
            })
        };
        let accepted = |user: &User| user.external_user_state == Some(ExternalUserState::Accepted);
        let groups = world.groups;
        let is_complete = |directory: &Directory, user: &User| {
            let joined = directory.group(groups.joined).is_some_and(|group| group.members.contains(&user.id));
            let kept = user.on_premises.sync_enabled.is_some() || company(user) == Some("Fabrikam");
            accepted(user) && user.account_enabled && joined && kept && user.sponsors.contains(&groups.sponsor)
        };
        match deed {
            Deed::Arrives | Deed::IsAskedFor | Deed::LosesRole => true,
            Deed::Redeems => is(&|_, user| {
                user.external_user_state == Some(ExternalUserState::PendingAcceptance) && user.account_enabled
            }),
            // Whoever asks goes on asking until there is an answer.
            Deed::IsToBeRetired if self.id.is_some_and(|id| world.witness.truth(id).retired) => true,
            // Whatever usher does for newcomers is done by then; how much of it was would stay visible.
            Deed::LeavesScope | Deed::IsToBeRetired if self.did(Deed::Redeems) => is(&is_complete),
            Deed::LeavesScope | Deed::IsToBeRetired | Deed::IsDeleted => {
                is(&|_, user| user.external_user_state.is_some())
            }
            Deed::ComesBack => is(&|_, _| true),
            Deed::GetsRole => is(&|_, user| accepted(user)),
            Deed::Drifts | Deed::IsBlocked => is(&is_complete),
        }
    }

    /// Does it; `false` if it was not done, and is to be tried again.
    async fn does(&mut self, world: &mut World, deed: Deed, by_group: bool) -> bool {
        let now = world.now();
        match deed {
            Deed::Arrives => {
                let scope = world.groups.scope;
                let address = self.address();
                let id = world.tenant.with_directory(|directory| {
                    let id = directory.sync_person(SyncedPerson::new(&address));
                    directory.add_member(scope, id).expect("the group is there");
                    id
                });
                self.id = Some(id);
                world.witness.knows(id, |truth| (truth.in_group, truth.since) = (true, now));
                return true;
            }
            Deed::IsAskedFor => return self.is_asked(world, Wish::Provision).await,
            Deed::IsToBeRetired => {
                let id = self.id.expect("somebody to retire");
                world.witness.knows(id, |truth| truth.retired = true);
                return self.is_asked(world, Wish::Retire).await;
            }
            _ => {}
        }
        let id = self.id.expect("somebody to whom it is done");
        let scope = world.groups.scope;
        let result = world.tenant.with_directory(|directory| match deed {
            Deed::Redeems => directory.redeem(id),
            Deed::LeavesScope => directory.remove_member(scope, id),
            Deed::ComesBack => directory.add_member(scope, id),
            Deed::Drifts => {
                directory.update_user(id, |user| _ = user.attributes.insert("companyName", "Elsewhere".to_owned()))
            }
            Deed::GetsRole => directory.assign_role(id, ROLE, RoleState::Active),
            Deed::LosesRole => {
                directory.remove_roles(id);
                Ok(())
            }
            Deed::IsBlocked => directory.set_enabled(id, false),
            Deed::IsDeleted => directory.delete_user(id),
            Deed::Arrives | Deed::IsAskedFor | Deed::IsToBeRetired => Ok(()),
        });
        result.expect("it can be done");
        if by_group && matches!(deed, Deed::LeavesScope | Deed::ComesBack) {
            world.witness.knows(id, |truth| (truth.in_group, truth.since) = (deed == Deed::ComesBack, now));
        }
        true
    }

    /// Somebody asks usher, with the same key until there is a last word.
    async fn is_asked(&mut self, world: &mut World, wish: Wish) -> bool {
        let whom = [self.address()];
        let asked = Asked::of(world.config(), None, &whom, wish, false).expect("it can be asked");
        let number = self.person.number.to_string();
        let id = RequestId::of_key(&["faults", &number, &format!("{wish:?}")]);
        let answered = world.ask(&id, &asked).await;
        self.look(world);
        answered
    }
}
