//! Everybody in view at one moment, and how much of the rest is known.
//!
//! Responsible for: holding observations so that "not read" cannot be mistaken for "no". Not responsible for: reading them;
//! see [`super::observe`].

use super::person::Person;
use crate::address::Address;
use crate::graph::directory::RoleHolders;
use crate::ids::{GroupId, UserId};
use crate::tri::Tri;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What was observed. Built by [`Builder`].
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
    pub roles: Roles,
    shared_addresses: HashMap<Address, BTreeSet<UserId>>,
}

/// Who holds directory roles, as far as is known.
#[derive(Clone, Debug)]
pub enum Roles {
    /// Not read yet.
    NotRead,
    /// Read to the end.
    Read(RoleHolders),
    /// Could not be read.
    Unreadable,
}

impl Roles {
    /// Whether the person holds a role or could activate one.
    pub fn holds_role(&self, user: UserId) -> Tri {
        match self {
            Self::Read(holders) => holders.holds_role(user).into(),
            Self::NotRead | Self::Unreadable => Tri::Unknown,
        }
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
}

/// Collects a snapshot while pages stream by.
#[derive(Debug)]
pub struct Builder {
    snapshot: Snapshot,
    owners: HashMap<Address, UserId>,
}

impl Builder {
    /// Begins a snapshot at `taken`.
    pub fn new(taken: Timestamp, verified_domains: HashSet<Box<str>>) -> Self {
        Self {
            snapshot: Snapshot {
                taken,
                complete: false,
                users_read: 0,
                people: BTreeMap::new(),
                verified_domains,
                groups: HashMap::new(),
                evidence: HashMap::new(),
                roles: Roles::NotRead,
                shared_addresses: HashMap::new(),
            },
            owners: HashMap::new(),
        }
    }

    /// Counts a user who is not in view.
    pub fn pass_by(&mut self) {
        self.snapshot.users_read += 1;
    }

    /// Adds a person. Pages may repeat one: the later reading counts.
    pub fn add(&mut self, person: Person) {
        self.snapshot.users_read += 1;
        for known in &person.addresses {
            match self.owners.get(&known.address) {
                Some(owner) if *owner != person.id => {
                    let sharers = self.snapshot.shared_addresses.entry(known.address.clone()).or_default();
                    sharers.extend([*owner, person.id]);
                }
                Some(_) => {}
                None => {
                    self.owners.insert(known.address.clone(), person.id);
                }
            }
        }
        self.snapshot.people.insert(person.id, person);
    }

    /// Adds what is known of a group.
    pub fn group(&mut self, group: GroupId, members: Result<HashSet<UserId>, String>) {
        self.snapshot.groups.insert(group, members);
    }

    /// The snapshot; `complete` if every user was read.
    pub fn finish(mut self, complete: bool) -> Snapshot {
        self.snapshot.complete = complete;
        self.snapshot
    }
}

impl Snapshot {
    /// Whether the person is in the group; unknown if its members could not be read.
    pub fn is_member(&self, user: UserId, group: GroupId) -> Tri {
        match self.groups.get(&group) {
            Some(Ok(members)) => members.contains(&user).into(),
            Some(Err(_)) | None => Tri::Unknown,
        }
    }

    /// Another object that has the address, if one was seen.
    pub fn twin_of(&self, user: UserId, address: &Address) -> Option<UserId> {
        self.shared_addresses.get(address)?.iter().copied().find(|other| *other != user)
    }
}
