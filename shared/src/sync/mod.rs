//! Microsoft's cross-tenant synchronization from this tenant to a partner, as `[partner.sync]` wants it: set up, looked at,
//! steered.
//!
//! Responsible for: finding the configuration that is there instead of making a second, changing only what the usher
//! configuration names, and saying how it goes and what helps. What could delete people in the target waits for
//! `--allow-change`. Not responsible for: the policies of the two tenants, see [`crate::trust`]; nor the people whom usher
//! itself brings in.
//!
//! - [`observe`]: what there is. [`schema`], [`filter`]: the job's schema. `plan`: what is to be changed, a pure function.
//!   `apply`: changing it.
//! - [`status`]: how it goes; [`health`]: what a sweep remembers of that. [`known`]: what its codes mean. [`demand`]: one
//!   person now. [`readiness`]: who of the external users here could be handed over.

mod apply;
pub mod demand;
pub mod filter;
pub mod health;
pub mod known;
pub mod observe;
mod plan;
pub mod readiness;
pub mod schema;
pub mod status;

pub use plan::Allowed;

use crate::changes::{Change, explained};
use crate::config::{CrossTenantSync, Partner};
use crate::graph::error::{GraphError, Kind, Result};
use crate::graph::setup::{SetupReader, SetupWriter};
use crate::report::ErrorReport;
use schema::Source;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What is to be changed, or what became of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SyncReport {
    /// The partner's name.
    pub partner: String,
    /// The changes.
    pub changes: Vec<Change>,
    /// What is there and not in the configuration; it is left as it is.
    pub left_alone: Vec<String>,
    /// Why nothing more can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// Plans a partner's synchronization, and carries it out where there is a writer.
pub async fn run(
    reader: &SetupReader,
    writer: Option<&SetupWriter>,
    partner: &Partner,
    sync: &CrossTenantSync,
    allowed: &Allowed,
) -> SyncReport {
    if let Some(writer) = writer {
        return apply::apply(reader, writer, partner, sync, allowed).await;
    }
    let partner_name = partner.name.clone();
    match observe::observe(reader, partner, None).await {
        Ok(observed) => {
            let planned = plan::plan(partner, sync, &observed, allowed);
            let (changes, left_alone) = (planned.changes, planned.left_alone);
            SyncReport { partner: partner_name, changes, left_alone, error: None }
        }
        Err(error) => SyncReport { partner: partner_name, error: Some(explained(&error)), ..SyncReport::default() },
    }
}

/// A sentence begins with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What the service makes of an expression.
async fn expression(writer: &SetupWriter, configuration: Uuid, job: &str, source: &Source) -> Result<Value> {
    let Source::Expression(text) = source else { return Ok(Value::Null) };
    let parsed = writer.parse_expression(configuration, job, text).await?;
    let why = parsed.error.as_ref().and_then(|error| error.message.clone()).unwrap_or_default();
    parsed.parsed_expression.filter(|_| parsed.parsing_succeeded).ok_or_else(|| {
        GraphError::new(Kind::Refused, "parseExpression", format!("the service cannot read {text}: {why}"))
    })
}
