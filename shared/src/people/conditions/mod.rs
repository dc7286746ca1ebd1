//! Whether the conditions of the table hold for one person.
//!
//! Responsible for: each [`When`] with its evidence; what was not read yet is asked for by a [`Need`], and what cannot be
//! known is unknown. Not responsible for: what stands against a step whose condition holds; see [`super::guards`].
//!
//! - `departure`: those of taking away and giving back.

mod departure;

use super::carry::{differences, in_words, missing_groups, missing_sponsors};
use super::case::{Case, Finding};
use super::lifecycle::When;
use super::person::{Sources, Standing};
use super::reason::Reason;
use crate::config::HomeRedemption;
use crate::journal::memory::SETTLES_WITHIN;
use crate::journal::memory::departures::Taken;
use crate::journal::memory::lives::Fingerprint;
use crate::journal::record::{ActionKind, Cause};
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};

/// Entra keeps a deleted object so long.
pub const RESTORABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was written and is not shown is written again after this.
const WRITTEN_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Evidence that a decision needs and that was not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// When people signed in last.
    SignIns,
    /// Cross-tenant access settings for the partner.
    CrossTenant,
    /// Who disabled accounts.
    DisabledBy,
    /// The person's roles, asked for singly.
    Roles,
    /// The closer look at the person, before a step of this kind.
    Look(ActionKind),
}

/// Whether a condition holds, or what has to be read before that can be said.
pub type Condition = Result<Finding, Need>;

/// Days as a duration.
pub fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

