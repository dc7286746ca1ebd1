//! The first half of a run: from what can be read to a plan for every partner.
//!
//! Responsible for: choosing between the quick path and a sweep, settling what earlier runs left open, and remembering
//! before anything is done whom the next quick tick has to look at. Not responsible for: deciding; [`crate::people`] does.

use crate::config::{Config, Mode};
use crate::graph::{Client, Directory};
use crate::ids::UserId;
use crate::journal::memory::{Memory, Step};
use crate::journal::record::{ActionKind, Job, Note, Record, StepId};
use crate::people::carry;
use crate::people::case::View;
use crate::people::guard::Birth;
use crate::people::observe::{ObserveError, Observer, Track, kept_properties};
use crate::people::plan::{PartnerPlan, plan};
use crate::people::scope::sources_of;
use crate::people::snapshot::Snapshot;
use crate::quick::Glance;
use crate::run::{OnProgress, Progress, RunError, Usher};
use crate::sight::{self, Sight};
use crate::status;
use crate::telemetry::spans;
use crate::tri::Tri;
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use tracing::Instrument;

/// Entra keeps a deleted account for 30 days; some more are to be sure.
const NEVER_COMES_BACK_AFTER: SignedDuration = SignedDuration::from_hours(40 * 24);
/// Clocks may differ so much, where somebody's is set for another time zone. Whoever had the address for longer than the
/// directory needs to show them was seen before the invitation was decided, so that a wide margin takes nobody from others.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);
/// The property that holds the fifteen extension attributes.
const EXTENSION_ATTRIBUTES: &str = "onPremisesExtensionAttributes";

impl Usher {
    /// Plans a job: the quick path by what changed, if that can be told, and otherwise by reading everybody. What the next
    /// quick tick needs is remembered before anything is done, with everybody in it who is still to be acted upon. A sweep
    /// also tells whom the quick path missed.
    pub(crate) async fn make_plans(
        &self,
        job: Job,
        writer: &mut Writer,
        until: &mut Until,
        birth: Birth,
        now: Timestamp,
        progress: OnProgress<'_>,
    ) -> Result<(Snapshot, Vec<PartnerPlan>), RunError> {
        let client = &self.client.until(until.deadline());
        let (sight, etag) = sight::read(self.store.as_ref()).await?;
        if let Some(size) = sight.as_ref().map(|sight| sight.users_read) {
            client.limits().tenant_has(size);
        }
        let good = sight.filter(|sight| birth == Birth::Known && sight.is_good(&self.config, now));
        let expected: Option<HashSet<UserId>> =
            good.as_ref().map(|sight| sight.backlog.iter().map(|waiting| waiting.id).collect());
        if let Some(sight) = good.filter(|_| job == Job::Invite) {
            let glance = Glance::new(&self.config, self.observer(client), sight, now).instrument(spans::observe());
            let glance = glance.await.map_err(ObserveError::from)?;
            if let Some(mut glance) = glance {
                glance.look_at_unconfirmed(writer.journal().memory()).await;
                self.settle(writer, until, glance.snapshot()).await?;
                let plans = glance.plan(writer.journal().memory(), birth).instrument(spans::plan()).await;
                if let Some(plans) = plans {
                    let (sight, snapshot) = glance.remember(&plans);
                    sight::write(self.store.as_ref(), &sight, etag.as_ref()).await?;
                    return Ok((snapshot, plans));
                }
                tracing::info!("everybody is read: more has changed than is looked at singly");
            } else {
                tracing::info!("everybody is read: Graph asks for it");
            }
        }
        let page_read = |read| progress(Progress::Read(read));
        let memory = writer.journal().memory();
        let observer = self.observer(client);
        let sweep = observer.sweep(now, Track::Changes, memory, &page_read);
        let (snapshot, links) = sweep.instrument(spans::observe()).await?;
        client.limits().tenant_has(snapshot.users_read);
        self.settle(writer, until, &snapshot).await?;
        let memory = writer.journal().memory();
        let planned = self.plan_with_evidence(snapshot, memory, birth, job, now, client);
        let (snapshot, mut plans) = planned.instrument(spans::plan()).await?;
        if let Some(expected) = expected.filter(|_| job == Job::Reconcile) {
            self.tell_missed(&snapshot, &mut plans, &expected).await?;
        }
        if let Some(links) = links {
            let sight = Sight::of_sweep(&self.config, links, &snapshot, &plans);
            sight::write(self.store.as_ref(), &sight, etag.as_ref()).await?;
        }
        Ok((snapshot, plans))
    }

