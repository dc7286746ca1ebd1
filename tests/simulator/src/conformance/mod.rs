//! Holds every exchange with Graph against the schema that Microsoft publishes for the cloud it is meant for.
//!
//! Responsible for: paths, methods, query options, bodies, answers and errors being what the schema says. The schema
//! was written by neither usher nor the simulated tenant, so neither can hide an error of the other here.
//!
//! Not responsible for: what a service does or refuses, which the schema does not say.
//!
//! [`check_all`] is the way in, and [`check_in_each_cloud`]. Known differences of Graph from its own schema, and of one cloud
//! from another, are listed in [`explained`].

mod body;
mod check;
mod csdl;
mod difference;
mod edm;
pub mod explained;
mod filter;
mod model;
mod path;
mod property_path;
mod query;
mod request;
mod response;
mod sink;
mod text;

#[cfg(test)]
mod tests;

pub use difference::{Difference, Finding, Part, Report};

use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::cloud::Cloud;
use crate::exchange::Exchange;
use explained::{ELSEWHERE, EXPLAINED, Explained};

/// Says that nothing was checked, and how to get the schemas.
pub const SKIPPED: &str = "SKIPPED: no exchange was held against Graph's schema, because the schema is not there. \
    To check, put v1.0-global.csdl.gz, v1.0-us-gov.csdl.gz and v1.0-china.csdl.gz into a folder and name it in \
    GRAPH_METADATA_DIR, or put it at ../shared/graph-metadata beside the workspace. Each is what \
    `GET <graph root>/v1.0/$metadata` of that cloud answers, gzipped; or schemas/v1.0-Prod.csdl, v1.0-Fairfax.csdl and \
    v1.0-Mooncake.csdl of microsoftgraph/msgraph-metadata.";

/// The published schema of one cloud.
#[derive(Debug)]
pub struct Schema {
    model: model::Model,
}

impl Schema {
    /// The schema of a cloud, read once per process; `None` where it is not there, see [`SKIPPED`].
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn for_cloud(cloud: Cloud) -> Result<Option<Arc<Self>>> {
        static GLOBAL: OnceLock<Outcome> = OnceLock::new();
        static US_GOV: OnceLock<Outcome> = OnceLock::new();
        static CHINA: OnceLock<Outcome> = OnceLock::new();
        let (once, file) = match cloud {
            Cloud::Global => (&GLOBAL, "v1.0-global.csdl.gz"),
            // Microsoft publishes one schema for both.
            Cloud::UsGov | Cloud::UsGovDod => (&US_GOV, "v1.0-us-gov.csdl.gz"),
            Cloud::China => (&CHINA, "v1.0-china.csdl.gz"),
        };
        let outcome = once.get_or_init(|| Self::read(&folder().join(file)).map_err(|error| format!("{error:#}")));
        outcome.clone().map_err(anyhow::Error::msg)
    }

    /// Reads a document as Graph serves it.
    ///
    /// # Errors
    /// When it is not such a document.
    pub fn parse(document: &str) -> Result<Self> {
        Ok(Self { model: csdl::parse(document)? })
    }

    /// Where an exchange differs from the schema, explained differences included.
    pub fn check(&self, exchange: &Exchange) -> Vec<Difference> {
        check::check(&self.model, exchange)
    }

    /// Where what was asked differs from the schema, as far as the question alone goes.
    pub fn check_request(&self, exchange: &Exchange) -> Vec<Difference> {
        check::check_request(&self.model, exchange)
    }

    fn read(file: &Path) -> Result<Option<Arc<Self>>> {
        let packed = match File::open(file) {
            Ok(packed) => packed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let mut document = String::new();
        GzDecoder::new(packed).read_to_string(&mut document).with_context(|| file.display().to_string())?;
        let schema = Self::parse(&document).with_context(|| file.display().to_string())?;
        Ok(Some(Arc::new(schema)))
    }
}

/// What reading came to. `anyhow::Error` cannot be kept for later callers, its text can.
type Outcome = Result<Option<Arc<Schema>>, String>;

/// Where the schemas are looked for.
fn folder() -> PathBuf {
    std::env::var_os("GRAPH_METADATA_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/graph-metadata"), PathBuf::from)
}

/// Holds exchanges against the schema of their cloud. Explained differences are left out, and each cause is reported once.
pub fn check_all(cloud: Cloud, exchanges: &[Exchange]) -> Report {
    report(cloud, &[], exchanges)
}

/// The same, and holds what was asked against the schemas of the other clouds as well: a test in one cloud shows by that
/// what would be asked in each. What clouds differ in is listed in [`explained::ELSEWHERE`].
pub fn check_in_each_cloud(cloud: Cloud, exchanges: &[Exchange]) -> Report {
    let others = [Cloud::Global, Cloud::UsGov, Cloud::China];
    report(cloud, &others, exchanges)
}

fn report(cloud: Cloud, others: &[Cloud], exchanges: &[Exchange]) -> Report {
    match differences(cloud, others, exchanges) {
        Ok(Some(differences)) => Report::of(differences, exchanges.len()),
        Ok(None) => Report { skipped: Some(SKIPPED.to_owned()), ..Report::default() },
        Err(error) => Report { unreadable: Some(format!("{error:#}")), ..Report::default() },
    }
}

/// What is not explained, and by whose schema; `None` where a schema is not there.
fn differences(cloud: Cloud, others: &[Cloud], exchanges: &[Exchange]) -> Result<Option<Vec<(Cloud, Difference)>>> {
    let Some(own) = Schema::for_cloud(cloud)? else { return Ok(None) };
    let in_own = exchanges
        .iter()
        .flat_map(|exchange| own.check(exchange))
        .filter(|found| !is_explained(EXPLAINED, cloud, found));
    let mut all: Vec<_> = in_own.map(|found| (cloud, found)).collect();
    for &other in others {
        let Some(schema) = Schema::for_cloud(other)? else { return Ok(None) };
        if Arc::ptr_eq(&schema, &own) {
            continue;
        }
        let found = exchanges.iter().flat_map(|exchange| schema.check_request(exchange));
        let is_news =
            |found: &Difference| !is_explained(EXPLAINED, other, found) && !is_explained(ELSEWHERE, other, found);
        all.extend(found.filter(is_news).map(|found| (other, found)));
    }
    Ok(Some(all))
}

fn is_explained(list: &[Explained], cloud: Cloud, found: &Difference) -> bool {
    list.iter().any(|known| known.covers(cloud, found))
}
