//! Change tracking: `GET /users/delta` and `GET /groups/delta`.
//!
//! Responsible for: rounds, pages, links and their expiry. What the documentation leaves open is an option of the
//! tenant, so that no client can rely on it.
//!
//! - `ask`: what a request asks for.
//! - `round`: which objects a page has.
//! - `item`: how an object is shown.

mod ask;
mod item;
mod round;

use super::auth::{Caller, READ_MEMBERS, READ_USERS};
use super::error::GraphError;
use super::model::Directory;
use super::query::{Collection, context_url};
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use ask::{Ask, Tracked};
use item::Item;
use jiff::{SignedDuration, Timestamp};
use round::{Cursor, Round};
use std::collections::HashMap;

/// So long a link is good, for objects of the directory.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How change tracking behaves where the documentation leaves room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeltaOptions {
    /// How many objects a page has at most; not documented.
    pub page_size: usize,
    /// How many members a group shows on one page at most; the others come with the same group on the next.
    pub members_per_page: usize,
    /// A round begins with a page that is empty and has a link to the next.
    pub empty_pages: bool,
    /// Every page but the first shows the last object of the page before once more.
    pub repeats: bool,
    /// So many changes of the round before come again.
    pub replays: usize,
    /// A first round shows the deleted users too.
    pub removed_at_first: bool,
    /// What is answered to a link that has expired.
    pub expired: ExpiredToken,
}

impl Default for DeltaOptions {
    fn default() -> Self {
        Self {
            page_size: 200,
            members_per_page: 1000,
            empty_pages: false,
            repeats: false,
            replays: 0,
            removed_at_first: false,
            expired: ExpiredToken::gone(),
        }
    }
}

/// What is answered to a link that has expired. Microsoft's pages have several versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredToken {
    /// The status.
    pub status: u16,
    /// The error's code.
    pub code: String,
    /// With a header `Location` that leads to a new first round.
    pub location: bool,
}

impl ExpiredToken {
    /// 410 with the link to a new first round, in which the token is empty.
    pub fn gone() -> Self {
        Self { status: 410, code: "Gone".into(), location: true }
    }

    /// 400 `syncStateNotFound`, as announced for objects of the directory.
    pub fn sync_state_not_found() -> Self {
        Self { status: 400, code: "syncStateNotFound".into(), location: false }
    }

    /// 410 `resyncRequired`, as the page on errors has it.
    pub fn resync_required() -> Self {
        Self { status: 410, code: "resyncRequired".into(), location: false }
    }
}

/// The two kinds of objects that are tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Groups,
}

impl Kind {
    fn set(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
        }
    }
}

/// The links that were given out.
#[derive(Debug, Default)]
pub(super) struct Delta {
    tokens: HashMap<String, Token>,
    given: u64,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    tracked: Tracked,
    issued: Timestamp,
    expired: bool,
    place: Place,
}

/// Where a link leads.
#[derive(Clone, Debug)]
enum Place {
    /// To the next page of a round.
    Page(Round, Option<Cursor>),
    /// To the next round: all changes from this place in the log.
    Since(usize),
}

/// `GET /users/delta`, `GET /groups/delta`
pub(super) fn track(state: &mut State, caller: &Caller, request: &Request, kind: Kind) -> GraphResult {
    caller.require(if kind == Kind::Users { READ_USERS } else { READ_MEMBERS })?;
    let ask = Ask::read(request, kind)?;
    let context = context_url(state, kind.set());
    let State { directory, delta, root, .. } = state;
    let arrived = directory.replication.arrived(directory.clock().now());
    let (tracked, round, cursor, begins) = match ask {
        Ask::Latest(tracked) => {
            let link = delta.link(root, directory, kind, tracked, Place::Since(arrived));
            return Ok(answer(context, Vec::new(), link));
        }
        Ask::Start(tracked) => (tracked, Round::First { until: arrived }, None, true),
        Ask::Token(token) => {
            let Token { tracked, place, .. } = delta.find(&token, kind, root, directory)?;
            match place {
                Place::Page(round, cursor) => (tracked, round, cursor, false),
                Place::Since(since) => {
                    let since = since.saturating_sub(directory.delta.replays);
                    (tracked, Round::Changes { since, until: arrived, minimal: request.minimal }, None, true)
                }
            }
        }
    };
    if begins && directory.delta.empty_pages {
        let link = delta.link(root, directory, kind, tracked, Place::Page(round, cursor));
        return Ok(answer(context, Vec::new(), link));
    }
    let page = round::page(directory, kind, &tracked, round, cursor);
    let place = page.next.map_or(Place::Since(round.until()), |cursor| Place::Page(round, Some(cursor)));
    let link = delta.link(root, directory, kind, tracked, place);
    Ok(answer(context, page.items, link))
}

fn answer(context: String, value: Vec<Item<'_>>, link: Link) -> Answer {
    let (next_link, delta_link) = match link {
        Link::Next(link) => (Some(link), None),
        Link::Delta(link) => (None, Some(link)),
    };
    Answer::written(&Collection { context, count: None, next_link, delta_link, value })
}

/// How a page ends.
enum Link {
    Next(String),
    Delta(String),
}

impl Delta {
    /// All links given out so far have expired.
    pub(super) fn expire(&mut self) {
        self.tokens.values_mut().for_each(|token| token.expired = true);
    }

    fn link(&mut self, root: &str, directory: &Directory, kind: Kind, tracked: Tracked, place: Place) -> Link {
        self.given += 1;
        let name = directory.derived_id(&format!("delta/{}", self.given)).simple().to_string();
        let url = |option: &str| format!("{root}/v1.0/{}/delta?{option}={name}", kind.set());
        let link = match place {
            Place::Page(..) => Link::Next(url("$skiptoken")),
            Place::Since(_) => Link::Delta(url("$deltatoken")),
        };
        let issued = directory.clock().now();
        self.tokens.insert(name, Token { kind, tracked, issued, expired: false, place });
        link
    }

    /// What a link leads to. It can be followed more than once.
    fn find(&self, name: &str, kind: Kind, root: &str, directory: &Directory) -> Result<Token, GraphError> {
        let token = self.tokens.get(name).filter(|token| token.kind == kind);
        let token = token.ok_or_else(|| GraphError::bad_request("Badly formed token."))?;
        if !token.expired && directory.clock().now() <= token.issued + LIFETIME {
            return Ok(token.clone());
        }
        let ExpiredToken { status, code, location } = &directory.delta.expired;
        let message = "The sync state generation is not found. The delta token is expired and data must be \
                       synchronized again.";
        let mut error = GraphError::new(*status, code, message);
        if *location {
            let options = &token.tracked.options;
            let separator = if options.is_empty() { "" } else { "&" };
            let url = format!("{root}/v1.0/{}/delta?{options}{separator}$deltaToken=", kind.set());
            error.headers.push(("location", url));
        }
        Err(error)
    }
}
