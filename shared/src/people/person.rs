//! One user as the directory shows it, reduced to what decisions need.
//!
//! Responsible for: reading the signs that make an account internal or external, and which addresses it has from where. Not
//! responsible for: whether it is in anybody's scope.

use crate::address::{Address, Domain};
use crate::graph::model::{Field, ObjectIdentity, User, UserType};
use crate::ids::UserId;
use crate::tri::Tri;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

/// A user, compact: a sweep holds one for everybody with an address in a partner's domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Object id.
    pub id: UserId,
    /// Internal or external, and how far an invitation got.
    pub standing: Standing,
    /// Every address once, with where it stands.
    pub addresses: Box<[KnownAddress]>,
    /// Whether Entra Connect masters the account.
    pub synced: Tri,
    /// Whether signing in is allowed.
    pub enabled: Tri,
    /// Member or guest, as far as it is known.
    pub user_type: Option<UserType>,
    /// When the object was made.
    pub created: Moment,
    /// When the state of the invitation changed last.
    pub state_changed: Moment,
    /// Of an external user: the properties that the [`Lens`] names, in its order; `None` where it names none.
    pub properties: Option<Box<Vec<Property>>>,
}

/// A time to the second, or none, in four bytes: a sweep holds two for everybody in view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Option<NonZeroU32>);

impl Moment {
    /// The time, if there is one.
    pub fn get(self) -> Option<Timestamp> {
        Timestamp::from_second(i64::from(self.0?.get())).ok()
    }
}

impl From<Option<Timestamp>> for Moment {
    fn from(at: Option<Timestamp>) -> Self {
        Self(at.and_then(|at| u32::try_from(at.as_second()).ok()).and_then(NonZeroU32::new))
    }
}

/// A property as the directory shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Property {
    /// It was not in the answer.
    Unknown,
    /// Not set.
    Empty,
    /// A text; most people of a partner have the same.
    Text(Arc<str>),
    /// Yes or no.
    Flag(bool),
}

/// What the account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No sign of an external user.
    Internal,
    /// External; has not accepted yet.
    Pending,
    /// External and redeemed.
    Accepted,
    /// External by one sign or another, without a state: born through SharePoint sharing, for example.
    ExternalWithoutState,
    /// A property that would tell was not in the answer.
    Unclear,
}

/// An address with the places in which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// The address.
    pub address: Address,
    /// Where it stands.
    pub sources: Sources,
}

/// A set of places in which an address can stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources(u32);

impl Sources {
    /// `mail`.
    pub const MAIL: Self = Self(1);
    /// `otherMails`.
    pub const OTHER_MAILS: Self = Self(1 << 1);
    /// `proxyAddresses`, those of SMTP.
    pub const PROXY_ADDRESSES: Self = Self(1 << 2);
    /// `identities`, those that somebody outside vouches for.
    pub const IDENTITY: Self = Self(1 << 3);
    /// The user principal name of an invited person, `name_domain#EXT#@…`.
    pub const EXTERNAL_NAME: Self = Self(1 << 4);
    /// `onPremisesUserPrincipalName`.
    pub const ON_PREMISES_NAME: Self = Self(1 << 5);

    /// `onPremisesExtensionAttributes.extensionAttributeN`, `n` from 1 to 15.
    pub const fn extension_attribute(n: u8) -> Self {
        Self(1 << (8 + n))
    }

    /// Whether the two sets share a place.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this is an extension attribute.
    pub fn is_extension_attribute(self) -> bool {
        self.as_extension_attribute().is_some()
    }

    /// The extension attribute that this is, if it is one.
    fn as_extension_attribute(self) -> Option<u8> {
        (1..=15).find(|n| self == Self::extension_attribute(*n))
    }
}

