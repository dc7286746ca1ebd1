//! What a person wants to have changed in what usher remembers: circuit breakers closed, held plans approved.
//!
//! Responsible for: journalling that it was a person, and who. Not responsible for: who may; the callers ask that first.

use crate::held::{self, Approval, ApprovalError, HeldPlan};
use crate::journal::memory::Circuit;
use crate::journal::record::{CircuitEvent, Record};
use crate::run::{RunError, Usher};
use crate::until::Until;
use crate::writer::Writer;
use uuid::Uuid;

/// Why a held plan was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// It cannot be.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// The journal could not be written.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Usher {
    /// Closes every open circuit breaker, as a person wishes; what was closed, by partner (`None`: the tenant's).
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else writes all the time; otherwise when the state or the journal fails.
    pub async fn close_circuits(&self, until: &mut Until) -> Result<Vec<(Option<String>, Circuit)>, RunError> {
        let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
        writer.begin(until).await?;
        let memory = writer.journal().memory();
        let open: Vec<_> =
            memory.circuits().map(|(name, circuit)| (name.map(str::to_owned), circuit.clone())).collect();
        let at = self.clock.now();
        writer.note(open.iter().map(|(partner, _)| Record::Circuit {
            partner: partner.clone(),
            at,
            event: CircuitEvent::ClosedByPerson,
        }));
        writer.finish(until).await?;
        Ok(open)
    }

    /// Approves a held plan for the person with that object id; the next full sweep carries out what of it is still due.
    ///
    /// # Errors
    /// When there is no such plan, it is over or stale, or the state fails.
    pub async fn approve(&self, plan: &str, by: Uuid, until: &mut Until) -> Result<HeldPlan, ApproveError> {
        let at = self.clock.now();
        let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await.map_err(RunError::from)?;
        writer.begin(until).await.map_err(RunError::from)?;
        let approved = match held::approve(self.store.as_ref(), &self.config, plan, Approval { by, at }).await {
            Ok(approved) => approved,
            Err(error) => {
                writer.let_go().await;
                return Err(error.into());
            }
        };
        writer.note([Record::Approved { plan: plan.to_owned(), partner: approved.partner.clone(), at, by }]);
        writer.finish(until).await.map_err(RunError::from)?;
        Ok(approved)
    }
}
