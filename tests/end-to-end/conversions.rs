//! People whom Entra Connect synced are found and converted, once each.

use crate::support::{Config, World, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::{SyncedPerson, TenantOptions};

/// Through the host: timer, queue, work; then once more, and after an outage.
async fn all_are_converted_once(people: u32) -> Result<()> {
    let world = World::new(Config::default()).await;
    let ids = world.people(people);
    let host = world.host().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "everybody is mailed exactly once");
    let pending =
        world.directory(|directory| directory.users().filter(|user| user.external_user_state.is_some()).count());
    assert_eq!(pending, ids.len());

    let writes = world.writes();
    world.tick(&host).await?;
    assert_eq!(world.writes(), writes, "a second run right after writes nothing");

    world.clock.advance(SignedDuration::from_hours(30 * 24));
    let late = world.directory(|directory| directory.sync_people(people + 1..=people + 5, "fabrikam.us"));
    world.clock.advance(SignedDuration::from_hours(30 * 24));
    host.restart().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&late), [1; 5], "an outage of 30 days between two runs loses nobody");
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "and mails nobody twice");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_one_people_are_converted_once() -> Result<()> {
    all_are_converted_once(101).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_people_are_converted_once() -> Result<()> {
    all_are_converted_once(1000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_people_are_converted_once() -> Result<()> {
    all_are_converted_once(5000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_found_whatever_the_size_of_the_pages() -> Result<()> {
    for fullest in [1, 7, 100] {
        let options = |options: &mut TenantOptions| options.fullest_page = Some(fullest);
        let world = World::with(Cloud::Global, Config::default(), options).await;
        let ids = world.people(101);
        world.usher(&["apply"]).await.exits(0);
        assert_eq!(world.mails_of(&ids), vec![1; 101], "pages of {fullest}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_plan_mode_nothing_is_written_by_any_path() -> Result<()> {
    let world = World::new(Config { mode: "plan", ..Config::default() }).await;
    world.people(30);
    let host = world.host().await?;
    world.tick(&host).await?;
    world.usher(&["apply"]).await.exits(3);
    world.usher(&["apply", "--quick"]).await.exits(3);
    world.usher(&["apply", "--adopt-state"]).await.exits(3);
    world.usher(&["plan"]).await.exits(0);
    world.usher(&["explain", "person-0001@fabrikam.us"]).await.exits(0);
    world.usher(&["status"]).await.exits(0);
    assert_eq!(world.writes(), 0);
    assert!(world.tenant.mails().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_runs_go_in_waves_and_then_all_follow() -> Result<()> {
    let world = World::new(Config { limits: String::new(), ..Config::default() }).await;
    let ids = world.people(230);
    let host = world.host().await?;
    let mut invited = Vec::new();
    for _ in 0..5 {
        world.tick(&host).await?;
        invited.push(world.tenant.mails().len());
        world.clock.advance(SignedDuration::from_mins(5));
    }
    assert_eq!(invited, [1, 11, 34, 230, 230], "1, then 10, then 10 % of 230 rounded up, then the rest");
    assert_eq!(world.mails_of(&ids), vec![1; 230]);
    Ok(())
}

/// How many people each of four runs invites where the first wave has this size and Graph refuses the first so many people
/// for their own reason.
async fn runs_of_a_wave(size: usize, refused: usize) -> Result<Vec<usize>> {
    let limits = format!("waves = [\"{size}\"]");
    let world = World::new(Config { limits, ..Config::default() }).await;
    // All are of one second, and then it goes by the ids.
    let ids = sorted(&world.people(60));
    world.directory(|directory| {
        let moment = directory.now();
        ids.iter().enumerate().try_for_each(|(place, id)| {
            directory.update_user(*id, |user| {
                user.created = moment;
                user.conversion_refused = place < refused;
            })
        })
    })?;
    let mut invited = Vec::new();
    for _ in 0..4 {
        world.usher(&["apply", "--quick"]).await;
        invited.push(world.tenant.mails().len());
        world.clock.advance(SignedDuration::from_mins(5));
    }
    Ok(invited)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_of_which_more_than_a_tenth_is_refused_is_repeated() -> Result<()> {
    assert_eq!(runs_of_a_wave(20, 0).await?, [20, 60, 60, 60]);
    assert_eq!(runs_of_a_wave(20, 2).await?, [18, 58, 58, 58], "a tenth is clean");
    assert_eq!(runs_of_a_wave(20, 3).await?, [17, 37, 57, 57], "three of twenty are not");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_of_one_goes_to_the_next_person_when_the_first_is_refused() -> Result<()> {
    let invited = runs_of_a_wave(1, 2).await?;
    let first = invited.iter().position(|mails| *mails > 0);
    assert!(first.is_some_and(|first| invited[first] == 1), "one at first, whoever it is: {invited:?}");
    assert_eq!(invited.last(), Some(&58), "then all who are not refused: {invited:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_ceiling_lets_the_rest_wait_for_the_next_day() -> Result<()> {
    let world = World::new(Config { limits: "invitations = 40\nwaves = []".into(), ..Config::default() }).await;
    world.people(100);
    let mut invited = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 {
            world.usher(&["apply", "--quick"]).await.exits(0);
        }
        invited.push(world.tenant.mails().len());
        world.clock.advance(SignedDuration::from_hours(25));
    }
    assert_eq!(invited, [40, 80, 100]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_group_counts_to_the_last_of_its_members_however_many_pages_they_fill() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let group = world.directory(|directory| directory.create_group("scope"));
    world.configure(|config| config.scope = format!("groups = [\"{group}\"]"));
    let ids = world.people(1005);
    let (members, others) = ids.split_at(1000);
    world.directory(|directory| members.iter().try_for_each(|id| directory.add_member(group, *id)))?;
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.mails_of(members), vec![1; 1000]);
    assert_eq!(world.mails_of(others), [0; 5]);
    world.sweep_after(1).await.is_quiet();
    assert_eq!(world.sweep_after(8).await.untouched("leaving"), 0, "nobody is taken for somebody who left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_with_characters_that_mean_something_to_graph_are_converted_or_named_and_found_by_explain()
-> Result<()> {
    let world = World::new(Config::default()).await;
    let taken = ["o'brien", "a_b", "a.b-c", "MixedCase"];
    let refused = ["a+b", "a%b", "a&b", "a#b", "a/b", "a?b"];
    let sync = |name: &str| {
        let person = SyncedPerson::new(&format!("{name}@Fabrikam.us"));
        world.directory(|directory| directory.sync_person(person))
    };
    let (converted, left) = (taken.map(sync), refused.map(sync));
    let swept = world.sweep().await;
    assert_eq!(swept.done("convert"), sorted(&converted), "{swept:#?}");
    assert_eq!(world.mails_of(&left), [0; 6]);
    for (name, id, decision) in taken
        .iter()
        .zip(&converted)
        .map(|(name, id)| (name, id, "pending"))
        .chain(refused.iter().zip(&left).map(|(name, id)| (name, id, "address-not-invitable")))
    {
        let explained = world.json(&["explain", &format!("{name}@fabrikam.us")]).await;
        assert_eq!(explained["person"]["id"], id.to_string(), "{name}: {explained:#}");
        assert_eq!(explained["decision"], decision, "{name}: {explained:#}");
    }
    Ok(())
}
