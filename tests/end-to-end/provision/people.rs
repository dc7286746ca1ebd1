//! Who is invited, converted, given back or retired by request, and who is not.

use super::{outcome, steps, world};
use crate::support::{Config, World};
use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::Value;
use usher_simulator::tenant::{ExternalUserState, UserType};
use uuid::Uuid;

const NEW: &str = "new@fabrikam.us";

/// What `usher provision` answers, and its exit code.
async fn provision(world: &World, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = world.usher(&[&["provision", "--json"], arguments].concat()).await;
    (output.json(), output.code)
}

fn id_in(answer: &Value) -> Result<Uuid> {
    Ok(answer["people"][0]["id"].as_str().context("an object id")?.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_there_is_invited_as_configured_and_once() -> Result<()> {
    let mut world = world(Config::default()).await;
    let sponsor = world.people(1)[0];
    world.configure(|config| {
        config.rest = format!(
            "[partner.invite]\nuser_type = \"member\"\nlanguage = \"fr-FR\"\nredirect_url = \"https://contoso.com/in\"\n\
             sponsors = [\"{sponsor}\"]\n[partner.attributes]\ncompanyName = \"Fabrikam\""
        );
    });
    let (answer, code) = provision(&world, &[NEW]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    let expected = ["found: skipped", "in-scope: success", "decision: success", "written: success"];
    assert_eq!(steps(&answer)[..4], expected, "{answer:#}");
    assert_eq!(steps(&answer).last().map(String::as_str), Some("verified: success"), "{answer:#}");
    let id = id_in(&answer)?;
    let user = world.directory(|directory| directory.user(id).cloned()).context("the person")?;
    assert_eq!(user.external_user_state, Some(ExternalUserState::PendingAcceptance));
    assert_eq!(user.user_type, UserType::Member);
    assert!(user.sponsors.contains(&sponsor), "{:?}", user.sponsors);
    assert_eq!(user.attributes.get("companyName"), Some(&"Fabrikam".to_owned()), "{:?}", user.attributes);
    let mails = world.tenant.mails();
    assert_eq!(mails.iter().map(|mail| mail.language.as_deref()).collect::<Vec<_>>(), [Some("fr-FR")]);
    let (again, code) = provision(&world, &[NEW]).await;
    assert_eq!((outcome(&again), code), (("skipped", "pending"), Some(0)), "{again:#}");
    assert_eq!(world.mails_of(&[id]), [1]);
    assert_eq!(world.explained(id).await, ("pending".into(), "pending".into()));
    world.sweep().await;
    assert_eq!(world.mails_of(&[id]), [1], "the sweep looks after the person");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_entra_connect_synced_is_converted_whatever_the_wave() -> Result<()> {
    let world = world(Config { limits: "waves = [\"1\"]".into(), ..Config::default() }).await;
    let ids = world.people(3);
    let (answer, code) = provision(&world, &["person-0003@fabrikam.us", &ids[1].to_string()]).await;
    assert_eq!(code, Some(0), "{answer:#}");
    assert_eq!(world.mails_of(&ids), [0, 1, 1]);
    assert_eq!(world.sweep().await.done("convert"), [ids[0]], "the wave is not used up");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_and_writes_nothing() -> Result<()> {
    let world = world(Config::default()).await;
    world.people(1);
    world.tenant.clear_exchanges();
    let (answer, code) = provision(&world, &["--dry-run", NEW, "person-0001@fabrikam.us", "x@elsewhere.example"]).await;
    let people = answer["people"].as_array().context("people")?;
    let told: Vec<_> = people.iter().map(|one| (one["outcome"].as_str(), one["reason"].as_str())).collect();
    let planned = (Some("planned"), Some("request"));
    assert_eq!(told, [planned, planned, (Some("skipped"), Some("out-of-scope"))], "{answer:#}");
    assert_eq!((code, world.writes()), (Some(0), 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_plan_mode_nothing_is_written_and_the_mode_is_the_guard() -> Result<()> {
    let mut world = world(Config::default()).await;
    world.configure(|config| config.mode = "plan");
    let (answer, code) = provision(&world, &[NEW]).await;
    assert_eq!((outcome(&answer), code), (("planned", "request"), Some(3)), "{answer:#}");
    assert_eq!(world.writes(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_not_be_invited_is_not_and_the_reason_is_told() -> Result<()> {
    let mut world = world(Config::default()).await;
    world.configure(|config| config.scope = "previous_domains = [\"old.example\"]".into());
    let ids = world.people(4);
    let guest = world.guest(9, ExternalUserState::Accepted);
    world.directory(|directory| -> Result<()> {
        directory.set_enabled(ids[0], false)?;
        directory.update_user(ids[1], |user| user.on_premises = usher_simulator::tenant::OnPremises::default())?;
        directory.assign_exchange_plan(ids[2])?;
        directory.delete_user(ids[3])
    })?;
    world.tenant.clear_exchanges();
    for (person, reason) in [
        ("x@elsewhere.example", "out-of-scope"),
        ("x@old.example", "previous-domain"),
        ("a+b@fabrikam.us", "address-not-invitable"),
        ("person-0001@fabrikam.us", "account-disabled"),
        ("person-0002@fabrikam.us", "internal-not-synced"),
        ("person-0003@fabrikam.us", "exchange-plan"),
        ("person-0004@fabrikam.us", "deleted"),
        (&guest.to_string(), "invited-by-others"),
        (&Uuid::from_u128(7).to_string(), "absent"),
    ] {
        let (answer, code) = provision(&world, &[person]).await;
        assert_eq!((outcome(&answer), code), (("skipped", reason), Some(3)), "{person}: {answer:#}");
    }
    assert_eq!(world.writes(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pilot_and_the_days_limit_bound_requests_too() -> Result<()> {
    let mut world = world(Config { limits: "invitations = 2\nwaves = []".into(), ..Config::default() }).await;
    let (answer, code) = provision(&world, &["a@fabrikam.us", "b@fabrikam.us", "c@fabrikam.us"]).await;
    let outcomes: Vec<_> = (0..3).map(|place| answer["people"][place]["reason"].as_str()).collect();
    assert_eq!(outcomes, [Some("request"), Some("request"), Some("daily-limit")], "{answer:#}");
    assert_eq!((code, world.tenant.mails().len()), (Some(4), 2));
    world.pass_days(2);
    world.configure(|config| config.partner = "pilot = [\"d@fabrikam.us\"]".into());
    let (answer, code) = provision(&world, &["c@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("skipped", "outside-pilot"), Some(3)), "{answer:#}");
    let (answer, code) = provision(&world, &["d@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_as_scope_where_only_the_group_is_missing_until_the_person_is_retired() -> Result<()> {
    let mut world = world(Config::default()).await;
    let (group, excluded) =
        world.directory(|directory| (directory.create_group("scope"), directory.create_group("excluded")));
    let ids = world.people(2);
    world.directory(|directory| directory.add_member(excluded, ids[1]))?;
    world.configure(|config| {
        config.scope = format!("groups = [\"{group}\"]\nexclude_groups = [\"{excluded}\"]");
        config.limits = "waves = []\npercent = 100".into();
    });
    world.sweep().await;
    let (answer, code) = provision(&world, &["person-0001@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    let (answer, code) = provision(&world, &["person-0002@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("skipped", "excluded"), Some(3)), "exclusion wins: {answer:#}");
    let (invited, _) = provision(&world, &[NEW]).await;
    let new = id_in(&invited)?;
    world.sweep().await.is_quiet();
    world.sweep_after(8).await;
    world.sweep_after(8).await;
    assert_eq!(world.enabled(&[ids[0], new]), [Some(true), Some(true)], "nobody left");
    let (answer, code) = provision(&world, &["--retire", NEW]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    assert_eq!(world.enabled(&[ids[0], new]), [Some(true), Some(false)]);
    assert_eq!(world.json(&["explain", NEW]).await["in_scope"], "no", "the request ended with it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_retired_is_disabled_at_once_deleted_by_the_rule_and_only_a_request_brings_them_back() -> Result<()>
{
    let world = world(Config { limits: "waves = []\npercent = 100".into(), ..Config::default() }).await;
    let (invited, _) = provision(&world, &[NEW]).await;
    let id = id_in(&invited)?;
    world.directory(|directory| directory.redeem(id))?;
    world.sweep().await;
    let (answer, code) = provision(&world, &["--retire", NEW]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    assert_eq!(world.enabled(&[id]), [Some(false)]);
    let (again, code) = provision(&world, &["--retire", NEW]).await;
    assert_eq!((outcome(&again).0, code), ("skipped", Some(0)), "{again:#}");
    world.sweep_after(1).await.is_quiet();
    let (back, code) = provision(&world, &[NEW]).await;
    assert_eq!((outcome(&back), code), (("done", "back-in-scope"), Some(0)), "{back:#}");
    assert_eq!(world.enabled(&[id]), [Some(true)]);
    world.sweep_after(1).await.is_quiet();
    provision(&world, &["--retire", NEW]).await;
    world.sweep().await;
    assert_eq!(world.sweep_after(31).await.done("delete"), [id]);
    assert!(world.is_deleted(id));
    world.sweep_after(1).await.is_quiet();
    let (restored, code) = provision(&world, &[NEW]).await;
    assert_eq!(code, Some(0), "{restored:#}");
    assert_eq!((id_in(&restored)?, world.enabled(&[id])), (id, vec![Some(true)]), "restored, not invited anew");
    assert_eq!(world.mails_of(&[id]), [1]);
    world.sweep_after(1).await.is_quiet();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_not_be_retired_is_not_and_the_reason_is_told() -> Result<()> {
    let world = world(Config { limits: "waves = []\npercent = 100".into(), ..Config::default() }).await;
    let ids = world.people(2);
    world.sweep().await;
    let guest = world.guest(9, ExternalUserState::Accepted);
    let (invited, _) = provision(&world, &[NEW]).await;
    let protected = id_in(&invited)?;
    world.directory(|directory| {
        directory.assign_role(protected, Uuid::from_u128(0xfe93_0be7), usher_simulator::tenant::RoleState::Active)
    })?;
    world.tenant.clear_exchanges();
    for (person, reason) in [
        (ids[0].to_string(), "synced-left"),
        (guest.to_string(), "not-looked-after"),
        (NEW.to_owned(), "directory-role"),
        ("nobody@fabrikam.us".to_owned(), "absent"),
    ] {
        let (answer, code) = provision(&world, &["--retire", &person]).await;
        assert_eq!((outcome(&answer), code), (("skipped", reason), Some(3)), "{person}: {answer:#}");
    }
    assert_eq!(world.writes(), 0);
    world.sweep_after(8).await;
    assert_eq!(world.enabled(&[ids[0], guest, protected]), [Some(true); 3], "and nothing was kept of it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn retirements_above_a_ceiling_wait_for_approval() -> Result<()> {
    let world = world(Config { limits: "waves = []\ndisables = 1\npercent = 100".into(), ..Config::default() }).await;
    let (invited, _) = provision(&world, &["a@fabrikam.us", "b@fabrikam.us"]).await;
    let ids: Vec<Uuid> = (0..2)
        .map(|place| Ok(invited["people"][place]["id"].as_str().context("an id")?.parse()?))
        .collect::<Result<_>>()?;
    world.sweep().await;
    let (answer, code) = provision(&world, &["--retire", "a@fabrikam.us", "b@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("skipped", "disables-ceiling"), Some(3)), "{answer:#}");
    assert_eq!(world.enabled(&ids), [Some(true); 2]);
    let plan = world.sweep().await.held("disables-ceiling");
    let person = world.people(1)[0];
    let approved = crate::support::run(world.command_of(person, &["approve", &plan, "--apply"])).await;
    assert_eq!(approved.code, Some(0), "{approved:?}");
    assert_eq!(world.enabled(&ids), [Some(false); 2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_expired_is_sent_again_by_request_once() -> Result<()> {
    let world = world(Config::default()).await;
    let id = world.people(1)[0];
    world.sweep().await;
    for _ in 0..5 {
        world.sweep_after(8).await;
    }
    let mails = world.mails_of(&[id])[0];
    assert_eq!(world.explained(id).await.1, "expired-conversion");
    let (answer, code) = provision(&world, &["person-0001@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    let (answer, _) = provision(&world, &["person-0001@fabrikam.us"]).await;
    assert_eq!(outcome(&answer), ("skipped", "pending"), "{answer:#}");
    assert_eq!(world.mails_of(&[id]), [mails + 1]);
    assert_eq!(world.sweep_after(8).await.done("resend"), [id], "all days begin anew");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_arguments_is_told() -> Result<()> {
    let world = world(Config::default()).await;
    let many: Vec<String> = (0..51).map(|number| format!("p{number}@fabrikam.us")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (arguments, code) in
        [(vec!["nobody"], "no-person"), (vec![NEW, "--partner", "nobody"], "unknown-partner"), (many, "people-count")]
    {
        let (answer, exit) = provision(&world, &arguments).await;
        assert_eq!((answer["error"]["code"].as_str(), exit), (Some(code), Some(2)), "{answer:#}");
    }
    world.usher(&["provision"]).await.exits(2);
    Ok(())
}

/// Two people of a partner without synced accounts, invited by request and redeemed.
async fn two_guests(rest: &str, limits: &str) -> Result<(World, Vec<Uuid>, Uuid)> {
    let mut world = world(Config { limits: limits.into(), rest: rest.into(), ..Config::default() }).await;
    world.people(1);
    let excluded = world.directory(|directory| directory.create_group("excluded"));
    world.configure(|config| config.scope = format!("exclude_groups = [\"{excluded}\"]"));
    world.sweep().await;
    let (answer, _) = provision(&world, &["a@fabrikam.us", "b@fabrikam.us"]).await;
    let ids: Vec<Uuid> = (0..2)
        .map(|place| Ok(answer["people"][place]["id"].as_str().context("an id")?.parse()?))
        .collect::<Result<_>>()?;
    world.directory(|directory| ids.iter().try_for_each(|id| directory.redeem(*id)))?;
    world.sweep().await;
    Ok((world, ids, excluded))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_anything_away_because_somebody_asked_for_them() -> Result<()> {
    let (world, ids, excluded) = two_guests("", "waves = []\ndisables = 1\npercent = 100").await?;
    world.directory(|directory| ids.iter().try_for_each(|id| directory.add_member(excluded, *id)))?;
    world.sweep().await;
    world.sweep_after(8).await.held("disables-ceiling");
    let (answer, code) = provision(&world, &["a@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("skipped", "excluded"), Some(3)), "{answer:#}");
    assert_eq!(world.enabled(&ids), [Some(true); 2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_be_retired_gets_no_mail_instead() -> Result<()> {
    let world = world(Config::default()).await;
    let id = world.people(1)[0];
    world.sweep().await;
    world.pass_days(8);
    let (answer, code) = provision(&world, &["--retire", "person-0001@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("skipped", "synced-left"), Some(3)), "{answer:#}");
    assert_eq!((world.mails_of(&[id]), world.enabled(&[id])), (vec![1], vec![Some(true)]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_inactive_and_is_asked_for_is_not_taken_away_again_at_once() -> Result<()> {
    let inactive = "[partner.inactive]\ndisable_after_days = 30";
    let (world, ids, _) = two_guests(inactive, "waves = []\npercent = 100").await?;
    world.directory(|directory| ids.iter().try_for_each(|id| directory.sign_in(*id)))?;
    assert_eq!(world.sweep_after(31).await.done("disable").len(), 2);
    let (answer, code) = provision(&world, &["a@fabrikam.us"]).await;
    assert_eq!((outcome(&answer).0, code), ("done", Some(0)), "{answer:#}");
    world.sweep_after(1).await;
    assert_eq!(world.enabled(&ids), [Some(true), Some(false)]);
    assert_eq!(world.sweep_after(31).await.done("disable"), [ids[0]], "the days begin with the request");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_retired_before_they_were_brought_in_is_not_brought_in_until_asked_for() -> Result<()> {
    let world = world(Config::default()).await;
    let id = world.people(1)[0];
    let (answer, code) = provision(&world, &["--retire", "person-0001@fabrikam.us"]).await;
    assert_eq!((outcome(&answer).0, code), ("skipped", Some(0)), "{answer:#}");
    assert_eq!(world.sweep().await.untouched("retired"), 1);
    assert_eq!(world.mails_of(&[id]), [0]);
    let (answer, code) = provision(&world, &["person-0001@fabrikam.us"]).await;
    assert_eq!((outcome(&answer), code), (("done", "request"), Some(0)), "{answer:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_directory_is_late_nobody_is_told_to_be_absent_or_invited_twice() -> Result<()> {
    let world = world(Config { limits: "waves = []\npercent = 100".into(), ..Config::default() }).await;
    world.clock.set_speed(20.0);
    world.directory(|directory| directory.lag = SignedDuration::from_mins(30));
    let (invited, _) = provision(&world, &[NEW]).await;
    assert_eq!(outcome(&invited), ("done", "request"), "{invited:#}");
    let (again, code) = provision(&world, &[NEW]).await;
    assert_eq!((outcome(&again), code), (("skipped", "not-shown-yet"), Some(0)), "{again:#}");
    let (retired, _) = provision(&world, &["--retire", NEW]).await;
    assert_ne!(outcome(&retired).1, "absent", "{retired:#}");
    world.clock.advance(SignedDuration::from_mins(40));
    let (retired, code) = provision(&world, &["--retire", NEW]).await;
    assert_eq!((outcome(&retired), code), (("done", "request"), Some(0)), "{retired:#}");
    assert_eq!(world.tenant.mails().len(), 1);
    Ok(())
}
