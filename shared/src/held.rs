//! Held plans: what a person has to approve before it is carried out.
//!
//! Responsible for: one document for each partner, what changed since it was held, approval, staleness and expiry. Not
//! responsible for: what is held, see [`crate::people::ceilings`], nor for who may approve, see the callers.

use crate::config::Config;
use crate::people::decide::Action;
use crate::people::guard::Held;
use crate::people::plan::{PartnerPlan, PlanName, plan_id};
use crate::state::{Documents, StateError, Store, Versioned};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A held plan nobody approves is over after this; what it holds is then planned anew.
pub const EXPIRES_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// A held plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeldPlan {
    /// Its name: a hash of what it would do.
    #[schemars(with = "PlanName")]
    pub plan: String,
    /// The partner.
    pub partner: String,
    /// The hash of the configuration that it was made with; with another one it is stale.
    pub config: String,
    /// What held it.
    pub held: Held,
    /// When.
    pub created: Timestamp,
    /// When it is over.
    pub expires: Timestamp,
    /// What it would do.
    pub actions: Vec<Action>,
    /// How far later sweeps would hold something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
}

/// What changed since a plan was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// When that was last looked at.
    pub checked: Timestamp,
    /// How many of its actions are not due any more, or otherwise.
    pub gone: usize,
    /// How many more would be held now.
    pub added: usize,
}

/// Who approved a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// The person's object id.
    pub by: Uuid,
    /// When.
    pub at: Timestamp,
}

/// The held plan of one partner, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Place(Option<HeldPlan>);

impl Versioned for Place {
    const VERSION: u32 = 1;
}

/// Why a plan cannot be approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// There is no such plan.
    #[error("no plan {0} is held")]
    Unknown(String),
    /// It is over.
    #[error("plan {plan} expired at {expires}")]
    Expired {
        /// The plan.
        plan: String,
        /// When.
        expires: Timestamp,
    },
    /// The configuration is another one.
    #[error("the configuration was changed since plan {0} was held")]
    Stale(String),
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl ApprovalError {
    /// What to do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "`usher status` shows what is held.",
            Self::Expired { .. } | Self::Stale(_) => "Look at the plan that the next sweep holds, and approve that.",
            Self::State(_) => "Check USHER_STATE and the storage account.",
        }
    }
}

impl HeldPlan {
    /// What a plan holds for approval; `None` if nothing.
    fn of(plan: &PartnerPlan, config: String, now: Timestamp) -> Option<Self> {
        let held = plan.held.clone().filter(|_| !plan.held_actions.is_empty())?;
        Some(Self {
            plan: held.plan.clone()?,
            partner: plan.partner.clone(),
            config,
            held,
            created: now,
            expires: now + EXPIRES_AFTER,
            actions: plan.held_actions.clone(),
            drift: None,
            approved: None,
        })
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// Whether it still stands: not over, and of this configuration.
    fn stands(&self, config_hash: &str, now: Timestamp) -> bool {
        !self.is_over(now) && self.config == config_hash
    }

    fn contains(&self, action: &Action) -> bool {
        self.actions.iter().any(|held| held.identity() == action.identity())
    }
}

/// What of an approved plan is carried out, and what is stale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approved {
    /// What today's plan still contains identically; it was moved there from what is held.
    pub actions: Vec<Action>,
    /// What it does not.
    pub stale: Vec<Action>,
    /// What is still held beside it, and becomes the next plan.
    pub rest: Option<HeldPlan>,
}

impl Approved {
    /// Whether there is an approved plan at all.
    pub const fn is_some(&self) -> bool {
        !self.actions.is_empty() || !self.stale.is_empty()
    }
}

