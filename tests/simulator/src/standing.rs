//! A tenant that stays up, for developers who try usher against it: by its commands, or under Azure Functions Core Tools.
//!
//! Responsible for: one commercial tenant with people of a partner in GCC High, and the files that point usher to it. Not
//! responsible for: staying up; whoever holds it decides how long. Everything in it is gone with it.

use crate::clock::SimClock;
use crate::tenant::{AdministratorRole, ExternalUserState, RoleState, Tenant, TenantOptions};
use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;
use uuid::{Uuid, uuid};

/// The domain of the partner's people.
const DOMAIN: &str = "fabrikam.us";
const PARTNER: Uuid = uuid!("0b0e11ed-0000-4000-8000-000000000002");
/// How often the timers tick under Core Tools.
const SCHEDULES: [(&str, &str); 3] =
    [("INVITE_SCHEDULE", "0 * * * * *"), ("RECONCILE_SCHEDULE", "0 */15 * * * *"), ("SUMMARY_SCHEDULE", "0 0 * * * *")];

/// A tenant that goes by the real time.
#[derive(Debug)]
pub struct Standing {
    tenant: Tenant,
    /// `USHER_STATE`.
    state: String,
    protected_group: Uuid,
}

impl Standing {
    /// Starts one with so many people whom Entra Connect synced: most can be converted; one is disabled, one holds a role, one
    /// is in the protected group, and one has a mailbox's plan.
    ///
    /// # Errors
    /// No port is free.
    #[expect(clippy::disallowed_methods, reason = "nothing moves this tenant's time: it is the real one")]
    pub async fn start(people: u32, state: &str) -> Result<Self> {
        let tenant = Tenant::start(TenantOptions::new(SimClock::new(Timestamp::now(), 1.0))).await?;
        let protected_group = tenant.with_directory(|directory| {
            let group = directory.create_group("never touched");
            let ids = directory.sync_people(1..=people, DOMAIN);
            if let [.., disabled, admin, protected, mailbox] = ids.as_slice() {
                directory.update_user(*disabled, |user| user.account_enabled = false)?;
                directory.assign_role(*admin, AdministratorRole::Global.id(), RoleState::Active)?;
                directory.add_member(group, *protected)?;
                directory.assign_exchange_plan(*mailbox)?;
            }
            anyhow::Ok(group)
        })?;
        Ok(Self { tenant, state: state.to_owned(), protected_group })
    }

    /// The variables that point usher to it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("USHER_GRAPH_ROOT", self.tenant.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", self.tenant.login_root()),
            ("IDENTITY_ENDPOINT", self.tenant.identity_endpoint()),
            ("IDENTITY_HEADER", self.tenant.identity_header()),
            ("USHER_STATE", self.state.clone()),
        ]
    }

    /// Writes `usher.toml`, `variables.sh` for a shell and `local.settings.json` for Core Tools into a folder; it is made if
    /// missing.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let variables = self.variables();
        let lines = variables.iter().map(|(name, value)| format!("export {name}='{value}'\n"));
        let mut values: Map<String, Value> =
            [("FUNCTIONS_WORKER_RUNTIME", "custom"), ("AzureWebJobsStorage", "UseDevelopmentStorage=true")]
                .into_iter()
                .chain(SCHEDULES)
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
        values.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())));
        let settings = json!({ "IsEncrypted": false, "Values": values });
        let files = [
            ("usher.toml", self.configuration()),
            ("variables.sh", lines.collect()),
            ("local.settings.json", format!("{settings:#}\n")),
        ];
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    fn configuration(&self) -> String {
        let id = self.tenant.with_directory(|directory| directory.tenant_id());
        format!(
            "[tenant]\nid = \"{id}\"\ncloud = \"global\"\nmode = \"plan\"\nprotected_group = \"{}\"\n\n\
             [[partner]]\nname = \"fabrikam-gov\"\ntenant_id = \"{PARTNER}\"\ncloud = \"us-gov\"\n\n\
             [partner.scope]\ndomains = [\"{DOMAIN}\"]\n",
            self.protected_group
        )
    }

    /// Whoever has an invitation accepts it; how many they are.
    ///
    /// # Errors
    /// Never, as long as the directory is what it says.
    pub fn redeem_all(&self) -> Result<usize> {
        self.tenant.with_directory(|directory| {
            let pending = directory.users().filter(|user| {
                user.account_enabled && user.external_user_state == Some(ExternalUserState::PendingAcceptance)
            });
            let pending: Vec<Uuid> = pending.map(|user| user.id).collect();
            pending.iter().try_for_each(|id| directory.redeem(*id))?;
            Ok(pending.len())
        })
    }

    /// What was asked of it that it does not simulate.
    pub fn violations(&self) -> Vec<String> {
        self.tenant.violations()
    }
}
