//! Microsoft's own synchronization, from nothing to a person who is provisioned on demand.

use super::{Pair, result};
use anyhow::{Context, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::{AuthenticationMethods, FilterPlace, OnDemandShape, SmsSignInState, User, UserType};
use uuid::Uuid;

const HERE: &str = "[partner.trust]\ninbound = true\nautomatic_redemption = true\nallow_sync_in = true\n";
const AT_HOME: &str =
    "[partner.trust]\noutbound = true\nautomatic_redemption = true\n[partner.sync]\ngroups = [\"GROUP\"]\n";

/// A home tenant with a group, and both tenants' trust.
pub(super) struct Synced {
    pub(super) pair: Pair,
    group: Uuid,
}

impl Synced {
    pub(super) async fn new(more: &str) -> Result<Self> {
        Self::in_cloud(Cloud::Global, more).await
    }

    async fn in_cloud(cloud: Cloud, more: &str) -> Result<Self> {
        let pair = Pair::in_clouds([cloud, cloud], &format!("{AT_HOME}{more}"), HERE).await?;
        let group = pair.home.directory(|directory| directory.create_group("everybody who works there"));
        pair.home.configure("GROUP", &group.to_string())?;
        for side in [&pair.resource, &pair.home] {
            crate::support::run(pair.unattended(side, &["trust", "apply"])?).await.exits(0);
        }
        Ok(Self { pair, group })
    }

    /// A colleague of the home tenant, in the group.
    fn colleague(&self, alias: &str) -> Result<Uuid> {
        self.pair.home.directory(|directory| {
            let id = directory.create_colleague(alias);
            directory.add_member(self.group, id).map(|_| id)
        })
    }

    /// Somebody of the home tenant as they are in the other.
    fn there(&self, person: Uuid) -> Option<User> {
        let home = self.pair.home.directory(|directory| directory.tenant_id());
        self.pair.resource.directory(|directory| directory.synchronized_user(home, person).cloned())
    }

    async fn usher(&self, arguments: &[&str]) -> crate::support::Output {
        self.pair.usher(&self.pair.home, arguments).await
    }
}

fn held(told: &Value) -> Vec<&str> {
    let changes = told["partners"][0]["changes"].as_array().into_iter().flatten();
    changes.filter(|change| change["outcome"] == "planned").filter_map(|change| change["key"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_running_job_that_provisions_a_member_on_demand() -> Result<()> {
    for (cloud, shape) in [
        (Cloud::Global, OnDemandShape::Reference),
        (Cloud::Global, OnDemandShape::Guide),
        (Cloud::UsGov, OnDemandShape::Reference),
        (Cloud::China, OnDemandShape::Guide),
    ] {
        let synced = Synced::in_cloud(cloud, "").await?;
        synced.pair.home.directory(|directory| directory.sync.on_demand = shape);
        assert_eq!(result(&synced.usher(&["sync", "status"]).await.exits(1).json(), "sync.configuration"), "fail");
        let planned = synced.usher(&["sync", "plan"]).await.exits(0).json();
        assert!(held(&planned).contains(&"start"), "{planned:#}");
        synced.pair.applied(&synced.pair.home, "sync").await;
        // After the job's first cycle and long before its next.
        let person = synced.colleague("maria")?;
        let told = synced.usher(&["sync", "provision", &person.to_string()]).await.exits(0).json();
        let one = &told["people"][0];
        assert_eq!(one["outcome"], "done", "{told:#}");
        assert!(one["steps"].as_array().is_some_and(|steps| steps.len() >= 4), "{told:#}");
        let there = synced.there(person).context("a member in the other tenant")?;
        assert_eq!(there.user_type, UserType::Member);
        let again = synced.usher(&["sync", "provision", &person.to_string()]).await.exits(0).json();
        assert_eq!(again["people"][0]["outcome"], "unchanged", "{again:#}");
        let status = synced.usher(&["sync", "status"]).await.exits(0).json();
        for id in [
            "sync.scope",
            "sync.deletion-threshold",
            "sync.matching",
            "sync.external-filter",
            "sync.groups",
            "sync.job",
        ] {
            assert_eq!(result(&status, id), "pass", "{status:#}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_rests_or_is_stale_fails_and_goes_on_only_with_a_word() -> Result<()> {
    let synced = Synced::new("").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    assert_eq!(result(&synced.usher(&["sync", "status"]).await.exits(0).json(), "sync.cycle"), "pass");
    synced.usher(&["sync", "pause"]).await.exits(0);
    synced.pair.clock.advance(SignedDuration::from_hours(5));
    let status = synced.usher(&["sync", "status"]).await.exits(1).json();
    assert_eq!((result(&status, "sync.job"), result(&status, "sync.cycle")), ("fail", "fail"), "{status:#}");
    // Whoever paused it meant it.
    let told = synced.usher(&["sync", "apply"]).await.exits(3).json();
    assert_eq!(held(&told), ["start"]);
    synced.usher(&["sync", "resume"]).await.exits(0);
    synced.pair.home.tenant.run_sync();
    synced.usher(&["sync", "status"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_schema_become_what_the_configuration_says_and_nothing_else_changes() -> Result<()> {
    let more = "user_type = \"guest\"\nflow = [\"add\", \"update\"]\ndeletion_threshold = 20\n\
                filter = 'department EQUALS \"Sales\" OR department EQUALS \"R AND D\"'\n\
                [partner.sync.attributes]\ncity = '\"Berlin\"'\njobTitle = \"department\"\n";
    for place in [FilterPlace::Groups, FilterPlace::InputFilterGroups] {
        let synced = Synced::new(more).await?;
        synced.pair.home.directory(|directory| directory.sync.external_filter = place);
        let told = synced.pair.applied(&synced.pair.home, "sync").await;
        assert!(held(&told).is_empty(), "{told:#}");
        let [sales, other] = ["sales", "other"].map(|alias| synced.colleague(alias));
        let (sales, other) = (sales?, other?);
        synced.pair.home.directory(|directory| {
            directory.update_user(sales, |user| _ = user.attributes.insert("department", "Sales".into()))?;
            directory.update_user(other, |user| _ = user.attributes.insert("department", "Legal".into()))
        })?;
        let told = synced.usher(&["sync", "provision", &sales.to_string(), &other.to_string()]).await.exits(4).json();
        let outcomes: Vec<_> = [0, 1].map(|place| told["people"][place]["outcome"].as_str()).into();
        assert_eq!(outcomes, [Some("done"), Some("skipped")], "{told:#}");
        let there = synced.there(sales).context("in the other tenant")?;
        assert_eq!(
            (there.user_type, there.attributes.get("jobTitle").map(String::as_str)),
            (UserType::Guest, Some("Sales"))
        );
        assert!(synced.there(other).is_none());
        let jobs = synced.pair.home.directory(|directory| directory.sync_jobs());
        assert!(jobs[0].filters_external_users, "{place:?}: external users are still kept out");
        synced.usher(&["sync", "status"]).await.exits(0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_delete_people_waits_for_a_word() -> Result<()> {
    let synced = Synced::new("flow = [\"add\", \"update\"]\n").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    synced.colleague("maria")?;
    synced.pair.home.tenant.run_sync();
    synced.pair.home.configure("flow = [\"add\", \"update\"]", "filter = 'department EQUALS \"Sales\"'")?;
    let told = synced.usher(&["sync", "apply"]).await.exits(3).json();
    assert_eq!(held(&told), ["flow", "filter"], "{told:#}");
    synced.usher(&["sync", "apply", "--allow-change", "flow"]).await.exits(4);
    synced.usher(&["sync", "apply", "--allow-change", "filter"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_trust_of_both_sides_no_job_is_made_and_the_missing_side_is_named() -> Result<()> {
    let synced = Synced::new("").await?;
    let home = synced.pair.home.directory(|directory| directory.tenant_id());
    synced.pair.resource.directory(|directory| directory.cross_tenant_access.partners.remove(&home));
    let told = synced.usher(&["sync", "apply"]).await.exits(4).json();
    let changes = told["partners"][0]["changes"].as_array().cloned().unwrap_or_default();
    let job = changes.iter().find(|change| change["key"] == "job").context("the job")?;
    assert_eq!(job["outcome"], "failed", "{told:#}");
    assert!(job["error"]["advice"].as_str().is_some_and(|advice| advice.contains("usher trust verify")), "{job:#}");
    assert!(synced.pair.home.directory(|directory| directory.sync_jobs()).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_somebody_made_is_found_and_not_made_again() -> Result<()> {
    let synced = Synced::new("").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    let before = synced.pair.home.directory(|directory| directory.sync_jobs());
    // It is known by its target, not by its name.
    synced.pair.home.configure("name = \"contoso\"", "name = \"another-name\"")?;
    let writes = synced.pair.home.writes();
    synced.usher(&["sync", "apply"]).await.exits(0);
    assert_eq!(synced.pair.home.writes(), writes);
    let after = synced.pair.home.directory(|directory| directory.sync_jobs());
    assert_eq!(before.len(), after.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_grouped_by_their_code_with_what_helps_and_sms_sign_in_is_named() -> Result<()> {
    let synced = Synced::new("").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    let sms = synced.colleague("sms")?;
    let twins: Vec<_> = (1..=7).map(|number| synced.colleague(&format!("twin{number}"))).collect::<Result<_>>()?;
    synced.pair.home.directory(|directory| {
        let methods = AuthenticationMethods::with_mobile("+1 2065550100", SmsSignInState::Ready);
        directory.authentication_methods.insert(sms, methods);
    });
    let addresses: Vec<_> = synced
        .pair
        .home
        .directory(|directory| twins.iter().filter_map(|id| directory.user(*id)?.mail.clone()).collect());
    synced.pair.resource.directory(|directory| -> Result<()> {
        for (number, address) in addresses.iter().enumerate() {
            let id = directory.create_colleague(&format!("internal{number}"));
            directory.update_user(id, |user| user.proxy_addresses.push(format!("smtp:{address}")))?;
        }
        Ok(())
    })?;
    synced.pair.home.tenant.run_sync();
    let status = synced.usher(&["sync", "status"]).await.exits(1).json();
    let of = |id: &str| -> Vec<Value> {
        status["checks"].as_array().into_iter().flatten().filter(|check| check["id"] == id).cloned().collect()
    };
    let errors = of("sync.errors");
    assert_eq!(errors.len(), 1, "one code, one row: {status:#}");
    let text = errors[0].to_string();
    assert!(text.contains("InvitationCreationFailureAmbiguousUser") && text.contains("7 people"), "{text}");
    assert!(errors[0]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()));
    let skipped = of("sync.skipped");
    assert!(skipped[0]["evidence"].as_str().is_some_and(|seen| seen.contains(&sms.to_string())), "{status:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn held_deletions_put_the_job_in_quarantine_and_are_carried_out_only_with_a_word() -> Result<()> {
    let synced = Synced::new("deletion_threshold = 1\n").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    let people: Vec<_> = (1..=4).map(|number| synced.colleague(&format!("person{number}"))).collect::<Result<_>>()?;
    synced.pair.home.tenant.run_sync();
    synced
        .pair
        .home
        .directory(|directory| people.iter().try_for_each(|id| directory.remove_member(synced.group, *id)))?;
    synced.pair.clock.advance(SignedDuration::from_mins(41));
    synced.pair.home.tenant.run_sync();
    let status = synced.usher(&["sync", "status"]).await.exits(1).json();
    let check =
        status["checks"].as_array().into_iter().flatten().find(|check| check["id"] == "sync.job").context("a job")?;
    assert!(check["evidence"].as_str().is_some_and(|seen| seen.contains("TooManyDeletes")), "{check:#}");
    assert!(people.iter().all(|id| synced.there(*id).is_some_and(|user| user.deleted.is_none())));
    synced.usher(&["sync", "restart", "--approve-deletions"]).await.exits(0);
    synced.pair.home.tenant.run_sync();
    assert!(people.iter().all(|id| synced.there(*id).is_none_or(|user| user.deleted.is_some())));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_configuration_is_set_to_beyond_this_is_kept() -> Result<()> {
    let synced = Synced::new("").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    synced.pair.home.configure("groups = [", "deletion_threshold = 7\ngroups = [")?;
    synced.usher(&["sync", "apply"]).await.exits(0);
    let puts: Vec<_> = synced
        .pair
        .home
        .tenant
        .exchanges()
        .into_iter()
        .filter(|one| one.path.ends_with("/secrets") && one.method == "PUT")
        .collect();
    let last = puts.last().and_then(|put| put.request.clone()).context("settings")?;
    let keys: Vec<_> = last["value"].as_array().into_iter().flatten().map(|one| one["key"].clone()).collect();
    for key in ["CompanyId", "AuthenticationType", "SyncAll", "SyncNotificationSettings"] {
        assert!(keys.contains(&json!(key)), "{last:#}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_section_for_it_nothing_is_synchronized() -> Result<()> {
    let pair = Pair::new("", "").await?;
    let told = pair.usher(&pair.home, &["sync", "plan"]).await.exits(2).json();
    assert!(told["error"]["message"].as_str().is_some_and(|said| said.contains("[partner.sync]")), "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watched_synchronization_is_part_of_the_summary_after_each_sweep() -> Result<()> {
    let synced = Synced::new("").await?;
    synced.pair.applied(&synced.pair.home, "sync").await;
    let home = &synced.pair.home;
    let id = home.directory(|directory| directory.service_principal());
    home.directory(|directory| {
        directory.permissions.clear();
        // Without anybody in scope a sweep does not believe what it sees.
        directory.sync_people(1..=1, "contoso.com");
    });
    synced.usher(&["grant", "apply", "--identity", &id.to_string()]).await.exits(0);
    let state = tempfile::tempdir()?;
    let summary = async || -> Result<Value> {
        for arguments in [&["apply", "--json"][..], &["summary", "--dry-run", "--json"]] {
            let mut command = synced.pair.command(home, arguments);
            command.env("USHER_STATE", format!("file://{}", state.path().display()));
            command.env("IDENTITY_ENDPOINT", home.tenant.identity_endpoint());
            command.env("IDENTITY_HEADER", home.tenant.identity_header());
            let output = crate::support::run(command).await.exits(0);
            if arguments[0] == "summary" {
                return Ok(output.json()["summary"]["partners"][0]["sync"].clone());
            }
        }
        anyhow::bail!("no summary")
    };
    assert_eq!(summary().await?["findings"], json!([]), "with no more permissions than grant gives");
    synced.usher(&["sync", "pause"]).await.exits(0);
    let told = summary().await?;
    assert!(told["findings"].to_string().contains("usher sync resume"), "{told:#}");
    // Not to be seen is told too, and holds no sweep up.
    home.directory(|directory| directory.permissions.retain(|name| !name.starts_with("Synchronization")));
    let told = summary().await?;
    assert!(told["findings"].to_string().contains("Synchronization.Read.All"), "{told:#}");
    Ok(())
}
