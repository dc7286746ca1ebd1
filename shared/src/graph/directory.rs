//! Reading the directory. Nothing here can change it.

use super::batch::{Item, MAX_REQUESTS};
use super::client::{Client, Link, Target};
use super::error::{GraphError, Kind, Result};
use super::limits::Cost;
use super::model::{
    ChangedGroup, ChangedUser, CrossTenantAccess, DeltaPage, DirectoryAudit, GroupIds, IdentitySynchronization,
    ObjectId, Organization, Page, RolePrincipal, USER_SELECT, User,
};
use super::path::{DELTA_OF_GROUPS, DELTA_OF_USERS, Path};
use crate::address::Address;
use crate::ids::{GroupId, TenantId, UserId};
use crate::tri::Tri;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// What Graph answers where roles cannot be made eligible, for want of a licence.
const NO_PREMIUM_LICENCE: &str = "AadPremiumLicenseRequired";

/// The audit log's name for forbidding somebody to sign in.
const DISABLED: &str = "Disable account";
/// How the names of the accounts begin that Entra Connect writes with.
const SYNC_ACCOUNT: &str = "Sync_";

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

/// Who did something in the directory, as its audit log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Entra Connect.
    Sync,
    /// A person.
    Person,
    /// An application, or nobody knows.
    Other,
}

/// What was done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switched {
    /// Disabled.
    Off,
    /// Enabled.
    On,
    /// Deleted.
    Deleted,
    /// Restored.
    Restored,
}

/// What this tenant's cross-tenant access settings say about a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrossTenant {
    /// Invitations are redeemed automatically, as far as this tenant is concerned.
    pub redeems_automatically: Tri,
    /// The partner may push people here by cross-tenant synchronization.
    pub sync_allowed: Tri,
}

impl DirectoryAudit {
    fn actor(&self) -> Actor {
        match self.initiated_by.as_ref().and_then(|by| by.user.as_ref()) {
            None => Actor::Other,
            Some(user) if user.user_principal_name.as_deref().is_some_and(|name| name.starts_with(SYNC_ACCOUNT)) => {
                Actor::Sync
            }
            Some(_) => Actor::Person,
        }
    }

    fn switched(&self) -> Option<Switched> {
        Some(match self.activity_display_name.as_deref()? {
            DISABLED => Switched::Off,
            "Enable account" => Switched::On,
            "Delete user" => Switched::Deleted,
            "Restore user" => Switched::Restored,
            _ => return None,
        })
    }
}

fn logged(error: GraphError) -> GraphError {
    tracing::warn!("it could not be read whether invitations are redeemed automatically: {error}");
    error
}

/// Who holds directory roles.
#[derive(Clone, Debug, Default)]
pub struct RoleHolders {
    principals: HashSet<Uuid>,
    groups: Vec<GroupId>,
    through_groups: HashSet<Uuid>,
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

    /// Who disabled accounts last since then, by account; as far as the audit log goes back.
    ///
    /// # Errors
    /// When it cannot be read to the end.
    pub async fn disabled_by(&self, since: Timestamp) -> Result<HashMap<UserId, Actor>> {
        let mut pages = self.pages::<DirectoryAudit>(Path::audits_named(DISABLED, since));
        let mut last: HashMap<UserId, (Timestamp, Actor)> = HashMap::new();
        while let Some(page) = pages.next().await? {
            for entry in page {
                let this = (entry.activity_date_time, entry.actor());
                for target in entry.target_resources.into_iter().filter_map(|target| target.id) {
                    let known = last.entry(target.into()).or_insert(this);
                    if known.0 < this.0 {
                        *known = this;
                    }
                }
            }
        }
        Ok(last.into_iter().map(|(user, (_, actor))| (user, actor)).collect())
    }

    /// Who disabled, deleted, restored or enabled a user last, as far as the audit log goes back.
    ///
    /// # Errors
    /// When it cannot be read to the end.
    pub async fn last_switched_by(&self, user: UserId) -> Result<Option<(Switched, Actor)>> {
        let entries = self.pages::<DirectoryAudit>(Path::audits_of(user)).all().await?;
        let switched = |entry: &DirectoryAudit| Some((entry.activity_date_time, entry.switched()?, entry.actor()));
        let last = entries.iter().filter_map(switched).max_by_key(|(at, ..)| *at);
        Ok(last.map(|(_, switched, actor)| (switched, actor)))
    }

