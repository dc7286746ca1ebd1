//! The quick path: what changed since the last tick is found by change tracking, and only that; what it misses, the
//! sweep finds.

use crate::support::{Config, World, sorted};
use anyhow::Result;
use jiff::SignedDuration;
use serde_json::json;
use usher_simulator::exchange::Exchange;
use usher_simulator::host::Host;
use usher_simulator::tenant::{DeltaOptions, Directory, ExpiredToken, ExternalUserState, Fault, Matcher, RoleState};
use uuid::Uuid;

/// A directory role; which one does not matter.
const ROLE: Uuid = Uuid::from_u128(0xfe93_0be7);

/// Whether everybody was read since the exchanges were forgotten.
fn swept(world: &World) -> bool {
    world.tenant.exchanges().iter().any(|exchange| exchange.path == "/users" && !exchange.in_batch)
}

/// A tick of which only its own exchanges are kept.
async fn tick(world: &World, host: &Host) -> Result<()> {
    world.tenant.clear_exchanges();
    world.tick(host).await
}

async fn assert_quiet(world: &World, host: &Host) -> Result<()> {
    tick(world, host).await?;
    let exchanges = world.tenant.exchanges();
    assert!(exchanges.len() <= 2, "{exchanges:#?}");
    assert_eq!(world.writes(), 0);
    Ok(())
}

/// A world whose host has ticked once, with some people converted by it.
async fn begun(config: Config) -> Result<(World, Host, Vec<Uuid>)> {
    let world = World::new(config).await;
    let ids = world.people(10);
    let host = world.host().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    Ok((world, host, ids))
}

