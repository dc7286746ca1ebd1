//! The lines for curl in the documentation, run as they stand by the real curl: only `URL` and `KEY` are given.

use crate::page::{WEBHOOKS, blocks};
use crate::support::{Config, Output, World, run};
use anyhow::{Context, Result};
use serde_json::{Deserializer, Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use usher_shared::graph::credential::Identity;
use usher_shared::state::Location;
use usher_simulator::host::Host;

/// `docs/http.md`.
const HTTP: &str = include_str!("../../docs/http.md");

/// The app under the host stand-in, listening.
struct Site {
    world: World,
    host: Host,
    url: String,
    folder: TempDir,
}

impl Site {
    async fn new() -> Result<Self> {
        let world = World::new(Config::default()).await;
        world.people(1);
        world.sweep().await;
        let host = world.host().await?;
        let url = format!("http://{}", host.listen().await?);
        Ok(Self { world, host, url, folder: tempfile::tempdir()? })
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a block of the documentation.
    async fn run(&self, script: &str) -> Output {
        let mut command = Command::new("sh");
        command.args(["-euc", script]).current_dir(self.folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs([("URL", self.url.as_str()), ("KEY", "host-key")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        run(command).await.exits(0)
    }

    /// What became of the one person of an answer, and how many mails there were so far.
    async fn outcome(&self, script: &str) -> (Value, usize) {
        let answer = self.run(script).await.json();
        (answer["people"][0]["outcome"].clone(), self.mails())
    }

    /// The mails to whoever the page is about.
    fn mails(&self) -> usize {
        self.world.tenant.mails().iter().filter(|mail| mail.to == "new@fabrikam.us").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_http_md_answer_what_the_page_says() -> Result<()> {
    let site = Site::new().await?;
    let [script] = &blocks(HTTP, "sh")[..] else { panic!("one block") };
    let output = site.run(script).await;
    let answers = Deserializer::from_str(&output.stdout).into_iter().collect::<Result<Vec<Value>, _>>()?;
    let [status, person] = &answers[..] else { panic!("two answers: {output:?}") };
    assert_eq!(*status, site.world.json(&["status"]).await);
    assert_eq!(person["state"], "absent");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_webhooks_md_bring_a_person_in_once_and_retire_them() -> Result<()> {
    let site = Site::new().await?;
    let [dry_run, provision, until, retire] = &blocks(WEBHOOKS, "sh")[..] else { panic!("four blocks") };
    assert_eq!(site.outcome(dry_run).await, (json!("planned"), 0));
    assert_eq!(site.outcome(provision).await, (json!("done"), 1));
    assert_eq!(site.outcome(provision).await, (json!("done"), 1));
    assert_eq!(site.outcome(until).await, (json!("done"), 1));
    assert_eq!(site.outcome(retire).await, (json!("done"), 1));
    let mails = site.world.tenant.mails();
    let person = mails.iter().find(|mail| mail.to == "new@fabrikam.us").context("the invitation")?.user;
    assert_eq!(site.world.enabled(&[person]), [Some(false)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_of_webhooks_md_goes_on_after_202_until_there_is_an_answer() -> Result<()> {
    let site = Site::new().await?;
    let until = &blocks(WEBHOOKS, "sh")[2];
    // Somebody else holds the desk, and will not serve.
    let store = Location::File(site.world.state()).open(&Identity::AzureCli);
    let desk = store.try_lease("desk").await?.context("the lease")?;
    let freed = async {
        while !site.folder().join("answer.json").exists() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        desk.release().await;
    };
    let (outcome, ()) = tokio::join!(site.outcome(until), freed);
    assert_eq!(outcome, (json!("done"), 1));
    let statuses: Vec<_> = site.host.invocations().iter().filter_map(|invocation| invocation.status).collect();
    assert!(statuses.len() > 1, "the first time it was 202: {statuses:?}");
    Ok(())
}
