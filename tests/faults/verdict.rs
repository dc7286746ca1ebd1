//! What must hold in the end.
//!
//! Responsible for: letting a world come to rest, and judging what there is then. Not responsible for: what must hold at each
//! request; the witness sees that.

use crate::breakage::Breakage;
use crate::cast::{Cast, Player, company};
use crate::disturbances::Weather;
use crate::history::{Beat, Deed, History, WORST_CLOCK};
use crate::witness::{Rule, Violation};
use crate::world::World;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use usher_shared::journal::Journal;
use usher_shared::people::observe::Whom;
use usher_shared::provision::whom;
use usher_shared::state::Store;
use usher_simulator::cloud::Cloud;
use usher_simulator::conformance::check_in_each_cloud;
use usher_simulator::tenant::ExternalUserState;
use uuid::Uuid;

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// When usher is woken at first after everything that disturbs has stopped: what was open settles.
const SETTLES: [SignedDuration; 3] = [SignedDuration::from_mins(15); 3];
/// How often then, until all scripts are done, and how often at most.
const GOES_ON: (SignedDuration, usize) = (days(2), 20);
/// When then, until everybody is where they should be: the last day that counts for anybody comes.
const REST: [SignedDuration; 7] = [days(1), days(7), days(1), days(5), days(8), days(3), days(11)];
/// What comes after: one more sweep for what was left over, and then, later than the days of grace, nothing may be due.
const STILL: [SignedDuration; 2] = [days(1), days(9)];
/// Days after the invitation on which it is sent again, as the configuration has them.
const RESENT_AFTER: [i64; 2] = [3, 7];

/// What became of somebody, as far as it is the same whenever usher got to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not in the directory, or deleted.
    Gone,
    /// There.
    There { state: Option<&'static str>, enabled: bool, joined: bool, sponsored: bool, company: Option<String> },
}

/// How a history ended.
pub(crate) struct Ending {
    pub(crate) fates: BTreeMap<u32, Fate>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) weather: Weather,
}

/// Lets a history happen, and everything come to rest.
pub(crate) async fn live_through(history: &History, breakage: Option<Breakage>, aloud: bool) -> Ending {
    let mut world = World::new(history, breakage);
    if aloud {
        world.weather.listen();
    }
    let mut cast = Cast::new(history, &world);
    for beat in &history.beats {
        world.beat(beat, &mut cast).await;
    }
    world.calm();
    for after in SETTLES {
        world.beat(&Beat::calm(after), &mut cast).await;
    }
    let (often, most) = GOES_ON;
    for _ in 0..most {
        if cast.players.iter().all(|player| player.next().is_none()) {
            break;
        }
        world.beat(&Beat::calm(often), &mut cast).await;
    }
    for after in REST {
        // Who stays without redeeming looks the same before the last mail and after it.
        let has_days_left = |player: &Player| player.person.stays_synced && !player.did(Deed::Redeems);
        let is_at_rest = |player| lost(history, player, &fate(&world, player)).is_none() && !has_days_left(player);
        if cast.players.iter().all(is_at_rest) {
            break;
        }
        world.beat(&Beat::calm(after), &mut cast).await;
    }
    for after in STILL {
        world.planned();
        world.beat(&Beat::calm(after), &mut cast).await;
    }
    let planned = world.planned();
    let mut violations = world.witness.violations();
    let mut violated = |rule, what: String| violations.push(Violation { rule, what });
    if planned > 0 {
        violated(Rule::ItComesToRest, format!("{planned} actions were planned when nothing was due any more"));
    }
    for what in world.tenant.violations() {
        violated(Rule::GraphIsAskedAsDocumented, what);
    }
    if history.is_checked() {
        let report = check_in_each_cloud(Cloud::Global, &world.tenant.exchanges());
        if !report.is_clean() {
            violated(Rule::GraphIsAskedAsDocumented, report.to_string());
        }
    }
    if let Err(error) = chain(&world).await {
        violated(Rule::TheChainHolds, error);
    }
    world.witness.expects().await;
    violations.extend(world.witness.is_done());
    violations.extend(mails(&world));
    let mut fates = BTreeMap::new();
    for player in &cast.players {
        let fate = fate(&world, player);
        violations.extend(forgotten(&mut world, history, player, &fate).await);
        fates.insert(player.person.number, fate);
    }
    Ending { fates, violations, weather: world.weather.clone() }
}

async fn chain(world: &World) -> Result<(), String> {
    if world.breakage == Some(Breakage::JournalIsRewritten) {
        rewrite(world).await;
    }
    let journal = Journal::open(Arc::new(world.documents.clone())).await.map_err(|error| error.to_string())?;
    journal.verify().await.map(|_| ()).map_err(|error| error.to_string())
}

