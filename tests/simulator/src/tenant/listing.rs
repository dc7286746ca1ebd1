//! Collections that are held whole, by id, and listed in the plain way.

use super::filter::{Filter, Rules};
use super::property::{Resource, Shown, projection};
use super::query::{LARGEST_PAGE, Query, collection, page};
use super::request::{GraphResult, Request};
use super::state::State;
use std::collections::BTreeMap;
use std::ops::Bound;
use uuid::Uuid;

/// Lists `all`, with what a plain collection supports.
pub(super) fn list<R: Resource>(
    state: &State,
    request: &Request,
    set: &str,
    rules: Rules,
    all: &BTreeMap<Uuid, R>,
) -> GraphResult {
    let query = Query::parse(request, &["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    let names = projection::<R>(query.select.as_deref())?;
    let filter = query.filter.as_deref();
    let filter = filter.map(|text| Filter::parse::<R>(text, rules, query.advanced(request))).transpose()?;
    let size = query.page_size(LARGEST_PAGE)?;
    let from = query.after(state, request)?.map_or(Bound::Unbounded, Bound::Excluded);
    let items = all.range((from, Bound::Unbounded)).map(|(id, item)| (*id, item));
    let keep = |item: &&R| filter.as_ref().map_or(Ok(true), |filter| filter.matches(*item));
    let page = page(items, size, keep)?.map(|item| Shown { resource: item, names: &names });
    Ok(collection(state, request, &query, set, page, None))
}
