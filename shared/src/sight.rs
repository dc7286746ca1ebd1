//! What the quick path remembers between two ticks: from where changes are found, and who waits.
//!
//! Responsible for: one document with Graph's links and the backlog, so that both move together or not at all. Losing it
//! costs one sweep and nothing else. Not responsible for: what was done; the journal is.

use crate::config::Config;
use crate::ids::UserId;
use crate::people::person::Person;
use crate::people::plan::PartnerPlan;
use crate::people::snapshot::{BeyondView, Snapshot};
use crate::state::{Documents, ETag, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const SIGHT: &str = "sight";
/// Graph keeps links of directory objects for seven days.
const LINKS_LAST: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Graph's links under which later changes are found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Links {
    /// For users.
    pub users: String,
    /// For the members of the groups that the configuration names; `None` if it names none.
    pub members: Option<String>,
}

/// What the quick path remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sight {
    /// The configuration for which it is good: another one may look for other people.
    config: String,
    /// When the links were given out.
    taken: Timestamp,
    /// From where changes are found.
    pub links: Links,
    /// The tenant's verified domains, as the last sweep saw them.
    pub verified_domains: BTreeSet<Box<str>>,
    /// How many users the last sweep read.
    pub users_read: usize,
    /// How many people the last sweep observed in scope, by partner; without partners of whom not everything was readable.
    pub observed: BTreeMap<String, usize>,
    /// People to be looked at again, in the order of their turn.
    pub backlog: Vec<Waiting>,
}

/// Somebody to be looked at again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Waiting {
    /// When the object was made: who has waited longest comes first, and of whom it is not known yet, before.
    pub created: Option<Timestamp>,
    /// Object id.
    pub id: UserId,
    /// The partner whose domain the address is in, as far as known.
    pub partner: Option<String>,
}

impl Versioned for Sight {
    const VERSION: u32 = 1;
}

impl Sight {
    /// What a sweep saw.
    pub fn of_sweep(config: &Config, links: Links, snapshot: &Snapshot, plans: &[PartnerPlan]) -> Self {
        let complete = plans.iter().filter(|plan| plan.complete);
        Self {
            config: config.config_hash(),
            taken: snapshot.taken,
            links,
            verified_domains: snapshot.verified_domains.iter().cloned().collect(),
            users_read: snapshot.users_read,
            observed: complete.map(|plan| (plan.partner.clone(), plan.observed)).collect(),
            backlog: again(snapshot, plans),
        }
    }

    /// The same after a glance at changes: newer links, and those who still wait.
    #[must_use]
    pub fn after(self, links: Links, unseen: Vec<Waiting>, snapshot: &Snapshot, plans: &[PartnerPlan]) -> Self {
        let mut backlog = again(snapshot, plans);
        backlog.extend(unseen);
        backlog.sort_unstable();
        backlog.dedup_by_key(|waiting| waiting.id);
        Self { taken: snapshot.taken, links, backlog, ..self }
    }

    /// Whether it is still good at `now`, for this configuration.
    pub fn is_good(&self, config: &Config, now: Timestamp) -> bool {
        let age = now.duration_since(self.taken);
        self.config == config.config_hash() && age >= SignedDuration::ZERO && age < LINKS_LAST
    }

    /// Whether everything could be read of this partner at the last sweep.
    pub fn is_complete(&self, partner: &str) -> bool {
        self.observed.contains_key(partner)
    }

    /// What a snapshot of a few people cannot know. `unseen` are those whom it does not hold.
    pub fn beyond(&self, unseen: &[Waiting]) -> BeyondView {
        let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
        for partner in unseen.iter().filter_map(|waiting| waiting.partner.as_ref()) {
            *waiting.entry(partner.clone()).or_default() += 1;
        }
        BeyondView { observed: self.observed.clone(), waiting }
    }
}

impl Waiting {
    /// Somebody whose address may be a partner's.
    pub fn of(person: &Person, config: &Config) -> Self {
        let of_partner = |known: &crate::people::person::KnownAddress| {
            config.partners.iter().find(|partner| partner.domain_is_listed(known.address.domain()))
        };
        let partner = person.addresses.iter().find_map(of_partner);
        Self { created: person.created.get(), id: person.id, partner: partner.map(|partner| partner.name.clone()) }
    }
}

fn again(snapshot: &Snapshot, plans: &[PartnerPlan]) -> Vec<Waiting> {
    let mut again: HashMap<UserId, Waiting> = HashMap::new();
    for plan in plans {
        for id in &plan.again {
            let created = snapshot.people.get(id).and_then(|person| person.created.get());
            again.insert(*id, Waiting { created, id: *id, partner: Some(plan.partner.clone()) });
        }
    }
    let mut again: Vec<_> = again.into_values().collect();
    again.sort_unstable();
    again
}

/// Reads what is remembered, with its version.
///
/// # Errors
/// When the store fails. A document that cannot be read counts as none: a sweep makes a new one.
pub async fn read(store: &dyn Store) -> Result<(Option<Sight>, Option<ETag>), StateError> {
    match Documents(store).get::<Sight>(SIGHT).await {
        Ok(Some((sight, etag))) => Ok((Some(sight), Some(etag))),
        Ok(None) => Ok((None, None)),
        Err(StateError::Damaged { .. }) => Ok((None, store.get(SIGHT).await?.map(|document| document.etag))),
        Err(error) => Err(error),
    }
}

/// Remembers, in one compare-and-swap.
///
/// # Errors
/// When the store fails, or somebody else was faster.
pub async fn write(store: &dyn Store, sight: &Sight, read: Option<&ETag>) -> Result<(), StateError> {
    Documents(store).put(SIGHT, sight, read).await.map(|_| ())
}
