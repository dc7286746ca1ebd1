//! A small world for tests of the planner: a configuration, people, and what is known of them.

use super::case::View;
use super::guard::Birth;
use super::observe::kept_properties;
use super::person::{Lens, Person, Texts};
use super::plan::{PartnerPlan, plan};
use super::snapshot::{Evidence, Snapshot};
use crate::config::{Config, Environment};
use crate::graph::model::User;
use crate::ids::{GroupId, UserId};
use crate::journal::memory::Memory;
use crate::journal::record::Job;
use crate::tri::Tri;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

pub(crate) const SCOPE_GROUP: Uuid = Uuid::from_u128(0xA1);
pub(crate) const EXCLUDE_GROUP: Uuid = Uuid::from_u128(0xA2);
/// Nothing stands against being touched.
pub(crate) const FREE: Evidence = Evidence {
    exists: Tri::Yes,
    exchange_plan: Tri::No,
    directory_role: Tri::No,
    protected_group: Tri::No,
    licensed: Tri::No,
};

pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn id(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

/// The configuration of a tenant with the partner `fabrikam-gov` (fabrikam.us) and `waves = []`; `scope` and `limits` are
/// further lines of these sections, `rest` further sections.
pub(crate) fn config(partner: &str, scope: &str, limits: &str, rest: &str) -> Config {
    let text = format!(
        r#"
        [tenant]
        id = "11111111-1111-4111-8111-111111111111"
        mode = "apply"
        [[partner]]
        name = "fabrikam-gov"
        tenant_id = "22222222-2222-4222-8222-222222222222"
        cloud = "us-gov"
        {partner}
        [partner.scope]
        domains = ["fabrikam.us"]
        {scope}
        [partner.limits]
        {limits}
        {waves}
        {rest}
        "#,
        waves = if limits.contains("waves") { "" } else { "waves = []" }
    );
    Config::parse(&text, "usher.toml", &Environment::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The configuration with nothing special.
pub(crate) fn plain() -> Config {
    config("", "", "", "")
}

/// A person whom Entra Connect synced and who can be converted; `changes` overwrite Graph's properties.
pub(crate) fn synced(number: u128, changes: Value) -> User {
    let address = format!("person-{number:04}@fabrikam.us");
    let mut user = json!({
        "id": id(number),
        "userPrincipalName": format!("person-{number:04}@contoso.com"),
        "mail": address,
        "identities": [{"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com",
            "issuerAssignedId": format!("person-{number:04}@contoso.com")}],
        "accountEnabled": true, "creationType": null, "externalUserState": null, "onPremisesSyncEnabled": true,
        "userType": "Member", "createdDateTime": "2026-01-01T00:00:00Z",
    });
    user.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(user).unwrap()
}

/// Everything that a plan is made of.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) users: Vec<User>,
    pub(crate) groups: HashMap<GroupId, Result<HashSet<UserId>, String>>,
    pub(crate) evidence: HashMap<UserId, Evidence>,
    pub(crate) memory: Memory,
    pub(crate) birth: Birth,
    pub(crate) complete: bool,
}

impl World {
    /// People of whom nothing stands against being converted.
    pub(crate) fn of(config: Config, users: Vec<User>) -> Self {
        let evidence = users.iter().map(|user| (user.id, FREE)).collect();
        let members = users.iter().map(|user| user.id).collect();
        let groups =
            [(SCOPE_GROUP.into(), Ok(members)), (EXCLUDE_GROUP.into(), Ok(HashSet::new()))].into_iter().collect();
        Self { config, users, groups, evidence, memory: Memory::default(), birth: Birth::Known, complete: true }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let lens = Lens {
            domains: self
                .config
                .partners
                .iter()
                .flat_map(|partner| partner.scope.domains.iter().chain(&partner.scope.previous_domains))
                .map(|domain| domain.as_str().into())
                .collect(),
            extension_attributes: Vec::new(),
            verified_domains: ["contoso.onmicrosoft.com".into(), "contoso.com".into()].into(),
            properties: kept_properties(&self.config),
            texts: Texts::default(),
        };
        let mut snapshot = Snapshot::new(now(), lens.verified_domains.clone());
        for person in self.users.iter().filter_map(|user| Person::observe(user, &lens)) {
            snapshot.add(person);
        }
        snapshot.groups = self.groups.clone();
        snapshot.complete = self.complete;
        snapshot.evidence = self.evidence.clone();
        snapshot
    }

    /// The plan of the first partner.
    pub(crate) fn plan(&self) -> PartnerPlan {
        self.plan_of(0)
    }

    /// The plan of one partner.
    pub(crate) fn plan_of(&self, partner: usize) -> PartnerPlan {
        let snapshot = self.snapshot();
        let view = View { config: &self.config, snapshot: &snapshot, memory: &self.memory, now: now() };
        plan(view, &self.config.partners[partner], self.birth, Job::Reconcile)
    }

    /// The only reason in the plan, which has no action.
    pub(crate) fn only_reason(&self) -> &'static str {
        let plan = self.plan();
        assert!(plan.actions.is_empty(), "{:?}", plan.actions);
        let mut reasons = plan.untouched.keys();
        let reason = reasons.next().map_or("none", |reason| reason.name());
        assert!(reasons.next().is_none(), "{:?}", plan.untouched);
        reason
    }
}
