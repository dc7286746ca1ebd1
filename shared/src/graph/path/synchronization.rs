//! The paths of Microsoft's cross-tenant synchronization: its configuration, jobs and logs.

use super::{Path, literal};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// The gallery application that cross-tenant synchronization is, in every cloud.
const TEMPLATE: &str = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7";
/// What stays readable in a job's id.
const JOB_ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
const JOBS: &str = "/servicePrincipals/{id}/synchronization/jobs";
const SCHEMA: &str = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema";
const SECRETS: &str = "/servicePrincipals/{id}/synchronization/secrets";
const ASSIGNED: &str = "/servicePrincipals/{id}/appRoleAssignedTo";
const LOG: &str = "/auditLogs/provisioning";

/// A job's own address. Its id is Graph's text, such as `Azure2Azure.…`.
fn job(configuration: Uuid, job: &str) -> String {
    let job = utf8_percent_encode(job, JOB_ID);
    format!("/servicePrincipals/{configuration}/synchronization/jobs/{job}")
}

impl Path {
    /// `GET /servicePrincipals`: the configurations of cross-tenant synchronization.
    pub fn sync_configurations() -> Self {
        let path = "/servicePrincipals";
        Self::read(path, path, 1)
            .with("$filter", &format!("applicationTemplateId eq {}", literal(TEMPLATE)))
            .with("$select", "id,appId,displayName,appRoles")
    }

    /// `POST /applicationTemplates/{id}/instantiate`.
    pub fn new_sync_configuration() -> Self {
        Self::write(format!("/applicationTemplates/{TEMPLATE}/instantiate"), "/applicationTemplates/{id}/instantiate")
    }

    /// `GET /servicePrincipals/{id}`, with what can be assigned to it.
    pub fn sync_configuration(id: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{id}"), "/servicePrincipals/{id}", 1)
            .with("$select", "id,appId,displayName,appRoles")
    }

    /// `GET /servicePrincipals/{id}/synchronization/secrets`.
    pub fn sync_secrets(configuration: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{configuration}/synchronization/secrets"), SECRETS, 1)
    }

    /// `PUT /servicePrincipals/{id}/synchronization/secrets`, all of them.
    pub fn change_sync_secrets(configuration: Uuid) -> Self {
        Self::write(format!("/servicePrincipals/{configuration}/synchronization/secrets"), SECRETS)
    }

    /// `GET /servicePrincipals/{id}/synchronization/jobs`.
    pub fn sync_jobs(configuration: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{configuration}/synchronization/jobs"), JOBS, 1)
    }

    /// `POST /servicePrincipals/{id}/synchronization/jobs`.
    pub fn new_sync_job(configuration: Uuid) -> Self {
        Self::write(format!("/servicePrincipals/{configuration}/synchronization/jobs"), JOBS)
    }

    /// `POST /servicePrincipals/{id}/synchronization/jobs/validateCredentials`, which changes nothing.
    pub fn validate_sync(configuration: Uuid) -> Self {
        Self::write(
            format!("/servicePrincipals/{configuration}/synchronization/jobs/validateCredentials"),
            "/servicePrincipals/{id}/synchronization/jobs/validateCredentials",
        )
    }

    /// `GET …/jobs/{job}/schema`.
    pub fn sync_schema(configuration: Uuid, id: &str) -> Self {
        Self::read(format!("{}/schema", job(configuration, id)), SCHEMA, 1)
    }

    /// `PUT …/jobs/{job}/schema`, whole.
    pub fn change_sync_schema(configuration: Uuid, id: &str) -> Self {
        Self::write(format!("{}/schema", job(configuration, id)), SCHEMA)
    }

    /// `POST …/jobs/{job}/schema/parseExpression`, which changes nothing.
    pub fn parse_sync_expression(configuration: Uuid, id: &str) -> Self {
        let template = "/servicePrincipals/{id}/synchronization/jobs/{job}/schema/parseExpression";
        Self::write(format!("{}/schema/parseExpression", job(configuration, id)), template)
    }

    /// `POST …/jobs/{job}/start`.
    pub fn start_sync(configuration: Uuid, id: &str) -> Self {
        let template = "/servicePrincipals/{id}/synchronization/jobs/{job}/start";
        Self::write(format!("{}/start", job(configuration, id)), template)
    }

    /// `POST …/jobs/{job}/pause`.
    pub fn pause_sync(configuration: Uuid, id: &str) -> Self {
        let template = "/servicePrincipals/{id}/synchronization/jobs/{job}/pause";
        Self::write(format!("{}/pause", job(configuration, id)), template)
    }

    /// `POST …/jobs/{job}/restart`.
    pub fn restart_sync(configuration: Uuid, id: &str) -> Self {
        let template = "/servicePrincipals/{id}/synchronization/jobs/{job}/restart";
        Self::write(format!("{}/restart", job(configuration, id)), template)
    }

    /// `POST …/jobs/{job}/provisionOnDemand`.
    pub fn provision_on_demand(configuration: Uuid, id: &str) -> Self {
        let template = "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand";
        Self::write(format!("{}/provisionOnDemand", job(configuration, id)), template)
    }

    /// `GET /servicePrincipals/{id}/appRoleAssignedTo`: who is assigned to a configuration.
    pub fn assigned_to(configuration: Uuid) -> Self {
        Self::read(format!("/servicePrincipals/{configuration}/appRoleAssignedTo"), ASSIGNED, 1)
    }

    /// `POST /servicePrincipals/{id}/appRoleAssignedTo`.
    pub fn assign_to(configuration: Uuid) -> Self {
        Self::write(format!("/servicePrincipals/{configuration}/appRoleAssignedTo"), ASSIGNED)
    }

    /// `GET /auditLogs/provisioning`: what a configuration did since then, the latest first.
    pub fn provisioning_log(configuration: Uuid, since: Timestamp) -> Self {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let filter = format!(
            "contains(tolower(servicePrincipal/id),{}) and activityDateTime gt {since}",
            literal(&configuration.to_string())
        );
        Self::read(LOG, LOG, 1).with("$filter", &filter).with("$orderby", "activityDateTime desc").with("$top", "500")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_job_stays_one_segment() {
        let path = Path::start_sync(Uuid::nil(), "Azure2Azure.00000000000000000000000000000000.1-2_3/../x?y#z");
        assert_eq!(path.as_str().matches('/').count(), 6, "{}", path.as_str());
        assert!(path.as_str().contains("/Azure2Azure.000"));
        assert!(!path.as_str().contains(['?', '#']));
    }
}
