//! What is done with usher's sources beside building and testing them. Nothing of this is part of usher itself.
//!
//! `cargo xtask package`, the package of the function app:
//! - [`compile`]: the program, for a glibc that is old enough for any plan.
//! - [`program`]: what a program has to be to start there.
//! - [`package`]: the zip, the same bytes for the same input.
//! - [`bom`]: what the program is made of.
//!
//! `cargo xtask mutations`:
//! - [`mutations`]: whether the tests notice when usher is broken.

mod bom;
mod compile;
mod mutations;
mod package;
mod program;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use usher_shared::config::{Config, Environment};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What is done with usher's sources beside building them.")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Makes the package of the function app, and a list of what is in it beside.
    Package {
        /// The configuration of the tenant.
        #[arg(long, value_name = "FILE", default_value = "usher.toml")]
        config: PathBuf,
        /// The package; FILE.cdx.json beside it is the bill of materials.
        #[arg(long, value_name = "FILE", default_value = "usher.zip")]
        out: PathBuf,
        /// A program that is there already, instead of one compiled now.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Breaks usher on purpose, in a copy of what is committed, and sees whether a test fails each time. Takes a while.
    Mutations {
        /// Only these; all, if none is named.
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Task::Package { config, out, program } => {
            make(&config, &out, program.as_deref()).context("no package was made")
        }
        Task::Mutations { names } => mutations::run(&sources(), &names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(config: &Path, out: &Path, program: Option<&Path>) -> Result<()> {
    // Secrets and USHER_MODE are app settings, so the environment of whoever packages says nothing about them.
    if let Err(errors) = Config::load(config, &Environment::default()) {
        bail!("the configuration cannot be used\n{errors}");
    }
    let sources = sources();
    let program = match program {
        Some(program) => program.to_owned(),
        None => compile::program(&sources)?,
    };
    let bytes = std::fs::read(&program).with_context(|| program.display().to_string())?;
    let needs = program::check(&bytes).with_context(|| program.display().to_string())?;
    let config = std::fs::read(config).with_context(|| config.display().to_string())?;

    let package = package::zip(&package::contents(&sources, bytes, config)?)?;
    let hash = hex::encode(Sha256::digest(&package));
    write(out, &package)?;
    println!("{}: {} bytes, {needs}", out.display(), package.len());
    println!("SHA-256 {hash}");

    let mut name = out.as_os_str().to_owned();
    name.push(".cdx.json");
    let beside = PathBuf::from(name);
    write(&beside, &bom::of(&sources, &hash)?)?;
    println!("{}: bill of materials", beside.display());
    Ok(())
}

/// The root of the workspace.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// Whole or not at all, so that nobody deploys half a package.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .with_context(|| path.display().to_string())
}