    /// What cross-tenant access settings say about a partner. What cannot be read is unknown.
    pub async fn cross_tenant(&self, partner: TenantId) -> CrossTenant {
        CrossTenant {
            redeems_automatically: self.inbound_consent(partner).await.unwrap_or(None).into(),
            sync_allowed: match self
                .client
                .get::<IdentitySynchronization>(&Path::identity_synchronization(partner))
                .await
            {
                Ok(found) => {
                    found.user_sync_inbound.and_then(|inbound| inbound.is_sync_allowed).unwrap_or(false).into()
                }
                // It exists only once synchronization was allowed.
                Err(error) if error.kind == Kind::NotFound => Tri::No,
                Err(error) => {
                    tracing::warn!("it could not be read whether cross-tenant synchronization is allowed: {error}");
                    Tri::Unknown
                }
            },
        }
    }

    /// Whether invitations of the partner's people are redeemed automatically, as far as this tenant is concerned.
    async fn inbound_consent(&self, partner: TenantId) -> Result<Option<bool>> {
        let said =
            |access: CrossTenantAccess| access.automatic_user_consent_settings.and_then(|one| one.inbound_allowed);
        let read = async |path: Path| self.client.get::<CrossTenantAccess>(&path).await;
        let own = match read(Path::cross_tenant_partner(partner)).await {
            Ok(access) => said(access),
            Err(error) if error.kind == Kind::NotFound => None,
            Err(error) => return Err(logged(error)),
        };
        match own {
            Some(own) => Ok(Some(own)),
            None => Ok(said(read(Path::cross_tenant_default()).await.map_err(logged)?)),
        }
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
                holders.groups.push(group.id.into());
                holders.through_groups.extend(members.into_iter().map(UserId::uuid));
            }
        }
        Ok(holders)
    }

    /// Whether people hold a directory role of their own, active or eligible; in the order of `ids`.
    pub async fn holds_role_of_its_own(&self, ids: &[UserId]) -> Vec<(UserId, Result<bool>)> {
        let ask = |path: fn(UserId) -> Path| ids.iter().map(|id| Item::get(path(*id))).collect();
        let active = self.ask::<Page<RolePrincipal>>(ask(Path::role_assignments_of)).await;
        let eligible = self.ask::<Page<RolePrincipal>>(ask(Path::role_eligibilities_of)).await;
        let holds = |(active, eligible): (Result<Page<RolePrincipal>>, Result<Page<RolePrincipal>>)| {
            let eligible = match eligible {
                Err(error) if error.code.as_deref() == Some(NO_PREMIUM_LICENCE) => false,
                other => !other?.value.is_empty(),
            };
            Ok(eligible || !active?.value.is_empty())
        };
        ids.iter().copied().zip(active.into_iter().zip(eligible).map(holds)).collect()
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

    /// The users who have each address; in the order of `addresses`.
    pub async fn users_with_addresses(&self, addresses: &[&Address]) -> Vec<Result<Vec<User>>> {
        let query = |address: &&Address| Item::get(Path::users_with_address(address, &self.select));
        let answers = self.ask::<Page<User>>(addresses.iter().map(query).collect()).await;
        answers.into_iter().map(|answer| answer.map(|page| page.value)).collect()
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
        let mut link = self.client.link(link.to_owned(), template, cost).map_err(stale)?;
        loop {
            // A page may be empty and still have a next one.
            let page: DeltaPage<T> = self.client.read(Target::Link(&link)).await?;
            page.value.into_iter().for_each(&mut each);
            match (page.next_link, page.delta_link) {
                (Some(next), _) => link = self.client.link(next, template, cost)?,
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
        Pages {
            client: self.client.clone(),
            template: path.template(),
            cost: path.cost(),
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

fn no_delta_link(template: &str) -> GraphError {
    GraphError::new(Kind::Malformed, template, "the answer has neither a next page nor a link for later changes")
}

impl RoleHolders {
    /// The groups that hold roles.
    pub fn groups(&self) -> Vec<GroupId> {
        self.groups.clone()
    }

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
            State::Next(link) => Target::Link(link),
        };
        let page: Page<T> = self.client.read(target).await?;
        self.state = match page.next_link {
            Some(link) => State::Next(self.client.link(link, self.template, self.cost)?),
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
