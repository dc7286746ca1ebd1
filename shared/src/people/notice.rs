//! What a sweep saw that later runs must know.
//!
//! Responsible for: the clocks and sightings of people whom usher looks after, and whom it adopts. Only a complete sweep
//! that is believed notices anything. Not responsible for: writing to the directory; nothing here does.

use super::carry::is_as_configured;
use super::case::Case;
use super::conditions::Need;
use super::lifecycle::State;
use super::person::Standing;
use crate::config::Adopt;
use crate::ids::UserId;
use crate::journal::memory::departures::Departure;
use crate::journal::record::{ActionKind, Cause, Note};
use crate::tri::Tri;
use jiff::SignedDuration;

/// Graph notes an invitation at most so long after usher meant to send it: it may have asked usher to wait.
const INVITED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What was noticed about one person.
pub type Notice = (UserId, Note);

/// Whether usher looks after somebody from now on whom somebody else invited.
pub fn is_to_be_adopted(case: &Case<'_>) -> bool {
    let unowned = case.view.memory.life(case.person.id).is_none() || case.is_of_former_partner();
    let external = matches!(case.person.standing, Standing::Pending | Standing::Accepted);
    let only_here = case.scope.in_scope().is_yes() && case.in_another_scope().is_no();
    case.partner.scope.adopt != Adopt::None && unowned && external && only_here
}

/// The adoption of somebody; `None` where it turns out that the person may not be in scope.
///
/// # Errors
/// What has to be read first.
pub fn adoption(case: &Case<'_>) -> Result<Option<Notice>, Need> {
    if !case.scope_is_confirmed(ActionKind::Update)? {
        return Ok(None);
    }
    let address = case.address().cloned();
    let Some(known) = address.as_ref().or_else(|| case.known_by()) else { return Ok(None) };
    let domain = known.domain().to_owned();
    let redeemed = case.person.standing == Standing::Accepted;
    Ok(Some((case.person.id, Note::Adopted { domain, address, redeemed })))
}

/// What is new about somebody whom usher looks after and whom the directory shows.
///
/// # Errors
/// What has to be read first.
pub fn notices(case: &Case<'_>) -> Result<Vec<Notice>, Need> {
    let mut notes = Vec::new();
    let departure = case.departure();
    let out_since = departure.and_then(|departure| departure.out_since);
    let taken = case.taken();
    match case.scope.in_scope() {
        // Whom the pilot keeps out is not about to be disabled once it ends.
        Tri::No if !case.is_in_pilot() => {
            notes.extend(departure.is_some_and(Departure::is_only_leaving).then_some(Note::NotWatched));
        }
        // The days begin with what is certain: a list of members that ended too early begins none.
        Tri::No if out_since.is_none() || days_begin_anew(case) => {
            if case.scope_is_confirmed(ActionKind::Disable)? {
                notes.push(Note::OutOfScope);
            }
        }
        Tri::Yes => {
            let given_back = |causes: usize, by_usher: bool| causes > 1 || !by_usher;
            let cause_ends = taken.is_some_and(|taken| {
                taken.causes.contains_key(&Cause::LeftScope) && given_back(taken.causes.len(), taken.disabled.is_some())
            });
            if out_since.is_some() || cause_ends {
                notes.push(Note::InScope);
            }
        }
        Tri::No | Tri::Unknown => {}
    }
    // Shown as it was before usher took something away, for longer than the directory needs: somebody gave it back.
    let enabled = case.person.enabled.is_yes();
    if taken.is_some_and(|taken| case.is_long_ago(taken) && (enabled || taken.deleted.is_some())) {
        notes.push(Note::GivenBack);
        return Ok(of(case, notes));
    }
    let disabled = case.state() == State::Disabled;
    if case.is_taken_over() {
        notes.push(Note::TakenOver);
        return Ok(of(case, notes));
    }
    match (departure.is_some_and(|departure| departure.blocked), taken.is_some()) {
        (false, false) if disabled => notes.push(Note::Blocked),
        (true, _) if enabled => notes.push(Note::Unblocked),
        _ => {}
    }
    if disabled && taken.is_some_and(|taken| taken.disabled.is_some() && !taken.shown_disabled) {
        notes.push(Note::ShownDisabled);
    }
    if disabled && case.leaves_while_disabled()?.holds.is_yes() {
        notes.push(Note::AlsoTaken { cause: Cause::LeftScope });
    }
    if case.retires_while_disabled() {
        notes.push(Note::AlsoTaken { cause: Cause::Request });
    }
    match (case.person.standing, case.life().is_some_and(|life| life.redeemed)) {
        (Standing::Accepted, false) => notes.push(Note::Redeemed { since: case.person.state_changed.get() }),
        (Standing::Pending, true) => {
            // Older than the invitation, or of the same moment: that is what was there before the redemption.
            let invited = case.life().map(|life| life.since + INVITED_WITHIN);
            let anew = case.person.state_changed.get().filter(|since| Some(*since) > invited);
            notes.extend(anew.map(|since| Note::PendingAnew { since }));
        }
        _ => {}
    }
    if case.view.memory.written(case.person.id).is_some() && is_as_configured(case.config(), case.partner, case.person)
    {
        notes.push(Note::ValuesShown);
    }
    Ok(of(case, notes))
}

/// After a long time without a sweep the days of grace begin anew; not where people decided, which would end that decision.
fn days_begin_anew(case: &Case<'_>) -> bool {
    let overruled = case.departure().is_some_and(|departure| !departure.overruled.is_empty());
    let by_usher = case.taken().is_some_and(|taken| taken.disabled.is_some());
    case.was_not_watched() && (case.person.enabled.is_yes() || by_usher) && !overruled
}

fn of(case: &Case<'_>, notes: Vec<Note>) -> Vec<Notice> {
    notes.into_iter().map(|note| (case.person.id, note)).collect()
}
