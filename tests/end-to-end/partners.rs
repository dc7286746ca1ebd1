//! Two partners in one tenant: each one's people are looked after by its own rules, people who may be both's are left
//! alone, and what stops one partner does not stop the other.
//!
//! Not here: refusals that stop a partner (`catalogue`).

use crate::support::{Config, Swept, World, sorted};
use anyhow::Result;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::{OnPremises, TenantOptions};
use uuid::Uuid;

const NOBODY: &[Uuid] = &[];

/// The second partner, whose people are in `fabrikam.com`, with further sections.
fn second(scope: &str, rest: &str) -> String {
    format!(
        "[[partner]]\nname = \"second\"\ntenant_id = \"33333333-3333-4333-8333-333333333333\"\ncloud = \"global\"\n\
         [partner.scope]\ndomains = [\"fabrikam.com\"]\n{scope}\n[partner.limits]\nwaves = []\npercent = 100\n{rest}\n"
    )
}

/// Two partners, each with a group as its scope and with people.
struct Two {
    world: World,
    groups: [Uuid; 2],
    people: [Vec<Uuid>; 2],
}

impl Two {
    /// So many people of each partner, invited now; further keys of the first one's limits, and further sections of each.
    async fn new(count: u32, limits: &str, rest: [&str; 2]) -> Result<Self> {
        let mut world = World::new(Config::default()).await;
        world.clock.set_speed(50.0);
        let groups = world.directory(|directory| ["first", "second"].map(|name| directory.create_group(name)));
        let [first, other] = groups.map(|group| format!("groups = [\"{group}\"]"));
        world.configure(|config| {
            config.scope = first;
            config.limits = format!("waves = []\n{limits}");
            config.rest = format!("{}\n{}", rest[0], second(&other, rest[1]));
        });
        let people = world.directory(|directory| {
            ["fabrikam.us", "fabrikam.com"].map(|domain| directory.sync_people(1..=count, domain))
        });
        world.directory(|directory| {
            let mut members =
                groups.iter().zip(&people).flat_map(|(group, ids)| ids.iter().map(move |id| (*group, *id)));
            members.try_for_each(|(group, id)| directory.add_member(group, id))
        })?;
        let two = Self { world, groups, people };
        for (swept, people) in two.sweep().await.iter().zip(&two.people) {
            assert_eq!(swept.done("convert"), sorted(people));
        }
        Ok(two)
    }

    async fn sweep(&self) -> [Swept; 2] {
        let mut report = self.world.json(&["apply"]).await;
        [0, 1].map(|partner| Swept(report["partners"][partner].take()))
    }

    async fn sweep_after(&self, days: i64) -> [Swept; 2] {
        self.world.pass_days(days);
        self.sweep().await
    }

    /// Everybody redeems, and Entra Connect lets go of them.
    fn redeem(&self) -> Result<()> {
        self.world.directory(|directory| {
            self.people.iter().flatten().try_for_each(|id| {
                directory.redeem(*id)?;
                directory.update_user(*id, |user| user.on_premises = OnPremises::default())
            })
        })
    }

    /// The first people of a partner leave its scope.
    fn leave(&self, partner: usize, count: usize) -> Result<()> {
        let mut left = self.people[partner].iter().take(count);
        self.world.directory(|directory| left.try_for_each(|id| directory.remove_member(self.groups[partner], *id)))
    }

