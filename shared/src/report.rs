//! What a run shows: the contract of `--json`, and what stays in the state for `status`.
//!
//! Responsible for: the shapes. Not responsible for: tables and colours; the commands are.

use crate::config::Mode;
use crate::graph::catalogue::Refusal;
use crate::graph::{GraphError, Kind};
use crate::ids::{RunId, UserId};
use crate::journal::record::{ActionKind, Job, Outcome, StepId};
use crate::people::decide::{Action, ActionReason};
use crate::people::guard::Held;
use crate::people::lifecycle::State;
use crate::people::observe::ObserveError;
use crate::people::plan::{PartnerPlan, Unreadable};
use crate::people::reason::Reason;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What `plan` and `apply` show.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// Plan or apply.
    pub mode: Mode,
    /// Whether the run went through its whole plan; not so when it was stopped or its time ran short.
    pub finished: bool,
    /// Whether something is left that only another sweep goes on with.
    #[serde(skip)]
    pub needs_a_sweep: bool,
    /// One entry per partner, in the order of the configuration.
    pub partners: Vec<PartnerReport>,
    /// Partners that are configured no more, told once; nothing is done to their people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_partners: Vec<RemovedPartner>,
}

/// A partner that is configured no more.
#[derive(Clone, Debug, Serialize)]
pub struct RemovedPartner {
    /// Its name.
    pub partner: String,
    /// How many people usher looked after.
    pub people: usize,
}

/// What happened for one partner.
#[derive(Clone, Debug, Serialize)]
pub struct PartnerReport {
    /// The partner's name.
    pub partner: String,
    /// Whether everything that its decisions need could be read.
    pub complete: bool,
    /// People observed in scope.
    pub observed: usize,
    /// How many people are in which state; only a sweep can tell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<State, usize>,
    /// The plan's name.
    pub plan: String,
    /// The guard that stopped everything for this partner, or what a person has to approve.
    pub held: Option<Held>,
    /// How many more wait for their wave or their day.
    pub waiting: usize,
    /// People whom the quick path should have brought in before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<UserId>,
    /// The wave that this was, counted from 1, unless the waves are over.
    pub wave: Option<usize>,
    /// What was to be done, with what became of it.
    pub actions: Vec<ActionReport>,
    /// How many people in view are left alone, by reason.
    pub untouched: BTreeMap<Reason, usize>,
    /// Some of those for whom a person has to decide something, by reason.
    #[serde(skip)]
    pub needs: BTreeMap<Reason, Vec<UserId>>,
    /// Why the partner failed as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

/// One action with what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct ActionReport {
    /// What.
    pub action: ActionKind,
    /// To whom.
    pub person: PersonReport,
    /// The group or the sponsor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Uuid>,
    /// Why.
    pub reason: ActionReason,
    /// What the person was.
    pub before: String,
    /// What they are meant to be.
    pub after: String,
    /// What became of it.
    pub outcome: OutcomeReport,
    /// Why it failed.
    pub error: Option<ErrorReport>,
}

/// A person, for the operator's eyes.
#[derive(Clone, Debug, Serialize)]
pub struct PersonReport {
    /// Object id.
    pub id: UserId,
    /// The address invited, or one that people know the person by.
    pub address: Option<String>,
}

impl ActionReport {
    /// An action of which nothing was done yet.
    fn of(action: &Action, outcome: OutcomeReport) -> Self {
        Self {
            action: action.kind,
            person: PersonReport {
                id: action.person,
                address: action.address.as_ref().map(|address| address.as_str().to_owned()),
            },
            object: action.object,
            reason: action.reason,
            before: action.before.clone(),
            after: action.after.clone(),
            outcome,
            error: None,
        }
    }

    /// The step that it is.
    pub const fn step(&self) -> StepId {
        StepId { person: self.person.id, action: self.action, object: self.object }
    }
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeReport {
    /// Not sent: plan mode, or its turn did not come.
    Planned,
    /// Done.
    Done,
    /// Refused.
    Failed,
    /// Sent, and nobody knows what became of it.
    Unconfirmed,
    /// Left out, because something else touched the person meanwhile.
    Skipped,
}

impl From<&Outcome> for OutcomeReport {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Refused { .. } => Self::Failed,
            Outcome::Unknown => Self::Unconfirmed,
            Outcome::NotSent => Self::Planned,
        }
    }
}

