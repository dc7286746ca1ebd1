//! No block of any page is forgotten: each is run by a test, here or elsewhere, or stands in one list with the reason.

use super::RUN;
use super::text::{Block, Page, blocks, commands, named, pages, repository};
use crate::support::{Config, World, run};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use tokio::process::Command;

/// Lines that are not run, by how they begin, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("openssl", "not every machine has it; what it makes is made here in its place"),
    ("cat setup.crt", "the same"),
    ("usher doctor", "has tests of its own, in doctor/"),
    ("usher sync readiness", "has tests of its own, in lifecycle/handover.rs"),
    ("cargo ", "cargo runs these tests, and cannot run within itself; `.ci/run` runs what can be run of it"),
    ("UPDATE_", "the same"),
    (".ci/run", "runs these tests"),
    ("(cd tests/real", "prepares the tests of tests/real, which `.ci/run` does"),
    ("tests/real/node_modules", "the same"),
    ("AZURITE=", "the same"),
    ("GRAPH_PYTHON=", "the same"),
    ("(cd tests/infra", "has an environment of its own"),
    ("az ", "needs Azure"),
    ("infra/", "the same; its dry paths have tests of their own"),
    ("USHER_MODE=apply usher grant apply --config usher.toml", "docs/setup.md has the same, and it is run"),
    ("curl --fail-with-body -H \"x-functions-key: $KEY\" -H \"Authorization", "needs somebody who signed in"),
    ("export ", "sets what the next line takes"),
    ("set -a", "the same"),
    ("tests/infra/venv", "the same"),
    ("tests/fuzz/run", "compiles for itself, for as long as it is told to search"),
    ("python3 -m venv .ci/venv", "`.ci/run` does it"),
    (".ci/venv/bin", "the same"),
    ("unzip ", "of what `cargo xtask package` makes"),
    ("cp local/", "the same"),
    ("cd app && func start", "Azure Functions Core Tools load their program from the web"),
];

/// Blocks that a test elsewhere runs: page, language, how the block begins, and where.
const ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    ("docs/http.md", "sh", "", "tests/real/curl.rs"),
    ("docs/local.md", "sh", ". local/variables.sh", "tests/real/local.rs"),
    ("docs/webhooks.md", "http", "", "tests/end-to-end/recipes/page.rs"),
    ("docs/webhooks.md", "json", "", "tests/end-to-end/recipes/page.rs"),
    ("docs/webhooks.md", "sh", "", "tests/end-to-end/recipes/page.rs"),
];

/// Languages of blocks that are not there to be run, and why.
const SHOWN: &[(&str, &str)] = &[
    ("js", "ServiceNow was not at hand"),
    ("mermaid", "a picture"),
    ("powershell", "there is no Entra Connect here; the page says so"),
    ("text", "a picture, a rule of Entra, or how a command may be put together"),
];

/// Why a line is not run, if it is listed.
pub(super) fn is_not_run(line: &str) -> bool {
    NOT_RUN.iter().any(|(begins, _)| line.starts_with(begins))
}

fn is_run_elsewhere(page: &Page, block: &Block<'_>) -> bool {
    let is_it = |(name, language, begins, _): &(&str, &str, &str, &str)| {
        *name == page.name && *language == block.language && block.text.starts_with(begins)
    };
    ELSEWHERE.iter().any(is_it)
}

#[test]
fn every_block_is_run_or_listed_with_the_reason() -> Result<()> {
    let pages = pages()?;
    let mut left = Vec::new();
    for page in &pages {
        for block in blocks(&page.text).with_context(|| page.name.clone())? {
            let is_shown = SHOWN.iter().any(|(language, _)| *language == block.language);
            // `every_configuration_that_is_shown_is_good` takes these, or the test that runs the page.
            if is_shown || block.language == "toml" || is_run_elsewhere(page, &block) {
                continue;
            }
            let lines = commands(&block).into_iter().filter(|line| !is_not_run(line));
            let is_run = block.language == "sh" && RUN.contains(&page.name.as_str());
            left.extend(lines.filter(|_| !is_run).map(|line| format!("{}: {line}", page.name)));
        }
    }
    ensure!(left.is_empty(), "these lines are neither run nor listed: {left:#?}");
    Ok(())
}