/// People number `from` and the next, synced now.
fn sync(world: &World, from: u32, count: u32) -> Vec<Uuid> {
    world.directory(|directory| directory.sync_people(from..=from + count - 1, "fabrikam.us"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_to_which_nothing_happened_asks_little_and_writes_nothing() -> Result<()> {
    let (world, host, _) = begun(Config::default()).await?;
    // The first one after the conversions sees them as changes.
    world.tick(&host).await?;
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(5));
        assert_quiet(&world, &host).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_synced_between_two_ticks_is_converted_at_the_next_without_a_sweep() -> Result<()> {
    let (world, host, ids) = begun(Config::default()).await?;
    for round in 0..3 {
        let new = sync(&world, 100 + 10 * round, 3);
        tick(&world, &host).await?;
        assert_eq!(world.mails_of(&new), [1; 3], "round {round}");
        assert!(!swept(&world), "round {round}");
    }
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn more_changes_than_pages_are_not_looked_at_one_by_one() -> Result<()> {
    let (world, host, ids) = begun(Config::default()).await?;
    world.tick(&host).await?;
    world.clock.set_speed(50.0);
    let wave = sync(&world, 1000, 600);
    // Everybody is looked at once more before the conversion, which shows up as a change at the next tick.
    for (told, looks) in [("those who came", 600), ("their conversions", 0)] {
        tick(&world, &host).await?;
        assert!(swept(&world), "{told}");
        let singly = |exchange: &&Exchange| exchange.method == "GET" && exchange.in_batch;
        assert_eq!(world.tenant.exchanges().iter().filter(singly).count(), looks, "{told}");
        assert_eq!(world.mails_of(&wave), vec![1; 600], "{told}");
        world.clock.advance(SignedDuration::from_mins(5));
    }
    assert_quiet(&world, &host).await?;
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_script_changed_everybody_looking_at_single_people_ends() -> Result<()> {
    // Nobody of them is to be acted upon, so the day's limit does not end it.
    let limits = "invitations = 20\nwaves = []".into();
    let (world, host, _) = begun(Config { limits, ..Config::default() }).await?;
    for number in 1000..1900 {
        world.guest(number, ExternalUserState::Accepted);
    }
    tick(&world, &host).await?;
    assert!(swept(&world));
    let singly = world.tenant.exchanges().iter().filter(|exchange| exchange.in_batch).count();
    assert!((1..=2 * 500).contains(&singly), "{singly} requests");
    world.clock.advance(SignedDuration::from_mins(5));
    assert_quiet(&world, &host).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_change_tracking_repeats_or_leaves_empty_loses_and_doubles_nobody() -> Result<()> {
    let plain = || DeltaOptions { page_size: 2, ..DeltaOptions::default() };
    for options in [
        plain(),
        DeltaOptions { empty_pages: true, ..plain() },
        DeltaOptions { repeats: true, ..plain() },
        DeltaOptions { replays: 1000, ..plain() },
        DeltaOptions { removed_at_first: true, ..plain() },
        DeltaOptions { empty_pages: true, repeats: true, replays: 7, removed_at_first: true, ..plain() },
    ] {
        let what = format!("{options:?}");
        let (world, host, mut ids) = begun(Config::default()).await?;
        world.directory(|directory| directory.delta = options);
        for round in 0..3 {
            let new = sync(&world, 100 + 10 * round, 7);
            // The same people once more, and those of before: in whatever order pages show them.
            world.directory(|directory| {
                let mut people = new.iter().rev().chain(&ids);
                people.try_for_each(|id| directory.update_user(*id, |user| user.display_name.push('.')))
            })?;
            ids.extend(new);
            tick(&world, &host).await?;
            assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{what}, round {round}");
            assert!(!swept(&world), "{what}, round {round}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_before_the_tick_is_not_invited() -> Result<()> {
    let (world, host, _) = begun(Config::default()).await?;
    let new = sync(&world, 100, 4);
    world.directory(|directory| directory.delete_user(new[0]).and_then(|()| directory.delete_user(new[1])))?;
    world.directory(|directory| directory.purge_user(new[1]))?;
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&new), [0, 0, 1, 1]);
    world.directory(|directory| directory.restore_user(new[0]))?;
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&new), [1, 0, 1, 1], "who is back is converted");
    assert!(!swept(&world));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_graph_has_forgotten_leads_to_a_sweep_and_loses_nobody() -> Result<()> {
    for expired in [ExpiredToken::gone(), ExpiredToken::sync_state_not_found(), ExpiredToken::resync_required()] {
        let what = expired.code.clone();
        let (world, host, mut ids) = begun(Config::default()).await?;
        world.directory(|directory| directory.delta.expired = expired);
        ids.extend(sync(&world, 100, 3));
        world.tenant.expire_delta_tokens();
        tick(&world, &host).await?;
        assert!(swept(&world), "{what}");
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{what}");
        ids.extend(sync(&world, 200, 3));
        tick(&world, &host).await?;
        assert!(!swept(&world), "{what}: there is a new link");
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{what}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_older_than_graph_keeps_it_leads_to_a_sweep_and_loses_nobody() -> Result<()> {
    for days in [3, 6, 7, 8, 40] {
        let config = Config { rest: "[partner.invite]\nresend_after_days = []".into(), ..Config::default() };
        let (world, host, mut ids) = begun(config).await?;
        ids.extend(sync(&world, 100, 3));
        world.clock.advance(SignedDuration::from_hours(24 * days) + SignedDuration::from_mins(1));
        ids.extend(sync(&world, 200, 3));
        host.restart().await?;
        tick(&world, &host).await?;
        assert_eq!(swept(&world), days > 5, "{days} days");
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "{days} days");
    }
    Ok(())
}

/// Who is in a scope group's scope is told by what is so at their turn, whenever and however it became so.
#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_is_new_since_the_last_tick_is_found_at_the_next() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let group = world.directory(|directory| directory.create_group("scope"));
    world.configure(|config| config.scope = format!("groups = [\"{group}\"]"));
    let ids = world.people(6);
    let member = |id: Uuid| move |directory: &mut Directory| directory.add_member(group, id);
    let known = sync(&world, 50, 1);
    world.directory(member(known[0]))?;
    let host = world.host().await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&known), [1]);
    assert_eq!(world.mails_of(&ids), [0; 6], "they are not in the group");

    world.directory(member(ids[0]))?;
    world.directory(member(ids[1]))?;
    world.directory(|directory| directory.remove_member(group, ids[1]))?;
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&ids), [1, 0, 0, 0, 0, 0]);
    assert!(!swept(&world));

    world.directory(member(ids[2]))?;
    let new = sync(&world, 100, 2);
    world.directory(member(new[0]))?;
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&ids), [1, 0, 1, 0, 0, 0]);
    assert_eq!(world.mails_of(&new), [1, 0], "new and in the group, new and not in it");
    assert!(!swept(&world));
    // One round more sees the conversions; then two links are all there is to read.
    world.tick(&host).await?;
    assert_quiet(&world, &host).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_being_eligible_while_waiting_is_not_invited() -> Result<()> {
    let mut world = World::new(Config::default()).await;
    let (excluded, role_group) = world
        .directory(|directory| (directory.create_group("excluded"), directory.create_role_group("administrators")));
    world.directory(|directory| directory.assign_role(role_group, ROLE, RoleState::Active))?;
    world.configure(|config| {
        config.scope = format!("exclude_groups = [\"{excluded}\"]");
        config.limits = "waves = [\"2\", \"2\"]".into();
    });
    let ids = world.people(12);
    let host = world.host().await?;
    world.tick(&host).await?;
    let waiting: Vec<_> = ids.iter().copied().filter(|id| world.mails_of(&[*id]) == [0]).collect();
    assert_eq!(waiting.len(), 10);

    world.directory(|directory| {
        directory.add_member(excluded, waiting[0])?;
        directory.set_enabled(waiting[1], false)?;
        directory.assign_role(waiting[2], ROLE, RoleState::Active)?;
        directory.assign_role(waiting[3], ROLE, RoleState::Eligible)?;
        directory.add_member(role_group, waiting[4])?;
        directory.assign_exchange_plan(waiting[5])?;
        directory.delete_user(waiting[6])
    })?;
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(5));
        tick(&world, &host).await?;
        assert!(!swept(&world));
    }
    assert_eq!(world.mails_of(&waiting), [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);

    world.directory(|directory| {
        directory.remove_member(excluded, waiting[0])?;
        directory.set_enabled(waiting[1], true)
    })?;
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&waiting[..2]), [1, 1], "and who is eligible again is found by what changed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_configuration_looks_for_other_people_so_everybody_is_read() -> Result<()> {
    let (mut world, host, mut ids) = begun(Config::default()).await?;
    let others = world.directory(|directory| directory.sync_people(1..=3, "fabrikam.com"));
    tick(&world, &host).await?;
    assert_eq!(world.mails_of(&others), [0; 3]);
    world.configure(|config| {
        config.rest = "[[partner]]\nname = \"second\"\ntenant_id = \"33333333-3333-4333-8333-333333333333\"\n\
                       cloud = \"us-gov\"\n[partner.scope]\ndomains = [\"fabrikam.com\"]\n\
                       [partner.limits]\nwaves = []"
            .into();
    });
    host.restart().await?;
    tick(&world, &host).await?;
    assert!(swept(&world), "nothing changed of those who are looked for now");
    ids.extend(others);
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    tick(&world, &host).await?;
    assert!(!swept(&world));
    assert_eq!(world.mails_of(&ids), vec![1; ids.len()]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_could_not_be_read_to_their_end_are_read_again() -> Result<()> {
    let options = DeltaOptions { page_size: 2, ..DeltaOptions::default() };
    for page in 1..=4 {
        let (world, _host, mut ids) = begun(Config::default()).await?;
        world.directory(|directory| directory.delta = options.clone());
        ids.extend(sync(&world, 100, 7));
        for nth in page..page + 6 {
            world.tenant.fail_nth(nth, Matcher::get("/users/delta"), Fault::status(503, "ServiceUnavailable"));
        }
        world.usher(&["apply", "--quick"]).await.exits(1);
        assert_eq!(world.mails_of(&ids).iter().sum::<usize>(), 10, "page {page}: nobody is acted upon");
        world.tenant.clear_faults();
        world.usher(&["apply", "--quick"]).await.exits(0);
        assert_eq!(world.mails_of(&ids), vec![1; ids.len()], "page {page}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_people_of_a_partner_do_not_wait_for_the_next_sweep() -> Result<()> {
    let world = World::new(Config::default()).await;
    let host = world.host().await?;
    world.tick(&host).await?;
    let ids = world.people(3);
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&ids), [1; 3]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whom_the_quick_path_did_not_see_is_brought_in_by_the_sweep_and_told() -> Result<()> {
    missed_people(500, true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_missed_is_told_although_their_turn_does_not_come_today() -> Result<()> {
    missed_people(3, false).await
}

/// Two people come in at once, two are lost by the quick path, and one comes after it.
async fn missed_people(invitations: u32, for_all: bool) -> Result<()> {
    let limits = format!("waves = []\ninvitations = {invitations}");
    let world = World::new(Config { limits, ..Config::default() }).await;
    world.clock.set_speed(50.0);
    world.people(2);
    world.sweep().await;
    let tick = async || world.usher(&["apply", "--quick"]).await.exits(0);
    tick().await;
    let lost = world.directory(|directory| directory.sync_people(50..=51, "fabrikam.us"));
    world.clock.advance(SignedDuration::from_mins(5));
    world.tenant.fail_next(1, Matcher::get("/users/delta"), Fault::ends_early(0));
    tick().await;
    world.clock.advance(SignedDuration::from_mins(5));
    tick().await;
    assert_eq!(world.mails_of(&lost), [0, 0]);
    let seen = world.directory(|directory| directory.sync_people(60..=60, "fabrikam.us"));
    let swept = world.sweep().await;
    assert_eq!(swept.done("convert").len(), if for_all { 3 } else { 1 });
    assert_eq!(world.mails_of(&seen), [usize::from(for_all)]);
    let mut missed: Vec<Uuid> = serde_json::from_value(swept.0["missed"].clone())?;
    missed.sort_unstable();
    assert_eq!(missed, sorted(&lost), "who came since the last tick was not missed");
    assert_eq!(world.json(&["status"]).await["partners"][0]["missed"], json!(2));
    assert!(world.sweep_after(1).await.0["missed"].is_null());
    assert_eq!(world.mails_of(&lost), [1, 1]);
    Ok(())
}
