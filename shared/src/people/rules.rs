//! What must hold before a synced person is converted: one rule each, in the order in which they are told.
//!
//! Responsible for: the rulings "in scope", "convertible" and "protected". The first rule that does not hold decides, and
//! its reason is what plan, log and `explain` show. Not responsible for: external users, see [`super::conditions`], nor for
//! how many at once, see [`super::guard`].

use super::case::{Case, Finding};
use super::person::{Sources, Standing};
use super::reason::Reason;
use super::scope::candidate_addresses;
use crate::journal::memory::{Step, StepState};
use crate::journal::record::{ActionKind, StepId};
use serde::{Deserialize, Serialize};

/// The rules, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The address is in one of the partner's domains.
    Domain,
    /// Member of a scope group, where some are configured.
    Group,
    /// In no exclusion group.
    NotExcluded,
    /// In no other partner's scope.
    OnePartner,
    /// Nobody asked for the person to be retired.
    NotRetired,
    /// The account shows no sign of an external user.
    Internal,
    /// No earlier write's outcome is open.
    NothingUnconfirmed,
    /// Not refused within the last day.
    NotRefusedLately,
    /// Entra Connect masters the account.
    Synced,
    /// Signing in is allowed.
    Enabled,
    /// There is exactly one address to invite, it equals `mail`, and Graph takes it.
    Address,
    /// The domain is one that is newly invited.
    CurrentDomain,
    /// No other object has the address.
    NoTwin,
    /// On the pilot list, where there is one.
    InPilot,
    /// Still there at the closer look.
    Exists,
    /// Not in the protected group.
    NotProtected,
    /// No directory role.
    NoDirectoryRole,
    /// No plan of Exchange Online.
    NoExchangePlan,
    /// What lists of members say about the scope is confirmed by asking for the person.
    ScopeConfirmed,
}

impl Rule {
    /// The rules that the sweep alone answers.
    pub const FROM_SWEEP: &[Self] = &[
        Self::Domain,
        Self::Group,
        Self::NotExcluded,
        Self::OnePartner,
        Self::NotRetired,
        Self::Internal,
        Self::NothingUnconfirmed,
        Self::NotRefusedLately,
        Self::Synced,
        Self::Enabled,
        Self::Address,
        Self::CurrentDomain,
        Self::NoTwin,
        Self::InPilot,
    ];

    /// The rules that need the closer look.
    pub const FROM_CLOSER_LOOK: &[Self] =
        &[Self::Exists, Self::ScopeConfirmed, Self::NotProtected, Self::NoDirectoryRole, Self::NoExchangePlan];

    /// The name, as `explain` shows it.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl<'a> Case<'a> {
    /// The first of `rules` that does not hold, by its reason.
    pub fn first_obstacle(&self, rules: &[Rule]) -> Option<Reason> {
        rules.iter().find_map(|rule| self.find(*rule).reason)
    }

