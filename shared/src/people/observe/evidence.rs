//! The second round: evidence that is too dear for everybody.
//!
//! Responsible for: the closer look at people whom a plan would touch, and lists that only some decisions need. What cannot
//! be read is kept as unknown. Not responsible for: the sweep; see [`super`].

use super::Observer;
use crate::graph::directory::{Look, RoleHolders};
use crate::graph::model::{Field, User};
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::people::person::Person;
use crate::people::snapshot::{Dear, Evidence, Snapshot};
use crate::tri::Tri;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::{Uuid, uuid};

/// The audit log goes back so far.
const AUDITS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What protects a person, by one way of reading.
#[derive(Clone, Copy)]
struct Protection {
    role: Tri,
    group: Tri,
}

impl Observer<'_> {
    /// The closer look at people whom a plan would touch. Each is read again, so that the decision rests on what is now, and
    /// asked for their groups; for those that decide about the scope only where `with_scope`.
    pub async fn look_closer(&self, snapshot: &mut Snapshot, people: &[UserId], with_scope: bool) {
        if snapshot.roles.is_not_read() {
            snapshot.roles = self.directory.role_holders().await.into();
        }
        if let Some(group) = self.config.tenant.protected_group
            && snapshot.protected_group.is_none()
        {
            snapshot.protected_group = Some(self.members(group).await);
        }
        if let Some(why) = snapshot.unreadable_protection() {
            tracing::warn!("it cannot be told who is protected, so nobody is touched: {why}");
        }
        let own = self.read_groups_of(snapshot, people, with_scope).await;
        let lens = self.lens(snapshot);
        for (id, look) in self.directory.look_at(people).await {
            let by_lists = Protection {
                role: snapshot.roles.read().map(|holders| holders.holds_role(id)).into(),
                group: match (self.config.tenant.protected_group, &snapshot.protected_group) {
                    (None, _) => Tri::No,
                    (Some(_), Some(Ok(members))) => members.contains(&id).into(),
                    (Some(_), _) => Tri::Unknown,
                },
            };
            let own = own.get(&id).copied().unwrap_or(Protection { role: Tri::No, group: Tri::No });
            let mut evidence = Evidence {
                directory_role: by_lists.role.or(own.role),
                protected_group: by_lists.group.or(own.group),
                ..Evidence::default()
            };
            match look {
                Look::Found(user) => {
                    evidence.exists = Tri::Yes;
                    evidence.exchange_plan = exchange_plan(&user);
                    evidence.licensed = match &user.assigned_licenses {
                        Field::Value(licenses) => (!licenses.is_empty()).into(),
                        Field::Null => Tri::No,
                        Field::Missing => Tri::Unknown,
                    };
                    snapshot.add(Person::observe_anyhow(&user, &lens));
                }
                Look::Gone => evidence.exists = Tri::No,
                Look::Unreadable(error) => {
                    tracing::warn!(user.id = %id, "a person could not be read closer and is left alone: {error}");
                }
            }
            snapshot.evidence.insert(id, evidence);
        }
    }

    /// Reads when everybody signed in last, and keeps that of the people in view.
    pub async fn read_sign_ins(&self, snapshot: &mut Snapshot) {
        let mut pages = self.directory.sign_ins();
        let mut found = HashMap::new();
        snapshot.sign_ins = loop {
            match pages.next().await {
                Ok(Some(page)) => found.extend(page.into_iter().filter_map(|user| {
                    let newest = user.sign_in_activity?.newest()?;
                    snapshot.people.contains_key(&user.id).then_some((user.id, newest))
                })),
                Ok(None) => break Dear::Read(found),
                Err(error) => {
                    tracing::warn!("sign-in data could not be read, so everybody counts as active: {error}");
                    break Dear::Unreadable(error.to_string());
                }
            }
        };
    }

    /// Reads who was deleted softly, and keeps those whom usher looks after.
    pub async fn read_deleted(&self, snapshot: &mut Snapshot, memory: &Memory) {
        self.read_deleted_who(snapshot, |person| memory.life(person.id).is_some()).await;
    }

    /// Reads who was deleted softly, and keeps those who are wanted.
    pub async fn read_deleted_who(&self, snapshot: &mut Snapshot, is_wanted: impl Fn(&Person) -> bool) {
        let lens = self.lens(snapshot);
        let mut pages = self.directory.deleted_users();
        let mut found = BTreeMap::new();
        snapshot.deleted = loop {
            match pages.next().await {
                Ok(Some(page)) => found.extend(
                    page.iter()
                        .map(|user| (Person::observe_anyhow(user, &lens), user.deleted_date_time))
                        .filter(|(person, _)| is_wanted(person))
                        .map(|(person, since)| (person.id, (person, since))),
                ),
                Ok(None) => break Dear::Read(found),
                Err(error) => {
                    tracing::warn!("deleted users could not be read, so nobody is restored: {error}");
                    break Dear::Unreadable(error.to_string());
                }
            }
        };
    }

    /// Reads who disabled accounts lately.
    pub async fn read_disabled_by(&self, snapshot: &mut Snapshot) {
        let read = self.directory.disabled_by(snapshot.taken - AUDITS_KEPT).await;
        if let Err(error) = &read {
            tracing::warn!("the audit log could not be read, so it is not known who disabled accounts: {error}");
        }
        snapshot.disabled_by = read.into();
    }

    /// Reads who disabled a few people, which is less than who disabled anybody.
    pub async fn read_who_disabled(&self, snapshot: &mut Snapshot, people: &[UserId]) {
        let mut found = HashMap::new();
        for person in people {
            match self.directory.disabled_one(*person).await {
                Ok(last) => found.extend(last.map(|last| (*person, last))),
                Err(error) => {
                    tracing::warn!(
                        "the audit log could not be read, so it is not known who disabled accounts: {error}"
                    );
                    snapshot.disabled_by = Dear::Unreadable(error.to_string());
                    return;
                }
            }
        }
        snapshot.disabled_by = Dear::Read(found);
    }

    /// Reads what cross-tenant access settings say about a partner.
    pub async fn read_cross_tenant(&self, snapshot: &mut Snapshot, partner: &str) {
        if let Some(partner) = self.config.partner(partner) {
            let read = self.directory.cross_tenant(partner.tenant_id).await;
            snapshot.cross_tenant.insert(partner.name.clone(), read);
        }
    }

    /// Asks for these people's own roles singly, besides the lists: a list that ended too early would expose people.
    pub async fn read_roles_of(&self, snapshot: &mut Snapshot, people: &[UserId]) {
        for (id, holds) in self.directory.holds_role_of_its_own(people).await {
            let holds = holds
                .inspect_err(|error| tracing::warn!(user.id = %id, "the roles of a person could not be read: {error}"));
            snapshot.roles_of.insert(id, holds.ok().into());
        }
    }

    /// Asks in which groups these people are: the protected one, those that hold roles, and where `with_scope` those that
    /// decide about the scope. A list that ended too early would make people seem to have left, or not to be excluded; so
    /// where list and answer differ, membership is unknown.
    async fn read_groups_of(
        &self,
        snapshot: &mut Snapshot,
        people: &[UserId],
        with_scope: bool,
    ) -> HashMap<UserId, Protection> {
        // Without lists it has to be asked too who is in the groups that people are put into.
        let asked = |snapshot: &Snapshot| {
            let joined = self.groups_to_join().filter(|_| !snapshot.holds_lists);
            self.groups().into_iter().chain(joined).collect()
        };
        let scope_groups: BTreeSet<_> = if with_scope { asked(snapshot) } else { BTreeSet::new() };
        let roles: Vec<_> = snapshot.roles.read().map(RoleHolders::groups).unwrap_or_default();
        let protected = self.config.tenant.protected_group;
        let all: BTreeSet<_> = scope_groups.iter().chain(&roles).copied().chain(protected).collect();
        if all.is_empty() {
            return HashMap::new();
        }
        let all: Vec<_> = all.into_iter().collect();
        let mut protection = HashMap::new();
        for (id, answer) in self.directory.groups_of(people, &all).await {
            let found = match answer {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(user.id = %id, "the groups of a person could not be read: {error}");
                    snapshot.unknown_membership.insert(id);
                    protection.insert(id, Protection { role: Tri::Unknown, group: Tri::Unknown });
                    continue;
                }
            };
            protection.insert(
                id,
                Protection {
                    role: roles.iter().any(|group| found.contains(group)).into(),
                    group: protected.is_some_and(|group| found.contains(&group)).into(),
                },
            );
            for group in &scope_groups {
                if snapshot.holds_lists {
                    if snapshot.is_member(id, *group) != Tri::from(found.contains(group)) {
                        tracing::warn!(user.id = %id, "a list of members and the person's own groups disagree");
                        snapshot.unknown_membership.insert(id);
                    }
                } else if let (Ok(members), true) =
                    (snapshot.groups.entry(*group).or_insert_with(|| Ok(HashSet::new())), found.contains(group))
                {
                    members.insert(id);
                }
            }
        }
        protection
    }
}

/// The plan "Exchange Foundation", which most licences carry, Entra ID's among them, and which brings no mailbox.
const EXCHANGE_FOUNDATION: Uuid = uuid!("113feb6c-3fe4-4440-bddc-54d774bf0318");

/// Whether a plan of Exchange Online is assigned. One that was taken away stays listed as `Deleted`.
fn exchange_plan(user: &User) -> Tri {
    let is_exchange = |plan: &crate::graph::model::AssignedPlan| {
        plan.service_plan_id != Some(EXCHANGE_FOUNDATION)
            && plan.service.as_deref().is_some_and(|service| service.eq_ignore_ascii_case("exchange"))
            && plan.capability_status.as_deref() != Some("Deleted")
    };
    match &user.assigned_plans {
        Field::Value(plans) => plans.iter().any(is_exchange).into(),
        Field::Null => Tri::No,
        Field::Missing => Tri::Unknown,
    }
}
