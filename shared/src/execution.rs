//! The second half of a run: plans are carried out partner by partner, and every outcome is told.
//!
//! Responsible for: where waves begin and end, what stops a partner or the whole tenant, and the report. Not responsible
//! for: single batches; see [`crate::apply`].

use crate::apply::{Applied, Applier, Stopped};
use crate::graph::{Client, DirectoryWriter};
use crate::ids::UserId;
use crate::journal::Journal;
use crate::journal::memory::{WaveMemory, WaveStep};
use crate::journal::record::{Job, Outcome, Record};
use crate::people::guard::Held;
use crate::people::plan::{Action, PartnerPlan};
use crate::report::{OutcomeReport, PartnerReport, Report};
use crate::run::{OnProgress, Progress, RunError, Usher};
use crate::until::Until;
use jiff::Timestamp;
use std::collections::HashMap;

/// One run's plans being carried out.
pub struct Execution<'a> {
    usher: &'a Usher,
    client: &'a Client,
    writer: &'a DirectoryWriter,
    journal: &'a mut Journal,
    until: &'a mut Until,
}

impl<'a> Execution<'a> {
    /// Carries out through `writer`, as long as `until` allows.
    pub const fn new(
        usher: &'a Usher,
        client: &'a Client,
        writer: &'a DirectoryWriter,
        journal: &'a mut Journal,
        until: &'a mut Until,
    ) -> Self {
        Self { usher, client, writer, journal, until }
    }

    /// Carries out the plans, made of a snapshot begun at `started`, and fills in the report.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing more was sent.
    pub async fn carry_out(
        &mut self,
        job: Job,
        started: Timestamp,
        plans: &[PartnerPlan],
        mut report: Report,
        progress: OnProgress<'_>,
    ) -> Result<Report, RunError> {
        progress(Progress::Planned(plans.iter().map(|plan| plan.actions.len()).sum()));
        if let Some((at, count)) = self.journal.memory().last_invitations() {
            self.client.limits().sent_before(at, count);
        }
        let mut applier = Applier {
            config: &self.usher.config,
            writer: self.writer,
            client: self.client,
            run: report.run,
            journal: self.journal,
            records: Vec::new(),
            until: self.until,
        };
        for (plan, partner_report) in plans.iter().zip(&mut report.partners) {
            let Some(partner) = self.usher.config.partner(&plan.partner) else { continue };
            // Another partner's people may just have shown that Graph refuses everybody.
            let circuit = applier.journal.memory().circuit_of(&plan.partner);
            if let Some(circuit) = circuit.filter(|circuit| circuit.tried >= started) {
                partner_report.held = Some(Held::by_circuit(circuit.reason.clone()));
                continue;
            }
            if !plan.actions.is_empty() {
                applier.records.push(Record::RunStarted { run: report.run, job, at: started });
                applier.records.extend(wave_begins(plan, applier.journal.memory().waves_of(&plan.partner)));
            }
            let actions: Vec<&Action> = plan.actions.iter().collect();
            let ended = applier.apply(partner, &actions, &|done| progress(Progress::Applied(done))).await?;
            applier.write_down().await?;
            tell_outcomes(partner_report, &ended.applied);
            let has_time = ended.finished || ended.stopped.is_some();
            report.finished &= has_time;
            if has_time {
                let waves = applier.journal.memory().waves_of(&plan.partner);
                applier.records.extend(wave_ends(plan, waves, ended.finished));
                applier.write_down().await?;
            }
            if let Some(Stopped { error, circuit }) = ended.stopped {
                partner_report.held = circuit.map(|refusal| Held::by_circuit(refusal.name.to_owned()));
                partner_report.error = Some(error);
            }
        }
        Ok(report)
    }
}

fn wave_begins(plan: &PartnerPlan, waves: WaveMemory) -> Option<Record> {
    let wave = plan.wave.filter(|_| waves.under_way.is_none())?;
    let waiting = (plan.actions.len() + plan.waiting) as u64;
    Some(Record::Wave { partner: plan.partner.clone(), step: WaveStep::Begun { wave, waiting } })
}

/// A wave ends when everybody whose turn it was had it, or when a refusal for more than a person stopped it; the latter is
/// never clean. One in which nothing was sent is no wave.
fn wave_ends(plan: &PartnerPlan, waves: WaveMemory, finished: bool) -> Option<Record> {
    plan.wave?;
    let count = waves.under_way?;
    let clean = finished && count.is_clean() && count.sent > 0;
    Some(Record::Wave { partner: plan.partner.clone(), step: WaveStep::Ended { clean } })
}

/// Fills in what became of each action.
fn tell_outcomes(report: &mut PartnerReport, answers: &HashMap<UserId, Applied>) {
    for action in &mut report.actions {
        let Some(answer) = answers.get(&action.person.id) else { continue };
        action.error.clone_from(&answer.error);
        action.outcome = match answer.outcome {
            Outcome::Done => OutcomeReport::Done,
            Outcome::Refused { .. } => OutcomeReport::Failed,
            Outcome::Unknown => OutcomeReport::Unconfirmed,
            Outcome::NotSent => OutcomeReport::Planned,
        };
    }
}
