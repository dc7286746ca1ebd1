//! The first half of a run: from what can be read to a plan for every partner.
//!
//! Responsible for: choosing between the quick path and a sweep, settling what earlier runs left open, and remembering
//! before anything is done whom the next quick tick has to look at. Not responsible for: deciding; [`crate::people`] does.

use crate::config::{AddressSource, Mode, Partner};
use crate::graph::directory::Beyond;
use crate::graph::{Client, Directory};
use crate::ids::UserId;
use crate::journal::memory::Memory;
use crate::journal::record::{Job, Record};
use crate::people::guard::Birth;
use crate::people::observe::{ObserveError, Observer, Track};
use crate::people::plan::{PartnerPlan, plan};
use crate::people::rules::View;
use crate::people::snapshot::Snapshot;
use crate::quick::Glance;
use crate::run::{OnProgress, Progress, RunError, Usher};
use crate::sight::{self, Sight};
use crate::tri::Tri;
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::Timestamp;

impl Usher {
    /// Plans a job: the quick path by what changed, if that can be told, and otherwise by reading everybody. What the next
    /// quick tick needs is remembered before anything is done, with everybody in it who is still to be acted upon.
    pub(crate) async fn make_plans(
        &self,
        job: Job,
        writer: &mut Writer,
        until: &mut Until,
        birth: Birth,
        now: Timestamp,
        progress: OnProgress<'_>,
    ) -> Result<Vec<PartnerPlan>, RunError> {
        let client = &self.client.until(until.deadline());
        let (sight, etag) = sight::read(self.store.as_ref()).await?;
        if let Some(size) = sight.as_ref().map(|sight| sight.users_read) {
            client.limits().tenant_has(size);
        }
        let usable =
            sight.filter(|sight| job == Job::Invite && birth == Birth::Known && sight.is_good(&self.config, now));
        if let Some(sight) = usable {
            let glance =
                Glance::new(&self.config, self.observer(client), sight, now).await.map_err(ObserveError::from)?;
            if let Some(mut glance) = glance {
                glance.look_at_unconfirmed(writer.journal().memory()).await;
                self.settle(writer, until, glance.snapshot()).await?;
                let plans = glance.plan(writer.journal().memory(), birth).await;
                sight::write(self.store.as_ref(), &glance.remember(&plans), etag.as_ref()).await?;
                return Ok(plans);
            }
            tracing::info!("Graph asks to read everything anew");
        }
        let (snapshot, links) =
            self.observer(client).sweep(now, Track::Changes, &|read| progress(Progress::Read(read))).await?;
        client.limits().tenant_has(snapshot.users_read);
        self.settle(writer, until, &snapshot).await?;
        let memory = writer.journal().memory();
        let (snapshot, plans) = self.plan_with_evidence(snapshot, memory, birth, now, client).await?;
        if let Some(links) = links {
            let sight = Sight::of_sweep(&self.config, links, &snapshot, &plans);
            sight::write(self.store.as_ref(), &sight, etag.as_ref()).await?;
        }
        Ok(plans)
    }

    /// Journals what the directory shows of people whose last step has no outcome. In plan mode nothing is journalled, and
    /// they stay unconfirmed; so they do when the writer's turn does not come.
    async fn settle(&self, writer: &mut Writer, until: &mut Until, snapshot: &Snapshot) -> Result<(), RunError> {
        let nothing_open = readings(writer, snapshot).is_empty();
        if nothing_open || self.config.tenant.mode == Mode::Plan {
            return Ok(());
        }
        match writer.begin(until).await {
            Err(SliceError::NoTime | SliceError::Busy) => return Ok(()),
            other => other?,
        };
        let readings = readings(writer, snapshot);
        writer.note(readings);
        Ok(writer.end().await?)
    }

    /// Plans, reads the evidence that the plan lacks, and plans again, until it lacks none.
    pub(crate) async fn plan_with_evidence(
        &self,
        mut snapshot: Snapshot,
        memory: &Memory,
        birth: Birth,
        now: Timestamp,
        client: &Client,
    ) -> Result<(Snapshot, Vec<PartnerPlan>), RunError> {
        loop {
            let view = View { config: &self.config, snapshot: &snapshot, memory, now };
            let plans: Vec<_> = self.config.partners.iter().map(|partner| plan(view, partner, birth)).collect();
            let unread: Vec<UserId> = plans.iter().flat_map(|plan| plan.unread.iter().copied()).collect();
            if unread.is_empty() {
                return Ok((snapshot, plans));
            }
            self.observer(client).look_closer(&mut snapshot, &unread).await;
        }
    }

    pub(crate) fn observer(&self, client: &Client) -> Observer<'_> {
        let by_extension = |partner: &Partner| matches!(partner.invite.address, AddressSource::ExtensionAttribute(_));
        let beyond = match self.config.partners.iter().any(by_extension) {
            true => Beyond::ExtensionAttributes,
            false => Beyond::Nothing,
        };
        Observer::new(&self.config, Directory::new(client.clone(), beyond))
    }
}

/// What the snapshot says about people whose last step has no outcome. Whom it does not show is not judged, nor whom others
/// have touched since.
fn readings(writer: &Writer, snapshot: &Snapshot) -> Vec<Record> {
    let open = writer.journal().memory().unconfirmed();
    open.filter(|(id, _)| !writer.was_touched(*id))
        .filter_map(|(id, _)| {
            let person = snapshot.people.get(&id)?;
            match person.is_external() {
                Tri::Unknown => None,
                external => Some(Record::reading(id, snapshot.taken, external.is_yes())),
            }
        })
        .collect()
}
