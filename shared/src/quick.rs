//! The quick path: from what changed since the last tick to a plan, without reading everybody.
//!
//! Responsible for: choosing whom to look at, in the order of their turn, until the plan is full, and for giving up where
//! reading everybody is less work. The planner is the same as the sweep's, and so is the evidence; only where it comes from
//! differs. Whatever the quick path misses, the next sweep finds. Not responsible for: deciding.

use crate::config::Config;
use crate::graph::batch::MAX_REQUESTS;
use crate::graph::path::USERS_IN_A_PAGE;
use crate::graph::{GraphError, Kind};
use crate::ids::UserId;
use crate::journal::memory::{Memory, SETTLES_WITHIN};
use crate::journal::record::{ActionKind, Job, StepId};
use crate::people::case::View;
use crate::people::guard::{Birth, allowance};
use crate::people::observe::Observer;
use crate::people::person::Person;
use crate::people::plan::{PartnerPlan, plan};
use crate::people::snapshot::Snapshot;
use crate::sight::{Links, Sight, Waiting};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// As many people are looked at singly in any case, which takes two requests each.
const FEW: usize = 500;

/// A glance at what changed.
pub struct Glance<'a> {
    config: &'a Config,
    observer: Observer<'a>,
    sight: Sight,
    links: Links,
    snapshot: Snapshot,
    /// Not looked at yet, in the order of their turn.
    unseen: VecDeque<Waiting>,
}

impl<'a> Glance<'a> {
    /// Reads what changed since `sight`. `None` when the links are not good any more, and everybody has to be read.
    ///
    /// # Errors
    /// When Graph cannot be read.
    pub async fn new(
        config: &'a Config,
        observer: Observer<'a>,
        sight: Sight,
        now: Timestamp,
    ) -> Result<Option<Self>, GraphError> {
        let directory = observer.directory();
        let changes = match directory.changed_users(&sight.links.users).await {
            Err(error) if error.kind == Kind::ResyncNeeded => return Ok(None),
            other => other?,
        };
        let (members, members_link) = match &sight.links.members {
            None => Default::default(),
            Some(link) => match directory.changed_members(link).await {
                Err(error) if error.kind == Kind::ResyncNeeded => return Ok(None),
                other => other.map(|(members, link)| (members, Some(link)))?,
            },
        };
        let snapshot = Snapshot::new(now, sight.verified_domains.iter().cloned().collect());
        let lens = observer.lens(&snapshot);
        let mut waiting: BTreeMap<UserId, Waiting> =
            sight.backlog.iter().map(|waiting| (waiting.id, waiting.clone())).collect();
        for member in members {
            waiting.entry(member).or_insert(Waiting { created: None, id: member, partner: None });
        }
        for user in &changes.users {
            match Person::observe(user, &lens) {
                Some(person) => waiting.insert(person.id, Waiting::of(&person, config)),
                None => waiting.remove(&user.id),
            };
        }
        for gone in &changes.removed {
            waiting.remove(gone);
        }
        let mut unseen: Vec<_> = waiting.into_values().collect();
        unseen.sort_unstable();
        let links = Links { users: changes.link, members: members_link };
        Ok(Some(Self { config, observer, sight, links, snapshot, unseen: unseen.into() }))
    }

    /// What was seen so far.
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Looks at the people whose last step has no outcome, so that it can be settled before anything is planned.
    pub async fn look_at_unconfirmed(&mut self, memory: &Memory) {
        // What is not settled within a day is left to the sweeps, so that a tick stays small.
        let fresh = |at: Timestamp| self.snapshot.taken.duration_since(at) < SETTLES_WITHIN;
        // Whoever was invited anew is known by address only.
        let has_id = |id: &StepId| id.action != ActionKind::Invite;
        let open = memory.unconfirmed().filter(|(id, step)| has_id(id) && fresh(step.at));
        let unconfirmed: BTreeSet<_> = open.map(|(id, _)| id.person).collect();
        self.look(&unconfirmed.into_iter().collect::<Vec<_>>()).await;
    }

    /// Looks at people in the order of their turn until every partner's plan is full, or nobody is left. `None` when everybody
    /// had better be read.
    pub async fn plan(&mut self, memory: &Memory, birth: Birth) -> Option<Vec<PartnerPlan>> {
        let mut next = self.first_look(memory);
        loop {
            if self.is_dearer_than_a_sweep(next) {
                return None;
            }
            self.look_at_next(next).await;
            next = 0;
            self.snapshot.beyond = Some(self.sight.beyond(self.unseen.make_contiguous()));
            let now = self.snapshot.taken;
            let view = View { config: self.config, snapshot: &self.snapshot, memory, now };
            let plans: Vec<_> =
                self.config.partners.iter().map(|partner| plan(view, partner, birth, Job::Invite)).collect();
            let unread: Vec<_> = plans.iter().flat_map(|plan| plan.unread.iter().copied()).collect();
            let has_room = |plan: &PartnerPlan| plan.room > 0 && self.somebody_waits(&plan.partner);
            if !unread.is_empty() {
                self.look(&unread).await;
            } else if plans.iter().any(has_room) {
                next = MAX_REQUESTS;
            } else {
                return Some(plans);
            }
        }
    }

    /// Whether it takes fewer requests to read everybody than to look at the `next` and whoever comes after them: on the day
    /// after a large wave, whose own traces in the directory are changes too, or after a script that changed everybody.
    fn is_dearer_than_a_sweep(&self, next: usize) -> bool {
        let pages = self.sight.users_read.div_ceil(USERS_IN_A_PAGE);
        self.snapshot.people.len() + next.min(self.unseen.len()) > FEW && 2 * self.unseen.len() > pages
    }

    /// What to remember for the next tick, and what was seen.
    pub fn remember(self, plans: &[PartnerPlan]) -> (Sight, Snapshot) {
        (self.sight.after(self.links, self.unseen.into(), &self.snapshot, plans), self.snapshot)
    }

    fn somebody_waits(&self, partner: &str) -> bool {
        self.unseen.iter().any(|waiting| waiting.partner.as_deref().is_none_or(|name| name == partner))
    }

    /// How many to look at before the first plan: as many as may be acted upon, in whole batches.
    fn first_look(&self, memory: &Memory) -> usize {
        let allowed = self.config.partners.iter().map(|partner| {
            let waiting =
                self.unseen.iter().filter(|one| one.partner.as_ref().is_none_or(|name| *name == partner.name));
            let waiting = waiting.count();
            allowance(partner, memory, waiting, self.snapshot.taken).invitations.min(waiting)
        });
        allowed.sum::<usize>().next_multiple_of(MAX_REQUESTS)
    }

    async fn look_at_next(&mut self, count: usize) {
        let next: Vec<_> = self.unseen.drain(..count.min(self.unseen.len())).map(|waiting| waiting.id).collect();
        self.look(&next).await;
    }

    /// The closer look: the person, the evidence, the groups, and who shares an address.
    async fn look(&mut self, people: &[UserId]) {
        if people.is_empty() {
            return;
        }
        self.unseen.retain(|waiting| !people.contains(&waiting.id));
        let sight = &self.sight;
        let incomplete = self.config.partners.iter().any(|partner| !sight.is_complete(&partner.name));
        // A group that the last sweep could not read is not readable by asking for single people.
        self.observer.look_closer(&mut self.snapshot, people, !incomplete).await;
        self.observer.find_twins(&mut self.snapshot, people).await;
        self.snapshot.complete = true;
    }
}
