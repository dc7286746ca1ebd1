//! Reads a snapshot, in two rounds: everybody once, and then a closer look at those whom a plan would touch.
//!
//! Responsible for: one pass for all partners, page by page, keeping only those in view. Not responsible for: deciding. What
//! could not be read is kept as unknown; only a sweep that breaks off is an error, because then nobody can tell who is
//! missing.

use super::person::{Lens, Person, Sources};
use super::scope::sources_of;
use super::snapshot::{Builder, Evidence, Roles, Snapshot};
use crate::address::Address;
use crate::config::Config;
use crate::graph::directory::Look;
use crate::graph::model::{Field, User};
use crate::graph::{Directory, GraphError};
use crate::ids::{GroupId, TenantId, UserId};
use crate::tri::Tri;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashSet};

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

/// Whom to read, when only one person is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By object id.
    Id(UserId),
    /// By address.
    Address(Address),
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

    /// Reads everybody, page by page; `page_read` is told how many users were read so far.
    ///
    /// # Errors
    /// When the tenant is another one, or not every user could be read.
    pub async fn sweep(&self, now: Timestamp, page_read: &(dyn Fn(usize) + Sync)) -> Result<Snapshot, ObserveError> {
        let (mut builder, lens) = self.begin(now).await?;
        let mut pages = self.directory.users();
        let mut read = 0;
        while let Some(page) = pages.next().await? {
            read += page.len();
            for user in page {
                match Person::observe(&user, &lens) {
                    Some(person) => builder.add(person),
                    None => builder.pass_by(),
                }
            }
            page_read(read);
        }
        self.read_groups(&mut builder).await;
        Ok(builder.finish(true))
    }

    /// Reads one person, and whoever shares an address with them. The ids are those that match, best match first.
    ///
    /// # Errors
    /// When the tenant is another one, or the person could not be read.
    pub async fn one(&self, whom: &Whom, now: Timestamp) -> Result<(Snapshot, Vec<UserId>), ObserveError> {
        let (mut builder, lens) = self.begin(now).await?;
        let found = match whom {
            Whom::Id(id) => self.directory.user(*id).await?.into_iter().collect(),
            Whom::Address(address) => self.directory.users_with_address(address).await?,
        };
        let mut people: Vec<_> = found.iter().map(|user| Person::observe_anyhow(user, &lens)).collect();
        if let Whom::Address(address) = whom {
            people.sort_by_key(|person| (!person.addresses_in(Sources::MAIL).any(|mail| mail == address), person.id));
        }
        let matching: Vec<_> = people.iter().map(|person| person.id).collect();
        let in_view: BTreeSet<_> = people
            .iter()
            .flat_map(|person| &person.addresses)
            .map(|known| &known.address)
            .filter(|address| lens.domains.contains(address.domain()))
            .cloned()
            .collect();
        for address in in_view {
            let sharing = self.directory.users_with_address(&address).await?;
            people.extend(sharing.iter().map(|user| Person::observe_anyhow(user, &lens)));
        }
        for person in people {
            builder.add(person);
        }
        self.read_groups(&mut builder).await;
        Ok((builder.finish(true), matching))
    }

    /// The closer look at people whom a plan would touch. Each is read again, so that the decision rests on what is now.
    pub async fn look_closer(&self, snapshot: &mut Snapshot, people: &[UserId]) {
        if matches!(snapshot.roles, Roles::NotRead) {
            snapshot.roles = match self.directory.role_holders().await {
                Ok(holders) => Roles::Read(holders),
                Err(error) => {
                    tracing::warn!("directory roles could not be read, so nobody is touched: {error}");
                    Roles::Unreadable
                }
            };
        }
        if let Some(group) = self.config.tenant.protected_group
            && !snapshot.groups.contains_key(&group)
        {
            let members = self.members(group).await;
            snapshot.groups.insert(group, members);
        }
        let lens = self.lens(snapshot.verified_domains.clone());
        for (id, look) in self.directory.look_at(people).await {
            let mut evidence = Evidence {
                directory_role: snapshot.roles.holds_role(id),
                protected_group: match self.config.tenant.protected_group {
                    Some(group) => snapshot.is_member(id, group),
                    None => Tri::No,
                },
                ..Evidence::default()
            };
            match look {
                Look::Found(user) => {
                    evidence.exists = Tri::Yes;
                    evidence.exchange_plan = exchange_plan(&user);
                    snapshot.people.insert(id, Person::observe_anyhow(&user, &lens));
                }
                Look::Gone => evidence.exists = Tri::No,
                Look::Unreadable(error) => {
                    tracing::warn!(user.id = %id, "a person could not be read closer and is left alone: {error}");
                }
            }
            snapshot.evidence.insert(id, evidence);
        }
    }

    async fn begin(&self, now: Timestamp) -> Result<(Builder, Lens), ObserveError> {
        let organization = self.directory.organization().await?;
        let configured = self.config.tenant.id;
        if organization.id != configured {
            return Err(ObserveError::WrongTenant { found: organization.id, configured });
        }
        let verified: HashSet<Box<str>> =
            organization.verified_domains.iter().map(|domain| domain.name.to_ascii_lowercase().into()).collect();
        Ok((Builder::new(now, verified.clone()), self.lens(verified)))
    }

    fn lens(&self, verified_domains: HashSet<Box<str>>) -> Lens {
        let partners = &self.config.partners;
        let domains =
            partners.iter().flat_map(|partner| partner.scope.domains.iter().chain(&partner.scope.previous_domains));
        let mut extension_attributes: Vec<_> = partners
            .iter()
            .map(|partner| sources_of(partner.invite.address))
            .filter(|source| source.is_extension_attribute())
            .collect();
        extension_attributes.dedup();
        Lens { domains: domains.map(|domain| domain.as_str().into()).collect(), extension_attributes, verified_domains }
    }

    async fn read_groups(&self, builder: &mut Builder) {
        let scopes = self.config.partners.iter().map(|partner| &partner.scope);
        let groups: BTreeSet<_> = scopes.flat_map(|scope| scope.groups.iter().chain(&scope.exclude_groups)).collect();
        for group in groups {
            let members = self.members(*group).await;
            builder.group(*group, members);
        }
    }

    async fn members(&self, group: GroupId) -> Result<HashSet<UserId>, String> {
        self.directory.transitive_members(group).await.map_err(|error| {
            tracing::warn!(group.id = %group, "a group could not be read: {error}");
            error.to_string()
        })
    }
}

/// Whether a plan of Exchange Online is assigned. One that was taken away stays listed as `Deleted`.
fn exchange_plan(user: &User) -> Tri {
    let is_exchange = |plan: &crate::graph::model::AssignedPlan| {
        plan.service.as_deref().is_some_and(|service| service.eq_ignore_ascii_case("exchange"))
            && plan.capability_status.as_deref() != Some("Deleted")
    };
    match &user.assigned_plans {
        Field::Value(plans) => plans.iter().any(is_exchange).into(),
        Field::Null => Tri::No,
        Field::Missing => Tri::Unknown,
    }
}
