//! What is to be changed, and in which steps. No clock, no I/O.
//!
//! What cannot be seen before an earlier step is done (the schema of a job that is not there) is told as wanted, and planned
//! again after that step; so planning and doing take turns.

use super::filter;
use super::observe::{Observed, name_of};
use super::schema::{Schema, Source};
use crate::changes::Change;
use crate::config::{CrossTenantSync, Partner, SyncFlow, UserType};
use crate::graph::setup::synchronization::Setting;
use crate::ids::GroupId;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What Graph of US Government takes of settings together, by Microsoft's list of known issues.
const LARGEST_SETTINGS: usize = 1024;
const NOTIFICATIONS: &str = "SyncNotificationSettings";

/// The changes that a person allowed by `--allow-change`.
#[derive(Clone, Debug, Default)]
pub struct Allowed(BTreeSet<String>);

/// What is to be changed.
#[derive(Clone, Debug, Default)]
pub(super) struct SyncPlan {
    /// What people see.
    pub(super) changes: Vec<Change>,
    /// What is there, and not in the configuration.
    pub(super) left_alone: Vec<String>,
    /// What is sent, each with the changes that it brings about, by their places in `changes`.
    pub(super) steps: Vec<(Step, Vec<usize>)>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A new configuration of that name.
    Configure(String),
    /// A job for it.
    CreateJob,
    /// All its settings.
    Settings(Vec<Setting>),
    /// The job's whole schema, with what an expression of the configuration still has to become, by target.
    Schema(Schema, Vec<(String, Source)>),
    /// A group.
    Assign(GroupId),
    /// The job runs.
    Start,
}

/// Keys that a person can allow.
const KEYS: [&str; 5] = ["scope", "flow", "user_type", "filter", "start"];

impl Allowed {
    /// The keys that were given.
    ///
    /// # Errors
    /// The first that nothing ever waits for.
    pub fn new(keys: &[String]) -> Result<Self, &str> {
        match keys.iter().find(|key| !KEYS.contains(&key.as_str()) && !key.starts_with("attributes.")) {
            Some(unknown) => Err(unknown),
            None => Ok(Self(keys.iter().cloned().collect())),
        }
    }
}

/// Plans.
pub(super) fn plan(partner: &Partner, sync: &CrossTenantSync, observed: &Observed, allowed: &Allowed) -> SyncPlan {
    let mut planner = Planner { observed, allowed, plan: SyncPlan::default() };
    if observed.configuration.is_none() {
        let name = name_of(partner);
        planner.step("configuration", "none", &name, None, || Step::Configure(name.clone()));
    }
    if observed.job.is_none() {
        planner.step("job", "none", "one that does not run yet", None, || Step::CreateJob);
    }
    planner.settings(partner, sync);
    planner.schema(sync);
    for group in &sync.groups {
        if !observed.is_assigned(group.uuid()) {
            planner.step(&format!("groups.{group}"), "not assigned", "assigned", None, || Step::Assign(*group));
        }
    }
    planner.left_alone(sync);
    planner.start();
    planner.plan
}

struct Planner<'a> {
    observed: &'a Observed,
    allowed: &'a Allowed,
    plan: SyncPlan,
}