#[test]
fn nothing_is_listed_that_no_page_has_any_more() -> Result<()> {
    let pages = pages()?;
    let (mut lines, mut languages) = (Vec::new(), BTreeSet::new());
    for page in &pages {
        for block in blocks(&page.text)? {
            languages.insert(block.language.to_owned());
            lines.extend(commands(&block));
        }
        lines.extend(named(&page.text));
    }
    for (begins, _) in NOT_RUN {
        ensure!(lines.iter().any(|line| line.starts_with(begins)), "no page has a line that begins with {begins:?}");
    }
    for (language, _) in SHOWN {
        ensure!(languages.contains(*language), "no page has a block of {language}");
    }
    for (name, language, begins, test) in ELSEWHERE {
        let page = pages.iter().find(|page| page.name == *name).context(*name)?;
        let mut of_it = blocks(&page.text)?.into_iter();
        let there = of_it.any(|block| block.language == *language && block.text.starts_with(begins));
        ensure!(there, "{name} has no block of {language} that begins with {begins:?}");
        let reads_it = fs::read_to_string(repository().join(test))?.contains(name);
        ensure!(reads_it, "{test} does not read {name}");
    }
    for page in RUN {
        ensure!(pages.iter().any(|known| known.name == *page), "{page} is not there");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_configuration_that_is_shown_is_good() -> Result<()> {
    let world = World::new(Config::default()).await;
    let mut seen = 0;
    for page in pages()? {
        for block in blocks(&page.text)?.iter().filter(|block| block.language == "toml") {
            let text = whole(block.text);
            fs::write(world.config_path(), &text)?;
            let output = world.usher(&["check-config"]).await;
            ensure!(output.code == Some(0), "{}: {output:?}\n{text}", page.name);
            seen += 1;
        }
    }
    ensure!(seen >= 5, "only {seen} configurations");
    Ok(())
}

/// A configuration with what a part of one leaves out, and with ids in the place of placeholders.
fn whole(text: &str) -> String {
    let id = |name: &str| {
        let first = if name.contains("fabrikam") { "22222222" } else { "33333333" };
        format!("{first}-1111-4111-8111-111111111111")
    };
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = rest.split_once('<').and_then(|(before, rest)| {
        let (name, after) = rest.split_once('>')?;
        Some((before, name, after))
    }) {
        filled.push_str(before);
        filled.push_str(&id(name));
        rest = after;
    }
    filled.push_str(rest);
    if filled.contains("[[partner]]") {
        return filled;
    }
    let head = "[tenant]\nid = \"33333333-1111-4111-8111-111111111111\"\n[[partner]]\nname = \"fabrikam\"\n\
                tenant_id = \"22222222-1111-4111-8111-111111111111\"\ncloud = \"us-gov\"\n";
    let scope = if filled.contains("[partner.scope]") { "" } else { "[partner.scope]\ndomains = [\"fabrikam.us\"]\n" };
    format!("{head}{scope}{filled}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_a_page_names_exists_with_its_options() -> Result<()> {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = 0;
    for page in pages()? {
        let in_blocks: Vec<_> = blocks(&page.text)?.iter().flat_map(commands).collect();
        let typed = in_blocks.iter().filter_map(|line| without_assignments(line)).map(str::to_owned);
        for line in named(&page.text).into_iter().chain(typed.filter(|line| line.starts_with("usher "))) {
            let words: Vec<_> = line.split_whitespace().skip(1).take_while(|word| *word != "#").collect();
            let commands = words.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            let commands: Vec<_> = commands.filter(|word| !word.starts_with('-')).take(2).copied().collect();
            let name = commands.join(" ");
            if !helps.contains_key(&name) {
                let mut command = Command::new(crate::support::USHER);
                command.args(&commands).arg("--help").env_clear();
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let output = run(command).await;
                ensure!(output.code == Some(0), "{}: `{line}`: there is no `usher {name}`", page.name);
                helps.insert(name.clone(), output.stdout);
            }
            let help = &helps[&name];
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let option = option.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                let option = option.split('=').next().unwrap_or(option);
                ensure!(help.contains(option), "{}: `{line}`: `usher {name}` has no {option}", page.name);
                seen += 1;
            }
        }
    }
    ensure!(helps.len() > 20 && seen > 20, "{} commands and {seen} options", helps.len());
    Ok(())
}

/// A line from behind the variables that it sets for its command.
fn without_assignments(line: &str) -> Option<&str> {
    let assignments = line.split(' ').take_while(|word| word.contains('=')).map(|word| word.len() + 1);
    line.get(assignments.sum()..)
}
