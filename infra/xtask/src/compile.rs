//! The program for the function app.
//!
//! Responsible for: compiling it for an old glibc, from any machine, without paths of that machine in it. Not responsible
//! for: checking the result.

use crate::program::NEWEST_GLIBC;
use anyhow::{Context, Result, ensure};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Compiles usher, and says where it is.
///
/// # Errors
/// When the compiler cannot be had, or compiling fails.
pub(crate) fn program(sources: &Path) -> Result<PathBuf> {
    let target = cargo_metadata::MetadataCommand::new()
        .manifest_path(sources.join("Cargo.toml"))
        .no_deps()
        .exec()?
        .target_directory
        .into_std_path_buf();
    let tools = tools(sources, &target)?;
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .context("neither CARGO_HOME nor a home directory is known")?;

    // The same sources give the same program wherever they lie: messages of panics and of C's assertions carry paths.
    let known = [(&cargo_home, "/cargo"), (&target, "/target"), (&sources.to_owned(), "/usher")];
    let remap = |option: &str| known.map(|(path, name)| format!("{option}={}={name}", path.display())).join(" ");
    let mut command = Command::new(tools.join("cargo-zigbuild"));
    command
        .args(["zigbuild", "--release", "--locked", "--package", "usher", "--target"])
        .arg(format!("{TARGET}.{NEWEST_GLIBC}"))
        .current_dir(sources)
        .env("PATH", in_front(&tools)?)
        .env("RUSTFLAGS", remap("--remap-path-prefix"))
        .env("CFLAGS", remap("-ffile-prefix-map"));
    run(&mut command)?;
    Ok(target.join(TARGET).join("release").join("usher"))
}

/// Zig, which is a C compiler and linker for any glibc, and cargo's way to it; installed once below `target`.
fn tools(sources: &Path, target: &Path) -> Result<PathBuf> {
    let wanted = sources.join("infra/xtask/requirements.txt");
    let venv = target.join("xtask-tools");
    let done = venv.join("requirements.txt");
    let tools = venv.join("bin");
    let text = std::fs::read(&wanted).with_context(|| wanted.display().to_string())?;
    if std::fs::read(&done).is_ok_and(|installed| installed == text) {
        return Ok(tools);
    }
    eprintln!("installing the compiler into {}, once", venv.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))
        .context("the compiler comes from PyPI, so Python 3 with venv has to be there")?;
    run(Command::new(tools.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&wanted))?;
    std::fs::write(&done, text).with_context(|| done.display().to_string())?;
    Ok(tools)
}

fn in_front(tools: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(std::iter::once(tools.to_owned()).chain(env::split_paths(&path)))?)
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} cannot be started"))?;
    ensure!(status.success(), "{name}: {status}");
    Ok(())
}
