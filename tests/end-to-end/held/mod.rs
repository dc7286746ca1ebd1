//! What a person has to approve. Everything else goes on meanwhile; what was approved is carried out as it was shown,
//! or not at all.
//!
//! - [`ceilings`]: more disables or deletions than the limits allow, too few people, and what adds.
//! - [`changed`]: what follows first from another scope, other values, or a partner that is gone.
//! - [`approval`]: who approves, for how long, and what is then carried out. [`over_http`]: the same over HTTP.
//!
//! Not here: who is taken away at all (`leaving`).

mod approval;
mod ceilings;
mod changed;
mod over_http;

use crate::support::{Config, Output, Swept, World, run, sorted};
use anyhow::Result;
use serde_json::Value;
use usher_simulator::tenant::OnPremises;
use uuid::Uuid;

/// Of all these people nobody.
const NOBODY: &[Uuid] = &[];

/// A partner whose scope is a group, with twelve people who redeemed and whom Entra Connect does not master any more.
struct Partner {
    world: World,
    group: Uuid,
    people: Vec<Uuid>,
    approver: Uuid,
}

impl Partner {
    async fn new(limits: &str) -> Result<Self> {
        let limits = format!("waves = []\n{limits}");
        let mut world = World::new(Config { limits, ..Config::default() }).await;
        world.clock.set_speed(50.0);
        let group = world.directory(|directory| directory.create_group("scope"));
        world.configure(|config| config.scope = format!("groups = [\"{group}\"]"));
        let approver = world.directory(|directory| directory.create_colleague("approver"));
        let people = world.people(12);
        world.directory(|directory| people.iter().try_for_each(|id| directory.add_member(group, *id)))?;
        assert_eq!(world.sweep().await.done("convert"), sorted(&people));
        world.directory(|directory| {
            people.iter().try_for_each(|id| {
                directory.redeem(*id)?;
                directory.update_user(*id, |user| user.on_premises = OnPremises::default())
            })
        })?;
        world.sweep().await.is_quiet();
        Ok(Self { world, group, people, approver })
    }

    /// These people leave, and the days of grace go by up to the sweep that would disable them.
    async fn gone(&self, people: &[Uuid]) -> Result<()> {
        self.world.directory(|directory| people.iter().try_for_each(|id| directory.remove_member(self.group, *id)))?;
        assert_eq!(self.world.sweep().await.untouched("leaving"), people.len() as u64);
        self.world.pass_days(8);
        Ok(())
    }

    /// Somebody signed in approves.
    async fn approve(&self, plan: &str, arguments: &[&str]) -> Output {
        let arguments = [&["approve", plan, "--json"], arguments].concat();
        run(self.world.command_of(self.approver, &arguments)).await
    }

    /// Somebody signed in approves, and it is carried out.
    async fn approve_and_apply(&self, plan: &str) -> Swept {
        let mut answer = self.approve(plan, &["--apply"]).await.json();
        assert_eq!(answer["plan"], plan, "{answer:#}");
        assert_eq!(answer["approved_by"], self.approver.to_string());
        Swept(answer["report"]["partners"][0].take())
    }

    fn disabled(&self) -> Vec<Uuid> {
        let enabled = self.world.enabled(&self.people);
        sorted(
            &self
                .people
                .iter()
                .zip(enabled)
                .filter(|(_, one)| *one == Some(false))
                .map(|(id, _)| *id)
                .collect::<Vec<_>>(),
        )
    }

    async fn status(&self) -> Value {
        self.world.json(&["status"]).await["partners"][0].take()
    }
}
