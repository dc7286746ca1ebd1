//! The trust between this tenant and a partner: cross-tenant access settings, as `[partner.trust]` wants them.
//!
//! Responsible for: what is to be changed, carrying it out, and looking whether it is so. A setting that the configuration
//! does not name is left alone and shown. What would let more in than a person once decided, or switch something off that is
//! on, waits for `--allow-change`. Not responsible for: people; see [`crate::people`].
//!
//! - [`observe`]: what there is. `plan`: what is to be changed, a pure function. `apply`: changing it, in the order that
//!   Graph asks for. [`verify`]: whether it is so, on this side or on both.

mod apply;
pub mod observe;
mod plan;
#[cfg(test)]
mod tests;
pub mod verify;

pub use plan::{Allowed, TrustPlan, endpoint_of, plan};

use crate::changes::Change;
use crate::config::Partner;
use crate::graph::setup::{SetupReader, SetupWriter};
use crate::report::ErrorReport;
use serde::Serialize;

/// What is to be changed for a partner, or what became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TrustReport {
    /// The partner's name.
    pub partner: String,
    /// The changes.
    pub changes: Vec<Change>,
    /// Settings of the partner that the configuration does not name; they are left as they are.
    pub left_alone: Vec<LeftAlone>,
    /// What only a person can do, in the portal.
    pub by_hand: Vec<String>,
    /// Why nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// A setting that somebody else made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftAlone {
    /// Its name in Graph.
    pub setting: String,
    /// Its value.
    pub value: String,
}

/// Plans a partner's trust, and carries it out where there is a writer.
pub async fn run(
    reader: &SetupReader,
    writer: Option<&SetupWriter>,
    partner: &Partner,
    cloud: crate::clouds::Cloud,
    allowed: &Allowed,
) -> TrustReport {
    let observed = match observe::observe(reader, partner.tenant_id).await {
        Ok(observed) => observed,
        Err(error) => {
            let error = Some(crate::changes::explained(&error));
            return TrustReport { partner: partner.name.clone(), error, ..TrustReport::default() };
        }
    };
    let mut planned = plan(partner, cloud, &observed, allowed);
    if let Some(writer) = writer {
        apply::apply(writer, partner, &mut planned).await;
    }
    let TrustPlan { changes, left_alone, by_hand, .. } = planned;
    TrustReport { partner: partner.name.clone(), changes, left_alone, by_hand, error: None }
}
