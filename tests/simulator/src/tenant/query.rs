//! Query options and paging.
//!
//! Not responsible for: what `$filter` means (`filter`) and which properties a type has.

use super::error::GraphError;
use super::request::{Answer, Request};
use super::state::State;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use uuid::Uuid;

/// Pages hold at most this many objects of the directory.
pub(super) const LARGEST_PAGE: usize = 999;
const DEFAULT_PAGE: usize = 100;

/// The query options of a request.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) select: Option<Vec<String>>,
    pub(super) filter: Option<String>,
    /// `$count=true`; means something only together with the header.
    pub(super) count: bool,
    top: Option<String>,
    order: Option<String>,
    skip_token: Option<String>,
}

impl Query {
    /// Reads the options, of which this request understands `allowed`.
    pub(super) fn parse(request: &Request, allowed: &[&str]) -> Result<Self, GraphError> {
        let mut query = Self::default();
        let mut seen = Vec::new();
        for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
            let name = name.to_lowercase();
            if name == "$skip" {
                return Err(GraphError::directory("'$skip' is not supported by the service."));
            }
            if !allowed.contains(&name.as_str()) {
                return Err(GraphError::unknown(format!("the query option {name} is not simulated here")));
            }
            if seen.contains(&name) {
                return Err(GraphError::bad_request(format!("Query option '{name}' was specified more than once.")));
            }
            match name.as_str() {
                "$select" => query.select = Some(value.split(',').map(|name| name.trim().to_owned()).collect()),
                "$filter" => query.filter = Some(value.into_owned()),
                "$count" => query.count = value.eq_ignore_ascii_case("true"),
                "$orderby" => query.order = Some(value.into_owned()),
                "$top" => query.top = Some(value.into_owned()),
                "$skiptoken" => query.skip_token = Some(value.into_owned()),
                _ => {}
            }
            seen.push(name);
        }
        Ok(query)
    }

    /// Whether an advanced query is asked for: the header and `$count=true` together.
    pub(super) fn advanced(&self, request: &Request) -> bool {
        self.count && request.eventual
    }

    /// By which property the objects are wanted in order.
    pub(super) fn order(&self) -> Result<Option<(String, Direction)>, GraphError> {
        let Some(order) = &self.order else {
            return Ok(None);
        };
        match order.split_whitespace().collect::<Vec<_>>().as_slice() {
            [property] | [property, "asc"] => Ok(Some(((*property).to_owned(), Direction::Ascending))),
            [property, "desc"] => Ok(Some(((*property).to_owned(), Direction::Descending))),
            _ => Err(GraphError::bad_request(format!("Invalid $orderby expression '{order}'."))),
        }
    }

    /// How large a page is wanted.
    pub(super) fn page_size(&self, largest: usize) -> Result<usize, GraphError> {
        self.page_size_or(DEFAULT_PAGE, largest)
    }

    /// The same where pages have another size if none is wanted.
    pub(super) fn page_size_or(&self, default: usize, largest: usize) -> Result<usize, GraphError> {
        let Some(top) = &self.top else {
            return Ok(default);
        };
        top.parse().ok().filter(|size| (1..=largest).contains(size)).ok_or_else(|| {
            GraphError::unsupported_query(format!(
                "Invalid page size specified: '{top}'. Must be between 1 and {largest} inclusive."
            ))
        })
    }

    /// The id after which the wanted page begins.
    pub(super) fn after(&self, state: &State, request: &Request) -> Result<Option<Uuid>, GraphError> {
        let Some(token) = &self.skip_token else {
            return Ok(None);
        };
        let expected = fingerprint(state, request);
        let read = |token: &str| -> Option<Uuid> {
            let token: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
            (token["query"] == expected.to_string()).then(|| token["after"].as_str()?.parse().ok())?
        };
        // A token belongs to the query that it was given for: whoever changes the link gets nothing.
        read(token).map(Some).ok_or_else(|| {
            let message = "The specified page token value has expired and can no longer be included in your request.";
            GraphError::new(400, "Directory_ExpiredPageToken", message)
        })
    }
}

