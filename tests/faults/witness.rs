//! Whoever sees what usher does at the moment in which it does it, and knows what is really so.
//!
//! Responsible for: what must hold at every request that changes the directory: it stands in the journal before, and nothing
//! is taken from anybody without reason. It reads the journal as plain JSON, so that an error of usher's own reading hides
//! nothing. Not responsible for: what must hold in the end; see `verdict`.

use crate::history::WORST_CLOCK;
use crate::wire::writes;
use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use usher_shared::state::Store;
use usher_shared::state::memory::MemoryStore;
use usher_simulator::clock::SimClock;
use usher_simulator::tenant::{ExternalUserState, Tenant};
use uuid::Uuid;

/// An invariant that does not hold, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

/// What must hold whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Whoever should be an external user is one, and everybody else stands in a state that says why not.
    NobodyIsForgotten,
    /// One mail for one step.
    NobodyIsMailedTwice,
    /// Nobody in scope is taken anything away, nor before the days are over.
    NothingIsTakenOnMissingEvidence,
    /// The journal's chain holds.
    TheChainHolds,
    /// What changes the directory stands in the journal before.
    IntentsComeFirst,
    /// What the journal calls done was done.
    DoneIsDone,
    /// A disturbed history ends as the undisturbed one.
    ItEndsAsUndisturbed,
    /// When nothing is due any more, nothing is done.
    ItComesToRest,
    /// Nothing is asked of Graph that Graph does not know.
    GraphIsAskedAsDocumented,
}

/// A step: what, to whom, with which group or sponsor.
type Step = (String, String, String);

/// What is really so of somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Truth {
    /// In the group, where that is the scope.
    pub(crate) in_group: bool,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Somebody asked for the person.
    pub(crate) asked_for: bool,
    /// Somebody asked to retire the person.
    pub(crate) retired: bool,
}

/// The witness.
pub(crate) struct Witness {
    tenant: Tenant,
    documents: MemoryStore,
    clock: SimClock,
    /// How long readers are shown what is no longer so.
    lag: SignedDuration,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    segments: u64,
    intents: BTreeMap<Step, u32>,
    done: BTreeMap<Step, u32>,
    /// Invitations of addresses are journalled under an id that nobody has.
    addresses: BTreeMap<String, String>,
    effects: BTreeMap<Step, u32>,
    /// Refused because it was so already, which counts as done.
    already: BTreeSet<Step>,
    truths: BTreeMap<Uuid, Truth>,
    violations: Vec<Violation>,
}

/// The days of grace, and those after which an invitation expires, as the configuration has them.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);
pub(crate) const EXPIRY: SignedDuration = SignedDuration::from_hours(12 * 24);
/// How old a reading may be on which something is done: a slice, and a request that is late.
const STALE: SignedDuration = SignedDuration::from_mins(5);

impl Witness {
    pub(crate) fn new(tenant: Tenant, documents: MemoryStore, clock: SimClock, lag: SignedDuration) -> Self {
        Self { tenant, documents, clock, lag, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The real time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes what is really so of somebody.
    pub(crate) fn knows(&self, person: Uuid, change: impl FnOnce(&mut Truth)) {
        change(self.seen().truths.entry(person).or_default());
    }

    /// What is really so.
    pub(crate) fn truth(&self, person: Uuid) -> Truth {
        self.seen().truths.get(&person).copied().unwrap_or_default()
    }

    /// What was broken so far.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.seen().violations.clone()
    }

    /// Reads what the journal says by now.
    pub(crate) async fn expects(&self) {
        loop {
            let number = self.seen().segments + 1;
            let segment = self.documents.get(&format!("journal/{number:010}")).await;
            let Ok(Some(segment)) = segment else { return };
            let segment: Value = serde_json::from_slice(&segment.bytes).unwrap_or_default();
            let mut seen = self.seen();
            seen.segments = number;
            for record in segment["content"]["records"].as_array().into_iter().flatten() {
                seen.reads(record);
            }
        }
    }

    /// A request came in, and was answered.
    pub(crate) fn saw(&self, request: &Bytes, answer: &Bytes) {
        for (method, url, body, status) in writes(request, answer) {
            let Some(step) = step(&method, &url, &body) else { continue };
            let mut seen = self.seen();
            if status >= 400 {
                seen.already.insert(step);
                continue;
            }
            let effects = seen.effects.entry(step.clone()).or_default();
            *effects += 1;
            let effects = *effects;
            if effects > seen.intended(&step) {
                seen.violated(
                    Rule::IntentsComeFirst,
                    format!("{step:?} was sent, and the journal knows nothing of it"),
                );
            }
            drop(seen);
            self.judge(&step);
        }
    }

    /// Whether something may be taken from somebody.
    fn judge(&self, (action, person, _): &Step) {
        if !matches!(action.as_str(), "disable" | "delete" | "remove-from-group") {
            return;
        }
        let Ok(id) = person.parse::<Uuid>() else { return };
        let now = self.now();
        let truth = self.truth(id);
        let invited = self.tenant.with_directory(|directory| {
            let user = directory.user(id).or_else(|| directory.deleted_user(id));
            user.filter(|user| user.external_user_state == Some(ExternalUserState::PendingAcceptance))
                .and_then(|user| user.external_user_state_changed)
        });
        let out_for = now.duration_since(truth.since);
        let has_left = !truth.in_group && !truth.asked_for && out_for >= GRACE - WORST_CLOCK;
        let just_came_back = truth.in_group && out_for <= self.lag + STALE;
        let has_expired = invited.is_some_and(|invited| now.duration_since(invited) >= EXPIRY - WORST_CLOCK);
        if !(truth.retired || has_left || just_came_back || has_expired) {
            let what = format!("{action} of {person} at {now}: {truth:?}, pending since {invited:?}");
            self.seen().violated(Rule::NothingIsTakenOnMissingEvidence, what);
        }
    }

    /// Whether the journal tells the truth about what is done.
    pub(crate) fn is_done(&self) -> Vec<Violation> {
        let seen = self.seen();
        let real = |step: &Step| seen.effects.get(step).copied().unwrap_or_default();
        let lies = seen.done.iter().filter(|(step, done)| real(step) < **done && !seen.already.contains(*step));
        lies.map(|(step, done)| Violation {
            rule: Rule::DoneIsDone,
            what: format!("{step:?} is done {done} times by the journal, and {} times in the directory", real(step)),
        })
        .collect()
    }
}

impl Seen {
    fn violated(&mut self, rule: Rule, what: String) {
        self.violations.push(Violation { rule, what });
    }

