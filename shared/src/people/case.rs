//! One person before one partner: what is seen and remembered of them, in one place.
//!
//! Responsible for: the view that decisions have, the person's state, and findings. Not responsible for: rules; see
//! [`super::rules`] for conversions and [`super::conditions`] for external users.

use super::lifecycle::{By, State};
use super::person::{Person, Standing};
use super::reason::Reason;
use super::scope::{Remembered, Scope, candidate_addresses, scope_of};
use super::snapshot::{Evidence, Snapshot};
use crate::address::Address;
use crate::config::{Adopt, Config, Partner};
use crate::graph::directory::{Actor, LastDisabled};
use crate::ids::UserId;
use crate::journal::memory::departures::Departure;
use crate::journal::memory::lives::Life;
use crate::journal::memory::requests::Requested;
use crate::journal::memory::{Memory, SETTLES_WITHIN, StepState};
use crate::journal::record::StepId;
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};

/// A refusal for the person's own reason is not tried again before this has passed.
pub const RETRY_AFTER_REFUSAL: SignedDuration = SignedDuration::from_hours(24);

/// Everything that decisions may look at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What was observed.
    pub snapshot: &'a Snapshot,
    /// What usher remembers having done.
    pub memory: &'a Memory,
    /// The moment for which to decide.
    pub now: Timestamp,
}

/// One person before one partner's rules.
pub struct Case<'a> {
    /// What the decision may look at.
    pub view: View<'a>,
    /// The partner.
    pub partner: &'a Partner,
    /// The person.
    pub person: &'a Person,
    /// How the person stands to the partner.
    pub scope: Scope,
    /// The person is deleted softly; with when, where that is known.
    pub deleted: Option<Option<Timestamp>>,
}

/// Whether a rule holds; where it does not, why the person is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it holds.
    pub holds: Tri,
    /// The reason, unless it holds.
    pub reason: Option<Reason>,
}

impl Finding {
    /// It holds.
    pub const HOLDS: Self = Self { holds: Tri::Yes, reason: None };
    /// It does not, and there is nothing to say about it.
    pub const NO: Self = Self { holds: Tri::No, reason: None };

    /// It does not hold.
    pub const fn fails(reason: Reason) -> Self {
        Self { holds: Tri::No, reason: Some(reason) }
    }

    /// Nobody knows.
    pub const fn unknown(reason: Reason) -> Self {
        Self { holds: Tri::Unknown, reason: Some(reason) }
    }

    /// As `holds` says, with the reasons otherwise.
    pub const fn when(holds: Tri, fails: Reason, unknown: Reason) -> Self {
        match holds {
            Tri::Yes => Self::HOLDS,
            Tri::No => Self::fails(fails),
            Tri::Unknown => Self::unknown(unknown),
        }
    }
}

impl<'a> Case<'a> {
    /// `person` before the rules of `partner`.
    pub fn new(view: View<'a>, partner: &'a Partner, person: &'a Person) -> Self {
        let scope = scope_in(view, partner, person);
        Self { view, partner, person, scope, deleted: None }
    }

    /// Somebody who is deleted softly, since then. Of them no membership can be read.
    pub fn deleted(view: View<'a>, partner: &'a Partner, person: &'a Person, since: Option<Timestamp>) -> Self {
        let case = Self::new(view, partner, person);
        let by_request = case.is_to_be_given_back_by_request();
        Self { scope: case.scope.without_groups(partner, by_request), deleted: Some(since), ..case }
    }