/// Compares what a sweep holds with what is held already: an approved plan moves into today's actions, one that stands notes
/// the drift, and otherwise a new one is kept.
///
/// # Errors
/// When the state fails.
pub async fn compare(
    store: &dyn Store,
    config: &Config,
    plan: &mut PartnerPlan,
    now: Timestamp,
) -> Result<Approved, StateError> {
    let documents = Documents(store);
    let name = name_of(&plan.partner);
    if !plan.complete || plan.is_stopped() {
        return Ok(Approved::default());
    }
    let found = documents.get::<Place>(&name).await?;
    let (place, etag) = found.map_or((None, None), |(place, etag)| (place.0, Some(etag)));
    let config_hash = config.plan_hash();
    let standing = place.clone().filter(|held| held.stands(&config_hash, now));
    if let Some(held) = standing.as_ref().filter(|held| held.approved.is_some()) {
        let today = plan.held_actions.iter().chain(&plan.actions);
        let still = |action: &&Action| !today.clone().any(|one| one.identity() == action.identity());
        let stale = held.actions.iter().filter(still).cloned().collect();
        let actions: Vec<_> = plan.held_actions.extract_if(.., |action| held.contains(action)).collect();
        plan.actions.extend(actions.iter().cloned());
        plan.actions.sort_by_key(|action| action.kind);
        plan.held = plan.held.take().filter(|_| !plan.held_actions.is_empty()).map(|held| {
            let name = plan_id(&plan.partner, &config_hash, &plan.held_actions);
            Held { plan: Some(name), ..held }
        });
        return Ok(Approved { actions, stale, rest: HeldPlan::of(plan, config_hash, now) });
    }
    let next = match (standing, plan.held.clone().filter(|_| !plan.held_actions.is_empty())) {
        (Some(held), today) => {
            let added = plan.held_actions.iter().filter(|action| !held.contains(action)).count();
            let due = |action: &&Action| plan.held_actions.iter().any(|today| today.identity() == action.identity());
            let gone = held.actions.len() - held.actions.iter().filter(due).count();
            if let Some(today) = today {
                plan.held = Some(Held { plan: Some(held.plan.clone()), ..today });
            }
            Some(HeldPlan { drift: Some(Drift { checked: now, gone, added }), ..held })
        }
        (None, Some(_)) => HeldPlan::of(plan, config_hash, now),
        (None, None) => None,
    };
    if next != place {
        documents.put(&name, &Place(next), etag.as_ref()).await?;
    }
    Ok(Approved::default())
}

/// Gives a plan that is only looked at the name of the one that is kept, if one is: no other can be approved.
///
/// # Errors
/// When the state fails.
pub async fn name(
    store: &dyn Store,
    config: &Config,
    plan: &mut PartnerPlan,
    now: Timestamp,
) -> Result<(), StateError> {
    let Some(held) = plan.held.as_mut().filter(|held| held.plan.is_some()) else { return Ok(()) };
    let found = Documents(store).get::<Place>(&name_of(&plan.partner)).await?;
    let kept = found.and_then(|(place, _)| place.0).filter(|kept| kept.stands(&config.plan_hash(), now));
    held.plan = kept.map(|kept| kept.plan);
    Ok(())
}

/// Notes how far an approved plan was carried out: what is `left` of it stays approved; when nothing is, what is still held
/// takes its place.
///
/// # Errors
/// When the state fails.
pub async fn carried_out(
    store: &dyn Store,
    partner: &str,
    left: &[Action],
    rest: Option<&HeldPlan>,
) -> Result<(), StateError> {
    let change = |place: &mut Place| match (&mut place.0, left) {
        (_, []) => place.0 = rest.cloned(),
        (Some(plan), left) => plan.actions = left.to_vec(),
        (None, _) => {}
    };
    Documents(store).update(&name_of(partner), change).await
}

/// What is held now and can be approved, over all partners.
///
/// # Errors
/// When the state fails.
pub async fn all(store: &dyn Store, config: &Config, now: Timestamp) -> Result<Vec<HeldPlan>, StateError> {
    let mut all = Vec::new();
    for partner in &config.partners {
        let found = Documents(store).get::<Place>(&name_of(&partner.name)).await?;
        all.extend(found.and_then(|(place, _)| place.0).filter(|held| held.stands(&config.plan_hash(), now)));
    }
    Ok(all)
}

/// Approves a plan. Who approves it again changes nothing.
///
/// # Errors
/// When there is none, it is over or stale, or the state fails.
pub async fn approve(
    store: &dyn Store,
    config: &Config,
    plan: &str,
    approval: Approval,
) -> Result<HeldPlan, ApprovalError> {
    for partner in &config.partners {
        let name = name_of(&partner.name);
        let Some((Place(Some(held)), etag)) = Documents(store).get::<Place>(&name).await? else { continue };
        if held.plan != plan {
            continue;
        }
        if held.is_over(approval.at) {
            return Err(ApprovalError::Expired { plan: plan.to_owned(), expires: held.expires });
        }
        if held.config != config.plan_hash() {
            return Err(ApprovalError::Stale(plan.to_owned()));
        }
        if held.approved.is_some() {
            return Ok(held);
        }
        let approved = HeldPlan { approved: Some(approval), ..held };
        Documents(store).put(&name, &Place(Some(approved.clone())), Some(&etag)).await?;
        return Ok(approved);
    }
    Err(ApprovalError::Unknown(plan.to_owned()))
}

fn name_of(partner: &str) -> String {
    format!("plans/{partner}")
}
