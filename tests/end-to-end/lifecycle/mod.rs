//! External users whom usher looks after, from the invitation on.
//!
//! - [`mails`]: invitations sent again until they are redeemed or expire, and a redemption that begins anew.
//! - [`carried`]: what is carried over to people: properties, sponsors, groups.
//! - [`adopted`]: people whom others invited.
//! - [`handover`]: people who go over to Microsoft's cross-tenant synchronization.
//!
//! Not here: who leaves or comes back (`leaving`), and what a person has to approve (`held`).

mod adopted;
mod carried;
mod handover;
mod mails;

use crate::support::{Config, World, sorted};
use anyhow::Result;
use usher_simulator::tenant::{ExternalUserState, PartnerConfiguration};
use uuid::Uuid;

/// The partner's tenant.
const HOME: Uuid = Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222);
/// A directory role; which one does not matter.
const ROLE: Uuid = Uuid::from_u128(0xfe93_0be7);
/// The states of invitations.
const PENDING: ExternalUserState = ExternalUserState::PendingAcceptance;
const ACCEPTED: ExternalUserState = ExternalUserState::Accepted;

/// A world in which days are counted by the test and not by how long its processes take.
async fn world(config: Config) -> World {
    let world = World::new(config).await;
    world.clock.set_speed(50.0);
    world
}

/// A world with so many people invited now, and further sections of the partner's configuration.
async fn invited(count: u32, rest: &str) -> (World, Vec<Uuid>) {
    let world = world(Config { rest: rest.into(), ..Config::default() }).await;
    let ids = world.people(count);
    assert_eq!(world.sweep().await.done("convert"), sorted(&ids));
    (world, ids)
}

/// A world that looks after guests whom others invited.
async fn adopted(count: u32, state: ExternalUserState, rest: &str) -> (World, Vec<Uuid>) {
    let config = Config { scope: "adopt = \"follow\"".into(), rest: rest.into(), ..Config::default() };
    let world = world(config).await;
    world.sweep().await;
    let guests: Vec<_> = (1..=count).map(|number| world.guest(number, state)).collect();
    assert_eq!(world.sweep().await.untouched("adopted"), u64::from(count));
    (world, guests)
}

fn redeem(world: &World, people: &[Uuid]) -> Result<()> {
    world.directory(|directory| people.iter().try_for_each(|id| directory.redeem(*id)))
}

/// Settings for the partner in this tenant's cross-tenant access.
fn cross_tenant(world: &World, settings: PartnerConfiguration) {
    world.directory(|directory| directory.cross_tenant_access.partners.insert(HOME, settings));
}

/// Values of a guest who was invited by others.
const ATTRIBUTES: &str =
    "[partner.attributes]\ncompanyName = \"Fabrikam\"\ndepartment = \"\"\nusageLocation = \"US\"\n";
