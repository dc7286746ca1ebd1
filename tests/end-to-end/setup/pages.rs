//! The pages about setting tenants up: every command that they show is run, in their order and with their configurations, and
//! ends as they say.
//!
//! A line of a block says behind `# exits` how it ends, where it is not well. What cannot be run here is listed, with the
//! reason; a command that is neither run nor listed fails the test. Not here: what the commands do.

use super::{CLIENT, CONSENTED, HOME, Pair, RESOURCE, UNATTENDED, certificate};
use crate::support::{Output, USHER, run};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;
use usher_shared::sync::known::KNOWN;
use usher_simulator::tenant::{ExternalUserState, SyncedPerson};
use uuid::Uuid;

const SETUP: &str = include_str!("../../../docs/setup.md");
const SYNC: &str = include_str!("../../../docs/cross-tenant-sync.md");
const POWERSHELL: &str = include_str!("../../../docs/from-powershell.md");

/// What is not run here, by how it begins, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("openssl", "not every machine has it; what it makes is made here in its place"),
    ("cat setup.crt", "the same"),
    ("usher doctor", "has tests of its own"),
    ("usher sync readiness", "has tests of its own"),
];

/// Commands that are named without what they need to be run: they only have to exist.
const ONLY_NAMED: &[&str] = &["usher sync", "usher trust"];

/// Two tenants and a folder with the configurations of a page.
struct Desk {
    pair: Pair,
    folder: TempDir,
    group: Uuid,
    /// Somebody of the home tenant who is in the group, and whom the page's filter lets through.
    person: Uuid,
    /// Somebody who is not in it.
    outsider: Uuid,
    /// Somebody whom Entra Connect wrote into the resource tenant.
    synced: Uuid,
}

impl Desk {
    /// With the configurations of a page.
    async fn new(page: &str) -> Result<Self> {
        let pair = Pair::new("", "").await?;
        let (group, person, outsider) = pair.home.directory(|directory| {
            let (group, person) = (directory.create_group("synchronized"), directory.create_colleague("maria"));
            directory.add_member(group, person)?;
            directory.update_user(person, |user| {
                user.attributes.extend([("department", "Sales".into()), ("city", "Seattle".into())]);
            })?;
            anyhow::Ok((group, person, directory.create_colleague("outsider")))
        })?;
        let synced =
            pair.resource.directory(|directory| directory.sync_person(SyncedPerson::new("synced@fabrikam.com")));
        let (folder, (pem, public)) = (tempfile::tempdir()?, certificate());
        for side in [&pair.home, &pair.resource] {
            side.directory(|directory| directory.register_certificate_client(UNATTENDED, public, CONSENTED))?;
        }
        std::fs::write(folder.path().join("setup.pem"), pem)?;
        let desk = Self { pair, folder, group, person, outsider, synced };
        for text in blocks(page)?.iter().filter(|block| block.language == "toml").map(|block| block.text) {
            let name = text.strip_prefix("# ").and_then(|rest| rest.split_once(':')).context("the file's name")?.0;
            std::fs::write(desk.file(name), desk.filled(text)?)?;
        }
        Ok(desk)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A configuration with what stands for its placeholders.
    fn filled(&self, text: &str) -> Result<String> {
        let filled = text
            .replace("<contoso's tenant id>", &RESOURCE.to_string())
            .replace("<fabrikam's tenant id>", &HOME.to_string())
            .replace("<contoso's public client>", &CLIENT.to_string())
            .replace("<fabrikam's public client>", &CLIENT.to_string())
            .replace("<object id of a group>", &self.group.to_string());
        ensure!(!filled.contains('<'), "a placeholder is left: {filled}");
        Ok(filled)
    }

    /// Runs a line as a shell does.
    async fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        self.pair.home.tenant.run_sync();
        let Pair { front, clock, resource, .. } = &self.pair;
        let identity = resource.directory(|directory| directory.service_principal());
        let bin = Path::new(USHER).parent().map(Path::to_path_buf).unwrap_or_default();
        let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()]).unwrap_or_default();
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(self.folder.path()).env_clear().env("PATH", path);
        command.envs([
            ("USHER_GRAPH_ROOT", front.graph_root().to_owned()),
            ("USHER_LOGIN_ROOT", front.login_root()),
            ("USHER_NOW", clock.now().to_string()),
            ("USHER_SPEED", clock.speed().to_string()),
            ("USHER_STATE", format!("file://{}", self.file("state").display())),
            // In the place of `az login`.
            ("IDENTITY_ENDPOINT", resource.tenant.identity_endpoint()),
            ("IDENTITY_HEADER", resource.tenant.identity_header()),
            ("IDENTITY", identity.to_string()),
            ("CLIENT_ID", UNATTENDED.to_string()),
            ("PERSON", self.person.to_string()),
            ("OUTSIDER", self.outsider.to_string()),
            ("SYNCED", self.synced.to_string()),
        ]);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        run(command).await
    }

    /// Runs all that a page shows in blocks.
    async fn run_blocks(&self, page: &str) -> Result<usize> {
        let mut ran = 0;
        for block in blocks(page)?.iter().filter(|block| block.language == "sh") {
            for line in block.text.lines().filter(|line| !line.is_empty() && !is_not_run(line)) {
                let exits = line.split_once("# exits ").map_or(Ok(0), |(_, exits)| exits.trim().parse())?;
                ensure!(line.split(' ').any(|word| word == "usher"), "{line}: this is neither run nor listed");
                println!("{line}");
                let output = self.shell(line, &[]).await;
                ensure!(output.code == Some(exits), "{line}: {output:?}");
                ran += 1;
            }
        }
        Ok(ran)
    }

    /// Runs all that a page names in its text, where it is meant to be run, and all of it is well.
    async fn run_named(&self, page: &str) -> Result<usize> {
        let named = named(page);
        for command in &named {
            if ONLY_NAMED.contains(&command.as_str()) {
                self.shell(&format!("{command} --help"), &[]).await.exits(0);
                continue;
            }
            let at_home = command.starts_with("usher sync");
            let line = command
                .replace(" PERSON", " \"$SYNCED\"")
                .replace("--identity ID", "--identity \"$IDENTITY\"")
                .replace("provision ID", "provision \"$PERSON\"")
                .replace("FILE", "fabrikam.toml");
            let config = if at_home { "fabrikam.toml" } else { "contoso.toml" };
            println!("{line}");
            let output = self.shell(&line, &[("USHER_CONFIG", config), ("USHER_MODE", "apply")]).await;
            ensure!(output.code == Some(0), "{line}: {output:?}");
        }
        Ok(named.len())
    }
}