    /// Judges one rule.
    pub fn find(&self, rule: Rule) -> Finding {
        let evidence = self.evidence();
        match rule {
            Rule::Domain => self.domain(),
            Rule::Group => Finding::when(self.scope.group, Reason::NotInGroup, Reason::GroupUnknown),
            Rule::NotExcluded => Finding::when(!self.scope.excluded, Reason::Excluded, Reason::ExclusionUnknown),
            Rule::OnePartner => Finding::when(!self.in_another_scope(), Reason::TwoPartners, Reason::TwoPartners),
            Rule::NotRetired if self.is_retirement_requested() => Finding::fails(Reason::Retired),
            Rule::NotRetired => Finding::HOLDS,
            Rule::Internal => self.internal(),
            Rule::NothingUnconfirmed => self.unconfirmed().map_or(Finding::HOLDS, Finding::fails),
            Rule::NotRefusedLately => self.not_refused_lately(self.conversion_step()),
            Rule::Synced => Finding::when(self.person.synced, Reason::InternalNotSynced, Reason::InternalNotSynced),
            Rule::Enabled => Finding::when(self.person.enabled, Reason::AccountDisabled, Reason::EnabledUnknown),
            Rule::Address => self.address_is_fit(),
            Rule::CurrentDomain => match self.address() {
                Some(address) if self.partner.domain_is_invited(address.domain()) => Finding::HOLDS,
                _ => Finding::fails(Reason::PreviousDomain),
            },
            Rule::NoTwin if self.twin().is_some() => Finding::fails(Reason::Twin),
            Rule::NoTwin => Finding::HOLDS,
            Rule::InPilot if self.partner.pilot.is_empty() => Finding::HOLDS,
            Rule::InPilot => match self.address() {
                Some(address) if self.partner.pilot_allows(address) => Finding::HOLDS,
                _ => Finding::fails(Reason::OutsidePilot),
            },
            Rule::Exists => Finding::when(evidence.exists, Reason::Gone, Reason::ProtectionUnknown),
            Rule::NotProtected => {
                Finding::when(!evidence.protected_group, Reason::ProtectedGroup, Reason::ProtectionUnknown)
            }
            Rule::NoDirectoryRole => {
                Finding::when(!evidence.directory_role, Reason::DirectoryRole, Reason::ProtectionUnknown)
            }
            Rule::ScopeConfirmed => match self.scope_is_confirmed(ActionKind::Convert) {
                Ok(true) => Finding::HOLDS,
                Ok(false) | Err(_) => Finding::unknown(self.unknown_scope()),
            },
            Rule::NoExchangePlan => {
                Finding::when(!evidence.exchange_plan, Reason::ExchangePlan, Reason::ExchangeUnknown)
            }
        }
    }

    /// The code of the last refusal of a conversion.
    pub fn refusal(&self) -> Option<&'a str> {
        match &self.view.memory.step(&self.conversion_step())?.state {
            StepState::Refused { code, .. } => Some(code),
            StepState::Open { .. } | StepState::Sent { .. } | StepState::Made => None,
        }
    }

    /// The step that would convert the person.
    const fn conversion_step(&self) -> StepId {
        StepId { person: self.person.id, action: ActionKind::Convert, object: None }
    }

    fn domain(&self) -> Finding {
        let unknown = if self.person.is_external().is_no() { Reason::NoAddress } else { Reason::ScopeUnknown };
        Finding::when(self.scope.domain, Reason::OutOfScope, unknown)
    }

    fn internal(&self) -> Finding {
        match self.person.standing {
            Standing::Internal => Finding::HOLDS,
            Standing::Unclear => Finding::unknown(Reason::ExternalStateUnknown),
            Standing::ExternalWithoutState => Finding::fails(Reason::ExternalStateUnknown),
            // Whom usher brought in is told as such, and so is somebody whose answer has not been seen yet.
            _ if self.is_of_former_partner() => Finding::fails(Reason::FormerPartner),
            _ if !self.is_looked_after() && self.last_step().is_none() => Finding::fails(Reason::InvitedByOthers),
            Standing::Pending => Finding::fails(Reason::Pending),
            Standing::Accepted => Finding::fails(Reason::Accepted),
        }
    }

    fn address_is_fit(&self) -> Finding {
        let Some(address) = self.address() else {
            let several = candidate_addresses(self.person, self.partner).next().is_some();
            return Finding::fails(if several { Reason::AddressAmbiguous } else { Reason::NoAddress });
        };
        if self.person.addresses_in(Sources::MAIL).next() != Some(address) {
            return Finding::fails(Reason::MailIsNotAddress);
        }
        if address.is_invitable() { Finding::HOLDS } else { Finding::fails(Reason::AddressNotInvitable) }
    }

    /// The person's conversion, unless it was done.
    fn last_step(&self) -> Option<&'a Step> {
        self.view.memory.step(&self.conversion_step())
    }
}
