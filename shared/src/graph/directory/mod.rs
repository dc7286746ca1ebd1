//! Reading the directory. Nothing here can change it.
//!
//! - `evidence`: roles, audits and cross-tenant access, which are read only when a decision needs them.

mod evidence;

pub use evidence::{Actor, CrossTenant, LastDisabled, RoleHolders};

use super::batch::{Item, MAX_REQUESTS};
use super::client::{Client, Link, Target};
use super::error::{GraphError, Kind, Result};
use super::limits::Cost;
use super::model::{
    ChangedGroup, ChangedUser, DeltaPage, GroupIds, Named, ObjectId, Organization, Page, USER_SELECT, User,
};
use super::path::{DELTA_OF_GROUPS, DELTA_OF_USERS, Path};
use crate::address::Address;
use crate::ids::{GroupId, UserId};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// How often a batch of reads is sent, as long as something in it failed for a moment.
const TRIES_OF_A_BATCH: usize = 4;
const BEFORE_ASKING_AGAIN: Duration = Duration::from_secs(2);

/// The directory of the tenant that usher runs in, to be read.
#[derive(Clone)]
pub struct Directory {
    client: Client,
    select: String,
    /// What is read of everybody and in the closer look, and not followed by change tracking.
    more: String,
}

/// A collection that is read page by page; see [`Pages::next`].
pub struct Pages<T> {
    client: Client,
    template: &'static str,
    cost: Cost,
    state: State,
    decode: std::marker::PhantomData<T>,
}

enum State {
    First(Path),
    Next(Link),
    Done,
}

/// What the closer look at one person brought.
#[derive(Debug)]
pub enum Look {
    /// The person as the directory shows them now, with their service plans.
    Found(Box<User>),
    /// No such object (any more).
    Gone,
    /// It could not be read.
    Unreadable(GraphError),
}

/// What changed of users.
#[derive(Debug, Default)]
pub struct Changes {
    /// Those who are there, as they are now.
    pub users: Vec<User>,
    /// Those who are not there any more, deleted softly or for good.
    pub removed: HashSet<UserId>,
    /// Under which later changes are found.
    pub link: String,
}

impl Directory {
    /// Reads through `client`. `tracked` are properties to read of each user beyond the usual, which make every page larger;
    /// `kept` are further ones whose changes need not be followed.
    pub fn new(client: Client, tracked: &[&str], kept: &[&str]) -> Self {
        let more =
            kept.iter().filter(|name| !tracked.contains(name)).fold(String::new(), |list, name| list + "," + name);
        let select = tracked.iter().fold(USER_SELECT.to_owned(), |list, name| list + "," + name);
        Self { client, select, more }
    }