/// Which comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(super) fn apply(self, order: Ordering) -> Ordering {
        match self {
            Self::Ascending => order,
            Self::Descending => order.reverse(),
        }
    }
}

/// Some objects, and the id after which the next page begins.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<Uuid>,
}

impl<T> Page<T> {
    pub(super) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// How many there are that `keep` wants.
pub(super) fn count<T>(
    mut items: impl Iterator<Item = (Uuid, T)>,
    mut keep: impl FnMut(&T) -> Result<bool, GraphError>,
) -> Result<usize, GraphError> {
    items.try_fold(0, |count, (_, item)| Ok(count + usize::from(keep(&item)?)))
}

/// The first `size` of those that `keep` wants. `items` come by id.
pub(super) fn page<T>(
    items: impl Iterator<Item = (Uuid, T)>,
    size: usize,
    mut keep: impl FnMut(&T) -> Result<bool, GraphError>,
) -> Result<Page<T>, GraphError> {
    let mut page = Page { items: Vec::with_capacity(size), next: None };
    let mut last = None;
    for (id, item) in items {
        if !keep(&item)? {
            continue;
        }
        if page.items.len() == size {
            page.next = last;
            break;
        }
        page.items.push(item);
        last = Some(id);
    }
    Ok(page)
}

/// A page as Graph answers it. `count` is shown on the first page only.
pub(super) fn collection(
    state: &State,
    request: &Request,
    query: &Query,
    context: &str,
    page: Page<impl Serialize>,
    count: Option<usize>,
) -> Answer {
    Answer::written(&Collection {
        context: context_url(state, &selected(query, context)),
        count: count.filter(|_| query.skip_token.is_none()),
        next_link: page.next.map(|after| next_link(state, request, after)),
        delta_link: None,
        value: page.items,
    })
}

/// What a page is wrapped in.
#[derive(Serialize)]
pub(super) struct Collection<T> {
    #[serde(rename = "@odata.context")]
    pub(super) context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    pub(super) next_link: Option<String>,
    #[serde(rename = "@odata.deltaLink", skip_serializing_if = "Option::is_none")]
    pub(super) delta_link: Option<String>,
    pub(super) value: Vec<T>,
}

/// One object as Graph answers it.
pub(super) fn entity(state: &State, query: &Query, set: &str, mut object: Map<String, Value>) -> Answer {
    let context = context_url(state, &format!("{}/$entity", selected(query, set)));
    object.insert("@odata.context".into(), context.into());
    Answer::ok(object.into())
}

pub(super) fn context_url(state: &State, fragment: &str) -> String {
    format!("{}/v1.0/$metadata#{fragment}", state.root)
}

fn selected(query: &Query, set: &str) -> String {
    query.select.as_ref().map_or_else(|| set.to_owned(), |names| format!("{set}({})", names.join(",")))
}

fn next_link(state: &State, request: &Request, after: Uuid) -> String {
    let token = json!({"after": after, "query": fingerprint(state, request)});
    let token = BASE64_URL_SAFE_NO_PAD.encode(token.to_string());
    let rest = without_token(&request.query);
    let separator = if rest.is_empty() { "" } else { "&" };
    format!("{}/v1.0{}?{rest}{separator}$skiptoken={token}", state.root, request.path)
}

fn fingerprint(state: &State, request: &Request) -> Uuid {
    state.directory.derived_id(&format!("{}?{}", request.path, without_token(&request.query)))
}

fn without_token(query: &str) -> String {
    let is_token = |option: &&str| {
        url::form_urlencoded::parse(option.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case("$skiptoken"))
    };
    query.split('&').filter(|option| !is_token(option)).collect::<Vec<_>>().join("&")
}

/// The id in a path; anything else names nothing.
pub(super) fn path_id(segment: &str) -> Result<Uuid, GraphError> {
    segment.parse().map_err(|_| GraphError::not_found(segment))
}
