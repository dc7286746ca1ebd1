//! The directory: its objects, and the indexes that make 100,000 people quick to serve.
//!
//! Not responsible for: what people, administrators and Entra Connect do with it (`actors`), nor what Graph shows of
//! it.

use super::applications::Applications;
use super::audit::{Actor, AuditOptions, Entry};
use super::authentication_methods::AuthenticationMethods;
use super::conditional_access::ConditionalAccessPolicy;
use super::cross_tenant_access::CrossTenantAccess;
use super::delta::DeltaOptions;
use super::known_tenants::KnownTenant;
use super::mail::Mail;
use super::objects::{Group, OtherObject, RoleAssignment, RoleEligibility};
use super::options::TenantOptions;
use super::policy::InvitationPolicy;
use super::replication::Replication;
use super::sign_ins::SignIns;
use super::sms_policy::SmsPolicy;
use super::sync::{SyncOptions, Synchronizations};
use super::tenant_relationships::MultiTenantOrganization;
use super::user::User;
use crate::clock::SimClock;
use crate::cloud::Cloud;
use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// A tenant's directory.
#[derive(Debug)]
pub struct Directory {
    pub(super) options: TenantOptions,
    pub(super) users: BTreeMap<Uuid, User>,
    pub(super) deleted_users: BTreeMap<Uuid, User>,
    pub(super) groups: BTreeMap<Uuid, Group>,
    pub(super) others: BTreeMap<Uuid, OtherObject>,
    pub(super) role_assignments: BTreeMap<Uuid, RoleAssignment>,
    pub(super) role_eligibilities: BTreeMap<Uuid, RoleEligibility>,
    pub(super) applications: Applications,
    pub(super) mails: Vec<Mail>,
    /// How synchronisations behave where the documentation leaves room.
    pub sync: SyncOptions,
    pub(super) synchronizations: Synchronizations,
    /// Who is invited, and who refuses.
    pub policy: InvitationPolicy,
    /// What people of other tenants may do.
    pub cross_tenant_access: CrossTenantAccess,
    /// What people have registered to prove who they are, by user.
    pub authentication_methods: BTreeMap<Uuid, AuthenticationMethods>,
    /// The policy on text messages.
    pub sms: SmsPolicy,
    /// Conditional Access, which nothing here goes by.
    pub conditional_access: Vec<ConditionalAccessPolicy>,
    /// The multitenant organisation that this tenant is in.
    pub multi_tenant_organization: Option<MultiTenantOrganization>,
    /// What is to be known of other tenants, by id.
    pub known_tenants: BTreeMap<Uuid, KnownTenant>,
    /// The application permissions that the next token carries.
    pub permissions: BTreeSet<String>,
    /// How long it takes until a change is seen by readers. A new value is for the changes after it.
    pub lag: SignedDuration,
    /// How change tracking behaves where the documentation leaves room.
    pub delta: DeltaOptions,
    /// How the audit log behaves where the documentation leaves room.
    pub audit: AuditOptions,
    pub(super) audit_log: Vec<Entry>,
    /// Who acts now.
    pub(super) actor: Actor,
    pub(super) replication: Replication,
    pub(super) sign_ins: SignIns,
    /// How often all tokens were revoked.
    pub(super) revocations: u64,
    by_address: HashMap<String, BTreeSet<Uuid>>,
    made: u64,
}

