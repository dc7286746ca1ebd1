//! What pages are there, and what a page shows: its blocks, the commands in its text, its headings, the rows of its tables.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation.
pub(super) struct Page {
    /// Its path in the repository, such as `docs/setup.md`.
    pub(super) name: String,
    pub(super) text: String,
}

/// A fenced block.
pub(super) struct Block<'a> {
    pub(super) language: &'a str,
    pub(super) text: &'a str,
}

/// The repository's folder.
pub(super) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Every page that people read: those of the repository's folder and those below `docs`, in the order of their names.
pub(super) fn pages() -> Result<Vec<Page>> {
    let (root, mut pages) = (repository(), Vec::new());
    for folder in ["", "docs", "docs/entra-connect"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(&root)?.display().to_string();
                pages.push(Page { name, text: fs::read_to_string(&path)? });
            }
        }
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(pages)
}

/// The blocks of a page.
pub(super) fn blocks(page: &str) -> Result<Vec<Block<'_>>> {
    let fences = page.split("\n```").collect::<Vec<_>>();
    ensure!(fences.len() % 2 == 1, "a block is not closed");
    let blocks = fences.iter().skip(1).step_by(2);
    blocks
        .map(|block| {
            let (language, text) = block.split_once('\n').context("an empty block")?;
            Ok(Block { language, text })
        })
        .collect()
}

/// The lines of a block as a shell takes them: those that go on behind a `\` are one.
pub(super) fn commands(block: &Block<'_>) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    joined.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A page without its blocks.
pub(super) fn prose(page: &str) -> String {
    page.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// What stands in back quotes in the text of a page.
pub(super) fn quoted(page: &str) -> BTreeSet<String> {
    prose(page).split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The commands in the text of a page, once each.
pub(super) fn named(page: &str) -> BTreeSet<String> {
    quoted(page).into_iter().filter(|code| code.starts_with("usher ")).collect()
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
