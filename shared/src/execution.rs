//! The second half of a run: plans are carried out partner by partner, and every outcome is told.
//!
//! Responsible for: journalling what was noticed, where waves begin and end, what stops a partner or the whole tenant, and
//! the report. Not responsible for: single batches; see [`crate::apply`].

use crate::apply::{Applier, Ended, Stopped};
use crate::config::Config;
use crate::graph::{Client, DirectoryWriter};
use crate::held::{self, Approved};
use crate::ids::RunId;
use crate::journal::memory::Memory;
use crate::journal::memory::waves::{WaveMemory, WaveStep};
use crate::journal::record::{ActionKind, Job, Outcome, Record, StepId};
use crate::people::ceilings::settings_of;
use crate::people::conditions::days;
use crate::people::decide::Action;
use crate::people::guard::Held;
use crate::people::plan::PartnerPlan;
use crate::people::snapshot::Snapshot;
use crate::report::{OutcomeReport, PartnerReport, RemovedPartner, Report};
use crate::run::{OnProgress, Order, Progress, RunError, Usher};
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// A first sweep notices much; a segment of the journal stays small.
const RECORDS_IN_A_SEGMENT: usize = 2000;
/// Whoever falls out of scope by a change of it is seen to within so long of the change: a sweep may be late, or run out of time.
const FELL_OUT_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// One run's plans being carried out.
pub struct Execution<'a> {
    usher: &'a Usher,
    client: &'a Client,
    directory: &'a DirectoryWriter,
    writer: &'a mut Writer,
    until: &'a mut Until,
    order: Order,
}

impl<'a> Execution<'a> {
    /// Carries out through `directory`, as long as `until` allows.
    pub const fn new(
        usher: &'a Usher,
        client: &'a Client,
        directory: &'a DirectoryWriter,
        writer: &'a mut Writer,
        until: &'a mut Until,
        order: Order,
    ) -> Self {
        Self { usher, client, directory, writer, until, order }
    }

    /// Carries out the plans, made of a snapshot begun at `started`, and fills in the report.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing more was sent.
    pub async fn carry_out(
        &mut self,
        started: Timestamp,
        snapshot: &mut Snapshot,
        plans: &[PartnerPlan],
        approved: &[Approved],
        mut report: Report,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        self.remember(started, plans, &mut report).await?;
        progress(Progress::Planned(plans.iter().map(|plan| plan.actions.len()).sum()));
        if let Some((at, count)) = self.memory().last_invitations() {
            self.client.limits().sent_before(at, count);
        }
        let nothing = Approved::default();
        for (index, (plan, partner_report)) in plans.iter().zip(&mut report.partners).enumerate() {
            let approved = approved.get(index).unwrap_or(&nothing);
            // Another partner's people may just have shown that Graph refuses everybody.
            let circuit = self.memory().circuit_of(&plan.partner);
            if let Some(circuit) = circuit.filter(|circuit| circuit.tried >= started) {
                partner_report.held = Some(Held::by_circuit(circuit.reason.clone()));
                continue;
            }
            if !plan.actions.is_empty() {
                self.writer.note([Record::RunStarted { run: report.run, job: self.order.job, at: started }]);
                let begins = wave_begins(plan, self.memory().waves_of(&plan.partner));
                self.writer.note(begins);
            }
            let steps = approved.actions.iter().map(Action::step).collect();
            let Some(ended) = self.carry_out_one(plan, &steps, snapshot, report.run, progress).await? else { continue };
            tell_outcomes(partner_report, &ended);
            if approved.is_some() {
                self.note_carried_out(plan, approved, &ended).await?;
            }
            let has_time = ended.finished || ended.stopped.is_some();
            report.finished &= has_time;
            // The quick path goes on with conversions only.
            let is_left = |action: &&Action| !ended.applied.contains_key(&action.step());
            report.needs_a_sweep |=
                !has_time && plan.actions.iter().filter(is_left).any(|action| action.kind != ActionKind::Convert);
            let under_way = plan.wave.is_some() && self.memory().waves_of(&plan.partner).under_way.is_some();
            if has_time && under_way && self.begin().await? {
                // The outcomes of the last batch count in the wave.
                self.writer.write().await?;
                let ends = wave_ends(self.memory().waves_of(&plan.partner), ended.finished);
                self.writer.note(ends.map(|step| Record::Wave { partner: plan.partner.clone(), step }));
            }
            if let Some(Stopped { error, circuit }) = ended.stopped {
                partner_report.held = circuit.map(|refusal| Held::by_circuit(refusal.name.to_owned()));
                partner_report.error = Some(error);
            } else if let Some(trouble) = ended.trouble {
                partner_report.error.get_or_insert(trouble);
            }
            self.writer.end().await?;
        }
        Ok(report)
    }

