//! How people get into the directory, other than by invitation: Entra Connect writes them, or an administrator makes
//! them.

use super::audit::Actor;
use super::model::Directory;
use super::user::{Identity, OnPremises, User, UserType};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use uuid::Uuid;

/// A person of another tenant, as Entra Connect writes them into this one.
#[derive(Clone, Debug)]
pub struct SyncedPerson {
    /// Their address at home; names the object here.
    pub address: String,
    /// Name for people.
    pub display_name: String,
    /// The address that flows to `mail`.
    pub mail: Option<String>,
    /// What Graph shows as `onPremisesUserPrincipalName`; decides nothing.
    pub on_premises_user_principal_name: Option<String>,
    /// Whether a conversion is refused because of the on-premises UPN.
    pub conversion_refused: bool,
    /// Whether sign-in is allowed.
    pub enabled: bool,
    /// `extensionAttribute1` to `15`, by number.
    pub extension_attributes: BTreeMap<u8, String>,
}

impl SyncedPerson {
    /// An enabled person whose address flows to `mail`, and who can be converted although a value is shown for the
    /// on-premises UPN.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            display_name: display_name(address),
            mail: Some(address.to_owned()),
            on_premises_user_principal_name: Some(address.to_owned()),
            conversion_refused: false,
            enabled: true,
            extension_attributes: BTreeMap::new(),
        }
    }
}

impl Directory {
    /// Entra Connect writes a person into the directory as an internal user. The home domain is not verified here, so
    /// the sign-in name is in the initial domain.
    pub fn sync_person(&mut self, person: SyncedPerson) -> Uuid {
        let id = self.free_id(&person.address);
        let mut user = self.internal_user(id, local_part(&person.address), &person.display_name);
        user.proxy_addresses = person.mail.iter().map(|mail| format!("SMTP:{mail}")).collect();
        user.mail = person.mail;
        user.account_enabled = person.enabled;
        user.conversion_refused = person.conversion_refused;
        user.on_premises = OnPremises {
            sync_enabled: Some(true),
            user_principal_name: person.on_premises_user_principal_name,
            immutable_id: Some(BASE64_STANDARD.encode(id)),
            last_sync: Some(user.created),
            extension_attributes: person.extension_attributes,
        };
        self.acting_as(Actor::EntraConnect, |directory| directory.insert_user(user));
        id
    }

    /// Entra Connect writes `person-0001@domain` and so on, with ids that depend on tenant and address alone.
    pub fn sync_people(&mut self, numbers: RangeInclusive<u32>, domain: &str) -> Vec<Uuid> {
        let addresses = numbers.map(|number| format!("person-{number:04}@{domain}"));
        addresses.map(|address| self.sync_person(SyncedPerson::new(&address))).collect()
    }

    /// An administrator makes a colleague: a cloud-only internal user in the default domain.
    pub fn create_colleague(&mut self, alias: &str) -> Uuid {
        let domain = self.options.verified_domains.first().unwrap_or(&self.options.initial_domain);
        let address = format!("{alias}@{domain}");
        let id = self.free_id(&address);
        let mut user = self.internal_user(id, alias, &display_name(&address));
        user.user_principal_name.clone_from(&address);
        user.mail = Some(address.clone());
        user.proxy_addresses = vec![format!("SMTP:{address}")];
        for identity in &mut user.identities {
            identity.issuer_assigned_id = Some(address.clone());
        }
        self.insert_user(user);
        id
    }

    fn internal_user(&self, id: Uuid, alias: &str, display_name: &str) -> User {
        let user_principal_name = self.free_name(alias);
        User {
            id,
            display_name: display_name.to_owned(),
            mail: None,
            other_mails: Vec::new(),
            proxy_addresses: Vec::new(),
            identities: vec![self.own_identity(&user_principal_name)],
            user_principal_name,
            user_type: UserType::Member,
            account_enabled: true,
            creation_type: None,
            external_user_state: None,
            external_user_state_changed: None,
            created: self.now(),
            deleted: None,
            on_premises: OnPremises::default(),
            assigned_plans: Vec::new(),
            assigned_licenses: Vec::new(),
            sponsors: Vec::new(),
            show_in_address_list: None,
            sign_in: None,
            attributes: BTreeMap::new(),
            conversion_refused: false,
            ticket: None,
        }
    }

    /// The guest whom an invitation to an unknown address makes. As long as it is not redeemed, the issuer is this
    /// tenant.
    pub(super) fn invited_user(&mut self, address: &str, display_name: &str, user_type: UserType) -> User {
        let id = self.new_id();
        let alias = format!("{}#EXT#", address.replace('@', "_"));
        let mut user = self.internal_user(id, &alias, display_name);
        user.mail = Some(address.to_owned());
        user.other_mails = vec![address.to_owned()];
        user.proxy_addresses = vec![format!("SMTP:{address}")];
        user.user_type = user_type;
        user.creation_type = Some("Invitation".into());
        user
    }

    fn own_identity(&self, user_principal_name: &str) -> Identity {
        Identity {
            sign_in_type: "userPrincipalName".into(),
            issuer: self.options.initial_domain.clone(),
            issuer_assigned_id: Some(user_principal_name.to_owned()),
        }
    }

    /// The id that belongs to the address, or the next one if an object, deleted or not, has had it.
    fn free_id(&self, address: &str) -> Uuid {
        let lower = address.to_lowercase();
        let first = std::iter::once(self.derived_id(&lower));
        let next = (2u32..).map(|attempt| self.derived_id(&format!("{lower}/{attempt}")));
        first.chain(next).find(|id| !self.exists(*id) && !self.deleted_users.contains_key(id)).unwrap_or_default()
    }

    /// A sign-in name in the initial domain that nobody has.
    fn free_name(&self, alias: &str) -> String {
        let domain = &self.options.initial_domain;
        let first = std::iter::once(format!("{alias}@{domain}"));
        let next = (1000u32..).map(|number| format!("{alias}{number}@{domain}"));
        first.chain(next).find(|name| self.user_by_name(name).is_none()).unwrap_or_default()
    }
}

fn local_part(address: &str) -> &str {
    address.split_once('@').map_or(address, |(local, _)| local)
}

/// `person-0001@…` is called Person 0001.
fn display_name(address: &str) -> String {
    let words = local_part(address).replace(['-', '.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