    /// The configuration.
    pub const fn config(&self) -> &'a Config {
        self.view.config
    }

    /// What is remembered of the person, if usher looks after them for this partner.
    pub fn life(&self) -> Option<Life<'a>> {
        self.view.memory.life(self.person.id).filter(|life| life.origin.partner == self.partner.name)
    }

    /// Whether usher looks after the person for this partner: it brought them in, or adopted them and still may.
    pub fn is_looked_after(&self) -> bool {
        let may = |life: Life<'_>| !life.origin.adopted || self.partner.scope.adopt != Adopt::None;
        self.life().is_some_and(may)
    }

    /// Whether usher looked after the person for a partner that is not configured any more.
    pub fn is_of_former_partner(&self) -> bool {
        let life = self.view.memory.life(self.person.id);
        life.is_some_and(|life| self.config().partner(&life.origin.partner).is_none())
    }

    /// Whether the pilot list, if there is one, names any address of the person.
    pub fn is_in_pilot(&self) -> bool {
        let listed = || self.person.addresses.iter().any(|known| self.partner.pilot.contains(&known.address));
        self.partner.pilot.is_empty() || listed()
    }

    /// What was asked for, if the person is in this partner's scope by request.
    pub fn requested(&self) -> Option<&'a Requested> {
        self.view.memory.requested(self.person.id, &self.partner.name)
    }

    /// Whether usher took something away, and every cause has ended because somebody asked for the person.
    pub fn is_to_be_given_back_by_request(&self) -> bool {
        let ended = |departure: &Departure| departure.taken.as_ref().is_some_and(|taken| taken.causes.is_empty());
        self.requested().is_some() && self.departure().is_some_and(ended)
    }

    /// Whether somebody else had invited the person.
    pub fn is_adopted(&self) -> bool {
        self.life().is_some_and(|life| life.origin.adopted)
    }

    /// What is remembered of the person's leaving.
    pub fn departure(&self) -> Option<&'a Departure> {
        self.view.memory.departure(self.person.id)
    }

    /// Whether somebody else, by what is known of the audit log, disabled the account again after usher had: then it is not
    /// usher's to give back.
    pub fn is_taken_over(&self) -> bool {
        let departure = self.departure();
        let taken = departure.and_then(|departure| departure.taken.as_ref());
        let (Some(disabled), Some(last)) = (taken.and_then(|taken| taken.disabled), self.last_disabled()) else {
            return false;
        };
        let released = departure.and_then(|departure| departure.released);
        let since = released.map_or(disabled, |released| released.max(disabled));
        // In the log usher is an application like others, and its clock may be wrong.
        let done_by = if last.by == Actor::Other { since + SETTLES_WITHIN } else { since };
        self.state() == State::Disabled && last.at > done_by
    }

    /// What the person is.
    pub fn state(&self) -> State {
        if self.deleted.is_some() {
            return State::Deleted;
        }
        if self.unconfirmed_since().is_some() {
            return State::Unconfirmed;
        }
        match self.person.standing {
            _ if self.person.enabled.is_no() => State::Disabled,
            Standing::Pending => State::Pending,
            Standing::Accepted => State::Accepted,
            Standing::Internal | Standing::ExternalWithoutState | Standing::Unclear => State::Internal,
        }
    }

    /// Who brought the person into the state `disabled` or `deleted`, as far as is known.
    pub fn by(&self) -> Option<By> {
        let taken = self.departure().and_then(|departure| departure.taken.as_ref());
        let by_usher = match self.state() {
            State::Disabled => taken.is_some_and(|taken| taken.disabled.is_some()) && !self.is_taken_over(),
            State::Deleted => taken.is_some_and(|taken| taken.deleted.is_some()),
            _ => return None,
        };
        Some(if by_usher { By::Usher } else { self.disabled_by_others() })
    }

    /// Who disabled the account last, and when, by the audit log.
    pub fn last_disabled(&self) -> Option<LastDisabled> {
        self.view.snapshot.disabled_by.read()?.get(&self.person.id).copied()
    }

    /// Who disabled an account that usher did not.
    pub fn disabled_by_others(&self) -> By {
        match (self.last_disabled().map(|last| last.by), self.person.synced) {
            (Some(Actor::Person), _) => By::Person,
            (Some(Actor::Sync), _) | (None, Tri::Yes) => By::Sync,
            (Some(Actor::Other) | None, _) => By::Elsewhere,
        }
    }

    /// The one address to invite, where there is exactly one.
    pub fn address(&self) -> Option<&'a Address> {
        let mut candidates = candidate_addresses(self.person, self.partner);
        let first = candidates.next();
        if candidates.next().is_some() { None } else { first }
    }

    /// The closer look, all unknown before it was made.
    pub fn evidence(&self) -> Evidence {
        self.view.snapshot.evidence.get(&self.person.id).copied().unwrap_or_default()
    }

    /// Whether the closer look was made.
    pub fn was_looked_at(&self) -> bool {
        self.view.snapshot.evidence.contains_key(&self.person.id)
    }

    /// Another object that has the address to invite.
    pub fn twin(&self) -> Option<UserId> {
        self.view.snapshot.twin_of(self.person.id, self.address()?)
    }

    /// Whether a step was not refused within the last day.
    pub fn not_refused_lately(&self, step: StepId) -> Finding {
        match self.view.memory.step(&step).map(|step| &step.state) {
            Some(StepState::Refused { at, .. }) if self.view.now < *at + RETRY_AFTER_REFUSAL => {
                Finding::fails(Reason::RefusedRecently)
            }
            _ => Finding::HOLDS,
        }
    }

    /// Why nothing may be done before an earlier step is settled.
    pub fn unconfirmed(&self) -> Option<Reason> {
        let since = self.unconfirmed_since()?;
        let fresh = self.view.now.duration_since(since) < SETTLES_WITHIN;
        Some(if fresh { Reason::Unconfirmed } else { Reason::Unsettled })
    }

    /// Graph took the invitation, and the directory still shows an internal account: it has not caught up, or something is
    /// wrong. A conversion is one-way, so inviting again is never the answer.
    pub fn is_not_shown_yet(&self) -> bool {
        self.brought_in_at().is_some() && self.person.standing == Standing::Internal
    }

    /// Since when it is not known what became of a step: of one without outcome, or of one that Graph took and the directory
    /// does not show.
    fn unconfirmed_since(&self) -> Option<Timestamp> {
        let open = self.view.memory.steps_of(self.person.id).filter(|(_, step)| step.is_open());
        open.map(|(_, step)| step.at).min().or_else(|| self.is_not_shown_yet().then(|| self.brought_in_at()).flatten())
    }

    fn brought_in_at(&self) -> Option<Timestamp> {
        self.view.memory.life(self.person.id).filter(|life| !life.origin.adopted).map(|life| life.since)
    }

    /// Whether the person is in another partner's scope too.
    pub fn in_another_scope(&self) -> Tri {
        let others = self.view.config.partners.iter().filter(|other| other.name != self.partner.name);
        let scope = |other| {
            let scope = scope_in(self.view, other, self.person);
            if self.deleted.is_some() { scope.without_groups(other, false) } else { scope }
        };
        others.map(|other| scope(other).in_scope()).fold(Tri::No, Tri::or)
    }
}

fn scope_in(view: View<'_>, partner: &Partner, person: &Person) -> Scope {
    let remembered = Remembered {
        invited_to: view.memory.invited_domain(person.id, &partner.name),
        by_request: view.memory.requested(person.id, &partner.name).is_some(),
    };
    scope_of(person, partner, view.snapshot, remembered)
}
