//! Which objects a page of a round has.
//!
//! A first round goes through the objects that are there, a later one through the log of changes. Either ends at the
//! place in the log where it began, so that what changes meanwhile comes in the next round, whether it was seen in this
//! one or not.

use super::Kind;
use super::ask::Tracked;
use super::item::{Item, Member};
use crate::tenant::model::Directory;
use crate::tenant::property::{Properties, Resource};
use crate::tenant::replication::{Change, EVERYTHING, What};
use crate::tenant::user::User;
use std::collections::BTreeMap;
use std::ops::Bound;
use uuid::Uuid;

/// A round, as all its pages know it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Round {
    First { until: usize },
    Changes { since: usize, until: usize, minimal: bool },
}

/// Where a page begins: after this object, or after this member of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    object: Uuid,
    member: Option<Uuid>,
}

pub(super) struct Page<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Where the next one begins.
    pub(super) next: Option<Cursor>,
}

impl Round {
    /// Where in the log the next round begins.
    pub(super) fn until(self) -> usize {
        match self {
            Self::First { until } | Self::Changes { until, .. } => until,
        }
    }
}

/// What happened to an object in a round.
#[derive(Default)]
struct Touched {
    properties: Properties,
    /// Whether the member came, or went; by id.
    members: BTreeMap<Uuid, bool>,
}

/// The page of a round that begins at `cursor`.
pub(super) fn page<'a>(
    directory: &'a Directory,
    kind: Kind,
    tracked: &Tracked,
    round: Round,
    cursor: Option<Cursor>,
) -> Page<'a> {
    let view = View { directory, kind, tracked, round };
    let after = cursor.map(|cursor| cursor.object);
    let again = cursor.filter(|cursor| cursor.member.is_some() || directory.delta.repeats);
    let mut items = Vec::new();
    let next = match round {
        Round::First { .. } => {
            if after.is_none() && directory.delta.removed_at_first && kind == Kind::Users {
                let gone = |id: &&Uuid| tracked.tracks(**id) && directory.shown_user(**id).is_none();
                let gone = directory.deleted_users.keys().filter(gone);
                items.extend(gone.map(|id| Item::removed(*id, "changed")));
            }
            let everything = Touched { properties: EVERYTHING, members: BTreeMap::new() };
            let objects = view.objects(again.map(|cursor| cursor.object), after);
            view.fill(&mut items, objects.map(|id| (id, &everything)), cursor)
        }
        Round::Changes { since, until, .. } => {
            let touched = view.touched(directory.replication.between(since, until));
            let from = match (again, after) {
                (Some(cursor), _) => Bound::Included(cursor.object),
                (None, Some(after)) => Bound::Excluded(after),
                (None, None) => Bound::Unbounded,
            };
            let objects = touched.range((from, Bound::Unbounded)).map(|(id, touched)| (*id, touched));
            view.fill(&mut items, objects, cursor)
        }
    };
    Page { items, next }
}

/// What a page looks at.
struct View<'a, 't> {
    directory: &'a Directory,
    kind: Kind,
    tracked: &'t Tracked,
    round: Round,
}

