//! The query of a request to Blob Storage.

use super::error::Refusal;
use super::listing::Page;

/// What is understood, by some operation at least.
const KNOWN: [&str; 7] = ["blockid", "comp", "marker", "maxresults", "prefix", "restype", "timeout"];

/// The parameters, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first parameter that nothing here understands.
    pub(super) fn unknown(&self) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !KNOWN.contains(name))
    }

    /// The page of a list that is asked for.
    pub(super) fn page(&self) -> Result<Page, Refusal> {
        let at_most = match self.get("maxresults").map(str::parse) {
            None => None,
            Some(Ok(0)) => return Err(Refusal::new(400, "OutOfRangeQueryParameterValue")),
            Some(Ok(at_most)) => Some(at_most),
            Some(Err(_)) => return Err(Refusal::invalid_query()),
        };
        Ok(Page {
            prefix: self.get("prefix").unwrap_or_default().to_owned(),
            marker: self.get("marker").filter(|marker| !marker.is_empty()).map(str::to_owned),
            at_most,
        })
    }
}
