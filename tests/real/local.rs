//! The lines of `docs/local.md` that are for usher, with its state in Azurite and against the tenant that stays up.

use crate::azurite::Azurite;
use crate::page::blocks;
use crate::support::{USHER, run};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;
use usher_simulator::standing::Standing;

/// `docs/local.md`.
const LOCAL: &str = include_str!("../../docs/local.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_local_md_invite_in_waves_and_leave_a_whole_journal() -> Result<()> {
    let azurite = Azurite::start().await?;
    let standing = Standing::start(25, &azurite.container("usher")).await?;
    let folder = tempfile::tempdir()?;
    standing.write(&folder.path().join("local"))?;
    let blocks = blocks(LOCAL, "sh");
    let script = blocks.iter().find(|block| block.starts_with(". local/variables.sh")).context("the block")?;
    let bin = Path::new(USHER).parent().context("a folder")?.display().to_string();
    let mut command = Command::new("sh");
    command.args(["-euc", script]).current_dir(folder.path()).env_clear();
    command.env("PATH", format!("{bin}:/usr/bin:/bin"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = run(command).await.exits(0);
    ensure!(standing.redeem_all()? == 11, "one and then ten were invited: {output:?}");
    ensure!(standing.violations().is_empty(), "{:?}", standing.violations());
    Ok(())
}
