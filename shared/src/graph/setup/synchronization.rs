//! Microsoft's cross-tenant synchronization: configurations, their one job, and what it logs.
//!
//! A configuration is a gallery application of this tenant, the source; its "secrets" hold no secret but the target and how
//! much is synchronized. Reading anything of it without permission is answered 401 without a word of why.

use super::applications::ServicePrincipal;
use super::{Age, SetupReader, SetupWriter};
use crate::graph::directory::Pages;
use crate::graph::error::{GraphError, Kind, Result};
use crate::graph::model::Page;
use crate::graph::path::Path;
use crate::ids::{GroupId, TenantId};
use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The template of the one job that a configuration has.
const AZURE_TO_AZURE: &str = "Azure2Azure";
/// A fresh configuration is visible everywhere within 15 s, by the portal's words; more, to be sure.
const LOOKS: usize = 12;
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// A job.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id.
    pub id: String,
    /// From which template it was made.
    #[serde(default)]
    pub template_id: Option<String>,
    /// When it runs.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// How it goes.
    #[serde(default)]
    pub status: Option<JobStatus>,
}

/// When a job runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schedule {
    /// `Active`, `Disabled` or `Paused`.
    pub state: Option<String>,
    /// How often, as an ISO 8601 duration.
    pub interval: Option<String>,
}

/// How a job goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// `NotConfigured`, `NotRun`, `Active`, `Paused` or `Quarantine`.
    pub code: Option<String>,
    /// The last cycle.
    pub last_execution: Option<Execution>,
    /// The last that went well.
    pub last_successful_execution: Option<Execution>,
    /// Why it is held, where it is.
    pub quarantine: Option<Quarantine>,
    /// How many people are synchronized, by kind.
    pub synchronized_entry_count_by_type: Vec<Count>,
}

/// A number by kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Count {
    /// The kind.
    pub key: String,
    /// The number.
    pub value: i64,
}

/// A cycle.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Execution {
    /// `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub state: Option<String>,
    /// When it ended; in the year 1 before the first cycle, which no calendar of ours must refuse.
    pub time_ended: Option<String>,
    /// How many entries failed and wait to be tried again.
    pub count_escrowed: i64,
    /// How many were written.
    pub count_exported: i64,
    /// Why it failed.
    pub error: Option<SyncError>,
}

/// Why a job is held.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quarantine {
    /// Microsoft's word for it, such as `TooManyDeletes`.
    pub reason: Option<String>,
    /// In its words.
    pub error: Option<SyncError>,
    /// When it is tried next.
    pub next_attempt: Option<String>,
}

/// An error of the service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncError {
    /// Its code; `None` in text before the first cycle.
    pub code: Option<String>,
    /// In words.
    pub message: Option<String>,
}

/// One of a configuration's "secrets".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Which.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: Option<String>,
}

/// Somebody who is assigned to a configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// A user or group.
    pub principal_id: Uuid,
    /// `User`, `Group` or `ServicePrincipal`.
    #[serde(default)]
    pub principal_type: Option<String>,
}

/// What an expression is, as the service reads it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parsed {
    /// It can be read.
    pub parsing_succeeded: bool,
    /// As a mapping's source.
    pub parsed_expression: Option<Value>,
    /// Why it cannot.
    pub error: Option<SyncError>,
}

/// One line of the provisioning log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provisioned {
    /// When.
    pub activity_date_time: Option<Timestamp>,
    /// Who, in this tenant.
    pub source_identity: Option<Identity>,
    /// Who, in the other one.
    pub target_identity: Option<Identity>,
    /// `create`, `update`, `disable`, `delete`, `stagedDelete` or `other`.
    pub provisioning_action: Option<String>,
    /// How it went.
    pub provisioning_status_info: Option<StatusInfo>,
    /// Step by step.
    pub provisioning_steps: Vec<Step>,
}

/// Somebody in a log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The object id.
    pub id: Option<String>,
}

/// How one entry went.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusInfo {
    /// `success`, `failure`, `skipped` or `warning`.
    pub status: Option<String>,
    /// Why.
    pub error_information: Option<ErrorInformation>,
}

/// Why an entry went so.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorInformation {
    /// The code.
    pub error_code: Option<String>,
    /// In words.
    pub reason: Option<String>,
}

