//! The catalogue of refusals, each made by the tenant's own state where one makes it: for whom it counts, what stops,
//! what goes on, and what the operator is told.

use crate::support::{Config, World};
use anyhow::Result;
use jiff::SignedDuration;
use serde_json::Value;
use usher_simulator::tenant::{
    AllowInvitesFrom, Directory, DomainBlock, ExternalUserState, Fault, Group, Matcher, OtherKind, OtherObject,
    SyncedPerson,
};
use uuid::Uuid;

/// One batch: after it nobody else is tried.
const BATCH: u32 = 20;
/// More than one batch.
const MANY: u32 = 30;
const OTHERS: u32 = 5;

/// Two partners, the first with many people in `fabrikam.us`, the second with a few in `fabrikam.com`.
struct Two {
    world: World,
    first: Vec<Uuid>,
    second: Vec<Uuid>,
}

impl Two {
    async fn new() -> Self {
        let second = "[[partner]]\nname = \"second\"\ntenant_id = \"33333333-3333-4333-8333-333333333333\"\n\
                      cloud = \"us-gov\"\n[partner.scope]\ndomains = [\"fabrikam.com\"]\n\
                      [partner.limits]\ninvitations = 100000\nwaves = []";
        let world = World::new(Config { rest: second.into(), ..Config::default() }).await;
        let first = world.people(MANY);
        let second = world.directory(|directory| directory.sync_people(1..=OTHERS, "fabrikam.com"));
        Self { world, first, second }
    }

    /// How many mails each partner's people got altogether; nobody more than one.
    fn mailed(&self) -> [usize; 2] {
        [&self.first, &self.second].map(|people| {
            let mails = self.world.mails_of(people);
            assert!(mails.iter().all(|mails| *mails <= 1), "{mails:?}");
            mails.iter().sum()
        })
    }

    async fn everybody_is_mailed_now(&self, what: &str) {
        self.world.usher(&["apply"]).await.exits(0);
        assert_eq!(self.mailed(), [MANY as usize, OTHERS as usize], "{what}");
        let status = self.world.json(&["status"]).await;
        assert_eq!([circuit(&status, 0), circuit(&status, 1)], [&Value::Null, &Value::Null], "{what}: {status:#}");
    }
}

/// The reason of a partner's open circuit in `status`.
fn circuit(status: &Value, partner: usize) -> &Value {
    &status["partners"][partner]["circuit"]["reason"]
}

fn outcomes(partner: &Value, outcome: &str) -> usize {
    let actions = partner["actions"].as_array().expect("actions");
    actions.iter().filter(|action| action["outcome"] == outcome).count()
}

/// Asserts that a partner was stopped by the circuit breaker, and that the operator is told why and what to do.
#[track_caller]
fn assert_stopped(partner: &Value, cause: &str) {
    assert_eq!(partner["held"]["reason"], "circuit", "{cause}: {partner:#}");
    assert_eq!(partner["held"]["cause"], cause, "{partner:#}");
    assert_eq!(outcomes(partner, "done"), 0, "{cause}: {partner:#}");
}

#[track_caller]
fn assert_advised(error: &Value, code: &str) {
    assert_eq!(error["code"], code, "{error:#}");
    assert!(error["advice"].as_str().is_some_and(|advice| advice.ends_with('.')), "{code}: {error:#}");
}

/// What makes Graph refuse one person: their address, and what is so of their object without readers seeing it yet.
type Spoil = fn(&mut Directory, Uuid, &str) -> Result<()>;

