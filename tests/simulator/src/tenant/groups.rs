//! `GET /groups`, `GET /groups/{id}` and its members, direct and nested.

use super::auth::{Caller, READ_MEMBERS};
use super::error::GraphError;
use super::filter::GROUP_RULES;
use super::listing;
use super::member::{self, Member};
use super::model::Directory;
use super::objects::Group;
use super::property::{projection, render};
use super::query::{LARGEST_PAGE, Query, collection, count, entity, page, path_id};
use super::request::{GraphResult, Request};
use super::state::State;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Bound;
use uuid::Uuid;

/// Whether members of nested groups count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    Direct,
    Transitive,
}

/// `GET /groups`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_MEMBERS)?;
    listing::list(state, request, "groups", GROUP_RULES, &state.directory.groups)
}

/// `GET /groups/{id}`
pub(super) fn get(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ_MEMBERS)?;
    let query = Query::parse(request, &["$select"])?;
    let names = projection::<Group>(query.select.as_deref())?;
    let group = find(&state.directory, key)?;
    Ok(entity(state, &query, "groups", render(group, &names)))
}

fn find<'a>(directory: &'a Directory, key: &str) -> Result<&'a Group, GraphError> {
    directory.group(path_id(key)?).ok_or_else(|| GraphError::not_found(key))
}

/// `GET /groups/{id}/members`, `/transitiveMembers`, and the same with a type behind it.
pub(super) fn members(
    state: &State,
    caller: &Caller,
    request: &Request,
    key: &str,
    cast: &[&str],
    depth: Depth,
) -> GraphResult {
    caller.require(READ_MEMBERS)?;
    let query = Query::parse(request, &["$select", "$top", "$count", "$skiptoken"])?;
    let advanced = query.advanced(request);
    let kind = match cast {
        [] => None,
        ["microsoft.graph.user"] => Some("user"),
        ["microsoft.graph.group"] => Some("group"),
        _ => return Err(GraphError::unknown("this cast is not simulated")),
    };
    if kind.is_some() && !advanced {
        return Err(GraphError::unsupported_query(
            "A cast of members needs the header ConsistencyLevel: eventual and $count=true.",
        ));
    }
    member::check_select(&query)?;
    let size = query.page_size(LARGEST_PAGE)?;
    let after = query.after(state, request)?;
    let directory = &state.directory;
    let group = find(directory, key)?;
    let groups = match depth {
        Depth::Direct => vec![group],
        Depth::Transitive => directory.groups_below(group.id),
    };
    let groups: Vec<_> = groups.into_iter().map(|group| directory.shown_members(group)).collect();
    let keep = |member: &Member<'_>| Ok(kind.is_none_or(|kind| member.kind() == kind));
    let count = if advanced { Some(count(objects(directory, &groups, None), keep)?) } else { None };
    let page = page(objects(directory, &groups, after), size, keep)?;
    let readable = member::sees_users(caller);
    let page = page.map(|member| member.render(query.select.as_deref(), readable, kind.is_none()));
    let context = kind.map_or("directoryObjects".to_owned(), |kind| format!("{kind}s"));
    Ok(collection(state, request, &query, &context, page, count))
}

/// The members of the groups after `after`, by id and each once. Deleted ones are not shown.
fn objects<'a>(
    directory: &'a Directory,
    groups: &'a [Cow<'a, BTreeSet<Uuid>>],
    after: Option<Uuid>,
) -> impl Iterator<Item = (Uuid, Member<'a>)> {
    let next = move |after: Option<Uuid>| {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        groups.iter().filter_map(|members| members.range((from, Bound::Unbounded)).next()).min().copied()
    };
    std::iter::successors(next(after), move |id| next(Some(*id)))
        .filter_map(|id| Member::find(directory, id).map(|member| (id, member)))
}