/// What a reader looks for: addresses in these domains, and in one place more than the usual ones.
#[derive(Clone, Debug, Default)]
pub struct Lens {
    /// The domains of all partners, previous ones included, in ASCII.
    pub domains: HashSet<Box<str>>,
    /// Extension attributes that some partner takes addresses from.
    pub extension_attributes: Vec<Sources>,
    /// The domains verified in this tenant: an identity that they vouch for is not from outside.
    pub verified_domains: HashSet<Box<str>>,
    /// The properties that some partner keeps.
    pub properties: Vec<String>,
    /// Texts of properties seen so far, so that each is held once.
    pub texts: Texts,
}

/// Texts that many people have in common.
#[derive(Clone, Debug, Default)]
pub struct Texts(Arc<Mutex<HashSet<Arc<str>>>>);

impl Texts {
    fn one(&self, text: &str) -> Arc<str> {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = known.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        known.insert(Arc::clone(&text));
        text
    }
}

impl Lens {
    /// Whether the text is an address in one of the domains. Cheap: nearly everybody in a large tenant is a colleague.
    fn sees(&self, text: &str) -> bool {
        let Some((_, domain)) = text.rsplit_once('@') else {
            return false;
        };
        if domain.is_ascii() {
            self.domains.contains(domain.to_ascii_lowercase().as_str())
        } else {
            Domain::parse(domain).is_ok_and(|domain| self.domains.contains(domain.as_str()))
        }
    }
}

impl Person {
    /// Reads a user; `None` if it has no address in any partner's domain.
    pub fn observe(user: &User, lens: &Lens) -> Option<Self> {
        let texts = addresses_of(user, lens);
        if !texts.iter().any(|(text, _)| lens.sees(text)) {
            return None;
        }
        Some(Self::read(user, lens, texts))
    }

    /// Reads a user whom somebody asked about, whatever their addresses.
    pub fn observe_anyhow(user: &User, lens: &Lens) -> Self {
        Self::read(user, lens, addresses_of(user, lens))
    }

    fn read(user: &User, lens: &Lens, texts: Vec<(String, Sources)>) -> Self {
        let mut addresses: Vec<KnownAddress> = Vec::new();
        for (text, sources) in texts {
            let Ok(address) = Address::parse(&text) else {
                continue;
            };
            match addresses.iter_mut().find(|known| known.address == address) {
                Some(known) => known.sources = known.sources.with(sources),
                None => addresses.push(KnownAddress { address, sources }),
            }
        }
        let standing = standing_of(user, lens);
        Self {
            id: user.id,
            standing,
            addresses: addresses.into(),
            synced: match &user.on_premises_sync_enabled {
                Field::Value(synced) => (*synced).into(),
                // Graph documents null as "was never synced", and change tracking leaves it out then.
                Field::Null | Field::Missing => Tri::No,
            },
            enabled: user.account_enabled.value().copied().into(),
            user_type: user.user_type.filter(|kind| *kind != UserType::Unknown),
            created: user.created_date_time.into(),
            state_changed: user.external_user_state_change_date_time.into(),
            properties: (standing != Standing::Internal && !lens.properties.is_empty())
                .then(|| Box::new(lens.properties.iter().map(|name| property_of(user, name, &lens.texts)).collect())),
        }
    }

    /// The addresses that stand in any of these places.
    pub fn addresses_in(&self, sources: Sources) -> impl Iterator<Item = &Address> {
        self.addresses.iter().filter(move |known| known.sources.intersects(sources)).map(|known| &known.address)
    }

    /// Whether the directory shows the account as external.
    pub const fn is_external(&self) -> Tri {
        match self.standing {
            Standing::Internal => Tri::No,
            Standing::Pending | Standing::Accepted | Standing::ExternalWithoutState => Tri::Yes,
            Standing::Unclear => Tri::Unknown,
        }
    }
}

/// The property of that name; `extensionAttributeN` stands in a property of its own.
fn property_of(user: &User, name: &str, texts: &Texts) -> Property {
    if name.starts_with("extensionAttribute") {
        let Some(attributes) = &user.on_premises_extension_attributes else { return Property::Unknown };
        return match attributes.get(name) {
            Some(Some(text)) if !text.is_empty() => Property::Text(texts.one(text)),
            _ => Property::Empty,
        };
    }
    match user.others.get(name) {
        Some(Value::Null) => Property::Empty,
        Some(Value::String(text)) if text.is_empty() => Property::Empty,
        Some(Value::String(text)) => Property::Text(texts.one(text)),
        Some(Value::Bool(flag)) => Property::Flag(*flag),
        _ => Property::Unknown,
    }
}

