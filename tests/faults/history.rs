//! What a history is: who there is and what becomes of them, when usher's turn comes, and what disturbs it.
//!
//! Responsible for: making one from a seed, and telling it in readable words. Not responsible for: letting it happen.
//!
//! People's doings are so chosen that the order in which usher catches up with them does not decide how it ends: each waits
//! until what it presupposes has happened (somebody redeems once invited, leaves once an external user). So a history that
//! was disturbed ends as the same one undisturbed, only later.

use crate::chance::Chance;
use crate::disturbances::{Trouble, troubles};
use jiff::SignedDuration;
use std::fmt;

/// What somebody does, or what is done to them by others than usher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Entra Connect writes the person into the directory, in scope.
    Arrives,
    /// Somebody asks usher over HTTP to bring the person in.
    IsAskedFor,
    /// Somebody asks usher over HTTP to retire the person.
    IsToBeRetired,
    /// The invitation is redeemed.
    Redeems,
    /// Out of the group that is the scope.
    LeavesScope,
    /// Into it again.
    ComesBack,
    /// Somebody overwrites an attribute that usher keeps.
    Drifts,
    /// A directory role is given.
    GetsRole,
    /// And taken.
    LosesRole,
    /// An administrator forbids sign-in.
    IsBlocked,
    /// An administrator deletes the account.
    IsDeleted,
}

/// Somebody, with what they do in this order, each not before so many hours from the beginning.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) number: u32,
    /// Entra Connect goes on mastering the account after its conversion.
    pub(crate) stays_synced: bool,
    pub(crate) script: Vec<(u32, Deed)>,
}

/// What usher is configured to do, as far as it differs between histories.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// The scope is a group's members, and not everybody in the domain.
    pub(crate) by_group: bool,
    /// One person at first, then the others.
    pub(crate) waves: bool,
    /// Invitations a day.
    pub(crate) invitations: u32,
    /// `leave.synced = "disable"`.
    pub(crate) synced_are_disabled: bool,
    /// How long the directory shows what was before a change.
    pub(crate) lag: SignedDuration,
}

/// A moment in which something happens to usher.
#[derive(Clone, Debug)]
pub(crate) struct Beat {
    /// How long after the one before.
    pub(crate) after: SignedDuration,
    /// The quick path's timer fires so many times, each with a message that wakes `work`.
    pub(crate) ticks: u32,
    /// So does the sweep's.
    pub(crate) sweeps: u32,
    /// So many messages come once more than they were sent.
    pub(crate) repeated: u32,
    /// Messages wait until the next beat.
    pub(crate) late: bool,
    /// Two workers take messages at the same time.
    pub(crate) two_workers: bool,
    /// The process starts anew, with a clock that is so far ahead.
    pub(crate) restart: Option<SignedDuration>,
    /// What goes wrong meanwhile.
    pub(crate) troubles: Vec<Trouble>,
}

/// A history.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) setup: Setup,
    pub(crate) people: Vec<Person>,
    pub(crate) beats: Vec<Beat>,
}

/// How far a clock goes wrong.
pub(crate) const WORST_CLOCK: SignedDuration = SignedDuration::from_hours(2);
const HOUR: u32 = 60;
const DAY: u32 = 24;
/// How many disturbed histories tell the same people's doings: the undisturbed one is lived through once for them.
pub(crate) const WEATHERS: u64 = 10;
/// Of so many histories, the traffic of one is held against Microsoft's schemas: it is much alike, and checking takes time.
const CHECKED: u64 = 20;

impl History {
    /// Whether all its traffic is held against Microsoft's schemas.
    pub(crate) const fn is_checked(&self) -> bool {
        self.seed.is_multiple_of(CHECKED)
    }

    /// The history of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut people = Chance::new(seed / WEATHERS, 1);
        let mut weather = Chance::new(seed, 2);
        let setup = Setup {
            by_group: people.percent(70),
            waves: people.percent(25),
            invitations: people.one_of(&[500, 500, 2]),
            synced_are_disabled: people.percent(50),
            lag: SignedDuration::from_mins(people.one_of(&[0, 0, 1, 8])),
        };
        let count = u32::try_from(people.between(2, 4)).expect("few");
        let people = (1..=count).map(|number| Person::of(number, setup, &mut people)).collect();
        let count = weather.between(3, 7);
        let beats = (0..count).map(|_| Beat::of(&mut weather)).collect();
        Self { seed, setup, people, beats }
    }

    /// One in which nothing goes wrong: somebody comes and stays, and somebody leaves and comes back the next day.
    pub(crate) fn plain() -> Self {
        let stays = vec![(0, Deed::Arrives), (DAY, Deed::Redeems)];
        let returns = [&stays[..], &[(3 * DAY, Deed::LeavesScope), (4 * DAY + 1, Deed::ComesBack)]].concat();
        let people = [stays, returns].into_iter().zip(1..);
        let lag = SignedDuration::ZERO;
        let beat = Beat { restart: Some(SignedDuration::ZERO), ..Beat::calm(SignedDuration::from_hours(DAY.into())) };
        Self {
            seed: 0,
            setup: Setup { by_group: true, waves: false, invitations: 500, synced_are_disabled: true, lag },
            people: people.map(|(script, number)| Person { number, stays_synced: false, script }).collect(),
            beats: vec![beat; 6],
        }
    }

    /// The same people's doings without anything going wrong: usher is woken every other day, and serves at once.
    pub(crate) fn undisturbed(&self) -> Self {
        Self { beats: vec![Beat::calm(SignedDuration::from_hours(72)); 4], ..self.clone() }
    }
}

