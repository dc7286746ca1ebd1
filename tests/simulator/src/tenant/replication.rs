//! How a change spreads: the log that change tracking reads, and what is shown of a user until a change has arrived.
//!
//! A write's own answer tells the truth at once; what is read afterwards is as old as [`Directory::lag`] says. Users
//! and memberships lag in every reading. Groups themselves lag in change tracking only; read directly they are up to
//! date. Changes arrive in the order in which they were made.
//!
//! Not responsible for: how change tracking answers (`delta`), nor how members are shown meanwhile (`membership_lag`).

use super::membership_lag::Memberships;
use super::model::Directory;
use super::objects::Group;
use super::property::{Properties, Resource, property_set};
use super::user::User;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use uuid::Uuid;

/// The object came, went or came back.
pub(super) const EVERYTHING: Properties = Properties::MAX;

/// One change of one object.
#[derive(Debug)]
pub(super) struct Change {
    /// When it has arrived.
    pub(super) arrives: Timestamp,
    pub(super) object: Uuid,
    pub(super) what: What,
}

/// What changed.
#[derive(Debug)]
pub(super) enum What {
    User(Properties),
    Group(Properties),
    /// A group, the object, has another member or one less.
    Member {
        member: Uuid,
        added: bool,
    },
}

/// The log, and the users as they were before the changes that have not arrived.
#[derive(Debug, Default)]
pub(super) struct Replication {
    log: Vec<Change>,
    /// Properties that once had a value and have none now.
    cleared: HashMap<Uuid, Properties>,
    /// By user, oldest first.
    old: BTreeMap<Uuid, VecDeque<Old>>,
    /// The ends of `old`, soonest first.
    ends: VecDeque<(Timestamp, Uuid)>,
    pub(super) memberships: Memberships,
}

/// A user as they were, to be shown until the next change arrives.
#[derive(Debug)]
struct Old {
    until: Timestamp,
    /// `None`: there was none.
    user: Option<User>,
    /// The index of addresses does not find it any more.
    moved: bool,
}

impl Replication {
    /// How far the log has arrived: what is in it beyond this place, nobody has heard of.
    pub(super) fn arrived(&self, now: Timestamp) -> usize {
        self.log.partition_point(|change| change.arrives <= now)
    }

    /// The changes between two places in the log.
    pub(super) fn between(&self, since: usize, until: usize) -> &[Change] {
        self.log.get(since..until).unwrap_or_default()
    }

    /// Properties of the object that are null but were not always.
    pub(super) fn cleared(&self, object: Uuid) -> Properties {
        self.cleared.get(&object).copied().unwrap_or_default()
    }

    fn clear(&mut self, object: Uuid, properties: Properties) {
        if properties != 0 {
            *self.cleared.entry(object).or_default() |= properties;
        }
    }

    /// Writes down a change, and when it arrives: not before any other.
    fn note(&mut self, object: Uuid, what: What, arrives: Timestamp) -> Timestamp {
        let arrives = self.log.last().map_or(arrives, |last| last.arrives.max(arrives));
        self.log.push(Change { arrives, object, what });
        arrives
    }

    fn note_member(&mut self, group: Uuid, member: Uuid, added: bool, arrives: Timestamp, now: Timestamp) {
        let until = self.note(group, What::Member { member, added }, arrives);
        self.memberships.change(group, member, added, until, now);
    }

    fn forget_arrived(&mut self, now: Timestamp) {
        while let Some((end, id)) = self.ends.front().copied().filter(|(end, _)| *end <= now) {
            self.ends.pop_front();
            if let Some(versions) = self.old.get_mut(&id) {
                versions.retain(|old| old.until > end);
                if versions.is_empty() {
                    self.old.remove(&id);
                }
            }
        }
    }
}

impl Directory {
    /// Everything that was changed so far arrives now.
    pub fn settle(&mut self) {
        let now = self.clock().now();
        for change in self.replication.log.iter_mut().rev().take_while(|change| change.arrives > now) {
            change.arrives = now;
        }
        self.replication.old.clear();
        self.replication.ends.clear();
        self.replication.memberships.settle();
        for entry in self.audit_log.iter_mut().rev().take_while(|entry| entry.arrives > now) {
            entry.arrives = now;
        }
    }

