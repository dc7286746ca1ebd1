//! `GET /users` and `GET /users/{id}`.

use super::audits::require_audit_log;
use super::auth::{Caller, READ_USERS};
use super::error::GraphError;
use super::filter::{Filter, USER_RULES};
use super::model::Directory;
use super::property::{Shown, projection, render};
use super::query::{LARGEST_PAGE, Query, collection, count, entity, page};
use super::request::{GraphResult, Request};
use super::state::State;
use super::user::User;
use uuid::Uuid;

/// Sign-in activity makes pages smaller.
const LARGEST_PAGE_WITH_SIGN_IN: usize = 500;

/// Properties that Graph gives for one user at a time only.
const SINGLE_ONLY: &[&str] = &[
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mailboxSettings",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
];

/// `GET /users`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ_USERS)?;
    let query = Query::parse(request, &["$select", "$filter", "$top", "$count", "$skiptoken"])?;
    if let Some(name) = query.select.iter().flatten().find(|name| SINGLE_ONLY.contains(&name.as_str())) {
        return Err(GraphError::unknown(format!("{name} can be read of one user at a time only")));
    }
    let names = projection::<User>(query.select.as_deref())?;
    let advanced = query.advanced(request);
    let filter = query.filter.as_deref().map(|text| Filter::parse::<User>(text, USER_RULES, advanced)).transpose()?;
    let sign_in = names.contains(&"signInActivity") || filter.as_ref().is_some_and(|f| f.uses("signInActivity"));
    if sign_in {
        require_audit_log(&state.directory, caller)?;
    }
    let size = query.page_size(if sign_in { LARGEST_PAGE_WITH_SIGN_IN } else { LARGEST_PAGE })?;
    // Graph promises no size: a page may be smaller than what was asked for.
    let size = state.directory.options.fullest_page.map_or(size, |fullest| size.min(fullest));
    let after = query.after(state, request)?;
    let keep = |user: &&User| filter.as_ref().map_or(Ok(true), |filter| filter.matches(*user));
    let all = || candidates(&state.directory, filter.as_ref(), None);
    let count = if advanced { Some(count(all(), keep)?) } else { None };
    let found = page(candidates(&state.directory, filter.as_ref(), after), size, keep)?;
    let found = found.map(|user| Shown { resource: user, names: &names });
    Ok(collection(state, request, &query, "users", found, count))
}

/// The users among whom those that match the filter are, by id: few, when the filter asks for an address or an id.
fn candidates<'a>(
    directory: &'a Directory,
    filter: Option<&Filter>,
    after: Option<Uuid>,
) -> Box<dyn Iterator<Item = (Uuid, &'a User)> + 'a> {
    match filter.and_then(|filter| filter.candidates(directory)) {
        Some(ids) => Box::new(
            ids.into_iter()
                .filter(move |id| after.is_none_or(|after| *id > after))
                .filter_map(|id| directory.shown_user(id).map(|user| (id, user))),
        ),
        None => directory.shown_users(after),
    }
}

/// `GET /users/{id or user principal name}`
pub(super) fn get(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ_USERS)?;
    let query = Query::parse(request, &["$select"])?;
    let names = projection::<User>(query.select.as_deref())?;
    if names.contains(&"signInActivity") {
        require_audit_log(&state.directory, caller)?;
        if key.parse::<Uuid>().is_err() {
            // It is kept elsewhere, where nobody knows sign-in names.
            let message = "Get By Key only supports UserId and the key has to be a valid Guid";
            return Err(GraphError::bad_request(message));
        }
    }
    let user = find(&state.directory, key)?;
    Ok(entity(state, &query, "users", render(user, &names)))
}

/// The user whom a path names by id or sign-in name.
pub(super) fn find<'a>(directory: &'a Directory, key: &str) -> Result<&'a User, GraphError> {
    let user = match key.parse() {
        Ok(id) => directory.shown_user(id),
        Err(_) => {
            let holders = directory.shown_holders(key).into_iter().filter_map(|id| directory.shown_user(id));
            holders.into_iter().find(|user| user.user_principal_name.eq_ignore_ascii_case(key))
        }
    };
    user.ok_or_else(|| GraphError::not_found(key))
}