impl Person {
    fn of(number: u32, setup: Setup, chance: &mut Chance) -> Self {
        let mut hour = 0;
        let mut script = Vec::new();
        let mut then = |deed, chance: &mut Chance, low: u32, high: u32| {
            hour += u32::try_from(chance.between(low.into(), high.into())).expect("an hour");
            script.push((hour, deed));
        };
        let by_request = chance.percent(20);
        let beginning = if by_request { Deed::IsAskedFor } else { Deed::Arrives };
        then(beginning, chance, 0, if number == 1 { 0 } else { 3 * DAY });
        let redeems = chance.percent(80);
        if redeems {
            then(Deed::Redeems, chance, 0, 6 * DAY);
        }
        let mut ending = chance.between(1, 10);
        if redeems && ending <= 3 {
            then(Deed::Drifts, chance, 0, 3 * DAY);
        }
        if redeems && ending == 4 {
            then(Deed::GetsRole, chance, 0, 3 * DAY);
            then(Deed::LosesRole, chance, 1, 4 * DAY);
        }
        ending = chance.between(1, 10);
        match ending {
            1..=3 if setup.by_group && !by_request => {
                then(Deed::LeavesScope, chance, 0, 4 * DAY);
                if chance.percent(60) {
                    then(Deed::ComesBack, chance, 1, 12 * DAY);
                }
            }
            4 | 5 => then(Deed::IsToBeRetired, chance, 0, 5 * DAY),
            6 if redeems => then(Deed::IsBlocked, chance, 0, 5 * DAY),
            7 => then(Deed::IsDeleted, chance, 0, 5 * DAY),
            _ => {}
        }
        Self { number, stays_synced: chance.percent(20), script }
    }
}

impl Beat {
    /// A sweep, and all goes well in a process whose clock is right.
    pub(crate) const fn calm(after: SignedDuration) -> Self {
        Self {
            after,
            ticks: 0,
            sweeps: 1,
            repeated: 0,
            late: false,
            two_workers: false,
            restart: None,
            troubles: Vec::new(),
        }
    }

    fn of(chance: &mut Chance) -> Self {
        let minutes = match chance.between(1, 10) {
            1..=4 => chance.between(1, 20),
            5..=7 => chance.between(60, 600),
            _ => u64::from(DAY * HOUR) * chance.between(1, 6),
        };
        let sweeps = chance.one_of(&[0, 1, 1]);
        let jumps = chance.percent(25);
        let jump = i64::try_from(chance.between(0, 240)).expect("minutes") - WORST_CLOCK.as_mins();
        Self {
            after: SignedDuration::from_mins(i64::try_from(minutes).expect("minutes")),
            ticks: if sweeps == 0 { 1 } else { chance.one_of(&[0, 1]) },
            sweeps,
            repeated: chance.one_of(&[0, 0, 1, 2]),
            late: chance.percent(10),
            two_workers: chance.percent(15),
            restart: jumps.then(|| SignedDuration::from_mins(jump)),
            troubles: troubles(chance),
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setup { by_group, waves, invitations, synced_are_disabled, lag } = self.setup;
        writeln!(f, "history {}", self.seed)?;
        writeln!(
            f,
            "  scope {}, {}, {invitations} invitations a day, synced people who leave are {}, the directory lags by {lag:#}",
            if by_group { "by group" } else { "by domain" },
            if waves { "in waves" } else { "no waves" },
            if synced_are_disabled { "disabled" } else { "reported" },
        )?;
        for person in &self.people {
            let synced = if person.stays_synced { ", stays synced" } else { "" };
            let script: Vec<_> =
                person.script.iter().map(|(hour, deed)| format!("{deed:?} from hour {hour}")).collect();
            writeln!(f, "  person {}{synced}: {}", person.number, script.join(", "))?;
        }
        for (number, beat) in self.beats.iter().enumerate() {
            write!(f, "  beat {}: after {:#}: {} ticks, {} sweeps", number + 1, beat.after, beat.ticks, beat.sweeps)?;
            if beat.repeated > 0 {
                write!(f, ", {} messages repeated", beat.repeated)?;
            }
            if beat.late {
                write!(f, ", messages come with the next beat")?;
            }
            if beat.two_workers {
                write!(f, ", two workers")?;
            }
            if let Some(ahead) = beat.restart {
                write!(f, ", a new process whose clock is ahead by {ahead:#}")?;
            }
            writeln!(f)?;
            beat.troubles.iter().try_for_each(|trouble| writeln!(f, "    {trouble}"))?;
        }
        Ok(())
    }
}