fn standing_of(user: &User, lens: &Lens) -> Standing {
    if let Field::Value(state) = &user.external_user_state {
        // Some texts print a blank: "Pending Acceptance".
        return match state.replace(' ', "").to_ascii_lowercase().as_str() {
            "pendingacceptance" => Standing::Pending,
            "accepted" => Standing::Accepted,
            _ => Standing::ExternalWithoutState,
        };
    }
    let from_outside = match &user.identities {
        Field::Value(identities) => identities.iter().any(|identity| is_from_outside(identity, lens)).into(),
        Field::Null => Tri::No,
        Field::Missing => Tri::Unknown,
    };
    let invited: Tri = (user.creation_type.value().is_some() || external_name(user).is_some()).into();
    match invited.or(from_outside) {
        Tri::Yes => Standing::ExternalWithoutState,
        Tri::No => Standing::Internal,
        Tri::Unknown => Standing::Unclear,
    }
}

/// Somebody outside vouches for the identity: it is federated, or its issuer is no domain of this tenant.
fn is_from_outside(identity: &ObjectIdentity, lens: &Lens) -> bool {
    identity.sign_in_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("federated"))
        || identity
            .issuer
            .as_deref()
            .is_some_and(|issuer| !lens.verified_domains.contains(issuer.to_ascii_lowercase().as_str()))
}

/// The address in `name_domain#EXT#@tenant`: a domain has no underscore, so the last one stands for the `@`.
fn external_name(user: &User) -> Option<String> {
    let name = user.user_principal_name.as_deref()?;
    let at = name.to_ascii_uppercase().find("#EXT#")?;
    let (local, domain) = name[..at].rsplit_once('_')?;
    Some(format!("{local}@{domain}"))
}

