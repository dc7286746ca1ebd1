//! Everybody in view at one moment, and how much of the rest is known.
//!
//! Responsible for: holding observations so that "not read" cannot be mistaken for "no". Not responsible for: reading them;
//! see [`super::observe`].

use super::person::Person;
use crate::address::Address;
use crate::graph::directory::{CrossTenant, LastDisabled, RoleHolders};
use crate::ids::{GroupId, UserId};
use crate::tri::Tri;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What was observed.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When reading began.
    pub taken: Timestamp,
    /// Whether every user was read.
    pub complete: bool,
    /// How many users were read, in view or not.
    pub users_read: usize,
    /// Those with an address in a partner's domain.
    pub people: BTreeMap<UserId, Person>,
    /// The domains verified in this tenant, in ASCII.
    pub verified_domains: HashSet<Box<str>>,
    /// The members of each group that the configuration names; what could not be read has its error's text.
    pub groups: HashMap<GroupId, Result<HashSet<UserId>, String>>,
    /// The closer look at people whom a plan would touch.
    pub evidence: HashMap<UserId, Evidence>,
    /// Who holds directory roles.
    pub roles: Dear<RoleHolders>,
    /// The members of the protected group, once read; `None` before, and where none is configured.
    pub protected_group: Option<Result<HashSet<UserId>, String>>,
    /// People of whom it could not be read in which groups they are, or of whom lists and single answers disagree.
    pub unknown_membership: HashSet<UserId>,
    /// When people signed in last.
    pub sign_ins: Dear<HashMap<UserId, Timestamp>>,
    /// People deleted softly within 30 days, with when; those whom usher looks after.
    pub deleted: Dear<BTreeMap<UserId, (Person, Option<Timestamp>)>>,
    /// Who disabled accounts last within 30 days, and when.
    pub disabled_by: Dear<HashMap<UserId, LastDisabled>>,
    /// What cross-tenant access settings say, by partner, once read.
    pub cross_tenant: BTreeMap<String, CrossTenant>,
    /// Whether people hold roles of their own, for those of whom that was asked singly, besides the lists.
    pub roles_of: HashMap<UserId, Tri>,
    /// Addresses that were asked for, and that no object has.
    pub absent: HashSet<Address>,
    /// Whether groups hold whole lists of members, and not just of single people what was asked for.
    pub holds_lists: bool,
    /// What only the last sweep knows, when this is no sweep.
    pub beyond: Option<BeyondView>,
    owners: HashMap<u64, UserId>,
    shared_addresses: HashMap<Address, BTreeSet<UserId>>,
}

/// Evidence that is read only when a decision needs it.
#[derive(Clone, Debug)]
pub enum Dear<T> {
    /// Not read yet.
    NotRead,
    /// Read to the end.
    Read(T),
    /// Could not be read, for this reason.
    Unreadable(String),
}

impl<T> Dear<T> {
    /// What was read, if it was.
    pub const fn read(&self) -> Option<&T> {
        match self {
            Self::Read(found) => Some(found),
            Self::NotRead | Self::Unreadable(_) => None,
        }
    }

    /// Whether nobody has tried to read it yet.
    pub const fn is_not_read(&self) -> bool {
        matches!(self, Self::NotRead)
    }
}

impl<T, E: std::fmt::Display> From<Result<T, E>> for Dear<T> {
    fn from(read: Result<T, E>) -> Self {
        read.map_or_else(|error| Self::Unreadable(error.to_string()), Self::Read)
    }
}

/// What the closer look at one person found. Whatever was not readable is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The object is still there.
    pub exists: Tri,
    /// A plan of Exchange Online is assigned.
    pub exchange_plan: Tri,
    /// A directory role, active, eligible or through a group.
    pub directory_role: Tri,
    /// Member of the protected group.
    pub protected_group: Tri,
    /// A licence is assigned.
    pub licensed: Tri,
}

/// What a glance at changes alone cannot know, and the last sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BeyondView {
    /// How many people the last sweep observed in scope, by partner.
    pub observed: BTreeMap<String, usize>,
    /// How many people wait whom this snapshot does not hold, by partner.
    pub waiting: BTreeMap<String, usize>,
}

impl Snapshot {
    /// An empty snapshot, begun at `taken`.
    pub fn new(taken: Timestamp, verified_domains: HashSet<Box<str>>) -> Self {
        Self {
            taken,
            complete: false,
            users_read: 0,
            people: BTreeMap::new(),
            verified_domains,
            groups: HashMap::new(),
            protected_group: None,
            unknown_membership: HashSet::new(),
            evidence: HashMap::new(),
            roles: Dear::NotRead,
            sign_ins: Dear::NotRead,
            deleted: Dear::NotRead,
            disabled_by: Dear::NotRead,
            cross_tenant: BTreeMap::new(),
            roles_of: HashMap::new(),
            absent: HashSet::new(),
            holds_lists: false,
            beyond: None,
            owners: HashMap::new(),
            shared_addresses: HashMap::new(),
        }
    }

    /// Adds a person. Whoever is added again counts as read last.
    pub fn add(&mut self, person: Person) {
        for known in &person.addresses {
            let owner = *self.owners.entry(fingerprint(&known.address)).or_insert(person.id);
            if owner != person.id {
                let sharers = self.shared_addresses.entry(known.address.clone()).or_default();
                sharers.extend([owner, person.id]);
            }
        }
        self.people.insert(person.id, person);
    }

    /// Whether the person is in the group; unknown if that could not be read.
    pub fn is_member(&self, user: UserId, group: GroupId) -> Tri {
        match self.groups.get(&group) {
            Some(Ok(_)) if self.unknown_membership.contains(&user) => Tri::Unknown,
            Some(Ok(members)) => members.contains(&user).into(),
            Some(Err(_)) | None => Tri::Unknown,
        }
    }

    /// Why it cannot be told who is protected, once that was tried.
    pub fn unreadable_protection(&self) -> Option<&str> {
        match (&self.roles, &self.protected_group) {
            (Dear::Unreadable(why), _) | (_, Some(Err(why))) => Some(why),
            _ => None,
        }
    }

    /// Somebody who has the address, if anybody was seen who has.
    pub fn holder_of(&self, address: &Address) -> Option<&Person> {
        self.people.values().find(|person| person.addresses.iter().any(|known| known.address == *address))
    }

    /// Another object that has the address, if one was seen.
    pub fn twin_of(&self, user: UserId, address: &Address) -> Option<UserId> {
        let has_it = |id: &UserId| {
            self.people.get(id).is_some_and(|person| person.addresses.iter().any(|known| known.address == *address))
        };
        self.shared_addresses.get(address)?.iter().copied().find(|other| *other != user && has_it(other))
    }
}

/// Short for an address, to find who has it. Two addresses with one fingerprint are told apart by looking.
fn fingerprint(address: &Address) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    hasher.finish()
}