    /// Compares the sweep with the quick path: whoever is to be brought in, was there already when the last but one tick
    /// began, and does not wait for their turn, was missed by it.
    async fn tell_missed(
        &self,
        snapshot: &Snapshot,
        plans: &mut [PartnerPlan],
        expected: &HashSet<UserId>,
    ) -> Result<(), RunError> {
        for plan in plans {
            let Some(tick) = status::last_but_one_tick(self.store.as_ref(), &plan.partner).await? else { continue };
            let was_there = |id: &UserId| {
                snapshot.people.get(id).and_then(|person| person.created.get()).is_some_and(|created| created < tick)
            };
            let wanted = plan.conversions().chain(plan.queued.iter().copied());
            plan.missed = wanted.filter(|id| was_there(id) && !expected.contains(id)).collect();
            for id in &plan.missed {
                tracing::warn!(user.id = %id, usher.partner = plan.partner, "the quick path missed a person");
            }
        }
        Ok(())
    }

    /// Journals what the directory shows of people whose last step has no outcome. In plan mode nothing is journalled, and
    /// they stay unconfirmed; so they do when the writer's turn does not come.
    pub(crate) async fn settle(
        &self,
        writer: &mut Writer,
        until: &mut Until,
        snapshot: &Snapshot,
    ) -> Result<(), RunError> {
        let nothing_open = readings(&self.config, writer, snapshot).is_empty();
        if nothing_open || self.config.tenant.mode == Mode::Plan {
            return Ok(());
        }
        match writer.begin(until).await {
            Err(SliceError::NoTime | SliceError::Busy) => return Ok(()),
            other => other?,
        };
        let readings = readings(&self.config, writer, snapshot);
        writer.note(readings);
        Ok(writer.end().await?)
    }

    /// Plans for `now`, which may be ahead of when the snapshot was taken, reads the evidence that the plan lacks, and plans
    /// again, until it lacks none.
    pub(crate) async fn plan_with_evidence(
        &self,
        mut snapshot: Snapshot,
        memory: &Memory,
        birth: Birth,
        job: Job,
        now: Timestamp,
        client: &Client,
    ) -> Result<(Snapshot, Vec<PartnerPlan>), RunError> {
        loop {
            let view = View { config: &self.config, snapshot: &snapshot, memory, now };
            let plans: Vec<_> = self.config.partners.iter().map(|partner| plan(view, partner, birth, job)).collect();
            if !plans.iter().any(PartnerPlan::lacks_something) {
                return Ok((snapshot, plans));
            }
            self.read_what_lacks(&mut snapshot, memory, &plans, client).await;
        }
    }

    /// Reads the evidence that plans lack. What cannot be read counts as read, and says nothing.
    pub(crate) async fn read_what_lacks(
        &self,
        snapshot: &mut Snapshot,
        memory: &Memory,
        plans: &[PartnerPlan],
        client: &Client,
    ) {
        let observer = self.observer(client);
        let all = |of: fn(&PartnerPlan) -> &[UserId]| plans.iter().flat_map(of).copied().collect::<Vec<_>>();
        let unread = all(|plan| &plan.unread);
        if !unread.is_empty() {
            observer.look_closer(snapshot, &unread, true).await;
        }
        let roles = all(|plan| &plan.lacks.roles);
        if !roles.is_empty() {
            observer.read_roles_of(snapshot, &roles).await;
        }
        if plans.iter().any(|plan| plan.lacks.sign_ins) {
            observer.read_sign_ins(snapshot).await;
        }
        if plans.iter().any(|plan| plan.lacks.disabled_by) {
            observer.read_disabled_by(snapshot).await;
        }
        if plans.iter().any(|plan| plan.lacks.deleted) {
            observer.read_deleted(snapshot, memory).await;
        }
        for plan in plans.iter().filter(|plan| plan.lacks.cross_tenant) {
            observer.read_cross_tenant(snapshot, &plan.partner).await;
        }
    }

