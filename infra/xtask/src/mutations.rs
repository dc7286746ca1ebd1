//! Whether the tests notice when usher is broken.
//!
//! Responsible for: making each change of `tests/mutations.toml` in a copy of what is committed, and running the tests that it
//! names. Not responsible for: finding changes; each stands for a promise that somebody could break by mistake.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use std::process::Command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutations {
    mutation: Vec<Mutation>,
}

/// One way to break usher.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    name: String,
    /// The promise that it breaks.
    breaks: String,
    file: String,
    /// Stands in the file once.
    from: String,
    to: String,
    /// What of the tests has to notice, as arguments of `cargo test`.
    tests: Vec<String>,
}

impl Mutation {
    /// The text of the broken file.
    fn apply(&self, text: &str) -> Result<String> {
        let found = text.matches(&self.from).count();
        ensure!(found == 1, "{}: {} has what is to be replaced {found} times", self.name, self.file);
        Ok(text.replace(&self.from, &self.to))
    }
}

/// What became of a mutation.
enum Verdict {
    Caught(usize),
    Survived,
    NotBuilt,
}

fn all(sources: &Path) -> Result<Vec<Mutation>> {
    let path = sources.join("tests/mutations.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(toml::from_str::<Mutations>(&text).with_context(|| path.display().to_string())?.mutation)
}

/// Tries them, and tells of each.
///
/// # Errors
/// When one is not caught, or cannot be tried.
pub(crate) fn run(sources: &Path, names: &[String]) -> Result<()> {
    let mut mutations = all(sources)?;
    for name in names {
        ensure!(mutations.iter().any(|mutation| mutation.name == *name), "there is no mutation {name}");
    }
    mutations.retain(|mutation| names.is_empty() || names.contains(&mutation.name));

    let folder = sources.join("target/mutations");
    let copy = folder.join("sources");
    if copy.exists() {
        git(sources, &["worktree", "remove", "--force", &copy.to_string_lossy()])?;
    }
    git(sources, &["worktree", "add", "--detach", "--quiet", &copy.to_string_lossy(), "HEAD"])?;
    let mut not_caught = 0;
    for mutation in &mutations {
        let verdict = attempt(mutation, &copy, &folder.join("build"))?;
        let (word, caught) = match verdict {
            Verdict::Caught(failed) => (format!("caught by {failed} test(s)"), true),
            Verdict::Survived => ("NOT CAUGHT".to_owned(), false),
            Verdict::NotBuilt => ("DOES NOT COMPILE".to_owned(), false),
        };
        println!("{:32} {word}: {}", mutation.name, mutation.breaks);
        not_caught += usize::from(!caught);
    }
    git(sources, &["worktree", "remove", "--force", &copy.to_string_lossy()])?;
    ensure!(not_caught == 0, "{not_caught} of {} were not caught", mutations.len());
    Ok(())
}

fn attempt(mutation: &Mutation, copy: &Path, build: &Path) -> Result<Verdict> {
    let path = copy.join(&mutation.file);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    fs::write(&path, mutation.apply(&text)?)?;
    let output = Command::new("cargo")
        .args(["test", "--locked", "--no-fail-fast"])
        .args(&mutation.tests)
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", build)
        .output()
        .context("cargo cannot be started");
    fs::write(&path, text)?;
    let output = output?;
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = said.lines().filter(|line| line.starts_with("test ") && line.ends_with("FAILED")).count();
    Ok(match (output.status.success(), failed) {
        (true, _) => Verdict::Survived,
        (false, 0) => Verdict::NotBuilt,
        (false, failed) => Verdict::Caught(failed),
    })
}

fn git(sources: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("git").args(arguments).current_dir(sources).status().context("git cannot be started")?;
    ensure!(status.success(), "git {}: {status}", arguments.join(" "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_mutation_still_fits_its_file_and_changes_it() {
        let sources = crate::sources();
        let mutations = all(&sources).unwrap();
        assert!(mutations.len() >= 12);
        let names: BTreeSet<_> = mutations.iter().map(|mutation| &mutation.name).collect();
        assert_eq!(names.len(), mutations.len(), "names are unique");
        for mutation in &mutations {
            let text = fs::read_to_string(sources.join(&mutation.file)).unwrap();
            assert_ne!(mutation.apply(&text).unwrap(), text, "{}", mutation.name);
        }
    }
}