/// One step of an entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Step {
    /// What it is called.
    pub name: Option<String>,
    /// `Import`, `Matching`, `Scoping`, `Processing`, `ReferenceResolution` or `Export`, in varying capitals.
    #[serde(alias = "type")]
    pub provisioning_step_type: Option<String>,
    /// `success`, `failure`, `skipped` or `warning`.
    pub status: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// What it looked at.
    pub details: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instantiated {
    service_principal: ServicePrincipal,
}

#[derive(Deserialize)]
struct Secrets {
    #[serde(default)]
    value: Vec<Setting>,
}

impl SetupReader {
    /// The configurations of cross-tenant synchronization from this tenant, to whichever tenant.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn sync_configurations(&self) -> Result<Vec<ServicePrincipal>> {
        self.all(Path::sync_configurations()).await
    }

    /// What a configuration is set to.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sync_settings(&self, configuration: Uuid) -> Result<Vec<Setting>> {
        Ok(self.find::<Secrets>(&Path::sync_secrets(configuration)).await?.map(|found| found.value).unwrap_or_default())
    }

    /// The job of a configuration, if it has one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sync_job(&self, configuration: Uuid) -> Result<Option<Job>> {
        let jobs = self.find::<Page<Job>>(&Path::sync_jobs(configuration)).await?;
        let ours = |job: &Job| job.template_id.as_deref() == Some(AZURE_TO_AZURE);
        Ok(jobs.and_then(|page| page.value.into_iter().find(ours)))
    }

    /// The whole schema of a job, as Graph has it: whoever changes it must give all of it back.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sync_schema(&self, configuration: Uuid, job: &str) -> Result<Value> {
        self.get(&Path::sync_schema(configuration, job)).await
    }

    /// Who is assigned to a configuration.
    ///
    /// # Errors
    /// When it cannot be read to the end.
    pub async fn assigned_to(&self, configuration: Uuid) -> Result<Vec<Assignment>> {
        self.all(Path::assigned_to(configuration)).await
    }

    /// What a configuration logged since then, the latest first, up to so many lines.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn provisioning_log(
        &self,
        configuration: Uuid,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<Provisioned>> {
        let mut pages = Pages::<Provisioned>::new(self.client.clone(), Path::provisioning_log(configuration, since));
        let mut lines = Vec::new();
        while lines.len() < most {
            match pages.next().await? {
                Some(page) => lines.extend(page),
                None => break,
            }
        }
        Ok(lines)
    }
}

impl SetupWriter {
    /// Makes a configuration, and waits until it can be seen.
    ///
    /// # Errors
    /// When Graph refuses, its answer is lost, or it cannot be seen after a minute.
    pub async fn new_sync_configuration(&self, reader: &SetupReader, name: &str) -> Result<ServicePrincipal> {
        let body = json!({ "displayName": name });
        let path = Path::new_sync_configuration();
        let made: Instantiated = self.send(Method::POST, &path, Some(&body), Age::Known).await?;
        let id = made.service_principal.id;
        for _ in 0..LOOKS {
            let seen: Option<ServicePrincipal> = reader.find(&Path::sync_configuration(id)).await?;
            if let Some(seen) = seen.filter(|seen| !seen.app_roles.is_empty()) {
                return Ok(seen);
            }
            self.client.clock().sleep(BETWEEN_LOOKS).await;
        }
        Err(GraphError::new(Kind::NotFound, path.template(), "what was made cannot be seen after a minute"))
    }

