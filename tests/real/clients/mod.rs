//! Microsoft's own clients of Graph, in Python and in JavaScript, against the simulated tenant: not only usher's client
//! agrees with it.
//!
//! Responsible for: a world to drive, a client as a child process, and what it must leave behind. Both clients tell the same
//! story, each in its own words, in `python/` and `javascript/`; what they are answered they check themselves. Not responsible
//! for: installing them; `pip install -r requirements.txt` and `npm ci` do.

mod left_behind;
mod world;

use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use world::World;

/// The variable that names a Python with the client.
const PYTHON: &str = "GRAPH_PYTHON";
/// The variable that names node; the client is in `node_modules` beside this folder.
const NODE: &str = "NODE";
/// What a client prints when it wants the links of change tracking to have expired; it goes on when it has read a line.
const EXPIRE: &str = "expire";

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_and_the_simulated_tenant_agree() -> Result<()> {
    drive(PYTHON, "python/main.py").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_and_the_simulated_tenant_agree() -> Result<()> {
    drive(NODE, "javascript/main.mjs").await
}

/// Lets a client tell its story, and looks at what is there afterwards.
async fn drive(interpreter: &str, script: &str) -> Result<()> {
    let executable = std::env::var_os(interpreter).with_context(|| {
        format!("{interpreter} is not set: see \"Official clients\" in docs/testing.md for what it names")
    })?;
    let world = World::new().await?;
    run(&world, executable, script).await?;
    left_behind::check(&world)
}

async fn run(world: &World, executable: OsString, script: &str) -> Result<()> {
    let mut command = Command::new(executable);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/real/clients").join(script)).arg(world.facts());
    command.env("SSL_CERT_FILE", world.authority()).env("NODE_EXTRA_CA_CERTS", world.authority());
    command.envs([
        ("IDENTITY_ENDPOINT", world.here.identity_endpoint()),
        ("IDENTITY_HEADER", world.here.identity_header()),
    ]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut answers = child.stdin.take().context("its input")?;
    let mut printed = BufReader::new(child.stdout.take().context("its output")?).lines();
    let mut complaints = child.stderr.take().context("its errors")?;
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        complaints.read_to_string(&mut text).await.map(|_| text)
    });
    while let Some(line) = printed.next_line().await? {
        ensure!(line == EXPIRE, "{line}");
        world.here.expire_delta_tokens();
        answers.write_all(b"expired\n").await?;
    }
    let status = child.wait().await?;
    let violations = world.here.violations();
    ensure!(status.success(), "{status}, not simulated: {violations:#?}\n{}", complaints.await??);
    Ok(())
}
