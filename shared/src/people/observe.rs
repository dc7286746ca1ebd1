//! Reads a snapshot, in two rounds: everybody once, and then a closer look at those whom a plan would touch.
//!
//! Responsible for: one pass for all partners, page by page, keeping only those in view. Not responsible for: deciding. What
//! could not be read is kept as unknown; only a sweep that breaks off is an error, because then nobody can tell who is
//! missing.

use super::carry::SHOW_IN_ADDRESS_LIST;
use super::person::{Lens, Person, Sources, Texts};
use super::scope::sources_of;
use super::snapshot::{Dear, Evidence, Snapshot};
use crate::address::Address;
use crate::config::Config;
use crate::graph::directory::{Look, RoleHolders};
use crate::graph::model::{Field, User};
use crate::graph::{Directory, GraphError};
use crate::ids::{GroupId, TenantId, UserId};
use crate::journal::memory::Memory;
use crate::sight::Links;
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::{Uuid, uuid};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Graph could not be read.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The token is for another tenant than the configuration.
    #[error(
        "the credential is for tenant {found}, but the configuration is for {configured}: sign in to the right tenant, or \
         correct tenant.id"
    )]
    WrongTenant {
        /// The tenant that answered.
        found: TenantId,
        /// `tenant.id`.
        configured: TenantId,
    },
}

/// The audit log goes back so far.
const AUDITS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Graph tracks no more groups under one link; with more of them, the next sweep sees who entered.
const MAX_TRACKED_GROUPS: usize = 50;

/// The properties of external users that some partner keeps.
pub fn kept_properties(config: &Config) -> Vec<String> {
    let attributes = config.partners.iter().flat_map(|partner| partner.attributes.keys().cloned());
    let shown = config.partners.iter().any(|partner| partner.invite.show_in_address_list.is_some());
    let names: BTreeSet<_> = attributes.chain(shown.then(|| SHOW_IN_ADDRESS_LIST.to_owned())).collect();
    names.into_iter().collect()
}

/// Whether later changes shall be found without another sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Ask for the links under which changes are found.
    Changes,
    /// Just read.
    Nothing,
}

/// Whom to read, when only one person is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By object id.
    Id(UserId),
    /// By address.
    Address(Address),
}

/// What protects a person, by one way of reading.
#[derive(Clone, Copy)]
struct Protection {
    role: Tri,
    group: Tri,
}

/// Reads the directory for a configuration.
pub struct Observer<'a> {
    config: &'a Config,
    directory: Directory,
}

impl<'a> Observer<'a> {
    /// Reads through `directory`.
    pub const fn new(config: &'a Config, directory: Directory) -> Self {
        Self { config, directory }
    }

    /// Reads everybody, page by page, and keeps those with an address in a partner's domain and those whom usher looks after
    /// by its `memory`; `page_read` is told how many users were read so far. The links under which later
    /// changes are found are asked for before the first page, so that nothing falls between.
    ///
    /// # Errors
    /// When the tenant is another one, or not every user could be read.
    pub async fn sweep(
        &self,
        now: Timestamp,
        track: Track,
        memory: &Memory,
        page_read: &(dyn Fn(usize) + Sync),
    ) -> Result<(Snapshot, Option<Links>), ObserveError> {
        let mut snapshot = self.begin(now).await?;
        let links = match track {
            Track::Nothing => None,
            // Without them the next quick tick is a sweep; that is all.
            Track::Changes => {
                let links = self.links_from_now().await;
                links.inspect_err(|error| tracing::warn!("changes cannot be tracked: {error}")).ok()
            }
        };
        let lens = self.lens(&snapshot);
        let mut pages = self.directory.users();
        while let Some(page) = pages.next().await? {
            snapshot.users_read += page.len();
            for user in &page {
                // Whom usher looks after stays in view, whatever becomes of the addresses.
                let known = || memory.life(user.id).is_some().then(|| Person::observe_anyhow(user, &lens));
                if let Some(person) = Person::observe(user, &lens).or_else(known) {
                    snapshot.add(person);
                }
            }
            page_read(snapshot.users_read);
        }
        self.read_groups(&mut snapshot).await;
        for group in self.groups_to_join() {
            let members = self.members(group).await;
            snapshot.groups.insert(group, members);
        }
        snapshot.complete = true;
        Ok((snapshot, links))
    }

