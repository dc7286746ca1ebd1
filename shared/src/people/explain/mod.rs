//! The planner's rules, told for one person.
//!
//! Responsible for: every rule with its result and evidence, in words an administrator understands. It judges by the very
//! rules that the plan uses. Not responsible for: waves and ceilings, which concern everybody at once.

mod life;

use super::case::Case;
use super::guard::Held;
use super::lifecycle::{By, State};
use super::notice::is_to_be_adopted;
use super::person::{Sources, Standing};
use super::reason::Reason;
use super::rules::Rule;
use crate::ids::UserId;
use crate::journal::record::ActionKind;
use crate::tri::Tri;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a person is treated as they are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// Whom it is about.
    pub person: Subject,
    /// The partner whose person this is, or might be.
    pub partner: Option<String>,
    /// Whether the person is in that partner's scope.
    pub in_scope: Tri,
    /// What the person is.
    pub state: State,
    /// Whether signing in is allowed.
    pub enabled: Tri,
    /// Who brought about the state `disabled` or `deleted`, as far as is known.
    pub by: Option<By>,
    /// What is done first, or the reason why nothing is.
    pub decision: String,
    /// The decision in a sentence, with what to do.
    pub text: String,
    /// Every rule.
    pub rules: Vec<RuleResult>,
}

/// Whom an explanation is about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Subject {
    /// Object id, where there is an object.
    pub id: Option<UserId>,
    /// The address asked for or found.
    pub address: Option<String>,
}

/// One rule with its result.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleResult {
    /// The rule's name.
    pub rule: String,
    /// Whether it holds.
    pub result: Tri,
    /// What was seen.
    pub evidence: String,
}

/// Explains one person before one partner's rules. `held` is the guard that stops the whole partner, as far as it can be
/// told from one person.
pub fn explain(case: &Case<'_>, held: Option<&Held>) -> Explanation {
    let is_external = matches!(case.person.standing, Standing::Pending | Standing::Accepted);
    let told = if is_external && case.is_looked_after() {
        life::tell(case)
    } else if is_to_be_adopted(case) {
        Told { decision: Err(Some(Reason::Adopted)), rules: rules(case, Rule::FROM_SWEEP) }
    } else {
        tell_conversion(case)
    };
    let held = held.filter(|_| told.decision.is_ok());
    Explanation {
        person: Subject { id: Some(case.person.id), address: address_of(case) },
        partner: (!case.scope.domain.is_no() || case.is_looked_after()).then(|| case.partner.name.clone()),
        in_scope: case.scope.in_scope(),
        state: state_of(case),
        enabled: case.person.enabled,
        by: case.by(),
        decision: match (&told.decision, held) {
            (_, Some(held)) => held.reason.name().to_owned(),
            (Ok(actions), None) => actions.first().map_or("nothing", |action| action.name()).to_owned(),
            (Err(reason), None) => reason.map_or("nothing", Reason::name).to_owned(),
        },
        text: match (&told.decision, held) {
            (_, Some(held)) => held.reason.advice().to_owned(),
            (Ok(actions), None) => actions.iter().map(|action| will(*action)).collect::<Vec<_>>().join(" "),
            (Err(Some(reason)), None) => [reason.text(), reason.advice()].join(" ").trim_end().to_owned(),
            (Err(None), None) => "Everything is as configured.".to_owned(),
        },
        rules: told.rules,
    }
}

/// What is decided, or why nothing is; and every rule that was asked.
struct Told {
    decision: Result<Vec<ActionKind>, Option<Reason>>,
    rules: Vec<RuleResult>,
}

fn tell_conversion(case: &Case<'_>) -> Told {
    let all = || Rule::FROM_SWEEP.iter().chain(Rule::FROM_CLOSER_LOOK).copied();
    let decision = match all().find_map(|rule| case.find(rule).reason) {
        Some(reason) => Err(Some(reason)),
        None => Ok(vec![ActionKind::Convert]),
    };
    let rules = [rules(case, Rule::FROM_SWEEP), rules(case, Rule::FROM_CLOSER_LOOK)].concat();
    Told { decision, rules }
}

