//! What a tenant knows of synchronisations: as a source its jobs and their log, as a target who came by one.

use super::attempt::Attempt;
use super::job::{Job, Schedule};
use super::schema;
use crate::tenant::model::Directory;
use crate::tenant::user::User;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How synchronisations behave where the documentation leaves room; what stands first is what is done unless a test
/// says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// How long it takes until what was made from a template can be read, beside [`Directory::lag`].
    pub instantiation_lag: SignedDuration,
    /// How long it takes until an entry of the provisioning log can be read.
    pub log_lag: SignedDuration,
    /// Which of the documented answers an on-demand provisioning has.
    pub on_demand: OnDemandShape,
    /// Where the built-in filter on external users stands.
    pub external_filter: FilterPlace,
    /// What misses on either side is reported with the code of older documentation.
    pub older_policy_code: bool,
    /// `CompanyId` comes back masked.
    pub masks_company_id: bool,
    /// Switching SMS sign-in off is a change that the next cycle sees; otherwise it takes a restart or a request.
    pub sms_is_a_change: bool,
    /// The configurations were made with the checkbox for other clouds.
    pub across_clouds: bool,
    /// Only what is mightier than owning the application restarts a job, as was seen.
    pub owners_restart: bool,
}

/// The documented answers of an on-demand provisioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDemandShape {
    /// As the reference page has it: the result in `key`, an object in `value`.
    #[default]
    Reference,
    /// As the guide on synchronisation across tenants has it: a type's name in `key`, a list in `value`.
    Guide,
}

/// Where the built-in filter stands in the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FilterPlace {
    /// In `scope.groups`: another group beside it is an alternative to it.
    #[default]
    Groups,
    /// In `scope.inputFilterGroups`, which must be met beside the others.
    InputFilterGroups,
}

/// All of a directory's synchronisations.
#[derive(Debug, Default)]
pub(in crate::tenant) struct Synchronizations {
    /// By service principal.
    pub(super) all: BTreeMap<Uuid, Synchronization>,
    pub(super) log: Vec<Attempt>,
    /// Who came from where: tenant and id at home, then the id here.
    pub(super) arrivals: BTreeMap<(Uuid, Uuid), Uuid>,
}

impl Synchronizations {
    /// A configuration is gone; whom it wrote stay.
    pub(in crate::tenant) fn forget(&mut self, principal: Uuid) {
        self.all.remove(&principal);
    }
}

/// One configuration.
#[derive(Debug, Default)]
pub(super) struct Synchronization {
    pub(super) secrets: Vec<(String, String)>,
    pub(super) jobs: BTreeMap<String, Job>,
}

impl Synchronization {
    pub(super) fn secret(&self, key: &str) -> Option<&str> {
        self.secrets.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The target tenant.
    pub(super) fn company(&self) -> Option<Uuid> {
        self.secret("CompanyId")?.parse().ok()
    }

    /// Everybody is meant, not only who is assigned.
    pub(super) fn syncs_all(&self) -> bool {
        self.secret("SyncAll").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// How many people one cycle may take away at most.
    pub(super) fn delete_threshold(&self) -> Option<usize> {
        let settings: Value = serde_json::from_str(self.secret("SyncNotificationSettings")?).ok()?;
        let enabled = settings["DeleteThresholdEnabled"].as_bool().unwrap_or_default();
        let value = settings["DeleteThresholdValue"].as_u64().and_then(|value| usize::try_from(value).ok());
        value.filter(|_| enabled)
    }
}

/// A job, as a test looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncJob {
    /// Of the configuration.
    pub service_principal: Uuid,
    /// The job's own.
    pub id: String,
    /// The target tenant.
    pub target: Option<Uuid>,
    /// Whether it runs.
    pub schedule: Schedule,
    /// Why it is in quarantine.
    pub quarantine: Option<&'static str>,
    /// The built-in filter on external users is still there.
    pub filters_external_users: bool,
    /// Whom it wrote: the id here, then the id there.
    pub links: BTreeMap<Uuid, Uuid>,
}

impl Directory {
    /// The jobs that there are.
    pub fn sync_jobs(&self) -> Vec<SyncJob> {
        let all = self.synchronizations.all.iter().flat_map(|(principal, synchronization)| {
            synchronization.jobs.values().map(move |job| SyncJob {
                service_principal: *principal,
                id: job.id.clone(),
                target: synchronization.company(),
                schedule: job.schedule,
                quarantine: job.quarantine.as_ref().map(|quarantine| quarantine.reason),
                filters_external_users: schema::filters_external_users(&job.schema),
                links: job.links.clone(),
            })
        });
        all.collect()
    }

    /// The provisioning log, oldest first.
    pub fn provisioning_log(&self) -> &[Attempt] {
        &self.synchronizations.log
    }

    /// The user who came from there by a synchronisation, deleted or not.
    pub fn synchronized_user(&self, home: Uuid, id: Uuid) -> Option<&User> {
        let here = *self.synchronizations.arrivals.get(&(home, id))?;
        self.user(here).or_else(|| self.deleted_user(here))
    }

    /// An administrator allows synchronisations from other clouds: Microsoft's application for it gets what it needs.
    pub fn allow_cross_cloud_sync(&mut self) -> Uuid {
        let app = self.create_service_principal("Microsoft cross-cloud synchronization");
        for value in ["User.ReadWrite.CrossCloud", "User.Invite.All", "Organization.Read.All", "Policy.Read.All"] {
            // It was just made, so it has none of them.
            let _ = self.assign_graph_role(app, value);
        }
        app
    }
}
