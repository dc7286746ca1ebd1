//! What there is of cross-tenant synchronization from this tenant to a partner.

use super::schema::Schema;
use crate::config::Partner;
use crate::graph::error::Result;
use crate::graph::setup::SetupReader;
use crate::graph::setup::applications::ServicePrincipal;
use crate::graph::setup::synchronization::{Assignment, Job, Setting, by_key};
use uuid::Uuid;

/// The setting that names the target.
const TARGET: &str = "CompanyId";
/// The role by which people and groups are assigned to a gallery application.
const ASSIGNED: &str = "msiam_access";
/// The same in an application whose roles have no value, and in one that has none: whoever is assigned, by no role.
const ASSIGNED_NAME: &str = "User";

/// How the names of configurations begin that Microsoft 365 makes for a multitenant organization. They are its own.
const MICROSOFT_365: &str = "MTO_Sync_";

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The configuration; `None` where there is none for this partner.
    pub configuration: Option<ServicePrincipal>,
    /// Further configurations for the same partner, by name.
    pub duplicates: Vec<String>,
    /// Configurations for the same partner that Microsoft 365 made, by name.
    pub of_microsoft_365: Vec<String>,
    /// Configurations whose target cannot be seen, by name.
    pub unclear: Vec<String>,
    /// What the configuration is set to.
    pub settings: Vec<Setting>,
    /// Its job.
    pub job: Option<Job>,
    /// The job's schema; `None` where it has none that can be understood.
    pub schema: Option<Schema>,
    /// Who is assigned.
    pub assigned: Vec<Assignment>,
}

/// The name that usher gives to a configuration.
pub fn name_of(partner: &Partner) -> String {
    format!("CTS-{}", partner.name)
}

/// Reads it. `made` is a configuration that was made just now and may not be found by looking for it yet.
///
/// # Errors
/// When anything of it cannot be read: then nothing may be concluded from the rest.
pub async fn observe(reader: &SetupReader, partner: &Partner, made: Option<&ServicePrincipal>) -> Result<Observed> {
    let mut observed = Observed::default();
    let mut found = Vec::new();
    let mut all = reader.sync_configurations().await?;
    if let Some(made) = made.filter(|made| all.iter().all(|one| one.id != made.id)) {
        all.push(made.clone());
    }
    let ours = name_of(partner);
    for configuration in all {
        let settings = reader.sync_settings(configuration.id).await?;
        let name = configuration.display_name.clone().unwrap_or_default();
        let target = by_key(&settings).get(TARGET).map(|target| (*target).to_owned());
        match target.as_deref() {
            Some(target) if target.eq_ignore_ascii_case(&partner.tenant_id.to_string()) => {
                if name.starts_with(MICROSOFT_365) {
                    observed.of_microsoft_365.push(name);
                } else {
                    found.push((configuration, settings));
                }
            }
            // Begun and not finished; or the service hides where it leads.
            None if name == ours => found.push((configuration, settings)),
            Some(target) if target.contains('*') && name == ours => found.push((configuration, settings)),
            Some(target) if target.contains('*') => observed.unclear.push(name),
            _ => {}
        }
    }
    let mut with_jobs = Vec::new();
    for (configuration, settings) in found {
        let job = reader.sync_job(configuration.id).await?;
        with_jobs.push((configuration, settings, job));
    }
    // The one that works is the one that is meant.
    with_jobs.sort_by_key(|(configuration, _, job)| {
        (!job.as_ref().is_some_and(Job::is_active), job.is_none(), configuration.id)
    });
    let mut with_jobs = with_jobs.into_iter();
    if let Some((configuration, settings, job)) = with_jobs.next() {
        if let Some(job) = &job {
            observed.schema = Schema::new(reader.sync_schema(configuration.id, &job.id).await?);
        }
        observed.assigned = reader.assigned_to(configuration.id).await?;
        (observed.configuration, observed.settings, observed.job) = (Some(configuration), settings, job);
    }
    observed.duplicates = with_jobs.filter_map(|(configuration, ..)| configuration.display_name).collect();
    Ok(observed)
}

impl Observed {
    /// A setting's value.
    pub fn setting(&self, key: &str) -> Option<&str> {
        by_key(&self.settings).get(key).copied()
    }

    /// Whether a user or group is assigned.
    pub fn is_assigned(&self, principal: Uuid) -> bool {
        self.assigned.iter().any(|assignment| assignment.principal_id == principal)
    }

    /// The role by which people are assigned.
    pub fn role(&self) -> Uuid {
        let roles =
            self.configuration.as_ref().map(|configuration| configuration.app_roles.as_slice()).unwrap_or_default();
        let of = |name: &str| roles.iter().find(|role| role.value.as_deref() == Some(name)).map(|role| role.id);
        let role = of(ASSIGNED).or_else(|| of(ASSIGNED_NAME)).or_else(|| roles.first().map(|role| role.id));
        role.unwrap_or(Uuid::nil())
    }
}