fn rules(case: &Case<'_>, rules: &[Rule]) -> Vec<RuleResult> {
    let tell = |rule: &Rule| RuleResult {
        rule: rule.name(),
        result: case.find(*rule).holds,
        evidence: evidence_of(case, *rule),
    };
    rules.iter().map(tell).collect()
}

/// What will be done, in a sentence.
const fn will(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Invite => "The person will be invited.",
        ActionKind::Convert => {
            "The person will be converted when their turn comes: waves and the daily limit may let them wait."
        }
        ActionKind::Resend => "The invitation will be sent again.",
        ActionKind::ResetRedemption => "The redemption will be reset, so that the person redeems with the new address.",
        ActionKind::Update => "Values will be written that differ from the configuration.",
        ActionKind::SetSponsor => "A sponsor will be set.",
        ActionKind::AddToGroup => "The person will be put into a group.",
        ActionKind::RemoveFromGroup => "The person will be taken out of a group that usher put them into.",
        ActionKind::Disable => {
            "The account will be disabled; above a ceiling, or after a change of the scope, once somebody approves that."
        }
        ActionKind::Delete => {
            "The account will be deleted softly; above a ceiling, or after a change of the scope, once somebody approves that."
        }
        ActionKind::Enable => "The account will be enabled again: usher had disabled it, and the cause has ended.",
        ActionKind::Restore => "The account will be restored: usher had deleted it, and the cause has ended.",
    }
}

/// The explanation of somebody whom the directory does not show; `uncertain` where that may not be the last word.
pub fn absent(person: Subject, uncertain: Option<Reason>) -> Explanation {
    let advice = "There is no such person in this directory; `usher provision` can invite somebody by address.";
    Explanation {
        person,
        partner: None,
        in_scope: Tri::Unknown,
        state: uncertain.map_or(State::Absent, |_| State::Unconfirmed),
        enabled: Tri::Unknown,
        by: None,
        decision: uncertain.map_or("absent", Reason::name).to_owned(),
        text: uncertain.map_or(advice, Reason::text).to_owned(),
        rules: Vec::new(),
    }
}

fn address_of(case: &Case<'_>) -> Option<String> {
    Some(case.address().or_else(|| case.known_by())?.as_str().to_owned())
}

/// The state; an internal account that is disabled is told as such.
fn state_of(case: &Case<'_>) -> State {
    match case.state() {
        State::Internal if case.person.enabled.is_no() => State::Disabled,
        state => state,
    }
}

