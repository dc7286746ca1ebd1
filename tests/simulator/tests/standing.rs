//! The program that serves a tenant: it writes what it says, answers, lets people redeem, and ends when it is interrupted.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running one; it is ended with the test.
struct Running {
    child: Child,
    printed: Lines<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    /// Waits for a line that begins so, and gives the rest of it.
    fn line(&mut self, begins: &str) -> Result<String> {
        for line in self.printed.by_ref() {
            if let Some(rest) = line?.strip_prefix(begins) {
                return Ok(rest.to_owned());
            }
        }
        anyhow::bail!("it never printed {begins}")
    }
}

#[tokio::test]
async fn it_writes_what_points_to_it_answers_and_lets_everybody_redeem() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = folder.path().join("local");
    let mut child = Command::new(env!("CARGO_BIN_EXE_usher-simulator"))
        .arg(&at)
        .args(["--people", "8", "--state", "file:///state"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let printed = BufReader::new(child.stdout.take().context("its output")?).lines();
    let mut running = Running { child, printed };
    let root = running.line("USHER_GRAPH_ROOT=")?;
    let (endpoint, secret) = (running.line("IDENTITY_ENDPOINT=")?, running.line("IDENTITY_HEADER=")?);
    running.line("8 people")?;

    let shell = std::fs::read_to_string(at.join("variables.sh"))?;
    ensure!(shell.contains(&format!("export USHER_GRAPH_ROOT='{root}'\n")), "{shell}");
    let settings: Value = serde_json::from_slice(&std::fs::read(at.join("local.settings.json"))?)?;
    ensure!(settings["Values"]["USHER_STATE"] == "file:///state", "{settings:#}");
    ensure!(settings["Values"]["FUNCTIONS_WORKER_RUNTIME"] == "custom", "{settings:#}");

    let client = reqwest::Client::new();
    let token = client
        .get(endpoint)
        .query(&[("resource", "https://graph.microsoft.com"), ("api-version", "2019-08-01")])
        .header("x-identity-header", secret)
        .header("metadata", "true");
    let token: Value = token.send().await?.error_for_status()?.json().await?;
    let token = token["access_token"].as_str().context("a token")?;
    let users = client.get(format!("{root}/v1.0/users?$select=id,mail,accountEnabled&$top=100")).bearer_auth(token);
    let users: Value = users.send().await?.error_for_status()?.json().await?;
    let users = users["value"].as_array().context("people")?;
    let of_partner =
        users.iter().filter(|user| user["mail"].as_str().is_some_and(|mail| mail.ends_with("@fabrikam.us")));
    let disabled = of_partner.clone().filter(|user| user["accountEnabled"] == false).count();
    ensure!((of_partner.count(), disabled) == (8, 1), "{users:#?}");

    let invitation = json!({
        "invitedUserEmailAddress": "new@fabrikam.us",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
    });
    let invited = client.post(format!("{root}/v1.0/invitations")).bearer_auth(token).json(&invitation);
    invited.send().await?.error_for_status()?;
    let mut input = running.child.stdin.take().context("its input")?;
    input.write_all(b"\n")?;
    running.line("1 redeemed")?;

    let process = running.child.id().to_string();
    ensure!(Command::new("kill").args(["-INT", &process]).status()?.success());
    let ended = running.child.wait()?;
    ensure!(ended.success(), "{ended}");
    Ok(())
}