/// A failure, as people and programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// Graph's code, or one of ours.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// Whether it may go away by itself.
    pub transient: bool,
}

/// A run in short, as `status` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Which job.
    pub job: Job,
    /// Plan or apply.
    pub mode: Mode,
    /// When its snapshot was begun.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// People observed in scope.
    pub observed: usize,
    /// Actions in its plan.
    pub planned: usize,
    /// Actions done.
    pub done: usize,
    /// Actions refused.
    pub failed: usize,
    /// Actions of which nobody knows what became of them.
    pub unconfirmed: usize,
    /// People who wait for their wave or their day.
    pub waiting: usize,
    /// People whom the quick path should have brought in before.
    #[serde(default)]
    pub missed: usize,
    /// The wave that it was, counted from 1, unless the waves are over.
    #[serde(default)]
    pub wave: Option<usize>,
    /// The guard that stopped it.
    pub held: Option<Held>,
    /// Why the partner failed as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}

impl RunSummary {
    /// A run that failed for everybody before anything was planned.
    pub fn failed(job: Job, mode: Mode, error: ErrorReport, started: Timestamp, finished: Timestamp) -> Self {
        Self {
            run: RunId::random(),
            job,
            mode,
            started,
            finished,
            observed: 0,
            planned: 0,
            done: 0,
            failed: 0,
            unconfirmed: 0,
            waiting: 0,
            missed: 0,
            wave: None,
            held: None,
            error: Some(error),
        }
    }

    /// Whether it went through: nothing held everything, and nothing failed as a whole. A plan that waits for approval is
    /// told as such and keeps nobody from being brought in.
    pub fn is_good(&self) -> bool {
        went_through(self.held.as_ref(), self.error.is_some())
    }
}

fn went_through(held: Option<&Held>, failed: bool) -> bool {
    !held.is_some_and(|held| held.reason.holds_everything()) && !failed
}

impl PartnerReport {
    /// Whether it went through, as [`RunSummary::is_good`] has it.
    pub fn is_good(&self) -> bool {
        went_through(self.held.as_ref(), self.error.is_some())
    }

    /// The report of a plan of which nothing is carried out yet.
    pub fn of(plan: &PartnerPlan, config_hash: &str) -> Self {
        Self {
            partner: plan.partner.clone(),
            complete: plan.complete,
            observed: plan.observed,
            plan: plan.id(config_hash),
            held: plan.held.clone(),
            waiting: plan.waiting + plan.changes_waiting,
            missed: plan.missed.clone(),
            states: plan.states.clone(),
            wave: plan.wave.map(|wave| wave + 1),
            actions: plan
                .actions
                .iter()
                .chain(&plan.held_actions)
                .map(|action| ActionReport::of(action, OutcomeReport::Planned))
                .collect(),
            untouched: plan.untouched.clone(),
            needs: plan.needs.clone(),
            error: plan.unreadable.as_ref().map(ErrorReport::from),
        }
    }

    /// Adds what was approved and is stale.
    pub fn add_stale(&mut self, stale: &[Action]) {
        self.actions.extend(stale.iter().map(|action| ActionReport::of(action, OutcomeReport::Skipped)));
    }

    /// How many actions had this outcome.
    pub fn count(&self, outcome: OutcomeReport) -> usize {
        self.actions.iter().filter(|action| action.outcome == outcome).count()
    }

    /// The run in short.
    pub fn summary(&self, run: RunId, job: Job, mode: Mode, started: Timestamp, finished: Timestamp) -> RunSummary {
        RunSummary {
            run,
            job,
            mode,
            started,
            finished,
            observed: self.observed,
            planned: self.actions.len(),
            done: self.count(OutcomeReport::Done),
            failed: self.count(OutcomeReport::Failed),
            unconfirmed: self.count(OutcomeReport::Unconfirmed),
            waiting: self.waiting,
            missed: self.missed.len(),
            wave: self.wave,
            held: self.held.clone(),
            error: self.error.clone(),
        }
    }
}

