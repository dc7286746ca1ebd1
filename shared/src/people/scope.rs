//! Whose person somebody is: the domain of the address, groups, exclusion.
//!
//! Responsible for: the ruling "in scope". Not responsible for: whether anything can be done about somebody in scope; see
//! [`super::rules`]. It never asks where the evidence came from.

use super::person::{Person, Sources};
use super::snapshot::Snapshot;
use crate::address::Address;
use crate::config::{AddressSource, Partner};
use crate::tri::Tri;

/// How a person stands to one partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The address is in one of the partner's domains, previous ones included.
    pub domain: Tri,
    /// Member of a scope group; yes where none is configured.
    pub group: Tri,
    /// Member of an exclusion group.
    pub excluded: Tri,
}

impl Scope {
    /// The same of somebody whose groups cannot be read; for whom somebody asked, they do not matter.
    #[must_use]
    pub fn without_groups(self, partner: &Partner, by_request: bool) -> Self {
        let unless_none = |known: Tri, none: bool| if none { known } else { Tri::Unknown };
        if by_request {
            return Self { group: Tri::Yes, excluded: Tri::No, ..self };
        }
        Self {
            group: unless_none(self.group, partner.scope.groups.is_empty()),
            excluded: unless_none(self.excluded, partner.scope.exclude_groups.is_empty()),
            ..self
        }
    }

    /// In scope: domain and group, and not excluded. A "no" anywhere decides; otherwise nothing may be unknown.
    pub const fn in_scope(&self) -> Tri {
        match (self.domain, self.group, self.excluded) {
            (Tri::No, _, _) | (_, Tri::No, _) | (_, _, Tri::Yes) => Tri::No,
            (Tri::Yes, Tri::Yes, Tri::No) => Tri::Yes,
            _ => Tri::Unknown,
        }
    }
}

/// What the journal says about somebody's scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Remembered<'a> {
    /// The domain of the address in a journalled invitation.
    pub invited_to: Option<&'a str>,
    /// In scope by request, where only the group is missing.
    pub by_request: bool,
}

/// How `person` stands to `partner`.
pub fn scope_of(person: &Person, partner: &Partner, snapshot: &Snapshot, remembered: Remembered<'_>) -> Scope {
    let any_of = |groups: &[_]| groups.iter().map(|group| snapshot.is_member(person.id, *group)).fold(Tri::No, Tri::or);
    Scope {
        domain: domain_of(person, partner, remembered.invited_to),
        group: match partner.scope.groups.is_empty() || remembered.by_request {
            true => Tri::Yes,
            false => any_of(&partner.scope.groups),
        },
        excluded: any_of(&partner.scope.exclude_groups),
    }
}

/// The addresses to invite that the person has in the place which the partner's configuration names, in its domains.
pub fn candidate_addresses<'a>(person: &'a Person, partner: &'a Partner) -> impl Iterator<Item = &'a Address> {
    person.addresses_in(sources_of(partner.invite.address)).filter(|address| partner.domain_is_listed(address.domain()))
}

/// The place that `invite.address` names.
pub const fn sources_of(source: AddressSource) -> Sources {
    match source {
        AddressSource::Mail => Sources::MAIL,
        AddressSource::OtherMails => Sources::OTHER_MAILS,
        AddressSource::OnPremisesUserPrincipalName => Sources::ON_PREMISES_NAME,
        AddressSource::ExtensionAttribute(n) => Sources::extension_attribute(n),
    }
}

fn domain_of(person: &Person, partner: &Partner, invited_to: Option<&str>) -> Tri {
    let listed = |address: &Address| partner.domain_is_listed(address.domain());
    if person.is_external().is_no() {
        let mut values = person.addresses_in(sources_of(partner.invite.address)).peekable();
        return match values.peek() {
            // The person is in view by another address, but the one to judge by is missing.
            None if person.addresses.iter().any(|known| listed(&known.address)) => Tri::Unknown,
            None => Tri::No,
            Some(_) => values.any(listed).into(),
        };
    }
    // Mail, the home address and what was invited can each be out of date: one value in a domain is enough not to be out of
    // scope, and values that contradict each other are not enough to be in it.
    let places = Sources::MAIL.with(Sources::OTHER_MAILS).with(Sources::IDENTITY).with(Sources::EXTERNAL_NAME);
    let (mut inside, mut outside) = (false, false);
    for domain in person.addresses_in(places).map(Address::domain).chain(invited_to) {
        if partner.domain_is_listed(domain) { inside = true } else { outside = true }
    }
    match (inside, outside) {
        (true, false) => Tri::Yes,
        (false, true) => Tri::No,
        (true, true) | (false, false) => Tri::Unknown,
    }
}
