//! What bounds or holds a partner as a whole.
//!
//! Responsible for: minimum population, domains that are this tenant's own, missing state, waves and the daily ceiling. What
//! adds is bounded, and the rest waits its turn. Not responsible for: single people; see [`super::rules`].

use super::case::View;
use super::plan::PlanName;
use crate::config::{Partner, Wave};
use crate::journal::memory::waves::WaveMemory;
use crate::journal::memory::{Circuit, Memory};
use crate::journal::record::{ActionKind, Budget};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An open circuit breaker lets one invitation pass after each of these.
pub const BETWEEN_TRIES: SignedDuration = SignedDuration::from_hours(1);

/// Why a whole partner is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The held plan, if one is kept for approval.
    #[schemars(with = "Option<PlanName>")]
    pub plan: Option<String>,
    /// The guard that stopped it.
    pub reason: HeldReason,
    /// The guard's limit, where it has one.
    pub limit: Option<u64>,
    /// What was observed against the limit.
    pub observed: Option<u64>,
    /// What opened the circuit breaker, if it is that which holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// The guards that hold a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldReason {
    /// Fewer people in scope than `limits.minimum_people`: the snapshot is not believed.
    MinimumPeople,
    /// A listed domain is verified in this tenant: its people are colleagues.
    VerifiedDomain,
    /// The state's birth document is missing although external users of the partner are there: the state was lost or is
    /// another one's.
    StateMissing,
    /// The circuit breaker is open: Graph refused for more than a person.
    Circuit,
    /// More disables within a day than the ceiling allows without approval.
    DisablesCeiling,
    /// More deletions within a day than the ceiling allows without approval.
    DeletesCeiling,
    /// The first takings-away after what decides about the scope was changed.
    ChangedScope,
    /// The first updates after `[partner.attributes]` was changed.
    ChangedAttributes,
}

impl Held {
    /// Held by an open circuit breaker.
    pub const fn by_circuit(cause: String) -> Self {
        Self { plan: None, reason: HeldReason::Circuit, limit: None, observed: None, cause: Some(cause) }
    }
}

impl HeldReason {
    /// Every guard that holds a partner.
    pub const ALL: &[Self] = &[
        Self::MinimumPeople,
        Self::VerifiedDomain,
        Self::StateMissing,
        Self::Circuit,
        Self::DisablesCeiling,
        Self::DeletesCeiling,
        Self::ChangedScope,
        Self::ChangedAttributes,
    ];

    /// The name, as in `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinimumPeople => "minimum-people",
            Self::VerifiedDomain => "verified-domain",
            Self::StateMissing => "state-missing",
            Self::Circuit => "circuit",
            Self::DisablesCeiling => "disables-ceiling",
            Self::DeletesCeiling => "deletes-ceiling",
            Self::ChangedScope => "changed-scope",
            Self::ChangedAttributes => "changed-attributes",
        }
    }

    /// Whether it holds everything, and not just what a person has to approve.
    pub const fn holds_everything(self) -> bool {
        matches!(self, Self::MinimumPeople | Self::VerifiedDomain | Self::StateMissing | Self::Circuit)
    }

    /// The reason in a sentence, with what to do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::MinimumPeople => {
                "Fewer people in scope were observed than limits.minimum_people, so the snapshot is not believed. Check \
                 scope.domains and scope.groups, and that the sync to this tenant works."
            }
            Self::VerifiedDomain => {
                "A domain of the partner is verified in this tenant, so its people are colleagues and not external. \
                 Correct scope.domains."
            }
            Self::StateMissing => {
                "There are external users of the partner's domains, but the state knows of no earlier run: it was lost, or \
                 USHER_STATE names another one. If this is usher's first run here, say so with \
                 `usher apply --adopt-state`."
            }
            Self::Circuit => {
                "Graph refuses for more than a person, so nothing more is sent. One invitation an hour tries whether it is \
                 over, except after a block for suspicious activity; `usher circuit close` closes it at once."
            }
            Self::DisablesCeiling | Self::DeletesCeiling => {
                "More people would be taken away within a day than limits.disables, limits.deletes or limits.percent allow. Look \
                 at the plan that the sweep keeps; if it is right, approve it with `usher approve PLAN --apply`. Everything \
                 else goes on."
            }
            Self::ChangedScope => {
                "What decides who is in scope was changed since the last plan that took something away. \
                 Look at the plan that the sweep keeps; if it is right, approve it with `usher approve PLAN --apply`. \
                 Everything else goes on."
            }
            Self::ChangedAttributes => {
                "[partner.attributes] was changed. Look at the first updates that follow from it; if they are \
                 right, approve them with `usher approve PLAN --apply`. Everything else goes on."
            }
        }
    }
}

/// Whether the state is known to be this tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth {
    /// Its birth document is there.
    Known,
    /// It is not.
    Missing,
}

