//! Reads a snapshot, in two rounds: everybody once, and then, in `evidence`, a closer look at those whom a plan would touch.
//!
//! Responsible for: one pass for all partners, page by page, keeping only those in view. Not responsible for: deciding. What
//! could not be read is kept as unknown; only a sweep that breaks off is an error, because then nobody can tell who is
//! missing.

mod evidence;

use super::carry::SHOW_IN_ADDRESS_LIST;
use super::person::{Lens, Person, Sources, Texts};
use super::scope::sources_of;
use super::snapshot::{Evidence, Snapshot};
use crate::address::Address;
use crate::config::Config;
use crate::graph::model::User;
use crate::graph::{Directory, GraphError};
use crate::ids::{GroupId, TenantId, UserId};
use crate::journal::memory::{Memory, SETTLES_WITHIN};
use crate::journal::record::{ActionKind, StepId};
use crate::sight::Links;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Whom {
    /// By object id.
    Id(UserId),
    /// By address.
    Address(Address),
}

impl Whom {
    /// The address, if the person is named by one.
    pub const fn address(&self) -> Option<&Address> {
        match self {
            Self::Address(address) => Some(address),
            Self::Id(_) => None,
        }
    }

    /// Whether it names this person.
    pub fn is(&self, person: &Person) -> bool {
        match self {
            Self::Id(id) => person.id == *id,
            Self::Address(address) => person.addresses.iter().any(|known| known.address == *address),
        }
    }
}

/// Where somebody who was asked for is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the directory.
    Here(UserId),
    /// Among the deleted objects.
    Deleted(UserId),
    /// Nowhere.
    Nobody,
    /// Not to be read, or the deleted objects are not.
    Unknown,
}