const PERSONS: &[(&str, Spoil)] = &[
    ("twin", |directory, _, address| {
        directory.sync_person(SyncedPerson::new(address));
        Ok(())
    }),
    ("account-blocked", |directory, id, _| directory.set_enabled(id, false)),
    ("mail-differs", |directory, id, _| {
        directory.update_user(id, |user| user.mail = Some("another@fabrikam.us".into()))
    }),
    ("on-premises-upn", |directory, id, _| directory.update_user(id, |user| user.conversion_refused = true)),
    ("address-in-use", |directory, _, address| {
        let id = directory.new_id();
        let mail = Some(address.to_owned());
        directory.insert_other(OtherObject { id, kind: OtherKind::OrgContact, display_name: "Contact".into(), mail });
        Ok(())
    }),
    ("address-in-use", |directory, _, address| {
        let group = directory.create_group("with an address");
        let plain = directory.group(group).expect("it was made").clone();
        directory.insert_group(Group { mail: Some(address.to_owned()), ..plain });
        Ok(())
    }),
    ("Authorization_RequestDenied", |directory, _, address| {
        directory.policy.unexplained.insert(address.to_owned());
        Ok(())
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_a_person_stops_nobody_else() -> Result<()> {
    let world = World::new(Config::default()).await;
    let others = world.people(MANY);
    let (refused, external) = world.directory(|directory| {
        let mut sync = |address: &str| directory.sync_person(SyncedPerson::new(address));
        let addresses = (0..PERSONS.len()).map(|number| format!("refused-{number}@fabrikam.us"));
        let refused: Vec<_> = addresses.map(|address| (sync(&address), address)).collect();
        let external = sync("external@fabrikam.us");
        // Graph refuses by what is so; what readers are shown is older, or the planner would leave these people alone.
        directory.lag = SignedDuration::from_hours(24);
        for ((_, spoil), (id, address)) in PERSONS.iter().zip(&refused) {
            spoil(directory, *id, address)?;
        }
        directory.update_user(external, |user| user.external_user_state = Some(ExternalUserState::Accepted))?;
        anyhow::Ok((refused, external))
    })?;
    let report = world.usher(&["apply", "--json"]).await.exits(4).json();
    let actions = report["partners"][0]["actions"].as_array().expect("actions");
    let of = |id: Uuid| actions.iter().find(|action| action["person"]["id"] == id.to_string()).expect("an action");
    for ((code, _), (id, _)) in PERSONS.iter().zip(&refused) {
        assert_eq!(of(*id)["outcome"], "failed", "{code}: {:#}", of(*id));
        assert_advised(&of(*id)["error"], code);
        assert_eq!(world.mails_of(&[*id]), [0], "{code}");
    }
    assert_eq!(of(external)["outcome"], "done", "who is external already is what was asked: {:#}", of(external));
    assert_eq!(world.mails_of(&[external]), [0]);
    assert_eq!(world.mails_of(&others), vec![1; others.len()]);
    assert_eq!(report["partners"][0]["held"], Value::Null);
    assert_eq!(circuit(&world.json(&["status"]).await, 0), &Value::Null);

    world.directory(Directory::settle);
    let writes = world.writes();
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(world.writes(), writes, "nobody is tried again within a day");
    Ok(())
}

/// Refusals for which the planner leaves no occasion, or that the catalogue does not know.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_a_person_in_any_words_is_told_with_advice() -> Result<()> {
    for (status, code, message, told) in [
        (400, "BadRequest", "The invited user email address 'x' is not a valid address.", "address-refused"),
        (400, "ObjectConflict", "In other words.", "address-in-use"),
        (400, "Request_SomethingNew", "Something new.", "Request_SomethingNew"),
        (403, "SomethingForbidden", "Something new.", "SomethingForbidden"),
    ] {
        let world = World::new(Config::default()).await;
        let ids = world.people(OTHERS);
        world.tenant.fail_next(1, Matcher::post("/invitations"), Fault::status(status, code).message(message));
        let report = world.usher(&["apply", "--json"]).await.exits(4).json();
        let partner = &report["partners"][0];
        assert_eq!([outcomes(partner, "failed"), outcomes(partner, "done")], [1, OTHERS as usize - 1], "{told}");
        let actions = partner["actions"].as_array().expect("actions");
        let failed = actions.iter().find(|action| action["outcome"] == "failed").expect("one failed");
        assert_advised(&failed["error"], told);
        assert_eq!(world.mails_of(&ids).iter().sum::<usize>(), OTHERS as usize - 1);
    }
    Ok(())
}

/// What makes Graph refuse the first partner's next people, so many of them; and what ends that.
type Block = fn(&World, usize);
type Mend = fn(&World);

fn block_domain(world: &World, block: DomainBlock) {
    world.directory(|directory| directory.policy.blocked_domains.insert("fabrikam.us".into(), block));
}

const UNBLOCK: Mend = |world| world.directory(|directory| directory.policy.blocked_domains.clear());

const PARTNERS: &[(&str, Block, Mend)] = &[
    ("domain-refused", |world, _| block_domain(world, DomainBlock::DenyList), UNBLOCK),
    ("cross-tenant-access", |world, _| block_domain(world, DomainBlock::CrossTenantAccess), UNBLOCK),
    ("cross-tenant-access", |world, _| block_domain(world, DomainBlock::CrossTenantAccessBoth), UNBLOCK),
    ("cross-cloud-worker", |world, _| block_domain(world, DomainBlock::CrossCloudWorker), UNBLOCK),
    (
        // A domain that became this tenant's after it was read.
        "own-domain",
        |world, people| {
            let refusal = Fault::status(400, "BadRequest")
                .message("The invited user's domain 'fabrikam.us' is a verified domain of this directory.");
            world.tenant.fail_next(people, Matcher::post("/invitations"), refusal);
        },
        |_| (),
    ),
];

/// Refused without a word of why: one after the other may be their own fault, all of them are not.
const FORBIDDEN: (&str, Block, Mend) = (
    "forbidden-throughout",
    |world, _| {
        let addresses = (1..=MANY).map(|number| format!("person-{number:04}@fabrikam.us"));
        world.directory(|directory| directory.policy.unexplained.extend(addresses));
    },
    |world| world.directory(|directory| directory.policy.unexplained.clear()),
);

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_a_partner_stops_that_partner_until_a_probe_shows_that_it_is_over() -> Result<()> {
    for (cause, block, mend) in PARTNERS.iter().chain([&FORBIDDEN]) {
        let two = Two::new().await;
        let world = &two.world;
        block(world, BATCH as usize);
        let report = world.usher(&["apply", "--json"]).await.exits(4).json();
        assert_stopped(&report["partners"][0], cause);
        assert_advised(&report["partners"][0]["error"], cause);
        assert_eq!(outcomes(&report["partners"][0], "failed"), 0, "{cause}: nobody of them is refused for a day");
        assert_eq!(report["partners"][1]["held"], Value::Null, "{cause}: {report:#}");
        assert_eq!(two.mailed(), [0, OTHERS as usize], "{cause}: the other partner goes on");
        assert_eq!(world.writes(), (BATCH + OTHERS) as usize, "{cause}: the rest is not tried");

        let held = world.usher(&["apply", "--json"]).await.exits(3).json();
        assert_stopped(&held["partners"][0], cause);
        assert_eq!(world.writes(), (BATCH + OTHERS) as usize, "{cause}: nothing is sent while it is open");
        let status = world.json(&["status"]).await;
        assert_eq!([circuit(&status, 0), circuit(&status, 1)], [&Value::from(*cause), &Value::Null], "{status:#}");
        assert!(status["partners"][0]["circuit"]["next_try"].is_string(), "{status:#}");

        mend(world);
        world.clock.advance(SignedDuration::from_mins(61));
        world.usher(&["apply"]).await.exits(0);
        assert_eq!(two.mailed(), [1, OTHERS as usize], "{cause}: one invitation tries, and is accepted");
        two.everybody_is_mailed_now(cause).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_is_refused_too_leaves_the_circuit_open_for_another_hour() -> Result<()> {
    for (cause, block, _) in PARTNERS.iter().chain([&FORBIDDEN]) {
        let two = Two::new().await;
        let world = &two.world;
        block(world, BATCH as usize);
        world.usher(&["apply"]).await.exits(4);
        let sent = world.writes();
        for probe in 1..=2 {
            world.clock.advance(SignedDuration::from_mins(61));
            block(world, 1);
            for _ in 0..2 {
                let report = world.usher(&["apply", "--json"]).await.exits(3).json();
                assert_stopped(&report["partners"][0], cause);
            }
            assert_eq!(world.writes(), sent + probe, "{cause}: one invitation tries, once an hour");
        }
        assert_eq!(two.mailed(), [0, OTHERS as usize], "{cause}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_whose_people_are_all_refused_for_their_own_reason_is_stopped() -> Result<()> {
    let two = Two::new().await;
    let world = &two.world;
    let set = |refused: bool| {
        world.directory(|directory| {
            let mut people = two.first.iter();
            people.try_for_each(|id| directory.update_user(*id, |user| user.conversion_refused = refused))
        })
    };
    set(true)?;
    let report = world.usher(&["apply", "--json"]).await.exits(4).json();
    let partner = &report["partners"][0];
    assert_stopped(partner, "refused-throughout");
    assert_advised(&partner["error"], "refused-throughout");
    assert_eq!(outcomes(partner, "failed"), BATCH as usize, "each has a refusal of their own: {partner:#}");
    for action in partner["actions"].as_array().into_iter().flatten().filter(|action| action["outcome"] == "failed") {
        assert_advised(&action["error"], "on-premises-upn");
    }
    assert_eq!(two.mailed(), [0, OTHERS as usize]);

    set(false)?;
    world.clock.advance(SignedDuration::from_mins(61));
    world.usher(&["apply"]).await.exits(0);
    assert_eq!(two.mailed(), [1, OTHERS as usize], "somebody who was not refused tries");
    world.clock.advance(SignedDuration::from_hours(25));
    two.everybody_is_mailed_now("after a day").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_person_in_a_row_forbidden_without_a_reason_opens_the_circuit_across_runs() -> Result<()> {
    let world = World::new(Config::default()).await;
    for (number, exit, cause) in [(1, 1, Value::Null), (2, 1, Value::Null), (3, 3, "forbidden-throughout".into())] {
        let address = format!("person-{number:04}@fabrikam.us");
        world.directory(|directory| {
            directory.sync_people(number..=number, "fabrikam.us");
            directory.policy.unexplained.insert(address)
        });
        world.usher(&["apply"]).await.exits(exit);
        assert_eq!(circuit(&world.json(&["status"]).await, 0), &cause, "person {number}");
    }
    Ok(())
}

fn let_invite(world: &World, who: AllowInvitesFrom) {
    world.directory(|directory| directory.policy.allow_invites_from = who);
}

const ALLOW: Mend = |world| let_invite(world, AllowInvitesFrom::Everyone);

const TENANTS: &[(&str, Block, Mend)] = &[
    ("invitations-not-allowed", |world, _| let_invite(world, AllowInvitesFrom::None), ALLOW),
    ("invitations-not-allowed", |world, _| let_invite(world, AllowInvitesFrom::AdminsAndGuestInviters), ALLOW),
    (
        "invitations-not-allowed",
        |world, people| {
            let refusal = Fault::status(403, "AzureActiveDirectoryForbidden").message("In other words.");
            world.tenant.fail_next(people, Matcher::post("/invitations"), refusal);
        },
        |_| (),
    ),
    (
        "permission-missing",
        |world, _| {
            let inviting = |name: &String| name == "User.Invite.All" || name == "User.ReadWrite.All";
            world.directory(|directory| directory.permissions.retain(|name| !inviting(name)));
        },
        |world| {
            world.directory(|directory| directory.permissions.insert("User.Invite.All".into()));
        },
    ),
];

/// The first run of a tenant that refuses everybody: one batch is tried, and both partners are stopped.
async fn assert_everybody_is_stopped(two: &Two, cause: &str) {
    let report = two.world.usher(&["apply", "--json"]).await.exits(3).json();
    assert_stopped(&report["partners"][0], cause);
    assert_stopped(&report["partners"][1], cause);
    assert_advised(&report["partners"][0]["error"], cause);
    assert_eq!(two.world.writes(), BATCH as usize, "{cause}: the rest is not tried, nor the other partner");
    two.world.usher(&["apply"]).await.exits(3);
    assert_eq!(two.world.writes(), BATCH as usize, "{cause}: nothing is sent while it is open");
    let status = two.world.json(&["status"]).await;
    assert_eq!([circuit(&status, 0), circuit(&status, 1)], [cause, cause], "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_tenant_stops_every_partner_until_a_probe_shows_that_it_is_over() -> Result<()> {
    for (cause, block, mend) in TENANTS {
        let two = Two::new().await;
        let world = &two.world;
        block(world, BATCH as usize);
        assert_everybody_is_stopped(&two, cause).await;

        world.clock.advance(SignedDuration::from_mins(61));
        block(world, 1);
        let report = world.usher(&["apply", "--json"]).await.exits(3).json();
        assert_stopped(&report["partners"][0], cause);
        assert_stopped(&report["partners"][1], cause);
        assert_eq!(world.writes(), BATCH as usize + 1, "{cause}: one invitation tries");

        mend(world);
        world.clock.advance(SignedDuration::from_mins(61));
        world.usher(&["apply"]).await.exits(0);
        assert_eq!(two.mailed(), [1, 1], "{cause}: one invitation tries, is accepted, and one of the other follows");
        two.everybody_is_mailed_now(cause).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_for_suspicious_activity_is_not_probed_and_a_person_closes_it() -> Result<()> {
    let two = Two::new().await;
    let world = &two.world;
    world.directory(|directory| directory.policy.suspicious_activity_block = true);
    assert_everybody_is_stopped(&two, "suspicious-activity").await;
    assert_eq!(world.json(&["status"]).await["partners"][0]["circuit"]["next_try"], Value::Null);

    world.directory(|directory| directory.policy.suspicious_activity_block = false);
    world.clock.advance(SignedDuration::from_hours(30 * 24));
    world.usher(&["apply"]).await.exits(3);
    assert_eq!(world.writes(), BATCH as usize, "nothing tries by itself");

    let closed = world.json(&["circuit", "close"]).await;
    assert_eq!(closed["closed"].as_array().map(Vec::len), Some(1), "{closed:#}");
    assert_eq!(closed["closed"][0]["reason"], "suspicious-activity");
    two.everybody_is_mailed_now("closed by a person").await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everybody_is_refused_one_an_hour_tries() -> Result<()> {
    let world = World::new(Config::default()).await;
    world.directory(|directory| {
        for number in 1..=30 {
            let address = format!("person-{number:04}@fabrikam.us");
            directory.sync_person(SyncedPerson { conversion_refused: true, ..SyncedPerson::new(&address) });
        }
    });
    world.usher(&["apply"]).await.exits(3);
    let mut writes = world.writes();
    for _ in 0..3 {
        world.clock.advance(SignedDuration::from_mins(61));
        for _ in 0..2 {
            world.usher(&["apply"]).await.exits(3);
        }
        writes += 1;
        assert_eq!(world.writes(), writes);
    }
    Ok(())
}
