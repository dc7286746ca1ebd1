//! `GET /groups`, `GET /groups/{id}` and its members, direct and nested.

use super::auth::{Caller, READ_MEMBERS, READ_USERS};
use super::error::GraphError;
use super::filter::GROUP_RULES;
use super::listing;
use super::model::Directory;
use super::objects::{Group, OtherKind, OtherObject};
use super::property::{Resource, find_name, projection, render};
use super::query::{LARGEST_PAGE, Query, collection, count, entity, page, path_id};
use super::request::{GraphResult, Request};
use super::state::State;
use super::user::User;
use serde_json::{Map, Value};
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
    for name in query.select.iter().flatten() {
        find_name(&[User::NAMES, Group::NAMES].concat(), name, "directoryObject")?;
    }
    let size = query.page_size(LARGEST_PAGE)?;
    let after = query.after(state, request)?;
    let directory = &state.directory;
    let group = find(directory, key)?;
    let groups = match depth {
        Depth::Direct => vec![group],
        Depth::Transitive => directory.groups_below(group.id),
    };
    let keep = |member: &Member<'_>| Ok(kind.is_none_or(|kind| member.kind() == kind));
    let count = if advanced { Some(count(objects(directory, &groups, None), keep)?) } else { None };
    let page = page(objects(directory, &groups, after), size, keep)?;
    let readable = caller.has_any(READ_USERS);
    let page = page.map(|member| member.render(query.select.as_deref(), readable, kind.is_none()));
    let context = kind.map_or("directoryObjects".to_owned(), |kind| format!("{kind}s"));
    Ok(collection(state, request, &query, &context, page, count))
}

/// The members of the groups after `after`, by id and each once. Deleted ones are not shown.
fn objects<'a>(
    directory: &'a Directory,
    groups: &'a [&'a Group],
    after: Option<Uuid>,
) -> impl Iterator<Item = (Uuid, Member<'a>)> {
    let next = move |after: Option<Uuid>| {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        groups.iter().filter_map(|group| group.members.range((from, Bound::Unbounded)).next()).min().copied()
    };
    std::iter::successors(next(after), move |id| next(Some(*id)))
        .filter_map(|id| Member::find(directory, id).map(|member| (id, member)))
}

/// A member of a group.
enum Member<'a> {
    User(&'a User),
    Group(&'a Group),
    Other(&'a OtherObject),
}

impl<'a> Member<'a> {
    fn find(directory: &'a Directory, id: Uuid) -> Option<Self> {
        let user = directory.shown_user(id).map(Self::User);
        let group = || directory.groups.get(&id).map(Self::Group);
        let other = || directory.others.get(&id).map(Self::Other);
        user.or_else(group).or_else(other)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => User::TYPE,
            Self::Group(_) => Group::TYPE,
            Self::Other(other) => other.kind.name(),
        }
    }

    /// As Graph shows it: of users whom the caller may not read only type and id, and the type only where it is not
    /// clear.
    fn render(&self, select: Option<&[String]>, users_readable: bool, show_type: bool) -> Map<String, Value> {
        let mut object = match self {
            Self::User(user) => {
                let mut object = render(*user, &names::<User>(select));
                if !users_readable {
                    object.iter_mut().filter(|(name, _)| *name != "id").for_each(|(_, value)| *value = Value::Null);
                }
                object
            }
            Self::Group(group) => render(*group, &names::<Group>(select)),
            Self::Other(other) => {
                let mut names = names::<OtherObject>(select);
                names.retain(|name| *name != "mail" || other.kind == OtherKind::OrgContact);
                render(*other, &names)
            }
        };
        if show_type {
            object.insert("@odata.type".into(), format!("#microsoft.graph.{}", self.kind()).into());
        }
        object
    }
}

/// Those of the selected properties that the type has.
fn names<R: Resource>(select: Option<&[String]>) -> Vec<&'static str> {
    let Some(select) = select else {
        return R::DEFAULT.to_vec();
    };
    let chosen = |name: &&&str| select.iter().any(|wanted| wanted == **name);
    R::NAMES.iter().filter(chosen).copied().collect()
}
