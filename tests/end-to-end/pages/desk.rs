//! Two tenants beside a folder in which a page's lines are typed.

use super::listed::is_not_run;
use super::text::{blocks, commands, named};
use crate::setup::{CLIENT, CONSENTED, HOME, Pair, RESOURCE, UNATTENDED, certificate};
use crate::support::{Output, USHER, run};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;
use usher_simulator::tenant::SyncedPerson;
use uuid::Uuid;

/// Commands that are named without what they need to be run: they only have to exist.
const ONLY_NAMED: &[&str] = &["usher sync", "usher trust"];

/// Two tenants and a folder with the configurations of a page.
pub(super) struct Desk {
    pub(super) pair: Pair,
    folder: TempDir,
    group: Uuid,
    /// Somebody of the home tenant who is in the group, and whom the page's filter lets through.
    pub(super) person: Uuid,
    /// Somebody who is not in it.
    pub(super) outsider: Uuid,
    /// Somebody whom Entra Connect wrote into the resource tenant.
    pub(super) synced: Uuid,
    /// What a page's lines take from variables, beside what every page's do.
    pub(super) variables: Vec<(&'static str, String)>,
}

impl Desk {
    /// With the configurations of a page.
    pub(super) async fn new(page: &str) -> Result<Self> {
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
        // What scripts give, and less than is needed.
        pair.resource.directory(|directory| directory.permissions = ["Directory.ReadWrite.All".to_owned()].into());
        let (folder, (pem, public)) = (tempfile::tempdir()?, certificate());
        for side in [&pair.home, &pair.resource] {
            side.directory(|directory| directory.register_certificate_client(UNATTENDED, public, CONSENTED))?;
        }
        std::fs::write(folder.path().join("setup.pem"), pem)?;
        let desk = Self { pair, folder, group, person, outsider, synced, variables: Vec::new() };
        for text in blocks(page)?.iter().filter(|block| block.language == "toml").map(|block| block.text) {
            let name = text.strip_prefix("# ").and_then(|rest| rest.split_once(':')).context("the file's name")?.0;
            std::fs::write(desk.file(name), desk.filled(text)?)?;
        }
        Ok(desk)
    }

    pub(super) fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Where commands are found: usher first.
    pub(super) fn path(&self) -> String {
        let bin = Path::new(USHER).parent().unwrap_or(Path::new(""));
        format!("{}:/usr/bin:/bin", bin.display())
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
    pub(super) async fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Output {
        self.pair.home.tenant.run_sync();
        let Pair { front, clock, resource, .. } = &self.pair;
        let identity = resource.directory(|directory| directory.service_principal());
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(self.folder.path()).env_clear().env("PATH", self.path());
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
        command.envs(self.variables.iter().map(|(name, value)| (*name, value))).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        run(command).await
    }

    /// Runs all that a page shows in blocks.
    pub(super) async fn run_blocks(&self, page: &str) -> Result<usize> {
        let mut ran = 0;
        for block in blocks(page)?.iter().filter(|block| block.language == "sh") {
            for line in commands(block).iter().filter(|line| !is_not_run(line)) {
                let exits = line.split_once("# exits ").map_or(Ok(0), |(_, exits)| exits.trim().parse())?;
                let output = self.shell(line, &[]).await;
                println!("$ {line}\n{}", output.stdout);
                ensure!(output.code == Some(exits), "{line}: {output:?}");
                ran += 1;
            }
        }
        Ok(ran)
    }

    /// Runs all that a page names in its text, where it is meant to be run, and all of it is well.
    pub(super) async fn run_named(&self, page: &str) -> Result<usize> {
        let named: Vec<_> = named(page).into_iter().filter(|line| !is_not_run(line)).collect();
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
            let output = self.shell(&line, &[("USHER_CONFIG", config), ("USHER_MODE", "apply")]).await;
            println!("$ {line}\n{}", output.stdout);
            ensure!(output.code == Some(0), "{line}: {output:?}");
        }
        Ok(named.len())
    }
}