impl Found {
    const fn here(self) -> Option<UserId> {
        match self {
            Self::Here(id) => Some(id),
            _ => None,
        }
    }
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
        self.read_groups_to_join(&mut snapshot, memory).await;
        snapshot.complete = true;
        Ok((snapshot, links))
    }

    /// Everybody as Graph shows them, in view or not, with an empty snapshot.
    ///
    /// # Errors
    /// When the tenant is another one, or not every user could be read.
    pub async fn everybody(
        &self,
        now: Timestamp,
        page_read: &(dyn Fn(usize) + Sync),
    ) -> Result<(Snapshot, Vec<User>), ObserveError> {
        let snapshot = self.begin(now).await?;
        let (mut pages, mut users) = (self.directory.users(), Vec::new());
        while let Some(page) = pages.next().await? {
            users.extend(page);
            page_read(users.len());
        }
        Ok((snapshot, users))
    }

    /// Reads one person, and whoever shares an address with them. The ids are those that match, best match first.
    ///
    /// # Errors
    /// When the tenant is another one, or the person could not be read.
    pub async fn one(
        &self,
        whom: &Whom,
        now: Timestamp,
        memory: &Memory,
    ) -> Result<(Snapshot, Vec<UserId>), ObserveError> {
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
        self.read_groups_to_join(&mut snapshot, memory).await;
        snapshot.complete = true;
        Ok((snapshot, matching))
    }

    /// Reads the people who were asked for, and nobody else but those who share an address with them; with the closer look.
    /// Groups are asked for person by person, so that it takes as long in a large tenant as in a small one.
    ///
    /// # Errors
    /// When the tenant is another one, or it could not be read who has an address.
    pub async fn several(
        &self,
        whom: &[Whom],
        partner: &str,
        memory: &Memory,
        now: Timestamp,
    ) -> Result<(Snapshot, BTreeMap<Whom, Found>), ObserveError> {
        let mut snapshot = self.begin(now).await?;
        let lens = self.lens(&snapshot);
        let addresses: Vec<_> = whom.iter().filter_map(Whom::address).collect();
        let invited = memory.invited_by(&addresses, partner);
        let invited =
            |whom: &Whom| whom.address().and_then(|address| invited.get(address)).map_or(&[][..], Vec::as_slice);
        let mut found = BTreeMap::new();
        for (address, answer) in addresses.iter().zip(self.directory.users_with_addresses(&addresses).await) {
            let whom = Whom::Address((*address).clone());
            let users = match answer {
                Ok(users) => users,
                Err(error) => {
                    tracing::warn!("it could not be read who has an address: {error}");
                    found.insert(whom, Found::Unknown);
                    continue;
                }
            };
            let mut people: Vec<_> = users.iter().map(|user| Person::observe_anyhow(user, &lens)).collect();
            let is_mail = |person: &Person| person.addresses_in(Sources::MAIL).any(|mail| mail == *address);
            people.sort_by_key(|person| (memory.life(person.id).is_none(), !is_mail(person), person.id));
            // The list of addresses can be late; whom usher invited by the address is asked for by id.
            let known = || invited(&whom).first().map(|(id, _)| *id);
            if let Some(id) = people.first().map(|person| person.id).or_else(known) {
                found.insert(whom, Found::Here(id));
            }
            people.into_iter().for_each(|person| snapshot.add(person));
        }
        found.extend(whom.iter().filter_map(|whom| match whom {
            Whom::Id(id) => Some((whom.clone(), Found::Here(*id))),
            Whom::Address(_) => None,
        }));
        let ids: BTreeSet<_> = found.values().filter_map(|found| found.here()).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        self.look_closer(&mut snapshot, &ids, true).await;
        self.find_twins(&mut snapshot, &ids).await;
        let is_here = |found: &Found| {
            let look = found.here().and_then(|id| snapshot.evidence.get(&id));
            *found == Found::Unknown || look.is_some_and(|look| !look.exists.is_no())
        };
        let gone: BTreeSet<_> =
            found.iter().filter(|(_, found)| !is_here(found)).map(|(whom, _)| whom.clone()).collect();
        found.retain(|whom, _| !gone.contains(whom));
        let was_lately = |whom: &Whom| {
            let is_old = |(_, since): &(UserId, Timestamp)| now.duration_since(*since) >= SETTLES_WITHIN;
            invited(whom).is_empty() || !invited(whom).iter().all(is_old)
        };
        let missing: Vec<_> = whom.iter().filter(|whom| !found.contains_key(*whom)).collect();
        if !missing.is_empty() {
            let is_known =
                |whom: &Whom, person: &Person| whom.is(person) || invited(whom).iter().any(|(id, _)| *id == person.id);
            let is_missing = |person: &Person| missing.iter().any(|whom| is_known(whom, person));
            self.read_deleted_who(&mut snapshot, is_missing).await;
            for whom in missing {
                let deleted = snapshot.deleted.read().map(|deleted| {
                    // Of several with the address, the one deleted last.
                    let of_whom = deleted.values().filter(|(person, _)| is_known(whom, person));
                    of_whom.max_by_key(|(_, since)| *since).map(|(person, _)| person.id)
                });
                let state = match deleted {
                    None => Found::Unknown,
                    // Listed by the address a moment ago, or invited by it today, and not to be read: nobody knows.
                    Some(None) if whom.address().is_some() && gone.contains(whom) && was_lately(whom) => Found::Unknown,
                    Some(None) => Found::Nobody,
                    Some(Some(id)) => Found::Deleted(id),
                };
                if let (Found::Nobody, Whom::Address(address)) = (state, whom) {
                    snapshot.absent.insert(address.clone());
                }
                found.insert(whom.clone(), state);
            }
        }
        snapshot.complete = true;
        Ok((snapshot, found))
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
    fn groups_to_join(&self) -> impl Iterator<Item = GroupId> {
        self.config.partners.iter().flat_map(|partner| &partner.invite.groups).copied()
    }

    /// Reads who is in the groups that people are put into, and in those of steps that are not settled.
    async fn read_groups_to_join(&self, snapshot: &mut Snapshot, memory: &Memory) {
        let is_membership = |id: &StepId| matches!(id.action, ActionKind::AddToGroup | ActionKind::RemoveFromGroup);
        let open = memory.unconfirmed().filter(|(id, _)| is_membership(id)).filter_map(|(id, _)| id.object);
        let groups: BTreeSet<_> = self.groups_to_join().chain(open.map(GroupId::from)).collect();
        for group in groups {
            let members = self.members(group).await;
            snapshot.groups.insert(group, members);
        }
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