    /// How often a step was intended: an invitation is of an address, whoever is made by it.
    fn intended(&self, step: &Step) -> u32 {
        self.intents.get(step).copied().unwrap_or_default()
    }

    fn reads(&mut self, record: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match record["record"].as_str() {
            Some("intent") => {
                let (action, mut person) = (text(&record["action"]), text(&record["person"]));
                if action == "invite" {
                    let address = text(&record["address"]);
                    self.addresses.insert(person, address.clone());
                    person = address;
                }
                *self.intents.entry((sent_as(&action), person, text(&record["object"]))).or_default() += 1;
            }
            Some("outcome") if record["outcome"]["result"] == "done" => {
                let step = &record["step"];
                let person = text(&step["person"]);
                let person = self.addresses.get(&person).cloned().unwrap_or(person);
                *self.done.entry((sent_as(&text(&step["action"])), person, text(&step["object"]))).or_default() += 1;
            }
            _ => {}
        }
    }
}

/// Whether a request is a batch that changes something.
pub(crate) fn is_write(request: &Bytes) -> bool {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let mut inner = request["requests"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    inner.any(|one| step(&text(&one["method"]), &text(&one["url"]), &one["body"]).is_some())
}

/// What tells actions apart on the wire: all that go to `/invitations` with a user look alike.
fn sent_as(action: &str) -> String {
    match action {
        "convert" | "resend" | "reset-redemption" | "invite" => "invite".to_owned(),
        other => other.to_owned(),
    }
}

/// The step that a request of a batch carries out; `None` for one that only asks.
fn step(method: &str, url: &str, body: &Value) -> Option<Step> {
    let parts: Vec<_> = url.trim_start_matches('/').split('/').collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let referred = || text(&body["@odata.id"]).rsplit('/').next().unwrap_or_default().to_owned();
    let step =
        |action: &str, person: &str, object: &str| Some((action.to_owned(), person.to_owned(), object.to_owned()));
    match (method, parts.as_slice()) {
        ("POST", ["invitations"]) => {
            let id = body["invitedUser"]["id"].as_str();
            step("invite", &id.map_or_else(|| text(&body["invitedUserEmailAddress"]), str::to_owned), "")
        }
        ("PATCH", ["users", id]) => {
            let action = match body["accountEnabled"].as_bool() {
                Some(true) => "enable",
                Some(false) => "disable",
                None => "update",
            };
            step(action, id, "")
        }
        ("DELETE", ["users", id]) => step("delete", id, ""),
        ("POST", ["directory", "deletedItems", id, "restore"]) => step("restore", id, ""),
        ("POST", ["groups", group, "members", "$ref"]) => step("add-to-group", &referred(), group),
        ("DELETE", ["groups", group, "members", id, "$ref"]) => step("remove-from-group", id, group),
        ("POST", ["users", id, "sponsors", "$ref"]) => step("set-sponsor", id, &referred()),
        _ => None,
    }
}
