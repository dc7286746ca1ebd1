//! What the documentation shows: every command is run, in a page's order and with its configurations, and ends as the page says.
//!
//! A line of a block says behind `# exits` how it ends, where it is not well. What cannot be run here is listed, with the
//! reason; a command that is neither run nor listed fails a test. Not here: what the commands do.
//!
//! - [`desk`]: where lines are typed. [`text`]: what a page shows. [`listed`]: what is run where, and what is not.
//! - [`operating`]: the page about operating. [`catalogues`]: what pages have to name. [`links`]: where they lead.

mod catalogues;
mod desk;
mod links;
mod listed;
mod operating;
mod text;

use crate::setup::{CLIENT, HOME};
use anyhow::{Context, Result, ensure};
use desk::Desk;
use text::rows;
use usher_shared::sync::known::{KNOWN, Known};
use usher_simulator::tenant::ExternalUserState;

/// The pages whose lines are run here, each by a test of this folder.
const RUN: &[&str] = &["docs/cross-tenant-sync.md", "docs/from-powershell.md", "docs/operate.md", "docs/setup.md"];

const SETUP: &str = include_str!("../../../docs/setup.md");
const SYNC: &str = include_str!("../../../docs/cross-tenant-sync.md");
const POWERSHELL: &str = include_str!("../../../docs/from-powershell.md");

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_are_set_up_as_the_page_says() -> Result<()> {
    let desk = Desk::new(SETUP).await?;
    let ran = desk.run_blocks(SETUP).await?;
    ensure!(ran >= 15, "only {ran} commands");
    let granted = desk.pair.resource.directory(|directory| directory.permissions.clone());
    ensure!(granted.contains("User.Invite.All") && !granted.contains("Directory.ReadWrite.All"), "{granted:?}");
    desk.run_named(SETUP).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronization_is_set_up_looked_at_and_steered_as_the_page_says() -> Result<()> {
    let desk = Desk::new(SYNC).await?;
    let ran = desk.run_blocks(SYNC).await?;
    ensure!(ran >= 18, "only {ran} commands");
    let there = |person| desk.pair.resource.directory(|directory| directory.synchronized_user(HOME, person).cloned());
    let person = there(desk.person).context("who was provisioned is there")?;
    let value = |name| person.attributes.get(name).map(String::as_str);
    ensure!((value("companyName"), value("jobTitle")) == (Some("Fabrikam"), Some("Sales")), "{person:?}");
    ensure!(there(desk.outsider).is_none(), "who is in no group is not");
    let status = desk.shell("usher sync status --config fabrikam.toml --json", &[]).await.exits(0).json();
    let checks = status["checks"].as_array().context("checks")?;
    for id in checks.iter().filter_map(|check| check["id"].as_str()) {
        ensure!(SYNC.contains(&format!("| `{id}` |")), "{id} is not in the table");
    }
    desk.run_named(SYNC).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_place_of_scripts_and_clicks_is_there_and_works() -> Result<()> {
    let desk = Desk::new(SYNC).await?;
    desk.run_blocks(POWERSHELL).await?;
    let state =
        desk.pair.resource.directory(|directory| directory.user(desk.synced).map(|user| user.external_user_state));
    ensure!(state == Some(Some(ExternalUserState::PendingAcceptance)), "{state:?}");
    desk.run_blocks(SYNC).await?;
    let ran = desk.run_named(POWERSHELL).await?;
    ensure!(ran >= 15, "only {ran} commands");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permissions_of_the_table_are_enough_for_each_command_and_none_is_left_out() -> Result<()> {
    let desk = Desk::new(SYNC).await?;
    desk.run_blocks(SYNC).await?;
    let rows = rows(SETUP, "directory role of the person");
    ensure!(rows.len() == 9, "{rows:?}");
    for row in rows {
        let [commands, permissions] = [row[0], row[1]].map(|cell| cell.split('`').skip(1).step_by(2));
        let permissions: Vec<_> = permissions.collect();
        for command in commands {
            let (side, config) = if command.starts_with("sync") {
                (&desk.pair.home, "fabrikam.toml")
            } else {
                (&desk.pair.resource, "contoso.toml")
            };
            for without in std::iter::once(None).chain(permissions.iter().map(Some)) {
                let given: Vec<_> = permissions.iter().filter(|one| Some(*one) != without).copied().collect();
                side.directory(|directory| directory.register_public_client(CLIENT, &given));
                let more = if command.starts_with("grant") {
                    " --identity \"$IDENTITY\""
                } else if command == "sync provision" {
                    " \"$PERSON\""
                } else {
                    ""
                };
                let line = format!("usher {command} --config {config}{more}");
                let output = desk.shell(&line, &[("USHER_MODE", "apply")]).await;
                let refused = format!("{output:?}").contains("AADSTS65001");
                ensure!(refused == without.is_some(), "{line} with {given:?}: {output:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_page_tells_every_error_code_as_usher_does() {
    let row = |known: &Known| {
        let fix = if known.fix.is_empty() { "nothing has to be done" } else { known.fix };
        format!("| `{}` | {} | {fix} |\n", known.code, known.cause)
    };
    let table: String = KNOWN.iter().map(row).collect();
    assert!(SYNC.contains(&table), "docs/cross-tenant-sync.md has to show this table:\n{table}");
}

#[test]
fn every_step_of_today_has_a_command_or_is_said_to_be_done_by_hand() {
    let rows = rows(POWERSHELL, "with usher");
    assert!(rows.len() >= 70, "{} steps", rows.len());
    for row in &rows {
        let with = row.last().copied().unwrap_or_default();
        assert!(row.len() == 3, "{row:?}");
        assert!(with.contains("`usher ") || with.contains("by hand"), "{row:?}");
    }
}

#[test]
fn every_cmdlet_that_people_type_is_named() {
    for cmdlet in [
        "Connect-AzAccount",
        "Connect-AzureAD",
        "Connect-MgGraph -Identity",
        "Connect-MgGraph -Scopes",
        "Get-MgPolicyCrossTenantAccessPolicy",
        "Get-MgPolicyCrossTenantAccessPolicyConfigurationPartner",
        "Get-MgUser -Filter",
        "Get-MgUserAuthenticationMethod",
        "Install-Module Microsoft.Graph",
        "Invoke-MgCrossTenantSynchronizationUserProvisioning",
        "New-AzureADPolicy",
        "New-MgCrossTenantAccessPolicyConfigurationPartner",
        "New-MgCrossTenantSynchronizationConfiguration",
        "New-MgInvitation",
        "New-MgOauth2PermissionGrant",
        "New-MgPolicyCrossTenantAccessPolicyConfigurationPartner",
        "New-MgServicePrincipalAppRoleAssignment",
        "Remove-MgUserAuthenticationMethod",
        "Set-ADSyncScheduler",
        "Set-MgPolicyCrossTenantAccessPolicyConfigurationPartner",
        "Start-ADSyncSyncCycle",
        "Update-MgPolicyCrossTenantAccessPolicy",
    ] {
        assert!(POWERSHELL.contains(&format!("`{cmdlet}")), "{cmdlet} is not there");
    }
}