    /// Reads one person, and whoever shares an address with them. The ids are those that match, best match first.
    ///
    /// # Errors
    /// When the tenant is another one, or the person could not be read.
    pub async fn one(&self, whom: &Whom, now: Timestamp) -> Result<(Snapshot, Vec<UserId>), ObserveError> {
        let mut snapshot = self.begin(now).await?;
        let lens = self.lens(&snapshot);
        let found = match whom {
            Whom::Id(id) => self.directory.user(*id).await?.into_iter().collect(),
            Whom::Address(address) => self.directory.users_with_address(address).await?,
        };
        let mut people: Vec<_> = found.iter().map(|user| Person::observe_anyhow(user, &lens)).collect();
        if let Whom::Address(address) = whom {
            people.sort_by_key(|person| (!person.addresses_in(Sources::MAIL).any(|mail| mail == address), person.id));
        }
        let matching: Vec<_> = people.iter().map(|person| person.id).collect();
        for person in people {
            snapshot.add(person);
        }
        self.read_groups(&mut snapshot).await;
        snapshot.complete = true;
        Ok((snapshot, matching))
    }

    /// Adds whoever shares an address with these people. Of whom that could not be read, nothing is known for certain.
    pub async fn find_twins(&self, snapshot: &mut Snapshot, people: &[UserId]) {
        let lens = self.lens(snapshot);
        let known = people.iter().filter_map(|id| snapshot.people.get(id));
        let addresses: Vec<(UserId, Address)> = known
            .flat_map(|person| person.addresses.iter().map(|known| (person.id, known.address.clone())))
            .filter(|(_, address)| lens.domains.contains(address.domain()))
            .collect();
        let asked: Vec<_> = addresses.iter().map(|(_, address)| address).collect();
        let answers = self.directory.users_with_addresses(&asked).await;
        for ((id, _), answer) in addresses.iter().zip(answers) {
            match answer {
                Ok(sharing) => {
                    for other in sharing.iter().filter(|user| user.id != *id) {
                        snapshot.add(Person::observe_anyhow(other, &lens));
                    }
                }
                Err(error) => {
                    tracing::warn!(user.id = %id, "it could not be read who shares an address: {error}");
                    snapshot.evidence.insert(*id, Evidence::default());
                }
            }
        }
    }

    /// The closer look at people whom a plan would touch. Each is read again, so that the decision rests on what is now, and
    /// asked for their groups; for those that decide about the scope only where `with_scope`.
    pub async fn look_closer(&self, snapshot: &mut Snapshot, people: &[UserId], with_scope: bool) {
        if snapshot.roles.is_not_read() {
            snapshot.roles = self.directory.role_holders().await.into();
        }
        if let Some(group) = self.config.tenant.protected_group
            && snapshot.protected_group.is_none()
        {
            snapshot.protected_group = Some(self.members(group).await);
        }
        if let Some(why) = snapshot.unreadable_protection() {
            tracing::warn!("it cannot be told who is protected, so nobody is touched: {why}");
        }
        let own = self.read_groups_of(snapshot, people, with_scope).await;
        let lens = self.lens(snapshot);
        for (id, look) in self.directory.look_at(people).await {
            let by_lists = Protection {
                role: snapshot.roles.read().map(|holders| holders.holds_role(id)).into(),
                group: match (self.config.tenant.protected_group, &snapshot.protected_group) {
                    (None, _) => Tri::No,
                    (Some(_), Some(Ok(members))) => members.contains(&id).into(),
                    (Some(_), _) => Tri::Unknown,
                },
            };
            let own = own.get(&id).copied().unwrap_or(Protection { role: Tri::No, group: Tri::No });
            let mut evidence = Evidence {
                directory_role: by_lists.role.or(own.role),
                protected_group: by_lists.group.or(own.group),
                ..Evidence::default()
            };
            match look {
                Look::Found(user) => {
                    evidence.exists = Tri::Yes;
                    evidence.exchange_plan = exchange_plan(&user);
                    evidence.licensed = match &user.assigned_licenses {
                        Field::Value(licenses) => (!licenses.is_empty()).into(),
                        Field::Null => Tri::No,
                        Field::Missing => Tri::Unknown,
                    };
                    snapshot.add(Person::observe_anyhow(&user, &lens));
                }
                Look::Gone => evidence.exists = Tri::No,
                Look::Unreadable(error) => {
                    tracing::warn!(user.id = %id, "a person could not be read closer and is left alone: {error}");
                }
            }
            snapshot.evidence.insert(id, evidence);
        }
    }

