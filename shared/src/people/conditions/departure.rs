//! The conditions of taking away and giving back.
//!
//! Responsible for: whether a cause has come, holds still or has ended, and what others decided meanwhile. Not responsible for:
//! ceilings and approval; see [`crate::people::ceilings`].

use super::{Condition, Need, RESTORABLE, days};
use crate::config::{Adopt, SyncedPeople};
use crate::graph::directory::Actor;
use crate::ids::GroupId;
use crate::journal::memory::SETTLES_WITHIN;
use crate::journal::memory::departures::Taken;
use crate::journal::record::Cause;
use crate::people::case::{Case, Finding};
use crate::people::lifecycle::{By, State};
use crate::people::person::Standing;
use crate::people::reason::Reason;
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};

/// A pause of so many days between two sweeps never lets the days of grace begin anew.
const LONGEST_PAUSE: u16 = 45;

impl Case<'_> {
    pub(super) fn retirement_requested(&self) -> Finding {
        match self.is_retirement_requested() {
            true => self.not_to_be_taken(Cause::Request).unwrap_or(Finding::HOLDS),
            false => Finding::NO,
        }
    }

    /// Whether somebody asked for the person to be retired, and that is not done yet.
    pub fn is_retirement_requested(&self) -> bool {
        self.departure().is_some_and(|departure| departure.retirement.is_some())
    }

    /// Whether a retirement that was asked for is done with, because the account is disabled already.
    pub fn retires_while_disabled(&self) -> bool {
        matches!(self.state(), State::Disabled | State::Deleted) && self.retirement_requested().holds.is_yes()
    }

    pub(super) fn grace_over(&self) -> Finding {
        match self.scope.in_scope() {
            Tri::Yes => return Finding::NO,
            Tri::Unknown => return Finding::unknown(self.unknown_scope()),
            Tri::No => {}
        }
        if let Some(obstacle) = self.not_to_be_taken(Cause::LeftScope) {
            return obstacle;
        }
        if !self.is_in_pilot() {
            return Finding::fails(Reason::OutsidePilot);
        }
        if !self.was_not_watched() && self.has_been_out(days(self.partner.leave.disable_after_days)) {
            Finding::HOLDS
        } else {
            Finding::fails(Reason::Leaving)
        }
    }

    /// Why leaving has no consequence for somebody, whatever the days say.
    pub(super) fn not_to_be_taken(&self, cause: Cause) -> Option<Finding> {
        if self.is_adopted() && self.partner.scope.adopt != Adopt::Full {
            return Some(Finding::fails(Reason::FollowOnly));
        }
        match (self.person.synced, self.partner.leave.synced) {
            (Tri::Unknown, _) => return Some(Finding::unknown(Reason::SyncedLeft)),
            (Tri::Yes, SyncedPeople::Report) => return Some(Finding::fails(Reason::SyncedLeft)),
            (Tri::Yes, SyncedPeople::Disable) | (Tri::No, _) => {}
        }
        self.given_back_by_others(cause).map(Finding::fails)
    }

    /// What usher took away for this cause was given back by somebody else, and it is the same cause still; or the
    /// directory does not show yet what usher did.
    fn given_back_by_others(&self, cause: Cause) -> Option<Reason> {
        let departure = self.departure()?;
        let fresh = departure.taken.as_ref().filter(|taken| taken.causes.contains_key(&cause) && !self.is_shown(taken));
        if fresh.is_some() {
            return Some(Reason::NotShownYet);
        }
        let taken = departure.taken.as_ref().and_then(|taken| taken.causes.get(&cause));
        let since = *departure.overruled.get(&cause).or(taken)?;
        let again = match cause {
            // Signed in since: a new absence, if it is one.
            Cause::Inactive => self.last_sign_in().is_some_and(|last| last > since),
            Cause::LeftScope => departure.out_since.is_some_and(|out| out > since),
            // Invited anew; that the days began anew when somebody enabled the account is no new invitation.
            Cause::Expired => self.person.state_changed.get().is_some_and(|changed| changed > since),
            Cause::Request => departure.retirement.is_some_and(|retirement| retirement > since),
        };
        (!again && self.partner.leave.respect_people).then_some(Reason::ReenabledByPerson)
    }

    /// Whether the directory must have shown by now what usher took away, so that what it shows otherwise is somebody's doing.
    fn is_shown(&self, taken: &Taken) -> bool {
        let shown = if taken.deleted.is_some() { taken.shown_deleted } else { taken.shown_disabled };
        shown || self.is_long_ago(taken)
    }

    /// Whether what usher took away is older than any reading that may still come late.
    pub fn is_long_ago(&self, taken: &Taken) -> bool {
        let at = taken.deleted.or(taken.disabled);
        at.is_none_or(|at| self.view.now.duration_since(at) >= SETTLES_WITHIN)
    }

    fn has_been_out(&self, for_so_long: SignedDuration) -> bool {
        let since = self.departure().and_then(|departure| departure.out_since);
        since.is_some_and(|since| self.view.now.duration_since(since) >= for_so_long)
    }

    /// Whether nobody has looked for so long that people may have come back and left again unseen: then the days of grace
    /// begin anew.
    pub fn was_not_watched(&self) -> bool {
        let swept = self.view.memory.partner(&self.partner.name).and_then(|known| known.swept);
        let limit = days(self.partner.leave.disable_after_days.saturating_mul(2).max(LONGEST_PAUSE));
        swept.is_none_or(|swept| self.view.snapshot.taken.duration_since(swept) > limit)
    }

    pub(super) fn inactive(&self) -> Condition {
        let limit = self.partner.inactive.disable_after_days;
        if limit == 0 || !self.scope.in_scope().is_yes() {
            return Ok(Finding::NO);
        }
        let too_long = |last: Timestamp| self.view.now.duration_since(last) >= days(limit);
        // Redeeming is activity too, and so is that somebody asked for the person; it spares reading sign-ins.
        let requested = self.requested().map(|requested| requested.at);
        let redeemed = self.person.state_changed.get().max(self.life().map(|life| life.since)).max(requested);
        let may_have_gone = redeemed.is_some_and(too_long);
        // What somebody gave back is told all the while.
        let overruled = self.departure().is_some_and(|departure| departure.overruled.contains_key(&Cause::Inactive));
        if !may_have_gone && !overruled {
            return Ok(Finding::NO);
        }
        if self.view.snapshot.sign_ins.is_not_read() {
            return Err(Need::SignIns);
        }
        Ok(match self.last_sign_in() {
            // No data is no evidence of anything, so the person counts as active.
            None => Finding::unknown(Reason::SignInUnknown),
            Some(last) if too_long(last) => {
                let holds = if may_have_gone { Finding::HOLDS } else { Finding::NO };
                self.not_to_be_taken(Cause::Inactive).unwrap_or(holds)
            }
            Some(_) => Finding::NO,
        })
    }

    fn last_sign_in(&self) -> Option<Timestamp> {
        self.view.snapshot.sign_ins.read()?.get(&self.person.id).copied()
    }

    pub(super) fn back_in_scope(&self) -> Condition {
        let Some(taken) = self.taken() else { return Ok(Finding::NO) };
        if taken.disabled.is_none() || taken.causes.keys().any(|cause| *cause != Cause::LeftScope) {
            return Ok(Finding::NO);
        }
        if let Some(reason) = self.shows_again() {
            return Ok(Finding::fails(reason));
        }
        match (self.state(), self.deleted) {
            (State::Deleted, _) if !self.person.synced.is_no() => return Ok(Finding::fails(Reason::Deleted)),
            (State::Deleted, deleted) => {
                let mine = taken.deleted.is_some();
                let restorable = deleted.flatten().or(taken.deleted);
                if !mine || restorable.is_none_or(|at| self.view.now.duration_since(at) >= RESTORABLE) {
                    return Ok(Finding::fails(Reason::Deleted));
                }
            }
            _ => {}
        }
        match self.scope.in_scope() {
            Tri::No => Ok(Finding::NO),
            Tri::Unknown => Ok(Finding::unknown(self.unknown_scope())),
            Tri::Yes if self.partner.leave.restore || self.is_to_be_given_back_by_request() => self.still_ushers(),
            Tri::Yes => Ok(Finding::fails(Reason::RestoreOff)),
        }
    }

    /// Whether it is still usher's disable that keeps the person out, and not a later one by somebody else. Where the audit
    /// log does not say so, it is usher's.
    fn still_ushers(&self) -> Condition {
        if self.state() == State::Disabled && self.view.snapshot.disabled_by.is_not_read() {
            return Err(Need::DisabledBy);
        }
        Ok(if self.is_taken_over() { Finding::fails(self.why_disabled_by_others()) } else { Finding::HOLDS })
    }

    /// The groups to leave: those that usher put the person into.
    pub fn groups_to_leave(&self) -> Vec<GroupId> {
        self.life().map_or(&[][..], |life| life.groups).iter().map(|group| GroupId::from(*group)).collect()
    }

    pub(super) fn still_in_group(&self) -> Condition {
        let retired = self.taken().is_some_and(|taken| taken.disabled.is_some() && !taken.causes.is_empty());
        if !retired || self.groups_to_leave().is_empty() || self.shows_again().is_some() {
            return Ok(Finding::NO);
        }
        Ok(self.cause_that_holds(|_| true)?.map_or(Finding::NO, |_| Finding::HOLDS))
    }

    pub(super) fn deletion_due(&self) -> Condition {
        if self.taken().is_none() || self.is_taken_over() {
            return Ok(Finding::fails(self.why_disabled_by_others()));
        }
        if let Some(reason) = self.shows_again() {
            return Ok(Finding::fails(reason));
        }
        if self.cause_of_deletion()?.is_none() {
            return Ok(Finding::fails(Reason::TakenAway));
        }
        match self.person.synced {
            Tri::No => self.still_ushers(),
            Tri::Yes => Ok(Finding::fails(Reason::SyncedNotDeleted)),
            Tri::Unknown => Ok(Finding::unknown(Reason::SyncedNotDeleted)),
        }
    }

    /// The cause for which the days until the deletion are over.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn cause_of_deletion(&self) -> Result<Option<Cause>, Need> {
        let (Some(taken), after @ 1..) = (self.taken(), self.partner.leave.delete_after_days) else { return Ok(None) };
        let so_long = |since: Timestamp| self.view.now.duration_since(since) >= days(after);
        self.cause_that_holds(|cause| {
            let since = taken.causes.get(&cause).copied().max(taken.disabled);
            cause.leads_to_deletion()
                && since.is_some_and(so_long)
                && (cause != Cause::LeftScope || self.has_been_out(days(after)) && !self.was_not_watched())
        })
    }

    /// A cause for which something was taken away, that meets `wanted` and still holds by today's evidence.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn cause_that_holds(&self, wanted: impl Fn(Cause) -> bool) -> Result<Option<Cause>, Need> {
        if self.is_adopted() && self.partner.scope.adopt != Adopt::Full {
            return Ok(None);
        }
        for cause in self.taken().iter().flat_map(|taken| taken.causes.keys()).filter(|cause| wanted(**cause)) {
            let holds = match cause {
                Cause::LeftScope => self.scope.in_scope().is_no(),
                Cause::Expired => {
                    let expires = self.partner.invite.expires_after_days().is_some();
                    expires && self.person.standing == Standing::Pending && self.pending_is_uncertain()?.is_none()
                }
                Cause::Inactive | Cause::Request => true,
            };
            if holds {
                return Ok(Some(*cause));
            }
        }
        Ok(None)
    }

    /// Why nothing more is taken from somebody whom usher deleted and who is there: the directory does not show the deletion
    /// yet, or somebody restored the account, and people are not argued with.
    fn shows_again(&self) -> Option<Reason> {
        let taken = self.taken().filter(|taken| self.deleted.is_none() && taken.deleted.is_some())?;
        if !self.is_shown(taken) {
            return Some(Reason::NotShownYet);
        }
        self.partner.leave.respect_people.then_some(Reason::RestoredByPerson)
    }

    /// Why nothing is done about somebody whom others disabled.
    fn why_disabled_by_others(&self) -> Reason {
        let overruled = self.departure().is_some_and(|departure| !departure.overruled.is_empty());
        let nobody_knows = self.last_disabled().is_none() && !self.view.snapshot.disabled_by.is_not_read();
        match self.disabled_by_others() {
            By::Person => Reason::BlockedByPerson,
            By::Sync => Reason::DisabledBySync,
            By::Usher | By::Elsewhere if overruled && self.partner.leave.respect_people => Reason::RestoredByPerson,
            By::Usher | By::Elsewhere if nobody_knows => Reason::BlockedUnknown,
            By::Usher | By::Elsewhere => Reason::DisabledElsewhere,
        }
    }

    /// Whether leaving the scope goes on from a disable that was not for it: usher's for another cause, or somebody else's.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn leaves_while_disabled(&self) -> Condition {
        let known = self.taken().is_some_and(|taken| taken.causes.contains_key(&Cause::LeftScope));
        if known || !self.scope.in_scope().is_no() || !self.has_been_out(days(self.partner.leave.disable_after_days)) {
            return Ok(Finding::NO);
        }
        if let Some(obstacle) = self.not_to_be_taken(Cause::LeftScope) {
            return Ok(obstacle);
        }
        let by_usher = self.taken().is_some_and(|taken| taken.disabled.is_some());
        let released = self.departure().is_some_and(|departure| departure.released.is_some());
        if by_usher || released || !self.partner.leave.respect_people {
            return Ok(Finding::HOLDS);
        }
        if self.view.snapshot.disabled_by.is_not_read() {
            return Err(Need::DisabledBy);
        }
        Ok(match self.last_disabled().map(|last| last.by) {
            Some(Actor::Person) => Finding::fails(Reason::BlockedByPerson),
            Some(Actor::Sync | Actor::Other) => Finding::HOLDS,
            None => Finding::unknown(Reason::BlockedUnknown),
        })
    }
}