    pub(crate) fn observer(&self, client: &Client) -> Observer<'_> {
        let kept = kept_properties(&self.config);
        let is_extension = |name: &&str| name.starts_with("extensionAttribute");
        let extended = kept.iter().any(|name| is_extension(&name.as_str()));
        let kept: Vec<_> = kept.iter().map(String::as_str).filter(|name| !is_extension(name)).collect();
        let addressed = self.config.partners.iter().any(|one| sources_of(one.invite.address).is_extension_attribute());
        let tracked: &[&str] = if addressed { &[EXTENSION_ATTRIBUTES] } else { &[] };
        let kept = if extended { [&kept[..], &[EXTENSION_ATTRIBUTES]].concat() } else { kept };
        Observer::new(&self.config, Directory::new(client.clone(), tracked, &kept))
    }
}

/// What the snapshot says about steps that have no outcome. Whom it does not show is not judged, nor whom others have touched
/// since.
fn readings(config: &Config, writer: &Writer, snapshot: &Snapshot) -> Vec<Record> {
    let open = writer.journal().memory().unconfirmed();
    open.filter(|(id, _)| !writer.was_touched(id.person))
        .flat_map(|(id, step)| {
            if id.action == ActionKind::Invite {
                return invitation_reading(snapshot, id, step);
            }
            let is_old = snapshot.taken.duration_since(step.at) >= NEVER_COMES_BACK_AFTER;
            let shown = match effect_of(config, snapshot, id, &step.partner) {
                // Whoever is not there so long after has been let go by Entra for good, and nothing will ever show.
                Tri::Unknown if is_old && is_sweep(snapshot) && !snapshot.people.contains_key(&id.person) => Tri::No,
                shown => shown,
            };
            let is_known = shown != Tri::Unknown;
            is_known.then(|| Record::reading(*id, snapshot.taken, shown.is_yes())).into_iter().collect()
        })
        .collect()
}

/// What the snapshot says about an invitation of an address that nobody had: whom it made, or that nobody has it still.
fn invitation_reading(snapshot: &Snapshot, id: &StepId, step: &Step) -> Vec<Record> {
    let Some(address) = &step.address else { return Vec::new() };
    let reading = |changed| Record::reading(*id, snapshot.taken, changed);
    match snapshot.holder_of(address).filter(|person| person.is_external().is_yes()) {
        Some(person) => {
            let note = Note::Invited { address: address.clone(), since: step.at };
            let noted = Record::Noted { person: person.id, partner: step.partner.clone(), at: snapshot.taken, note };
            // Whoever was there before was not made by it, and is not usher's.
            let is_made = person.created.get().is_none_or(|created| created > step.at - CLOCKS_DIFFER);
            if is_made { vec![noted, reading(true)] } else { vec![reading(true)] }
        }
        None if is_sweep(snapshot) || snapshot.absent.contains(address) => vec![reading(false)],
        None => Vec::new(),
    }
}

/// Only a sweep of everybody shows that somebody is not there.
fn is_sweep(snapshot: &Snapshot) -> bool {
    snapshot.complete && snapshot.beyond.is_none() && snapshot.users_read > 0
}

/// Whether the directory shows the effect of a step.
pub(crate) fn effect_of(config: &Config, snapshot: &Snapshot, id: &StepId, partner: &str) -> Tri {
    let Some(person) = snapshot.people.get(&id.person) else {
        return match id.action {
            ActionKind::Delete if is_sweep(snapshot) => Tri::Yes,
            // Of somebody who is not there nothing is seen; what can be done twice without harm is done again one day.
            action if is_sweep(snapshot) && !action.is_invitation() => Tri::No,
            _ => Tri::Unknown,
        };
    };
    let member = || id.object.map_or(Tri::Unknown, |group| snapshot.is_member(id.person, group.into()));
    match id.action {
        ActionKind::Invite | ActionKind::Convert => person.is_external(),
        ActionKind::Enable => person.enabled,
        ActionKind::Disable => !person.enabled,
        ActionKind::Restore => Tri::Yes,
        ActionKind::Delete => Tri::No,
        ActionKind::AddToGroup => member(),
        ActionKind::RemoveFromGroup => !member(),
        // Who sponsors somebody is not read: setting one again is harmless.
        ActionKind::SetSponsor => Tri::No,
        ActionKind::Update => {
            let Some(partner) = config.partner(partner) else { return Tri::Unknown };
            carry::is_as_configured(config, partner, person).into()
        }
        ActionKind::Resend | ActionKind::ResetRedemption => Tri::Unknown,
    }
}
