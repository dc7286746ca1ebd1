//! Reading the directory. Nothing here can change it.

use super::batch::{Item, MAX_REQUESTS};
use super::client::{Client, Request, Target};
use super::error::{GraphError, Kind, Result};
use super::model::{ObjectId, Organization, Page, RolePrincipal, USER_SELECT, User};
use super::path::Path;
use crate::address::Address;
use crate::ids::{GroupId, UserId};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use uuid::Uuid;

/// What Graph answers where roles cannot be made eligible, for want of a licence.
const NO_PREMIUM_LICENCE: &str = "AadPremiumLicenseRequired";

/// The directory of the tenant that usher runs in, to be read.
#[derive(Clone)]
pub struct Directory {
    client: Client,
}

/// A collection that is read page by page; see [`Pages::next`].
pub struct Pages<T> {
    client: Client,
    template: &'static str,
    state: State,
    decode: std::marker::PhantomData<T>,
}

enum State {
    First(Path),
    Next(super::client::Link),
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

/// Who holds directory roles.
#[derive(Clone, Debug, Default)]
pub struct RoleHolders {
    principals: HashSet<Uuid>,
    through_groups: HashSet<Uuid>,
}

impl Directory {
    /// Reads through `client`.
    pub const fn new(client: Client) -> Self {
        Self { client }
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
        self.pages(Path::users(USER_SELECT))
    }

    /// The users who have the address in `mail`, user principal name, other mails or proxy addresses.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn users_with_address(&self, address: &Address) -> Result<Vec<User>> {
        self.pages(Path::users_with_address(address, USER_SELECT)).all().await
    }

    /// A user by object id; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        match self.client.get(&Path::user(id, USER_SELECT)).await {
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

    /// Who holds a directory role: active, eligible, or as a member of a group that does.
    ///
    /// # Errors
    /// When any part cannot be read; then nobody is known to hold none. A tenant without the licence for eligible roles
    /// has none.
    pub async fn role_holders(&self) -> Result<RoleHolders> {
        let mut holders = RoleHolders::default();
        let active = self.pages::<RolePrincipal>(Path::role_assignments()).all().await?;
        let eligible = match self.pages::<RolePrincipal>(Path::role_eligibilities()).all().await {
            Err(error) if error.code.as_deref() == Some(NO_PREMIUM_LICENCE) => Vec::new(),
            other => other?,
        };
        holders.principals.extend(active.into_iter().chain(eligible).filter_map(|role| role.principal_id));
        // Only groups made for it can hold roles, and there are few.
        for group in self.pages::<ObjectId>(Path::role_assignable_groups()).all().await? {
            if holders.principals.contains(&group.id) {
                let members = self.transitive_members(group.id.into()).await?;
                holders.through_groups.extend(members.into_iter().map(UserId::uuid));
            }
        }
        Ok(holders)
    }

    /// A closer look at people, with what is too dear for everybody; in the order of `ids`.
    pub async fn look_at(&self, ids: &[UserId]) -> Vec<(UserId, Look)> {
        let select = format!("{USER_SELECT},assignedPlans");
        let mut looks = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_REQUESTS) {
            let items: Vec<_> = chunk.iter().map(|id| Item { path: Path::user(*id, &select), body: None }).collect();
            match self.client.batch::<User>(&items).await {
                Ok(answers) => looks.extend(chunk.iter().copied().zip(answers.into_iter().map(Look::from))),
                Err(error) => looks.extend(chunk.iter().map(|id| (*id, Look::Unreadable(error.clone())))),
            }
        }
        looks
    }

    fn pages<T: DeserializeOwned>(&self, path: Path) -> Pages<T> {
        Pages {
            client: self.client.clone(),
            template: path.template(),
            state: State::First(path),
            decode: std::marker::PhantomData,
        }
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

impl RoleHolders {
    /// Whether the person holds a role or could activate one.
    pub fn holds_role(&self, user: UserId) -> bool {
        self.principals.contains(&user.uuid()) || self.through_groups.contains(&user.uuid())
    }
}

impl<T: DeserializeOwned> Pages<T> {
    /// The next page; `None` after the last. A page may be empty.
    ///
    /// # Errors
    /// When a page cannot be read; then the collection is incomplete, and asking again would not resume it.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        let target = match &self.state {
            State::Done => return Ok(None),
            State::First(path) => Target::Path(path),
            State::Next(link) => Target::Link(link, self.template),
        };
        let request = Request { method: reqwest::Method::GET, url: target, body: None, is_write: false };
        let page: Page<T> = self.client.send(request).await?;
        self.state = match page.next_link {
            Some(link) => State::Next(self.client.link(link, self.template)?),
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
