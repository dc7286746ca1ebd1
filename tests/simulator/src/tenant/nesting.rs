//! Which groups hold an object, and which groups a group holds, through any number of groups in between; and so, who
//! has a directory role.

use super::model::Directory;
use super::objects::Group;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Directory {
    /// The groups that hold the object, directly or through other groups.
    pub(super) fn groups_of(&self, id: Uuid) -> BTreeSet<Uuid> {
        self.groups_above(id, |group, member| group.members.contains(&member))
    }

    /// The same as readers see it now.
    pub(super) fn shown_groups_of(&self, id: Uuid) -> BTreeSet<Uuid> {
        self.groups_above(id, |group, member| self.is_shown_in(group, member))
    }

    fn groups_above(&self, id: Uuid, is_in: impl Fn(&Group, Uuid) -> bool) -> BTreeSet<Uuid> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(member) = open.pop() {
            for group in self.groups.values().filter(|group| is_in(group, member)) {
                if found.insert(group.id) {
                    open.push(group.id);
                }
            }
        }
        found
    }

    /// The group and all groups nested in it, as readers see them now.
    pub(super) fn groups_below(&self, id: Uuid) -> Vec<&Group> {
        let mut found: Vec<&Group> = self.groups.get(&id).into_iter().collect();
        let mut at = 0;
        while let Some(group) = found.get(at).copied() {
            let nested = self.groups.values().filter(|inner| self.is_shown_in(group, inner.id));
            let new: Vec<&Group> = nested.filter(|inner| found.iter().all(|seen| seen.id != inner.id)).collect();
            found.extend(new);
            at += 1;
        }
        found
    }

    /// Whether the object has a directory role, active or through a group.
    pub(super) fn has_role(&self, id: Uuid) -> bool {
        let groups = self.groups_of(id);
        self.role_assignments.values().any(|role| role.principal == id || groups.contains(&role.principal))
    }
}