    /// Writes down that a user is not as `before` any more, or was not there.
    pub(super) fn user_changed(&mut self, id: Uuid, before: Option<User>) {
        let now = self.clock().now();
        let mut moved = true;
        let changed = match (&before, self.users.get(&id)) {
            (Some(before), Some(after)) => {
                moved = !before.addresses().eq(after.addresses());
                let changed = before.differences(after);
                self.replication.clear(id, cleared(before, after, changed));
                changed
            }
            _ => EVERYTHING,
        };
        if changed == 0 {
            return;
        }
        let until = self.replication.note(id, What::User(changed), now + self.lag);
        self.replication.forget_arrived(now);
        if until > now {
            self.replication.old.entry(id).or_default().push_back(Old { until, user: before, moved });
            self.replication.ends.push_back((until, id));
        }
    }

    /// The same for a group and its members.
    pub(super) fn group_changed(&mut self, id: Uuid, before: Option<&Group>) {
        let now = self.clock().now();
        let arrives = now + self.lag;
        let none = BTreeSet::new();
        let after = self.groups.get(&id);
        let changed = match (before, after) {
            (Some(before), Some(after)) => {
                let changed = before.differences(after);
                self.replication.clear(id, cleared(before, after, changed));
                changed
            }
            _ => EVERYTHING,
        };
        if changed != 0 {
            self.replication.note(id, What::Group(changed), arrives);
        }
        let old = before.map_or(&none, |group| &group.members);
        let new = after.map_or(&none, |group| &group.members);
        for member in old.symmetric_difference(new) {
            self.replication.note_member(id, *member, new.contains(member), arrives, now);
        }
    }

    pub(super) fn membership_changed(&mut self, group: Uuid, member: Uuid, added: bool) {
        let now = self.clock().now();
        self.replication.note_member(group, member, added, now + self.lag, now);
    }

    /// A user as readers see them now.
    pub(super) fn shown_user(&self, id: Uuid) -> Option<&User> {
        self.user_at(id, self.clock().now())
    }

    fn user_at(&self, id: Uuid, now: Timestamp) -> Option<&User> {
        let old = self.replication.old.get(&id).and_then(|versions| versions.iter().find(|old| old.until > now));
        old.map_or_else(|| self.users.get(&id), |old| old.user.as_ref())
    }

    /// All users as readers see them now, by id, from the first after `after`.
    pub(super) fn shown_users(&self, after: Option<Uuid>) -> Box<dyn Iterator<Item = (Uuid, &User)> + '_> {
        let from = |after: Option<Uuid>| (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        if self.replication.old.is_empty() {
            return Box::new(self.users.range(from(after)).map(|(id, user)| (*id, user)));
        }
        let now = self.clock().now();
        let next = move |after: Option<Uuid>| {
            let user = self.users.range(from(after)).next().map(|(id, _)| *id);
            let old = self.replication.old.range(from(after)).next().map(|(id, _)| *id);
            user.into_iter().chain(old).min()
        };
        let ids = std::iter::successors(next(after), move |id| next(Some(*id)));
        Box::new(ids.filter_map(move |id| self.user_at(id, now).map(|user| (id, user))))
    }

    /// The ids of all who may be shown with the address: some may have it no more, or not yet.
    pub(super) fn shown_holders(&self, address: &str) -> BTreeSet<Uuid> {
        let moved = self.replication.old.iter().filter(|(_, versions)| versions.iter().any(|old| old.moved));
        self.holders(address).chain(moved.map(|(id, _)| *id)).collect()
    }
}

/// Those of the changed properties that had a value before and have none now.
fn cleared<R: Resource>(before: &R, after: &R, changed: Properties) -> Properties {
    let changed = R::NAMES.iter().filter(|name| property_set::<R>(name) & changed != 0);
    let cleared = changed.filter(|name| !before.property(name).is_unset() && after.property(name).is_unset());
    cleared.fold(0, |set, name| set | property_set::<R>(name))
}