    fn company(&self, person: Uuid) -> Option<String> {
        self.world.directory(|directory| directory.user(person)?.attributes.get("companyName").cloned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partners_pending_people_are_mailed_on_its_own_days() -> Result<()> {
    let days = |days: &str| format!("[partner.invite]\nresend_after_days = {days}\nlanguage = \"de-DE\"");
    let two = Two::new(2, "", [&days("[2]"), &days("[4, 6]")]).await?;
    for day in 1..=8 {
        two.sweep_after(1).await;
        let expected = [1 + usize::from(day >= 2), 1 + usize::from(day >= 4) + usize::from(day >= 6)];
        for (people, mails) in two.people.iter().zip(expected) {
            assert_eq!(two.world.mails_of(people), vec![mails; 2], "day {day}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partners_people_get_its_own_values_and_leave_by_its_own_days() -> Result<()> {
    let rest = |company: &str, days: u32| {
        format!("[partner.attributes]\ncompanyName = \"{company}\"\n[partner.leave]\ndisable_after_days = {days}\n")
    };
    let two = Two::new(3, "percent = 100", [&rest("First", 7), &rest("Second", 3)]).await?;
    let [first, other] = &two.people;
    two.redeem()?;
    let [one, other_swept] = two.sweep().await;
    assert_eq!((one.done("update"), other_swept.done("update")), (sorted(first), sorted(other)));
    assert_eq!([two.company(first[0]), two.company(other[0])], [Some("First".into()), Some("Second".into())]);
    two.leave(0, 1)?;
    two.leave(1, 1)?;
    two.sweep().await;
    let [one, other_swept] = two.sweep_after(3).await;
    assert_eq!((one.done("disable"), other_swept.done("disable")), (NOBODY.to_vec(), other[..1].to_vec()));
    let [one, other_swept] = two.sweep_after(4).await;
    assert_eq!((one.done("disable"), other_swept.done("disable")), (first[..1].to_vec(), NOBODY.to_vec()));
    Ok(())
}

/// People of the first partner of whom the second may be the partner too: by a further address, or by the only one.
#[tokio::test(flavor = "multi_thread")]
async fn who_left_one_partners_scope_and_may_be_in_anothers_is_held_and_loses_nothing() -> Result<()> {
    let mut two = Two::new(8, "percent = 100", ["", ""]).await?;
    let joined = two.world.directory(|directory| directory.create_group("joined"));
    let other = second(&format!("groups = [\"{}\"]", two.groups[1]), "");
    two.world.configure(|config| config.rest = format!("[partner.invite]\ngroups = [\"{joined}\"]\n{other}"));
    two.redeem()?;
    assert_eq!(two.sweep().await[0].done("add-to-group").len(), 8);
    let world = &two.world;
    let moved = two.people[0][..2].to_vec();
    world.directory(|directory| {
        directory.update_user(moved[0], |user| user.other_mails.push("moved@fabrikam.com".into()))?;
        directory.change_mail(moved[1], Some("moved-too@fabrikam.com"))?;
        moved.iter().try_for_each(|id| directory.add_member(two.groups[1], *id))
    })?;
    two.leave(0, 3)?;
    two.sweep().await;
    let [one, other_swept] = two.sweep_after(8).await;
    assert_eq!(one.done("disable"), two.people[0][2..3], "whoever is in no other scope: {one:#?}");
    assert_eq!(one.untouched("two-partners"), 2, "{one:#?}");
    other_swept.is_quiet();
    for id in &moved {
        assert_eq!(world.explained(*id).await.1, "two-partners");
    }
    for days in [1, 40] {
        let swept = two.sweep_after(days).await;
        for person in swept.iter().flat_map(Swept::actions).map(|action| action["person"]["id"].clone()) {
            assert_eq!(person, two.people[0][2].to_string(), "nobody else: {swept:#?}");
        }
    }
    assert_eq!(world.enabled(&moved), [Some(true); 2]);
    let members = world.directory(|directory| directory.group(joined).map(|group| group.members.clone()));
    assert!(members.is_some_and(|members| moved.iter().all(|id| members.contains(id))));
    // Out of the other's scope too, they have left after all.
    world.directory(|directory| moved.iter().try_for_each(|id| directory.remove_member(two.groups[1], *id)))?;
    let swept = two.sweep().await;
    assert_eq!(swept[0].done("disable"), sorted(&moved), "{swept:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_for_one_partner_does_not_stop_another() -> Result<()> {
    let two = Two::new(8, "percent = 50", ["", ""]).await?;
    two.redeem()?;
    two.sweep().await;
    two.leave(0, 4)?;
    two.leave(1, 4)?;
    two.sweep().await;
    two.world.pass_days(8);
    let mut report = two.world.usher(&["apply", "--json"]).await.exits(4).json();
    let [one, other_swept] = [0, 1].map(|partner| Swept(report["partners"][partner].take()));
    one.held("disables-ceiling");
    assert!(other_swept.0["held"].is_null(), "{other_swept:#?}");
    assert_eq!(other_swept.done("disable"), sorted(&two.people[1][..4]));
    assert_eq!(two.world.enabled(&two.people[0]), [Some(true); 8]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_of_whom_too_few_are_seen_does_not_stop_another() -> Result<()> {
    let two = Two::new(4, "percent = 100\nminimum_people = 4", ["", ""]).await?;
    two.redeem()?;
    two.sweep().await;
    two.leave(0, 1)?;
    two.leave(1, 1)?;
    for days in [0, 8] {
        let [one, _] = two.sweep_after(days).await;
        one.is_quiet();
        assert_eq!(one.0["held"]["reason"], "minimum-people", "{one:#?}");
    }
    assert_eq!(two.world.enabled(&two.people[0]), [Some(true); 4]);
    assert_eq!(two.world.enabled(&two.people[1][..1]), [Some(false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_whose_domain_is_this_tenants_own_is_held_and_stops_no_other() -> Result<()> {
    let config = Config { rest: second("", ""), ..Config::default() };
    let own = |options: &mut TenantOptions| options.verified_domains.push("fabrikam.us".into());
    let world = World::with(Cloud::Global, config, own).await;
    let [colleagues, people] =
        world.directory(|directory| ["fabrikam.us", "fabrikam.com"].map(|domain| directory.sync_people(1..=3, domain)));
    let report = world.json(&["apply"]).await;
    assert_eq!(report["partners"][0]["held"]["reason"], "verified-domain", "{report:#}");
    assert_eq!((world.mails_of(&colleagues), world.mails_of(&people)), (vec![0; 3], vec![1; 3]));
    Ok(())
}
