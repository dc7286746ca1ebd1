//! The second half of a run: plans are carried out partner by partner, and every outcome is told.
//!
//! Responsible for: where waves begin and end, what stops a partner or the whole tenant, and the report. Not responsible
//! for: single batches; see [`crate::apply`].

use crate::apply::{Applier, Ended, Stopped};
use crate::graph::{Client, DirectoryWriter};
use crate::ids::RunId;
use crate::journal::memory::Memory;
use crate::journal::memory::waves::{WaveMemory, WaveStep};
use crate::journal::record::{Outcome, Record};
use crate::people::guard::Held;
use crate::people::plan::PartnerPlan;
use crate::report::{OutcomeReport, PartnerReport, Report};
use crate::run::{OnProgress, Order, Progress, RunError, Usher};
use crate::until::Until;
use crate::writer::{SliceError, Writer};
use jiff::Timestamp;

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
        plans: &[PartnerPlan],
        mut report: Report,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        progress(Progress::Planned(plans.iter().map(|plan| plan.actions.len()).sum()));
        if let Some((at, count)) = self.memory().last_invitations() {
            self.client.limits().sent_before(at, count);
        }
        for (plan, partner_report) in plans.iter().zip(&mut report.partners) {
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
            let Some(ended) = self.carry_out_one(plan, report.run, progress).await? else { continue };
            tell_outcomes(partner_report, &ended);
            let has_time = ended.finished || ended.stopped.is_some();
            report.finished &= has_time;
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
            }
            self.writer.end().await?;
        }
        Ok(report)
    }

    async fn carry_out_one(
        &mut self,
        plan: &PartnerPlan,
        run: RunId,
        progress: OnProgress<'_>,
    ) -> Result<Option<Ended>, RunError> {
        let Some(partner) = self.usher.config.partner(&plan.partner) else { return Ok(None) };
        let mut applier = Applier {
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
    let wave = plan.wave.filter(|_| waves.under_way.is_none())?;
    let waiting = (plan.actions.len() + plan.waiting) as u64;
    Some(Record::Wave { partner: plan.partner.clone(), step: WaveStep::Begun { wave, waiting } })
}

/// A wave ends when everybody whose turn it was had it, or when a refusal for more than a person stopped it; the latter is
/// never clean. One in which nothing was sent is no wave.
fn wave_ends(waves: WaveMemory, finished: bool) -> Option<WaveStep> {
    let count = waves.under_way?;
    Some(WaveStep::Ended { clean: finished && count.is_clean() && count.sent > 0 })
}

/// Fills in what became of each action.
fn tell_outcomes(report: &mut PartnerReport, ended: &Ended) {
    for action in &mut report.actions {
        if ended.skipped.contains(&action.person.id) {
            action.outcome = OutcomeReport::Skipped;
        }
        let Some(answer) = ended.applied.get(&action.person.id) else { continue };
        action.error.clone_from(&answer.error);
        action.outcome = match answer.outcome {
            Outcome::Done => OutcomeReport::Done,
            Outcome::Refused { .. } => OutcomeReport::Failed,
            Outcome::Unknown => OutcomeReport::Unconfirmed,
            Outcome::NotSent => OutcomeReport::Planned,
        };
    }
}