    async fn begin(&self, now: Timestamp) -> Result<Snapshot, ObserveError> {
        let organization = self.directory.organization().await?;
        let configured = self.config.tenant.id;
        if organization.id != configured {
            return Err(ObserveError::WrongTenant { found: organization.id, configured });
        }
        let verified = organization.verified_domains.iter().map(|domain| domain.name.to_ascii_lowercase().into());
        Ok(Snapshot::new(now, verified.collect()))
    }

    /// What to look for in this tenant.
    pub fn lens(&self, snapshot: &Snapshot) -> Lens {
        let partners = &self.config.partners;
        let scopes = partners.iter().map(|partner| &partner.scope);
        let domains = scopes.flat_map(|scope| scope.domains.iter().chain(&scope.previous_domains));
        let mut extension_attributes: Vec<_> = partners
            .iter()
            .map(|partner| sources_of(partner.invite.address))
            .filter(|source| source.is_extension_attribute())
            .collect();
        extension_attributes.dedup();
        Lens {
            domains: domains.map(|domain| domain.as_str().into()).collect(),
            extension_attributes,
            verified_domains: snapshot.verified_domains.clone(),
            properties: kept_properties(self.config),
            texts: Texts::default(),
        }
    }

    /// The groups that the configuration names for scopes.
    pub fn groups(&self) -> BTreeSet<GroupId> {
        let scopes = self.config.partners.iter().map(|partner| &partner.scope);
        scopes.flat_map(|scope| scope.groups.iter().chain(&scope.exclude_groups)).copied().collect()
    }

    /// The groups that people are put into.
    fn groups_to_join(&self) -> BTreeSet<GroupId> {
        self.config.partners.iter().flat_map(|partner| &partner.invite.groups).copied().collect()
    }

    /// Reads when everybody signed in last, and keeps that of the people in view.
    pub async fn read_sign_ins(&self, snapshot: &mut Snapshot) {
        let mut pages = self.directory.sign_ins();
        let mut found = HashMap::new();
        snapshot.sign_ins = loop {
            match pages.next().await {
                Ok(Some(page)) => found.extend(page.into_iter().filter_map(|user| {
                    let newest = user.sign_in_activity?.newest()?;
                    snapshot.people.contains_key(&user.id).then_some((user.id, newest))
                })),
                Ok(None) => break Dear::Read(found),
                Err(error) => {
                    tracing::warn!("sign-in data could not be read, so everybody counts as active: {error}");
                    break Dear::Unreadable(error.to_string());
                }
            }
        };
    }

    /// Reads who was deleted softly, and keeps those whom usher looks after.
    pub async fn read_deleted(&self, snapshot: &mut Snapshot, memory: &Memory) {
        let lens = self.lens(snapshot);
        let mut pages = self.directory.deleted_users();
        let mut found = BTreeMap::new();
        snapshot.deleted = loop {
            match pages.next().await {
                Ok(Some(page)) => found.extend(
                    page.iter()
                        .filter(|user| memory.life(user.id).is_some())
                        .map(|user| (user.id, (Person::observe_anyhow(user, &lens), user.deleted_date_time))),
                ),
                Ok(None) => break Dear::Read(found),
                Err(error) => {
                    tracing::warn!("deleted users could not be read, so nobody is restored: {error}");
                    break Dear::Unreadable(error.to_string());
                }
            }
        };
    }

    /// Reads who disabled accounts lately.
    pub async fn read_disabled_by(&self, snapshot: &mut Snapshot) {
        let read = self.directory.disabled_by(snapshot.taken - AUDITS_KEPT).await;
        if let Err(error) = &read {
            tracing::warn!("the audit log could not be read, so it is not known who disabled accounts: {error}");
        }
        snapshot.disabled_by = read.into();
    }

    /// Reads what cross-tenant access settings say about a partner.
    pub async fn read_cross_tenant(&self, snapshot: &mut Snapshot, partner: &str) {
        if let Some(partner) = self.config.partner(partner) {
            let read = self.directory.cross_tenant(partner.tenant_id).await;
            snapshot.cross_tenant.insert(partner.name.clone(), read);
        }
    }