/// Changes one word of what the journal says.
async fn rewrite(world: &World) {
    for name in world.documents.list("journal/").await.expect("the state") {
        let segment = world.documents.get(&name).await.expect("the state").expect("the segment that was listed");
        let text = String::from_utf8(segment.bytes).expect("text");
        let changed = text.replacen("convert", "disable", 1);
        if changed != text {
            world.documents.replace(&name, changed.into_bytes(), &segment.etag).await.expect("it can be written");
            return;
        }
    }
}

/// Whoever got more mails than there were steps by then.
fn mails(world: &World) -> Vec<Violation> {
    let mut sent: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
    for mail in world.tenant.mails() {
        sent.entry(mail.user).or_default().push(mail.sent);
    }
    let mut violations = Vec::new();
    for (person, sent) in sent {
        for (number, at) in sent.iter().enumerate() {
            let since = at.duration_since(sent[0]) + WORST_CLOCK;
            let resent = RESENT_AFTER.iter().filter(|days| since >= self::days(**days)).count();
            if number > resent {
                let what = format!("{person} got mail number {} at {at}, the first at {}", number + 1, sent[0]);
                violations.push(Violation { rule: Rule::NobodyIsMailedTwice, what });
            }
        }
    }
    violations
}

fn fate(world: &World, player: &Player) -> Fate {
    let groups = world.groups;
    world.tenant.with_directory(|directory| {
        let Some(user) = player.id.and_then(|id| directory.user(id)) else { return Fate::Gone };
        let state = user.external_user_state.map(|state| match state {
            ExternalUserState::PendingAcceptance => "pending",
            ExternalUserState::Accepted => "accepted",
        });
        Fate::There {
            state,
            enabled: user.account_enabled,
            joined: directory.group(groups.joined).is_some_and(|group| group.members.contains(&user.id)),
            // Whoever leaves before they redeem may leave before they are given a sponsor.
            sponsored: player.did(Deed::Redeems) && user.sponsors.contains(&groups.sponsor),
            company: company(user).map(str::to_owned),
        }
    })
}

/// Whether usher lost somebody from sight: a script that could not go on, or somebody who is not where the rules want them.
fn lost(history: &History, player: &Player, fate: &Fate) -> Option<String> {
    let number = player.person.number;
    if let Some((_, deed)) = player.next() {
        return Some(format!("person {number} still waits for {deed:?}: {fate:?}"));
    }
    let left = player.did(Deed::LeavesScope) && !player.did(Deed::ComesBack);
    let stays = player.person.stays_synced && !player.did(Deed::IsAskedFor);
    let is_there = |wanted_state: &str, wanted_enabled: bool| match fate {
        Fate::There { state, enabled, .. } => *state == Some(wanted_state) && *enabled == wanted_enabled,
        Fate::Gone => false,
    };
    let is_complete = || match fate {
        Fate::There { joined, sponsored, company, .. } => {
            *joined && *sponsored && (stays || company.as_deref() == Some("Fabrikam"))
        }
        Fate::Gone => false,
    };
    let redeemed = player.did(Deed::Redeems);
    let wanted = match () {
        () if player.did(Deed::IsDeleted) => *fate == Fate::Gone,
        () if player.did(Deed::IsBlocked) => is_there("accepted", false),
        () if player.did(Deed::IsToBeRetired) || left => match (stays, history.setup.synced_are_disabled) {
            (false, _) => *fate == Fate::Gone,
            (true, true) => is_there("accepted", false) || is_there("pending", false),
            (true, false) => matches!(fate, Fate::There { .. }),
        },
        () if redeemed => is_there("accepted", true) && is_complete(),
        // Nobody redeems for them.
        () if stays => is_there("pending", true),
        () => *fate == Fate::Gone,
    };
    (!wanted).then(|| format!("person {number} is {fate:?}, whose script was {:?}", player.person.script))
}

/// The same with what usher says about it; or somebody who is not simply as wished, and of whom usher cannot say why.
async fn forgotten(world: &mut World, history: &History, player: &Player, fate: &Fate) -> Option<Violation> {
    let lost = lost(history, player, fate);
    let is_plain = matches!(fate, Fate::Gone | Fate::There { state: Some("accepted"), enabled: true, .. });
    if lost.is_none() && is_plain {
        return None;
    }
    let now = world.now();
    let whom = player.id.map_or_else(|| whom(&player.address()), |id| Some(Whom::Id(id.into())))?;
    let explained = world.calm_usher().explain(&whom, now).await;
    let what = match (lost, explained.as_deref()) {
        (None, Ok([explanation])) if !explanation.decision.is_empty() => return None,
        (Some(lost), Ok([explanation])) => format!("{lost}; usher: {} {}", explanation.decision, explanation.text),
        (lost, other) => format!("{lost:?}; usher cannot say why: {other:?}"),
    };
    Some(Violation { rule: Rule::NobodyIsForgotten, what })
}
