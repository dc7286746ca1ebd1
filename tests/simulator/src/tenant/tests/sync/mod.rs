//! Synchronisation of people from one tenant into another.

mod both_ways;
mod configuration;
mod cycles;
mod demand;
mod failures;
mod jobs;
mod log;
mod quarantine;
mod schemas;

use super::Client;
use crate::cloud::Cloud;
use crate::tenant::{AuthenticationMethods, Directory, PartnerConfiguration, Site, SmsSignInState, User};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];
const GALLERY: &str = "/applicationTemplates/518e5f48-1fc8-4c48-9387-9fdf28b0dfe7/instantiate";
const PERMISSIONS: &[&str] = &[
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.OwnedBy",
    "ProvisioningLog.Read.All",
    "Synchronization.ReadWrite.All",
    "User.Read.All",
];

/// A tenant whose people are synchronised into another, with a configuration for one group.
struct Pair {
    source: Client,
    target: Client,
    /// The configuration.
    principal: Uuid,
    /// The path of its job.
    job: String,
    /// Who is meant.
    group: Uuid,
    site: Site,
}

/// The person signs in by text message from now on, or no more.
fn sms_sign_in(directory: &mut Directory, user: Uuid, signs_in: bool) {
    let state = if signs_in { SmsSignInState::Ready } else { SmsSignInState::NotEnabled };
    directory.authentication_methods.insert(user, AuthenticationMethods::with_mobile("+1 2065550100", state));
}

/// Lets both tenants allow everything that it takes.
fn agree(source: &Client, target: &Client) {
    let id = |client: &Client| client.tenant.with_directory(|directory| directory.tenant_id());
    let (home, here) = (id(source), id(target));
    source.tenant.with_directory(|directory| {
        let partners = &mut directory.cross_tenant_access.partners;
        let partner = partners.entry(here).or_insert_with(|| PartnerConfiguration::new(&["contoso.com"]));
        partner.consent.get_or_insert_default().outbound = Some(true);
    });
    target.tenant.with_directory(|directory| {
        let partners = &mut directory.cross_tenant_access.partners;
        let partner = partners.entry(home).or_insert_with(|| PartnerConfiguration::new(&["fabrikam.com"]));
        *partner = partner.clone().inbound_redemption(Some(true)).inbound_sync(true);
    });
}

fn secrets(target: Uuid, more: &[(&str, &str)]) -> Value {
    let target = target.to_string();
    let known = [("CompanyId", target.as_str()), ("AuthenticationType", "SyncPolicy")];
    let all = known.iter().chain(more);
    json!({"value": all.map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>()})
}

impl Pair {
    /// Started, with nobody in the group.
    async fn new(cloud: Cloud) -> Self {
        let pair = Self::stopped(cloud).await;
        assert_eq!(pair.source.post(&format!("{}/start", pair.job), json!({})).await.0, 204);
        pair
    }

    async fn stopped(cloud: Cloud) -> Self {
        let (site, target, mut source) = Client::neighbours(cloud).await;
        source.permit(PERMISSIONS);
        agree(&source, &target);
        let (status, made) = source.post(GALLERY, json!({"displayName": "CTS-Contoso"})).await;
        assert_eq!(status, 201, "{made}");
        let principal: Uuid = made["servicePrincipal"]["id"].as_str().unwrap().parse().unwrap();
        let root = format!("/servicePrincipals/{principal}/synchronization");
        let (status, job) = source.post(&format!("{root}/jobs"), json!({"templateId": "Azure2Azure"})).await;
        assert_eq!(status, 201, "{job}");
        let job = format!("{root}/jobs/{}", job["id"].as_str().unwrap());
        let group = source.tenant.with_directory(|directory| directory.create_group("CTS"));
        let role = made["servicePrincipal"]["appRoles"][1]["id"].clone();
        let assignment = json!({"principalId": group, "resourceId": principal, "appRoleId": role});
        let (status, body) =
            source.post(&format!("/servicePrincipals/{principal}/appRoleAssignedTo"), assignment).await;
        assert_eq!(status, 201, "{body}");
        let pair = Self { source, target, principal, job, group, site };
        pair.put_secrets(&[("SyncAll", "false")]).await;
        pair
    }

    fn target_id(&self) -> Uuid {
        self.target.tenant.with_directory(|directory| directory.tenant_id())
    }

    async fn put_secrets(&self, more: &[(&str, &str)]) {
        let path = format!("/servicePrincipals/{}/synchronization/secrets", self.principal);
        assert_eq!(self.source.put(&path, secrets(self.target_id(), more)).await.0, 204);
    }

    /// A colleague of the source, in the group.
    fn add(&self, alias: &str) -> Uuid {
        let id = self.source.tenant.with_directory(|directory| directory.create_colleague(alias));
        self.assign(id);
        id
    }

    fn assign(&self, id: Uuid) {
        self.source.tenant.with_directory(|directory| directory.add_member(self.group, id)).unwrap();
    }

    fn unassign(&self, id: Uuid) {
        self.source.tenant.with_directory(|directory| directory.remove_member(self.group, id)).unwrap();
    }

    fn cycle(&self) {
        self.source.tenant.run_sync();
    }

    /// Somebody of the source as they are in the target, deleted or not.
    fn there(&self, id: Uuid) -> Option<User> {
        let home = self.source.tenant.with_directory(|directory| directory.tenant_id());
        self.target.tenant.with_directory(|directory| directory.synchronized_user(home, id).cloned())
    }

    fn advance(&self, by: SignedDuration) {
        self.source.tenant.with_directory(|directory| directory.clock().advance(by));
    }

    /// Action, status and code of the newest entry about somebody.
    fn last(&self, id: Uuid) -> (&'static str, &'static str, String) {
        self.source.tenant.with_directory(|directory| {
            let entry = directory.provisioning_log().iter().rev().find(|entry| entry.source.0 == id).unwrap();
            (entry.action.name(), entry.status.name(), entry.code.clone().unwrap_or_default())
        })
    }

    fn entries(&self) -> usize {
        self.source.tenant.with_directory(|directory| directory.provisioning_log().len())
    }

    async fn status(&self) -> Value {
        let (status, body) = self.source.get(&self.job).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn schema(&self) -> Value {
        let (status, body) = self.source.get(&format!("{}/schema", self.job)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Changes the mapping of users and puts the whole back.
    async fn edit(&self, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut schema = self.schema().await;
        schema.as_object_mut().unwrap().remove("@odata.context");
        change(&mut schema["synchronizationRules"][0]["objectMappings"][0]);
        self.source.put(&format!("{}/schema", self.job), schema).await
    }

    async fn restart(&self, scope: &str) {
        let body = json!({"criteria": {"resetScope": scope}});
        assert_eq!(self.source.post(&format!("{}/restart", self.job), body).await.0, 204);
    }

    async fn on_demand(&self, id: Uuid) -> (u16, Value) {
        let rule = self.schema().await["synchronizationRules"][0]["id"].clone();
        let subject = json!({"objectId": id, "objectTypeName": "User"});
        let body = json!({"parameters": [{"ruleId": rule, "subjects": [subject]}]});
        self.source.post(&format!("{}/provisionOnDemand", self.job), body).await
    }
}

impl Client {
    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        super::answer(self.request(Method::PUT, path).json(&body)).await
    }
}

/// The mapping of an attribute.
fn attribute<'a>(mapping: &'a mut Value, name: &str) -> &'a mut Value {
    let all = mapping["attributeMappings"].as_array_mut().unwrap();
    all.iter_mut().find(|mapping| mapping["targetAttributeName"] == name).unwrap()
}