/// What was seen, in words. Directory values appear here: this is for the operator who asked, not for logs.
fn evidence_of(case: &Case<'_>, rule: Rule) -> String {
    let person = case.person;
    let evidence = case.evidence();
    let not_read = || "not read: the person is left alone for another reason".to_owned();
    let look = |seen: Tri, yes: &str, no: &str| match seen {
        _ if !case.was_looked_at() => not_read(),
        Tri::Yes => yes.to_owned(),
        Tri::No => no.to_owned(),
        Tri::Unknown => "could not be read".to_owned(),
    };
    let addresses = || {
        let mut texts: Vec<_> = person.addresses.iter().map(|known| known.address.as_str()).collect();
        texts.sort_unstable();
        if texts.is_empty() { "no address".to_owned() } else { texts.join(", ") }
    };
    match rule {
        Rule::Domain => {
            let domains: Vec<_> = case.partner.scope.domains.iter().map(|domain| domain.as_str()).collect();
            format!("addresses: {}; domains of the partner: {}", addresses(), domains.join(", "))
        }
        Rule::Group if case.partner.scope.groups.is_empty() => "no scope group is configured".to_owned(),
        Rule::Group => match case.scope.group {
            Tri::Yes => "member of a scope group".to_owned(),
            Tri::No => "member of no scope group, nested groups included".to_owned(),
            Tri::Unknown => "a scope group could not be read".to_owned(),
        },
        Rule::NotExcluded => match case.scope.excluded {
            Tri::Yes => "member of an exclusion group".to_owned(),
            Tri::No => "member of no exclusion group".to_owned(),
            Tri::Unknown => "an exclusion group could not be read".to_owned(),
        },
        Rule::NotRetired => match case.is_retirement_requested() {
            true => "somebody asked for the person to be retired".to_owned(),
            false => "nobody asked for the person to be retired".to_owned(),
        },
        Rule::OnePartner => match case.find(rule).holds {
            Tri::Yes => "no other partner's scope applies".to_owned(),
            Tri::No => "another partner's scope applies too".to_owned(),
            Tri::Unknown => "another partner's scope may apply".to_owned(),
        },
        Rule::Internal => match person.standing {
            Standing::Internal => "no sign of an external user".to_owned(),
            Standing::Pending => "externalUserState is PendingAcceptance".to_owned(),
            Standing::Accepted => "externalUserState is Accepted".to_owned(),
            Standing::ExternalWithoutState => "signs of an external user, but no known externalUserState".to_owned(),
            Standing::Unclear => "identities were not in Graph's answer".to_owned(),
        },
        Rule::NothingUnconfirmed | Rule::NotRefusedLately => journal_says(case, rule),
        Rule::Synced => format!("onPremisesSyncEnabled: {}", person.synced),
        Rule::Enabled => format!("accountEnabled: {}", person.enabled),
        Rule::Address => {
            let mail = person.addresses_in(Sources::MAIL).next().map_or("none", |mail| mail.as_str());
            format!("address to invite: {}; mail: {mail}", case.address().map_or("none or several", |a| a.as_str()))
        }
        Rule::CurrentDomain => match case.address() {
            Some(address) => format!("domain of the address: {}", address.domain()),
            None => "no address to invite".to_owned(),
        },
        Rule::NoTwin => match case.twin() {
            Some(twin) => format!("object {twin} has the address too"),
            None => "no other user with this address was seen".to_owned(),
        },
        Rule::InPilot if case.partner.pilot.is_empty() => "no pilot list is set".to_owned(),
        Rule::InPilot => format!("pilot list of {}", case.partner.pilot.len()),
        Rule::Exists => look(evidence.exists, "found again at the closer look", "gone at the closer look"),
        Rule::NotProtected => {
            look(evidence.protected_group, "member of the protected group", "not in the protected group")
        }
        Rule::NoDirectoryRole => look(
            evidence.directory_role,
            "holds a directory role, or could activate one",
            "no directory role, active, eligible or through a group",
        ),
        Rule::ScopeConfirmed => match case.find(rule).holds {
            Tri::Yes => "asked for the person, the groups say the same".to_owned(),
            Tri::No | Tri::Unknown => "asked for the person, the groups could not be read or say otherwise".to_owned(),
        },
        Rule::NoExchangePlan => {
            look(evidence.exchange_plan, "a plan of Exchange Online is assigned", "no plan of Exchange Online")
        }
    }
}

fn journal_says(case: &Case<'_>, rule: Rule) -> String {
    match (case.find(rule).holds, rule) {
        (Tri::Yes, Rule::NothingUnconfirmed) => "the journal knows of no open step".to_owned(),
        (_, Rule::NothingUnconfirmed) if case.is_not_shown_yet() => {
            "Graph took the invitation, but the directory does not show it yet".to_owned()
        }
        (_, Rule::NothingUnconfirmed) => "the journal holds an intent without an outcome".to_owned(),
        (Tri::Yes, _) => "the journal knows of no refusal within a day".to_owned(),
        _ => match case.refusal() {
            Some(code) => format!("refused within the last day: {code}"),
            None => "refused within the last day".to_owned(),
        },
    }
}
