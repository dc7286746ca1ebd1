//! People by request: brought in, or retired, now and with an answer.
//!
//! Responsible for: what can be asked, and the shape of the answer. Not responsible for: deciding, see
//! [`crate::people::request`].
//!
//! - `decision`: what is to be done about each person. `tale`: how that is told.
//! - [`desk`]: requests and answers as documents, so that whoever asks twice is served once and nothing gets lost.
//! - [`serve`]: working off what waits.

mod decision;
pub mod desk;
pub mod serve;
mod tale;

use crate::address::Address;
use crate::config::{Config, Partner};
use crate::ids::UserId;
use crate::people::guard::HeldReason;
use crate::people::observe::Whom;
use crate::people::reason::Reason;
use crate::people::request::Wish;
use crate::report::{ErrorReport, OutcomeReport};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Mail knows no longer address (RFC 5321, 4.5.3.1.3). The domain of one so short cannot be too long by itself.
pub const LONGEST_ADDRESS: usize = 254;

/// How many people can be asked for at once.
pub const MOST_PEOPLE: usize = 50;

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The partner's name.
    pub partner: String,
    /// Whom, each once, in the order in which they were named.
    pub people: Vec<Whom>,
    /// What shall happen to them.
    pub wish: Wish,
    /// Whether the answer goes to the Teams channel too.
    pub notify: bool,
}

/// Why something cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody is named, or too many.
    #[error("{0} people are named; it takes 1 to {MOST_PEOPLE}")]
    Count(usize),
    /// That is nobody.
    #[error("person {0} of the list is neither an object id nor a mail address")]
    NoPerson(usize),
    /// No such partner.
    #[error("the configuration has no partner of that name")]
    UnknownPartner,
    /// Several partners are configured, and none is named.
    #[error("several partners are configured, and the addresses do not tell which one is meant")]
    WhichPartner,
}

impl AskError {
    /// The error's name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Count(_) => "people-count",
            Self::NoPerson(_) => "no-person",
            Self::UnknownPartner => "unknown-partner",
            Self::WhichPartner => "which-partner",
        }
    }

    /// What to do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Count(_) => "Ask for the others separately.",
            Self::NoPerson(_) => "Name each person as person@fabrikam.us or by object id.",
            Self::UnknownPartner => "Use the name of a [[partner]] of usher.toml.",
            Self::WhichPartner => "Name the partner.",
        }
    }
}

impl Asked {
    /// What is asked by these texts. Without a partner's name it is the only partner, or the one whose domains all the
    /// addresses are in.
    ///
    /// # Errors
    /// When it cannot be asked; the error repeats none of the texts.
    pub fn of(
        config: &Config,
        partner: Option<&str>,
        people: &[String],
        wish: Wish,
        notify: bool,
    ) -> Result<Self, AskError> {
        if people.is_empty() || people.len() > MOST_PEOPLE {
            return Err(AskError::Count(people.len()));
        }
        let parsed = people.iter().enumerate().map(|(place, text)| whom(text).ok_or(AskError::NoPerson(place + 1)));
        let mut people = parsed.collect::<Result<Vec<_>, _>>()?;
        let mut seen = BTreeSet::new();
        people.retain(|whom| seen.insert(whom.clone()));
        let partner = match partner {
            Some(name) => config.partner(name).ok_or(AskError::UnknownPartner)?,
            None => only_partner(config, &people).ok_or(AskError::WhichPartner)?,
        };
        Ok(Self { partner: partner.name.clone(), people, wish, notify })
    }
}

/// Whom a text names, by object id or by address.
pub fn whom(text: &str) -> Option<Whom> {
    let text = text.trim();
    if text.chars().count() > LONGEST_ADDRESS {
        return None;
    }
    text.parse().map(Whom::Id).ok().or_else(|| Address::parse(text).map(Whom::Address).ok())
}

fn only_partner<'a>(config: &'a Config, people: &[Whom]) -> Option<&'a Partner> {
    if let [partner] = config.partners.as_slice() {
        return Some(partner);
    }
    let fits = |partner: &&Partner| {
        people.iter().all(|whom| whom.address().is_some_and(|address| partner.domain_is_listed(address.domain())))
    };
    let mut fitting = config.partners.iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none())
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The partner's name.
    pub partner: String,
    /// One entry for each person, in the order in which they were named.
    pub people: Vec<PersonAnswer>,
}

/// What became of one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PersonAnswer {
    /// The address asked for, or one that people know the person by.
    pub address: Option<String>,
    /// Object id, where there is an object.
    pub id: Option<UserId>,
    /// What became of the request: `skipped` where there was nothing to do, or something stood against it.
    pub outcome: OutcomeReport,
    /// Why that, by name: why nothing was done, or what was done first.
    pub reason: String,
    /// The reason in a sentence, with what to do.
    pub text: String,
    /// Whether the person is out of scope, or a guard stopped it.
    pub stopped: bool,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// How far it got, step by step.
    pub steps: Vec<StepAnswer>,
}

/// One step on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepAnswer {
    /// Which.
    pub step: StepName,
    /// How it went.
    pub result: StepResult,
    /// In words.
    pub detail: String,
}

/// The steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// The person was looked for.
    Found,
    /// Whether the person is in the partner's scope.
    InScope,
    /// What is to be done.
    Decision,
    /// It was sent; once for each action.
    Written,
    /// The directory was read again.
    Verified,
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found => "found",
            Self::InScope => "in-scope",
            Self::Decision => "decision",
            Self::Written => "written",
            Self::Verified => "verified",
        })
    }
}

impl fmt::Display for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        })
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepResult {
    /// Well.
    Success,
    /// Not as hoped, and nothing is lost.
    Warning,
    /// It failed, or stands against the request.
    Failure,
    /// It was not its turn.
    Skipped,
}

/// How a request as a whole went, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// Everybody is as asked.
    Well,
    /// Nobody is, because everybody is out of scope or stopped by a guard.
    Stopped,
    /// Nobody is, because it failed.
    Failed,
    /// Some are.
    Partly,
}

impl Answer {
    /// Whether the same request, sent again, could not be answered better: nothing of it may pass by itself.
    pub fn is_final(&self) -> bool {
        let passes = [Reason::DailyLimit.name(), Reason::NotReadable.name(), HeldReason::Circuit.name()];
        self.people.iter().all(|person| match person.outcome {
            OutcomeReport::Done => true,
            OutcomeReport::Skipped => !passes.contains(&person.reason.as_str()),
            OutcomeReport::Failed => person.error.as_ref().is_some_and(|error| !error.transient),
            OutcomeReport::Planned | OutcomeReport::Unconfirmed => false,
        })
    }

    /// How it went.
    pub fn went(&self) -> Went {
        let is_well = |person: &&PersonAnswer| {
            let skipped = person.outcome == OutcomeReport::Skipped && !person.stopped;
            (skipped || person.outcome == OutcomeReport::Done) && person.error.is_none() && !person.stopped
        };
        let well = self.people.iter().filter(is_well).count();
        let stopped = self.people.iter().filter(|person| person.stopped).count();
        match (well, stopped) {
            (well, _) if well == self.people.len() => Went::Well,
            (0, stopped) if stopped == self.people.len() => Went::Stopped,
            (0, 0) => Went::Failed,
            _ => Went::Partly,
        }
    }
}