    /// Asks for these people's own roles singly, besides the lists: a list that ended too early would expose people.
    pub async fn read_roles_of(&self, snapshot: &mut Snapshot, people: &[UserId]) {
        for (id, holds) in self.directory.holds_role_of_its_own(people).await {
            let holds = holds
                .inspect_err(|error| tracing::warn!(user.id = %id, "the roles of a person could not be read: {error}"));
            snapshot.roles_of.insert(id, holds.ok().into());
        }
    }

    /// Asks in which groups these people are: the protected one, those that hold roles, and where `with_scope` those that
    /// decide about the scope. A list that ended too early would make people seem to have left, or not to be excluded; so
    /// where list and answer differ, membership is unknown.
    async fn read_groups_of(
        &self,
        snapshot: &mut Snapshot,
        people: &[UserId],
        with_scope: bool,
    ) -> HashMap<UserId, Protection> {
        let scope_groups: Vec<_> = if with_scope { self.groups().into_iter().collect() } else { Vec::new() };
        let roles: Vec<_> = snapshot.roles.read().map(RoleHolders::groups).unwrap_or_default();
        let protected = self.config.tenant.protected_group;
        let all: BTreeSet<_> = scope_groups.iter().chain(&roles).copied().chain(protected).collect();
        if all.is_empty() {
            return HashMap::new();
        }
        let all: Vec<_> = all.into_iter().collect();
        let mut protection = HashMap::new();
        for (id, answer) in self.directory.groups_of(people, &all).await {
            let found = match answer {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(user.id = %id, "the groups of a person could not be read: {error}");
                    snapshot.unknown_membership.insert(id);
                    protection.insert(id, Protection { role: Tri::Unknown, group: Tri::Unknown });
                    continue;
                }
            };
            protection.insert(
                id,
                Protection {
                    role: roles.iter().any(|group| found.contains(group)).into(),
                    group: protected.is_some_and(|group| found.contains(&group)).into(),
                },
            );
            for group in &scope_groups {
                if snapshot.holds_lists {
                    if snapshot.is_member(id, *group) != Tri::from(found.contains(group)) {
                        tracing::warn!(user.id = %id, "a list of members and the person's own groups disagree");
                        snapshot.unknown_membership.insert(id);
                    }
                } else if let (Ok(members), true) =
                    (snapshot.groups.entry(*group).or_insert_with(|| Ok(HashSet::new())), found.contains(group))
                {
                    members.insert(id);
                }
            }
        }
        protection
    }

    /// What it reads through.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    async fn links_from_now(&self) -> Result<Links, GraphError> {
        let groups: Vec<_> = self.groups().into_iter().collect();
        let users = self.directory.users_from_now().await?;
        let members = match groups.len() {
            1..=MAX_TRACKED_GROUPS => Some(self.directory.members_from_now(&groups).await?),
            _ => None,
        };
        Ok(Links { users, members })
    }

    async fn read_groups(&self, snapshot: &mut Snapshot) {
        snapshot.holds_lists = true;
        for group in self.groups() {
            let members = self.members(group).await;
            snapshot.groups.insert(group, members);
        }
    }

    async fn members(&self, group: GroupId) -> Result<HashSet<UserId>, String> {
        self.directory.transitive_members(group).await.map_err(|error| {
            tracing::warn!(group.id = %group, "a group could not be read: {error}");
            error.to_string()
        })
    }
}

/// The plan "Exchange Foundation", which most licences carry, Entra ID's among them, and which brings no mailbox.
const EXCHANGE_FOUNDATION: Uuid = uuid!("113feb6c-3fe4-4440-bddc-54d774bf0318");

/// Whether a plan of Exchange Online is assigned. One that was taken away stays listed as `Deleted`.
fn exchange_plan(user: &User) -> Tri {
    let is_exchange = |plan: &crate::graph::model::AssignedPlan| {
        plan.service_plan_id != Some(EXCHANGE_FOUNDATION)
            && plan.service.as_deref().is_some_and(|service| service.eq_ignore_ascii_case("exchange"))
            && plan.capability_status.as_deref() != Some("Deleted")
    };
    match &user.assigned_plans {
        Field::Value(plans) => plans.iter().any(is_exchange).into(),
        Field::Null => Tri::No,
        Field::Missing => Tri::Unknown,
    }
}