/// A fenced block.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

/// The blocks of a page; all of a language that is known here.
fn blocks(page: &str) -> Result<Vec<Block<'_>>> {
    let fences = page.split("\n```").collect::<Vec<_>>();
    ensure!(fences.len() % 2 == 1, "a block is not closed");
    let blocks = fences.iter().skip(1).step_by(2);
    let blocks = blocks.map(|block| {
        let (language, text) = block.split_once('\n').context("an empty block")?;
        ensure!(["sh", "toml"].contains(&language), "{language}: such blocks are not run");
        Ok(Block { language, text })
    });
    blocks.collect()
}

fn is_not_run(line: &str) -> bool {
    NOT_RUN.iter().any(|(begins, _)| line.starts_with(begins))
}

/// The commands in the text of a page, once each, but for those that are listed as not run.
fn named(page: &str) -> BTreeSet<String> {
    let text = page.split("\n```").step_by(2);
    let code = text.flat_map(|text| text.split('`').skip(1).step_by(2));
    code.filter(|code| code.starts_with("usher ") && !is_not_run(code)).map(str::to_owned).collect()
}

/// Rows of the tables under a heading whose last column is called so.
fn rows<'a>(page: &'a str, last: &str) -> Vec<Vec<&'a str>> {
    let cells = |line: &'a str| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>();
    let mut rows = Vec::new();
    let mut within = false;
    for line in page.lines() {
        let row = cells(line);
        within = line.starts_with('|') && (within || row.last() == Some(&last));
        if within && !line.starts_with("|---") && row.last() != Some(&last) {
            rows.push(row);
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_are_set_up_as_the_page_says() -> Result<()> {
    let desk = Desk::new(SETUP).await?;
    let ran = desk.run_blocks(SETUP).await?;
    ensure!(ran >= 15, "only {ran} commands");
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
    let row = |known: &usher_shared::sync::known::Known| {
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