/// The guard that holds the partner, if any. `in_scope` is how many people were observed in scope; `None` where a group
/// could not be read, so that nobody knows.
pub fn hold(view: View<'_>, partner: &Partner, birth: Birth, in_scope: Option<usize>) -> Option<Held> {
    let held = |reason, limit, observed| Some(Held { plan: None, reason, limit, observed, cause: None });
    let count = |count: usize| u64::try_from(count).ok();
    let own = listed_domains(partner).filter(|domain| view.snapshot.verified_domains.contains(*domain)).count();
    if own > 0 {
        return held(HeldReason::VerifiedDomain, Some(0), count(own));
    }
    let external = external_people(view);
    if birth == Birth::Missing && external > 0 {
        return held(HeldReason::StateMissing, Some(0), count(external));
    }
    if let Some(circuit) = view.memory.circuit_of(&partner.name)
        && !may_try(circuit, view.now)
    {
        return Some(Held::by_circuit(circuit.reason.clone()));
    }
    let minimum = u64::from(partner.limits.minimum_people);
    let observed = in_scope.and_then(count);
    if observed.is_some_and(|observed| observed < minimum) {
        return held(HeldReason::MinimumPeople, Some(minimum), observed);
    }
    None
}

/// Whether an open circuit breaker lets one invitation pass, to see whether Graph accepts again.
fn may_try(circuit: &Circuit, now: Timestamp) -> bool {
    !circuit.until_a_person_says_so && now.duration_since(circuit.tried) >= BETWEEN_TRIES
}

fn listed_domains(partner: &Partner) -> impl Iterator<Item = &str> {
    partner.scope.domains.iter().chain(&partner.scope.previous_domains).map(|domain| domain.as_str())
}

/// External users with an address in any partner's domains, whoever invited them: usher could have been it.
fn external_people(view: View<'_>) -> usize {
    let of_a_partner = |known: &super::person::KnownAddress| {
        view.config.partners.iter().any(|partner| partner.domain_is_listed(known.address.domain()))
    };
    let people = view.snapshot.people.values();
    people.filter(|person| person.is_external().is_yes() && person.addresses.iter().any(of_a_partner)).count()
}

/// What bounds the invitations of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many may be sent.
    pub invitations: usize,
    /// The wave that this run is, unless the waves are over.
    pub wave: Option<usize>,
}

/// How many invitations this run may send to the partner's people, of whom `candidates` wait.
pub fn allowance(partner: &Partner, memory: &Memory, candidates: usize, now: Timestamp) -> Allowance {
    let known = memory.partner(&partner.name);
    let sent = known.map_or(0, |known| known.spent_within_a_day(Budget::Invitations, now));
    let left_today = partner.limits.invitations.saturating_sub(sent) as usize;
    let waves = known.map(|known| known.waves).unwrap_or_default();
    if memory.circuit_of(&partner.name).is_some() {
        return Allowance { invitations: left_today.min(1), wave: None };
    }
    let Some(size) = wave_size(partner, waves, candidates) else {
        return Allowance { invitations: left_today, wave: None };
    };
    Allowance { invitations: left_today.min(size.saturating_sub(sent_in(waves))), wave: Some(waves.next) }
}

/// How many more changes of a kind may be made to the partner's people right now, over all paths and processes: the day's
/// limit, and of conversions the wave under way.
pub fn room(partner: &Partner, memory: &Memory, kind: ActionKind, now: Timestamp) -> usize {
    let left_today = left_today(partner, memory, kind, now);
    if kind != ActionKind::Convert {
        return left_today;
    }
    let waves = Some(memory.waves_of(&partner.name)).filter(|waves| waves.under_way.is_some());
    // While a wave is under way it is known how many waited at first.
    let in_wave = waves.and_then(|waves| Some(wave_size(partner, waves, 0)?.saturating_sub(sent_in(waves))));
    in_wave.map_or(left_today, |in_wave| left_today.min(in_wave))
}

/// How many more changes of a kind the day's limit leaves, over all paths and processes.
pub fn left_today(partner: &Partner, memory: &Memory, kind: ActionKind, now: Timestamp) -> usize {
    let known = memory.partner(&partner.name);
    let limit = match kind.budget() {
        Budget::Invitations => partner.limits.invitations,
        Budget::Updates => partner.limits.updates,
        Budget::Disables => partner.limits.disables,
        Budget::Deletes => partner.limits.deletes,
    };
    let spent = known.map_or(0, |known| known.spent_within_a_day(kind.budget(), now));
    limit.saturating_sub(spent) as usize
}

/// How many people the wave holds that is next or under way; `None` after the last one.
fn wave_size(partner: &Partner, waves: WaveMemory, candidates: usize) -> Option<usize> {
    Some(match partner.limits.waves.get(waves.next)? {
        Wave::People(people) => *people as usize,
        Wave::Percent(percent) => {
            let base = waves.waiting_at_first.and_then(|base| usize::try_from(base).ok()).unwrap_or(candidates);
            (base * usize::from(*percent)).div_ceil(100)
        }
    })
}

fn sent_in(waves: WaveMemory) -> usize {
    waves.under_way.map_or(0, |wave| usize::try_from(wave.sent).unwrap_or(usize::MAX))
}
