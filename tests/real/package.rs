//! The package of the function app, made by `cargo xtask package` from the sources as they are: `XTASK` names its executable.

use crate::support::{Config, World, app};
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use usher_simulator::host::Host;
use zip::ZipArchive;

/// Makes the package; what was said of it.
fn package(config: &Path, out: &Path) -> Result<String> {
    let xtask = std::env::var_os("XTASK").context("XTASK names the executable of the package xtask")?;
    let output = Command::new(xtask).args(["package", "--config"]).arg(config).arg("--out").arg(out).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn beside(package: &Path) -> PathBuf {
    package.with_extension("zip.cdx.json")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_unpacked_elsewhere_starts_by_host_jsons_own_words_and_brings_everybody_in_once() -> Result<()> {
    let world = World::new(Config::default()).await;
    let people = world.people(60);
    let folder = tempfile::tempdir()?;
    let (first, second) = (folder.path().join("usher.zip"), folder.path().join("again.zip"));
    let said = package(&world.config_path(), &first)?;
    let size = fs::metadata(&first)?.len();
    assert!(said.contains(&format!("{size} bytes, needs glibc 2.")), "{said}");

    // The same sources and configuration give the same bytes.
    package(&world.config_path(), &second)?;
    assert!(fs::read(&first)? == fs::read(&second)?);
    assert!(fs::read(beside(&first))? == fs::read(beside(&second))?);
    let sum = Command::new("sha256sum").arg(&first).output()?;
    let sum = String::from_utf8(sum.stdout)?.split_whitespace().next().context("a sum")?.to_owned();
    assert!(said.contains(&sum), "{said}");
    let bill: serde_json::Value = serde_json::from_slice(&fs::read(beside(&first))?)?;
    assert_eq!(bill["metadata"]["component"]["hashes"][0]["content"], sum);
    let components = bill["components"].as_array().context("components")?;
    assert!(components.iter().any(|component| component["purl"].as_str().is_some_and(|purl| purl.contains("/tokio@"))));
    assert!(components.iter().all(|component| component["name"] != "usher-simulator"), "only what is in the program");

    let unpacked = folder.path().join("somewhere/else");
    ZipArchive::new(File::open(&first)?)?.extract(&unpacked)?;
    let host = Host::start(app::options(unpacked, world.clock.clone(), world.variables())).await?;
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&people), [1; 60]);
    world.tick(&host).await?;
    assert_eq!(world.mails_of(&people), [1; 60]);
    Ok(())
}
