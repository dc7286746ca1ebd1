//! People who leave the scope, do not redeem, or do not sign in any more: who is disabled and deleted, after which
//! days, who is given back what was taken, and that nothing is taken on missing evidence or against what people
//! decided.
//!
//! - [`scope`]: out of scope: days of grace, disable, delete, and coming back.
//! - [`causes`]: other ways to be taken away: not signing in, not redeeming; and whom usher looks after only in part.
//! - [`people`]: what people, applications and Entra Connect decided, and how that is forgotten.
//! - [`protection`]: who is never touched, and what others own.
//! - [`evidence`]: what is missing, cut short or lost.
//!
//! Not here: what a person has to approve (`held`).

mod causes;
mod evidence;
mod people;
mod protection;
mod scope;

use crate::support::{Config, Swept, World, sorted};
use anyhow::Result;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::OnPremises;
use uuid::Uuid;

/// The partner's tenant.
const HOME: Uuid = Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222);
/// A directory role; which one does not matter.
const ROLE: Uuid = Uuid::from_u128(0xfe93_0be7);
/// A licence; which one does not matter.
const LICENCE: Uuid = Uuid::from_u128(0x0511_ce0c);
/// Nothing is held: tests that are about that are elsewhere.
const LIMITS: &str = "waves = []\npercent = 100\ndisables = 1000\ndeletes = 1000";

/// A partner whose scope is a group, with people who redeemed.
struct Partner {
    world: World,
    group: Uuid,
    people: Vec<Uuid>,
}

impl Partner {
    /// Ten people, of whom Entra Connect masters all but the first `loose`; with further sections of the configuration.
    async fn new(loose: usize, rest: &str) -> Result<Self> {
        let config = Config { limits: LIMITS.into(), rest: rest.into(), ..Config::default() };
        let mut world = World::with(Cloud::Global, config, |options| options.fullest_page = Some(4)).await;
        world.clock.set_speed(50.0);
        let group = world.directory(|directory| directory.create_group("scope"));
        world.configure(|config| config.scope = format!("groups = [\"{group}\"]"));
        let people = world.people(10);
        world.directory(|directory| people.iter().try_for_each(|id| directory.add_member(group, *id)))?;
        assert_eq!(world.sweep().await.done("convert"), sorted(&people));
        world.directory(|directory| people.iter().try_for_each(|id| directory.redeem(*id)))?;
        world.directory(|directory| {
            let mut loose = people.iter().take(loose);
            loose.try_for_each(|id| directory.update_user(*id, |user| user.on_premises = OnPremises::default()))
        })?;
        world.sweep().await;
        Ok(Self { world, group, people })
    }

    fn leave(&self, people: &[Uuid]) -> Result<()> {
        self.world.directory(|directory| people.iter().try_for_each(|id| directory.remove_member(self.group, *id)))
    }

    fn come_back(&self, people: &[Uuid]) -> Result<()> {
        self.world.directory(|directory| people.iter().try_for_each(|id| directory.add_member(self.group, *id)))
    }

    /// These people leave, and usher disables them when it is time.
    async fn disabled(&self, people: &[Uuid]) -> Result<()> {
        self.leave(people)?;
        assert_eq!(self.world.sweep().await.untouched("leaving"), people.len() as u64);
        assert_eq!(self.world.sweep_after(7).await.done("disable"), sorted(people));
        self.world.sweep().await.is_quiet();
        Ok(())
    }

    /// These people leave, and usher deletes them when it is time.
    async fn deleted(&self, people: &[Uuid]) -> Result<()> {
        self.disabled(people).await?;
        assert_eq!(self.world.sweep_after(30).await.done("delete"), sorted(people));
        self.world.sweep().await.is_quiet();
        Ok(())
    }

    /// Sweeps now and after some days more, each of which leaves everybody alone; the last of them.
    async fn nothing_happens(&self, days: &[i64]) -> Swept {
        let mut last = self.world.sweep().await;
        last.is_quiet();
        for days in days {
            last = self.world.sweep_after(*days).await;
            last.is_quiet();
        }
        last
    }

    async fn explained(&self, person: Uuid, state: &str, decision: &str) {
        assert_eq!(self.world.explained(person).await, (state.into(), decision.into()));
    }
}
