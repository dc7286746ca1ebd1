//! Who could be handed over to Microsoft's cross-tenant synchronization, and what follows once somebody says whose they are.

use super::{ACCEPTED, ATTRIBUTES, adopted, cross_tenant};
use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use usher_simulator::tenant::{ExternalUserState, PartnerConfiguration, User};

/// Whether each person can go, by object id.
fn ready(told: &Value) -> BTreeMap<&str, &str> {
    let people = told["partners"][0]["people"].as_array().into_iter().flatten();
    people.filter_map(|one| Some((one["id"].as_str()?, one["ready"].as_str()?))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_person_by_person_who_can_go_and_why_the_others_cannot() -> Result<()> {
    let (world, guests) = adopted(1, ACCEPTED, "").await;
    let pending = world.guest(40, ExternalUserState::PendingAcceptance);
    let synced = world.directory(|directory| directory.sync_people(50..=50, "fabrikam.us"))[0];
    let told = world.usher(&["sync", "readiness", "--json"]).await.exits(4).json();
    let [guest, waiting, internal] = [guests[0], pending, synced].map(|id| id.to_string());
    assert_eq!(
        ready(&told),
        BTreeMap::from([(guest.as_str(), "yes"), (waiting.as_str(), "no"), (internal.as_str(), "no")]),
        "{told:#}"
    );
    assert_eq!((told["partners"][0]["ready"].as_u64(), told["partners"][0]["not_ready"].as_u64()), (Some(1), Some(2)));
    // Converted and redeemed it stays Entra Connect's.
    world.sweep().await;
    world.directory(|directory| directory.redeem(synced))?;
    let told = world.usher(&["sync", "readiness", "--json"]).await.exits(4).json();
    let why = told["partners"][0]["people"].as_array().into_iter().flatten().find(|one| one["id"] == internal.as_str());
    assert!(why.is_some_and(|one| one.to_string().contains("Entra Connect masters the account")), "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_external_users_are_is_what_a_person_said_last() -> Result<()> {
    let (world, guests) = adopted(1, ACCEPTED, ATTRIBUTES).await;
    let change = |user: &mut User| _ = user.attributes.insert("companyName", "Other".into());
    let other = || world.directory(|directory| directory.update_user(guests[0], change));
    cross_tenant(&world, PartnerConfiguration::new(&["fabrikam.us"]).inbound_sync(true));
    assert_eq!(world.sweep().await.untouched("synchronization-allowed"), 1, "nobody said it yet");
    let told = world.usher(&["sync", "readiness", "--owner", "usher", "--json"]).await.exits(0).json();
    assert_eq!(told["partners"][0]["owner"], "usher");
    assert_eq!(world.sweep_after(1).await.done("update"), guests);
    world.usher(&["sync", "readiness", "--owner", "synchronization"]).await.exits(0);
    cross_tenant(&world, PartnerConfiguration::new(&["fabrikam.us"]).inbound_sync(false));
    other()?;
    assert_eq!(world.sweep_after(1).await.untouched("synchronization-owns"), 1, "also before it begins");
    world.usher(&["status", "--verify"]).await.exits(0);
    Ok(())
}
