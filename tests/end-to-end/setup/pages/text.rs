//! What a page shows: its blocks, the commands in its text, the rows of its tables.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;

/// What is not run here, by how it begins, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("openssl", "not every machine has it; what it makes is made here in its place"),
    ("cat setup.crt", "the same"),
    ("usher doctor", "has tests of its own"),
    ("usher sync readiness", "has tests of its own"),
];

/// A fenced block.
pub(super) struct Block<'a> {
    pub(super) language: &'a str,
    pub(super) text: &'a str,
}

/// The blocks of a page; all of a language that is known here.
pub(super) fn blocks(page: &str) -> Result<Vec<Block<'_>>> {
    let fences = page.split("\n```").collect::<Vec<_>>();
    ensure!(fences.len() % 2 == 1, "a block is not closed");
    let blocks = fences.iter().skip(1).step_by(2);
    let blocks = blocks.map(|block| {
        let (language, text) = block.split_once('\n').context("an empty block")?;
        ensure!(["sh", "toml"].contains(&language), "{language}: such blocks are not run");
        Ok(Block { language, text })
    });
    blocks.collect()
}

pub(super) fn is_not_run(line: &str) -> bool {
    NOT_RUN.iter().any(|(begins, _)| line.starts_with(begins))
}

/// The commands in the text of a page, once each, but for those that are listed as not run.
pub(super) fn named(page: &str) -> BTreeSet<String> {
    let text = page.split("\n```").step_by(2);
    let code = text.flat_map(|text| text.split('`').skip(1).step_by(2));
    code.filter(|code| code.starts_with("usher ") && !is_not_run(code)).map(str::to_owned).collect()
}

/// Rows of the tables under a heading whose last column is called so.
pub(super) fn rows<'a>(page: &'a str, last: &str) -> Vec<Vec<&'a str>> {
    let cells = |line: &'a str| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>();
    let mut rows = Vec::new();
    let mut within = false;
    for line in page.lines() {
        let row = cells(line);
        within = line.starts_with('|') && (within || row.last() == Some(&last));
        if within && !line.starts_with("|---") && row.last() != Some(&last) {
            rows.push(row);
        }
    }
    rows
}