impl Planner<'_> {
    /// A change; its place, unless it waits.
    fn change(&mut self, key: &str, before: &str, after: &str, risk: Option<&str>) -> Option<usize> {
        let risk = risk.filter(|_| !self.allowed.0.contains(key));
        let waits = risk.is_some();
        let change = Change::new(key, before, after);
        self.plan.changes.push(match risk {
            Some(risk) => change.held(risk, format!("If it is meant, add `--allow-change {key}`.")),
            None => change,
        });
        (!waits).then_some(self.plan.changes.len() - 1)
    }

    fn step(&mut self, key: &str, before: &str, after: &str, risk: Option<&str>, step: impl FnOnce() -> Step) {
        if let Some(change) = self.change(key, before, after, risk) {
            self.plan.steps.push((step(), vec![change]));
        }
    }

    /// Whether the job ran already: then a change concerns people who are there.
    fn has_run(&self) -> bool {
        self.observed.job.as_ref().is_some_and(|job| job.has_run() || job.is_active())
    }

    fn settings(&mut self, partner: &Partner, sync: &CrossTenantSync) {
        let now = self.observed;
        let mut new: Vec<Setting> = now.settings.clone();
        let mut set = |key: &str, value: String| match new.iter_mut().find(|setting| setting.key == key) {
            Some(setting) => setting.value = Some(value),
            None => new.push(Setting { key: key.to_owned(), value: Some(value) }),
        };
        let mut changes = Vec::new();
        let target = partner.tenant_id.to_string();
        if !now.setting("CompanyId").is_some_and(|now| now.eq_ignore_ascii_case(&target)) {
            changes.extend(self.change("target", now.setting("CompanyId").unwrap_or("none"), &target, None));
        }
        set("CompanyId", target);
        set("AuthenticationType", "SyncPolicy".to_owned());
        if now.setting("SyncAll").is_none_or(|all| !all.eq_ignore_ascii_case("false")) {
            let before = if now.setting("SyncAll").is_some() { "everybody" } else { "not said" };
            let risk = (self.has_run() && now.setting("SyncAll").is_some())
                .then_some("people who are in no synchronized group would be deleted in the target");
            if let Some(change) = self.change("scope", before, "assigned groups alone", risk) {
                changes.push(change);
                set("SyncAll", "false".to_owned());
            }
        }
        let mut notifications = notifications(now);
        let wanted = (sync.deletion_threshold > 0, sync.deletion_threshold);
        let has = (
            notifications.get("DeleteThresholdEnabled") == Some(&Value::Bool(true)),
            notifications.get("DeleteThresholdValue").and_then(Value::as_u64),
        );
        if has.0 != wanted.0 || wanted.0 && has.1 != Some(wanted.1.into()) {
            let before = has.1.filter(|_| has.0).map_or_else(|| "off".to_owned(), |value| value.to_string());
            let after = if wanted.0 { wanted.1.to_string() } else { "off".to_owned() };
            changes.extend(self.change("deletion_threshold", &before, &after, None));
            notifications.insert("DeleteThresholdEnabled".to_owned(), json!(wanted.0));
            notifications.insert("DeleteThresholdValue".to_owned(), json!(wanted.1));
            set(NOTIFICATIONS, Value::Object(notifications).to_string());
        }
        if changes.is_empty() {
            return;
        }
        let hidden = new.iter().find(|setting| {
            setting.value.as_deref().is_some_and(|value| !value.is_empty() && value.chars().all(|c| c == '*'))
        });
        let size: usize =
            new.iter().map(|setting| setting.key.len() + setting.value.as_deref().map_or(0, str::len)).sum();
        let reason = match hidden {
            Some(setting) => {
                Some(format!("Graph hides the value of {}, and would keep the hidden text as its value", setting.key))
            }
            None if size > LARGEST_SETTINGS => {
                Some(format!("the settings would come to {size} bytes, and some clouds take {LARGEST_SETTINGS}"))
            }
            None => None,
        };
        match reason {
            Some(reason) => {
                for change in changes {
                    self.plan.changes[change] = self.plan.changes[change]
                        .clone()
                        .held(reason.clone(), "Set it in the portal, then run this again.");
                }
            }
            None => self.plan.steps.push((Step::Settings(new), changes)),
        }
    }

    fn schema(&mut self, sync: &CrossTenantSync) {
        let defaults = Schema::default();
        let fresh = self.observed.schema.is_none();
        let now = self.observed.schema.clone().unwrap_or(defaults);
        let mut new = now.clone();
        let mut expressions = Vec::new();
        let mut changes = Vec::new();
        let ran = self.has_run();

        let user_type = now.user_type();
        if user_type != Some(sync.user_type) {
            let before = if fresh { "Microsoft's default" } else { user_type.map_or("no constant", type_word) };
            let after = type_word(sync.user_type);
            let risk = ran.then_some("people who are there already would become another type");
            if let Some(change) = self.change("user_type", before, after, risk) {
                new.set_source("userType", &Source::Constant(after.to_owned()), None);
                changes.push(change);
            }
        }
        let flow = now.flow();
        if flow != sorted(&sync.flow) {
            let before = if fresh { "Microsoft's default".to_owned() } else { flow_words(&flow) };
            let adds_deletion = sync.flow.contains(&SyncFlow::Delete) && !flow.contains(&SyncFlow::Delete);
            let risk =
                (ran && adds_deletion).then_some("somebody switched deletions off, and this would switch them on");
            if let Some(change) = self.change("flow", &before, &flow_words(&sorted(&sync.flow)), risk) {
                new.set_flow(&sorted(&sync.flow));
                changes.push(change);
            }
        }
        for (target, text) in &sync.attributes {
            let source = Source::parse(text);
            if now.comes_from(target, &source) {
                continue;
            }
            let before = if fresh { "Microsoft's default" } else { now.source_of(target).unwrap_or("not mapped") };
            if let Some(change) = self.change(&format!("attributes.{target}"), before, text, None) {
                match source {
                    Source::Expression(_) => expressions.push((target.clone(), source)),
                    source => new.set_source(target, &source, None),
                }
                changes.push(change);
            }
        }
        // Checked when the configuration was read.
        let wanted = filter::parse(&sync.filter).unwrap_or_default();
        let (filters, ours) = now.filters();
        if filters != Schema::filters_of(&wanted) && (ours || !wanted.is_empty()) {
            let words = |filters: &[String]| if filters.is_empty() { "none".to_owned() } else { filters.join(" OR ") };
            let after = words(&Schema::filters_of(&wanted));
            let risk = match (ours, ran && !wanted.is_empty()) {
                (false, _) => Some("somebody else made the filter that is there"),
                (true, true) => Some("people whom the filter leaves out would be deleted in the target"),
                (true, false) => None,
            };
            if let Some(change) = self.change("filter", &words(&filters), &after, risk) {
                new.set_filters(&wanted);
                changes.push(change);
            }
        }
        if !changes.is_empty() && !fresh {
            self.plan.steps.push((Step::Schema(new, expressions), changes));
        }
    }

    fn left_alone(&mut self, sync: &CrossTenantSync) {
        let now = self.observed;
        let ours = |id| sync.groups.iter().any(|group| group.uuid() == id);
        for assignment in now.assigned.iter().filter(|assignment| !ours(assignment.principal_id)) {
            let kind = assignment.principal_type.as_deref().unwrap_or("principal").to_lowercase();
            self.plan.left_alone.push(format!("{kind} {} is assigned too", assignment.principal_id));
        }
        if let Some((filters, false)) = now.schema.as_ref().map(Schema::filters).filter(|_| sync.filter.is_empty()) {
            self.plan.left_alone.push(format!("a filter that somebody else made: {}", filters.join(" OR ")));
        }
        self.plan.left_alone.extend(now.duplicates.iter().map(|name| format!("{name} leads to the same tenant")));
        self.plan.left_alone.extend(now.unclear.iter().map(|name| format!("{name}: Graph hides where it leads")));
    }

    fn start(&mut self) {
        let job = self.observed.job.as_ref();
        if job.is_some_and(|job| job.is_active() || job.is_quarantined()) {
            return;
        }
        let risk = job.is_some_and(|job| job.has_run()).then_some("it ran before, and somebody stopped it");
        let before = if job.is_some() { "does not run" } else { "none" };
        self.step("start", before, "runs every 40 minutes", risk, || Step::Start);
    }
}