    /// Notes what was noticed; where that is much, it is journalled in parts. When there is no time for it, the next sweep
    /// notices it again.
    async fn remember(&mut self, at: Timestamp, plans: &[PartnerPlan], report: &mut Report) -> Result<(), RunError> {
        if self.order.job != Job::Reconcile {
            return Ok(());
        }
        let removed = removed_partners(&self.usher.config, self.memory(), at);
        for record in &removed {
            if let Record::PartnerRemoved { partner, people, .. } = record {
                report.removed_partners.push(RemovedPartner { partner: partner.clone(), people: *people });
            }
        }
        // A record is much larger than what it says, so there are never many at once.
        let mut records = in_force(&self.usher.config, self.memory(), plans, at);
        records.extend(swept(&self.usher.config, self.memory(), plans, at));
        records.extend(removed);
        for record in noticed(plans, at) {
            records.push(record);
            if records.len() == RECORDS_IN_A_SEGMENT {
                if !self.begin().await? {
                    return Ok(());
                }
                self.writer.note(std::mem::take(&mut records));
                self.writer.write().await?;
            }
        }
        self.writer.note(records);
        Ok(())
    }

    /// Notes how far an approved plan was carried out. What was not sent, or left out for the moment, stays approved; what is
    /// done is no part of it any more, and when nothing is left, what the plan was held for is in force.
    async fn note_carried_out(
        &mut self,
        plan: &PartnerPlan,
        approved: &Approved,
        ended: &Ended,
    ) -> Result<(), RunError> {
        let Some(partner) = self.usher.config.partner(&plan.partner) else { return Ok(()) };
        let is_done =
            |action: &&Action| ended.applied.get(&action.step()).is_some_and(|one| one.outcome != Outcome::NotSent);
        let left: Vec<_> = approved.actions.iter().filter(|action| !is_done(action)).cloned().collect();
        held::carried_out(self.writer.store(), &partner.name, &left, approved.rest.as_ref()).await?;
        if !left.is_empty() || !self.begin().await? {
            return Ok(());
        }
        // Who was just disabled is not among those who follow.
        self.writer.write().await?;
        let known = self.memory().partner(&partner.name);
        let mut settings = known.and_then(|known| known.in_force.clone()).unwrap_or_default();
        let wanted = settings_of(partner);
        let mut of_plan = approved.actions.iter().chain(&approved.stale);
        // Whoever fell out of scope by the change, and whose days of grace still run, was in no plan that anybody saw. Where
        // the days are over, the plan had them or something else stands against it.
        let at = self.client.clock().now();
        let changed = known.and_then(|known| known.seen.as_ref()).map(|(_, since)| *since);
        let grace = days(partner.leave.disable_after_days);
        let fell_out =
            |out: Timestamp| changed.is_some_and(|changed| out >= changed && out < changed + FELL_OUT_WITHIN);
        let somebody_follows = self.memory().departures().any(|(person, departure)| {
            let of_partner = self.memory().life(person).is_some_and(|life| life.origin.partner == partner.name);
            let runs = departure.out_since.is_some_and(|out| fell_out(out) && at.duration_since(out) < grace);
            of_partner && departure.taken.is_none() && runs
        });
        if of_plan.clone().any(|action| action.kind.takes_away()) && !somebody_follows {
            settings.scope = wanted.scope;
        }
        if of_plan.any(|action| action.kind == ActionKind::Update) {
            settings.attributes = wanted.attributes;
        }
        self.writer.note([Record::InForce { partner: partner.name.clone(), at, settings }]);
        Ok(())
    }

    async fn carry_out_one(
        &mut self,
        plan: &PartnerPlan,
        approved: &HashSet<StepId>,
        snapshot: &mut Snapshot,
        run: RunId,
        progress: OnProgress<'_>,
    ) -> Result<Option<Ended>, RunError> {
        let Some(partner) = self.usher.config.partner(&plan.partner) else { return Ok(None) };
        let observer = self.usher.observer(self.client);
        let mut applier = Applier {
            snapshot,
            observer: &observer,
            approved,
            by_request: false,
            in_scope: plan.observed,
            config: &self.usher.config,
            directory: self.directory,
            client: self.client,
            run,
            writer: self.writer,
            until: self.until,
            from_inbox: self.order.from_inbox.then_some(self.order.job),
        };
        let ended = applier.apply(partner, &plan.actions, &|done| progress(Progress::Applied(done))).await?;
        Ok(Some(ended))
    }

