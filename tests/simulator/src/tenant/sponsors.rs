//! Who answers for an external user: `/users/{id}/sponsors`.
//!
//! Whom an invitation names at once is read by `invitation_request`.

use super::auth::Caller;
use super::error::GraphError;
use super::member::{self, Member};
use super::model::Directory;
use super::query::{LARGEST_PAGE, Query, collection, page, path_id};
use super::reference::{referenced, require_shown};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use super::user::User;
use super::users;
use uuid::Uuid;

/// Nobody has more.
pub(super) const MOST_SPONSORS: usize = 5;

/// Permissions for the directory as a whole are not on the pages of sponsors.
const READ: &[&str] = &["User.Read.All", "User.ReadWrite.All"];
const WRITE: &[&str] = &["User.ReadWrite.All"];

/// `GET /users/{id}/sponsors`
pub(super) fn list(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ)?;
    let query = Query::parse(request, &["$select"])?;
    member::check_select(&query)?;
    let directory = &state.directory;
    let mut sponsors = users::find(directory, key)?.sponsors.clone();
    sponsors.sort();
    let found = sponsors.into_iter().filter_map(|id| Member::find(directory, id).map(|sponsor| (id, sponsor)));
    let found = page(found, LARGEST_PAGE, |_| Ok(true))?;
    let found = found.map(|sponsor| sponsor.render(query.select.as_deref(), true, true));
    Ok(collection(state, request, &query, "directoryObjects", found, None))
}

/// `POST /users/{id}/sponsors/$ref`
pub(super) fn add(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let user = require_user(state, caller, request, key)?;
    let sponsor = referenced(state, request.object()?)?;
    require_shown(state, sponsor)?;
    let directory = &mut state.directory;
    require_sponsor(directory, sponsor)?;
    if user.sponsors.contains(&sponsor) {
        return Err(GraphError::directory(
            "One or more added object references already exist for the following modified properties: 'sponsors'.",
        ));
    }
    if user.sponsors.len() >= MOST_SPONSORS {
        // The number is documented, the words are not.
        return Err(GraphError::directory(format!("A user cannot have more than {MOST_SPONSORS} sponsors.")));
    }
    directory.insert_user(User { sponsors: [user.sponsors.as_slice(), &[sponsor]].concat(), ..user });
    Ok(Answer::empty(204))
}

/// `DELETE /users/{id}/sponsors/{id}/$ref`
pub(super) fn remove(state: &mut State, caller: &Caller, request: &Request, key: &str, sponsor: &str) -> GraphResult {
    let mut user = require_user(state, caller, request, key)?;
    let id = path_id(sponsor)?;
    let place = user.sponsors.iter().position(|known| *known == id);
    user.sponsors.remove(place.ok_or_else(|| GraphError::not_found(sponsor))?);
    state.directory.insert_user(user);
    Ok(Answer::empty(204))
}

/// Refuses what is neither user nor group.
pub(super) fn require_sponsor(directory: &Directory, id: Uuid) -> Result<(), GraphError> {
    if directory.user(id).is_some() || directory.group(id).is_some() {
        return Ok(());
    }
    Err(if directory.exists(id) {
        GraphError::directory("A sponsor must be a user or a group.")
    } else {
        GraphError::not_found(&id.to_string())
    })
}

/// The user as the directory knows them, if readers see them and the caller may write.
fn require_user(state: &State, caller: &Caller, request: &Request, key: &str) -> Result<User, GraphError> {
    caller.require(WRITE)?;
    Query::parse(request, &[])?;
    let id = users::find(&state.directory, key)?.id;
    state.directory.user(id).cloned().ok_or_else(|| GraphError::not_found(key))
}