impl<'a> View<'a, '_> {
    /// The ids of all objects after `after`, and first the one that comes again.
    fn objects(&self, again: Option<Uuid>, after: Option<Uuid>) -> impl Iterator<Item = Uuid> + 'a {
        let objects: Box<dyn Iterator<Item = Uuid> + 'a> = match self.kind {
            Kind::Users => Box::new(self.directory.shown_users(after).map(|(id, _)| id)),
            Kind::Groups => {
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                Box::new(self.directory.groups.range((from, Bound::Unbounded)).map(|(id, _)| *id))
            }
        };
        again.into_iter().chain(objects)
    }

    /// What the changes come to, by object.
    fn touched(&self, changes: &[Change]) -> BTreeMap<Uuid, Touched> {
        let mut touched: BTreeMap<Uuid, Touched> = BTreeMap::new();
        for change in changes {
            match (&change.what, self.kind) {
                (What::User(properties), Kind::Users) | (What::Group(properties), Kind::Groups) => {
                    touched.entry(change.object).or_default().properties |= properties;
                }
                (What::Member { member, added }, Kind::Groups) => {
                    touched.entry(change.object).or_default().members.insert(*member, *added);
                }
                _ => {}
            }
        }
        touched
    }

    /// Puts the objects on a page until it is full. Gives where the next one begins.
    fn fill<'o>(
        &self,
        items: &mut Vec<Item<'a>>,
        objects: impl Iterator<Item = (Uuid, &'o Touched)>,
        cursor: Option<Cursor>,
    ) -> Option<Cursor> {
        let mut last = cursor;
        let mut count = 0;
        for (id, touched) in objects {
            if !self.tracked.tracks(id) {
                continue;
            }
            let continued = cursor.filter(|cursor| cursor.object == id);
            let Some((item, rest)) = self.item(id, touched, continued.and_then(|cursor| cursor.member)) else {
                continue;
            };
            let repeated = continued.is_some_and(|cursor| cursor.member.is_none());
            if repeated {
                items.push(item);
                continue;
            }
            if count == self.directory.delta.page_size.max(1) {
                return last;
            }
            items.push(item);
            count += 1;
            if rest.is_some() {
                return Some(Cursor { object: id, member: rest });
            }
            last = Some(Cursor { object: id, member: None });
        }
        None
    }

    /// The object on the page, if it is to be shown, and the last of its members if more are to come.
    fn item(&self, id: Uuid, touched: &Touched, after: Option<Uuid>) -> Option<(Item<'a>, Option<Uuid>)> {
        let (members, rest) = self.members(id, touched, after);
        let changed = touched.properties & self.tracked.properties != 0;
        let raised = touched.properties == EVERYTHING || changed || !members.is_empty();
        let item = match self.kind {
            Kind::Users => match self.directory.shown_user(id) {
                Some(user) => self.show(id, user, touched),
                None if self.directory.deleted_users.contains_key(&id) => Item::removed(id, "changed"),
                None => Item::removed(id, "deleted"),
            },
            Kind::Groups => match self.directory.groups.get(&id) {
                Some(group) => self.show(id, group, touched).with_members(members),
                None => Item::removed(id, "deleted"),
            },
        };
        raised.then_some((item, rest))
    }

    fn show<R: Resource>(&self, id: Uuid, resource: &'a R, touched: &Touched) -> Item<'a> {
        let minimal = matches!(self.round, Round::Changes { minimal: true, .. });
        let wanted = if minimal { touched.properties } else { EVERYTHING };
        Item::new(id, resource, &self.tracked.names, wanted, self.directory.replication.cleared(id))
    }

    /// Some of a group's members after `after`, and the last of them if there are more.
    fn members(&self, id: Uuid, touched: &Touched, after: Option<Uuid>) -> (Vec<Member>, Option<Uuid>) {
        let group = self.directory.groups.get(&id).filter(|_| self.tracked.members && self.kind == Kind::Groups);
        let Some(group) = group else {
            return (Vec::new(), None);
        };
        let from = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let member = |id: Uuid, added| Member { id, kind: self.member_kind(id), added };
        let all: Box<dyn Iterator<Item = Member>> = match self.round {
            Round::First { .. } => {
                let seen = group.members.range(from).filter(|id| self.is_seen(**id));
                Box::new(seen.map(|id| member(*id, true)))
            }
            Round::Changes { .. } => Box::new(touched.members.range(from).map(|(id, added)| member(*id, *added))),
        };
        let limit = self.directory.delta.members_per_page.max(1);
        let mut members: Vec<Member> = all.take(limit + 1).collect();
        let more = members.len() > limit;
        members.truncate(limit);
        let rest = members.last().filter(|_| more).map(|last| last.id);
        (members, rest)
    }

    fn is_seen(&self, member: Uuid) -> bool {
        let directory = self.directory;
        directory.shown_user(member).is_some()
            || directory.groups.contains_key(&member)
            || directory.others.contains_key(&member)
    }

    fn member_kind(&self, member: Uuid) -> &'static str {
        let directory = self.directory;
        if directory.groups.contains_key(&member) {
            "group"
        } else if let Some(other) = directory.others.get(&member) {
            other.kind.name()
        } else {
            User::TYPE
        }
    }
}