    /// This tenant with its verified domains.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn organization(&self) -> Result<Organization> {
        let page: Page<Organization> = self.client.get(&Path::organization()).await?;
        let missing = || GraphError::new(Kind::Malformed, "GET /organization", "the answer names no organization");
        page.value.into_iter().next().ok_or_else(missing)
    }

    /// All users.
    pub fn users(&self) -> Pages<User> {
        self.pages(Path::users(&format!("{}{}", self.select, self.more)))
    }

    /// When users signed in last. Who never did is there without a date.
    pub fn sign_ins(&self) -> Pages<User> {
        self.pages(Path::sign_ins())
    }

    /// Users deleted softly within 30 days.
    pub fn deleted_users(&self) -> Pages<User> {
        self.pages(Path::deleted_users(&self.select))
    }

    /// The users who have the address in `mail`, user principal name, other mails or proxy addresses.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn users_with_address(&self, address: &Address) -> Result<Vec<User>> {
        self.pages(Path::users_with_address(address, &self.select)).all().await
    }

    /// A user by object id; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        match self.client.get(&Path::user(id, &self.select)).await {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Everybody in a group, nested groups included.
    ///
    /// # Errors
    /// When it cannot be read to the end: part of a membership is no evidence.
    pub async fn transitive_members(&self, group: GroupId) -> Result<HashSet<UserId>> {
        let mut pages = self.pages::<ObjectId>(Path::transitive_members(group));
        let mut members = HashSet::new();
        while let Some(page) = pages.next().await? {
            members.extend(page.into_iter().map(|object| UserId::from(object.id)));
        }
        Ok(members)
    }

    /// A closer look at people, with what is too dear for everybody; in the order of `ids`.
    pub async fn look_at(&self, ids: &[UserId]) -> Vec<(UserId, Look)> {
        let select = format!("{}{},assignedPlans,assignedLicenses", self.select, self.more);
        let items = ids.iter().map(|id| Item::get(Path::user(*id, &select))).collect();
        ids.iter().copied().zip(self.ask::<User>(items).await.into_iter().map(Look::from)).collect()
    }

    /// Of which of the groups each person is a member, nested groups included; in the order of `ids`.
    pub async fn groups_of(&self, ids: &[UserId], groups: &[GroupId]) -> Vec<(UserId, Result<HashSet<GroupId>>)> {
        let mut found: Vec<_> = ids.iter().map(|id| (*id, Ok(HashSet::new()))).collect();
        // Graph takes twenty groups at once.
        for groups in groups.chunks(20) {
            let body = serde_json::json!({ "groupIds": groups });
            let items = ids.iter().map(|id| Item::ask(Path::check_member_groups(*id), body.clone())).collect();
            for ((_, known), answer) in found.iter_mut().zip(self.ask::<GroupIds>(items).await) {
                match (known, answer) {
                    (Ok(known), Ok(answer)) => known.extend(answer.value.into_iter().map(GroupId::from)),
                    (known, Err(error)) => *known = Err(error),
                    (Err(_), Ok(_)) => {}
                }
            }
        }
        found
    }

    /// The display names of people; without those who have none, or cannot be read.
    pub async fn names_of(&self, ids: &[UserId]) -> BTreeMap<UserId, String> {
        let items = ids.iter().map(|id| Item::get(Path::user(*id, "id,displayName"))).collect();
        let answers = ids.iter().zip(self.ask::<Named>(items).await);
        answers.filter_map(|(id, answer)| Some((*id, answer.ok()?.display_name?))).collect()
    }

    /// The users who have each address; in the order of `addresses`.
    pub async fn users_with_addresses(&self, addresses: &[&Address]) -> Vec<Result<Vec<User>>> {
        let query = |address: &&Address| Item::get(Path::users_with_address(address, &self.select));
        let answers = self.ask::<Page<User>>(addresses.iter().map(query).collect()).await;
        let whole = |page: Page<User>| match page.next_link {
            None => Ok(page.value),
            // So many share no address, and part of a list is no evidence.
            Some(_) => Err(GraphError::new(Kind::Malformed, "GET /users", "the answer goes on on another page")),
        };
        answers.into_iter().map(|answer| answer.and_then(whole)).collect()
    }

    /// The link under which changes of users from now on are found.
    ///
    /// # Errors
    /// When Graph does not give one.
    pub async fn users_from_now(&self) -> Result<String> {
        let page: DeltaPage<ChangedUser> = self.client.get(&Path::users_from_now(&self.select)).await?;
        page.delta_link.ok_or_else(|| no_delta_link(DELTA_OF_USERS))
    }

    /// The link under which changes of these groups' members from now on are found.
    ///
    /// # Errors
    /// When Graph does not give one.
    pub async fn members_from_now(&self, groups: &[GroupId]) -> Result<String> {
        let page: DeltaPage<ChangedGroup> = self.client.get(&Path::members_from_now(groups)).await?;
        page.delta_link.ok_or_else(|| no_delta_link(DELTA_OF_GROUPS))
    }

    /// What changed of users since `link` was given out. Repeats are merged: the last one counts, as Graph says.
    ///
    /// # Errors
    /// [`Kind::ResyncNeeded`] when the link is too old; otherwise when the changes cannot be read to the end.
    pub async fn changed_users(&self, link: &str) -> Result<Changes> {
        let mut changes = Changes::default();
        changes.link = self
            .changes(link, DELTA_OF_USERS, |changed: ChangedUser| {
                let id = changed.user.id;
                changes.users.retain(|user| user.id != id);
                if changed.removed.is_some() {
                    changes.removed.insert(id);
                } else {
                    changes.removed.remove(&id);
                    changes.users.push(changed.user);
                }
            })
            .await?;
        Ok(changes)
    }

    /// Who entered or left the groups directly since `link` was given out, and the next link.
    ///
    /// # Errors
    /// As [`Directory::changed_users`].
    pub async fn changed_members(&self, link: &str) -> Result<(HashSet<UserId>, String)> {
        let mut members = HashSet::new();
        let add = |group: ChangedGroup| members.extend(group.members.into_iter().map(|member| UserId::from(member.id)));
        let link = self.changes(link, DELTA_OF_GROUPS, add).await?;
        Ok((members, link))
    }

    async fn changes<T: DeserializeOwned>(
        &self,
        link: &str,
        template: &'static str,
        mut each: impl FnMut(T),
    ) -> Result<String> {
        let cost = Cost { units: 1, ..Cost::default() };
        let stale = |_| GraphError::new(Kind::ResyncNeeded, template, "the remembered link is another Graph's");
        let mut link = self.client.link(link, template, cost).map_err(stale)?;
        loop {
            // A page may be empty and still have a next one.
            let page: DeltaPage<T> = self.client.read(Target::Link(&link)).await?;
            page.value.into_iter().for_each(&mut each);
            match (page.next_link, page.delta_link) {
                (Some(next), _) => link = self.client.link(&next, template, cost)?,
                (None, Some(delta)) => return Ok(delta),
                (None, None) => return Err(no_delta_link(template)),
            }
        }
    }

    /// Asks in batches; what failed for a moment is asked again, while there is time. In the order of `items`.
    async fn ask<T: DeserializeOwned>(&self, items: Vec<Item>) -> Vec<Result<T>> {
        let mut answers: Vec<Option<Result<T>>> = items.iter().map(|_| None).collect();
        for round in 0..TRIES_OF_A_BATCH {
            let open = |answer: &Option<Result<T>>| {
                answer.as_ref().is_none_or(|answer| answer.as_ref().is_err_and(GraphError::is_transient))
            };
            let asked: Vec<_> = (0..items.len()).filter(|index| open(&answers[*index])).collect();
            if asked.is_empty() {
                break;
            }
            if round > 0 {
                self.client.clock().sleep(BEFORE_ASKING_AGAIN).await;
            }
            for chunk in asked.chunks(MAX_REQUESTS) {
                let batch: Vec<_> = chunk.iter().map(|index| &items[*index]).collect();
                match self.client.batch::<T>(&batch).await {
                    Ok(found) => chunk.iter().zip(found).for_each(|(index, answer)| answers[*index] = Some(answer)),
                    Err(error) => chunk.iter().for_each(|index| answers[*index] = Some(Err(error.clone()))),
                }
            }
        }
        let unasked = || Err(GraphError::new(Kind::Unavailable, "$batch", "it was not asked"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unasked)).collect()
    }

    fn pages<T: DeserializeOwned>(&self, path: Path) -> Pages<T> {
        Pages::new(self.client.clone(), path)
    }
}