impl Directory {
    pub(super) fn new(options: TenantOptions) -> Self {
        Self {
            permissions: options.permissions.clone(),
            lag: options.lag,
            delta: options.delta.clone(),
            audit: options.audit.clone(),
            audit_log: Vec::new(),
            actor: Actor::default(),
            replication: Replication::default(),
            sign_ins: SignIns::default(),
            revocations: 0,
            applications: Applications::new(&options),
            options,
            users: BTreeMap::new(),
            deleted_users: BTreeMap::new(),
            groups: BTreeMap::new(),
            others: BTreeMap::new(),
            role_assignments: BTreeMap::new(),
            role_eligibilities: BTreeMap::new(),
            mails: Vec::new(),
            sync: SyncOptions::default(),
            synchronizations: Synchronizations::default(),
            policy: InvitationPolicy::default(),
            cross_tenant_access: CrossTenantAccess::default(),
            known_tenants: BTreeMap::new(),
            authentication_methods: BTreeMap::new(),
            sms: SmsPolicy::default(),
            conditional_access: Vec::new(),
            multi_tenant_organization: None,
            by_address: HashMap::new(),
            made: 0,
        }
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> Uuid {
        self.options.id
    }

    /// The id of the only application there is: the managed identity's.
    pub(super) fn client_id(&self) -> Uuid {
        self.options.client_id()
    }

    /// The object id of the managed identity's service principal, which can be given a directory role.
    pub fn service_principal(&self) -> Uuid {
        self.options.derived_id("service-principal")
    }

    /// The cloud it stands in.
    pub fn cloud(&self) -> Cloud {
        self.options.cloud
    }

    /// The domain that every tenant is born with, in which external users get their names.
    pub fn initial_domain(&self) -> &str {
        &self.options.initial_domain
    }

    /// Whether the domain belongs to this tenant.
    pub fn is_verified(&self, domain: &str) -> bool {
        let initial = std::iter::once(&self.options.initial_domain);
        initial.chain(&self.options.verified_domains).any(|own| own.eq_ignore_ascii_case(domain))
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> &SimClock {
        &self.options.clock
    }

    /// The time now, to the second, as the directory stores times.
    pub fn now(&self) -> Timestamp {
        let now = self.options.clock.now();
        now.round(jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor)).unwrap_or(now)
    }

    /// An id for something new: the same in every run that makes the same things in the same order.
    pub fn new_id(&mut self) -> Uuid {
        self.made += 1;
        self.derived_id(&format!("made/{}", self.made))
    }

    /// The id that belongs to a name in this tenant.
    pub fn derived_id(&self, name: &str) -> Uuid {
        self.options.derived_id(name)
    }

    /// A user who is not deleted.
    pub fn user(&self, id: Uuid) -> Option<&User> {
        self.users.get(&id)
    }

    /// A soft-deleted user.
    pub fn deleted_user(&self, id: Uuid) -> Option<&User> {
        self.deleted_users.get(&id)
    }

    /// All users who are not deleted, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// How many there are.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The user who has the address in any of their properties; the first by id if several have.
    pub fn find(&self, address: &str) -> Option<&User> {
        self.holders(address).find_map(|id| self.users.get(&id))
    }

    /// The user with this sign-in name.
    pub(super) fn user_by_name(&self, user_principal_name: &str) -> Option<&User> {
        self.holders(user_principal_name)
            .filter_map(|id| self.users.get(&id))
            .find(|user| user.user_principal_name.eq_ignore_ascii_case(user_principal_name))
    }

    /// The ids of all users, groups and contacts that have the address, by id.
    pub(super) fn holders(&self, address: &str) -> impl Iterator<Item = Uuid> {
        self.by_address.get(&normalised(address)).into_iter().flatten().copied()
    }

    /// Puts a user in, or replaces one.
    pub fn insert_user(&mut self, user: User) {
        let before = self.users.get(&user.id).cloned();
        self.record_changes(before.as_ref(), &user);
        self.store_user(user);
    }

    /// The same, without a word in the audit log.
    pub(super) fn store_user(&mut self, user: User) {
        let id = user.id;
        let before = self.users.remove(&id);
        if let Some(before) = &before {
            self.forget_addresses(id, before.addresses());
        }
        self.remember_addresses(id, user.addresses());
        self.users.insert(id, user);
        self.user_changed(id, before);
    }

    /// Changes a user.
    ///
    /// # Errors
    /// There is no such user.
    pub fn update_user(&mut self, id: Uuid, change: impl FnOnce(&mut User)) -> anyhow::Result<()> {
        let mut user = self.users.get(&id).with_context(|| format!("there is no user {id}"))?.clone();
        change(&mut user);
        self.insert_user(user);
        Ok(())
    }

    /// Takes a user out, addresses included.
    pub(super) fn take_user(&mut self, id: Uuid) -> anyhow::Result<User> {
        let user = self.users.remove(&id).with_context(|| format!("there is no user {id}"))?;
        self.forget_addresses(id, user.addresses());
        self.user_changed(id, Some(user.clone()));
        Ok(user)
    }

    /// A group.
    pub fn group(&self, id: Uuid) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// Puts a group in, or replaces one.
    pub fn insert_group(&mut self, group: Group) {
        let id = group.id;
        let before = self.take_group(id);
        self.remember_addresses(id, group.addresses());
        self.groups.insert(id, group);
        self.group_changed(id, before.as_ref());
    }

    /// Takes a group out, addresses included.
    pub(super) fn take_group(&mut self, id: Uuid) -> Option<Group> {
        let group = self.groups.remove(&id)?;
        self.forget_addresses(id, group.addresses());
        Some(group)
    }

    /// Puts in an object that is neither user nor group, or replaces one.
    pub fn insert_other(&mut self, other: OtherObject) {
        if let Some(old) = self.others.remove(&other.id) {
            self.forget_addresses(old.id, old.mail.as_deref().into_iter());
        }
        self.remember_addresses(other.id, other.mail.as_deref().into_iter());
        self.others.insert(other.id, other);
    }

    /// Whether any object that is not deleted has the id.
    pub fn exists(&self, id: Uuid) -> bool {
        self.users.contains_key(&id) || self.groups.contains_key(&id) || self.others.contains_key(&id)
    }

    pub(super) fn require_group(&mut self, id: Uuid) -> anyhow::Result<&mut Group> {
        self.groups.get_mut(&id).with_context(|| format!("there is no group {id}"))
    }

    pub(super) fn require_object(&self, id: Uuid) -> anyhow::Result<()> {
        if !self.exists(id) && self.service_principal_of(id).is_none() {
            bail!("there is no object {id}");
        }
        Ok(())
    }

    fn remember_addresses<'a>(&mut self, id: Uuid, addresses: impl Iterator<Item = &'a str>) {
        for address in addresses {
            self.by_address.entry(normalised(address)).or_default().insert(id);
        }
    }

    fn forget_addresses<'a>(&mut self, id: Uuid, addresses: impl Iterator<Item = &'a str>) {
        for address in addresses {
            let key = normalised(address);
            if let Some(holders) = self.by_address.get_mut(&key) {
                holders.remove(&id);
                if holders.is_empty() {
                    self.by_address.remove(&key);
                }
            }
        }
    }
}

/// An address as it is compared: lower case, without the `smtp:` of a proxy address.
fn normalised(address: &str) -> String {
    let lower = address.to_lowercase();
    lower.strip_prefix("smtp:").map(str::to_owned).unwrap_or(lower)
}