    /// Makes the job of a configuration, which does not run yet.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn new_sync_job(&self, configuration: Uuid) -> Result<Job> {
        let body = json!({ "templateId": AZURE_TO_AZURE });
        self.send(Method::POST, &Path::new_sync_job(configuration), Some(&body), Age::JustMade).await
    }

    /// Asks whether the target would let people in. It is asked by a POST, and changes nothing.
    ///
    /// # Errors
    /// When it would not, with the service's code for why.
    pub async fn validate_sync(&self, configuration: Uuid, target: TenantId) -> Result<()> {
        let body = json!({
            "templateId": AZURE_TO_AZURE,
            "useSavedCredentials": false,
            "credentials": [
                { "key": "CompanyId", "value": target },
                { "key": "AuthenticationType", "value": "SyncPolicy" },
            ],
        });
        self.write(Method::POST, &Path::validate_sync(configuration), Some(&body), Age::JustMade).await
    }

    /// Sets all that a configuration is set to.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn change_sync_settings(&self, configuration: Uuid, settings: &[Setting]) -> Result<()> {
        let body = json!({ "value": settings });
        self.write(Method::PUT, &Path::change_sync_secrets(configuration), Some(&body), Age::JustMade).await
    }

    /// Replaces a job's schema.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn change_sync_schema(&self, configuration: Uuid, job: &str, schema: &Value) -> Result<()> {
        self.write(Method::PUT, &Path::change_sync_schema(configuration, job), Some(schema), Age::JustMade).await
    }

    /// Reads an expression as the service does. It is asked by a POST, and changes nothing.
    ///
    /// # Errors
    /// When Graph does not answer.
    pub async fn parse_expression(&self, configuration: Uuid, job: &str, expression: &str) -> Result<Parsed> {
        let body = json!({ "expression": expression });
        self.send(Method::POST, &Path::parse_sync_expression(configuration, job), Some(&body), Age::JustMade).await
    }

    /// Assigns a group to a configuration, by the configuration's one role.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn assign_group(&self, configuration: Uuid, role: Uuid, group: GroupId) -> Result<()> {
        let body = json!({ "principalId": group, "resourceId": configuration, "appRoleId": role });
        let path = Path::assign_to(configuration);
        super::applications::unless_there(self.write(Method::POST, &path, Some(&body), Age::JustMade).await)
    }

    /// Starts a job, or lets it go on from where it was paused.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn start_sync(&self, configuration: Uuid, job: &str) -> Result<()> {
        self.write(Method::POST, &Path::start_sync(configuration, job), None, Age::JustMade).await
    }

    /// Pauses a job. A cycle that runs goes to its end.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn pause_sync(&self, configuration: Uuid, job: &str) -> Result<()> {
        self.write(Method::POST, &Path::pause_sync(configuration, job), None, Age::Known).await
    }

    /// Lets a job look at everybody anew, with Graph's words for what it shall forget.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn restart_sync(&self, configuration: Uuid, job: &str, reset_scope: &str) -> Result<()> {
        let body = json!({ "criteria": { "resetScope": reset_scope } });
        self.write(Method::POST, &Path::restart_sync(configuration, job), Some(&body), Age::Known).await
    }

    /// Provisions one person of this tenant now, and says how each step went.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn provision_on_demand(&self, configuration: Uuid, job: &str, rule: &str, user: Uuid) -> Result<Answer> {
        let body = json!({ "parameters": [{
            "ruleId": rule,
            "subjects": [{ "objectId": user, "objectTypeName": "User" }],
        }] });
        self.send(Method::POST, &Path::provision_on_demand(configuration, job), Some(&body), Age::Known).await
    }
}

/// The answer of provisioning on demand: two texts that hold JSON, in one of two forms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// A type's name, or how it ended.
    pub key: String,
    /// The steps, or an object with them.
    pub value: String,
}

/// The settings by key.
pub fn by_key(settings: &[Setting]) -> BTreeMap<&str, &str> {
    settings.iter().filter_map(|setting| Some((setting.key.as_str(), setting.value.as_deref()?))).collect()
}

impl Job {
    /// Whether it runs by its schedule.
    pub fn is_active(&self) -> bool {
        self.schedule_is("Active") && !self.is_quarantined()
    }

    /// Whether the service holds it.
    pub fn is_quarantined(&self) -> bool {
        let status = self.status.as_ref();
        status.is_some_and(|status| status.code.as_deref() == Some("Quarantine") || status.quarantine.is_some())
    }

    /// Whether it ever ran. Before its first cycle a job shows one that failed without a code, in the year 1.
    pub fn has_run(&self) -> bool {
        self.status.as_ref().and_then(|status| status.last_execution.as_ref()).is_some_and(Execution::happened)
    }

    fn schedule_is(&self, state: &str) -> bool {
        self.schedule.as_ref().and_then(|schedule| schedule.state.as_deref()) == Some(state)
    }
}

impl Execution {
    /// Whether it was a cycle at all.
    pub fn happened(&self) -> bool {
        self.ended().is_some()
    }

    /// When it ended.
    pub fn ended(&self) -> Option<Timestamp> {
        let ended = self.time_ended.as_deref().filter(|ended| !ended.starts_with("0001-"))?;
        ended.parse().ok()
    }
}