impl From<Result<User>> for Look {
    fn from(answer: Result<User>) -> Self {
        match answer {
            Ok(user) => Self::Found(Box::new(user)),
            Err(error) if error.kind == Kind::NotFound => Self::Gone,
            Err(error) => Self::Unreadable(error),
        }
    }
}

fn no_delta_link(template: &str) -> GraphError {
    GraphError::new(Kind::Malformed, template, "the answer has neither a next page nor a link for later changes")
}

impl<T: DeserializeOwned> Pages<T> {
    /// The collection at a path.
    pub(super) fn new(client: Client, path: Path) -> Self {
        Self {
            client,
            template: path.template(),
            cost: path.cost(),
            state: State::First(path),
            decode: std::marker::PhantomData,
        }
    }

    /// The next page; `None` after the last. A page may be empty.
    ///
    /// # Errors
    /// When a page cannot be read; then the collection is incomplete, and asking again would not resume it.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        let target = match &self.state {
            State::Done => return Ok(None),
            State::First(path) => Target::Path(path),
            State::Next(link) => Target::Link(link),
        };
        let page: Page<T> = self.client.read(target).await?;
        self.state = match page.next_link {
            Some(link) => State::Next(self.client.link(&link, self.template, self.cost)?),
            None => State::Done,
        };
        Ok(Some(page.value))
    }

    /// Everything at once, where that is little.
    ///
    /// # Errors
    /// When any page cannot be read.
    pub async fn all(mut self) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}