fn addresses_of(user: &User, lens: &Lens) -> Vec<(String, Sources)> {
    let mut texts = Vec::new();
    let mut add = |text: &str, sources| texts.push((text.to_owned(), sources));
    if let Some(mail) = &user.mail {
        add(mail, Sources::MAIL);
    }
    for mail in user.other_mails.iter().flatten() {
        add(mail, Sources::OTHER_MAILS);
    }
    for proxy in user.proxy_addresses.iter().flatten() {
        if let Some((protocol, address)) = proxy.split_once(':')
            && protocol.eq_ignore_ascii_case("smtp")
        {
            add(address, Sources::PROXY_ADDRESSES);
        }
    }
    for identity in user.identities.value().into_iter().flatten().filter(|identity| is_from_outside(identity, lens)) {
        if let Some(address) = &identity.issuer_assigned_id {
            add(address, Sources::IDENTITY);
        }
    }
    if let Some(name) = external_name(user) {
        add(&name, Sources::EXTERNAL_NAME);
    }
    if let Some(name) = &user.on_premises_user_principal_name {
        add(name, Sources::ON_PREMISES_NAME);
    }
    for source in &lens.extension_attributes {
        let value = source.as_extension_attribute().and_then(|n| {
            user.on_premises_extension_attributes.as_ref()?.get(&format!("extensionAttribute{n}"))?.as_deref()
        });
        if let Some(value) = value {
            add(value, *source);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lens() -> Lens {
        Lens {
            domains: ["fabrikam.us".into(), "xn--bcher-kva.example".into()].into(),
            extension_attributes: vec![Sources::extension_attribute(3)],
            verified_domains: ["contoso.onmicrosoft.com".into(), "contoso.com".into()].into(),
            ..Lens::default()
        }
    }

    /// A person whom Entra Connect synced, with `changes` made to it.
    fn user(changes: serde_json::Value) -> User {
        let mut user = json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "userPrincipalName": "person-0001@contoso.com",
            "mail": "Person-0001@Fabrikam.us",
            "identities": [{"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com",
                "issuerAssignedId": "person-0001@contoso.com"}],
            "accountEnabled": true, "creationType": null, "externalUserState": null, "onPremisesSyncEnabled": true,
        });
        user.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(user).unwrap()
    }

    #[test]
    fn the_signs_of_an_external_user() {
        let outside = json!([{"signInType": "federated", "issuer": "ExternalAzureAD"}]);
        let unknown_issuer = json!([{"signInType": "emailAddress", "issuer": "elsewhere.example"}]);
        for (changes, expected) in [
            (json!({}), Standing::Internal),
            (json!({"externalUserState": "PendingAcceptance"}), Standing::Pending),
            (json!({"externalUserState": "Pending Acceptance"}), Standing::Pending),
            (json!({"externalUserState": "Accepted"}), Standing::Accepted),
            (json!({"externalUserState": "SomethingNew"}), Standing::ExternalWithoutState),
            (json!({"creationType": "Invitation"}), Standing::ExternalWithoutState),
            (
                json!({"userPrincipalName": "x_fabrikam.us#EXT#@contoso.onmicrosoft.com"}),
                Standing::ExternalWithoutState,
            ),
            (json!({"identities": outside}), Standing::ExternalWithoutState),
            (json!({"identities": unknown_issuer}), Standing::ExternalWithoutState),
            (json!({"identities": null}), Standing::Internal),
        ] {
            assert_eq!(Person::observe(&user(changes.clone()), &lens()).unwrap().standing, expected, "{changes}");
        }
    }

    #[test]
    fn identities_that_are_not_in_the_answer_leave_the_standing_unclear() {
        let mut user = user(json!({}));
        user.identities = Field::Missing;
        assert_eq!(Person::observe(&user, &lens()).unwrap().standing, Standing::Unclear);
    }

    #[test]
    fn an_account_whose_state_is_not_in_the_answer_is_not_enabled() {
        let mut user = user(json!({}));
        user.account_enabled = Field::Missing;
        assert_eq!(Person::observe(&user, &lens()).unwrap().enabled, Tri::Unknown);
    }

    #[test]
    fn an_address_is_found_wherever_it_stands_and_counted_once() {
        let person = Person::observe(
            &user(json!({
                "mail": "A@fabrikam.us", "otherMails": ["a@FABRIKAM.us", "b@bücher.example"],
                "proxyAddresses": ["SMTP:a@fabrikam.us", "x500:/o=x", "smtp:c@fabrikam.us"],
                "userPrincipalName": "a_b_fabrikam.us#EXT#@contoso.onmicrosoft.com",
                "onPremisesExtensionAttributes": {"extensionAttribute3": "d@fabrikam.us", "extensionAttribute4": "e@fabrikam.us"},
            })),
            &lens(),
        )
        .unwrap();
        let places: Vec<_> = person.addresses.iter().map(|known| (known.address.as_str(), known.sources)).collect();
        let everywhere = Sources::MAIL.with(Sources::OTHER_MAILS).with(Sources::PROXY_ADDRESSES);
        let expected = [
            ("a@fabrikam.us", everywhere),
            ("b@xn--bcher-kva.example", Sources::OTHER_MAILS),
            ("c@fabrikam.us", Sources::PROXY_ADDRESSES),
            ("a_b@fabrikam.us", Sources::EXTERNAL_NAME),
            ("d@fabrikam.us", Sources::extension_attribute(3)),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_colleague_without_an_address_in_a_partners_domain_is_not_kept() {
        for mail in ["x@contoso.com", "x@fabrikam.us.evil.example", "x@notfabrikam.us", "fabrikam.us", "x"] {
            assert!(Person::observe(&user(json!({ "mail": mail })), &lens()).is_none(), "{mail}");
        }
        assert!(Person::observe(&user(json!({"mail": "x@BÜCHER.example"})), &lens()).is_some());
    }
}