    /// Begins a slice, if the time allows.
    async fn begin(&mut self) -> Result<bool, RunError> {
        match self.writer.begin(self.until).await {
            Ok(_) => Ok(true),
            Err(SliceError::NoTime) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn memory(&self) -> &Memory {
        self.writer.journal().memory()
    }
}

fn wave_begins(plan: &PartnerPlan, waves: WaveMemory) -> Option<Record> {
    let wave = plan.wave.filter(|_| waves.under_way.is_none() && plan.conversions().next().is_some())?;
    let waiting = (plan.conversions().count() + plan.waiting) as u64;
    Some(Record::Wave { partner: plan.partner.clone(), step: WaveStep::Begun { wave, waiting } })
}

/// A wave ends when everybody whose turn it was had it, or when a refusal for more than a person stopped it; the latter is
/// never clean. One in which nothing was sent is no wave.
fn wave_ends(waves: WaveMemory, finished: bool) -> Option<WaveStep> {
    let count = waves.under_way?;
    Some(WaveStep::Ended { clean: finished && count.is_clean() && count.sent > 0 })
}

/// What sweeps noticed of people, as records.
pub(crate) fn noticed(plans: &[PartnerPlan], at: Timestamp) -> impl Iterator<Item = Record> {
    plans.iter().flat_map(move |plan| {
        plan.notices.iter().map(move |(person, note)| Record::Noted {
            person: *person,
            partner: plan.partner.clone(),
            at,
            note: note.clone(),
        })
    })
}

/// The parts of the configuration that are in force from the first sweep on that is believed.
pub(crate) fn in_force(config: &Config, memory: &Memory, plans: &[PartnerPlan], at: Timestamp) -> Vec<Record> {
    let believed = plans.iter().filter(|plan| plan.complete && !plan.is_stopped());
    believed
        .filter_map(|plan| {
            let partner = config.partner(&plan.partner)?;
            let known = memory.partner(&partner.name).and_then(|known| known.in_force.clone());
            let is_new = known.is_none() || memory.is_told_removed(&partner.name);
            let settings = known.unwrap_or_else(|| settings_of(partner));
            is_new.then(|| Record::InForce { partner: partner.name.clone(), at, settings })
        })
        .collect()
}

/// That these plans' sweeps were believed, and with which settings, where those are others than before.
pub(crate) fn swept(config: &Config, memory: &Memory, plans: &[PartnerPlan], at: Timestamp) -> Vec<Record> {
    let mut records = Vec::new();
    for plan in plans.iter().filter(|plan| plan.complete && !plan.is_stopped()) {
        let Some(partner) = config.partner(&plan.partner) else { continue };
        let settings = settings_of(partner);
        let seen = memory.partner(&partner.name).and_then(|known| known.seen.as_ref());
        if seen.is_none_or(|(seen, _)| *seen != settings) {
            records.push(Record::SettingsSeen { partner: partner.name.clone(), at, settings });
        }
        records.push(Record::Swept { partner: partner.name.clone(), at });
    }
    records
}

/// Partners that are configured no more although usher looks after people of theirs, each told once.
fn removed_partners(config: &Config, memory: &Memory, at: Timestamp) -> Vec<Record> {
    let mut people: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, life) in memory.lives() {
        *people.entry(life.origin.partner.as_str()).or_default() += 1;
    }
    people.retain(|partner, _| config.partner(partner).is_none() && !memory.is_told_removed(partner));
    people
        .into_iter()
        .map(|(partner, people)| Record::PartnerRemoved { partner: partner.to_owned(), at, people })
        .collect()
}

/// Fills in what became of each action.
fn tell_outcomes(report: &mut PartnerReport, ended: &Ended) {
    for action in &mut report.actions {
        if ended.skipped.contains(&action.step()) {
            action.outcome = OutcomeReport::Skipped;
        }
        let Some(answer) = ended.applied.get(&action.step()) else { continue };
        action.error.clone_from(&answer.error);
        action.outcome = OutcomeReport::from(&answer.outcome);
    }
}