impl Case<'_> {
    /// Judges a condition of the table.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn condition(&self, when: When) -> Condition {
        match when {
            When::InvitationRequested => Ok(Finding::NO),
            When::Convertible => Ok(Finding::HOLDS),
            When::RetirementRequested => Ok(self.retirement_requested()),
            When::GraceOver => Ok(self.grace_over()),
            When::Inactive => self.inactive(),
            When::InvitationExpired => self.invitation_expired(),
            When::AddressChanged => Ok(self.address_changed()),
            When::ResendDue => self.resend_due(),
            When::ValuesDiffer => Ok(self.values_differ()),
            When::SponsorMissing => Ok(self.if_in_scope(missing_sponsors(self).is_empty())),
            When::GroupMissing => Ok(self.group_missing()),
            When::BackInScope => self.back_in_scope(),
            When::StillInGroup => self.still_in_group(),
            When::DeletionDue => self.deletion_due(),
        }
    }

    fn invitation_expired(&self) -> Condition {
        let is_expired = self.is_past_expiry();
        // What somebody gave back is told all the while.
        let overruled = self.departure().is_some_and(|departure| departure.overruled.contains_key(&Cause::Expired));
        if !(is_expired || overruled) || !self.scope.in_scope().is_yes() {
            return Ok(Finding::NO);
        }
        if let Some(uncertain) = self.pending_is_uncertain()? {
            return Ok(uncertain);
        }
        if !self.person.synced.is_no() {
            return Ok(Finding::fails(Reason::ExpiredConversion));
        }
        let holds = if is_expired { Finding::HOLDS } else { Finding::NO };
        Ok(self.not_to_be_taken(Cause::Expired).unwrap_or(holds))
    }

    fn is_past_expiry(&self) -> bool {
        let limit = self.partner.invite.expires_after_days().map(days);
        !self.is_to_be_renewed() && limit.is_some_and(|limit| self.has_been_pending(limit))
    }

    /// Whether the invitation is to be sent again because somebody asked for the person after it had expired.
    pub fn is_to_be_renewed(&self) -> bool {
        self.requested().is_some_and(|requested| requested.renew)
    }

    /// Whether the invitation has expired, so that only a new mail lets the person in.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn needs_renewal(&self) -> Result<bool, Need> {
        if self.person.standing != Standing::Pending || !self.is_looked_after() {
            return Ok(false);
        }
        let taken = self.taken().is_some_and(|taken| taken.causes.contains_key(&Cause::Expired));
        Ok(taken || self.is_to_be_renewed() || self.is_past_expiry() && self.pending_is_uncertain()?.is_none())
    }

    /// Whoever was seen to redeem and shows as pending was shown an old state, or reset by somebody, which is noticed first.
    fn has_been_pending(&self, for_so_long: SignedDuration) -> bool {
        let redeemed = self.life().is_some_and(|life| life.redeemed);
        !redeemed && self.pending_since().is_some_and(|since| self.view.now.duration_since(since) >= for_so_long)
    }

    /// Since when the invitation that is pending has been out: usher's, or a later one by somebody else.
    pub fn pending_since(&self) -> Option<Timestamp> {
        let life = self.life()?;
        // What usher sent itself may show in the directory a moment later.
        Some(
            self.person
                .state_changed
                .get()
                .filter(|changed| *changed > life.since + SETTLES_WITHIN)
                .unwrap_or(life.since),
        )
    }

    /// Where invitations may be redeemed automatically, "pending" says nothing about the person.
    fn pending_is_uncertain(&self) -> Result<Option<Finding>, Need> {
        if self.partner.invite.home_redeems_automatically == HomeRedemption::No {
            return Ok(None);
        }
        let settings = self.view.snapshot.cross_tenant.get(&self.partner.name).ok_or(Need::CrossTenant)?;
        Ok(match settings.redeems_automatically {
            Tri::No => None,
            Tri::Yes => Some(Finding::unknown(Reason::Automatic)),
            Tri::Unknown => Some(Finding::unknown(Reason::AutomaticUnknown)),
        })
    }

    fn address_changed(&self) -> Finding {
        if !self.scope.in_scope().is_yes() || !self.has_another_address() {
            return Finding::NO;
        }
        if !self.partner.invite.reset_on_address_change {
            return Finding::fails(Reason::AddressChanged);
        }
        // Graph takes only an address that the account has in one of these.
        let on_the_account = Sources::MAIL.with(Sources::OTHER_MAILS);
        match self.address() {
            Some(address) if !self.person.addresses_in(on_the_account).any(|one| one == address) => {
                Finding::fails(Reason::MailIsNotAddress)
            }
            Some(address) if !address.is_invitable() => Finding::fails(Reason::AddressNotInvitable),
            Some(_) if self.twin().is_some() => Finding::fails(Reason::Twin),
            Some(_) => Finding::HOLDS,
            None => Finding::NO,
        }
    }

    /// Whether the one address to invite is known to be another one than was invited.
    fn has_another_address(&self) -> bool {
        let invited = self.life().and_then(|life| life.address);
        invited.zip(self.address()).is_some_and(|(invited, address)| invited != Fingerprint::of(address))
    }

    fn resend_due(&self) -> Condition {
        let Some(life) = self.life() else { return Ok(Finding::NO) };
        let by_day = self.resend_day().is_some_and(|day| day > life.resent) && self.partner.invite.send_message;
        if !(by_day || self.is_to_be_renewed()) || !self.scope.in_scope().is_yes() || self.is_past_expiry() {
            return Ok(Finding::NO);
        }
        if self.has_another_address() {
            return Ok(Finding::fails(Reason::AddressChanged));
        }
        let Some(address) = self.address() else { return Ok(Finding::fails(Reason::NoAddress)) };
        if !address.is_invitable() {
            return Ok(Finding::fails(Reason::AddressNotInvitable));
        }
        Ok(self.pending_is_uncertain()?.unwrap_or(Finding::HOLDS))
    }

    /// The last configured day that has come: whoever missed several gets one mail.
    pub fn resend_day(&self) -> Option<u16> {
        let come = |day: &&u16| self.has_been_pending(days(**day));
        self.partner.invite.resend_after_days.iter().rev().find(come).copied()
    }

    fn values_differ(&self) -> Finding {
        if !self.scope.in_scope().is_yes() {
            return Finding::NO;
        }
        let found = differences(self.config(), self.partner, self.person);
        match (found.to_write.is_empty(), found.mastered_elsewhere) {
            (false, _) => self.not_written_lately(&in_words(&found.to_write).1),
            (true, true) => Finding::fails(Reason::MasteredOnPremises),
            (true, false) => Finding::NO,
        }
    }

    /// Graph may take a value and never show it: then it is written again only now and then.
    fn not_written_lately(&self, values: &str) -> Finding {
        let written = self.view.memory.written(self.person.id);
        let same = written.filter(|written| written.values == Fingerprint::of_text(values));
        match same.map(|written| self.view.now.duration_since(written.at)) {
            Some(ago) if ago < SETTLES_WITHIN => Finding::fails(Reason::NotShownYet),
            Some(ago) if ago < WRITTEN_AGAIN_AFTER => Finding::fails(Reason::ValueNotKept),
            _ => Finding::HOLDS,
        }
    }

    fn group_missing(&self) -> Finding {
        if !self.scope.in_scope().is_yes() {
            return Finding::NO;
        }
        match missing_groups(self).1 {
            Tri::Yes => Finding::HOLDS,
            Tri::No => Finding::NO,
            Tri::Unknown => Finding::unknown(Reason::JoinedGroupUnknown),
        }
    }

    fn if_in_scope(&self, nothing_to_do: bool) -> Finding {
        if nothing_to_do || !self.scope.in_scope().is_yes() { Finding::NO } else { Finding::HOLDS }
    }

    /// What was taken away from the person.
    pub fn taken(&self) -> Option<&Taken> {
        self.departure()?.taken.as_ref()
    }

    /// The reason why the scope is not known.
    pub fn unknown_scope(&self) -> Reason {
        if self.deleted.is_some() {
            return Reason::DeletedScopeUnknown;
        }
        match (self.scope.domain, self.scope.group) {
            (Tri::Unknown, _) => Reason::ScopeUnknown,
            (_, Tri::Unknown) => Reason::GroupUnknown,
            _ => Reason::ExclusionUnknown,
        }
    }
}