impl From<&Unreadable> for ErrorReport {
    fn from(unreadable: &Unreadable) -> Self {
        let (code, message, advice) = match unreadable {
            Unreadable::Group { group, why } => (
                "group-unreadable",
                format!("Group {group} of the partner's scope could not be read: {why}."),
                "Check that the groups of scope.groups and scope.exclude_groups exist, and that usher may read them \
                 (GroupMember.Read.All).",
            ),
            Unreadable::Protection { why } => (
                "protection-unreadable",
                format!("It cannot be told who is protected: {why}."),
                "Grant RoleManagement.Read.Directory and GroupMember.Read.All, and check that the protected group exists. \
                 Eligible roles cannot be read with the Azure CLI's token.",
            ),
        };
        Self { code: code.to_owned(), message, advice: advice.to_owned(), transient: false }
    }
}

impl From<&ObserveError> for ErrorReport {
    fn from(error: &ObserveError) -> Self {
        match error {
            ObserveError::Graph(error) => Self::from(error),
            ObserveError::WrongTenant { .. } => Self {
                code: "wrong-tenant".to_owned(),
                message: error.to_string(),
                advice: "Sign in to the configured tenant.".to_owned(),
                transient: false,
            },
        }
    }
}

impl From<&GraphError> for ErrorReport {
    fn from(error: &GraphError) -> Self {
        let message = if error.message().is_empty() { error.to_string() } else { error.message().to_owned() };
        Self {
            code: error.code.clone().unwrap_or_else(|| match error.status {
                Some(status) => format!("http-{status}"),
                None => "no-answer".to_owned(),
            }),
            message,
            advice: match error.kind {
                Kind::Throttled => "Nothing to do: the next run goes on. If it lasts, lower tenant.quota_percent.",
                Kind::Unauthenticated => "Check that the identity exists and is for this tenant and cloud.",
                Kind::Forbidden => {
                    "Check the identity's permissions (User.Invite.All, User.Read.All) and who may invite guests in this tenant."
                }
                Kind::NotFound => "Check whether the object was deleted meanwhile.",
                Kind::Refused => "Correct what Graph objects to; it is tried again after a day.",
                Kind::Conflict => "Nothing to do: somebody changed the object at the same moment; the next run goes on.",
                Kind::Unavailable => "Nothing to do: the next run goes on.",
                Kind::OutcomeUnknown => "Nothing to do: the next sweeps read whether it happened before it is tried again.",
                Kind::ResyncNeeded => "Nothing to do: the next run reads everything anew.",
                Kind::Malformed => "Something between usher and Graph changes the answers; look at proxies.",
            }
            .to_owned(),
            transient: error.is_transient(),
        }
    }
}

impl ErrorReport {
    /// With what to do where an action other than an invitation was refused.
    #[must_use]
    pub fn for_action(self, action: ActionKind) -> Self {
        let permission = match action {
            ActionKind::AddToGroup | ActionKind::RemoveFromGroup => "GroupMember.ReadWrite.All",
            _ => "User.ReadWrite.All",
        };
        match self.transient {
            true => self,
            false => Self {
                advice: format!(
                    "Check that the identity has {permission}, and that Graph lets this object be changed (groups with \
                     dynamic or synced membership, and people with directory roles, do not). It is tried again after a day."
                ),
                ..self
            },
        }
    }

    /// A refusal, with Graph's words for it where there are some.
    pub fn of(refusal: Refusal, words: Option<&Self>) -> Self {
        Self {
            // Where the catalogue knows no name of its own, Graph's says more.
            code: words
                .filter(|_| refusal.is_generic())
                .map_or_else(|| refusal.name.to_owned(), |words| words.code.clone()),
            message: words.map_or_else(|| format!("Graph refused: {}.", refusal.name), |words| words.message.clone()),
            advice: refusal.advice.to_owned(),
            transient: false,
        }
    }
}
