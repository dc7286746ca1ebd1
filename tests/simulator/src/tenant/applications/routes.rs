//! Which handler a request below `/servicePrincipals` belongs to, and which service principal it names: by its id, or by
//! its application's.

use super::{assignments, principals};
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;
use crate::tenant::model::Directory;
use crate::tenant::request::{GraphResult, Request};
use crate::tenant::state::State;
use crate::tenant::sync;
use uuid::Uuid;

/// A service principal as a path names it.
#[derive(Clone, Copy, Debug)]
pub(in crate::tenant) enum Named<'a> {
    Id(&'a str),
    AppId(&'a str),
}

impl Named<'_> {
    /// Its id, if it can be read by now.
    pub(in crate::tenant) fn require(self, directory: &Directory) -> Result<Uuid, GraphError> {
        let now = directory.clock().now();
        let mut readable = directory.applications.principals.values().filter(|principal| principal.arrives <= now);
        let (key, found) = match self {
            Self::Id(key) => (key, readable.find(|principal| is(principal.id, key))),
            Self::AppId(key) => (key, readable.find(|principal| is(principal.app_id, key))),
        };
        found.map(|principal| principal.id).ok_or_else(|| GraphError::not_found(key))
    }
}

fn is(id: Uuid, key: &str) -> bool {
    key.parse() == Ok(id)
}

/// Whether the first segment of a path leads to service principals.
pub(in crate::tenant) fn is_principals(segment: &str) -> bool {
    segment == "servicePrincipals" || by_app_id(segment).is_some()
}

/// `servicePrincipals(appId='…')`
fn by_app_id(segment: &str) -> Option<&str> {
    segment.strip_prefix("servicePrincipals(appId='")?.strip_suffix("')")
}

/// Carries out a request to `set` and what is `below` it.
pub(in crate::tenant) fn dispatch(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    set: &str,
    below: &[&str],
) -> GraphResult {
    let (named, below) = match (by_app_id(set), below) {
        (Some(key), below) => (Named::AppId(key), below),
        (None, [key, below @ ..]) => (Named::Id(key), below),
        (None, []) if request.method == "GET" => return principals::list(state, caller, request),
        (None, []) => return Err(GraphError::unknown("this request is not simulated")),
    };
    match (request.method.as_str(), below) {
        ("GET", []) => principals::get(state, caller, request, named),
        ("DELETE", []) => principals::delete(state, caller, request, named),
        ("GET", [side @ ("appRoleAssignments" | "appRoleAssignedTo")]) => {
            assignments::list(state, caller, request, named, side)
        }
        ("POST", [side @ ("appRoleAssignments" | "appRoleAssignedTo")]) => {
            assignments::create(state, caller, request, named, side)
        }
        ("DELETE", [side @ ("appRoleAssignments" | "appRoleAssignedTo"), assignment]) => {
            assignments::delete(state, caller, request, named, side, assignment)
        }
        (_, ["synchronization", below @ ..]) => sync::dispatch(state, caller, request, named, below),
        _ => Err(GraphError::unknown("this request is not simulated")),
    }
}
