//! Deleting a user, reading those who are deleted, and restoring one.
//!
//! People whom Entra Connect masters can be deleted and restored here like others: no page says otherwise, and what
//! Entra Connect does about it is up to whoever plays it (`connect`).
//!
//! Removing one for good is not simulated: Microsoft's page does not offer it to applications, and whoever asks for it
//! has made a mistake.

use super::auth::{Caller, READ_USERS};
use super::deletion::Conflict;
use super::error::GraphError;
use super::filter::{Filter, USER_RULES};
use super::model::Directory;
use super::property::{Shown, projection, render};
use super::query::{LARGEST_PAGE, Query, collection, context_url, page, path_id};
use super::request::{Answer, Body, GraphResult, Request};
use super::state::State;
use super::user::User;
use super::users;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use uuid::Uuid;

/// Other permissions to write users do not include deleting them.
const DELETE: &[&str] = &["User.DeleteRestore.All", "User.ReadWrite.All"];

/// `DELETE /users/{id or user principal name}`
pub(super) fn delete(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(DELETE)?;
    Query::parse(request, &[])?;
    let id = users::find(&state.directory, key)?.id;
    state.directory.require_unprotected(id)?;
    state.directory.delete_user(id).map_err(|_| GraphError::not_found(key))?;
    Ok(Answer::empty(204))
}

/// `GET /directory/deletedItems/microsoft.graph.user`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_USERS)?;
    let query = Query::parse(request, &["$select", "$filter", "$orderby", "$top", "$count", "$skiptoken"])?;
    let names = projection::<User>(query.select.as_deref())?;
    if names.contains(&"signInActivity") {
        return Err(GraphError::unknown("sign-in activity of deleted users is not simulated"));
    }
    let advanced = query.advanced(request);
    let filter = query.filter.as_deref().map(|text| Filter::parse::<User>(text, USER_RULES, advanced)).transpose()?;
    let size = query.page_size(LARGEST_PAGE)?;
    let mut found = Vec::new();
    for (id, user) in shown(&state.directory) {
        if filter.as_ref().map_or(Ok(true), |filter| filter.matches(user))? {
            found.push((id, user));
        }
    }
    let count = advanced.then_some(found.len());
    if let Some((property, direction)) = query.order()? {
        let by = order_of(&property, advanced, filter.is_some())?;
        found.sort_by(|(_, left), (_, right)| direction.apply(by(left, right)));
    }
    let from = match query.after(state, request)? {
        Some(after) => found.iter().position(|(id, _)| *id == after).map_or(found.len(), |last| last + 1),
        None => 0,
    };
    let found = page(found.into_iter().skip(from), size, |_| Ok(true))?;
    let found = found.map(|user| Shown { resource: user, names: &names });
    Ok(collection(state, request, &query, "users", found, count))
}

/// `GET /directory/deletedItems/{id}`, with or without the type behind it.
pub(super) fn get(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ_USERS)?;
    let query = Query::parse(request, &["$select"])?;
    let names = projection::<User>(query.select.as_deref())?;
    let id = path_id(key)?;
    let user = shown(&state.directory).find(|(found, _)| *found == id);
    let (_, user) = user.ok_or_else(|| GraphError::not_found(key))?;
    Ok(as_object(state, render(user, &names)))
}

/// `POST /directory/deletedItems/{id}/restore`
pub(super) fn restore(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(DELETE)?;
    Query::parse(request, &[])?;
    let ask = Ask::read(request)?;
    let directory = &mut state.directory;
    let id = path_id(key)?;
    let mut user = directory.revived(id).ok_or_else(|| GraphError::not_found(key))?;
    directory.require_unprotected(id)?;
    if let Some(name) = ask.name {
        let domain = name.split_once('@').map(|(_, domain)| domain.to_owned());
        if !domain.is_some_and(|domain| directory.is_verified(&domain)) {
            return Err(GraphError::directory("The domain portion of the userPrincipalName property is invalid."));
        }
        user.user_principal_name = name;
    }
    if ask.drop_conflicts {
        user.proxy_addresses.retain(|address| !directory.is_taken(address));
    }
    let answer = render(&user, &projection::<User>(None)?);
    directory.put_back(user).map_err(conflict)?;
    Ok(as_object(state, answer))
}

/// Those who are deleted as readers see them: not before their deletion has arrived.
fn shown(directory: &Directory) -> impl Iterator<Item = (Uuid, &User)> {
    let deleted = directory.deleted_users.iter().map(|(id, user)| (*id, user));
    deleted.filter(|(id, _)| directory.shown_user(*id).is_none())
}

fn as_object(state: &State, mut object: Map<String, Value>) -> Answer {
    object.insert("@odata.context".into(), context_url(state, "directoryObjects/$entity").into());
    object.insert("@odata.type".into(), "#microsoft.graph.user".into());
    Answer::ok(object.into())
}

/// How deleted users are sorted by a property. Together with a filter that is an advanced query for every property, by
/// the time of deletion it always is.
fn order_of(property: &str, advanced: bool, filtered: bool) -> Result<fn(&User, &User) -> Ordering, GraphError> {
    let by: fn(&User, &User) -> Ordering = match property {
        "deletedDateTime" => |left, right| left.deleted.cmp(&right.deleted),
        "displayName" => |left, right| left.display_name.to_lowercase().cmp(&right.display_name.to_lowercase()),
        "userPrincipalName" => |left, right| left.user_principal_name.cmp(&right.user_principal_name),
        _ => return Err(unsorted(property)),
    };
    if !advanced && (filtered || property == "deletedDateTime") { Err(unsorted(property)) } else { Ok(by) }
}

fn unsorted(property: &str) -> GraphError {
    GraphError::unsupported_query(format!("Sorting not supported for current query: '{property}'."))
}

/// What a restoration asks for.
struct Ask {
    name: Option<String>,
    drop_conflicts: bool,
}

impl Ask {
    /// The body may be left out.
    fn read(request: &Request) -> Result<Self, GraphError> {
        let mut ask = Self { name: None, drop_conflicts: false };
        if matches!(request.body, Body::Empty) {
            return Ok(ask);
        }
        for (name, value) in request.object()? {
            match (name.as_str(), value) {
                ("newUserPrincipalName", Value::String(name)) => ask.name = Some(name.clone()),
                ("autoReconcileProxyConflict", Value::Bool(drop)) => ask.drop_conflicts = *drop,
                _ => return Err(GraphError::bad_request(format!("The parameter '{name}' is not as it must be."))),
            }
        }
        Ok(ask)
    }
}

/// Words and details as Graph has them for the same conflict of an update.
fn conflict(Conflict(property): Conflict) -> GraphError {
    let message = format!("Another object with the same value for property {property} already exists.");
    let details = vec![("ObjectConflict", property), ("ConflictingObjects", property)];
    GraphError { details, ..GraphError::directory(message) }
}