/// What is set of mails and thresholds: JSON in a text.
fn notifications(now: &Observed) -> Map<String, Value> {
    let known = now.setting(NOTIFICATIONS).and_then(|text| serde_json::from_str(text).ok());
    known.unwrap_or_else(|| {
        let mut new = Map::new();
        new.insert("Enabled".to_owned(), json!(false));
        new
    })
}

const fn type_word(user_type: UserType) -> &'static str {
    match user_type {
        UserType::Guest => "Guest",
        UserType::Member => "Member",
    }
}

fn sorted(flow: &[SyncFlow]) -> Vec<SyncFlow> {
    [SyncFlow::Add, SyncFlow::Update, SyncFlow::Delete].into_iter().filter(|one| flow.contains(one)).collect()
}

fn flow_words(flow: &[SyncFlow]) -> String {
    let word = |flow: &SyncFlow| match flow {
        SyncFlow::Add => "add",
        SyncFlow::Update => "update",
        SyncFlow::Delete => "delete",
    };
    if flow.is_empty() { "nothing".to_owned() } else { flow.iter().map(word).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::setup::synchronization::Job;
    use crate::people::fixtures::config;
    use uuid::Uuid;

    const GROUP: Uuid = Uuid::from_u128(7);

    /// What there is: settings by key, and whether the job has run.
    fn observed(settings: &[(&str, &str)], ran: bool) -> Observed {
        let setting =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: Some((*value).to_owned()) };
        let (state, ended) =
            if ran { ("Active", "2026-03-01T08:00:00Z") } else { ("Disabled", "0001-01-01T00:00:00Z") };
        let job: Job = serde_json::from_value(json!({
            "id": "job", "schedule": { "state": state }, "status": { "lastExecution": { "timeEnded": ended } },
        }))
        .unwrap();
        Observed {
            configuration: serde_json::from_value(json!({ "id": Uuid::nil(), "appId": Uuid::nil() })).unwrap(),
            settings: settings.iter().map(setting).collect(),
            job: Some(job),
            assigned: serde_json::from_value(json!([{ "principalId": GROUP }])).unwrap(),
            ..Observed::default()
        }
    }

    fn planned(more: &str, observed: &Observed) -> SyncPlan {
        let config = config("", "", "", &format!("[partner.sync]\ngroups = [\"{GROUP}\"]\n{more}"));
        plan(&config.partners[0], config.partners[0].sync.as_ref().unwrap(), observed, &Allowed::default())
    }

    const SETTLED: [(&str, &str); 4] = [
        ("CompanyId", "22222222-2222-4222-8222-222222222222"),
        ("AuthenticationType", "SyncPolicy"),
        ("SyncAll", "false"),
        (
            NOTIFICATIONS,
            r#"{"Enabled":true,"Recipients":"ops","DeleteThresholdEnabled":true,"DeleteThresholdValue":500}"#,
        ),
    ];

    #[test]
    fn everybody_becomes_assigned_people_only_with_a_word_once_the_job_has_run() {
        let all = SETTLED.map(|(key, value)| if key == "SyncAll" { (key, "true") } else { (key, value) });
        for (ran, waits) in [(false, false), (true, true)] {
            let planned = planned("", &observed(&all, ran));
            let scope = planned.changes.iter().find(|change| change.key == "scope").unwrap();
            assert_eq!(scope.held.is_some(), waits);
        }
    }

    #[test]
    fn what_somebody_set_for_notifications_is_kept() {
        let planned = planned("deletion_threshold = 7", &observed(&SETTLED, true));
        let (Step::Settings(settings), _) = &planned.steps[0] else { panic!("{planned:?}") };
        let text = settings.iter().find(|one| one.key == NOTIFICATIONS).and_then(|one| one.value.clone()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["Recipients"], &value["Enabled"]), (&json!("ops"), &json!(true)));
        assert_eq!(value["DeleteThresholdValue"], 7);
    }

    #[test]
    fn settings_that_graph_hides_or_would_not_take_are_not_written() {
        let hidden = [&SETTLED[..], &[("SecretToken", "****")]].concat();
        let long = "x".repeat(1024);
        let large = [&SETTLED[..], &[("BaseAddress", long.as_str())]].concat();
        for settings in [hidden, large] {
            let planned = planned("deletion_threshold = 7", &observed(&settings, true));
            assert!(!planned.steps.iter().any(|(step, _)| matches!(step, Step::Settings(_))), "{planned:?}");
            assert!(planned.changes.iter().any(|change| change.held.is_some()));
        }
    }
}
