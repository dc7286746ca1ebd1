//! Who is shown in a group until a change of its members has arrived.
//!
//! Not responsible for: whether a member itself is shown (`replication`), nor what change tracking shows (`delta`).

use super::model::Directory;
use super::objects::Group;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use uuid::Uuid;

/// Changes of who is in a group that have not arrived, oldest first.
#[derive(Debug, Default)]
pub(super) struct Memberships(VecDeque<Pending>);

#[derive(Debug)]
struct Pending {
    until: Timestamp,
    group: Uuid,
    member: Uuid,
    /// What is shown until then.
    was_in: bool,
}

impl Memberships {
    /// The member came or went, which is seen at `until`.
    pub(super) fn change(&mut self, group: Uuid, member: Uuid, added: bool, until: Timestamp, now: Timestamp) {
        while self.0.front().is_some_and(|pending| pending.until <= now) {
            self.0.pop_front();
        }
        if until > now {
            self.0.push_back(Pending { until, group, member, was_in: !added });
        }
    }

    /// Everything arrives now.
    pub(super) fn settle(&mut self) {
        self.0.clear();
    }

    fn of(&self, group: Uuid, now: Timestamp) -> impl DoubleEndedIterator<Item = &Pending> {
        self.0.iter().filter(move |pending| pending.group == group && pending.until > now)
    }
}

impl Directory {
    /// The direct members of a group as readers see them now.
    pub(super) fn shown_members<'a>(&self, group: &'a Group) -> Cow<'a, BTreeSet<Uuid>> {
        let now = self.clock().now();
        let mut members = Cow::Borrowed(&group.members);
        for pending in self.replication.memberships.of(group.id, now).rev() {
            if pending.was_in {
                members.to_mut().insert(pending.member);
            } else {
                members.to_mut().remove(&pending.member);
            }
        }
        members
    }

    /// Whether readers see the object among the direct members of a group.
    pub(super) fn is_shown_in(&self, group: &Group, member: Uuid) -> bool {
        let mut pending = self.replication.memberships.of(group.id, self.clock().now());
        let oldest = pending.find(|pending| pending.member == member);
        oldest.map_or_else(|| group.members.contains(&member), |pending| pending.was_in)
    }
}
